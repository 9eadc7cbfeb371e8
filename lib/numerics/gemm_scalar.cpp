// The product's tiles in plain C++, for every processor. Where an x86-64 processor has the
// instruction, they are compiled with it: std::fma is a call otherwise, a hundred times slower.
#include <algorithm>
#include <array>
#include <bit>
#include <utility>

#include "assay/numerics/float_bits.hpp"
#include "internal/gemm.hpp"

namespace assay::numerics::internal {
namespace {

constexpr int kRows = 4;
constexpr std::size_t kWide = 16;
constexpr std::size_t kNarrow = 8;

enum class Kind { kPacked, kDirect, kByChannel };

// Steps of one tile: the rows [first, last) that step s takes.
struct Steps {
  std::size_t head, common, total, rows;
  const Tile& tile;
  explicit Steps(const Tile& t, std::size_t r)
      : head(t.head_last - t.head_first),
        common(head + t.depth),
        total(common + t.tail),
        rows(r),
        tile(t) {}
  [[nodiscard]] std::size_t first(std::size_t s) const { return s < common ? 0 : s - common + 1; }
  [[nodiscard]] std::size_t last(std::size_t s) const {
    return s < head ? tile.head_first + s + 1 : rows;
  }
};

template <int R, std::size_t kWidth, Kind kKind>
__attribute__((always_inline)) inline void compute(const Tile& t) {
  float sum[R][kWidth] = {};
  for (int r = 0; r < R && !t.first; ++r) std::copy_n(t.c + r * t.c_stride, t.columns, sum[r]);
  const Steps steps(t, R);
  const float* b = t.b;
  for (std::size_t s = 0; s < steps.total; ++s) {
    for (std::size_t r = steps.first(s); r < steps.last(s); ++r) {
      if constexpr (kKind == Kind::kByChannel) {
        const float* a = t.a[r] + t.a_depth[s];
        for (std::size_t j = 0; j < t.columns; ++j) {
          sum[r][j] = __builtin_fmaf(a[j], b[j], sum[r][j]);
        }
        continue;
      }
      const float a = kKind == Kind::kPacked ? t.a[0][s * kRows + r] : t.a[r][t.a_depth[s]];
      for (std::size_t j = 0; j < kWidth; ++j) sum[r][j] = __builtin_fmaf(a, b[j], sum[r][j]);
    }
    b += kKind == Kind::kPacked ? std::ptrdiff_t{kWidth} : t.b_stride;
  }
  for (int r = 0; r < R; ++r) {
    float* c = t.c + r * t.c_stride;
    for (std::size_t j = 0; j < t.columns; ++j) {
      c[j] = std::bit_cast<float>(canonical(std::bit_cast<std::uint32_t>(sum[r][j])));
    }
  }
}

template <int R, std::size_t kWidth, Kind kKind>
void plain_tile(const Tile& t) {
  compute<R, kWidth, kKind>(t);
}
template <std::size_t kWidth, Kind kKind, int... R>
constexpr std::array<TileFunction, sizeof...(R)> plain_tiles(std::integer_sequence<int, R...>) {
  return {plain_tile<R + 1, kWidth, kKind>...};
}

using Rows = std::make_integer_sequence<int, kRows>;
constexpr std::array<TileFunction, kRows> kPlain[6] = {
    plain_tiles<kNarrow, Kind::kPacked>(Rows()),    plain_tiles<kWide, Kind::kPacked>(Rows()),
    plain_tiles<kNarrow, Kind::kDirect>(Rows()),    plain_tiles<kWide, Kind::kDirect>(Rows()),
    plain_tiles<kNarrow, Kind::kByChannel>(Rows()), plain_tiles<kWide, Kind::kByChannel>(Rows())};

constexpr TileKernels kernels_of(const std::array<TileFunction, kRows> (&tiles)[6]) {
  return {kRows,
          kRows,
          kWide,
          kNarrow,
          false,
          {tiles[0].data(), tiles[1].data()},
          {tiles[2].data(), tiles[3].data()},
          {tiles[2].data(), tiles[3].data()},
          {tiles[4].data(), tiles[5].data()},
          pack_lanes_scalar};
}
constexpr TileKernels kPlainKernels = kernels_of(kPlain);

#if defined(__x86_64__)
template <int R, std::size_t kWidth, Kind kKind>
__attribute__((target("fma"))) void fused_tile(const Tile& t) {
  compute<R, kWidth, kKind>(t);
}
template <std::size_t kWidth, Kind kKind, int... R>
constexpr std::array<TileFunction, sizeof...(R)> fused_tiles(std::integer_sequence<int, R...>) {
  return {fused_tile<R + 1, kWidth, kKind>...};
}
constexpr std::array<TileFunction, kRows> kFused[6] = {
    fused_tiles<kNarrow, Kind::kPacked>(Rows()),    fused_tiles<kWide, Kind::kPacked>(Rows()),
    fused_tiles<kNarrow, Kind::kDirect>(Rows()),    fused_tiles<kWide, Kind::kDirect>(Rows()),
    fused_tiles<kNarrow, Kind::kByChannel>(Rows()), fused_tiles<kWide, Kind::kByChannel>(Rows())};
constexpr TileKernels kFusedKernels = kernels_of(kFused);
#endif

}  // namespace

void pack_lanes_scalar(float* dst, std::size_t width, const float* src, std::ptrdiff_t lane_stride,
                       std::ptrdiff_t depth_stride, std::size_t lanes, std::size_t depth) {
  for (std::size_t k = 0; k < depth; ++k, dst += width, src += depth_stride) {
    for (std::size_t l = 0; l < lanes; ++l) {
      dst[l] = src[static_cast<std::ptrdiff_t>(l) * lane_stride];
    }
  }
}

const TileKernels& tile_kernels_scalar() {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("fma")) return kFusedKernels;
#endif
  return kPlainKernels;
}

}  // namespace assay::numerics::internal
