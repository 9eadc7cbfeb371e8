#include "assay/models/task_builder.hpp"

#include <cmath>

#include "assay/graph/compositions.hpp"

namespace assay::models {

namespace {

using graph::Builder;
using graph::Value;

// Purposes of random streams: never two of a kind (INV-MOD-003).
constexpr std::uint64_t kBatchPurpose = 1;
constexpr std::uint64_t kFirstParameterPurpose = 256;
constexpr std::uint64_t kSecondDraw = std::uint64_t{1} << 32;  // added for a normal's second draw
constexpr std::uint64_t kFirstStepPurpose = std::uint64_t{2} << 32;

constexpr float kTwoPi = 6.28318530717958647692F;

std::string joined(std::string_view a, std::string_view b, std::string_view c = {}) {
  std::string text(a);
  text.append(b).append(c);
  return text;
}

}  // namespace

Value TaskBuilder::initial_value(const Shape& shape, const Initial& initial, std::uint64_t number) {
  Builder& b = m_init;
  if (initial.kind == Initial::Kind::kConstant) return b.constant(initial.value, shape);
  const Value seed = b.seed();
  const Value t = b.step_index();
  const std::uint64_t purpose = kFirstParameterPurpose + number;
  if (initial.kind == Initial::Kind::kKaiming) {
    // The square root of IEEE doubles is correctly rounded: the same bound everywhere.
    const auto bound = static_cast<float>(std::sqrt(6.0 / static_cast<double>(initial.fan_in)));
    const Value width = b.constant(2 * bound);
    const Value low = b.constant(-bound);
    return b.fma(b.random_uniform(shape, seed, t, purpose), width, low);
  }
  // sqrt(-2 log(1 - u)) cos(2 pi v): 1 - u is exact and at least 2^-24, so the log is finite.
  const Value one = b.constant(1.0F);
  const Value first = b.sub(one, b.random_uniform(shape, seed, t, purpose));
  const Value minus_two = b.constant(-2.0F);
  const Value radius = b.sqrt(b.mul(b.log(first), minus_two));
  const Value second = b.random_uniform(shape, seed, t, purpose + kSecondDraw);
  const Value angle = b.mul(second, b.constant(kTwoPi));
  const Value normal = b.mul(radius, b.cos(angle));
  return b.mul(normal, b.constant(initial.value));
}

Value TaskBuilder::parameter(std::string_view name, const Shape& shape, const Initial& initial) {
  if (const auto at = m_known.find(name); at != m_known.end()) return at->second;
  const std::string slot = joined("model/", name);
  const Builder::Scope scope(m_init, joined("init ", slot));
  m_init.bind(slot, initial_value(shape, initial, m_parameters.size()));
  const Value value = m_step.state(slot, {DType::kF32, shape});
  m_parameters.push_back({std::string(name), value});
  m_known.emplace(name, value);
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

Value TaskBuilder::running(std::string_view name, const Shape& shape, float initial) {
  const auto at = m_running.find(name);
  if (at != m_running.end()) return at->second;
  return m_running.emplace(name, state(name, shape, initial)).first->second;
}

void TaskBuilder::set_running(std::string_view name, Value value) {
  const auto at = m_running.find(name);
  ASSAY_EXPECTS(at != m_running.end());
  at->second = value;
}

void TaskBuilder::constant_from_data(std::string_view slot, std::string_view data,
                                     const TensorType& type) {
  m_init.bind(slot, m_init.data(data, type));
  m_init_reads_data = true;
  m_step.data(data, type);
  m_step.state(slot, type);
}

std::uint64_t TaskBuilder::next_purpose() { return kFirstStepPurpose + m_streams++; }

// Minus the learning rate of step t, a scalar.
Value TaskBuilder::minus_rate(const OptimizerOptions& o) {
  Builder& b = m_step;
  const Value full = b.constant(-o.learning_rate);
  if (o.schedule == Schedule::kConstant && o.warmup_steps == 0) return full;
  const Builder::Scope scope(b, "schedule");
  const Value t = b.cast(b.step_index(), DType::kF32);
  const Value one = b.constant(1.0F);
  Value rate = full;
  if (o.schedule != Schedule::kConstant) {
    const Value start = b.constant(static_cast<float>(o.warmup_steps));
    const Value since = o.warmup_steps == 0 ? t : b.max(b.sub(t, start), b.constant(0.0F));
    const Value length = b.constant(static_cast<float>(o.decay_steps - o.warmup_steps));
    const Value done = b.div(since, length);
    const Value least = b.constant(o.final_share);
    Value left;
    if (o.schedule == Schedule::kLinear) {
      left = b.max(b.sub(one, done), least);
    } else {
      const Value angle = b.mul(b.min(done, one), b.constant(kTwoPi / 2));
      const Value wave = b.add(b.cos(angle), one);
      left = b.fma(wave, b.constant((1.0F - o.final_share) / 2), least);
    }
    rate = b.mul(left, full);
  }
  if (o.warmup_steps == 0) return rate;
  const Value steps = b.constant(static_cast<float>(o.warmup_steps));
  const Value risen = b.min(b.div(b.add(t, one), steps), one);
  return b.mul(rate, risen);
}

void TaskBuilder::sgd(const OptimizerOptions& o, const std::vector<Value>& gradients) {
  Builder& b = m_step;
  const Value rate = minus_rate(o);
  const Value momentum = b.constant(o.momentum);
  for (std::size_t i = 0; i < m_parameters.size(); ++i) {
    const Parameter& p = m_parameters[i];
    const Builder::Scope scope(b, joined("sgd ", p.name));
    Value direction = gradients[i];
    if (o.momentum > 0) {
      const std::string slot = joined("optim/", p.name, "/momentum");
      const Value before = state(slot, b.type(p.value).shape, 0.0F);
      const Value velocity = b.fma(momentum, before, direction);
      b.bind(slot, velocity);
      direction = o.nesterov ? b.fma(momentum, velocity, direction) : velocity;
    }
    b.bind(joined("model/", p.name), b.fma(rate, direction, p.value));
  }
}

// Kingma and Ba, Adam (ICLR 2015), algorithm 1; the powers of the betas are running products. The
// decoupled weight decay is Loshchilov and Hutter's (ICLR 2019), of matrices alone.
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
  const Value uncorrected = minus_rate(o);
  const Value rate = b.mul(correct1, uncorrected);
  const bool decays = o.kind == OptimizerKind::kAdamW && o.weight_decay > 0;
  const Value kept = decays ? b.fma(uncorrected, b.constant(o.weight_decay), one) : one;
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
    const Value from = decays && shape.rank >= 2 ? b.mul(p.value, kept) : p.value;
    b.bind(joined("model/", p.name), b.fma(rate, b.div(m, scale), from));
  }
}

