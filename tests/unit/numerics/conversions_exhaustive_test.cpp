// The unary operators that need no rounding function, and the conversions from and to f32 of at
// most 32 bits, on every input there is: the definition and every kernel against the processor.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <limits>
#include <numeric>
#include <thread>

#include "assay/numerics/arithmetic_integer.hpp"
#include "assay/numerics/scalar_inline.hpp"
#include "unit/numerics/random_spec.hpp"

namespace assay::numerics {
namespace {

constexpr std::uint64_t kBlock = 1 << 14;

struct Row {
  OpCode op;
  DType from, to;
};
constexpr Row kRows[] = {
    {OpCode::kNeg, DType::kF32, DType::kF32},  {OpCode::kRelu, DType::kF32, DType::kF32},
    {OpCode::kCast, DType::kF32, DType::kF32}, {OpCode::kCast, DType::kF32, DType::kI32},
    {OpCode::kCast, DType::kF32, DType::kU32}, {OpCode::kCast, DType::kF32, DType::kI64},
    {OpCode::kCast, DType::kF32, DType::kU64}, {OpCode::kCast, DType::kF32, DType::kU8},
    {OpCode::kCast, DType::kI32, DType::kF32}, {OpCode::kCast, DType::kU32, DType::kF32},
    {OpCode::kCast, DType::kU8, DType::kF32}};

std::uint32_t bits_of(float x) { return x != x ? kNaN : std::bit_cast<std::uint32_t>(x); }

// Towards zero, saturating, NaN to 0, as a sign-extended word.
template <class Integer>
std::uint64_t cut_off(float x) {
  using Limits = std::numeric_limits<Integer>;
  // One beyond the largest, a power of two; the least, exact.
  constexpr double kEnd = 2.0 * static_cast<double>(Limits::max() / 2 + 1);
  constexpr auto kLeast = static_cast<double>(Limits::min());
  if (x != x) return 0;
  if (x >= kEnd) return static_cast<std::uint64_t>(Limits::max());
  if (x <= kLeast) return static_cast<std::uint64_t>(Limits::min());
  return static_cast<std::uint64_t>(static_cast<Integer>(x));
}

std::uint64_t by_processor(const Row& row, std::uint32_t a) {
  if (row.from == DType::kI32) return bits_of(static_cast<float>(static_cast<std::int32_t>(a)));
  if (row.from != DType::kF32) return bits_of(static_cast<float>(a));
  const auto x = std::bit_cast<float>(a);
  if (row.op == OpCode::kNeg) return bits_of(-x);
  if (row.op == OpCode::kRelu) return bits_of(x <= 0 ? 0 : x);
  switch (row.to) {
    case DType::kI32: return cut_off<std::int32_t>(x) & 0xffff'ffff;
    case DType::kU32: return cut_off<std::uint32_t>(x);
    case DType::kI64: return cut_off<std::int64_t>(x);
    case DType::kU64: return cut_off<std::uint64_t>(x);
    case DType::kU8: return cut_off<std::uint8_t>(x);
    default: return bits_of(x);
  }
}

std::uint64_t by_definition(const Row& row, std::uint32_t a) {
  return row.op == OpCode::kCast ? convert(row.from, row.to, a)
                                 : unary_f32<IntegerArithmetic>(row.op, canonical(a));
}

// How many results of a block differ.
std::uint64_t wrong_in_block(const Row& row, std::uint32_t first, std::size_t count) {
  NodeSpec s;
  s.op = row.op;
  s.operand_count = 1;
  s.operands[0] = {row.from, {count}};
  s.output = {row.to, {count}};
  const test::Buffer x(s.operands[0].byte_count());
  std::vector<std::uint64_t> want(count);
  std::uint64_t wrong = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const auto a = static_cast<std::uint32_t>(first + i);
    store_element(row.from, x.data(), i, a);
    want[i] = by_processor(row, a);
    if (by_definition(row, a) != want[i]) ++wrong;
  }
  SerialTaskPool pool;
  for (const Isa isa : kAllIsas) {
    if (isa == Isa::kReference || !is_supported(isa)) continue;
    const test::Buffer y = test::run_node(isa, s, {x}, pool);
    for (std::size_t i = 0; i < count; ++i) {
      if (load_element(row.to, y.data(), i) != want[i]) ++wrong;
    }
  }
  return wrong;
}

class ConversionsExhaustive : public testing::TestWithParam<Row> {};

TEST_P(ConversionsExhaustive, EveryInput) {
  const Row row = GetParam();
  const std::uint64_t end = std::uint64_t{1} << 8 * size_of(row.from);
  std::atomic<std::uint64_t> next{0}, inputs{0}, wrong{0};
  const auto work = [&] {
    for (std::uint64_t at; (at = next.fetch_add(kBlock)) < end;) {
      const std::uint64_t count = std::min(kBlock, end - at);
      wrong += wrong_in_block(row, static_cast<std::uint32_t>(at), count);
      inputs += count;
    }
  };
  std::vector<std::thread> threads;
  for (unsigned t = 0; t < std::max(1U, std::thread::hardware_concurrency()); ++t) {
    threads.emplace_back(work);
  }
  for (auto& t : threads) t.join();
  std::printf("figure %s_%s_%s_inputs_checked %llu inputs\n", name_of(row.op), name_of(row.from),
              name_of(row.to), static_cast<unsigned long long>(inputs.load()));
  EXPECT_EQ(inputs, end);
  EXPECT_EQ(wrong, 0U);
}

INSTANTIATE_TEST_SUITE_P(Rows, ConversionsExhaustive, testing::ValuesIn(kRows),
                         [](const auto& row) {
                           return std::string(name_of(row.param.op)) + "_" +
                                  name_of(row.param.from) + "_" + name_of(row.param.to);
                         });

}  // namespace
}  // namespace assay::numerics
