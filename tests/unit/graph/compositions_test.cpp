// Compositions against their formulas in double precision, and their gradients against differences.
#include "assay/graph/compositions.hpp"

#include "unit/graph/finite_differences.hpp"

namespace assay::graph {
namespace {

using testing::check;
using testing::Doubles;
using testing::forward;
using testing::Inputs;
using testing::noise;
using testing::probed;

constexpr DType kF = DType::kF32;

void expect_near(const Doubles& y, const Doubles& want, double tolerance = 1e-6) {
  ASSERT_EQ(y.size(), want.size());
  for (std::size_t i = 0; i < y.size(); ++i) EXPECT_NEAR(y[i], want[i], tolerance) << i;
}

using OfOne = Value (*)(Builder&, Value);
struct Activation {
  OfOne composition;
  double (*formula)(double);
};
const Activation kActivations[] = {
    {gelu, [](double x) { return x / 2 * (1 + std::erf(x / std::sqrt(2.0))); }},
    {gelu_tanh,
     [](double x) {
       return x / 2 * (1 + std::tanh(std::sqrt(2 / M_PI) * (x + 0.044715 * x * x * x)));
     }},
    {silu, [](double x) { return x / (1 + std::exp(-x)); }},
};

TEST(Compositions, ActivationsAndTheirGradients) {
  for (const Activation& a : kActivations) {
    for (const Shape& shape : {Shape{1}, Shape{5, 7}, Shape{2, 3, 1, 4}}) {
      Doubles want = noise(shape.elements(), 1, -4, 4);
      for (double& x : want) x = a.formula(x);
      const auto model = [&](Builder& b, const auto& w) { return a.composition(b, w[0]); };
      expect_near(forward({shape}, model, {.low = -4, .high = 4}), want);
      check({shape}, [&](Builder& b, const auto& w) { return probed(b, a.composition(b, w[0])); },
            {.low = -4, .high = 4});
    }
  }
  check({{3, 5}, {3, 5}},
        [](Builder& b, const auto& w) { return probed(b, swiglu(b, w[0], w[1])); });
}

TEST(Compositions, SoftmaxAndItsLogarithm) {
  for (const Shape& shape : {Shape{6}, Shape{3, 1}, Shape{4, 17}, Shape{2, 3, 5}}) {
    const Doubles x = noise(shape.elements(), 1, -3, 3);
    const std::uint64_t d = shape[shape.rank - 1U];
    Doubles want;
    Doubles want_log;
    for (std::size_t i = 0; i < x.size(); ++i) {
      double sum = 0;
      for (std::size_t k = i / d * d; k < i / d * d + d; ++k) sum += std::exp(x[k]);
      want.push_back(std::exp(x[i]) / sum);
      want_log.push_back(x[i] - std::log(sum));
    }
    const Inputs inputs{.low = -3, .high = 3};
    const auto of = [](OfOne f) {
      return [f](Builder& b, const std::vector<Value>& w) { return f(b, w[0]); };
    };
    const auto loss_of = [](OfOne f) {
      return [f](Builder& b, const std::vector<Value>& w) { return probed(b, f(b, w[0])); };
    };
    expect_near(forward({shape}, of(softmax), inputs), want);
    expect_near(forward({shape}, of(log_softmax), inputs), want_log);
    check({shape}, loss_of(softmax), inputs);
    check({shape}, loss_of(log_softmax), inputs);
  }
}

TEST(Compositions, MaskedSoftmax) {
  const Shape shape{4, 5};
  const Doubles x = noise(shape.elements(), 1, -3, 3);
  // Row i keeps its first i elements.
  const auto masked = [&](Builder& b, const std::vector<Value>& w) {
    const TensorType type{DType::kF32, shape};
    return masked_softmax(b, w[0], b.less(b.iota(type, 1), b.iota(type, 0)));
  };
  const Inputs inputs{.low = -3, .high = 3};
  const Doubles y = forward({shape}, masked, inputs);
  ASSERT_EQ(y.size(), x.size());
  for (std::size_t i = 0; i < y.size(); ++i) {
    const std::size_t row = i / 5, column = i % 5;
    double sum = 0;
    for (std::size_t k = 0; k < row; ++k) sum += std::exp(x[row * 5 + k]);
    if (row == 0)
      EXPECT_TRUE(std::isnan(y[i]));
    else
      EXPECT_NEAR(y[i], column < row ? std::exp(x[i]) / sum : 0, 1e-6);
  }
  // The gradient of the rows that keep something; the others' are NaN.
  check(
      {shape}, [&](Builder& b, const auto& w) { return probed(b, b.slice(masked(b, w), 0, 1, 3)); },
      inputs);
}

TEST(Compositions, CrossEntropy) {
  const Doubles labels{2, 0, 1, 9, 4};  // 9 is out of range: its logit counts as 0
  const auto loss = [](Builder& b, const auto& w) {
    return b.softmax_cross_entropy(w[0], b.data("labels", {DType::kU32, {5}}));
  };
  const Inputs inputs{.data = {{"labels", labels}}, .low = -3, .high = 3, .elements = 30};
  check({{5, 6}}, [&](Builder& b, const auto& w) { return b.exp(loss(b, w)); },
        {.data = {{"labels", {2, 0, 1, 5, 4}}}, .low = -3, .high = 3, .elements = 30});
  const Doubles x = noise(30, 1, -3, 3);
  double want = 0;
  for (std::size_t i = 0; i < 5; ++i) {
    double sum = 0;
    double largest = -INFINITY;
    for (std::size_t k = 0; k < 6; ++k) sum += std::exp(x[6 * i + k]);
    for (std::size_t k = 0; k < 6; ++k) largest = std::max(largest, x[6 * i + k]);
    const bool is_known = labels[i] < 6;
    want += std::log(sum) - (is_known ? x[6 * i + static_cast<std::size_t>(labels[i])] : 0);
  }
  expect_near(forward({{5, 6}}, loss, inputs), {want / 5});
}

TEST(Compositions, NormsOfTheLastAxis) {
  for (const Shape& shape : {Shape{3, 8}, Shape{2, 3, 5}, Shape{7, 1}, Shape{6}}) {
    const std::uint64_t d = shape[shape.rank - 1U];
    const Doubles x = noise(shape.elements(), 1);
    const Doubles gain = noise(d, 2);
    const Doubles bias = noise(d, 3);
    Doubles want;
    Doubles want_rms;
    for (std::size_t i = 0; i < x.size(); ++i) {
      double mean = 0, square = 0, variance = 0;
      for (std::size_t k = i / d * d; k < i / d * d + d; ++k) mean += x[k], square += x[k] * x[k];
      mean /= double(d), square /= double(d);
      for (std::size_t k = i / d * d; k < i / d * d + d; ++k) {
        variance += (x[k] - mean) * (x[k] - mean) / double(d);
      }
      want.push_back((x[i] - mean) / std::sqrt(variance + 0.01) * gain[i % d] + bias[i % d]);
      want_rms.push_back(x[i] / std::sqrt(square + 0.01) * gain[i % d]);
    }
    const auto layer = [](Builder& b, const auto& w) {
      return layer_norm(b, w[0], w[1], w[2], 0.01F);
    };
    const auto rms = [](Builder& b, const auto& w) { return rms_norm(b, w[0], w[1], 0.01F); };
    expect_near(forward({shape, {d}, {d}}, layer), want);
    expect_near(forward({shape, {d}}, rms), want_rms);
    check({shape, {d}, {d}}, [&](Builder& b, const auto& w) { return probed(b, layer(b, w)); });
    check({shape, {d}}, [&](Builder& b, const auto& w) { return probed(b, rms(b, w)); });
  }
}

TEST(Compositions, BatchNorm) {
  for (const Shape& shape : {Shape{2, 3, 3, 4}, Shape{5, 3}}) {
    const std::uint64_t c = shape[shape.rank - 1U];
    const std::uint64_t n = shape.elements() / c;
    const Doubles x = noise(shape.elements(), 1);
    const Doubles gain = noise(c, 2);
    const Doubles bias = noise(c, 3);
    Doubles mean(c), variance(c), want;
    for (std::size_t i = 0; i < x.size(); ++i) mean[i % c] += x[i] / double(n);
    for (std::size_t i = 0; i < x.size(); ++i) {
      variance[i % c] += (x[i] - mean[i % c]) * (x[i] - mean[i % c]) / double(n);
    }
    for (std::size_t i = 0; i < x.size(); ++i) {
      const std::size_t k = i % c;
      want.push_back((x[i] - mean[k]) / std::sqrt(variance[k] + 0.01) * gain[k] + bias[k]);
    }
    const auto norm = [](Builder& b, const auto& w) {
      return batch_norm(b, w[0], w[1], w[2], 0.01F);
    };
    const std::vector<Shape> shapes{shape, {c}, {c}};
    const auto part = [&](Value BatchNorm::*field) {
      return forward(shapes, [&](Builder& b, const auto& w) { return norm(b, w).*field; });
    };
    expect_near(part(&BatchNorm::y), want);
    expect_near(part(&BatchNorm::mean), mean);
    expect_near(part(&BatchNorm::variance), variance);
    Doubles unbiased = variance;
    for (double& v : unbiased) v *= double(n) / double(n - 1);
    expect_near(part(&BatchNorm::unbiased_variance), unbiased);
    check(shapes, [&](Builder& b, const auto& w) { return probed(b, norm(b, w).y); });

    const auto with = [](Builder& b, const auto& w) {
      const BatchStatistics statistics{w[3], b.mul(w[4], w[4])};
      return batch_norm_with(b, w[0], w[1], w[2], statistics, 0.01F);
    };
    check({shape, {c}, {c}, {c}, {c}},
          [&](Builder& b, const auto& w) { return probed(b, with(b, w)); });
    // Its own statistics give what the training form gives.
    expect_near(
        forward(
            shapes,
            [&](Builder& b, const auto& w) {
              const BatchNorm trained = norm(b, w);
              return batch_norm_with(b, w[0], w[1], w[2], {trained.mean, trained.variance}, 0.01F);
            }),
        want);
  }
}

TEST(Compositions, MovingAverage) {
  const Doubles before = noise(3, 1);
  const Doubles now = noise(3, 2);
  Doubles want;
  for (std::size_t i = 0; i < 3; ++i) want.push_back(before[i] + 0.25 * (now[i] - before[i]));
  expect_near(
      forward({{3}, {3}},
              [](Builder& b, const auto& w) { return moving_average(b, w[0], w[1], 0.25F); }),
      want);
}

TEST(Compositions, AveragePools) {
  const Shape shape{2, 5, 7, 3};
  const Doubles x = noise(shape.elements(), 1);
  Doubles pooled(2 * 2 * 3 * 3), all(2 * 3);
  for (std::size_t n = 0; n < 2; ++n) {
    for (std::size_t h = 0; h < 5; ++h) {
      for (std::size_t w = 0; w < 7; ++w) {
        for (std::size_t c = 0; c < 3; ++c) {
          const double v = x[((n * 5 + h) * 7 + w) * 3 + c];
          all[n * 3 + c] += v / 35;
          if (h < 4 && w < 6) pooled[((n * 2 + h / 2) * 3 + w / 2) * 3 + c] += v / 4;
        }
      }
    }
  }
  const auto windows = [](Builder& b, const auto& w) { return average_pool2d(b, w[0], 2); };
  const auto whole = [](Builder& b, const auto& w) { return global_average_pool2d(b, w[0]); };
  expect_near(forward({shape}, windows), pooled);
  expect_near(forward({shape}, whole), all);
  check({shape}, [&](Builder& b, const auto& w) { return probed(b, windows(b, w)); });
  check({shape}, [&](Builder& b, const auto& w) {
    const Value y = global_average_pool2d(b, b.relu(w[0]));
    return probed(b, b.mul(y, y));
  });
}

TEST(Compositions, EmbeddingOfTokensOfAnyShape) {
  const Inputs inputs{.data = {{"tokens", {1, 0, 3, 3, 9, 2}}}};
  const auto embedded = [](Builder& b, const auto& w) {
    return embedding(b, w[0], b.data("tokens", {DType::kU32, {2, 3}}));
  };
  const Doubles table = noise(8, 1);
  expect_near(forward({{4, 2}}, embedded, inputs),
              {table[2], table[3], table[0], table[1], table[6], table[7], table[6], table[7], 0, 0,
               table[4], table[5]});
  check(
      {{4, 2}}, [&](Builder& b, const auto& w) { return probed(b, embedded(b, w)); }, inputs);
}

TEST(Compositions, DropoutKeepsTheMeanAndDrawsAnewEachStep) {
  const auto dropped = [](Builder& b, const auto& w) {
    return dropout(b, w[0], {.rate = 0.25F, .purpose = 7});
  };
  const Doubles x = noise(4000, 1, 1, 2);
  const Doubles y = forward({{4000}}, dropped, {.low = 1, .high = 2}, 5);
  unsigned zeros = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    if (y[i] == 0) {
      ++zeros;
    } else {
      EXPECT_NEAR(y[i], x[i] / 0.75, 1e-6);
    }
  }
  EXPECT_NEAR(zeros, 1000, 120);  // over four deviations
  EXPECT_NE(y, forward({{4000}}, dropped, {.low = 1, .high = 2}, 6));
  check({{40}}, [&](Builder& b, const auto& w) { return probed(b, dropped(b, w)); });
  Builder b;
  const Value whole = b.state("x", {kF, {3}});
  EXPECT_EQ(dropout(b, whole, {.rate = 0, .purpose = 7}), whole);
  (void)dropout(b, whole, {.rate = 1, .purpose = 7});
  EXPECT_FALSE(b.ok());
}

TEST(Compositions, ClippingByTheGlobalNorm) {
  const auto clipped = [](float limit) {
    return [limit](Builder& b, const std::vector<Value>& w) {
      const ClippedGradients c = clip_by_global_norm(b, w, limit);
      const Value norm = b.reshape(c.norm, {1});
      return b.concat(b.reshape(c.gradients[0], {6}), b.concat(c.gradients[1], norm, 0), 0);
    };
  };
  Doubles want = noise(6, 1);
  const Doubles second = noise(3, 2);
  want.insert(want.end(), second.begin(), second.end());
  double norm = 0;
  for (const double v : want) norm += v * v;
  want.push_back(std::sqrt(norm));
  expect_near(forward({{2, 3}, {3}}, clipped(100)), want);
  for (std::size_t i = 0; i < 9; ++i) want[i] *= 0.5 / want[9];
  expect_near(forward({{2, 3}, {3}}, clipped(0.5)), want);
}

TEST(Compositions, RefuseWhatDoesNotFit) {
  const auto refuses = [](const std::function<void(Builder&, Value)>& use) {
    Builder b;
    use(b, b.state("x", {kF, {2, 3, 4, 5}}));
    EXPECT_FALSE(b.ok());
  };
  refuses([](Builder& b, Value x) { (void)layer_norm(b, x, x, x); });
  refuses([](Builder& b, Value x) { (void)rms_norm(b, x, b.constant(1.0F, {4})); });
  refuses([](Builder& b, Value x) { (void)batch_norm(b, x, x, x); });
  refuses([](Builder& b, Value x) { (void)average_pool2d(b, x, 4); });
  refuses([](Builder& b, Value x) { (void)embedding(b, x, b.iota({DType::kU32, {3}}, 0)); });
  refuses([](Builder& b, Value x) { (void)softmax(b, b.reshape(b.slice(x, 0, 0, 9), {})); });
  refuses([](Builder& b, Value x) { (void)b.softmax_cross_entropy(x, x); });
}

}  // namespace
}  // namespace assay::graph
