// Random nodes for the differential and fuzz tests: every operator, small shapes, and data rich in
// what goes wrong (NaN with payloads, infinities, both zeros, subnormals, ties).
#pragma once

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <random>
#include <sstream>
#include <thread>
#include <vector>

#include "assay/numerics/fold.hpp"
#include "assay/numerics/kernels.hpp"
#include "assay/numerics/memory_access.hpp"

namespace assay::numerics::test {

inline constexpr OpCode kOperators[] = {OpCode::kConstant,
                                        OpCode::kIota,
                                        OpCode::kReshape,
                                        OpCode::kCast,
                                        OpCode::kTranspose,
                                        OpCode::kSlice,
                                        OpCode::kPad,
                                        OpCode::kConcat,
                                        OpCode::kNeg,
                                        OpCode::kRelu,
                                        OpCode::kSqrt,
                                        OpCode::kExp,
                                        OpCode::kLog,
                                        OpCode::kTanh,
                                        OpCode::kErf,
                                        OpCode::kSin,
                                        OpCode::kCos,
                                        OpCode::kRsqrt,
                                        OpCode::kSigmoid,
                                        OpCode::kAdd,
                                        OpCode::kSub,
                                        OpCode::kMul,
                                        OpCode::kDiv,
                                        OpCode::kMax,
                                        OpCode::kMin,
                                        OpCode::kEqual,
                                        OpCode::kLess,
                                        OpCode::kSelect,
                                        OpCode::kFma,
                                        OpCode::kReduceSum,
                                        OpCode::kReduceMax,
                                        OpCode::kMatMul,
                                        OpCode::kConv2d,
                                        OpCode::kConv2dGradInput,
                                        OpCode::kConv2dGradWeight,
                                        OpCode::kMaxPool2d,
                                        OpCode::kMaxPool2dGrad,
                                        OpCode::kMatMulTriangular,
                                        OpCode::kGatherRows,
                                        OpCode::kScatterAddRows,
                                        OpCode::kRandomUniform,
                                        OpCode::kShuffleIndex};

// Threads started for every call: slow, but a real race detector's meal.
class ThreadedPool final : public TaskPool {
 public:
  explicit ThreadedPool(unsigned threads) : m_threads(threads) {}
  [[nodiscard]] unsigned thread_count() const override { return m_threads; }
  void run(std::size_t count, std::size_t grain,
           const std::function<void(std::size_t, std::size_t)>& body) override {
    std::vector<std::thread> threads;
    for (std::size_t first = 0; first < count; first += grain) {
      threads.emplace_back(body, first, std::min(count, first + grain));
      if (threads.size() == m_threads) {
        for (auto& t : threads) t.join();
        threads.clear();
      }
    }
    for (auto& t : threads) t.join();
  }

 private:
  unsigned m_threads;
};

// 64-byte aligned bytes.
class Buffer {
 public:
  explicit Buffer(std::size_t bytes)
      : m_size(bytes), m_data(std::aligned_alloc(64, (bytes + 64) / 64 * 64), &std::free) {
    std::memset(m_data.get(), 0xa5, (bytes + 64) / 64 * 64);
  }
  [[nodiscard]] std::uint8_t* data() const { return static_cast<std::uint8_t*>(m_data.get()); }
  [[nodiscard]] std::size_t size() const { return m_size; }
  [[nodiscard]] std::span<std::uint8_t> span() const { return {data(), m_size}; }

 private:
  std::size_t m_size;
  std::shared_ptr<void> m_data;
};

class Generator {
 public:
  explicit Generator(std::uint64_t seed) : m_engine(seed) {}
  std::uint64_t operator()(std::uint64_t below) { return m_engine() % below; }
  std::uint64_t range(std::uint64_t low, std::uint64_t high) {
    return low + (*this)(high - low + 1);
  }
  std::uint64_t word() { return m_engine(); }

