// One-step operators: walks the broadcast, strip by strip.
#include <algorithm>

#include "assay/numerics/strips.hpp"
#include "internal/functions.hpp"

namespace assay::numerics::internal {
namespace {

constexpr unsigned kMaxInputs = kMaxStripOperands;

// The output's axes after merging neighbours that every operand steps through alike.
struct Plan {
  unsigned rank = 0;
  std::array<std::size_t, kMaxRank> size{};                            // innermost first
  std::array<std::array<std::size_t, kMaxRank>, kMaxInputs> stride{};  // elements; 0: repeated
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

// Walks the elements [first, last) of the output.
class Walk {
 public:
  Walk(const KernelCall& call, const Plan& plan, const Strip& strip)
      : m_call(call), m_plan(plan), m_strip(strip) {}

  void run(std::size_t first, std::size_t last) {
    const std::size_t size = m_plan.size[0];
    while (first < last) {
      const std::size_t row = first / size;
      const std::size_t column = first % size;
      std::size_t rows = 1;
      std::size_t columns = std::min(size - column, last - first);
      if (columns == size && m_plan.rank > 1)
        rows = std::min((last - first) / size, m_plan.size[1] - row % m_plan.size[1]);
      locate(row, column);
      m_strip(static_cast<std::uint8_t*>(m_call.output) + first * size_of(m_call.spec.output.dtype),
              m_in.data(), rows, columns);
      first += rows * columns;
    }
  }

 private:
  void locate(std::size_t row, std::size_t column) {
    for (unsigned op = 0; op < m_call.spec.operand_count; ++op) {
      std::size_t rest = row;
      std::size_t offset = column * m_plan.stride[op][0];
      for (unsigned axis = 1; axis < m_plan.rank; ++axis) {
        offset += rest % m_plan.size[axis] * m_plan.stride[op][axis];
        rest /= m_plan.size[axis];
      }
      const std::size_t bytes = size_of(m_call.spec.operands[op].dtype);
      m_in[op].at = static_cast<const std::uint8_t*>(m_call.operands[op]) + offset * bytes;
      m_in[op].row_stride = m_plan.rank > 1 ? m_plan.stride[op][1] : 0;
    }
  }

  const KernelCall& m_call;
  const Plan& m_plan;
  const Strip& m_strip;
  std::array<StripOperand, kMaxStripOperands> m_in{};
};

}  // namespace

bool run_elementwise(const KernelCall& call) {
  const NodeSpec& s = call.spec;
  if (s.operand_count == 0 || s.operand_count > kMaxStripOperands || is_reduction(s.op))
    return false;
  StripSpec spec{s.op, s.output.dtype, s.operand_count, {}, {}, false};
  const Plan plan = plan_of(s);
  for (unsigned op = 0; op < s.operand_count; ++op) {
    spec.operands[op] = s.operands[op].dtype;
    spec.repeats[op] = plan.stride[op][0] == 0;
  }
  const std::optional<Strip> strip = strip_of(call.isa, spec);
  if (!strip) return false;
  const bool costly = function_strip(call.isa, s.op) != nullptr;
  const std::size_t n = s.output.shape.elements();
  split(call.pool, n, grain_for(call.pool, n, costly ? 4'096 : 32'768),
        [&](std::size_t first, std::size_t last) { Walk(call, plan, *strip).run(first, last); });
  return true;
}

}  // namespace assay::numerics::internal
