// Writes a training task's two programs side by side: parameters are declared once and appear in
// the init program (drawn from the seed) and in the step program (read, differentiated, updated).
// For the ready-made models see models/model.hpp; this is what they are made with
// (docs/spec/models.md).
//
// Errors stick, as in graph::Builder. Not thread-safe.
#pragma once

#include "assay/graph/gradients.hpp"

namespace assay::models {

enum class OptimizerKind : std::uint8_t { kSgd = 1, kAdam = 2 };

// Finite and positive, but momentum in [0, 1) and betas in (0, 1).
struct OptimizerOptions {
  OptimizerKind kind = OptimizerKind::kAdam;
  float learning_rate = 0.001F;
  // The rate falls linearly, learning_rate * max(1 - t / decay_steps, 1/100); 0: it stays.
  std::uint64_t decay_steps = 0;
  float momentum = 0.9F;  // kSgd; 0: plain SGD, without a slot for it
  float beta1 = 0.9F;     // kAdam, here and below
  float beta2 = 0.999F;
  float epsilon = 1e-8F;
  friend bool operator==(const OptimizerOptions&, const OptimizerOptions&) = default;
};
// Errors: kInvalidArgument, with the option's name.
[[nodiscard]] Status validate(const OptimizerOptions& options);

struct ProgramPair {
  graph::Program init;
  graph::Program step;
};

class TaskBuilder {
 public:
  // Of the step program, for everything but parameters.
  [[nodiscard]] graph::Builder& step() { return m_step; }

  // Slot "model/<name>". Kaiming-uniform: uniform in [-sqrt(6 / fan_in), sqrt(6 / fan_in)); zeros
  // if fan_in is 0. Every parameter draws from a purpose of its own.
  graph::Value parameter(std::string_view name, const Shape& shape, std::uint64_t fan_in);

  // u32 [batch]: which of `examples` step t reads: a shuffle drawn anew each epoch.
  graph::Value batch_index(std::uint64_t batch, std::uint64_t examples);

  // A slot of the optimiser's or the model's own, with one value in all elements at the start.
  graph::Value state(std::string_view name, const Shape& shape, float initial);

  // Binds every parameter to its update against `loss`, slot "metric/loss" to `loss`, and ends both
  // programs.
  [[nodiscard]] Result<ProgramPair> minimize(graph::Value loss, const OptimizerOptions& options);

 private:
  struct Parameter {
    std::string name;
    graph::Value value;
  };

  graph::Value minus_rate(const OptimizerOptions& o);
  void sgd(const OptimizerOptions& o, const std::vector<graph::Value>& gradients);
  void adam(const OptimizerOptions& o, const std::vector<graph::Value>& gradients);

  graph::Builder m_init;
  graph::Builder m_step;
  std::vector<Parameter> m_parameters;
};

}  // namespace assay::models