  std::uint32_t f32() {
    const auto bits = static_cast<std::uint32_t>(m_engine());
    switch ((*this)(m_tame ? 40 : 16)) {
      case 0: return bits & 0x8000'0000;                  // zeros
      case 1: return 0x7f80'0000 | (bits & 0x8000'0000);  // infinities
      case 2: return 0x7f80'0000 | bits;                  // mostly NaN with payloads
      case 3: return bits & 0x807f'ffff;                  // subnormals
      case 4: return bits;                                // anything
      case 5: return 0x3f80'0000 | (bits & 0x8000'0000);  // ties
      default: return (bits & 0x807f'ffff) | static_cast<std::uint32_t>(range(118, 134)) << 23;
    }
  }
  std::uint64_t element(DType dtype) {
    switch (dtype) {
      case DType::kF32: return f32();
      case DType::kU8: return (*this)(256);
      case DType::kI64:
      case DType::kU64: return (*this)(2) == 0 ? (*this)(4) : word();
      default: return (*this)(2) == 0 ? (*this)(3) : word() & 0xffff'ffff;
    }
  }
  // Fewer special values, so that they do not flood sums.
  void set_tame(bool tame) { m_tame = tame; }
  DType dtype() { return static_cast<DType>(range(1, 6)); }
  Shape shape(unsigned min_rank, unsigned max_rank, std::uint64_t max_dim) {
    Shape s;
    s.rank = static_cast<std::uint8_t>(range(min_rank, max_rank));
    for (unsigned i = 0; i < s.rank; ++i) s.dims[i] = range(1, max_dim);
    return s;
  }
  // A shape that broadcasts to `to`.
  Shape narrowed(const Shape& to) {
    Shape s;
    s.rank = static_cast<std::uint8_t>((*this)(3) == 0 ? (*this)(to.rank + 1U) : to.rank);
    for (unsigned i = 0; i < s.rank; ++i) {
      const std::uint64_t size = to.dims[to.rank - s.rank + i];
      s.dims[i] = (*this)(4) == 0 ? 1 : size;
    }
    return s;
  }

  // A valid node of this operator. `scale` 1 keeps it tiny, 4 reaches the kernels' blocks.
  NodeSpec spec(OpCode op, std::uint64_t scale);

 private:
  void set_operands(NodeSpec& s, std::initializer_list<TensorType> types) {
    for (const TensorType& t : types) s.operands[s.operand_count++] = t;
  }
  void set_attributes(NodeSpec& s, std::initializer_list<std::uint64_t> values) {
    for (const std::uint64_t v : values) s.attributes[s.attribute_count++] = v;
  }
  void conv(NodeSpec& s, std::uint64_t scale);
  void matmul(NodeSpec& s, std::uint64_t scale);
  void transpose(NodeSpec& s, std::uint64_t scale);
  void along(NodeSpec& s, std::uint64_t scale);

  std::mt19937_64 m_engine;
  bool m_tame = true;
};

inline void Generator::conv(NodeSpec& s, std::uint64_t scale) {
  const std::uint64_t stride = (*this)(3) == 0 ? range(1, 3) : 1;
  const std::uint64_t padding = (*this)(4);
  const std::uint64_t kh = range(1, 5);
  const std::uint64_t kw = range(1, 5);
  const std::uint64_t groups = (*this)(3) == 0 ? range(2, 3) : 1;
  const std::uint64_t inputs = range(1, 3 * scale);
  const std::uint64_t channels =
      groups * ((*this)(2) == 0 ? 8 * range(1, scale) : range(1, 5 * scale));
  const Shape x{range(1, 1 + scale), kh + (*this)(4 * scale), kw + (*this)(4 * scale),
                groups * inputs};
  const Shape w{kh, kw, inputs, channels};
  const Shape y{x[0], (x[1] + 2 * padding - kh) / stride + 1,
                (x[2] + 2 * padding - kw) / stride + 1, channels};
  const auto type = [](const Shape& shape) { return TensorType{DType::kF32, shape}; };
  if (s.op == OpCode::kConv2d) set_operands(s, {type(x), type(w)}), s.output = type(y);
  if (s.op == OpCode::kConv2dGradInput) set_operands(s, {type(y), type(w)}), s.output = type(x);
  if (s.op == OpCode::kConv2dGradWeight) set_operands(s, {type(x), type(y)}), s.output = type(w);
  set_attributes(s, {stride, padding});
}

