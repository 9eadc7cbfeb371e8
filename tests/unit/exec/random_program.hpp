// Random programs over awkward shapes: chains of elementwise nodes, reductions, movements and
// products, and among them nodes of every operator of the table, of every type.
#pragma once

#include <random>

#include "support/tiny_programs.hpp"
#include "unit/numerics/random_spec.hpp"

namespace assay::exec::test {

using numerics::OpCode;

class RandomProgram {
 public:
  struct Options {
    bool large = false;         // dimensions of some hundreds, that blocks and panels do not divide
    unsigned table_share = 16;  // one node of so many is any operator's
  };

  RandomProgram(unsigned seed, const Options& options)
      : m_options(options), m_random(seed), m_specs(seed) {}

  graph::Program make(unsigned nodes) {
    const Shape shapes[] = {shape_of_state(), shape_of_state(), {pick({1, 5, 16, 33})}, {}};
    for (std::uint64_t i = 0; i < 6; ++i) add_slot({DType::kF32, shapes[i % 4]});
    for (const DType dtype : {DType::kU8, DType::kU32, DType::kI32, DType::kU64, DType::kI64}) {
      if (below(2) == 0) add_slot({dtype, shapes[below(4)]});
    }
    for (const DType dtype : {DType::kU8, DType::kF32}) {
      const TensorType type{dtype, shapes[below(4)]};
      const std::uint64_t index = m_s.program.data.size();
      m_s.program.data.push_back({"d" + std::to_string(index), type});
      m_s.add(OpCode::kData, type, {}, {index});
    }
    m_s.add(OpCode::kSeed, {DType::kU64, {}});
    m_s.add(OpCode::kStepIndex, {DType::kU64, {}});
    m_s.constant(0.5F, shapes[0]);
    m_s.constant(1.0F);
    while (m_s.program.nodes.size() < nodes) add_node();
    bind();
    return std::move(m_s.program);
  }

 private:
  unsigned below(std::size_t n) { return static_cast<unsigned>(m_random() % n); }
  std::uint64_t pick(std::initializer_list<std::uint64_t> from) {
    return from.begin()[below(from.size())];
  }
  Shape shape_of_state() {
    std::uint64_t rows = pick({1, 2, 3, 7, 12, 40});
    std::uint64_t columns = pick({1, 2, 5, 8, 10, 16, 19, 64, 70});
    if (m_options.large) {
      rows = pick({1, 33, 96, 130, 319, 409});
      columns = pick({12, 97, 130, 257, 319, 409});
    }
    if (below(2) == 0) return {rows, columns};
    return {pick({1, 2, 3}), rows, columns};
  }
  const Shape& shape(std::uint32_t node) const { return m_s.type(node).shape; }
  std::uint32_t add_slot(const TensorType& type) {
    m_slots.push_back(m_s.add(OpCode::kStateSlot, type, {}, {m_slots.size()}));
    return m_slots.back();
  }
  // Late nodes rather than early ones.
  std::uint32_t any(DType dtype = DType::kF32) {
    const std::size_t n = m_s.program.nodes.size();
    for (int tries = 0; dtype == DType::kF32 || tries < 40; ++tries) {
      const std::size_t back = below(3) == 0 ? below(n) : below(std::min<std::size_t>(n, 6));
      const auto node = static_cast<std::uint32_t>(n - 1 - back);
      if (m_s.type(node).dtype == dtype) return node;
    }
    return cast(any(), dtype);
  }
  std::uint32_t cast(std::uint32_t node, DType dtype) {
    return m_s.add(OpCode::kCast, {dtype, shape(node)}, {node});
  }
  static bool spreads(const Shape& from, const Shape& to) {
    if (from.rank > to.rank) return false;
    for (unsigned i = 0; i < from.rank; ++i) {
      const std::uint64_t own = from.dims[from.rank - 1 - i];
      if (own != 1 && own != to.dims[to.rank - 1 - i]) return false;
    }
    return true;
  }
  std::uint32_t fitting(const Shape& to) {
    for (int i = 0; i < 8; ++i) {
      const std::uint32_t node = any();
      if (spreads(shape(node), to)) return node;
    }
    return m_s.constant(0.25F * static_cast<float>(below(9)) - 1.0F, below(2) == 0 ? to : Shape{});
  }

