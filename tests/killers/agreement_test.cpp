// Run, record and replay agree, for every operator of the table, on random nodes and hostile data:
// the trained state, the kernel, the steps of the fold on the hardware with a note of what they
// read, and the referee's step from the opening that an honest player makes. That opening is the
// only one: no byte of it can be changed and none cut off or added (INV-REF-001, -002,
// INV-DSP-004).
#include <gtest/gtest.h>

#include <algorithm>

#include "assay/crypto/sha256.hpp"
#include "assay/dispute/moves.hpp"
#include "assay/numerics/arithmetic_hardware.hpp"
#include "assay/numerics/arithmetic_integer.hpp"
#include "assay/numerics/table.hpp"
#include "assay/referee/opening.hpp"
#include "faults/world.hpp"
#include "killers/draft.hpp"
#include "support/duel.hpp"
#include "unit/numerics/random_spec.hpp"

namespace assay::killers {
namespace {

using dispute::MoveVerdict;
using dispute::Outcome;
using dispute::Position;
using dispute::Role;
using dispute::Stage;
using numerics::FoldState;
using numerics::NodeSpec;
using numerics::OpCode;

// A task of one node, on random operands as data.
struct OneNode {
  NodeSpec spec;
  std::uint32_t node = 0;
  numerics::test::Buffer fast;  // the kernel's output
  std::unique_ptr<faults::World> world;

  OneNode(OpCode op, numerics::test::Generator& random)
      : spec(random.spec(op, 1 + random(3))), fast(spec.output.byte_count()) {
    Draft d;
    const auto operands = random_operands(random, spec);
    std::vector<std::uint32_t> inputs;
    for (unsigned k = 0; k < spec.operand_count; ++k)
      inputs.push_back(d.data(Tensor::copy_of(spec.operands[k], operands[k].span())));
    node = d.add(op, spec.output, inputs,
                 {spec.attributes.begin(), spec.attributes.begin() + spec.attribute_count});
    SerialTaskPool pool;
    fast = numerics::test::run_node(numerics::best_isa(), spec, operands, pool);
    world = std::make_unique<faults::World>(numerics::name_of(op), d.task(1, 1));
  }

