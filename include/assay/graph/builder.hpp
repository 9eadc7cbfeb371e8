// Builds programs, with shapes inferred and checked as one goes (docs/spec/graph.md).
//
// Errors stick: the first one is kept, everything after it does nothing, and finish() returns it;
// so a model is written down without a check a line. Equal nodes are made once. Not thread-safe.
//
// Nodes stand in the order of the calls. C++ leaves open which argument of a call is evaluated
// first: where every compiler shall make the same program, a call takes at most one other call.
//
//   Builder b;
//   const Value x = b.data("train/images", {DType::kF32, {64, 784}});
//   const Value w = b.state("model/w", {DType::kF32, {784, 10}});
//   b.bind("metric/mean", b.mean(b.matmul(x, w)));
//   Result<Program> program = b.finish();
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "assay/graph/program.hpp"

namespace assay::graph {

// A node of one Builder.
struct Value {
  std::uint32_t node = 0;
  friend bool operator==(const Value&, const Value&) = default;
};

struct ConvOptions {
  std::uint64_t stride = 1;
  std::uint64_t padding = 0;
};

// numerics/operator.hpp: OpCode::kMatMulTriangular.
struct TriangleOptions {
  numerics::TrianglePart part = numerics::TrianglePart::kOutput;
  std::uint64_t diagonal = 0;
  float fill = 0.0F;
};

class Builder;

// How a gradient passes a value that stands for several nodes (a softmax, say), where a formula of
// its own costs less than going through them: from the gradient of the value, of its shape, those
// of `inputs`, each of its input's type. The nodes between are passed over.
struct OwnGradient {
  std::vector<Value> inputs;
  std::function<std::vector<Value>(Builder&, Value)> back;
};

class Builder {
 public:
  // Sources. Naming a slot or a declaration twice gives the same value; its type must agree.
  Value data(std::string_view name, const TensorType& type);
  Value state(std::string_view name, const TensorType& type);  // before the step
  Value step_index();
  Value seed();

  // The value of a slot after the step. A slot that is read and not bound stays as it is.
  void bind(std::string_view slot, Value value);

  // Constants; an empty shape is a scalar, which broadcasts.
  Value constant(float value, const Shape& shape = {});
  Value constant_bits(const TensorType& type, std::uint64_t bits);
  Value iota(const TensorType& type, std::uint64_t axis);

  Value reshape(Value x, const Shape& shape);
  Value cast(Value x, DType to);
  Value neg(Value x) { return unary(numerics::OpCode::kNeg, x); }
  Value relu(Value x) { return unary(numerics::OpCode::kRelu, x); }
  Value sqrt(Value x) { return unary(numerics::OpCode::kSqrt, x); }
  Value exp(Value x) { return unary(numerics::OpCode::kExp, x); }
  Value log(Value x) { return unary(numerics::OpCode::kLog, x); }
  Value tanh(Value x) { return unary(numerics::OpCode::kTanh, x); }
  Value erf(Value x) { return unary(numerics::OpCode::kErf, x); }
  Value sin(Value x) { return unary(numerics::OpCode::kSin, x); }
  Value cos(Value x) { return unary(numerics::OpCode::kCos, x); }
  Value rsqrt(Value x) { return unary(numerics::OpCode::kRsqrt, x); }
  Value sigmoid(Value x) { return unary(numerics::OpCode::kSigmoid, x); }

  // Movements that change nothing give x itself. Output axis i of a transpose is x's axis axes[i].
  Value transpose(Value x, std::span<const unsigned> axes);
  // Indices [start, start + count) of one axis; +0 before and behind x; b behind a.
  Value slice(Value x, unsigned axis, std::uint64_t start, std::uint64_t count);
  Value pad(Value x, unsigned axis, std::uint64_t before, std::uint64_t after);
  Value concat(Value a, Value b, unsigned axis);

  // Operands broadcast as numpy's do.
  Value add(Value a, Value b) { return pointwise(numerics::OpCode::kAdd, {a, b}); }
  Value sub(Value a, Value b) { return pointwise(numerics::OpCode::kSub, {a, b}); }
  Value mul(Value a, Value b) { return pointwise(numerics::OpCode::kMul, {a, b}); }
  Value div(Value a, Value b) { return pointwise(numerics::OpCode::kDiv, {a, b}); }
  Value max(Value a, Value b) { return pointwise(numerics::OpCode::kMax, {a, b}); }
  Value min(Value a, Value b) { return pointwise(numerics::OpCode::kMin, {a, b}); }
  Value equal(Value a, Value b) { return pointwise(numerics::OpCode::kEqual, {a, b}); }
  Value less(Value a, Value b) { return pointwise(numerics::OpCode::kLess, {a, b}); }
  Value select(Value condition, Value a, Value b) {
    return pointwise(numerics::OpCode::kSelect, {condition, a, b});
  }
  Value fma(Value a, Value b, Value c) { return pointwise(numerics::OpCode::kFma, {a, b, c}); }