  void add_node() {
    if (below(m_options.table_share) == 0) return add_of_table();
    if (below(16) == 0) return add_integers();
    const std::uint32_t a = any();
    const Shape s = shape(a);
    switch (below(14)) {
      case 0: {
        constexpr OpCode kOps[] = {OpCode::kNeg, OpCode::kRelu, OpCode::kSqrt,
                                   OpCode::kExp, OpCode::kTanh, OpCode::kSigmoid};
        m_s.f32(kOps[below(std::size(kOps))], s, {a});
        return;
      }
      case 1: {
        const std::uint32_t b = fitting(s);
        const auto flag =
            m_s.add(below(2) == 0 ? OpCode::kLess : OpCode::kEqual, {DType::kU32, s}, {a, b});
        const auto other = fitting(s);
        m_s.f32(OpCode::kSelect, s, {flag, a, other});
        return;
      }
      case 2: {
        const auto b = fitting(s);
        const auto c = fitting(s);
        m_s.f32(OpCode::kFma, s, {a, b, c});
        return;
      }
      case 3:
      case 4: return reduce(a);
      case 5: return below(6) == 0 ? read_slot_again() : move(a);
      case 6: return multiply(a);
      default: {
        constexpr OpCode kOps[] = {OpCode::kAdd, OpCode::kSub, OpCode::kMul,
                                   OpCode::kDiv, OpCode::kMax, OpCode::kMin};
        const auto b = fitting(s);
        const OpCode op = kOps[below(std::size(kOps))];
        below(2) == 0 ? m_s.f32(op, s, {a, b}) : m_s.f32(op, s, {b, a});
      }
    }
  }

  // A node of exactly this type: one that there is, or its elements, filled up or cut off.
  std::uint32_t as(const TensorType& type) {
    std::uint32_t node = any(type.dtype);
    for (int tries = 0; tries < 6 && !(m_s.type(node) == type); ++tries) node = any(type.dtype);
    if (m_s.type(node) == type) return node;
    if (below(4) == 0) return add_slot(type);
    const std::uint64_t have = shape(node).elements();
    const std::uint64_t want = type.shape.elements();
    if (have != want) {
      const auto flat = m_s.add(OpCode::kReshape, {type.dtype, {have}}, {node});
      const OpCode op = have > want ? OpCode::kSlice : OpCode::kPad;
      const std::uint64_t at = below(have > want ? have - want + 1 : want - have + 1);
      node = m_s.add(op, {type.dtype, {want}}, {flat}, {0, at});
    }
    return m_s.type(node) == type ? node : m_s.add(OpCode::kReshape, type, {node});
  }

  void add_of_table() {
    const OpCode op = numerics::test::kOperators[below(std::size(numerics::test::kOperators))];
    const numerics::NodeSpec spec = m_specs.spec(op, 1 + below(3));
    std::vector<std::uint32_t> inputs;
    for (unsigned k = 0; k < spec.operand_count; ++k) {
      // The pooled maxima that the gradient of a pool compares with.
      const bool is_pooled = op == OpCode::kMaxPool2dGrad && k == 1;
      inputs.push_back(is_pooled ? m_s.add(OpCode::kMaxPool2d, spec.operands[1], {inputs[0]},
                                           {spec.attributes[0]})
                                 : as(spec.operands[k]));
    }
    m_s.add(op, spec.output, inputs,
            {spec.attributes.begin(), spec.attributes.begin() + spec.attribute_count});
  }

