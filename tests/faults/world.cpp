#include "faults/world.hpp"

#include <algorithm>

#include "assay/training/run.hpp"
#include "support/small_models.hpp"

namespace assay::faults {

World::World(std::string name, training::Task task, numerics::Isa teller)
    : m_name(std::move(name)), m_teller(teller), m_task(std::move(task)) {
  m_honest = training::ProgramExecution::create(m_task, m_pool).value();
  auto run =
      training::TrainingRun::open(m_task, *m_honest, m_pool, {.halt_at_non_finite_loss = false})
          .value();
  m_states.push_back(run->state());
  while (!run->finished()) {
    const Status advanced = run->advance(1);
    ASSAY_ENSURES(static_cast<bool>(advanced));
    m_states.push_back(run->state());
  }
  m_transcript = run->transcript();
}

const cheats::Run& World::truth(bool in_init, std::uint64_t step) {
  const std::pair place{in_init, in_init ? 0 : step};
  if (const auto known = m_truths.find(place); known != m_truths.end()) return known->second;
  cheats::Run run =
      cheats::interpret(program(in_init), m_task.data, m_teller, m_pool, place.second,
                        m_task.header.seed, in_init ? NamedTensors{} : m_states[step]);
  ASSAY_ENSURES(run.after == m_states[in_init ? 0 : step + 1]);
  return m_truths.emplace(place, std::move(run)).first->second;
}

dispute::GameTerms World::terms(std::uint64_t entry, const Hash256& claimed) const {
  dispute::GameTerms terms;
  terms.task = m_task.header;
  terms.entry = entry;
  if (entry > 0) terms.start_root = m_transcript[entry - 1];
  terms.end_root = claimed;
  return terms;
}

const dispute::GameBounds& World::bounds(std::uint64_t entry) {
  const commit::TaskHeader& header = m_task.header;
  const std::uint64_t steps =
      entry == 0 ? 0
                 : commit::step_of_entry(header, entry) - commit::step_of_entry(header, entry - 1);
  if (const auto known = m_bounds.find(steps); known != m_bounds.end()) return known->second;
  const auto bounds =
      dispute::bounds_of(m_task.program_of(entry), std::max<std::uint64_t>(steps, 1));
  return m_bounds.emplace(steps, bounds).first->second;
}

training::ProgramExecution& World::honest_elsewhere() {
  if (!m_elsewhere) {
    constexpr std::size_t kKept = 4'096;
    training::ExecutionOptions options;
    options.isa = numerics::Isa::kScalar;
    options.fuse = false;
    options.trace_bytes = kKept;
    m_elsewhere = training::ProgramExecution::create(m_task, m_pool, options).value();
  }
  return *m_elsewhere;
}

std::shared_ptr<player::Interval> World::interval(training::Execution& execution,
                                                  std::uint64_t entry, bool sparing) {
  player::IntervalOptions options;
  options.states = [this, entry](std::uint64_t) -> Result<std::optional<training::KnownState>> {
    if (entry == 0) return std::optional<training::KnownState>{};
    const std::uint64_t start = commit::step_of_entry(m_task.header, entry - 1);
    return std::optional<training::KnownState>{{start, m_states[start]}};
  };
  if (sparing) options.state_cache_bytes = options.output_cache_bytes = 0;
  return std::make_shared<player::Interval>(m_task, execution, entry, m_pool, std::move(options));
}

namespace {

std::unique_ptr<World> trained(const test::SmallModel& model, std::uint64_t steps,
                               std::uint64_t interval) {
  auto programs = models::build(model.description).value();
  SerialTaskPool pool;
  return std::make_unique<World>(
      model.name,
      training::make_task({.seed = 77,
                           .steps = steps,
                           .commit_interval = interval,
                           .checkpoint_interval = interval},
                          programs.init, programs.step, test::data_for(model.description), pool)
          .value());
}

struct Run {
  test::SmallModel model;
  std::uint64_t steps, interval;
};

// Intervals of one offer of states and of two, of a single step, and one cut short by the end. The
// last three models have tensors of many chunks and folds of more than one offer.
std::vector<Run> runs() {
  constexpr std::uint64_t kSteps[] = {60, 24, 14, 34, 9}, kIntervals[] = {20, 8, 4, 17, 1};
  std::vector<Run> all;
  for (const test::SmallModel& model : test::small_models())
    all.push_back({model, kSteps[all.size()], kIntervals[all.size()]});
  models::ModelDescription d;
  d.network = models::Mlp{.hidden = {48}};
  d.images.examples = 100;
  d.batch = 32;
  d.optimizer.kind = models::OptimizerKind::kAdam;
  all.push_back({{"mlp-784", d}, 40, 40});
  d.network = models::Cnn{.channels = {6, 8}, .hidden = {24}};
  d.images.height = d.images.width = 14;
  d.batch = 16;
  all.push_back({{"cnn-14", d}, 21, 7});
  models::ModelDescription text = test::small_models()[3].description;
  text.network = models::Gpt{.layers = 2, .width = 32, .heads = 4, .sequence = 24, .dropout = 0.1F};
  text.tokens = {.count = 600, .vocabulary = 40, .dtype = DType::kU32};
  all.push_back({{"gpt-2", text}, 10, 5});
  return all;
}

}  // namespace

std::size_t model_count() { return runs().size(); }

World& model_world(std::size_t index) {
  static const std::vector<Run> kRuns = runs();
  static std::map<std::size_t, std::unique_ptr<World>> worlds;
  ASSAY_EXPECTS(index < kRuns.size());
  const Run& run = kRuns[index];
  std::unique_ptr<World>& world = worlds[index];
  if (!world) world = trained(run.model, run.steps, run.interval);
  return *world;
}

}  // namespace assay::faults
