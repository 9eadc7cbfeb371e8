// One-step operators: walks the broadcast, strip by strip.
#include <algorithm>
#include <cstring>

#include "internal/strip.hpp"

namespace assay::numerics::internal {
namespace {

constexpr unsigned kMaxInputs = 3;
constexpr std::size_t kFill = 256;  // elements of a repeated operand that a strip reads from a buffer

// The output's axes after merging neighbours that every operand steps through alike.
struct Plan {
  unsigned rank = 0;
  std::array<std::size_t, kMaxRank> size{};                               // innermost first
  std::array<std::array<std::size_t, kMaxRank>, kMaxInputs> stride{};     // elements; 0: repeated
};

Plan plan_of(const NodeSpec& s) {
  const Shape& y = s.output.shape;
  const unsigned inputs = s.operand_count;
  // A reshape has the operand's elements in the output's order.
  const bool flat = s.op == OpCode::kReshape || s.op == OpCode::kCast;
  Plan plan;
  std::array<std::size_t, kMaxInputs> next;
  next.fill(1);
  for (unsigned i = 0; i < y.rank && !flat; ++i) {
    const std::size_t size = y.dims[y.rank - 1 - i];
    std::array<std::size_t, kMaxInputs> stride{};
    for (unsigned op = 0; op < inputs; ++op) {
      const Shape& shape = s.operands[op].shape;
      const std::size_t own = i < shape.rank ? shape.dims[shape.rank - 1 - i] : 1;
      stride[op] = own == 1 ? 0 : next[op];
      next[op] *= own;
    }
    if (size == 1) continue;
    bool merges = plan.rank > 0;
    for (unsigned op = 0; op < inputs && merges; ++op) {
      merges = stride[op] == plan.stride[op][plan.rank - 1] * plan.size[plan.rank - 1];
    }
    if (merges) {
      plan.size[plan.rank - 1] *= size;
      continue;
    }
    plan.size[plan.rank] = size;
    for (unsigned op = 0; op < inputs; ++op) plan.stride[op][plan.rank] = stride[op];
    ++plan.rank;
  }
  if (plan.rank == 0) {
    plan.rank = 1;
    plan.size[0] = y.elements();
    for (unsigned op = 0; op < inputs; ++op) plan.stride[op][0] = 1;
  }
  return plan;
}

// A repeated element, spread over a buffer; refilled only when the element changes.
struct Repeat {
  alignas(32) std::uint8_t bytes[kFill * 8];
  const std::uint8_t* source = nullptr;
  std::size_t filled = 0;

  const void* spread(const std::uint8_t* from, std::size_t element_bytes, std::size_t n) {
    if (source != from) source = from, filled = 0;
    for (; filled < n; ++filled) std::memcpy(bytes + filled * element_bytes, from, element_bytes);
    return bytes;
  }
};

void run_range(const KernelCall& call, const Plan& plan, StripFunction strip, std::size_t first,
               std::size_t last) {
  const NodeSpec& s = call.spec;
  std::array<Repeat, kMaxInputs> repeats;
  const std::size_t out_bytes = size_of(s.output.dtype);
  while (first < last) {
    std::size_t rest = first / plan.size[0];
    const std::size_t column = first % plan.size[0];
    std::size_t n = std::min(plan.size[0] - column, last - first);
    std::array<const void*, kMaxInputs> in{};
    std::array<std::size_t, kMaxInputs> offset{};
    for (unsigned axis = 1; axis < plan.rank; ++axis) {
      const std::size_t at = rest % plan.size[axis];
      rest /= plan.size[axis];
      for (unsigned op = 0; op < s.operand_count; ++op) offset[op] += at * plan.stride[op][axis];
    }
    for (unsigned op = 0; op < s.operand_count; ++op) {
      if (plan.stride[op][0] == 0) n = std::min(n, kFill);
    }
    for (unsigned op = 0; op < s.operand_count; ++op) {
      const std::size_t bytes = size_of(s.operands[op].dtype);
      const auto* base = static_cast<const std::uint8_t*>(call.operands[op]);
      if (plan.stride[op][0] == 0) {
        in[op] = repeats[op].spread(base + offset[op] * bytes, bytes, n);
      } else {
        in[op] = base + (offset[op] + column) * bytes;
      }
    }
    strip(static_cast<std::uint8_t*>(call.output) + first * out_bytes, in.data(), n);
    first += n;
  }
}

}  // namespace

bool run_elementwise(const KernelCall& call) {
  const OpCode op = call.spec.op;
  StripFunction strip = call.isa == Isa::kAvx2 ? avx2_strip(call.spec) : nullptr;
  if (strip == nullptr) strip = scalar_strip(call.spec);
  if (strip == nullptr) return false;
  const Plan plan = plan_of(call.spec);
  const std::size_t n = call.spec.output.shape.elements();
  const bool costly = op == OpCode::kExp || op == OpCode::kLog;
  split(call.pool, n, grain_for(call.pool, n, costly ? 4'096 : 32'768),
        [&](std::size_t first, std::size_t last) { run_range(call, plan, strip, first, last); });
  return true;
}

}  // namespace assay::numerics::internal
