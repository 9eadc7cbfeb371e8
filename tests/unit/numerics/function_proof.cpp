#include "unit/numerics/function_proof.hpp"

#include <algorithm>

#include "assay/numerics/arithmetic_integer.hpp"
#include "assay/numerics/scalar_inline.hpp"
#include "unit/numerics/random_spec.hpp"
#include "unit/numerics/rounding_boundary.hpp"

namespace assay::numerics::test {
namespace {

constexpr std::size_t kKept = 12;  // hard and wrong inputs remembered

using internal::WideValue;

struct WideFunction {
  WideValue (*evaluate)(std::uint32_t) noexcept;
  std::uint32_t first, last;  // magnitudes: the evaluation's domain
  int bits;                   // its relative error is below 2^-bits
};

// The roots have none: their integer forms are exact to the last bit and a sticky one.
WideFunction wide_function(OpCode op) {
  using namespace internal;
  switch (op) {
    case OpCode::kExp: return {exp_wide, 0x3280'0000, 0x42d0'0000, kWideBits};
    case OpCode::kLog: return {log_wide, 1, kInfinity, kWideBits};
    case OpCode::kTanh: return {tanh_wide, 1, 0x4180'0000, kWideBits};
    case OpCode::kErf: return {erf_wide, 1, 0x4080'0000, kErfBits};
    case OpCode::kSin: return {sin_wide, 1, kInfinity, kWideBits};
    case OpCode::kCos: return {cos_wide, 1, kInfinity, kWideBits};
    case OpCode::kSigmoid: return {sigmoid_wide, 0x3280'0000, 0x42d0'0000, kWideBits};
    default: return {nullptr, 1, 0, 0};
  }
}

void remember(std::vector<HardInput>& hardest, HardInput h) {
  if (hardest.size() == kKept && h.bits <= hardest.back().bits) return;
  const auto at = std::find_if(hardest.begin(), hardest.end(),
                               [&](const HardInput& other) { return other.bits < h.bits; });
  hardest.insert(at, h);
  if (hardest.size() > kKept) hardest.pop_back();
}

void note_wrong(ProofCounts& counts, std::uint32_t input) {
  if (counts.wrong.size() < kKept) counts.wrong.push_back(input);
}

// Which of `every` inputs, the first of them given, is sampled: none in particular.
std::size_t sampled_place(std::uint32_t first, std::uint32_t every) {
  return (first * 0x9e37'79b1U >> 8) % every;
}

// The oracle's result, and the integers' against it.
std::uint32_t settle(OpCode op, const WideFunction& wide, std::uint32_t a, bool sample,
                     MpfrOracle& mpfr, ProofCounts& counts) {
  Decision d = decide_by_bounds(op, a);
  const bool undecided = !d.sure;
  if (undecided) ++counts.undecided;
  if ((undecided || sample) && is_regular(op, a)) {
    ++counts.mpfr;
    const std::uint32_t exact = mpfr(op, a);
    if (d.sure && d.bits != exact) {
      ++counts.wrong_bounds;
      note_wrong(counts, a);
    }
    d.bits = exact;
  }
  // A value too near to a boundary for the integers' error is near enough for the oracle's doubt.
  const std::uint32_t magnitude = a & ~kSignBit;
  if (undecided && is_regular(op, a) && magnitude >= wide.first && magnitude < wide.last) {
    const int bits = bits_to_boundary(wide.evaluate(a));
    if (bits >= wide.bits) ++counts.unproved;
    remember(counts.hardest, {a, bits});
  }
  ++counts.integer;
  if (unary_f32<IntegerArithmetic>(op, a) != d.bits) {
    ++counts.wrong_integer;
    note_wrong(counts, a);
  }
  return d.bits;
}

void compare_kernels(OpCode op, std::span<const std::uint32_t> inputs,
                     const std::vector<std::uint32_t>& want, std::uint32_t flip,
                     ProofCounts& counts) {
  NodeSpec s;
  s.op = op;
  s.output = {DType::kF32, {inputs.size()}};
  s.operand_count = 1;
  s.operands[0] = s.output;
  const Buffer x(inputs.size() * 4);
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    store_element(DType::kF32, x.data(), i, inputs[i] ^ flip);
  }
  const std::uint32_t flip_result = symmetry_of(op) == Symmetry::kOdd ? flip : 0;
  SerialTaskPool pool;
  for (const Isa isa : kAllIsas) {
    if (isa == Isa::kReference || !is_supported(isa)) continue;
    const Buffer y = run_node(isa, s, {x}, pool);
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      const auto got = static_cast<std::uint32_t>(load_element(DType::kF32, y.data(), i));
      if (got == canonical(want[i] ^ flip_result)) continue;
      ++counts.wrong_kernel;
      note_wrong(counts, inputs[i] ^ flip);
    }
  }
  counts.inputs += inputs.size();
}

}  // namespace

void ProofCounts::add(const ProofCounts& other) {
  inputs += other.inputs;
  undecided += other.undecided;
  mpfr += other.mpfr;
  integer += other.integer;
  wrong_kernel += other.wrong_kernel;
  wrong_integer += other.wrong_integer;
  wrong_bounds += other.wrong_bounds;
  unproved += other.unproved;
  for (const HardInput& h : other.hardest) remember(hardest, h);
  for (const std::uint32_t a : other.wrong) note_wrong(*this, a);
}

ProofCounts prove(OpCode op, std::span<const std::uint32_t> inputs, std::uint32_t mpfr_every) {
  thread_local MpfrOracle mpfr;
  const WideFunction wide = wide_function(op);
  ProofCounts counts;
  std::vector<std::uint32_t> want(inputs.size());
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const bool sample =
        i % mpfr_every == sampled_place(inputs[i / mpfr_every * mpfr_every], mpfr_every);
    want[i] = settle(op, wide, inputs[i], sample, mpfr, counts);
  }
  compare_kernels(op, inputs, want, 0, counts);
  if (symmetry_of(op) != Symmetry::kNone) compare_kernels(op, inputs, want, kSignBit, counts);
  return counts;
}

}  // namespace assay::numerics::test
