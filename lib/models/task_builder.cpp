#include "assay/models/task_builder.hpp"

#include <cmath>

namespace assay::models {

namespace {

using graph::Builder;
using graph::Value;

// Purposes of random streams: never two of a kind (docs/spec/models.md).
constexpr std::uint64_t kBatchPurpose = 1;
constexpr std::uint64_t kFirstParameterPurpose = 256;

constexpr float kLeastRate = 0.01F;  // of the learning rate, however late the step

bool is_positive(float v) { return std::isfinite(v) && v > 0; }

std::string joined(std::string_view a, std::string_view b, std::string_view c = {}) {
  std::string text(a);
  text.append(b).append(c);
  return text;
}

}  // namespace

Status validate(const OptimizerOptions& o) {
  const auto refuse = [](const char* what) { return Error{ErrorCode::kInvalidArgument, what}; };
  if (o.kind != OptimizerKind::kSgd && o.kind != OptimizerKind::kAdam) {
    return refuse("the optimizer is neither sgd nor adam");
  }
  if (!is_positive(o.learning_rate)) return refuse("learning_rate must be a positive number");
  if (!(o.momentum >= 0 && o.momentum < 1))
    return refuse("momentum must be at least 0 and below 1");
  if (!(o.beta1 > 0 && o.beta1 < 1)) return refuse("beta1 must be between 0 and 1");
  if (!(o.beta2 > 0 && o.beta2 < 1)) return refuse("beta2 must be between 0 and 1");
  if (!is_positive(o.epsilon)) return refuse("epsilon must be a positive number");
  return {};
}

Value TaskBuilder::parameter(std::string_view name, const Shape& shape, std::uint64_t fan_in) {
  const std::string slot = joined("model/", name);
  const Builder::Scope scope(m_init, joined("init ", slot));
  if (fan_in == 0) {
    m_init.bind(slot, m_init.constant(0.0F, shape));
  } else {
    // The square root of IEEE doubles is correctly rounded: the same bound everywhere.
    const auto bound = static_cast<float>(std::sqrt(6.0 / static_cast<double>(fan_in)));
    const Value seed = m_init.seed();
    const Value t = m_init.step_index();
    const Value width = m_init.constant(2 * bound);
    const Value low = m_init.constant(-bound);
    const Value uniform =
        m_init.random_uniform(shape, seed, t, kFirstParameterPurpose + m_parameters.size());
    m_init.bind(slot, m_init.fma(uniform, width, low));
  }
  const Value value = m_step.state(slot, {DType::kF32, shape});
  m_parameters.push_back({std::string(name), value});
  return value;
}

Value TaskBuilder::batch_index(std::uint64_t batch, std::uint64_t examples) {
  const Builder::Scope scope(m_step, "batch");
  const Value seed = m_step.seed();
  const Value t = m_step.step_index();
  return m_step.shuffle_index(batch, examples, seed, t, kBatchPurpose);
}

Value TaskBuilder::state(std::string_view name, const Shape& shape, float initial) {
  m_init.bind(name, m_init.constant(initial, shape));
  return m_step.state(name, {DType::kF32, shape});
}

// Minus the learning rate of step t, a scalar.
Value TaskBuilder::minus_rate(const OptimizerOptions& o) {
  Builder& b = m_step;
  if (o.decay_steps == 0) return b.constant(-o.learning_rate);
  const Builder::Scope scope(b, "schedule");
  const Value t = b.cast(b.step_index(), DType::kF32);
  const Value done = b.div(t, b.constant(static_cast<float>(o.decay_steps)));
  const Value least = b.constant(kLeastRate);
  const Value left = b.max(b.sub(b.constant(1.0F), done), least);
  return b.mul(left, b.constant(-o.learning_rate));
}

void TaskBuilder::sgd(const OptimizerOptions& o, const std::vector<Value>& gradients) {
  const Value rate = minus_rate(o);
  for (std::size_t i = 0; i < m_parameters.size(); ++i) {
    const Parameter& p = m_parameters[i];
    const Builder::Scope scope(m_step, joined("sgd ", p.name));
    Value direction = gradients[i];
    if (o.momentum > 0) {
      const std::string slot = joined("optim/", p.name, "/momentum");
      const Value before = state(slot, m_step.type(p.value).shape, 0.0F);
      direction = m_step.fma(m_step.constant(o.momentum), before, direction);
      m_step.bind(slot, direction);
    }
    m_step.bind(joined("model/", p.name), m_step.fma(rate, direction, p.value));
  }
}

// Kingma and Ba, Adam (ICLR 2015), algorithm 1; the powers of the betas are running products.
void TaskBuilder::adam(const OptimizerOptions& o, const std::vector<Value>& gradients) {
  Builder& b = m_step;
  const Value one = b.constant(1.0F);
  const auto correction = [&](const char* slot, float beta) {
    const Builder::Scope scope(b, "adam");
    const Value before = state(slot, {}, 1.0F);
    const Value power = b.mul(before, b.constant(beta));
    b.bind(slot, power);
    return b.div(one, b.sub(one, power));  // 1 / (1 - beta^(t+1))
  };
  const Value correct1 = correction("optim/beta1_power", o.beta1);
  const Value correct2 = correction("optim/beta2_power", o.beta2);
  const Value rate = b.mul(correct1, minus_rate(o));
  const Value beta1 = b.constant(o.beta1);
  const Value beta2 = b.constant(o.beta2);
  const Value rest1 = b.constant(1.0F - o.beta1);
  const Value rest2 = b.constant(1.0F - o.beta2);
  const Value epsilon = b.constant(o.epsilon);
  for (std::size_t i = 0; i < m_parameters.size(); ++i) {
    const Parameter& p = m_parameters[i];
    const Value g = gradients[i];
    const Shape shape = b.type(p.value).shape;
    const Builder::Scope scope(b, joined("adam ", p.name));
    const std::string slot1 = joined("optim/", p.name, "/moment1");
    const std::string slot2 = joined("optim/", p.name, "/moment2");
    const Value m_before = state(slot1, shape, 0.0F);
    const Value v_before = state(slot2, shape, 0.0F);
    const Value m = b.fma(beta1, m_before, b.mul(rest1, g));
    const Value v = b.fma(beta2, v_before, b.mul(rest2, b.mul(g, g)));
    const Value scale = b.add(b.sqrt(b.mul(v, correct2)), epsilon);
    b.bind(slot1, m);
    b.bind(slot2, v);
    b.bind(joined("model/", p.name), b.fma(rate, b.div(m, scale), p.value));
  }
}

Result<ProgramPair> TaskBuilder::minimize(Value loss, const OptimizerOptions& options) {
  ASSAY_TRY_STATUS(validate(options));
  std::vector<Value> wrt;
  for (const Parameter& p : m_parameters) wrt.push_back(p.value);
  const std::vector<Value> gradients = graph::gradients(m_step, loss, wrt);
  if (m_step.ok()) {
    options.kind == OptimizerKind::kSgd ? sgd(options, gradients) : adam(options, gradients);
    m_init.bind("metric/loss", m_init.constant(0.0F));
    m_step.bind("metric/loss", m_step.reshape(loss, {}));
  }
  ASSAY_TRY(graph::Program init, m_init.finish());
  ASSAY_TRY(graph::Program step, m_step.finish());
  return ProgramPair{std::move(init), std::move(step)};
}

}  // namespace assay::models