inline void Generator::matmul(NodeSpec& s, std::uint64_t scale) {
  const std::uint64_t m = range(1, 12 * scale);
  const std::uint64_t n = (*this)(2) == 0 ? 8 * range(1, 3 * scale) : range(1, 20 * scale);
  const std::uint64_t k = range(1, 5 * scale * scale * scale);
  const bool ta = (*this)(2) != 0;
  const bool tb = (*this)(2) != 0;
  Shape a = ta ? Shape{k, m} : Shape{m, k};
  Shape b = tb ? Shape{n, k} : Shape{k, n};
  Shape y{m, n};
  if ((*this)(3) == 0) {
    const std::uint64_t batch = range(1, 3);
    a = {batch, a[0], a[1]}, b = {batch, b[0], b[1]}, y = {batch, m, n};
  }
  s.output.shape = y;
  set_operands(s, {{DType::kF32, a}, {DType::kF32, b}});
  set_attributes(s, {ta, tb});
  if (s.op != OpCode::kMatMulTriangular) return;
  const std::uint64_t part = (*this)(3);
  // Mostly no diagonal, or one that crosses the matrix; at times one beyond every element.
  const std::uint64_t crossing = (*this)(3) == 0 ? 0 : (*this)(m + n + k);
  const std::uint64_t diagonal = (*this)(8) == 0 ? kMaxElements : crossing;
  set_attributes(s, {part, diagonal, f32()});
}

inline void Generator::transpose(NodeSpec& s, std::uint64_t scale) {
  const TensorType x{dtype(), (*this)(4) == 0 ? shape(5, 6, 3) : shape(0, 4, 5 * scale)};
  std::vector<std::uint64_t> axes(x.shape.rank);
  for (std::size_t i = 0; i < axes.size(); ++i) axes[i] = i;
  std::shuffle(axes.begin(), axes.end(), m_engine);
  s.output = x;
  std::uint64_t packed = 0;
  for (unsigned i = 0; i < axes.size(); ++i) {
    s.output.shape.dims[i] = x.shape.dims[axes[i]];
    packed |= axes[i] << (4 * i);
  }
  set_operands(s, {x});
  set_attributes(s, {packed});
}

// slice, pad and concat.
inline void Generator::along(NodeSpec& s, std::uint64_t scale) {
  const TensorType larger{dtype(), (*this)(6) == 0 ? shape(5, 6, 3) : shape(1, 4, 5 * scale)};
  const std::uint64_t axis = (*this)(larger.shape.rank);
  const std::uint64_t size = larger.shape.dims[axis];
  TensorType smaller = larger;
  smaller.shape.dims[axis] = range(1, size);
  const std::uint64_t rest = size - smaller.shape.dims[axis];
  if (s.op == OpCode::kConcat) {
    TensorType behind = larger;
    behind.shape.dims[axis] = range(1, 5 * scale);
    s.output = larger;
    s.output.shape.dims[axis] = size + behind.shape.dims[axis];
    set_operands(s, {larger, behind});
    set_attributes(s, {axis});
    return;
  }
  s.output = s.op == OpCode::kSlice ? smaller : larger;
  set_operands(s, {s.op == OpCode::kSlice ? larger : smaller});
  set_attributes(s, {axis, (*this)(rest + 1)});
}