std::vector<Value> TaskBuilder::gradients_of(Value loss) {
  std::vector<Value> wrt;
  for (const Parameter& p : m_parameters) wrt.push_back(p.value);
  return graph::gradients(m_step, loss, wrt);
}

void TaskBuilder::update(const OptimizerOptions& o, std::vector<Value> gradients) {
  if (o.clip_norm > 0) {
    const Builder::Scope scope(m_step, "clip");
    gradients = graph::clip_by_global_norm(m_step, gradients, o.clip_norm).gradients;
  }
  o.kind == OptimizerKind::kSgd ? sgd(o, gradients) : adam(o, gradients);
  for (const auto& [slot, value] : m_running) m_step.bind(slot, value);
}

Result<ProgramPair> TaskBuilder::minimize(Value loss, const OptimizerOptions& options) {
  return minimize(
      1, [&](std::uint64_t) { return loss; }, options);
}

Result<ProgramPair> TaskBuilder::minimize(std::uint64_t parts, const LossOfPart& loss_of,
                                          const OptimizerOptions& options) {
  ASSAY_TRY_STATUS(validate(options));
  ASSAY_EXPECTS(parts > 0);
  Builder& b = m_step;
  Value loss = b.reshape(loss_of(0), {});
  std::vector<Value> gradients = gradients_of(loss);
  for (std::uint64_t part = 1; part < parts && b.ok(); ++part) {
    const Value one = b.reshape(loss_of(part), {});
    const std::vector<Value> more = gradients_of(one);
    const Builder::Scope scope(b, "accumulate");
    loss = b.add(loss, one);
    for (std::size_t i = 0; i < gradients.size(); ++i) gradients[i] = b.add(gradients[i], more[i]);
  }
  if (parts > 1) {
    const Builder::Scope scope(b, "accumulate");
    const Value share = b.constant(1.0F / static_cast<float>(parts));
    loss = b.mul(loss, share);
    for (Value& gradient : gradients) gradient = b.mul(gradient, share);
  }
  if (b.ok()) {
    update(options, std::move(gradients));
    m_init.bind("metric/loss", m_init.constant(0.0F));
    b.bind("metric/loss", loss);
  }
  ASSAY_TRY(graph::Program step, b.finish());
  // An init program declares none of the data or all of it.
  if (m_init_reads_data) {
    for (const graph::DataDecl& data : step.data) m_init.data(data.name, data.type);
  }
  ASSAY_TRY(graph::Program init, m_init.finish());
  return ProgramPair{std::move(init), std::move(step)};
}

}  // namespace assay::models
