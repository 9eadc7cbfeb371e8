// One-step operators: walks the broadcast, strip by strip.
#include <algorithm>
#include <cstring>

#include "internal/functions.hpp"

namespace assay::numerics::internal {
namespace {

constexpr unsigned kMaxInputs = 3;
constexpr std::size_t kFill = 1'024;    // elements that a strip reads from a buffer
constexpr std::size_t kShortRow = 128;  // rows below this are put together into strips of many

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

// An operand's elements for a strip, where they do not lie side by side: an element or a row
// repeated. What was spread last stays, since a row of biases meets every row.
class Spread {
 public:
  // `rows` rows of `size` elements; from row to row the source moves by `row_stride` elements,
  // within a row by one, or not at all if `repeats_element`.
  const void* rows(const std::uint8_t* from, std::size_t bytes, std::size_t size, std::size_t rows,
                   std::size_t row_stride, bool repeats_element) {
    if (m_source == from && row_stride == 0 && m_rows >= rows && m_size == size) return m_bytes;
    for (std::size_t r = 0; r < rows; ++r) {
      const std::uint8_t* source = from + r * row_stride * bytes;
      std::uint8_t* to = m_bytes + r * size * bytes;
      if (!repeats_element) {
        std::memcpy(to, source, size * bytes);
      } else if (bytes == 4) {
        repeat<std::uint32_t>(to, source, size);
      } else if (bytes == 8) {
        repeat<std::uint64_t>(to, source, size);
      } else {
        std::memset(to, *source, size);
      }
    }
    m_source = row_stride == 0 ? from : nullptr;
    m_rows = rows;
    m_size = size;
    return m_bytes;
  }

 private:
  template <class T>
  static void repeat(std::uint8_t* to, const std::uint8_t* from, std::size_t n) {
    const T value = load_le<T>(from);
    for (std::size_t i = 0; i < n; ++i) store_le(to + i * sizeof(T), value);
  }

  alignas(32) std::uint8_t m_bytes[kFill * 8];
  const std::uint8_t* m_source = nullptr;
  std::size_t m_rows = 0;
  std::size_t m_size = 0;
};

// Walks the elements [first, last) of the output.
class Walk {
 public:
  Walk(const KernelCall& call, const Plan& plan, StripFunction strip)
      : m_call(call), m_plan(plan), m_strip(strip) {}

  void run(std::size_t first, std::size_t last) {
    const std::size_t size = m_plan.size[0];
    while (first < last) {
      locate(first / size);
      const std::size_t column = first % size;
      const std::size_t whole = (last - first) / size;
      std::size_t n = 0;
      if (m_plan.rank > 1 && size < kShortRow && column == 0 && whole > 1) {
        n = rows(std::min({kFill / size, whole, m_plan.size[1] - m_row}));
      } else {
        n = part_of_row(column, std::min(size - column, last - first));
      }
      m_strip(static_cast<std::uint8_t*>(m_call.output) + first * size_of(m_call.spec.output.dtype),
              m_in.data(), n);
      first += n;
    }
  }

 private:
  // Where every operand stands at the start of this row of the output.
  void locate(std::size_t row) {
    m_row = m_plan.rank > 1 ? row % m_plan.size[1] : 0;
    for (unsigned op = 0; op < m_call.spec.operand_count; ++op) {
      std::size_t rest = row;
      std::size_t offset = 0;
      for (unsigned axis = 1; axis < m_plan.rank; ++axis) {
        offset += rest % m_plan.size[axis] * m_plan.stride[op][axis];
        rest /= m_plan.size[axis];
      }
      m_at[op] = static_cast<const std::uint8_t*>(m_call.operands[op]) + offset * bytes(op);
    }
  }

  std::size_t part_of_row(std::size_t column, std::size_t n) {
    for (unsigned op = 0; op < m_call.spec.operand_count; ++op) {
      if (m_plan.stride[op][0] == 0) n = std::min(n, kFill);
    }
    for (unsigned op = 0; op < m_call.spec.operand_count; ++op) {
      m_in[op] = m_plan.stride[op][0] == 0 ? m_spread[op].rows(m_at[op], bytes(op), n, 1, 0, true)
                                           : m_at[op] + column * bytes(op);
    }
    return n;
  }

  std::size_t rows(std::size_t count) {
    const std::size_t size = m_plan.size[0];
    for (unsigned op = 0; op < m_call.spec.operand_count; ++op) {
      const bool repeats_element = m_plan.stride[op][0] == 0;
      const std::size_t row_stride = m_plan.stride[op][1];
      m_in[op] =
          !repeats_element && row_stride == size
              ? m_at[op]
              : m_spread[op].rows(m_at[op], bytes(op), size, count, row_stride, repeats_element);
    }
    return count * size;
  }

  [[nodiscard]] std::size_t bytes(unsigned op) const {
    return size_of(m_call.spec.operands[op].dtype);
  }

  const KernelCall& m_call;
  const Plan& m_plan;
  StripFunction m_strip;
  std::size_t m_row = 0;  // along axis 1
  std::array<const std::uint8_t*, kMaxInputs> m_at{};
  std::array<const void*, kMaxInputs> m_in{};
  std::array<Spread, kMaxInputs> m_spread;
};

}  // namespace

bool run_elementwise(const KernelCall& call) {
  StripFunction strip = function_strip(call.isa, call.spec.op);
  const bool costly = strip != nullptr;
  if (strip == nullptr && call.isa >= Isa::kAvx2) strip = avx2_strip(call.spec);
  if (strip == nullptr) strip = scalar_strip(call.spec);
  if (strip == nullptr) return false;
  const Plan plan = plan_of(call.spec);
  const std::size_t n = call.spec.output.shape.elements();
  split(call.pool, n, grain_for(call.pool, n, costly ? 4'096 : 32'768),
        [&](std::size_t first, std::size_t last) { Walk(call, plan, strip).run(first, last); });
  return true;
}

}  // namespace assay::numerics::internal