inline NodeSpec Generator::spec(OpCode op, std::uint64_t scale) {
  NodeSpec s;
  s.op = op;
  const TensorType u64{DType::kU64, {}};
  // As many axes as there may be, now and then.
  const auto any_shape = [&](unsigned min_rank, std::uint64_t max_dim) {
    return (*this)(6) == 0 ? shape(5, 6, 2 + scale / 2) : shape(min_rank, 4, max_dim);
  };
  s.output = {DType::kF32, any_shape(0, 5 * scale)};
  const auto like = [&] { return TensorType{DType::kF32, narrowed(s.output.shape)}; };
  switch (op) {
    case OpCode::kConstant: {
      s.output.dtype = dtype();
      const std::uint64_t bits = element(s.output.dtype);
      set_attributes(s, {bits});
      return s;
    }
    case OpCode::kIota:
      s.output = {dtype(), any_shape(1, 4 * scale)};
      set_attributes(s, {(*this)(s.output.shape.rank)});
      return s;
    case OpCode::kReshape:
      s.output.dtype = dtype();
      set_operands(s, {{s.output.dtype, {1, s.output.shape.elements()}}});
      return s;
    case OpCode::kCast:
      s.output.dtype = dtype();
      set_operands(s, {{dtype(), s.output.shape}});
      return s;
    case OpCode::kNeg:
    case OpCode::kRelu:
    case OpCode::kSqrt:
    case OpCode::kExp:
    case OpCode::kLog:
    case OpCode::kTanh:
    case OpCode::kErf:
    case OpCode::kSin:
    case OpCode::kCos:
    case OpCode::kRsqrt:
    case OpCode::kSigmoid: set_operands(s, {s.output}); return s;
    case OpCode::kAdd:
    case OpCode::kSub:
    case OpCode::kMul:
    case OpCode::kEqual:
    case OpCode::kLess: {
      const bool compares = op == OpCode::kEqual || op == OpCode::kLess;
      DType d = (*this)(2) == 0 ? DType::kF32 : dtype();
      if (d == DType::kU8 && !compares) d = DType::kI32;
      const TensorType a{d, narrowed(s.output.shape)};
      set_operands(s, {a, {d, narrowed(s.output.shape)}});
      s.output.dtype = compares ? DType::kU32 : d;
      return s;
    }
    case OpCode::kDiv:
    case OpCode::kMax:
    case OpCode::kMin: {
      const TensorType a = like();
      set_operands(s, {a, like()});
      return s;
    }
    case OpCode::kFma: {
      const TensorType a = like();
      const TensorType b = like();
      set_operands(s, {a, b, like()});
      return s;
    }
    case OpCode::kSelect: {
      s.output.dtype = (*this)(2) == 0 ? DType::kF32 : dtype();
      const TensorType c{DType::kU32, narrowed(s.output.shape)};
      const TensorType a{s.output.dtype, narrowed(s.output.shape)};
      set_operands(s, {c, a, {s.output.dtype, narrowed(s.output.shape)}});
      return s;
    }
    case OpCode::kReduceSum:
    case OpCode::kReduceMax: {
      const TensorType x{DType::kF32, any_shape(1, std::min<std::uint64_t>(8 * scale, 18))};
      const std::uint64_t mask = range(1, (std::uint64_t{1} << x.shape.rank) - 1);
      s.output = x;
      for (unsigned i = 0; i < x.shape.rank; ++i) {
        if ((mask >> i & 1) != 0) s.output.shape.dims[i] = 1;
      }
      set_operands(s, {x});
      set_attributes(s, {mask});
      return s;
    }
    case OpCode::kMatMul:
    case OpCode::kMatMulTriangular: matmul(s, scale); return s;
    case OpCode::kTranspose: transpose(s, scale); return s;
    case OpCode::kSlice:
    case OpCode::kPad:
    case OpCode::kConcat: along(s, scale); return s;
    case OpCode::kConv2d:
    case OpCode::kConv2dGradInput:
    case OpCode::kConv2dGradWeight: conv(s, scale); return s;
    case OpCode::kMaxPool2d:
    case OpCode::kMaxPool2dGrad: {
      const std::uint64_t window = range(1, 3);
      const TensorType x{
          DType::kF32,
          {range(1, 3), range(window, 6 * scale), range(window, 6 * scale), range(1, 5 * scale)}};
      const TensorType y{DType::kF32,
                         {x.shape[0], x.shape[1] / window, x.shape[2] / window, x.shape[3]}};
      set_attributes(s, {window});
      s.output = op == OpCode::kMaxPool2d ? y : x;
      set_operands(s, {x});
      if (op == OpCode::kMaxPool2dGrad) set_operands(s, {y, y});
      return s;
    }
    case OpCode::kGatherRows: {
      const TensorType table{dtype(), shape(1, 3, 5 * scale)};
      s.output = table;
      s.output.shape.dims[0] = range(1, 9);
      set_operands(s, {table, {DType::kU32, {s.output.shape[0]}}});
      return s;
    }
    case OpCode::kScatterAddRows: {
      s.output.shape = shape(1, 3, 9 * scale);
      TensorType source = s.output;
      source.shape.dims[0] = range(1, 12 * scale);
      set_operands(s, {{DType::kU32, {source.shape[0]}}, source});
      return s;
    }
    case OpCode::kRandomUniform:
      set_operands(s, {u64, u64});
      set_attributes(s, {word()});
      return s;
    default: {  // kShuffleIndex
      s.output = {DType::kU32, {range(1, 40 * scale)}};
      set_operands(s, {u64, u64});
      // Kernels change their ways at 2^31.
      const std::uint64_t edge = std::uint64_t{1} << 31;
      const std::uint64_t large[] = {2 * edge, edge - 1, edge, edge + 1,
                                     1 + ((*this)(2 * edge) >> (*this)(31))};
      const std::uint64_t n = (*this)(3) == 0 ? large[(*this)(5)] : range(1, 60 * scale);
      set_attributes(s, {n, (*this)(5)});
      return s;
    }
  }
}

