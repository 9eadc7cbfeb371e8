// The unary functions on all 2^32 inputs: every kernel and the integer arithmetic against an
// evaluation with known bounds, MPFR where that leaves a doubt and at 2^24 inputs besides.
#include <gtest/gtest.h>

#include <atomic>
#include <cstdio>
#include <mutex>
#include <numeric>
#include <thread>

#include "unit/numerics/function_proof.hpp"

namespace assay::numerics {
namespace {

constexpr std::uint64_t kBlock = 1 << 14;

// A function, or one of the parts that it is proved in, every so many blocks: half an hour is
// enough for each.
struct Part {
  OpCode op;
  unsigned number = 0, of = 1;
};

std::vector<Part> all_parts() {
  std::vector<Part> parts;
  for (const OpCode op : test::kFunctions) {
    const unsigned of = op == OpCode::kSin || op == OpCode::kCos ? 2 : 1;
    for (unsigned number = 0; number < of; ++number) parts.push_back({op, number, of});
  }
  return parts;
}

test::ProofCounts prove_all(const Part& part) {
  const OpCode op = part.op;
  const bool is_halved = test::symmetry_of(op) != test::Symmetry::kNone;
  const std::uint64_t end = std::uint64_t{1} << (is_halved ? 31 : 32);
  // A little more than 2^24 samples that are neither NaN nor outside the domain.
  const bool is_half_regular = is_halved || test::is_of_positives(op);
  const std::uint32_t mpfr_every = is_half_regular ? 127 : 254;
  test::ProofCounts total;
  std::mutex guard;
  std::atomic<std::uint64_t> next{part.number * kBlock};
  const auto work = [&] {
    std::vector<std::uint32_t> inputs(kBlock);
    for (std::uint64_t at; (at = next.fetch_add(part.of * kBlock)) < end;) {
      std::iota(inputs.begin(), inputs.end(), static_cast<std::uint32_t>(at));
      const test::ProofCounts counts = test::prove(op, inputs, mpfr_every);
      const std::scoped_lock lock(guard);
      total.add(counts);
    }
  };
  std::vector<std::thread> threads;
  for (unsigned t = 0; t < std::max(1U, std::thread::hardware_concurrency()); ++t) {
    threads.emplace_back(work);
  }
  for (auto& t : threads) t.join();
  return total;
}

void print_figure(OpCode op, const char* what, std::uint64_t value, const char* unit) {
  std::printf("figure %s_%s %llu %s\n", name_of(op), what, static_cast<unsigned long long>(value),
              unit);
}

class FunctionsExhaustive : public testing::TestWithParam<Part> {};

TEST_P(FunctionsExhaustive, EveryInput) {
  const OpCode op = GetParam().op;
  const test::ProofCounts counts = prove_all(GetParam());
  print_figure(op, "inputs_checked", counts.inputs, "inputs");
  print_figure(op, "inputs_undecided", counts.undecided, "inputs");
  print_figure(op, "mpfr_evaluations", counts.mpfr, "inputs");
  print_figure(op, "integer_evaluations", counts.integer, "inputs");
  print_figure(op, "results_wrong", counts.wrong_kernel + counts.wrong_integer, "results");
  for (const test::HardInput& h : counts.hardest) {
    std::printf("hard input of %s: %08x, %d bits\n", name_of(op), h.input, h.bits);
  }
  if (!counts.hardest.empty()) {
    print_figure(op, "worst_case_bits", static_cast<std::uint64_t>(counts.hardest.front().bits),
                 "bits");
  }
  EXPECT_EQ(counts.inputs, (1ULL << 32) / GetParam().of);
  EXPECT_GE(counts.mpfr, counts.undecided + (1U << 24) / GetParam().of);
  EXPECT_EQ(counts.wrong_kernel, 0U);
  EXPECT_EQ(counts.wrong_integer, 0U);
  EXPECT_EQ(counts.wrong_bounds, 0U);
  EXPECT_EQ(counts.unproved, 0U);
  for (const std::uint32_t a : counts.wrong) ADD_FAILURE() << "wrong at " << std::hex << a;
}

INSTANTIATE_TEST_SUITE_P(Functions, FunctionsExhaustive, testing::ValuesIn(all_parts()),
                         [](const auto& part) {
                           std::string name = name_of(part.param.op);
                           if (part.param.of > 1) name += std::to_string(part.param.number + 1);
                           return name;
                         });

}  // namespace
}  // namespace assay::numerics
