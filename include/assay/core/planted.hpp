// Bugs that tests plant on purpose, to see that the simulator finds them. A place that can have one
// asks planted(): a constant false unless the build is one for tests (ASSAY_AUDIT), and
// then false unless the running thread has planted that bug. One inline function and no second copy
// of a room: what tests run is the code that is shipped, compiled once.
#pragma once

#include <cstdint>

namespace assay::testing {

enum class Planted : std::uint8_t {
  kNone = 0,
  kMissingSync,        // a block's batch is answered for before it is synced
  kMissingFileSync,    // a role's file is renamed before it is synced
  kDoubleRefund,       // a bid's deposit comes back twice, the second time out of its stake
  kClockOffByOne,      // windows end a millisecond after they should
  kUncheckedNonce,     // a transaction with an old nonce is taken
  kLostBurn,           // what a slash should burn goes to its winner
  kEarlyRelease,       // an unstaked amount is free after a minute
  kSlashToWrongParty,  // the bounty goes to the task's submitter
  kLateChallenge,      // a challenge is taken while the claim is resolving
  kSwappedSides,       // a game's verdict counts for the other side
  kJackpotTwice,       // the first finder has two shares
  kStaleRoot,          // a block without transactions keeps its parent's state root
  kDroppedResend,      // a submission that was not answered is not sent again
  kForgottenFee,       // an opened seal that earned its fee is not paid
  kUncheckedDeposit,   // a bid is taken without its deposit
  kPartialPaysAll,     // a cancelled claim is paid in full
  kStuckStake,         // the stake of a bid that did not win stays locked
  kMixedDeposit,       // a bid's deposit is kept with the task's pay, and comes back from there
  kIgnoredDemand,      // a claim stands whose solver kept back what was demanded
  kAnyQuorum,          // a claim goes on though no quorum of relays attested its data
  // The rest is found by actors x rules (tests/actors): liars that play on alone meet them.
  kWidePoint,        // a point in a chain of states narrows nothing
  kForgottenPause,   // a full lane stops no clock
  kUndebitedBank,    // what a turn takes beyond its window is not taken from the bank
  kSlashedTogether,  // who attested a claim that falls is slashed with its solver, unbeaten
  kUncheckedMover,   // a move is taken whoever signed it
  kPaidCopies,       // who copied another's challenge shares its bounty
  kWordDooms,        // a verifier's word that falls takes the solver's claim with it
  kWholeInterval,  // what a verifier says of an interior step is taken for what it says of the end
  kCrowdedRound,   // a round of the beacon takes claims worth more than a holder's stake
  kFreeRedraw,     // a share that was kept back costs nothing
  kLateJoin,       // what comes to wait joins the round that is open
  kLastingDelegate,  // a certificate is good for ever, taken back or not
};
inline constexpr std::uint8_t kSimulatedLast = 20;  // which the simulator's seeds find

#if defined(ASSAY_AUDIT) && ASSAY_AUDIT
inline thread_local Planted planted_bug = Planted::kNone;
[[nodiscard]] inline bool planted(Planted bug) noexcept { return planted_bug == bug; }

// Plants one for as long as it lives, in this thread.
class Plant {
 public:
  explicit Plant(Planted bug) : m_saved(planted_bug) { planted_bug = bug; }
  ~Plant() { planted_bug = m_saved; }
  Plant(const Plant&) = delete;
  Plant& operator=(const Plant&) = delete;

 private:
  Planted m_saved;
};
#else
[[nodiscard]] constexpr bool planted(Planted) noexcept { return false; }
#endif

}  // namespace assay::testing
