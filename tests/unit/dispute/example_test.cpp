// The worked example of docs/spec/dispute.md, section 11: a whole evidence file, field by field.
#include <gtest/gtest.h>

#include "assay/codec/buffer.hpp"
#include "assay/core/hex.hpp"
#include "assay/crypto/sha256.hpp"
#include "assay/dispute/evidence_file.hpp"
#include "support/markdown_block.hpp"
#include "support/toy_player.hpp"

namespace assay::dispute {
namespace {

// w, two numbers, begins at 3 and grows by 0.5 a step, two steps.
toy::Task example_task() {
  const TensorType w{DType::kF32, Shape{2}};
  const auto constant = [&](toy::Program& program, float value) {
    return program.add(numerics::OpCode::kConstant, w, {}, {std::bit_cast<std::uint32_t>(value)});
  };
  toy::Task task;
  task.init.slots = {{"w", w, constant(task.init, 3.0F)}};
  const std::uint32_t before = task.step.add(numerics::OpCode::kStateSlot, w, {}, {0});
  const std::uint32_t half = constant(task.step, 0.5F);
  task.step.slots = {{"w", w, task.step.add(numerics::OpCode::kAdd, w, {before, half})}};
  task.init.seal();
  task.step.seal();
  task.header.init_program = task.init.root();
  task.header.step_program = task.step.root();
  task.header.data_set = task.data_tree().root(commit::Tag::kDataSet);
  task.header.seed = 7;
  task.header.steps = task.header.commit_interval = task.header.checkpoint_interval = 2;
  return task;
}

// Takes a file apart: each field on a line of its own, 32 bytes a line.
class Fields {
 public:
  explicit Fields(ByteView file) : m_file(file) {}

  void take(const std::string& name, std::size_t size) {
    ASSERT_LE(m_at + size, m_file.size()) << name;
    for (std::size_t at = 0; at < size; at += 32) {
      const ByteView line = m_file.subspan(m_at + at, std::min<std::size_t>(32, size - at));
      std::string label = at == 0 ? name : "";
      label.resize(24, ' ');
      m_text += label + to_hex(line) + "\n";
    }
    m_at += size;
  }
  void say(const std::string& line) { m_text += line + "\n"; }
  // A count u8 and so many hashes.
  void take_hashes(const std::string& name) {
    const std::size_t count = m_file[m_at];
    take(name, 1);
    if (count != 0) take("", 32 * count);
  }
  // A length u32 and so many bytes.
  void take_bytes(const std::string& name) {
    const std::size_t size = load_le<std::uint32_t>(m_file.data() + m_at);
    take("  length", 4);
    take(name, size);
  }
  [[nodiscard]] std::string text() const { return m_text; }
  [[nodiscard]] bool at_end() const { return m_at == m_file.size(); }

 private:
  ByteView m_file;
  std::size_t m_at = 0;
  std::string m_text;
};

void take_head(Fields& f) {
  f.take("magic", 8);
  f.take("version", 2);
  f.say("-- terms");
  for (const char* name : {"chain", "game", "task id", "defender", "challenger"}) f.take(name, 32);
  f.take("profile, kind, tier", 4);
  for (const char* name : {"init program", "step program", "data set"}) f.take(name, 32);
  for (const char* name : {"seed", "steps", "commit interval", "checkpoint interval", "entry"})
    f.take(name, 8);
  f.take("start root", 32);
  f.take("end root", 32);
  f.say("-- claim: a signed transcript of two entries");
  f.take("kind", 1);
  f.take("signature", 64);
  f.take("transcript root", 32);
  f.take_hashes("path of entry 1");
  f.take_hashes("path of entry 0");
  f.say("-- moves");
  f.take("count", 4);
}

void take_body(Fields& f, Stage stage) {
  f.take("  kind", 1);
  switch (stage) {
    case Stage::kChainOffer: return f.take_hashes("  roots");
    case Stage::kChainPoint: return f.take("  segment", 1);
    case Stage::kTraceOffer:
      f.take("  with the program", 1);
      f.take("  profile", 2);
      f.take("  nodes, slots, data", 12);
      f.take("  their list roots", 96);
      return f.take_hashes("  roots");
    case Stage::kTracePoint:
      f.take("  index, with a record", 2);
      f.take_bytes("  node record");
      return f.take_hashes("  its path");
    case Stage::kChunkReveal: return f.take_bytes("  chunk");
    case Stage::kElementPoint: return f.take("  element", 2);
    case Stage::kScalar:
      for (const char* operand : {"  chunk of node 0", "  chunk of node 1"}) {
        f.take_bytes(operand);
        f.take_hashes("  path in its tensor");
        f.take_hashes("  path in the trace");
      }
      return;
    default: FAIL() << to_string(stage);
  }
}

TEST(Example, TheSpecificationShowsAWholeEvidenceFile) {
  const toy::Task task = example_task();
  const toy::World truth(task);
  const toy::World liar(task, toy::Lie{toy::Lie::Kind::kNode, false, 1, 2, 1, 0x00400000});
  const toy::Challenge challenge = toy::challenge(liar, 1);
  toy::PlayOptions options;
  options.sign = true;
  const toy::Game game = toy::play(challenge.terms, liar, truth, options);
  const Bytes file = write_evidence({challenge.terms, challenge.claim, game.moves});

  Fields fields(file);
  take_head(fields);
  for (std::size_t i = 0; i < game.moves.size(); ++i) {
    const RecordedMove& move = game.moves[i];
    fields.say("-- move " + std::to_string(i) + ": " + to_string(game.before[i].stage) +
               " by the " + (move.role == Role::kDefender ? "defender" : "challenger"));
    fields.take("turn", 4);
    fields.take("role", 1);
    fields.take("position hash", 32);
    fields.take("body's length", 4);
    take_body(fields, game.before[i].stage);
    fields.take("delegate, stranger", 2);
    fields.take("signature", 64);
    ASSERT_FALSE(HasFailure());
  }
  EXPECT_TRUE(fields.at_end());
  const EvidenceReport report =
      judge_evidence(crypto::sha256_function(), crypto::ed25519_verify, file);
  ASSERT_EQ(report.verdict, EvidenceVerdict::kProven);
  fields.say("-- after them");
  fields.say("outcome                 " + std::string(to_string(report.position.outcome)));
  fields.say("claimed, word 0         " +
             std::to_string(std::bit_cast<float>(report.position.state_high.words[0])));
  fields.say("computed, word 0        " +
             std::to_string(std::bit_cast<float>(report.position.computed.words[0])));
  fields.say(
      "position hash           " +
      to_hex(position_hash(crypto::sha256_function(), report.terms, report.position).view()));
  fields.say("file                    " + std::to_string(file.size()) + " bytes, SHA-256");
  fields.say("                        " + to_hex(crypto::sha256(file).view()));
  const std::string expected = "```\n" + fields.text() + "```\n";
  EXPECT_EQ(test::markdown_block(ASSAY_DISPUTE_PAGE, "example"), expected) << expected;
}

}  // namespace
}  // namespace assay::dispute
