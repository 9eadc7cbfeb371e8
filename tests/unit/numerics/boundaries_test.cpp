// A part of every enumeration, quickly, and the whole of each.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <vector>

#include "unit/numerics/boundaries.hpp"

namespace assay::numerics {
namespace {

using test::BoundaryCounts;

constexpr std::uint32_t kFew[] = {0, 1, 0x40'0000, 0x7f'ffff};

// Powers of two and the numbers beside them, halves of every width, and some with no pattern.
std::vector<std::uint32_t> many(unsigned step) {
  std::vector<std::uint32_t> out = {0x7f'ffff, 0x7f'fffe, 0x2a'aaaa, 0x55'5555, 0x35'04f3};
  for (unsigned bit = 0; bit < 23; bit += step) {
    const std::uint32_t power = 1U << bit;
    out.insert(out.end(), {power, power - 1, 0x80'0000 - power});
  }
  for (std::uint32_t& fraction : out) fraction &= 0x7f'ffff;
  std::sort(out.begin(), out.end());
  out.erase(std::unique(out.begin(), out.end()), out.end());
  return out;
}

void expect_clean(const char* what, const BoundaryCounts& counts, std::uint64_t least) {
  std::printf("figure %s %llu comparisons\n", what,
              static_cast<unsigned long long>(counts.compared));
  EXPECT_GE(counts.compared, least);
  EXPECT_EQ(counts.wrong, 0U) << counts.first_wrong;
}

TEST(Boundaries, SomePairs) {
  expect_clean("pairs", test::enumerate_pairs(many(8), 2), 25'000'000);
}
TEST(Boundaries, SomeFused) { expect_clean("fused", test::enumerate_fused(kFew, 1), 10'000'000); }
TEST(Boundaries, SomeIntegers) {
  expect_clean("integers", test::enumerate_integers(997), 15'000'000);
}

TEST(BoundariesInFull, Pairs) {
  expect_clean("pairs", test::enumerate_pairs(many(1), 1), 2'000'000'000);
}
TEST(BoundariesInFull, Fused) {
  expect_clean("fused", test::enumerate_fused(many(4), 1), 2'000'000'000);
}
TEST(BoundariesInFull, Integers) {
  expect_clean("integers", test::enumerate_integers(7), 2'000'000'000);
}

}  // namespace
}  // namespace assay::numerics
