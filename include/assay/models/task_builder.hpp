// Writes a training task's two programs side by side: parameters are declared once and appear in
// the init program (drawn from the seed) and in the step program (read, differentiated, updated).
// For the ready-made models see models/model.hpp; this is what they are made with
// (docs/spec/models.md).
//
//   TaskBuilder task;
//   graph::Builder& b = task.step();
//   const Value x = b.gather_rows(b.data("train/x", {DType::kF32, {1000, 8}}),
//                                 task.batch_index(32, 1000));
//   const Value w = task.parameter("w", {8, 1}, Initial::kaiming(8));
//   Result<ProgramPair> programs = task.minimize(b.mean(b.matmul(x, w)), {});
//
// Errors stick, as in graph::Builder. Not thread-safe.
#pragma once

#include <functional>

#include "assay/graph/gradients.hpp"
#include "assay/models/optimizer.hpp"

namespace assay::models {

// What a parameter is before the first step.
struct Initial {
  enum class Kind : std::uint8_t { kConstant, kKaiming, kNormal };

  // One value in every element.
  [[nodiscard]] static constexpr Initial constant(float value) { return {Kind::kConstant, value}; }
  // Uniform in [-sqrt(6 / fan_in), sqrt(6 / fan_in)) (He et al., ICCV 2015); fan_in at least 1.
  [[nodiscard]] static constexpr Initial kaiming(std::uint64_t fan_in) {
    return {Kind::kKaiming, 0.0F, fan_in};
  }
  // Normal with mean 0, by Box and Muller.
  [[nodiscard]] static constexpr Initial normal(float deviation) {
    return {Kind::kNormal, deviation};
  }

  Kind kind = Kind::kConstant;
  float value = 0.0F;
  std::uint64_t fan_in = 1;
};

struct ProgramPair {
  graph::Program init;
  graph::Program step;
};

class TaskBuilder {
 public:
  // Of the step program, for everything but parameters.
  [[nodiscard]] graph::Builder& step() { return m_step; }

  // Slot "model/<name>". Every parameter draws from purposes of its own. Named again, it is the
  // same value, whatever shape and initial are.
  graph::Value parameter(std::string_view name, const Shape& shape, const Initial& initial);

  // u32 [batch]: which of `examples` step t reads: a shuffle drawn anew each epoch.
  graph::Value batch_index(std::uint64_t batch, std::uint64_t examples);

  // A slot of the optimiser's or the model's own, with one value in all elements at the start.
  graph::Value state(std::string_view name, const Shape& shape, float initial);

  // A slot whose value moves on within the step, from one micro-batch to the next: what
  // set_running() put last, or the value before the step.
  graph::Value running(std::string_view name, const Shape& shape, float initial);
  void set_running(std::string_view name, graph::Value value);

  // A slot that never changes, copied from data of the same type when the task begins.
  void constant_from_data(std::string_view slot, std::string_view data, const TensorType& type);

  // Of a random stream of the step: each call gives another one.
  [[nodiscard]] std::uint64_t next_purpose();

  // Binds every parameter to its update against `loss`, slot "metric/loss" to `loss`, and ends both
  // programs.
  [[nodiscard]] Result<ProgramPair> minimize(graph::Value loss, const OptimizerOptions& options);
  // The same of the mean of `parts` losses (micro-batches, each f32 of one element), made one after
  // the other together with their gradients, which are added in that order.
  using LossOfPart = std::function<graph::Value(std::uint64_t part)>;
  [[nodiscard]] Result<ProgramPair> minimize(std::uint64_t parts, const LossOfPart& loss_of,
                                             const OptimizerOptions& options);

 private:
  struct Parameter {
    std::string name;
    graph::Value value;
  };

  graph::Value initial_value(const Shape& shape, const Initial& initial, std::uint64_t number);
  graph::Value minus_rate(const OptimizerOptions& o);
  std::vector<graph::Value> gradients_of(graph::Value loss);
  void update(const OptimizerOptions& o, std::vector<graph::Value> gradients);
  void sgd(const OptimizerOptions& o, const std::vector<graph::Value>& gradients);
  void adam(const OptimizerOptions& o, const std::vector<graph::Value>& gradients);

  graph::Builder m_init;
  graph::Builder m_step;
  std::vector<Parameter> m_parameters;
  std::map<std::string, graph::Value, std::less<>> m_known;    // parameters, by name
  std::map<std::string, graph::Value, std::less<>> m_running;  // by slot
  bool m_init_reads_data = false;
  std::uint64_t m_streams = 0;
};

}  // namespace assay::models