  // `axes`: bit i for axis i. Reduced axes stay with dimension 1. Longer than a fold may be:
  // several nodes, by the rule of docs/spec/graph.md.
  Value reduce_sum(Value x, std::uint64_t axes) {
    return reduce(numerics::OpCode::kReduceSum, x, axes);
  }
  Value reduce_max(Value x, std::uint64_t axes) {
    return reduce(numerics::OpCode::kReduceMax, x, axes);
  }

  Value matmul(Value a, Value b, bool transpose_a = false, bool transpose_b = false);
  Value matmul_triangular(Value a, Value b, bool transpose_a, bool transpose_b,
                          const TriangleOptions& options);
  // x [n, h, w, ci], w [kh, kw, ci, co].
  Value conv2d(Value x, Value w, const ConvOptions& options);
  Value conv2d_grad_input(Value gy, Value w, const Shape& x, const ConvOptions& options);
  Value conv2d_grad_weight(Value x, Value gy, const Shape& w, const ConvOptions& options);
  Value max_pool2d(Value x, std::uint64_t window);
  Value max_pool2d_grad(Value x, Value y, Value gy, std::uint64_t window);
  Value gather_rows(Value table, Value index);
  // index u32 [b], source f32 [b, ...] -> [rows, ...]
  Value scatter_add_rows(Value index, Value source, std::uint64_t rows);

  // Uniform in [0, 1); each purpose is a stream of its own.
  Value random_uniform(const Shape& shape, Value seed, Value t, std::uint64_t purpose);
  // `count` indices below n: the batch of step t in a shuffle drawn anew each epoch.
  Value shuffle_index(std::uint64_t count, std::uint64_t n, Value seed, Value t,
                      std::uint64_t purpose);

  // Compositions; more in graph/compositions.hpp and graph/attention.hpp.
  Value mean(Value x);                                 // of all elements, a scalar
  Value broadcast(Value x, const Shape& shape);        // x times ones
  Value detach(Value x);                               // x, of which no gradient is taken
  Value one_hot(Value labels, std::uint64_t classes);  // u32 [n] -> u32 [n, classes]
  // logits [n, classes], labels u32 [n] -> mean over n of -log softmax(logits)[label].
  Value softmax_cross_entropy(Value logits, Value labels);

  [[nodiscard]] const TensorType& type(Value x) const;
  [[nodiscard]] const Node& node(Value x) const;
  [[nodiscard]] std::uint32_t node_count() const {
    return static_cast<std::uint32_t>(m_nodes.size());
  }
  [[nodiscard]] bool is_detached(Value x) const { return m_detached[x.node]; }
  void give_gradient(Value x, OwnGradient gradient);
  [[nodiscard]] const OwnGradient* own_gradient(Value x) const;  // null: that of its operator
  [[nodiscard]] bool ok() const { return !m_error; }
  void fail(std::string message);

  // New nodes are labelled "<scope>/<operator>" while one of these lives.
  class Scope {
   public:
    Scope(Builder& builder, std::string_view name);
    ~Scope() { m_builder.m_scope = m_saved; }
    Scope(const Scope&) = delete;
    Scope& operator=(const Scope&) = delete;

   private:
    Builder& m_builder;
    std::string m_saved;
  };
  [[nodiscard]] const std::string& label(Value x) const;

  // The program without dead nodes, slots and declarations in order of their names. Ends the
  // builder.
  [[nodiscard]] Result<Program> finish();

 private:
  struct DeclaredSlot {
    TensorType type;
    std::optional<Value> source;
    std::optional<Value> output;
  };
  struct DeclaredData {
    TensorType type;
    Value source;
  };

  Value emit(numerics::NodeSpec spec, std::span<const Value> inputs);
  Value unary(numerics::OpCode op, Value x);
  Value product_of_matrices(numerics::NodeSpec spec, Value a, Value b);
  Value pointwise(numerics::OpCode op, std::initializer_list<Value> inputs);
  Value reduce(numerics::OpCode op, Value x, std::uint64_t axes);
  Value reduce_once(numerics::OpCode op, Value x, std::uint64_t axes);
  Value reduce_folded(numerics::OpCode op, Value x, unsigned axis, std::uint64_t inner);
  Value reduce_cut(numerics::OpCode op, Value x, unsigned axis);

  std::vector<Node> m_nodes;
  std::vector<std::string> m_labels;
  std::vector<bool> m_detached;
  std::map<std::uint32_t, OwnGradient> m_own_gradients;
  std::map<std::string, std::uint32_t> m_known;  // by record
  // Source nodes hold the order of declaration until finish() knows the order of names.
  std::map<std::string, DeclaredSlot, std::less<>> m_slots;
  std::map<std::string, DeclaredData, std::less<>> m_data;
  std::string m_scope;
  std::optional<Error> m_error;
};

}  // namespace assay::graph
