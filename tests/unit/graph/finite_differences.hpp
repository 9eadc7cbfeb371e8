// Holds gradients against central differences in double precision, each input by itself.
#pragma once

#include <gtest/gtest.h>

#include <random>

#include "assay/graph/gradients.hpp"
#include "assay/graph/validator.hpp"
#include "unit/graph/double_interpreter.hpp"

namespace assay::graph::testing {

inline Doubles noise(std::uint64_t count, unsigned seed, double low = -1, double high = 1) {
  std::mt19937 random(seed);
  Doubles values(count);
  for (double& v : values) v = low + (high - low) * double(random()) / 4294967296.0;
  return values;
}

inline std::string numbered(std::string name, std::size_t i) {
  return name.append(std::to_string(i));
}

// A loss that every element of y moves otherwise.
inline Value probed(Builder& b, Value y) {
  return b.mean(b.mul(y, b.data("probe", {DType::kF32, b.type(y).shape})));
}

// `loss` of the slots `w0`, `w1`...
using Model = std::function<Value(Builder&, const std::vector<Value>&)>;

struct Inputs {
  NamedDoubles data = {};  // noise where a declaration is missing
  double low = -1;         // of the slots
  double high = 1;
  std::uint64_t elements = 12;  // of each slot that are moved, about
};

// Values of the slots `w0`... and of declared data, as `check` and `forward` choose them.
inline NamedDoubles slots_of(const std::vector<Shape>& shapes, const Inputs& inputs) {
  NamedDoubles state;
  for (std::size_t i = 0; i < shapes.size(); ++i) {
    state[numbered("w", i)] =
        noise(shapes[i].elements(), static_cast<unsigned>(i) + 1, inputs.low, inputs.high);
  }
  return state;
}
inline void fill_data(const Program& program, NamedDoubles& data) {
  unsigned seed = 100;
  for (const DataDecl& decl : program.data) {
    data.try_emplace(decl.name, noise(decl.type.shape.elements(), ++seed));
  }
}

// The value of `model` at those inputs.
inline Doubles forward(const std::vector<Shape>& shapes, const Model& model, Inputs inputs = {},
                       std::uint64_t t = 0) {
  Builder b;
  std::vector<Value> weights;
  for (std::size_t i = 0; i < shapes.size(); ++i) {
    weights.push_back(b.state(numbered("w", i), {DType::kF32, shapes[i]}));
  }
  b.bind("y", model(b, weights));
  const Result<Program> program = b.finish();
  EXPECT_TRUE(program) << program.error().message;
  if (!program) return {};
  fill_data(*program, inputs.data);
  return DoubleInterpreter(*program, slots_of(shapes, inputs), inputs.data).run(t).at("y");
}

// The gradient slots "grad/..." against differences.
inline void check(const std::vector<Shape>& shapes, const Model& model, Inputs inputs = {}) {
  Builder b;
  std::vector<Value> weights;
  for (std::size_t i = 0; i < shapes.size(); ++i) {
    weights.push_back(b.state(numbered("w", i), {DType::kF32, shapes[i]}));
  }
  const Value loss = model(b, weights);
  const std::vector<Value> grads = gradients(b, loss, weights);
  b.bind("loss", loss);
  for (std::size_t i = 0; i < grads.size(); ++i) b.bind(numbered("grad/", i), grads[i]);
  Result<Program> program = b.finish();
  ASSERT_TRUE(program) << program.error().message;
  const Validation valid = validate_alone(*program);
  ASSERT_EQ(valid.verdict, ProgramVerdict::kValid) << valid.words;

  fill_data(*program, inputs.data);
  const NamedDoubles state = slots_of(shapes, inputs);
  const NamedDoubles exact = DoubleInterpreter(*program, state, inputs.data).run();
  const auto loss_at = [&](const std::string& name, std::uint64_t e, double moved) {
    NamedDoubles there = state;
    there[name][e] += moved;
    return DoubleInterpreter(*program, there, inputs.data).run().at("loss")[0];
  };
  const double h = 1e-6;
  for (std::size_t i = 0; i < shapes.size(); ++i) {
    const std::string name = numbered("w", i);
    const Doubles& gradient = exact.at(numbered("grad/", i));
    ASSERT_EQ(gradient.size(), shapes[i].elements());
    const std::uint64_t stride = std::max<std::uint64_t>(1, gradient.size() / inputs.elements);
    for (std::uint64_t e = 0; e < gradient.size(); e += stride) {
      const double slope = (loss_at(name, e, h) - loss_at(name, e, -h)) / (2 * h);
      EXPECT_NEAR(gradient[e], slope, 1e-6 + 1e-5 * std::abs(slope)) << name << " " << e;
    }
  }
}

}  // namespace assay::graph::testing
