#include "unit/numerics/boundaries.hpp"

#include <algorithm>
#include <sstream>
#include <vector>

#include "assay/numerics/arithmetic_hardware.hpp"
#include "assay/numerics/arithmetic_integer.hpp"

namespace assay::numerics::test {
namespace {

using Hardware = HardwareArithmetic;
using Integer = IntegerArithmetic;

// Compares two results and remembers the first that differ.
class Comparison {
 public:
  void operator()(const char* what, std::uint64_t got, std::uint64_t want, std::uint64_t a,
                  std::uint64_t b = 0, std::uint64_t c = 0) {
    ++m_counts.compared;
    if (got == want) return;
    if (m_counts.wrong++ != 0) return;
    std::ostringstream out;
    out << what << std::hex << ' ' << a << ' ' << b << ' ' << c << ": " << got << ", not " << want;
    m_counts.first_wrong = out.str();
  }
  [[nodiscard]] BoundaryCounts counts() const { return m_counts; }

 private:
  BoundaryCounts m_counts;
};

std::vector<std::uint32_t> magnitudes(std::span<const std::uint32_t> fractions, unsigned stride) {
  std::vector<std::uint32_t> out;
  for (std::uint32_t field = 0; field < 256; ++field) {
    if (field % stride != 0 && field >= 3 && field < 253) continue;
    for (const std::uint32_t fraction : fractions) out.push_back(canonical(field << 23 | fraction));
  }
  return out;
}

// significand * 2^exponent if that is a number of binary32: not below 2^-149, nor beyond the
// largest, and no bit lost.
bool as_number(std::uint32_t significand, int exponent, std::uint32_t& bits) {
  if (exponent > 104 || exponent < -172) return false;
  if (exponent >= -149) {
    bits = static_cast<std::uint32_t>(exponent + 150) << 23 | (significand & 0x7f'ffff);
    return true;
  }
  const int lost = -149 - exponent;
  bits = significand >> lost;
  return bits << lost == significand;
}

void compare_fused(std::uint32_t a, std::uint32_t b, std::uint32_t c, Comparison& compare) {
  for (const std::uint32_t sign_of_a : {0U, kSignBit}) {
    for (const std::uint32_t sign_of_c : {0U, kSignBit}) {
      const std::uint32_t x = a ^ sign_of_a;
      const std::uint32_t z = c ^ sign_of_c;
      compare("fma", Integer::fma(x, b, z), Hardware::fma(x, b, z), x, b, z);
    }
  }
}

// Third operands about one product, whose last bit is worth 2^exponent.
void compare_thirds(std::uint32_t a, std::uint32_t b, int exponent,
                    std::span<const std::uint32_t> fractions, Comparison& compare) {
  for (int difference = -60; difference <= 60; ++difference) {
    for (const std::uint32_t fraction : fractions) {
      std::uint32_t c = 0;
      // The leading bit of the product is worth 2^(exponent + 46) or the double of that.
      if (!as_number(fraction | 0x80'0000, exponent + 23 + difference, c)) continue;
      compare_fused(a, b, c, compare);
    }
  }
}

void compare_integer(std::uint64_t v, Comparison& compare) {
  const auto bits = [](float x) { return std::bit_cast<std::uint32_t>(x); };
  const auto signed_v = static_cast<std::int64_t>(v);
  const auto low = static_cast<std::uint32_t>(v);
  const auto low_signed = static_cast<std::int32_t>(low);
  const std::uint32_t from_unsigned = f32_from_u64(v);
  compare("from u64", from_unsigned, bits(static_cast<float>(v)), v);
  compare("from i64", f32_from_i64(signed_v), bits(static_cast<float>(signed_v)), v);
  compare("from u32", f32_from_u64(low), bits(static_cast<float>(low)), v);
  compare("from i32", f32_from_i64(low_signed), bits(static_cast<float>(low_signed)), v);
  const auto x = std::bit_cast<float>(from_unsigned);
  if (x < 0x1p64F) {
    compare("to u64", f32_to_unsigned(from_unsigned, ~std::uint64_t{0}),
            static_cast<std::uint64_t>(x), from_unsigned);
  }
  if (x < 0x1p63F) {
    compare("to i64", f32_to_signed(from_unsigned | kSignBit, ~std::uint64_t{0} >> 1),
            static_cast<std::uint64_t>(static_cast<std::int64_t>(-x)), from_unsigned);
  }
}

}  // namespace

BoundaryCounts enumerate_pairs(std::span<const std::uint32_t> fractions, unsigned stride) {
  const std::vector<std::uint32_t> numbers = magnitudes(fractions, stride);
  Comparison compare;
  for (const std::uint32_t a : numbers) {
    for (const std::uint32_t magnitude : numbers) {
      for (const std::uint32_t sign : {0U, kSignBit}) {
        const std::uint32_t b = canonical(magnitude ^ sign);
        const std::uint32_t minus_a = neg_bits(a);
        compare("add", Integer::add(a, b), Hardware::add(a, b), a, b);
        compare("add", Integer::add(minus_a, b), Hardware::add(minus_a, b), minus_a, b);
        compare("sub", Integer::sub(a, b), Hardware::sub(a, b), a, b);
        compare("mul", Integer::mul(a, b), Hardware::mul(a, b), a, b);
        compare("div", Integer::div(a, b), Hardware::div(a, b), a, b);
      }
    }
  }
  return compare.counts();
}

BoundaryCounts enumerate_fused(std::span<const std::uint32_t> fractions, unsigned stride) {
  Comparison compare;
  // From products that lie wholly below half of the least number to those beyond the largest.
  for (int exponent = -200; exponent <= 84; exponent += static_cast<int>(stride)) {
    // Both factors normal; one subnormal; one among the largest.
    for (const int of_a : {exponent / 2, -155, 104}) {
      for (const std::uint32_t fraction_a : fractions) {
        std::uint32_t a = 0;
        if (!as_number(fraction_a | 0x80'0000, of_a, a)) continue;
        for (const std::uint32_t fraction_b : fractions) {
          std::uint32_t b = 0;
          if (!as_number(fraction_b | 0x80'0000, exponent - of_a, b)) continue;
          compare_thirds(a, b, exponent, fractions, compare);
          for (std::uint32_t c = 0; c < 3; ++c) compare_fused(a, b, c, compare);
        }
      }
    }
  }
  return compare.counts();
}

BoundaryCounts enumerate_integers(std::uint32_t stride) {
  Comparison compare;
  for (unsigned length = 1; length <= 64; ++length) {
    const unsigned kept = std::min(length, 24U);
    const unsigned lost = length - kept;
    const std::uint64_t first = std::uint64_t{1} << (kept - 1);
    const std::uint64_t last = 2 * first - 1;
    const std::uint64_t half = lost == 0 ? 0 : std::uint64_t{1} << (lost - 1);
    const std::uint64_t full = (std::uint64_t{1} << lost) - 1;
    for (std::uint64_t lead = first;; lead = std::min(lead + stride, last)) {
      std::uint64_t before = ~std::uint64_t{0};
      for (const std::uint64_t rest :
           {std::uint64_t{0}, std::uint64_t{1}, half - 1, half, half + 1, full}) {
        const std::uint64_t v = lead << lost | (rest & full);
        if (v != before) compare_integer(v, compare);
        if (v != before) compare_integer(0 - v, compare);
        before = v;
      }
      if (lead == last) break;
    }
  }
  return compare.counts();
}

}  // namespace assay::numerics::test
