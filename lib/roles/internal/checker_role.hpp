// What verifiers and whistleblowers share: transcripts and checkpoints fetched and checked,
// replays, and challenges from the hidden commitment to the end of the game.
#pragma once

#include "assay/commit/transcript.hpp"
#include "internal/ledger_role.hpp"
#include "internal/loss.hpp"

namespace assay::roles::internal {

using SharedState = std::shared_ptr<const NamedTensors>;

// Replay of transcript entries, up to the last one of a plan or to the first that came out
// otherwise by more than an error that may have been forced. What differs is seen by comparing the
// roots with the transcript that stands: a disclosure changes it.
struct Replayed final : JobOutcome {
  std::uint64_t first = 0;
  std::vector<Hash256> roots;             // of this party's own states, from entry `first` on
  std::set<std::uint64_t> looked_forced;  // entries that differed in the loss's lowest bit alone
  std::optional<Hash256> interior_root;
  SharedState before_last;  // where the last one differs
  // The first entry whose state the solver keeps and whose loss is not finite; 0: there was none.
  std::uint64_t diverged_entry = 0;
  OpenedLoss diverged;

  [[nodiscard]] std::uint64_t last() const { return first + roots.size() - 1; }
};

class CheckerRole : public LedgerRole {
 public:
  using LedgerRole::LedgerRole;

 protected:
  // The claim's transcript, once it is here and has the root on the ledger.
  [[nodiscard]] const commit::Transcript* transcript(const protocol::ClaimView& claim);

  struct ReplayPlan {
    std::uint64_t first = 0;
    std::uint64_t last = 0;
    std::optional<std::uint64_t> interior_step;  // of the last entry
  };
  // The outcome of replaying the plan's entries, once it is there. Starts at the nearest checkpoint
  // that the solver serves; at the seed if it serves none.
  [[nodiscard]] const Replayed* replay(const protocol::TaskView& task,
                                       const protocol::ClaimView& claim, const SharedTask& opened,
                                       const commit::Transcript& transcript,
                                       const ReplayPlan& plan);

  // Challenges what the replay shows to be false now: the first entry that differs, but for what
  // may be a forced error until the disclosure says so. Those are challenged while finding pays.
  // True if it differs.
  bool challenge_differences(const protocol::TaskView& task, const protocol::ClaimView& claim,
                             const commit::Transcript& transcript, const Replayed& replayed);
  // Shows the ledger what the replay found of a run that diverged and went on.
  void report_divergence(const protocol::ClaimView& claim, const commit::Transcript& transcript,
                         const Replayed& replayed);
  // True if a challenge of this claim is this account's.
  [[nodiscard]] bool has_challenged(const protocol::ClaimView& claim) const;
  // Commits to a challenge if that was not done yet.
  void challenge(const protocol::TaskView& task, const protocol::ClaimView& claim,
                 const protocol::ChallengeTarget& target);
  // The challenge of `entry` that a seal with another end root opens on, once the ledger has it;
  // sees to it that it comes.
  [[nodiscard]] std::optional<protocol::MismatchProof> stands_by(const protocol::TaskView& task,
                                                                 const protocol::ClaimView& claim,
                                                                 std::uint64_t entry);
  // Replays what other verifiers' open seals say of `entries` (null: of all), up to their interior
  // steps, and challenges the words that are false. Once what stands is known for good.
  void check_words(const protocol::TaskView& task, const protocol::ClaimView& claim,
                   const SharedTask& opened, const commit::Transcript& transcript,
                   const std::set<std::uint64_t>* entries);
  // The same of an entry that looks like a forced error, while finding one pays.
  void challenge_forced(const protocol::TaskView& task, const protocol::ClaimView& claim,
                        std::uint64_t entry);
  // Reveals and plays all challenges of this account, and the games in which it stands up for an
  // attestation of its own.
  void carry_on(const protocol::TaskView& task, const protocol::ClaimView& claim,
                const SharedTask& opened, const commit::Transcript& transcript);
  // States of this party's own run of the task, if it has made one.
  [[nodiscard]] virtual std::optional<Known> own_run(const protocol::TaskView& task,
                                                     const SharedTask& opened);

