// The incentive inequalities of a task, in exact integers (docs/spec/economics.md). Pure functions;
// products are 128 bits wide. Amounts are atoms.
//
// Sources: Teutsch and Reitwiessner, "A scalable verification solution for
// blockchains" (the verifier's dilemma); the slash split follows Truebit's rule that a liar's alias
// gets back at most half.
//
// Assumptions, each of which a reader may doubt:
//  A1  A solver takes a task only if its cost is at most the price, so m false intervals of n save
//      at most ceil(price m / n).
//  A2  Of the enlisted verifiers at least one does not collude with the solver, and its draws are
//      distinct and uniform: a given interval is replayed with probability at least draws /
//      entries.
//  A3  Whoever replays a false interval challenges it, because the bounty pays for the replay
//      (E-4) and more than the liar saved on it (E-8).
//  A4  A challenger who is right wins (docs/spec/dispute.md).
#pragma once

#include "assay/core/bytes.hpp"

namespace assay::economics {

inline constexpr std::uint32_t kMaxSeats = 16;
inline constexpr std::uint32_t kMaxDraws = 64;  // of one verifier
inline constexpr std::uint64_t kMaxEntries = (std::uint64_t{1} << 32) + 1;
inline constexpr std::uint32_t kMaxRelaySeats = 64;  // drawn for a claim, in one round
// Challenges that one claim may ever get.
inline constexpr std::uint32_t kMaxChallenges = 1024;
// Prices, stakes and fees of one task, so that their sums fit 64 bits.
inline constexpr std::uint64_t kMaxTaskAtoms = std::uint64_t{1} << 60;

// numerator / denominator, the denominator positive.
struct Fraction {
  std::uint64_t numerator = 0;
  std::uint64_t denominator = 1;
};

// q (S_burned + R_unpaid) > C / m: m false intervals, of which each is replayed with chance q, cost
// more than the C that they save.
struct Deterrence {
  Fraction q;                         // numerator and denominator at most kMaxEntries
  std::uint64_t burned = 0;           // S_burned, at most 2^60
  std::uint64_t unpaid = 0;           // R_unpaid, at most 2^60
  std::uint64_t saving = 0;           // C, at most 2^60
  std::uint64_t false_intervals = 1;  // m, 1 to kMaxEntries
};
[[nodiscard]] bool deters(const Deterrence& d) noexcept;

// What m of n entries cost at most, by assumption A1: ceil(price m / n).
[[nodiscard]] std::uint64_t cost_bound(std::uint64_t price, std::uint64_t m,
                                       std::uint64_t n) noexcept;

struct TaskTerms {
  std::uint64_t price = 0;
  std::uint64_t verification_fee = 0;  // of all verifiers together
  std::uint64_t solver_stake = 0;
  std::uint64_t verifier_stake = 0;
  std::uint64_t challenger_bond = 0;
  std::uint64_t declared_harm = 0;  // of one false interval that stands
  std::uint64_t tax = 0;            // of one claim, on top of price and fee
  std::uint32_t seats = 0;
  std::uint32_t draws = 0;       // of one verifier
  std::uint64_t entries = 0;     // of the transcript
  std::uint32_t force_rate = 0;  // chance of a forced error, of 2^32
  std::uint32_t relays = 0;      // seats drawn; 0: nobody attests that the data is there
  std::uint32_t relay_quorum = 0;
  std::uint64_t relay_fee = 0;    // of all seats together
  std::uint64_t relay_stake = 0;  // of one seat
  std::uint64_t cap = 0;          // the price that was posted, where a lower one is asked about
};

// Dense, in order of precedence. Everything but kHolds refuses the task.
enum class TermsVerdict : std::uint8_t {
  kHolds = 0,
  kAmountTooLarge,  // over kMaxTaskAtoms
  kNoPrice,
  kSeatsOutOfRange,      // 1 to kMaxSeats
  kDrawsOutOfRange,      // 1 to min(kMaxDraws, entries)
  kEntriesOutOfRange,    // 2 to kMaxEntries
  kFeeTooSmall,          // a drawn interval pays less than one atom
  kSolverUndeterred,     // E-1
  kVerifierUndeterred,   // E-2
  kDefenceUnpaid,        // E-3
  kWhistleblowerUnpaid,  // E-4
  kCrowdingOutCheap,     // E-6
  kTaxTooSmall,          // under least_tax()
  kAbortCheap,           // E-10
  kBribeCheap,           // E-8
  kWatchingUnpaid,       // E-7
  kRelaysOutOfRange,     // 0 to kMaxRelaySeats; without any no quorum, fee or stake
  kQuorumOutOfRange,     // more than half of the relays, at most all
  kRelayFeeTooSmall,     // a seat pays less than one atom
  kQuorumCheap,          // E-13
  kQuorumDear,           // E-15
};
inline constexpr std::uint8_t kTermsVerdictLast = 20;
[[nodiscard]] const char* to_string(TermsVerdict verdict) noexcept;

//  E-1  q (burned(solver_stake) + price) > C / m for every m from 1 to entries, q = draws / entries
//  E-2  burned(verifier_stake) > what one verifier can be paid: attesting blindly costs more than
//       it earns
//  E-3  the defender's part of a lost bond covers the replay of one interval
//  E-4  the bounty covers the replay of one interval
//  E-6  kMaxChallenges burned parts of lost bonds are at least the price: a liar whose aliases use
//       up the claim's challenges pays more than it saved
//  E-7  where errors are forced, force_rate / (entries - 1) verifier_stake covers the replay of one
//       interval: attesting blindly loses although every claim is true
//  E-8  the bounty is more than one false interval saves: who replayed it is not bought with that
//  E-10 burned(solver_stake) covers the tax: giving a claim up after the beacon is not free
//  E-13 what stands behind the words of a quorum is at least the price: what is not there is not
//       attested for a part of what the claim pays
//  E-15 and at most four times the price, or the cap of bids: whoever posts a task asks for no
//       bonds that nobody has, for work that ends unattested
// E-9 follows from E-3, E-11 from jackpot_base(), E-12 from the locks (best_response.hpp).
[[nodiscard]] TermsVerdict check_terms(const TaskTerms& terms) noexcept;

// E-5: q S_burned covers the declared harm. A task that fails it is taken, and labelled as
// deterring laziness only.
[[nodiscard]] bool deters_harm(const TaskTerms& terms) noexcept;

// Errors are forced, so by E-7 it pays to look although every claim is true. A task that forces
// none is taken, and labelled: what keeps its verifiers awake are the liars that they may meet.
[[nodiscard]] bool deters_idling(const TaskTerms& terms) noexcept;

// A quorum of relays attests that the data is there before the claim is checked. A task without is
// taken, and labelled: a solver may serve its friends alone, and show others what they demand.
[[nodiscard]] bool attests_data(const TaskTerms& terms) noexcept;

}  // namespace assay::economics
