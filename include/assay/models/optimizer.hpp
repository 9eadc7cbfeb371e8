// Optimisers and learning-rate schedules by name and number (docs/spec/models.md has their
// formulas). Plain data; TaskBuilder::minimize() makes nodes of it.
#pragma once

#include <string_view>

#include "assay/core/result.hpp"

namespace assay::models {

enum class OptimizerKind : std::uint8_t { kSgd = 1, kAdam = 2, kAdamW = 3 };
enum class Schedule : std::uint8_t { kConstant = 1, kLinear = 2, kCosine = 3 };

[[nodiscard]] const char* name_of(OptimizerKind kind) noexcept;  // "sgd", "adam", "adamw"
[[nodiscard]] const char* name_of(Schedule schedule) noexcept;   // "constant", "linear", "cosine"
[[nodiscard]] Result<OptimizerKind> optimizer_from(std::string_view name);
[[nodiscard]] Result<Schedule> schedule_from(std::string_view name);

struct OptimizerOptions {
  OptimizerKind kind = OptimizerKind::kAdam;
  float learning_rate = 0.001F;
  // The rate rises linearly over the first `warmup_steps` and falls from there to `final_share` of
  // itself at step `decay_steps`, as the schedule says.
  Schedule schedule = Schedule::kConstant;
  std::uint64_t warmup_steps = 0;
  std::uint64_t decay_steps = 0;  // 0 with kConstant, else above warmup_steps
  float final_share = 0.01F;      // in [0, 1]
  // Gradients whose joint norm is greater are scaled down to it; 0: they stay as they are.
  float clip_norm = 0;
  float momentum = 0.9F;  // kSgd, in [0, 1); 0: without a slot for it
  bool nesterov = false;  // kSgd: looks ahead by one more momentum
  float beta1 = 0.9F;     // kAdam and kAdamW, in (0, 1)
  float beta2 = 0.999F;
  float epsilon = 1e-8F;
  float weight_decay = 0.01F;  // kAdamW, at least 0: of parameters of two dimensions or more
  friend bool operator==(const OptimizerOptions&, const OptimizerOptions&) = default;
};
// Errors: kInvalidArgument, naming the option and what it may be.
[[nodiscard]] Status validate(const OptimizerOptions& options);

}  // namespace assay::models
