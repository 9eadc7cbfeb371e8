#include "assay/economics/incentives.hpp"

#include <algorithm>

#include "assay/core/contract.hpp"
#include "assay/economics/best_response.hpp"
#include "assay/economics/splits.hpp"

namespace assay::economics {

namespace {
__extension__ using Wide = unsigned __int128;
constexpr std::uint64_t kMaxQuorumPrices = 4;
}  // namespace

const char* to_string(TermsVerdict verdict) noexcept {
  switch (verdict) {
    case TermsVerdict::kHolds: return "the terms hold";
    case TermsVerdict::kAmountTooLarge: return "an amount is over the limit of a task";
    case TermsVerdict::kNoPrice: return "the price is zero";
    case TermsVerdict::kSeatsOutOfRange: return "too few or too many verifier seats";
    case TermsVerdict::kDrawsOutOfRange: return "too few or too many draws per verifier";
    case TermsVerdict::kEntriesOutOfRange: return "too few or too many transcript entries";
    case TermsVerdict::kFeeTooSmall: return "the verification fee is less than an atom per draw";
    case TermsVerdict::kSolverUndeterred:
      return "a lazy solver would gain: raise its stake or the draws";
    case TermsVerdict::kVerifierUndeterred:
      return "a blind verifier would gain: raise the verifier stake";
    case TermsVerdict::kDefenceUnpaid: return "the challenger's bond does not pay for a replay";
    case TermsVerdict::kWhistleblowerUnpaid: return "the bounty does not pay for a replay";
    case TermsVerdict::kTaxTooSmall: return "the tax is less than two percent of the price";
    case TermsVerdict::kAbortCheap:
      return "giving a claim up costs less than its tax: raise the solver's stake";
    case TermsVerdict::kBribeCheap:
      return "the bounty is no more than a false interval saves: raise the solver's stake";
    case TermsVerdict::kWatchingUnpaid:
      return "a forced error costs a blind verifier less than looking: raise the verifier stake or "
             "the rate";
    case TermsVerdict::kRelaysOutOfRange:
      return "too many relays, or a quorum, fee or stake of none";
    case TermsVerdict::kQuorumOutOfRange: return "a quorum is more than half of the relays";
    case TermsVerdict::kRelayFeeTooSmall: return "the relay fee is less than an atom per relay";
    case TermsVerdict::kQuorumCheap:
      return "a quorum's stakes are less than the price: raise the relay stake";
    case TermsVerdict::kQuorumDear:
      return "a quorum's stakes are over four times the price: lower the relay stake";
    case TermsVerdict::kCrowdingOutCheap:
      return "using up a claim's challenges costs less than the price: raise the bond";
  }
  return "unknown";
}

// q.numerator (burned + unpaid) m > C q.denominator. The left side is split so that it fits: the
// product of two 33-bit factors and a 61-bit sum is at most 127 bits.
bool deters(const Deterrence& d) noexcept {
  ASSAY_EXPECTS(d.q.denominator > 0 && d.q.denominator <= kMaxEntries &&
                d.q.numerator <= kMaxEntries);
  ASSAY_EXPECTS(d.burned <= kMaxTaskAtoms && d.unpaid <= kMaxTaskAtoms &&
                d.saving <= kMaxTaskAtoms);
  ASSAY_EXPECTS(d.false_intervals >= 1 && d.false_intervals <= kMaxEntries);
  const Wide loss = Wide{d.q.numerator} * d.false_intervals * (Wide{d.burned} + d.unpaid);
  return loss > Wide{d.saving} * d.q.denominator;
}

std::uint64_t cost_bound(std::uint64_t price, std::uint64_t m, std::uint64_t n) noexcept {
  ASSAY_EXPECTS(n > 0 && m <= n);
  return static_cast<std::uint64_t>((Wide{price} * m + (n - 1)) / n);
}

namespace {

// For every m: by A1 the saving is at most ceil(price m / n) < price m / n + 1, so the left side
// grows at least as fast in m as the right one, and m = 1 is the hardest but for the rounding at m
// = 1.
bool solver_deterred(const TaskTerms& t) noexcept {
  Deterrence d;
  d.q = {t.draws, t.entries};
  d.burned = burned_part(t.solver_stake);
  d.unpaid = t.price;
  d.saving = cost_bound(t.price, 1, t.entries);
  d.false_intervals = 1;
  return deters(d);
}

// E-7 without a reward: a solver's own aliases may dilute the jackpot to nothing.
bool watching_paid(const TaskTerms& t, std::uint64_t replay) noexcept {
  return t.force_rate == 0 || watching_pays({t.force_rate, t.entries, t.verifier_stake, 0, replay});
}

}  // namespace

namespace {

TermsVerdict check_relays(const TaskTerms& t) noexcept {
  const bool has_terms = t.relay_quorum != 0 || t.relay_fee != 0 || t.relay_stake != 0;
  if (t.relays > kMaxRelaySeats || (t.relays == 0 && has_terms))
    return TermsVerdict::kRelaysOutOfRange;
  if (t.relays == 0) return TermsVerdict::kHolds;
  if (t.relay_quorum <= t.relays / 2 || t.relay_quorum > t.relays)
    return TermsVerdict::kQuorumOutOfRange;
  if (fee_per_relay(t.relay_fee, t.relays) == 0) return TermsVerdict::kRelayFeeTooSmall;
  if (Wide{t.relay_quorum} * t.relay_stake < t.price) return TermsVerdict::kQuorumCheap;
  if (Wide{t.relay_quorum} * t.relay_stake > Wide{kMaxQuorumPrices} * std::max(t.price, t.cap))
    return TermsVerdict::kQuorumDear;
  return TermsVerdict::kHolds;
}

}  // namespace

TermsVerdict check_terms(const TaskTerms& t) noexcept {
  if (t.price > kMaxTaskAtoms || t.verification_fee > kMaxTaskAtoms ||
      t.solver_stake > kMaxTaskAtoms || t.verifier_stake > kMaxTaskAtoms ||
      t.challenger_bond > kMaxTaskAtoms || t.declared_harm > kMaxTaskAtoms ||
      t.tax > kMaxTaskAtoms || t.relay_fee > kMaxTaskAtoms || t.relay_stake > kMaxTaskAtoms)
    return TermsVerdict::kAmountTooLarge;
  if (t.price == 0) return TermsVerdict::kNoPrice;
  if (t.seats < 1 || t.seats > kMaxSeats) return TermsVerdict::kSeatsOutOfRange;
  if (t.draws < 1 || t.draws > kMaxDraws || t.draws > t.entries)
    return TermsVerdict::kDrawsOutOfRange;
  if (t.entries < 2 || t.entries > kMaxEntries) return TermsVerdict::kEntriesOutOfRange;
  const std::uint64_t per_seal = fee_per_seal({t.verification_fee, t.seats, t.draws});
  if (per_seal == 0) return TermsVerdict::kFeeTooSmall;
  if (!solver_deterred(t)) return TermsVerdict::kSolverUndeterred;
  if (burned_part(t.verifier_stake) <= per_seal * t.draws) return TermsVerdict::kVerifierUndeterred;
  const std::uint64_t replay = cost_bound(t.price, 1, t.entries);
  if (split_bond(t.challenger_bond).defender < replay) return TermsVerdict::kDefenceUnpaid;
  // Whoever replayed and is the second of two is paid too; the first may have any number beside it.
  if (split_slash({t.solver_stake, 2, replay}).other_cost < replay)
    return TermsVerdict::kWhistleblowerUnpaid;
  if (split_bond(t.challenger_bond).burned < (t.price + kMaxChallenges - 1) / kMaxChallenges)
    return TermsVerdict::kCrowdingOutCheap;
  if (t.tax < least_tax(t.price)) return TermsVerdict::kTaxTooSmall;
  if (!abort_costs(t.solver_stake, t.tax)) return TermsVerdict::kAbortCheap;
  if (!bribes_exceed_gain({replay, least_bounty(t.solver_stake), 1}))
    return TermsVerdict::kBribeCheap;
  if (!watching_paid(t, replay)) return TermsVerdict::kWatchingUnpaid;
  return check_relays(t);
}

bool deters_harm(const TaskTerms& t) noexcept {
  ASSAY_EXPECTS(t.entries > 0);
  return Wide{t.draws} * burned_part(t.solver_stake) >= Wide{t.declared_harm} * t.entries;
}

bool deters_idling(const TaskTerms& t) noexcept { return t.force_rate != 0; }

bool attests_data(const TaskTerms& t) noexcept { return t.relays != 0; }

}  // namespace assay::economics
