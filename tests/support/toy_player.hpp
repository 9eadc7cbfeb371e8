// Both sides of a dispute over a toy task (support/toy_task.hpp): honest and lying defenders,
// honest and blindly pointing challengers.
#pragma once

#include <functional>
#include <random>

#include "assay/commit/transcript.hpp"
#include "assay/crypto/ed25519.hpp"
#include "assay/dispute/evidence_file.hpp"
#include "assay/dispute/known_tree.hpp"
#include "support/toy_task.hpp"

namespace assay::toy {

// Makes one side's bodies from its world. It must see every position of its game (observe).
class Party {
 public:
  Party(const World& world, const dispute::GameTerms& terms,
        const dispute::Rules& rules = dispute::kRules)
      : m_world(&world), m_terms(&terms), m_rules(rules) {}

  // A lying defender's folds follow the truth before this step and lie from it on; by default the
  // last step alone is false.
  std::optional<std::uint32_t> fold_lies_from;

  void observe(const dispute::Position& position);
  // The defender's answer to an offering stage.
  [[nodiscard]] Bytes offer(const dispute::Position& position) const;
  // The first difference from this party's world.
  [[nodiscard]] Bytes point_at_first_difference(const dispute::Position& position) const;
  [[nodiscard]] Bytes point(const dispute::Position& position, unsigned index) const;
  // Any index that is in range.
  [[nodiscard]] Bytes point_anywhere(const dispute::Position& position, std::mt19937& random) const;
  // At kStateLeaf, kSource and kScalar.
  [[nodiscard]] Bytes open(const dispute::Position& position) const;

 private:
  [[nodiscard]] const Program& program() const;
  [[nodiscard]] const Execution& execution(const dispute::Position& position) const;
  [[nodiscard]] numerics::FoldState fold_state(const dispute::Position& position,
                                               std::uint64_t step) const;
  [[nodiscard]] unsigned first_difference(const dispute::Position& position) const;
  [[nodiscard]] commit::Path trace_path(const dispute::Position& position,
                                        std::uint64_t node) const;
  [[nodiscard]] Bytes scalar_opening(const dispute::Position& position) const;

  const World* m_world;
  const dispute::GameTerms* m_terms;
  dispute::Rules m_rules;
  std::vector<std::pair<commit::Range, Bytes>> m_trace_offers;
};

// How many indices a point may have here.
[[nodiscard]] unsigned choices(const dispute::Position& position,
                               const dispute::Rules& rules = dispute::kRules);

struct Keys {
  crypto::KeyPair defender;
  crypto::KeyPair challenger;
};
[[nodiscard]] const Keys& keys();
// Keys of neither side: of the delegate of each, and of a stranger.
struct OtherKeys {
  crypto::KeyPair defender_delegate;
  crypto::KeyPair challenger_delegate;
  crypto::KeyPair stranger;
};
[[nodiscard]] const OtherKeys& other_keys();
// By the key of `role`: for its delegate's moves about the terms' task.
[[nodiscard]] dispute::Certificate certificate(const dispute::GameTerms& terms, dispute::Role role);

// A challenge of `entry` in the transcript of a world, with the signed claim that binds its
// defender.
struct Challenge {
  dispute::GameTerms terms;
  dispute::Claim claim;
};
[[nodiscard]] Challenge challenge(const World& claimed, std::uint64_t entry,
                                  dispute::ClaimKind kind = dispute::ClaimKind::kTranscript);
// The first entry where the transcripts differ; the count of entries if none does.
[[nodiscard]] std::uint64_t first_false_entry(const World& claimed, const World& truth);

struct Game {
  dispute::GameTerms terms;
  dispute::Position position;
  std::vector<dispute::Position> before;  // the position before each move
  std::vector<dispute::RecordedMove> moves;
  [[nodiscard]] std::size_t bytes() const;  // of all bodies
};

enum class Challenger { kHonest, kBlind };

struct PlayOptions {
  Challenger challenger = Challenger::kHonest;
  bool challenger_opens = true;  // who posts the last opening
  std::optional<std::uint32_t> fold_lies_from;
  unsigned seed = 1;
  dispute::Rules rules;
  bool sign = false;            // else the signatures are zero and not checked
  bool by_delegates = false;    // both sides' moves; signed
  bool strangers_open = false;  // whatever a stranger may; signed
};
[[nodiscard]] Game play(const dispute::GameTerms& terms, const World& defender,
                        const World& challenger, const PlayOptions& options);

}  // namespace assay::toy
