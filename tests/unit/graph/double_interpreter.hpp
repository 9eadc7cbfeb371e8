// Runs a program over doubles, element by element from the index rules: slow, and independent of
// the kernels. For finite differences. Sources come from the caller. Integers are exact.
#pragma once

#include <cmath>
#include <functional>
#include <map>

#include "assay/graph/program.hpp"
#include "assay/numerics/arithmetic_hardware.hpp"
#include "assay/numerics/fold.hpp"
#include "assay/numerics/geometry.hpp"

namespace assay::graph::testing {

using Doubles = std::vector<double>;
using NamedDoubles = std::map<std::string, Doubles>;

class DoubleInterpreter {
 public:
  DoubleInterpreter(const Program& program, NamedDoubles state, NamedDoubles data)
      : m_program(program), m_state(std::move(state)), m_data(std::move(data)) {}

  NamedDoubles run(std::uint64_t t = 0, std::uint64_t seed = 1) {
    m_values.clear();
    m_bits.clear();
    for (const Node& node : m_program.nodes) {
      m_values.push_back({});
      m_bits.push_back({});
      compute(node, t, seed);
    }
    NamedDoubles next;
    for (const Slot& slot : m_program.slots) next[slot.name] = m_values[slot.output];
    return next;
  }

 private:
  using Op = numerics::OpCode;

  void compute(const Node& node, std::uint64_t t, std::uint64_t seed) {
    const numerics::NodeSpec& s = node.spec;
    Doubles& out = m_values.back();
    switch (s.op) {
      case Op::kStateSlot: out = m_state.at(m_program.slots[s.attributes[0]].name); break;
      case Op::kData: out = m_data.at(m_program.data[s.attributes[0]].name); break;
      case Op::kStepIndex: m_bits.back() = {t}; break;
      case Op::kSeed: m_bits.back() = {seed}; break;
      default: {
        const bool by_definition = is_exact(s);
        for (std::uint64_t e = 0; e < s.output.shape.elements(); ++e) {
          if (by_definition) {
            m_bits.back().push_back(exact(node, e));
          } else {
            out.push_back(element(node, e));
          }
        }
      }
    }
    translate(s.output.dtype);
  }

  // Of integers alone, or a draw: what the definition itself says.
  static bool is_exact(const numerics::NodeSpec& s) {
    if (s.op == Op::kRandomUniform) return true;
    if (s.output.dtype == DType::kF32) return false;
    for (unsigned k = 0; k < s.operand_count; ++k) {
      if (s.operands[k].dtype == DType::kF32) return false;
    }
    return true;
  }

  std::uint64_t exact(const Node& node, std::uint64_t e) const {
    struct {
      const Node& node;
      const std::vector<std::vector<std::uint64_t>>& bits;
      std::uint64_t read(unsigned k, std::uint64_t i) const { return bits[node.inputs[k]][i]; }
    } access{node, m_bits};
    return numerics::evaluate<numerics::HardwareArithmetic>(node.spec, e, access);
  }

  // Fills in whichever of the two forms of the last output is missing.
  void translate(DType dtype) {
    Doubles& out = m_values.back();
    std::vector<std::uint64_t>& bits = m_bits.back();
    for (std::size_t i = out.size(); i < bits.size(); ++i) {
      const bool is_signed = dtype == DType::kI32 || dtype == DType::kI64;
      const std::uint64_t wide = numerics::widen(dtype, bits[i]);
      out.push_back(dtype == DType::kF32 ? double{std::bit_cast<float>(std::uint32_t(bits[i]))}
                    : is_signed          ? double(static_cast<std::int64_t>(wide))
                                         : double(wide));
    }
    for (std::size_t i = bits.size(); i < out.size() && dtype != DType::kF32; ++i) {
      bits.push_back(
          numerics::wrap_to(dtype, static_cast<std::uint64_t>(static_cast<std::int64_t>(out[i]))));
    }
  }

  double read(const Node& node, unsigned k, std::uint64_t index) const {
    return m_values[node.inputs[k]][index];
  }
  double broadcast(const Node& node, unsigned k, std::uint64_t e) const {
    return read(node, k,
                numerics::broadcast_index(node.spec.output.shape, node.spec.operands[k].shape, e));
  }

