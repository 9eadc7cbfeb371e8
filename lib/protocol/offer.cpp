#include "assay/protocol/offer.hpp"

#include <algorithm>

#include "assay/crypto/sha256.hpp"

namespace assay::protocol {

const char* to_string(OfferVerdict verdict) noexcept {
  switch (verdict) {
    case OfferVerdict::kHolds: return "the offer holds";
    case OfferVerdict::kCopiesOutOfRange: return "too few or too many copies";
    case OfferVerdict::kBadCapability: return "a required capability is no tag";
    case OfferVerdict::kBidDepositMismatch:
      return "an auction needs a deposit for bids, a fixed price has none";
    case OfferVerdict::kAmountTooLarge: return "an amount is over the limit of a task";
    case OfferVerdict::kSoughtTooMuch:
      return "others are to fund more than the task costs without its tax";
    case OfferVerdict::kNoWork: return "no work is declared";
    case OfferVerdict::kProgressOutOfRange:
      return "entries between reports of progress: at least one, at most the transcript's";
  }
  return "?";
}

bool is_tag(const std::string& tag) noexcept {
  return !tag.empty() && tag.size() <= kMaxTagBytes &&
         std::all_of(tag.begin(), tag.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
         });
}

OfferVerdict check_offer(const PostTask& t) noexcept {
  const bool auction = t.sale == Sale::kAuction;
  if (t.copies < 1 || t.copies > kMaxCopies) return OfferVerdict::kCopiesOutOfRange;
  if (!std::all_of(t.capabilities.begin(), t.capabilities.end(), is_tag))
    return OfferVerdict::kBadCapability;
  if ((t.bid_deposit.value > 0) != auction) return OfferVerdict::kBidDepositMismatch;
  for (const Amount a : {t.price, t.verification_fee, t.tax, t.bid_deposit, t.relay_fee})
    if (a.value > economics::kMaxTaskAtoms) return OfferVerdict::kAmountTooLarge;
  if (fees_of(t).value > economics::kMaxTaskAtoms) return OfferVerdict::kAmountTooLarge;
  // Who posts brings the tax at least: a flood of posts that others are to fund locks as much.
  if (t.sought.value > task_cost(t) - t.copies * t.tax.value) return OfferVerdict::kSoughtTooMuch;
  if (t.work_units == 0) return OfferVerdict::kNoWork;
  if (t.progress_entries < 1 || t.progress_entries > commit::transcript_entries(t.header))
    return OfferVerdict::kProgressOutOfRange;
  return OfferVerdict::kHolds;
}

static_assert(kMaxCopies * 3 * (economics::kMaxTaskAtoms >> 32) < std::uint64_t{1} << 32);
Amount fees_of(const PostTask& t) noexcept {
  return Amount{t.verification_fee.value + t.relay_fee.value};
}
std::uint64_t copy_cost(const PostTask& t) noexcept {
  return t.price.value + fees_of(t).value + t.tax.value;
}
std::uint64_t task_cost(const PostTask& t) noexcept { return t.copies * copy_cost(t); }

bool allows(const PostTask& t, const AccountId& solver) noexcept {
  const auto listed = [&](const std::vector<AccountId>& list) {
    return std::find(list.begin(), list.end(), solver) != list.end();
  };
  return (t.allow.empty() || listed(t.allow)) && !listed(t.deny);
}

bool has_required(const PostTask& t, const std::vector<std::string>& capabilities) noexcept {
  return std::all_of(t.capabilities.begin(), t.capabilities.end(), [&](const std::string& tag) {
    return std::find(capabilities.begin(), capabilities.end(), tag) != capabilities.end();
  });
}

economics::TermsVerdict check_price(const PostTask& t, Amount price) noexcept {
  economics::TaskTerms terms = terms_of(t);
  terms.price = price.value;
  terms.cap = t.price.value;
  return economics::check_terms(terms);
}

Hash256 terms_digest(const PostTask& task) {
  return crypto::sha256({as_bytes("assay/terms/1"), encode_payload(task)});
}

Hash256 quote_digest(const ChainId& chain, const Quote& quote) {
  return crypto::sha256({as_bytes("assay/quote/1"), chain.value.view(),
                         codec::encode([&](codec::Writer& w) { write(w, quote); })});
}

ReplayTimes longest_times(const Windows& windows) noexcept {
  return {windows.replay_ms, windows.move_ms};
}

bool are_allowed(const ReplayTimes& times, const Windows& windows) noexcept {
  const ReplayTimes most = longest_times(windows);
  return times.interval_ms >= 1 && times.interval_ms <= most.interval_ms && times.game_ms >= 1 &&
         times.game_ms <= most.game_ms;
}

}  // namespace assay::protocol
