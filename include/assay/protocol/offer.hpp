// What a posted task offers, beyond what the economics judge (docs/spec/protocol.md, "The market").
// Pure functions. Thread-safe.
#pragma once

#include "assay/protocol/payloads.hpp"

namespace assay::protocol {

// Dense, in order of precedence. Everything but kHolds refuses the task.
enum class OfferVerdict : std::uint8_t {
  kHolds = 0,
  kCopiesOutOfRange,    // 1 to kMaxCopies
  kBadCapability,       // a tag that is none
  kBidDepositMismatch,  // positive exactly in an auction
  kAmountTooLarge,      // price, fee, tax or deposit over economics::kMaxTaskAtoms
  kSoughtTooMuch,       // more than the task costs
  kNoWork,
  kProgressOutOfRange,  // 1 to the transcript's entries
};
inline constexpr std::uint8_t kOfferVerdictLast = 7;
[[nodiscard]] const char* to_string(OfferVerdict verdict) noexcept;
// Requires a valid header.
[[nodiscard]] OfferVerdict check_offer(const PostTask& task) noexcept;

// 1 to kMaxTagBytes of a-z, 0-9 and -.
[[nodiscard]] bool is_tag(const std::string& tag) noexcept;

// Price, fee and tax of one copy. Requires kHolds and check_terms(), so that it cannot overflow.
// Of verifiers and relays, of one copy.
[[nodiscard]] Amount fees_of(const PostTask& task) noexcept;
[[nodiscard]] std::uint64_t copy_cost(const PostTask& task) noexcept;
[[nodiscard]] std::uint64_t task_cost(const PostTask& task) noexcept;

// H("assay/terms/1" || the payload): what a quote is bound to.
[[nodiscard]] Hash256 terms_digest(const PostTask& task);

// By the task's lists; by its tags.
[[nodiscard]] bool allows(const PostTask& task, const AccountId& solver) noexcept;
[[nodiscard]] bool has_required(const PostTask& task,
                                const std::vector<std::string>& capabilities) noexcept;
// The economics of one copy at another price, a bid's say.
[[nodiscard]] economics::TermsVerdict check_price(const PostTask& task, Amount price) noexcept;

// The longest times that a task lets its solvers quote, and who defends without a quote has.
[[nodiscard]] ReplayTimes longest_times(const Windows& windows) noexcept;
// Both at least 1 and at most the longest.
[[nodiscard]] bool are_allowed(const ReplayTimes& times, const Windows& windows) noexcept;

}  // namespace assay::protocol
