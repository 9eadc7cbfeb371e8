#include "assay/economics/jackpot.hpp"

#include <algorithm>

#include "assay/core/contract.hpp"
#include "assay/economics/incentives.hpp"
#include "assay/economics/sampling.hpp"

namespace assay::economics {

namespace {
__extension__ using Wide = unsigned __int128;
constexpr char kDomain[] = "assay/force/1";
}  // namespace

std::uint64_t least_tax(std::uint64_t price) noexcept {
  return static_cast<std::uint64_t>((Wide{price} * kLeastTaxPercent + 99) / 100);
}

std::uint64_t jackpot_base(const JackpotTerms& t) noexcept {
  ASSAY_EXPECTS(t.tax <= kMaxTaskAtoms);
  if (t.force_rate == 0) return 0;
  const Wide by_tax =
      ((Wide{t.tax} * kPayoutNumerator) << 32) / (Wide{t.force_rate} * kPayoutDenominator);
  return static_cast<std::uint64_t>(std::min(by_tax, Wide{t.jackpot / kJackpotParts}));
}

std::uint64_t jackpot_share(std::uint64_t base, std::uint64_t winners) noexcept {
  ASSAY_EXPECTS(winners >= 1);
  return winners > 32 ? 0 : base >> (2 * (winners - 1));
}

Force draw_force(Sha256Function sha256, const ForceTerms& t) {
  ASSAY_EXPECTS(t.entries >= 2);
  const ByteView domain{reinterpret_cast<const std::uint8_t*>(kDomain), sizeof kDomain - 1};
  const Hash256 h = sha256_of(sha256, {domain, t.r.view(), t.beacon.view(), t.claim.value.view()});
  const auto chance = load_le<std::uint64_t>(h.bytes.data());
  const auto place = load_le<std::uint64_t>(h.bytes.data() + 8);
  return {chance < std::uint64_t{t.force_rate} << 32, 1 + scale_to(place, t.entries - 1)};
}

}  // namespace assay::economics