  // Elementwise chains of integers, and their way back to f32.
  void add_integers() {
    constexpr DType kTypes[] = {DType::kU8, DType::kU32, DType::kI32, DType::kU64, DType::kI64};
    const DType dtype = kTypes[below(std::size(kTypes))];
    const std::uint32_t a = any(dtype);
    const TensorType type = m_s.type(a);
    const std::uint32_t b = below(2) == 0 ? cast(fitting(type.shape), dtype) : as(type);
    constexpr OpCode kOps[] = {OpCode::kAdd, OpCode::kSub, OpCode::kMul};
    std::uint32_t y = a;
    if (dtype != DType::kU8) y = m_s.add(kOps[below(std::size(kOps))], type, {a, b});
    const auto flag =
        m_s.add(below(2) == 0 ? OpCode::kLess : OpCode::kEqual, {DType::kU32, type.shape}, {y, b});
    y = m_s.add(OpCode::kSelect, type, {flag, y, b});
    if (below(2) == 0) cast(y, DType::kF32);
  }

  // A slot may have several sources, and all show the state before the step.
  void read_slot_again() {
    const std::uint64_t slot = below(m_slots.size());
    m_s.add(OpCode::kStateSlot, m_s.type(m_slots[slot]), {}, {slot});
  }

  void reduce(std::uint32_t a) {
    const Shape s = shape(a);
    if (s.rank == 0) return;
    const std::uint64_t mask =
        below(3) != 0 ? std::uint64_t{1} << (s.rank - 1) : 1 + below((1U << s.rank) - 1);
    Shape y = s;
    for (unsigned i = 0; i < s.rank; ++i) {
      if ((mask >> i & 1) != 0) y.dims[i] = 1;
    }
    if (s.elements() / y.elements() > kSumMax) return;
    m_s.f32(below(3) == 0 ? OpCode::kReduceMax : OpCode::kReduceSum, y, {a}, {mask});
  }

  void move(std::uint32_t a) {
    const Shape s = shape(a);
    const std::uint64_t n = s.elements();
    switch (below(3)) {
      case 0: {
        if (s.rank < 2) return;
        std::array<std::uint64_t, kMaxRank> order{0, 1, 2, 3, 4, 5};
        std::shuffle(order.begin(), order.begin() + s.rank, m_random);
        std::uint64_t axes = 0;
        for (unsigned i = 0; i < s.rank; ++i) axes |= order[i] << (4 * i);
        Shape y = s;
        for (unsigned i = 0; i < s.rank; ++i) y.dims[i] = s[axes >> (4 * i) & 15];
        m_s.f32(OpCode::kTranspose, y, {a}, {axes});
        return;
      }
      case 1: {
        if (s.rank == 0) return;
        const unsigned axis = below(s.rank);
        const std::uint64_t start = below(s[axis]);
        Shape y = s;
        y.dims[axis] = 1 + below(s[axis] - start);
        m_s.f32(OpCode::kSlice, y, {a}, {axis, start});
        return;
      }
      default: {
        const std::uint64_t columns = pick({1, 2, 3, 4, 5, 8, 16});
        if (n % columns != 0) return;
        Shape y{n / columns, columns};
        if (below(2) == 0 && n / columns % 2 == 0) y = {2, n / columns / 2, columns};
        m_s.f32(OpCode::kReshape, y, {a});
      }
    }
  }

  void multiply(std::uint32_t a) {
    const Shape s = shape(a);
    if (s.rank < 2 || s.rank > 3) return;
    const unsigned r = s.rank - 2U;
    const bool ta = below(2) == 0;
    const std::uint64_t rows = s[ta ? r + 1 : r];
    const std::uint64_t depth = s[ta ? r : r + 1];
    // Any node with a fitting axis, else a itself.
    std::uint32_t b = a;
    bool tb = !ta;
    for (int i = 0; i < 6; ++i) {
      const std::uint32_t other = any();
      const Shape& o = shape(other);
      if (o.rank != s.rank || (r == 1 && o[0] != s[0])) continue;
      if (o[r] != depth && o[r + 1] != depth) continue;
      b = other;
      tb = o[r] != depth;
      break;
    }
    Shape y = s;
    y.dims[r] = rows;
    y.dims[r + 1] = shape(b)[tb ? r : r + 1];
    if (y.elements() > kElementsMax || y.elements() * depth > kWorkMax) return;
    const std::uint64_t a_bit = ta ? 1 : 0;
    const std::uint64_t b_bit = tb ? 1 : 0;
    if (below(3) == 0) {
      const std::uint64_t part = rows == depth ? below(3) : 0;
      m_s.f32(OpCode::kMatMulTriangular, y, {a, b}, {a_bit, b_bit, part, below(3), 0xff800000});
    } else {
      m_s.f32(OpCode::kMatMul, y, {a, b}, {a_bit, b_bit});
    }
  }