  // The task's programs and data do not come: demands a piece of each that is missing, of the
  // solver, who has to have them.
  void demand_task(const protocol::TaskView& task, const protocol::ClaimView& claim);

  // The checkpoint after entry `entry`, verified; null while it is on its way or cannot be had
  // (`gave_up`).
  [[nodiscard]] SharedState checkpoint(const protocol::ClaimView& claim, const SharedTask& opened,
                                       const commit::Transcript& transcript, std::uint64_t entry,
                                       bool& gave_up);
  // It is held no longer, and may be asked for again.
  void forget_checkpoint(const protocol::ClaimView& claim, const SharedTask& opened,
                         std::uint64_t entry);

  // Of a settled claim: removes what was kept of its checks.
  void forget_checks(const ClaimId& claim);

  // The salt of this account's challenge; `again`: of the second one of a forced entry, that is
  // false even as it was disclosed.
  [[nodiscard]] Hash256 challenge_salt(const ClaimId& claim,
                                       const protocol::ChallengeTarget& target, bool again = false);

 private:
  // Demands the piece if the ledger takes it and nobody did.
  void demand(const protocol::ClaimView& claim, const protocol::Piece& piece);
  // A piece of each checkpoint that is not given.
  void demand_checkpoints(const protocol::ClaimView& claim, const training::Task& opened);
  // Which piece nobody can foresee: of this account, the same each time.
  [[nodiscard]] protocol::Piece any_piece(const ClaimId& claim, protocol::PieceKind kind,
                                          std::uint64_t entry) const;
  // The blob was asked for, in vain, for so long that it seems to be withheld.
  [[nodiscard]] bool seems_withheld(const std::string& name, const AccountId& from);
  // Put together from what was supplied on the ledger; none until all parts were.
  [[nodiscard]] static std::optional<commit::Transcript> supplied_transcript(
      const protocol::ClaimView& claim);
  const commit::Transcript* keep_transcript(const protocol::ClaimRecord& claim,
                                            commit::Transcript candidate);
  void reveal(const protocol::ChallengeView& challenge, const protocol::ClaimView& claim,
              const commit::Transcript& transcript);
  // The state that the challenged interval starts from; none while it is on its way.
  [[nodiscard]] std::optional<Known> known_start(const protocol::ChallengeView& challenge,
                                                 const protocol::ClaimView& claim,
                                                 const SharedTask& opened,
                                                 const commit::Transcript& transcript);
  [[nodiscard]] std::uint64_t tries(const std::string& name) { return ++m_tries[name]; }

  std::map<ClaimId, commit::Transcript> m_transcripts;
  std::map<std::pair<ClaimId, std::uint64_t>, SharedState>
      m_states;  // by entry after which they stand
  std::map<std::string, std::uint64_t> m_tries;
  std::set<std::pair<ClaimId, std::uint64_t>> m_not_given;  // checkpoints asked for in vain
  std::map<std::pair<std::string, AccountId>, std::uint64_t>
      m_missed_since;                // of this role's clock
  std::set<std::string> m_unserved;  // start files whose checkpoint was asked for in vain
  std::set<ClaimId> m_forgotten;
  std::map<ClaimId, Hash256> m_challenge_secrets;
  // What a commitment of this account hides, by commitment.
  struct Hidden {
    protocol::ChallengeTarget target;
    Hash256 salt;
    bool again = false;
  };
  std::map<Hash256, std::optional<Hidden>> m_hidden;
  [[nodiscard]] std::optional<Hidden> hidden_by(const protocol::ClaimView& claim,
                                                const Hash256& commitment);
  // True if that target is what the commitment hides, which is kept then.
  bool try_hidden(const ClaimId& claim, const Hash256& commitment,
                  const protocol::ChallengeTarget& target, bool again);
  void check_word(const protocol::TaskView& task, const protocol::ClaimView& claim,
                  const SharedTask& opened, const commit::Transcript& transcript,
                  const protocol::VerifierRecord& verifier, std::uint32_t draw);
};

}  // namespace assay::roles::internal
