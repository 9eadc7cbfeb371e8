// exp and log on all 2^32 inputs: the kernel against the integer path, and the proof that the
// integer path is correctly rounded: no input comes nearer to a rounding boundary than its error
// bound.
#include <gtest/gtest.h>

#include <atomic>
#include <cstdio>

#include "assay/numerics/arithmetic_integer.hpp"
#include "unit/numerics/random_spec.hpp"
#include "unit/numerics/rounding_boundary.hpp"

namespace assay::numerics {
namespace {

struct Tally {
  std::atomic<std::uint64_t> inputs{0}, wrong{0}, unproved{0};
  std::atomic<int> nearest{0};
};

void check_range(OpCode op, std::uint64_t first, std::uint64_t last, Tally& tally) {
  constexpr std::size_t kCount = 1 << 14;
  const bool is_exp = op == OpCode::kExp;
  NodeSpec s;
  s.op = op;
  s.output = {DType::kF32, {kCount}};
  s.operand_count = 1;
  s.operands[0] = s.output;
  const test::Buffer x(kCount * 4);
  SerialTaskPool pool;
  for (std::uint64_t base = first; base < last; base += kCount) {
    for (std::size_t i = 0; i < kCount; ++i) store_element(DType::kF32, x.data(), i, base + i);
    const test::Buffer got = test::run_node(best_isa(), s, {x}, pool);
    int nearest = 0;
    for (std::size_t i = 0; i < kCount; ++i) {
      const std::uint32_t in = canonical(static_cast<std::uint32_t>(base + i));
      const std::uint32_t magnitude = in & ~kSignBit;
      const bool proper = is_exp ? magnitude >= 0x3280'0000 && magnitude < 0x42d0'0000
                                 : in != 0 && in < kInfinity && in != kOne;
      std::uint32_t want = 0;
      if (proper) {
        const auto wide = is_exp ? internal::exp_wide(in) : internal::log_wide(in);
        want = round_to_f32(wide.negative, wide.exponent + 64, wide.significand.high | 1);
        nearest = std::max(nearest, test::bits_to_boundary(wide));
      } else {
        want = is_exp ? IntegerArithmetic::exp(in) : IntegerArithmetic::log(in);
      }
      if (load_element(DType::kF32, got.data(), i) != want) ++tally.wrong;
    }
    if (nearest >= internal::kWideBits) ++tally.unproved;
    int before = tally.nearest;
    while (nearest > before && !tally.nearest.compare_exchange_weak(before, nearest)) {
    }
    tally.inputs += kCount;
  }
}

class ExpLogExhaustive : public testing::TestWithParam<OpCode> {};

TEST_P(ExpLogExhaustive, EveryInput) {
  Tally tally;
  const unsigned threads = std::max(1U, std::thread::hardware_concurrency());
  std::atomic<std::uint64_t> next{0};
  constexpr std::uint64_t kPiece = 1 << 22;
  std::vector<std::thread> pool;
  for (unsigned t = 0; t < threads; ++t) {
    pool.emplace_back([&] {
      for (std::uint64_t at; (at = next.fetch_add(kPiece)) < 1ULL << 32;) {
        check_range(GetParam(), at, at + kPiece, tally);
      }
    });
  }
  for (auto& t : pool) t.join();
  const char* name = name_of(GetParam());
  std::printf("figure %s_inputs_checked %llu inputs\n", name,
              static_cast<unsigned long long>(tally.inputs.load()));
  std::printf("figure %s_inputs_wrong %llu inputs\n", name,
              static_cast<unsigned long long>(tally.wrong.load()));
  std::printf("figure %s_worst_case_bits %d bits\n", name, tally.nearest.load());
  EXPECT_EQ(tally.inputs, 1ULL << 32);
  EXPECT_EQ(tally.wrong, 0U);
  EXPECT_EQ(tally.unproved, 0U);
}

INSTANTIATE_TEST_SUITE_P(Functions, ExpLogExhaustive, testing::Values(OpCode::kExp, OpCode::kLog),
                         [](const auto& op) { return std::string(name_of(op.param)); });

}  // namespace
}  // namespace assay::numerics
