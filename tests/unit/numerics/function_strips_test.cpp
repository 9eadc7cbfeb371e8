// The strips of the unary functions: every length of tail, places that are not aligned, every lane
// for what leaves the vectors for the integer path, results over the operand.
#include <gtest/gtest.h>

#include <vector>

#include "assay/numerics/arithmetic_integer.hpp"
#include "assay/numerics/scalar_inline.hpp"
#include "internal/functions.hpp"

namespace assay::numerics {
namespace {

constexpr OpCode kOps[] = {OpCode::kSqrt, OpCode::kExp,   OpCode::kLog,
                           OpCode::kTanh, OpCode::kErf,   OpCode::kSin,
                           OpCode::kCos,  OpCode::kRsqrt, OpCode::kSigmoid};
constexpr std::uint32_t kUntouched = 0xdead'beef;

class FunctionStrips : public testing::TestWithParam<OpCode> {
 protected:
  static std::uint32_t want(std::uint32_t a) {
    return unary_f32<IntegerArithmetic>(GetParam(), canonical(a));
  }
  // Ordinary arguments of every function.
  static std::vector<std::uint32_t> ordinary(std::size_t n) {
    std::vector<std::uint32_t> x(n);
    for (std::size_t i = 0; i < n; ++i) {
      x[i] = std::bit_cast<std::uint32_t>(0.25F + 0.0625F * static_cast<float>(i));
    }
    return x;
  }
  template <class Body>
  static void on_every_isa(const Body& body) {
    for (const Isa isa : kAllIsas) {
      if (isa == Isa::kReference || !is_supported(isa)) continue;
      SCOPED_TRACE(name_of(isa));
      body(internal::function_strip(isa, GetParam()));
    }
  }
};

TEST_P(FunctionStrips, WriteTheirElementsAndNoOther) {
  const std::vector<std::uint32_t> x = ordinary(64);
  on_every_isa([&](internal::StripFunction strip) {
    for (std::size_t n = 0; n <= 40; ++n) {
      for (std::size_t offset = 0; offset < 9; ++offset) {
        std::vector<std::uint32_t> y(64, kUntouched);
        const void* in[] = {x.data() + offset};
        strip(y.data() + offset, in, n);
        for (std::size_t i = 0; i < y.size(); ++i) {
          const bool inside = i >= offset && i < offset + n;
          ASSERT_EQ(y[i], inside ? want(x[i]) : kUntouched) << n << " at " << offset;
        }
      }
    }
  });
}

// NaNs, infinities, zeros, negative, subnormal and huge numbers, results that are subnormal, and
// arguments whose results lie near a rounding boundary (of sin, log, sigmoid).
constexpr std::uint32_t kRare[] = {0x7fc0'0000, 0xffc0'1234, 0x7f80'0001, 0x7f80'0000, 0xff80'0000,
                                   0x0000'0000, 0x8000'0000, 0xbf80'0000, 0x0000'0001, 0x807f'ffff,
                                   0x7149'f2ca, 0xc2b0'0000, 0x4619'9998, 0x3c41'3d3a, 0xba92'8601};

TEST_P(FunctionStrips, AskTheIntegerPathForAnyLane) {
  on_every_isa([&](internal::StripFunction strip) {
    for (const std::uint32_t rare : kRare) {
      for (std::size_t lane = 0; lane < 37; ++lane) {
        std::vector<std::uint32_t> x = ordinary(37);
        x[lane] = rare;
        std::vector<std::uint32_t> y(x.size());
        const void* in[] = {x.data()};
        strip(y.data(), in, x.size());
        for (std::size_t i = 0; i < x.size(); ++i) {
          ASSERT_EQ(y[i], want(x[i])) << std::hex << rare << " in lane " << lane << ", lane " << i;
        }
      }
    }
  });
}

// What leaves the vectors is asked for after they are stored: its arguments must still be known.
TEST_P(FunctionStrips, MayWriteOverTheirOperand) {
  on_every_isa([&](internal::StripFunction strip) {
    for (const std::uint32_t rare : kRare) {
      for (std::size_t lane = 0; lane < 45; ++lane) {
        std::vector<std::uint32_t> x = ordinary(45);
        x[lane] = rare;
        const std::vector<std::uint32_t> before = x;
        const void* in[] = {x.data()};
        strip(x.data(), in, x.size());
        for (std::size_t i = 0; i < x.size(); ++i) {
          ASSERT_EQ(x[i], want(before[i])) << std::hex << rare << " in lane " << lane << ", " << i;
        }
      }
    }
  });
}

INSTANTIATE_TEST_SUITE_P(Functions, FunctionStrips, testing::ValuesIn(kOps),
                         [](const auto& op) { return std::string(name_of(op.param)); });

}  // namespace
}  // namespace assay::numerics
