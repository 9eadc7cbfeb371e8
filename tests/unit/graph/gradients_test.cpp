// Gradients against central differences in double precision.
#include <set>

#include "unit/graph/finite_differences.hpp"

namespace assay::graph {
namespace {

using testing::check;
using testing::Doubles;
using testing::probed;

constexpr DType kF = DType::kF32;

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
  check(two, [](Builder& b, const auto& w) { return b.mean(b.div(b.log(w[0]), b.sqrt(w[1]))); },
        {.low = 0.5, .high = 2});
  check(two, [](Builder& b, const auto& w) { return b.mean(b.mul(b.relu(w[0]), w[1])); });
}

TEST(Gradients, OfEveryFunction) {
  using Function = Value (Builder::*)(Value);
  for (const Function f : {&Builder::neg, &Builder::relu, &Builder::exp, &Builder::tanh,
                           &Builder::erf, &Builder::sin, &Builder::cos, &Builder::sigmoid}) {
    check({{3, 7}}, [f](Builder& b, const auto& w) { return probed(b, (b.*f)(w[0])); },
          {.low = -3, .high = 3});
  }
  for (const Function f : {&Builder::sqrt, &Builder::log, &Builder::rsqrt}) {
    check({{3, 7}}, [f](Builder& b, const auto& w) { return probed(b, (b.*f)(w[0])); },
          {.low = 0.5, .high = 3});
  }
}

TEST(Gradients, OfMovements) {
  const Shape shape{2, 3, 4, 5};
  for (const std::array<unsigned, 4> axes :
       {std::array{0U, 2U, 1U, 3U}, std::array{3U, 0U, 1U, 2U}, std::array{0U, 1U, 2U, 3U}}) {
    check({shape}, [&](Builder& b, const auto& w) { return probed(b, b.transpose(w[0], axes)); });
  }
  for (const unsigned axis : {0U, 1U, 2U, 3U}) {
    check({shape, shape}, [&](Builder& b, const auto& w) {
      const Value both = b.concat(w[0], b.mul(w[1], w[0]), axis);
      return probed(b, b.pad(b.slice(both, axis, 1, shape[axis]), axis, 2, 1));
    });
  }
}

// INV-GRA-031. A gradient that is smaller than its value goes through movements as it is.
TEST(Gradients, OfMovementsBelowASum) {
  check({{2, 3, 4}, {4, 3}}, [](Builder& b, const auto& w) {
    const Value moved = b.transpose(b.mul(w[0], w[0]), std::array{0U, 2U, 1U});
    const Value longer = b.concat(b.pad(moved, 1, 1, 2), b.reshape(w[1], {2, 2, 3}), 1);
    return b.mean(longer);
  });
  check({{2, 3, 4}, {2, 11, 3}}, [](Builder& b, const auto& w) {
    const Value moved = b.transpose(b.mul(w[0], w[0]), std::array{0U, 2U, 1U});
    const Value longer = b.concat(b.pad(moved, 1, 1, 2), b.mul(w[1], w[1]), 1);
    const Value sums = b.reshape(b.reduce_sum(longer, 0b010), {2, 3});
    return probed(b, b.reshape(b.reduce_sum(b.reshape(sums, {2, 1, 3, 1}), 0b0001), {3}));
  });
  check({{2, 3, 4}}, [](Builder& b, const auto& w) {
    const Value squares = b.mul(w[0], w[0]);
    return probed(b, b.reshape(b.reduce_sum(b.reshape(squares, {6, 4}), 0b10), {3, 2}));
  });
}

// INV-GRA-035. What the slices of a value send is joined where it can be.
TEST(Gradients, OfSlicesOfOneValue) {
  struct Cut {
    unsigned axis;
    std::uint64_t start, count;
  };
  const auto cuts = [](std::vector<Cut> pieces) {
    return [pieces](Builder& b, const std::vector<Value>& w) {
      Value sum = b.mean(b.mul(w[0], w[0]));
      for (const Cut& c : pieces) {
        const Value part = b.slice(w[0], c.axis, c.start, c.count);
        sum = b.add(sum, b.mean(b.mul(b.exp(part), b.add(part, b.constant(float(c.start))))));
      }
      return sum;
    };
  };
  const std::vector<Shape> shape{{4, 9}};
  check(shape, cuts({{1, 0, 3}, {1, 3, 3}, {1, 6, 3}}));
  check(shape, cuts({{1, 6, 2}, {1, 1, 3}}));
  check(shape, cuts({{1, 0, 5}, {1, 4, 5}, {1, 2, 2}, {1, 5, 4}}));
  check(shape, cuts({{0, 1, 2}, {1, 0, 4}, {0, 3, 1}, {1, 4, 5}}));
  check(shape, cuts({{1, 2, 6}}));

  Builder b;
  const Value w = b.state("w", {kF, {4, 9}});
  const Value parts[] = {b.slice(w, 1, 0, 3), b.slice(w, 1, 3, 3), b.slice(w, 1, 6, 3)};
  const Value product = b.mul(b.mul(parts[0], parts[1]), parts[2]);
  const Value of_w[] = {w};
  b.bind("w", gradients(b, b.mean(product), of_w)[0]);
  Result<Program> program = b.finish();
  ASSERT_TRUE(program);
  for (const Node& node : program->nodes) EXPECT_NE(node.spec.op, numerics::OpCode::kPad);
}

TEST(Gradients, OfRowsDrawnAndSent) {
  const Doubles index{3, 0, 3, 7, 1};  // 7 is out of range
  const auto drawn = [](Builder& b) { return b.data("index", {DType::kU32, {5}}); };
  check({{4, 3, 2}},
        [&](Builder& b, const auto& w) { return probed(b, b.gather_rows(w[0], drawn(b))); },
        {.data = {{"index", index}}});
  check({{5, 3}},
        [&](Builder& b, const auto& w) { return probed(b, b.scatter_add_rows(drawn(b), w[0], 4)); },
        {.data = {{"index", index}}});
}

TEST(Gradients, OfEveryTriangularMatmul) {
  using numerics::TrianglePart;
  for (const TrianglePart part :
       {TrianglePart::kOutput, TrianglePart::kLowerA, TrianglePart::kUpperA}) {
    for (const bool ta : {false, true}) {
      for (const bool tb : {false, true}) {
        for (const std::uint64_t diagonal : {0U, 2U}) {
          const TriangleOptions options{part, diagonal, 0.25F};
          const auto model = [&](Builder& b, const std::vector<Value>& v) {
            return probed(b, b.matmul_triangular(v[0], v[1], ta, tb, options));
          };
          check({ta ? Shape{5, 4} : Shape{4, 5}, tb ? Shape{6, 5} : Shape{5, 6}}, model);
          check({ta ? Shape{2, 3, 5} : Shape{2, 5, 3}, tb ? Shape{2, 4, 3} : Shape{2, 3, 4}},
                model);
        }
      }
    }
  }
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
  for (const ConvOptions o : {ConvOptions{1, 1}, ConvOptions{2, 0}}) {  // 2 and 4 groups
    check({{2, 5, 6, 4}, {3, 3, 2, 6}, {3, 2, 1, 4}}, [&](Builder& b, const auto& w) {
      const Value y = b.conv2d(w[0], w[1], o);
      const Value z = b.conv2d(w[0], w[2], o);
      return b.add(b.mean(b.mul(y, y)), b.mean(b.mul(z, z)));
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
        {.data = {{"labels", labels}}});
}

// INV-GRA-041. The same reductions, their folds cut by the profile's limit.
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
  const Value table = b.state("table", {kF, {5, 2}});
  const Value drawn = b.gather_rows(table, b.data("index", {DType::kU32, {300'000}}));
  const Value of_table[] = {table};
  b.bind("table", gradients(b, b.mean(drawn), of_table)[0]);
  const Value a = b.state("a", {kF, {2, 3, 2}});
  const Value wide = b.matmul(a, b.data("wide", {kF, {2, 140'000, 2}}), false, true);
  const Value of_a[] = {a};
  b.bind("a", gradients(b, b.mean(wide), of_a)[0]);
  Result<Program> program = b.finish();
  ASSERT_TRUE(program) << program.error().message;
  const Validation valid = validate_alone(*program);
  EXPECT_EQ(valid.verdict, ProgramVerdict::kValid) << valid.words;
  std::map<numerics::OpCode, unsigned> count;
  for (const Node& node : program->nodes) ++count[node.spec.op];
  // 167 images fit one fold: two parts of 150. 300,000 rows: three parts, twice; and two of `a`.
  EXPECT_EQ(count[numerics::OpCode::kConv2dGradWeight], 2u);
  EXPECT_EQ(count[numerics::OpCode::kScatterAddRows], 3u);
  EXPECT_EQ(count[numerics::OpCode::kMatMul], 5u);
}

// INV-GRA-040: an axis without a divisor is cut.
TEST(Gradients, LongReductionsOverPrimesAreCut) {
  Builder b;
  const Value x = b.state("x", {kF, {2, 262'147}});
  b.bind("sum", b.reduce_sum(x, 0b10));
  b.bind("max", b.reduce_max(x, 0b10));
  const Program p = *b.finish();
  const Validation valid = validate_alone(p);
  EXPECT_EQ(valid.verdict, ProgramVerdict::kValid) << valid.words;
  testing::NamedDoubles state{{"x", testing::noise(2 * 262'147, 1)}, {"sum", {}}, {"max", {}}};
  const testing::NamedDoubles y = testing::DoubleInterpreter(p, state, {}).run();
  for (std::size_t row = 0; row < 2; ++row) {
    double sum = 0;
    double largest = -1;
    for (std::size_t i = 0; i < 262'147; ++i) {
      sum += state["x"][row * 262'147 + i];
      largest = std::max(largest, state["x"][row * 262'147 + i]);
    }
    EXPECT_NEAR(y.at("sum")[row], sum, 1e-9);
    EXPECT_EQ(y.at("max")[row], largest);
  }
}

// Of sum(model * probe) by w0, w1...: what a difference cannot show, at points without a slope.
std::vector<Doubles> gradients_at(const std::vector<Doubles>& points, const Doubles& probe,
                                  const std::vector<Shape>& shapes, const testing::Model& model) {
  Builder b;
  std::vector<Value> weights;
  testing::NamedDoubles state;
  for (std::size_t i = 0; i < points.size(); ++i) {
    const std::string name = testing::numbered("w", i);
    weights.push_back(b.state(name, {kF, shapes[i]}));
    state[name] = points[i];
  }
  const Value y = model(b, weights);
  const Shape shape = b.type(y).shape;
  const Value weighted = b.mul(y, b.data("probe", {kF, shape}));
  const Value loss = b.reduce_sum(weighted, (std::uint64_t{1} << shape.rank) - 1);
  const std::vector<Value> grads = gradients(b, loss, weights);
  for (std::size_t i = 0; i < grads.size(); ++i) b.bind(testing::numbered("grad/", i), grads[i]);
  const Result<Program> program = b.finish();
  EXPECT_TRUE(program);
  if (!program) return {};
  testing::NamedDoubles out = testing::DoubleInterpreter(*program, state, {{"probe", probe}}).run();
  std::vector<Doubles> all;
  for (std::size_t i = 0; i < grads.size(); ++i) all.push_back(out[testing::numbered("grad/", i)]);
  return all;
}

// INV-GRA-033.
TEST(Gradients, AtTies) {
  using Both = std::vector<Doubles>;
  const std::vector<Shape> two{{3}, {3}};
  const Both points{{1, 2, 2}, {1, 2, 3}};
  EXPECT_EQ(gradients_at(points, {5, 6, 7}, two,
                         [](Builder& b, const auto& w) { return b.max(w[0], w[1]); }),
            (Both{{5, 6, 0}, {0, 0, 7}}));
  EXPECT_EQ(gradients_at(points, {5, 6, 7}, two,
                         [](Builder& b, const auto& w) { return b.min(w[0], w[1]); }),
            (Both{{5, 6, 7}, {0, 0, 0}}));
  EXPECT_EQ(gradients_at({{4, 1, 4, 4, 0, 2}}, {6, 5}, {{2, 3}},
                         [](Builder& b, const auto& w) { return b.reduce_max(w[0], 0b10); }),
            (Both{{3, 0, 3, 5, 0, 0}}));
  EXPECT_EQ(gradients_at({{1, 3, 3, 3}}, {7}, {{1, 2, 2, 1}},
                         [](Builder& b, const auto& w) { return b.max_pool2d(w[0], 2); }),
            (Both{{0, 7, 0, 0}}));
  EXPECT_EQ(gradients_at({{-1, 0, 2}}, {5, 6, 7}, {{3}},
                         [](Builder& b, const auto& w) { return b.relu(w[0]); }),
            (Both{{0, 0, 7}}));
}

// INV-GRA-032: through a comparison, an integer or a cast to one nothing comes back.
TEST(Gradients, AreZeroBehindWhatIsNoNumber) {
  using Back = std::vector<Doubles>;
  EXPECT_EQ(gradients_at({{1, 2, 3}}, {5, 6, 7}, {{3}},
                         [](Builder& b, const auto& w) {
                           const Value whole = b.cast(w[0], DType::kI32);
                           return b.add(b.cast(whole, kF), b.mul(w[0], b.cast(whole, kF)));
                         }),
            (Back{{5, 12, 21}}));
  EXPECT_EQ(gradients_at({{1, 2, 3}}, {5, 6, 7}, {{3}},
                         [](Builder& b, const auto& w) {
                           return b.cast(b.less(w[0], b.constant(2.5F)), kF);
                         }),
            (Back{{0, 0, 0}}));
}

// INV-GRA-034: a path of constants is one constant, and nothing is multiplied by 1.
TEST(Gradients, ConstantsAreComputedWhileBuilding) {
  Builder b;
  const Value x = b.state("x", {kF, {4}});
  const Value scaled = b.div(b.mul(x, b.constant(3.0F)), b.constant(7.0F));
  const Value of_x[] = {x};
  const Value gradient = gradients(b, b.mean(b.neg(b.mul(scaled, b.constant(1.0F)))), of_x)[0];
  ASSERT_TRUE(b.ok());
  EXPECT_EQ(b.node(gradient).spec.op, numerics::OpCode::kConstant);
  EXPECT_EQ(b.node(gradient).spec.attributes[0],
            std::bit_cast<std::uint32_t>(-0.25F / 7.0F * 3.0F));
}

// INV-GRA-032: there are no second derivatives of convolutions and pools.
TEST(Gradients, StopWhereThereIsNoRule) {
  Builder b;
  const Value x = b.state("x", {kF, {1, 4, 4, 2}});
  const Value g = b.state("g", {kF, {1, 4, 4, 3}});
  const Value wrt[] = {x};
  (void)gradients(b, b.mean(b.conv2d_grad_weight(x, g, {1, 1, 2, 3}, {})), wrt);
  EXPECT_FALSE(b.ok());

  Builder p;
  const Value image = p.state("x", {kF, {1, 4, 4, 2}});
  const Value of_image[] = {image};
  const Value first = gradients(p, p.mean(p.max_pool2d(p.mul(image, image), 2)), of_image)[0];
  ASSERT_TRUE(p.ok());
  (void)gradients(p, p.mean(p.mul(first, first)), of_image);
  EXPECT_FALSE(p.ok());

  Builder d;
  const Value w = d.state("w", {kF, {4}});
  const Value of_w[] = {w};
  const std::vector<Value> zero = gradients(d, d.mean(d.detach(d.mul(w, w))), of_w);
  ASSERT_TRUE(d.ok());
  EXPECT_EQ(d.node(zero[0]).spec.op, numerics::OpCode::kConstant);
}

// INV-GRA-031 and 034.
TEST(Gradients, LeaveNoIdentitiesAndSpreadLate) {
  Builder b;
  const Value x = b.state("x", {kF, {8, 5}});
  const Value of_x[] = {x};
  b.bind("x", gradients(b, b.mean(b.relu(b.reduce_sum(x, 0b10))), of_x)[0]);
  Result<Program> program = b.finish();
  ASSERT_TRUE(program);
  unsigned spread = 0;
  for (const Node& node : program->nodes) {
    EXPECT_NE(node.spec.op, numerics::OpCode::kDiv);
    if (node.spec.op == numerics::OpCode::kMul) ++spread;
  }
  EXPECT_EQ(spread, 1u);  // the one that makes the gradient as large as x
}

// INV-GRA-036.
TEST(Gradients, OfAValueThatHasItsOwn) {
  Builder b;
  const Value x = b.state("x", {kF, {2}});
  const Value y = b.exp(b.mul(x, x));
  b.give_gradient(
      y, {{x}, [](Builder& builder, Value g) -> std::vector<Value> { return {builder.neg(g)}; }});
  const Value of_x[] = {x};
  const Value gradient = gradients(b, b.mean(y), of_x)[0];
  ASSERT_TRUE(b.ok());
  EXPECT_EQ(b.node(gradient).spec.op, numerics::OpCode::kNeg);
}

// INV-GRA-030.
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
