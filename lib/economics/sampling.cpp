#include "assay/economics/sampling.hpp"

#include <algorithm>

#include "assay/core/contract.hpp"

namespace assay::economics {

std::uint64_t scale_to(std::uint64_t x, std::uint64_t n) noexcept {
  __extension__ using Wide = unsigned __int128;
  return static_cast<std::uint64_t>((Wide{x} * n) >> 64);
}

namespace {

constexpr char kDomain[] = "assay/draw/1";

struct Random {
  std::uint64_t entry;
  std::uint64_t step;
};

Random prf(Sha256Function sha256, const DrawTerms& t, std::uint32_t index, std::uint32_t attempt) {
  std::uint8_t counters[8];
  store_le(counters, index);
  store_le(counters + 4, attempt);
  const ByteView domain{reinterpret_cast<const std::uint8_t*>(kDomain), sizeof kDomain - 1};
  const Hash256 h =
      sha256_of(sha256, {domain, t.beacon.view(), t.claim.value.view(), t.verifier.value.view(),
                         ByteView{counters, sizeof counters}});
  return {load_le<std::uint64_t>(h.bytes.data()), load_le<std::uint64_t>(h.bytes.data() + 8)};
}

std::uint64_t interior_step(const DrawTerms& t, std::uint64_t entry, std::uint64_t random) {
  if (entry == 0) return 0;
  const std::uint64_t first = (entry - 1) * t.commit_interval;
  const std::uint64_t last = std::min(entry * t.commit_interval, t.steps);
  if (last - first < 2) return last;
  return first + 1 + scale_to(random, last - first - 1);
}

}  // namespace

std::vector<Draw> draw_intervals(Sha256Function sha256, const DrawTerms& t) {
  ASSAY_EXPECTS(t.draws <= t.entries);
  std::vector<Draw> draws;
  draws.reserve(t.draws);
  for (std::uint32_t i = 0; i < t.draws; ++i) {
    for (std::uint32_t attempt = 0;; ++attempt) {
      const Random random = prf(sha256, t, i, attempt);
      const std::uint64_t entry = scale_to(random.entry, t.entries);
      const bool seen =
          std::any_of(draws.begin(), draws.end(), [&](const Draw& d) { return d.entry == entry; });
      if (seen) continue;
      draws.push_back({entry, interior_step(t, entry, random.step)});
      break;
    }
  }
  return draws;
}

std::uint64_t draw_relay(Sha256Function sha256, const RelayDraw& d) noexcept {
  std::uint8_t counters[8];
  store_le(counters, d.round);
  store_le(counters + 4, d.seat);
  constexpr char kRelay[] = "assay/relay/1";
  const ByteView domain{reinterpret_cast<const std::uint8_t*>(kRelay), sizeof kRelay - 1};
  const Hash256 h = sha256_of(
      sha256, {domain, d.beacon.view(), d.claim.value.view(), ByteView{counters, sizeof counters}});
  return scale_to(load_le<std::uint64_t>(h.bytes.data()), d.total);
}

}  // namespace assay::economics