// Operands with data that fits the operator: indices near the number of rows, pooling operands
// that really are the maximum most of the time.
inline std::vector<Buffer> random_operands(Generator& random, const NodeSpec& s) {
  std::vector<Buffer> operands;
  for (unsigned i = 0; i < s.operand_count; ++i) {
    operands.emplace_back(s.operands[i].byte_count());
    const std::uint64_t n = s.operands[i].shape.elements();
    for (std::uint64_t e = 0; e < n; ++e) {
      std::uint64_t bits = random.element(s.operands[i].dtype);
      if (s.op == OpCode::kGatherRows && i == 1) bits = random(s.operands[0].shape[0] + 2);
      if (s.op == OpCode::kScatterAddRows && i == 0) bits = random(s.output.shape[0] + 2);
      store_element(s.operands[i].dtype, operands[i].data(), e, bits);
    }
  }
  if (s.op == OpCode::kMaxPool2dGrad) {
    NodeSpec forward;
    forward.op = OpCode::kMaxPool2d;
    forward.output = s.operands[1];
    forward.operand_count = forward.attribute_count = 1;
    forward.operands[0] = s.operands[0];
    forward.attributes[0] = s.attributes[0];
    const void* in[] = {operands[0].data()};
    SerialTaskPool pool;
    run(Isa::kReference, forward, in, operands[1].data(), {}, pool);
    if (random(8) == 0) store_element(DType::kF32, operands[1].data(), 0, random.f32());
  }
  return operands;
}

inline std::vector<const void*> pointers(const std::vector<Buffer>& buffers) {
  std::vector<const void*> out;
  for (const Buffer& b : buffers) out.push_back(b.data());
  return out;
}

inline Buffer run_node(Isa isa, const NodeSpec& s, const std::vector<Buffer>& operands,
                       TaskPool& pool) {
  Buffer out(s.output.byte_count());
  const Buffer scratch(scratch_bytes(isa, s, pool.thread_count()));
  const std::vector<const void*> in = pointers(operands);
  run(isa, s, in, out.data(), scratch.span(), pool);
  return out;
}

inline std::string describe(const NodeSpec& s) {
  const auto text = [](const TensorType& t) {
    std::ostringstream out;
    out << name_of(t.dtype);
    for (unsigned i = 0; i < t.shape.rank; ++i) out << ' ' << t.shape[i];
    return out.str();
  };
  std::ostringstream out;
  out << name_of(s.op) << " -> " << text(s.output) << " from";
  for (unsigned i = 0; i < s.operand_count; ++i) out << " (" << text(s.operands[i]) << ')';
  out << " attributes";
  for (unsigned i = 0; i < s.attribute_count; ++i) out << ' ' << s.attributes[i];
  return out.str();
}

}  // namespace assay::numerics::test