  // Slots get a node of their type where there is one. What nobody reads is mostly summed, so that
  // it need not stand in memory, else bound to a slot of its own.
  void bind() {
    for (std::size_t i = 0; i < m_slots.size(); ++i) {
      std::uint32_t node = m_slots[i];
      for (int tries = 0; tries < 20; ++tries) {
        const std::uint32_t other = any();
        if (m_s.type(other) == m_s.type(m_slots[i])) node = other;
      }
      m_s.program.slots.push_back({"s" + std::to_string(1000 + i), m_s.type(m_slots[i]), node});
    }
    std::vector<bool> used(m_s.program.nodes.size());
    for (const auto& node : m_s.program.nodes) {
      for (unsigned k = 0; k < node.spec.operand_count; ++k) used[node.inputs[k]] = true;
    }
    for (const auto& slot : m_s.program.slots) used[slot.output] = true;
    for (std::uint32_t i = 0; i < used.size(); ++i) {
      if (used[i]) continue;
      std::uint32_t node = i;
      const Shape s = shape(i);
      if (s.rank > 0 && s.elements() <= kSumMax && below(4) != 0 &&
          m_s.type(i).dtype == DType::kF32) {
        node = m_s.f32(OpCode::kReduceSum,
                       [&] {
                         Shape one = s;
                         for (unsigned k = 0; k < s.rank; ++k) one.dims[k] = 1;
                         return one;
                       }(),
                       {i}, {(std::uint64_t{1} << s.rank) - 1});
      }
      m_s.program.slots.push_back({"z" + std::to_string(1000 + i), m_s.type(node), node});
    }
  }

  static constexpr std::uint64_t kSumMax = numerics::kMaxFoldSteps - 4;
  // Of a product, so that the scalar definitions are done in milliseconds.
  static constexpr std::uint64_t kElementsMax = std::uint64_t{1} << 18;
  static constexpr std::uint64_t kWorkMax = std::uint64_t{1} << 25;

  Options m_options;
  std::mt19937 m_random;
  numerics::test::Generator m_specs;
  tiny::Sketch m_s;
  std::vector<std::uint32_t> m_slots;
};

// Numbers of moderate size with zeros of both signs, subnormals, infinities and NaN of many kinds
// among them; integers mostly small, so that they name rows.
inline void fill(Tensor& tensor, std::mt19937& random, bool tame) {
  constexpr std::uint32_t kSpecial[] = {0x00000000, 0x80000000, 0x7f800000, 0xff800000,
                                        0x7fc00000, 0xffc12345, 0x7f800001, 0x00000001,
                                        0x807fffff, 0x7f7fffff, 0x3f800000, 0xbf800000};
  const DType dtype = tensor.type().dtype;
  for (std::uint64_t i = 0; i < tensor.type().shape.elements(); ++i) {
    if (dtype != DType::kF32) {
      const std::uint64_t word = random() | std::uint64_t{random()} << 32;
      numerics::store_element(dtype, tensor.data(), i, random() % 4 == 0 ? word : word % 12);
      continue;
    }
    float& x = tensor.as<float>()[i];
    x = static_cast<float>(random() % 4001) / 1000.0F - 2.0F;
    if (random() % (tame ? 1000 : 12) == 0)
      x = std::bit_cast<float>(kSpecial[random() % std::size(kSpecial)]);
  }
}

}  // namespace assay::exec::test
