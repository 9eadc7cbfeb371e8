// The choice of a strip, and those that put operands together for a flat one.
#include "assay/numerics/strips.hpp"

#include <algorithm>
#include <cstring>

#include "internal/functions.hpp"
#include "internal/reduce.hpp"
#include "internal/row_strip.hpp"

namespace assay::numerics {
namespace {

using internal::StripFunction;

constexpr std::size_t kSpread = 256;  // elements that a repeated operand is written out to

void spread(const std::uint8_t* from, std::size_t bytes, std::size_t n, std::uint8_t* to) {
  for (std::size_t i = 0; i < n; ++i) std::memcpy(to + i * bytes, from, bytes);
}

const std::uint8_t* bytes_of(const void* p) { return static_cast<const std::uint8_t*>(p); }

StripFunction flat_strip(Isa isa, const StripSpec& spec) {
  if (const StripFunction function = internal::function_strip(isa, spec.op)) return function;
  NodeSpec node;
  node.op = spec.op;
  node.output.dtype = spec.output;
  for (unsigned k = 0; k < spec.operand_count; ++k) node.operands[k].dtype = spec.operands[k];
  const StripFunction fast = isa >= Isa::kAvx2 ? internal::avx2_strip(node) : nullptr;
  return fast != nullptr ? fast : internal::scalar_strip(node);
}

}  // namespace

void Strip::run_flat(const Strip& strip, void* output, const StripOperand* operands,
                     std::size_t rows, std::size_t columns) {
  const StripSpec& s = strip.m_spec;
  const std::size_t output_bytes = size_of(s.output);
  bool repeats = false;
  bool is_dense = true;
  for (unsigned k = 0; k < s.operand_count; ++k) {
    repeats = repeats || s.repeats[k];
    is_dense = is_dense && (rows == 1 || operands[k].row_stride == columns);
  }
  if (!repeats && is_dense) columns *= rows, rows = 1;
  alignas(64) std::uint8_t spread_bytes[kMaxStripOperands][kSpread * 8];
  for (std::size_t r = 0; r < rows; ++r) {
    for (std::size_t first = 0; first < columns;) {
      const std::size_t n = repeats ? std::min(kSpread, columns - first) : columns;
      const void* in[kMaxStripOperands] = {};
      for (unsigned k = 0; k < s.operand_count; ++k) {
        const std::size_t bytes = size_of(s.operands[k]);
        const std::uint8_t* row = bytes_of(operands[k].at) + r * operands[k].row_stride * bytes;
        in[k] = s.repeats[k] ? spread_bytes[k] : row + first * bytes;
        if (s.repeats[k] && first == 0) spread(row, bytes, n, spread_bytes[k]);
      }
      auto* to = static_cast<std::uint8_t*>(output) + (r * columns + first) * output_bytes;
      strip.m_flat(to, in, n);
      first += n;
    }
  }
}

void Strip::run_reduction(const Strip& strip, void* output, const StripOperand* operands,
                          std::size_t rows, std::size_t columns) {
  const auto* x = static_cast<const float*>(operands[0].at);
  auto* y = static_cast<float*>(output);
  for (std::size_t r = 0; r < rows; ++r)
    y[r] = strip.m_row(x + r * operands[0].row_stride, columns);
}

std::optional<Strip> strip_of(Isa isa, const StripSpec& spec) noexcept {
  Strip strip;
  strip.m_spec = spec;
  if (spec.op == OpCode::kReduceSum || spec.op == OpCode::kReduceMax) {
    if (spec.operand_count != 1 || spec.repeats[0]) return std::nullopt;
    strip.m_row = internal::reduce_kernels(isa, spec.op == OpCode::kReduceSum).row;
    strip.m_run = Strip::run_reduction;
    return strip;
  }
  if (isa >= Isa::kAvx2) strip.m_run = internal::row_strip_avx2(spec);
  if (strip.m_run == nullptr) {
    strip.m_flat = flat_strip(isa, spec);
    if (strip.m_flat == nullptr) return std::nullopt;
    strip.m_run = Strip::run_flat;
  }
  strip.m_in_place = true;
  for (unsigned k = 0; k < spec.operand_count; ++k) {
    if (size_of(spec.operands[k]) != size_of(spec.output)) strip.m_in_place = false;
  }
  return strip;
}

}  // namespace assay::numerics
