// The optimisers, schedules and initial values against their papers' formulas, in double precision.
#include <gtest/gtest.h>

#include <cmath>

#include "assay/models/task_builder.hpp"
#include "unit/graph/double_interpreter.hpp"

namespace assay::models {
namespace {

using graph::testing::DoubleInterpreter;
using graph::testing::NamedDoubles;

// loss = mean((w - 3)^2).
struct Toy {
  explicit Toy(const OptimizerOptions& options, const Shape& shape = {4}) {
    TaskBuilder task;
    graph::Builder& b = task.step();
    const graph::Value w = task.parameter("w", shape, Initial::kaiming(1));
    const graph::Value miss = b.sub(w, b.constant(3.0F));
    ProgramPair pair = *task.minimize(b.mean(b.mul(miss, miss)), options);
    init = std::move(pair.init);
    step = std::move(pair.step);
  }
  graph::Program init, step;
};

TEST(Optimizers, AdamFollowsItsPaper) {
  const OptimizerOptions o{.kind = OptimizerKind::kAdam, .learning_rate = 0.125F};
  const Toy toy(o);
  NamedDoubles state{{"metric/loss", {0}},
                     {"model/w", {0, 1, 2, 5}},
                     {"optim/beta1_power", {1}},
                     {"optim/beta2_power", {1}},
                     {"optim/w/moment1", {0, 0, 0, 0}},
                     {"optim/w/moment2", {0, 0, 0, 0}}};
  std::vector<double> w = state.at("model/w");
  std::vector<double> m(4);
  std::vector<double> v(4);
  for (unsigned t = 1; t <= 20; ++t) {
    state = DoubleInterpreter(toy.step, state, {}).run();
    for (unsigned i = 0; i < 4; ++i) {
      const double g = 2 * (w[i] - 3) / 4;
      m[i] = o.beta1 * m[i] + (1 - double{o.beta1}) * g;
      v[i] = o.beta2 * v[i] + (1 - double{o.beta2}) * g * g;
      const double mhat = m[i] / (1 - std::pow(double{o.beta1}, t));
      const double vhat = v[i] / (1 - std::pow(double{o.beta2}, t));
      w[i] -= o.learning_rate * mhat / (std::sqrt(vhat) + o.epsilon);
      EXPECT_NEAR(state.at("model/w")[i], w[i], 1e-4);
    }
  }
}

TEST(Optimizers, TheRateFallsLinearlyToAHundredth) {
  const Toy toy({.kind = OptimizerKind::kSgd,
                 .learning_rate = 0.5F,
                 .schedule = Schedule::kLinear,
                 .decay_steps = 10,
                 .momentum = 0});
  for (const std::uint64_t t : {0u, 1u, 5u, 9u, 10u, 1000u}) {
    const NamedDoubles state{{"metric/loss", {0}}, {"model/w", {0, 0, 0, 0}}};
    const double moved = DoubleInterpreter(toy.step, state, {}).run(t).at("model/w")[0];
    const double rate = 0.5 * std::max(1 - static_cast<double>(t) / 10, 0.01);
    EXPECT_NEAR(moved, rate * 6 / 4, 1e-6) << t;
  }
}

TEST(Optimizers, SgdFollowsItsMomentum) {
  for (const float momentum : {0.0F, 0.5F}) {
    for (const bool nesterov : {false, true}) {
      if (nesterov && momentum == 0) continue;
      const Toy toy({.kind = OptimizerKind::kSgd,
                     .learning_rate = 0.5F,
                     .momentum = momentum,
                     .nesterov = nesterov});
      NamedDoubles state{{"metric/loss", {0}}, {"model/w", {0, 1, 2, 5}}};
      if (momentum > 0) state["optim/w/momentum"] = {0, 0, 0, 0};
      EXPECT_EQ(toy.step.slots.size(), state.size());
      double w = 0;
      double p = 0;
      for (unsigned t = 0; t < 10; ++t) {
        state = DoubleInterpreter(toy.step, state, {}).run();
        const double g = 2 * (w - 3) / 4;
        p = momentum * p + g;
        w -= 0.5 * (nesterov ? g + momentum * p : p);
        EXPECT_NEAR(state.at("model/w")[0], w, 1e-9);
      }
    }
  }
}

TEST(Optimizers, AdamWDecaysMatricesApartFromTheirGradients) {
  const OptimizerOptions o{
      .kind = OptimizerKind::kAdamW, .learning_rate = 0.125F, .weight_decay = 0.5F};
  for (const Shape& shape : {Shape{4}, Shape{2, 2}}) {
    const Toy toy(o, shape);
    NamedDoubles state{{"metric/loss", {0}},
                       {"model/w", {0, 1, 2, 5}},
                       {"optim/beta1_power", {1}},
                       {"optim/beta2_power", {1}},
                       {"optim/w/moment1", {0, 0, 0, 0}},
                       {"optim/w/moment2", {0, 0, 0, 0}}};
    double w = 5;
    double m = 0;
    double v = 0;
    for (unsigned t = 1; t <= 20; ++t) {
      state = DoubleInterpreter(toy.step, state, {}).run();
      const double g = 2 * (w - 3) / 4;
      m = o.beta1 * m + (1 - double{o.beta1}) * g;
      v = o.beta2 * v + (1 - double{o.beta2}) * g * g;
      if (shape.rank == 2) w -= o.learning_rate * o.weight_decay * w;
      w -= o.learning_rate * m / (1 - std::pow(double{o.beta1}, t)) /
           (std::sqrt(v / (1 - std::pow(double{o.beta2}, t))) + o.epsilon);
      EXPECT_NEAR(state.at("model/w")[3], w, 1e-4);
    }
  }
}

TEST(Optimizers, ClippingScalesGradientsToTheNorm) {
  for (const float clip : {0.25F, 1e6F}) {
    const Toy toy(
        {.kind = OptimizerKind::kSgd, .learning_rate = 1, .clip_norm = clip, .momentum = 0});
    const std::vector<double> w{0, 1, 2, 5};
    const NamedDoubles state{{"metric/loss", {0}}, {"model/w", w}};
    const NamedDoubles next = DoubleInterpreter(toy.step, state, {}).run();
    double norm = 0;
    for (const double x : w) norm += (x - 3) * (x - 3) / 4;
    norm = std::sqrt(norm);
    for (unsigned i = 0; i < 4; ++i)
      EXPECT_NEAR(w[i] - next.at("model/w")[i], (w[i] - 3) / 2 * std::min(1.0, double{clip} / norm),
                  1e-6);
  }
}

TEST(Optimizers, WarmUpRisesAndTheCosineFalls) {
  const auto rate_at = [](const OptimizerOptions& o, std::uint64_t t) {
    const NamedDoubles state{{"metric/loss", {0}}, {"model/w", {0, 0, 0, 0}}};
    return DoubleInterpreter(Toy(o).step, state, {}).run(t).at("model/w")[0] * 4 / 6;
  };
  OptimizerOptions o{.kind = OptimizerKind::kSgd,
                     .learning_rate = 0.5F,
                     .schedule = Schedule::kCosine,
                     .warmup_steps = 4,
                     .decay_steps = 24,
                     .final_share = 0.25F,
                     .momentum = 0};
  for (const std::uint64_t t : {0u, 1u, 3u, 4u, 9u, 14u, 24u, 100u}) {
    const double done = std::clamp((static_cast<double>(t) - 4) / 20, 0.0, 1.0);
    const double fallen = 0.25 + 0.75 * (1 + std::cos(3.14159265358979 * done)) / 2;
    EXPECT_NEAR(rate_at(o, t), 0.5 * fallen * std::min((static_cast<double>(t) + 1) / 4, 1.0), 1e-6)
        << t;
  }
  o.schedule = Schedule::kConstant, o.decay_steps = 0;
  EXPECT_NEAR(rate_at(o, 1), 0.25, 1e-9);
  EXPECT_NEAR(rate_at(o, 50), 0.5, 1e-9);
}

// The same mean of the same losses, in parts.
TEST(Optimizers, AccumulationAveragesItsParts) {
  const auto program_of = [](std::uint64_t parts) {
    TaskBuilder task;
    graph::Builder& b = task.step();
    const graph::Value x = b.data("x", {DType::kF32, {6}});
    const graph::Value w = task.parameter("w", {}, Initial::constant(0));
    const auto loss_of = [&](std::uint64_t part) {
      const graph::Value own = b.slice(x, 0, part * (6 / parts), 6 / parts);
      const graph::Value miss = b.sub(w, own);
      return b.mean(b.mul(miss, miss));
    };
    return task
        .minimize(parts, loss_of,
                  {.kind = OptimizerKind::kSgd, .learning_rate = 0.25F, .momentum = 0})
        .value()
        .step;
  };
  const NamedDoubles data{{"x", {1, 2, 4, 8, 16, 32}}};
  for (const std::uint64_t parts : {1u, 2u, 3u, 6u}) {
    const NamedDoubles next =
        DoubleInterpreter(program_of(parts), {{"metric/loss", {0}}, {"model/w", {3}}}, data).run();
    EXPECT_NEAR(next.at("model/w")[0], 3 - 0.25 * 2 * (3 - 10.5), 1e-6) << parts;
    EXPECT_NEAR(next.at("metric/loss")[0], (4 + 1 + 1 + 25 + 169 + 841) / 6.0, 1e-4) << parts;
  }
}

// INV-MOD-004: the moments of a hundred thousand draws.
TEST(Initial, NormalsAreNormal) {
  TaskBuilder task;
  graph::Builder& b = task.step();
  const graph::Value w = task.parameter("w", {1 << 16}, Initial::normal(2.0F));
  const ProgramPair pair = *task.minimize(b.mean(w), {});
  const NamedDoubles state = DoubleInterpreter(pair.init, {}, {}).run(0, 5);
  double sum = 0, squares = 0, fourths = 0, most = 0;
  for (const double x : state.at("model/w")) {
    sum += x, squares += x * x, fourths += x * x * x * x;
    most = std::max(most, std::fabs(x));
    ASSERT_TRUE(std::isfinite(x));
  }
  const double n = 1 << 16;
  EXPECT_NEAR(sum / n, 0, 0.04);
  EXPECT_NEAR(squares / n, 4, 0.12);
  EXPECT_NEAR(fourths / n, 48, 4);  // three times the variance's square
  EXPECT_LT(most, 2 * 5.8);         // sqrt(48 log 2): 24 bits are all there are
  EXPECT_GT(most, 2 * 3.5);
}

}  // namespace
}  // namespace assay::models
