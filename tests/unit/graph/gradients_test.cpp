// INV-GRA-030 to 041: gradients against central differences in double precision.
#include "assay/graph/gradients.hpp"

#include <gtest/gtest.h>

#include <random>
#include <set>

#include "assay/graph/validator.hpp"
#include "unit/graph/double_interpreter.hpp"

namespace assay::graph {
namespace {

using testing::DoubleInterpreter;
using testing::Doubles;
using testing::NamedDoubles;

constexpr DType kF = DType::kF32;

Doubles noise(std::uint64_t count, unsigned seed, double low = -1, double high = 1) {
  std::mt19937 random(seed);
  Doubles values(count);
  for (double& v : values) v = low + (high - low) * double(random()) / 4294967296.0;
  return values;
}

std::string numbered(std::string name, std::size_t i) { return name.append(std::to_string(i)); }

// `loss` of the slots `w0`, `w1`...: the gradient slots "grad/..." against differences.
using Model = std::function<Value(Builder&, const std::vector<Value>&)>;
void check(const std::vector<Shape>& shapes, const Model& model, NamedDoubles data = {},
           double low = -1, double high = 1) {
  Builder b;
  std::vector<Value> weights;
  for (std::size_t i = 0; i < shapes.size(); ++i) {
    weights.push_back(b.state(numbered("w", i), {kF, shapes[i]}));
  }
  const Value loss = model(b, weights);
  const std::vector<Value> grads = gradients(b, loss, weights);
  b.bind("loss", loss);
  for (std::size_t i = 0; i < grads.size(); ++i) b.bind(numbered("grad/", i), grads[i]);
  Result<Program> program = b.finish();
  ASSERT_TRUE(program) << program.error().message;
  const Validation valid = validate_alone(*program);
  ASSERT_EQ(valid.verdict, ProgramVerdict::kValid) << valid.words;

  NamedDoubles state;
  for (std::size_t i = 0; i < shapes.size(); ++i) {
    state[numbered("w", i)] = noise(shapes[i].elements(), static_cast<unsigned>(i) + 1, low, high);
  }
  const NamedDoubles exact = DoubleInterpreter(*program, state, data).run();
  const double h = 1e-6;
  for (std::size_t i = 0; i < shapes.size(); ++i) {
    const std::string name = numbered("w", i);
    const Doubles& gradient = exact.at(numbered("grad/", i));
    ASSERT_EQ(gradient.size(), shapes[i].elements());
    const std::uint64_t stride = std::max<std::uint64_t>(1, gradient.size() / 12);
    for (std::uint64_t e = 0; e < gradient.size(); e += stride) {
      NamedDoubles plus = state;
      NamedDoubles minus = state;
      plus[name][e] += h;
      minus[name][e] -= h;
      const double up = DoubleInterpreter(*program, plus, data).run().at("loss")[0];
      const double down = DoubleInterpreter(*program, minus, data).run().at("loss")[0];
      EXPECT_NEAR(gradient[e], (up - down) / (2 * h), 1e-6 + 1e-5 * std::abs(gradient[e]))
          << name << " " << e;
    }
  }
}

TEST(Gradients, OfEveryPointwiseRule) {
  const std::vector<Shape> two{{3, 4}, {3, 4}};
  check(two, [](Builder& b, const auto& w) {
    return b.mean(b.mul(b.add(w[0], w[1]), b.sub(w[0], w[1])));
  });
  check(two, [](Builder& b, const auto& w) { return b.mean(b.mul(w[0], b.max(w[0], w[1]))); });
  check(two, [](Builder& b, const auto& w) { return b.mean(b.mul(w[0], b.min(w[0], w[1]))); });
  check(two, [](Builder& b, const auto& w) { return b.mean(b.fma(w[0], w[1], b.neg(w[0]))); });
  check(two, [](Builder& b, const auto& w) {
    return b.mean(b.select(b.less(w[0], w[1]), b.mul(w[0], w[1]), b.exp(w[0])));
  });
  check(
      two, [](Builder& b, const auto& w) { return b.mean(b.div(b.log(w[0]), b.sqrt(w[1]))); }, {},
      0.5, 2);
  check(two, [](Builder& b, const auto& w) { return b.mean(b.mul(b.relu(w[0]), w[1])); });
}

TEST(Gradients, SumWhatABroadcastSpread) {
  check({{3, 4}, {4}, {3, 1}, {}}, [](Builder& b, const auto& w) {
    return b.mean(b.mul(b.fma(w[0], w[1], w[2]), b.exp(b.mul(w[3], w[0]))));
  });
}

TEST(Gradients, OfReductionsAndReshapes) {
  check({{3, 4, 2}}, [](Builder& b, const auto& w) {
    const Value sums = b.reduce_sum(b.mul(w[0], w[0]), 0b101);
    return b.mean(b.mul(b.reshape(sums, {2, 2}), b.reshape(b.reduce_max(w[0], 0b101), {2, 2})));
  });
}

TEST(Gradients, OfEveryTransposedMatmul) {
  for (const bool ta : {false, true}) {
    for (const bool tb : {false, true}) {
      const Shape a = ta ? Shape{5, 3} : Shape{3, 5};
      const Shape w = tb ? Shape{4, 5} : Shape{5, 4};
      check({a, w}, [&](Builder& b, const auto& v) {
        const Value y = b.matmul(v[0], v[1], ta, tb);
        return b.mean(b.mul(y, y));
      });
      const Shape a3 = ta ? Shape{2, 5, 3} : Shape{2, 3, 5};
      const Shape w3 = tb ? Shape{2, 4, 5} : Shape{2, 5, 4};
      check({a3, w3}, [&](Builder& b, const auto& v) {
        const Value y = b.matmul(v[0], v[1], ta, tb);
        return b.mean(b.mul(y, y));
      });
    }
  }
}

TEST(Gradients, OfConvolutionAndPooling) {
  for (const ConvOptions o : {ConvOptions{1, 0}, ConvOptions{1, 1}, ConvOptions{2, 1}}) {
    check({{2, 6, 5, 2}, {3, 3, 2, 3}, {3}}, [&](Builder& b, const auto& w) {
      const Value y = b.add(b.conv2d(w[0], w[1], o), w[2]);
      return b.mean(b.mul(y, y));
    });
  }
  check({{2, 5, 6, 3}}, [](Builder& b, const auto& w) {
    const Value y = b.max_pool2d(b.mul(w[0], w[0]), 2);
    return b.mean(b.mul(y, y));
  });
}

TEST(Gradients, OfAClassifierWithCrossEntropy) {
  Doubles labels{2, 0, 1, 2};
  check({{4, 6}, {6, 5}, {5}, {5, 3}, {3}},
        [](Builder& b, const auto& w) {
          const Value y = b.cast(b.data("labels", {DType::kU8, {4}}), DType::kU32);
          const Value hidden = b.relu(b.add(b.matmul(w[0], w[1]), w[2]));
          return b.softmax_cross_entropy(b.add(b.matmul(hidden, w[3]), w[4]), y);
        },
        {{"labels", labels}});
}

// The same reductions, their folds cut by the profile's limit.
TEST(Gradients, LongReductionsAreSplitByShapeAlone) {
  Builder b;
  const Value x = b.state("x", {kF, {3, 400'000}});
  const Value sum = b.reduce_sum(x, 0b11);
  b.bind("sum", b.reshape(sum, {}));
  const Value y = b.data("y", {kF, {300'000, 2}});
  const Value w = b.state("w", {kF, {2, 2}});
  const Value loss = b.mean(b.matmul(y, w));
  const Value wrt[] = {w};
  b.bind("w", gradients(b, loss, wrt)[0]);
  const Value images = b.data("images", {kF, {300, 28, 28, 1}});
  const Value k = b.state("k", {kF, {3, 3, 1, 4}});
  const Value kernel[] = {k};
  b.bind("k", gradients(b, b.mean(b.conv2d(images, k, {1, 1})), kernel)[0]);
  Result<Program> program = b.finish();
  ASSERT_TRUE(program) << program.error().message;
  const Validation valid = validate_alone(*program);
  EXPECT_EQ(valid.verdict, ProgramVerdict::kValid) << valid.words;
  unsigned weight_gradients = 0;
  for (const Node& node : program->nodes) {
    if (node.spec.op == numerics::OpCode::kConv2dGradWeight) ++weight_gradients;
  }
  EXPECT_EQ(weight_gradients, 2u);  // 167 images fit one fold: two parts of 150
}

TEST(Gradients, StopWhereThereIsNoRule) {
  Builder b;
  const Value x = b.state("x", {kF, {1, 4, 4, 2}});
  const Value g = b.state("g", {kF, {1, 4, 4, 3}});
  const Value wrt[] = {x};
  (void)gradients(b, b.mean(b.conv2d_grad_weight(x, g, {1, 1, 2, 3}, {})), wrt);
  EXPECT_FALSE(b.ok());

  Builder d;
  const Value w = d.state("w", {kF, {4}});
  const Value of_w[] = {w};
  const std::vector<Value> zero = gradients(d, d.mean(d.detach(d.mul(w, w))), of_w);
  ASSERT_TRUE(d.ok());
  EXPECT_EQ(d.node(zero[0]).spec.op, numerics::OpCode::kConstant);
}

TEST(Gradients, TheTableHoldsEveryOperatorOnce) {
  std::set<numerics::OpCode> seen;
  for (const GradientRow& row : gradient_table()) {
    EXPECT_TRUE(seen.insert(row.op).second);
    EXPECT_STRNE(row.text, "");
    EXPECT_STRNE(numerics::name_of(row.op), "?");
  }
  for (unsigned code = 0; code < 65'536; ++code) {
    const auto op = static_cast<numerics::OpCode>(code);
    const bool known = std::string(numerics::name_of(op)) != "?";
    EXPECT_EQ(seen.count(op), known ? 1u : 0u) << code;
  }
}

}  // namespace
}  // namespace assay::graph
