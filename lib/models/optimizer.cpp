#include "assay/models/optimizer.hpp"

#include <cmath>

namespace assay::models {

namespace {

bool is_positive(float v) { return std::isfinite(v) && v > 0; }
bool is_not_negative(float v) { return std::isfinite(v) && v >= 0; }

}  // namespace

const char* name_of(OptimizerKind kind) noexcept {
  switch (kind) {
    case OptimizerKind::kSgd: return "sgd";
    case OptimizerKind::kAdam: return "adam";
    case OptimizerKind::kAdamW: return "adamw";
  }
  return "?";
}

const char* name_of(Schedule schedule) noexcept {
  switch (schedule) {
    case Schedule::kConstant: return "constant";
    case Schedule::kLinear: return "linear";
    case Schedule::kCosine: return "cosine";
  }
  return "?";
}

Result<OptimizerKind> optimizer_from(std::string_view name) {
  for (const auto kind : {OptimizerKind::kSgd, OptimizerKind::kAdam, OptimizerKind::kAdamW}) {
    if (name == name_of(kind)) return kind;
  }
  return {ErrorCode::kInvalidArgument, "the optimizer must be sgd, adam or adamw"};
}

Result<Schedule> schedule_from(std::string_view name) {
  for (const auto schedule : {Schedule::kConstant, Schedule::kLinear, Schedule::kCosine}) {
    if (name == name_of(schedule)) return schedule;
  }
  return {ErrorCode::kInvalidArgument, "the schedule must be constant, linear or cosine"};
}

Status validate(const OptimizerOptions& o) {
  const auto refuse = [](const char* what) { return Error{ErrorCode::kInvalidArgument, what}; };
  if (std::string_view(name_of(o.kind)) == "?")
    return refuse("the optimizer must be sgd, adam or adamw");
  if (std::string_view(name_of(o.schedule)) == "?")
    return refuse("the schedule must be constant, linear or cosine");
  if (!is_positive(o.learning_rate)) return refuse("learning_rate must be a positive number");
  if (o.schedule == Schedule::kConstant && o.decay_steps != 0)
    return refuse("decay_steps must be 0 with the constant schedule");
  if (o.schedule != Schedule::kConstant && o.decay_steps <= o.warmup_steps)
    return refuse("decay_steps must be greater than warmup_steps");
  if (!(o.final_share >= 0 && o.final_share <= 1)) return refuse("final_share must be 0 to 1");
  if (!is_not_negative(o.clip_norm)) return refuse("clip_norm must be 0 (none) or positive");
  if (!(o.momentum >= 0 && o.momentum < 1))
    return refuse("momentum must be at least 0 and below 1");
  if (o.nesterov && o.momentum == 0) return refuse("nesterov needs a momentum above 0");
  if (!(o.beta1 > 0 && o.beta1 < 1)) return refuse("beta1 must be between 0 and 1");
  if (!(o.beta2 > 0 && o.beta2 < 1)) return refuse("beta2 must be between 0 and 1");
  if (!is_positive(o.epsilon)) return refuse("epsilon must be a positive number");
  if (!is_not_negative(o.weight_decay)) return refuse("weight_decay must be at least 0");
  return {};
}

}  // namespace assay::models
