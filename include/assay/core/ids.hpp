// Ids, indices and amounts are types of their own, so that two of them cannot be swapped by
// accident. Freestanding.
#pragma once

#include <compare>
#include <cstdint>

#include "assay/core/bytes.hpp"

namespace assay {

template <class Tag, class Rep>
struct Strong {
  Rep value{};
  constexpr Strong() = default;
  constexpr explicit Strong(Rep v) : value(v) {}
  friend constexpr bool operator==(const Strong&, const Strong&) = default;
  friend constexpr auto operator<=>(const Strong& a, const Strong& b) {
    return a.value <=> b.value;
  }
};

using ChainId = Strong<struct ChainIdTag, Hash256>;      // hash of the genesis record
using AccountId = Strong<struct AccountIdTag, Hash256>;  // an Ed25519 public key
using TaskId = Strong<struct TaskIdTag, Hash256>;
using ClaimId = Strong<struct ClaimIdTag, Hash256>;  // one solver's claim on one task
using GameId = Strong<struct GameIdTag, Hash256>;
using TxId = Strong<struct TxIdTag, Hash256>;
using Height = Strong<struct HeightTag, std::uint64_t>;
using LedgerTimeMs = Strong<struct LedgerTimeTag, std::uint64_t>;  // milliseconds of ledger time
using StepIndex = Strong<struct StepIndexTag, std::uint64_t>;      // 0: before the first step

// Token atoms; 1 token = 1,000,000 atoms. Arithmetic through core/checked.hpp or ledger/ only.
using Amount = Strong<struct AmountTag, std::uint64_t>;
inline constexpr std::uint64_t kAtomsPerToken = 1'000'000;

}  // namespace assay