  [[nodiscard]] numerics::MemoryAccess memory() const {
    numerics::MemoryAccess access;
    access.spec = &spec;
    const cheats::Run& truth = world->truth(false, 0);
    for (unsigned k = 0; k < spec.operand_count; ++k)
      access.operands[k] = truth.outputs[world->program(false).nodes[node].inputs[k]].data();
    return access;
  }
};

// The game about a random step of a random element, as far as its last move.
struct LastMove {
  dispute::GameTerms terms;
  Position position;
  Bytes body;
};
LastMove last_move_of(OneNode& one, std::uint64_t seed) {
  faults::World& world = *one.world;
  LastMove last;
  last.terms = world.terms(1, world.transcript()[1]);
  const auto defender = world.player(world.honest(), last.terms, Role::kDefender);
  const duel::Mover anywhere = duel::random_pointer(world.task(), last.terms, seed);
  const duel::Duel duel = duel::play(
      last.terms,
      [&](const Position& p) {
        auto move = defender->next_move(p);
        if (p.stage == Stage::kScalar && move && *move) {
          last.position = p;
          last.body = **move;
        }
        return move;
      },
      [&](const Position& p) -> Result<std::optional<Bytes>> {
        if (p.stage != Stage::kTracePoint) return anywhere(p);
        return duel::point_at_node(world.task(), last.terms, p, one.node);
      });
  EXPECT_EQ(duel.error, "");
  EXPECT_EQ(duel.position.outcome, Outcome::kDefenderWins);
  EXPECT_EQ(duel.position.ended_at, Stage::kScalar);
  return last;
}

template <class Arithmetic>
FoldState recorded(const OneNode& one, const Position& p, std::vector<referee::Read>& reads) {
  numerics::MemoryAccess memory = one.memory();
  referee::RecordingAccess access(memory);
  const numerics::FloatingPointMode mode;
  FoldState state = p.state_low;
  numerics::fold_step<Arithmetic>(one.spec, p.element, p.fold_low, access, state);
  EXPECT_LE(access.count(), referee::kMaxReads);
  reads.assign(access.reads().begin(), access.reads().end());
  return state;
}

// Of those reads, the chunks that an opening shows, each once and in the order of the reads.
std::vector<ByteView> chunks_of(const OneNode& one, const std::vector<referee::Read>& reads) {
  std::vector<std::pair<unsigned, std::uint64_t>> places;
  std::vector<ByteView> chunks;
  const numerics::MemoryAccess memory = one.memory();
  for (const referee::Read& read : reads) {
    const TensorType& type = one.spec.operands[read.operand];
    const std::uint64_t chunk = referee::place_of(type.dtype, read.index).chunk;
    if (std::find(places.begin(), places.end(), std::pair{read.operand, chunk}) != places.end())
      continue;
    places.emplace_back(read.operand, chunk);
    chunks.emplace_back(static_cast<const std::uint8_t*>(memory.operands[read.operand]) +
                            chunk * commit::kChunkBytes,
                        referee::chunk_size(type, chunk));
  }
  return chunks;
}

void expect_agreement(const OneNode& one, const LastMove& last) {
  std::vector<referee::Read> on_hardware, on_integers;
  const Position& p = last.position;
  const FoldState run = recorded<numerics::HardwareArithmetic>(one, p, on_hardware);
  ASSERT_EQ(run, recorded<numerics::IntegerArithmetic>(one, p, on_integers));
  ASSERT_EQ(on_hardware, on_integers);
  // The opening shows what was read, in that order, and nothing else of any operand.
  const ByteView opening = ByteView(last.body).subspan(1);
  auto at = opening.begin();
  for (const ByteView chunk : chunks_of(one, on_hardware)) {
    at = std::search(at, opening.end(), chunk.begin(), chunk.end());
    ASSERT_NE(at, opening.end()) << "a chunk that was read is not opened";
    at += static_cast<std::ptrdiff_t>(chunk.size());
  }
  FoldState judged;
  ASSERT_EQ(
      referee::judge(crypto::sha256_function(), dispute::scalar_position(p), opening, &judged),
      referee::Verdict::kDefenderWins);
  ASSERT_EQ(judged, run);
  ASSERT_EQ(p.state_high, run);
  // The fold's end is what the kernel made and what the training left in the state.
  const auto bits = numerics::load_element(one.spec.output.dtype, one.fast.data(), p.element);
  const Tensor& state = one.world->state(1).begin()->second;
  ASSERT_EQ(bits, numerics::load_element(one.spec.output.dtype, state.data(), p.element));
  if (p.fold_low + 1 == numerics::fold_length(one.spec)) {
    ASSERT_EQ(run, numerics::fold_final(one.spec, bits));
  }
}

void expect_refused(const LastMove& last, const Bytes& body, std::size_t at) {
  Position position = last.position;
  ASSERT_NE(dispute::apply(crypto::sha256_function(), last.terms, position, Role::kDefender, body),
            MoveVerdict::kAccepted)
      << "byte " << at;
  ASSERT_EQ(position, last.position);  // INV-DSP-003
}

void expect_one_opening(const LastMove& last, numerics::test::Generator& random) {
  for (std::size_t at = 0; at < last.body.size(); ++at) {
    Bytes body = last.body;
    body[at] ^= static_cast<std::uint8_t>(1 + random(255));
    expect_refused(last, body, at);
    if (testing::Test::HasFatalFailure()) return;
    if (at % 8 == 0) expect_refused(last, Bytes(last.body.begin(), last.body.begin() + at), at);
  }
  Bytes longer = last.body;
  longer.push_back(static_cast<std::uint8_t>(random(256)));
  expect_refused(last, longer, last.body.size());
}

class Agreement : public testing::TestWithParam<numerics::OperatorRow> {};

TEST_P(Agreement, OfRunRecordAndReplay) {
  constexpr int kNodes = 24, kGames = 6;
  numerics::test::Generator random(31'000 + static_cast<unsigned>(GetParam().op));
  std::size_t tampered = 0;
  for (int round = 0; round < kNodes; ++round) {
    random.set_tame(round % 4 != 3);
    OneNode one(GetParam().op, random);
    SCOPED_TRACE(numerics::test::describe(one.spec) + " round " + std::to_string(round));
    for (std::uint64_t game = 0; game < kGames; ++game) {
      const LastMove last = last_move_of(one, random.word());
      if (HasFailure()) return;
      expect_agreement(one, last);
      if (HasFatalFailure()) return;
      if (game > 0) continue;
      expect_one_opening(last, random);
      tampered += last.body.size();
      if (HasFatalFailure()) return;
    }
  }
  std::printf("figure agreement %s %d steps, every byte of %d openings changed: %zu refused\n",
              GetParam().name, kNodes * kGames, kNodes, tampered);
}

std::vector<numerics::OperatorRow> folds() {
  std::vector<numerics::OperatorRow> rows;
  for (const numerics::OperatorRow& row : numerics::operator_table())
    if (!numerics::is_source(row.op)) rows.push_back(row);
  return rows;
}

INSTANTIATE_TEST_SUITE_P(AllOperators, Agreement, testing::ValuesIn(folds()),
                         [](const auto& row) { return std::string(row.param.name); });

}  // namespace
}  // namespace assay::killers