  double element(const Node& node, std::uint64_t e) const {
    const numerics::NodeSpec& s = node.spec;
    const auto at = [&](unsigned k) { return broadcast(node, k, e); };
    switch (s.op) {
      case Op::kConstant:
        return double{std::bit_cast<float>(static_cast<std::uint32_t>(s.attributes[0]))};
      case Op::kIota: {
        std::uint64_t index = e;
        for (unsigned a = s.output.shape.rank - 1U; a > s.attributes[0]; --a)
          index /= s.output.shape[a];
        return static_cast<double>(index % s.output.shape[static_cast<unsigned>(s.attributes[0])]);
      }
      case Op::kTranspose: return read(node, 0, numerics::transpose_index(s, e));
      case Op::kSlice:
      case Op::kPad:
      case Op::kConcat: {
        const numerics::Piece piece = numerics::piece_of(s, e);
        return piece.inside ? read(node, piece.operand, piece.index) : 0;
      }
      case Op::kReshape: return read(node, 0, e);
      case Op::kCast: {
        const double x = read(node, 0, e);
        return s.output.dtype == DType::kF32 ? x : std::trunc(x);
      }
      case Op::kNeg: return -at(0);
      case Op::kRelu: return std::max(at(0), 0.0);
      case Op::kSqrt: return std::sqrt(at(0));
      case Op::kExp: return std::exp(at(0));
      case Op::kLog: return std::log(at(0));
      case Op::kTanh: return std::tanh(at(0));
      case Op::kErf: return std::erf(at(0));
      case Op::kSin: return std::sin(at(0));
      case Op::kCos: return std::cos(at(0));
      case Op::kRsqrt: return 1 / std::sqrt(at(0));
      case Op::kSigmoid: return 1 / (1 + std::exp(-at(0)));
      case Op::kAdd: return at(0) + at(1);
      case Op::kSub: return at(0) - at(1);
      case Op::kMul: return at(0) * at(1);
      case Op::kDiv: return at(0) / at(1);
      case Op::kMax: return std::max(at(0), at(1));
      case Op::kMin: return std::min(at(0), at(1));
      case Op::kEqual: return at(0) == at(1) ? 1 : 0;
      case Op::kLess: return at(0) < at(1) ? 1 : 0;
      case Op::kSelect: return at(0) != 0 ? at(1) : at(2);
      case Op::kFma: return at(0) * at(1) + at(2);
      case Op::kReduceSum:
      case Op::kReduceMax: return reduced(node, e);
      case Op::kScatterAddRows: return scattered(node, e);
      case Op::kMaxPool2d: return pooled(node, e);
      case Op::kMaxPool2dGrad: return pool_gradient(node, e);
      case Op::kGatherRows: {
        const std::uint64_t width = s.output.shape.elements() / s.output.shape[0];
        const auto row = static_cast<std::uint64_t>(read(node, 1, e / width));
        return row < s.operands[0].shape[0] ? read(node, 0, row * width + e % width) : 0;
      }
      default: return product(node, e);
    }
  }

  double reduced(const Node& node, std::uint64_t e) const {
    const Shape& x = node.spec.operands[0].shape;
    const std::uint64_t axes = node.spec.attributes[0];
    const bool is_sum = node.spec.op == Op::kReduceSum;
    double result = is_sum ? 0 : -INFINITY;
    for (std::uint64_t k = 0; k < numerics::reduced_count(x, axes); ++k) {
      const double v = read(node, 0, numerics::reduce_index(x, axes, e, k));
      result = is_sum ? result + v : std::max(result, v);
    }
    return result;
  }

  double product(const Node& node, std::uint64_t e) const {
    const bool is_triangular = node.spec.op == Op::kMatMulTriangular;
    if (is_triangular && !numerics::triangle_has_chain(node.spec, e)) {
      return double{std::bit_cast<float>(static_cast<std::uint32_t>(node.spec.attributes[4]))};
    }
    double sum = 0;
    for (std::uint64_t k = 0; k < numerics::fold_length(node.spec); ++k) {
      if (is_triangular && !numerics::triangle_has_step(node.spec, e, k)) continue;
      const numerics::TapPair taps = numerics::product_taps(node.spec, e, k);
      if (taps.a.inside) sum += read(node, 0, taps.a.index) * read(node, 1, taps.b);
    }
    return sum;
  }

  double scattered(const Node& node, std::uint64_t e) const {
    const std::uint64_t width = node.spec.output.shape.elements() / node.spec.output.shape[0];
    double sum = 0;
    for (std::uint64_t k = 0; k < node.spec.operands[0].shape[0]; ++k) {
      if (read(node, 0, k) == double(e / width)) sum += read(node, 1, k * width + e % width);
    }
    return sum;
  }

  std::uint64_t window_index(const Node& node, numerics::Pixel p, std::uint64_t k,
                             const Shape& x) const {
    const std::uint64_t window = node.spec.attributes[0];
    return numerics::pixel_index(x,
                                 {p.n, p.h * window + k / window, p.w * window + k % window, p.c});
  }

  double pooled(const Node& node, std::uint64_t e) const {
    const std::uint64_t window = node.spec.attributes[0];
    const numerics::Pixel p = numerics::pixel_of(node.spec.output.shape, e);
    double best = -INFINITY;
    for (std::uint64_t k = 0; k < window * window; ++k) {
      best = std::max(best, read(node, 0, window_index(node, p, k, node.spec.operands[0].shape)));
    }
    return best;
  }

  double pool_gradient(const Node& node, std::uint64_t e) const {
    const std::uint64_t window = node.spec.attributes[0];
    const Shape& pooled_shape = node.spec.operands[1].shape;
    numerics::Pixel p = numerics::pixel_of(node.spec.output.shape, e);
    p.h /= window, p.w /= window;
    if (p.h >= pooled_shape[1] || p.w >= pooled_shape[2]) return 0;
    const std::uint64_t at = numerics::pixel_index(pooled_shape, p);
    for (std::uint64_t k = 0; k < window * window; ++k) {
      const std::uint64_t x = window_index(node, p, k, node.spec.output.shape);
      if (read(node, 0, x) == read(node, 1, at)) return x == e ? read(node, 2, at) : 0;
    }
    return 0;
  }

  const Program& m_program;
  NamedDoubles m_state;
  NamedDoubles m_data;
  std::vector<Doubles> m_values;                   // of each node
  std::vector<std::vector<std::uint64_t>> m_bits;  // of integers
};

}  // namespace assay::graph::testing
