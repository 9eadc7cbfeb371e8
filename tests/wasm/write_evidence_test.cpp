// Writes evidence files with their native reports (INDEX: one name and one report in hexadecimal a
// line) for the wasm32 judge to agree with.
#include <cstdlib>

#include <gtest/gtest.h>

#include "support/toy_player.hpp"
#include "wasm/corpus.hpp"

namespace assay::dispute {
namespace {

using toy::Lie;
using toy::World;

TEST(WasmEvidence, IsWritten) {
  const char* folder = std::getenv("ASSAY_EVIDENCE_FOLDER");
  if (folder == nullptr) GTEST_SKIP() << "ASSAY_EVIDENCE_FOLDER is not set";
  wasm::Corpus corpus(folder);
  const toy::Task& task = toy::task();
  const auto evidence_of = [&](const World& defender, std::uint64_t entry,
                               toy::PlayOptions options) {
    const toy::Challenge challenge = toy::challenge(defender, entry);
    options.sign = true;
    return Evidence{challenge.terms, challenge.claim,
                    toy::play(challenge.terms, defender, toy::truth(), options).moves};
  };
  // One false claim for each node that the last step's state shows; every operator of the toy
  // program.
  unsigned proven = 0;
  for (std::uint32_t node = 0; node < task.step.nodes.size(); ++node) {
    const World liar(
        task, Lie{Lie::Kind::kNode, false, 17, node, 0,
                  size_of(task.step.nodes[node].spec.output.dtype) < 4 ? 0x40U : 0x40000000U});
    const std::uint64_t entry = toy::first_false_entry(liar, toy::truth());
    if (entry != 1) continue;
    const Evidence evidence = evidence_of(liar, entry, {});
    EXPECT_EQ(corpus.add("lie-in-node-" + std::to_string(node), write_evidence(evidence)),
              EvidenceVerdict::kProven);
    ++proven;
  }
  EXPECT_GE(proven, 30U);
  for (unsigned seed = 0; seed < 20; ++seed) {
    toy::PlayOptions options;
    options.challenger = toy::Challenger::kBlind;
    options.seed = seed;
    EXPECT_EQ(corpus.add("true-claim-" + std::to_string(seed),
                         write_evidence(evidence_of(toy::truth(), seed % 3, options))),
              EvidenceVerdict::kProven);
  }
  // By delegates, and by strangers where they may.
  for (unsigned who = 1; who < 4; ++who) {
    toy::PlayOptions options;
    options.by_delegates = who % 2 != 0;
    options.strangers_open = who > 1;
    for (const std::uint32_t node : {28U, 30U, 39U}) {
      const World liar(task, Lie{Lie::Kind::kNode, false, 17, node, 3, 0x40000000U});
      EXPECT_EQ(corpus.add("others-" + std::to_string(who) + "-node-" + std::to_string(node),
                           write_evidence(evidence_of(liar, 1, options))),
                EvidenceVerdict::kProven);
    }
  }
  const World liar(task, Lie{Lie::Kind::kState, false, 17, 4, 0, 1});
  Evidence evidence = evidence_of(liar, 1, {});
  const Bytes file = write_evidence(evidence);
  corpus.add("false-slot", file);
  evidence.moves.pop_back();
  EXPECT_EQ(corpus.add("unfinished", write_evidence(evidence)), EvidenceVerdict::kUnfinished);
  for (std::size_t at = 3; at < file.size(); at += file.size() / 40) {
    Bytes bad = file;
    bad[at] ^= 4;
    EXPECT_NE(corpus.add("flipped-" + std::to_string(at), bad), EvidenceVerdict::kProven);
    bad.resize(at);
    EXPECT_NE(corpus.add("cut-" + std::to_string(at), bad), EvidenceVerdict::kProven);
  }
  corpus.add("empty", {});
}

}  // namespace
}  // namespace assay::dispute
