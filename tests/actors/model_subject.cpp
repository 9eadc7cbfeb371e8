#include "actors/subject.hpp"
#include "faults/departure.hpp"
#include "support/duel.hpp"

namespace assay::actors {

namespace {

using dispute::Role;

// Plays with the shipped player; who points anywhere has an execution to open nothing with.
class ModelMind final : public Mind {
 public:
  ModelMind(const training::Task& task, std::shared_ptr<player::Interval> interval,
            const dispute::GameTerms& terms, const Side& side)
      : m_player(std::move(interval), terms, side.role) {
    if (side.role == Role::kChallenger && side.points != Points::kFirstDifference)
      m_pointer = duel::random_pointer(task, terms, side.seed);
  }

  void observe(const dispute::Position& position) override {
    m_player.see(position);
    m_position = position;
  }
  std::optional<Bytes> move() override {
    auto made = m_pointer ? m_pointer(m_position) : m_player.next_move(m_position);
    return made ? std::move(*made) : std::nullopt;
  }

 private:
  player::Player m_player;
  duel::Mover m_pointer;
  dispute::Position m_position;
};

class ModelSubject final : public Subject {
 public:
  ModelSubject(faults::World& world, bool lies, unsigned seed) : m_world(world) {
    faults::Random random(seed);
    while (lies && !m_faulty) {
      m_fault =
          faults::draw_fault(world, static_cast<faults::Kind>(random() % faults::kKinds), random);
      // What differs inside a fold alone needs a player of its own.
      if (!m_fault || m_fault->fold || m_fault->fold_lies) continue;
      m_faulty.emplace(world, *m_fault);
      run();
      if (!faults::find_departure(world, *m_fault, *m_faulty) || false_entries() != 1)
        m_faulty.reset();
    }
    if (!m_faulty) run();
    note_steps();
  }

  const commit::TaskHeader& header() const override { return m_world.task().header; }
  std::vector<Hash256> transcript(Belief belief) const override {
    return belief == Belief::kTruth ? m_world.transcript() : m_roots;
  }
  Hash256 state_root(Belief belief, std::uint64_t step) const override {
    return m_step_roots[belief == Belief::kClaim ? 1 : 0].at(step);
  }
  std::unique_ptr<Mind> mind(const dispute::GameTerms& terms, const Side& side) override {
    player::IntervalOptions options;
    options.states =
        [this, entry = terms.entry](std::uint64_t) -> Result<std::optional<training::KnownState>> {
      if (entry == 0) return std::optional<training::KnownState>{};
      const std::uint64_t start = commit::step_of_entry(header(), entry - 1);
      return std::optional<training::KnownState>{{start, m_claimed[entry - 1]}};
    };
    auto interval = std::make_shared<player::Interval>(
        m_world.task(), execution(side.belief), terms.entry, m_world.pool(), std::move(options));
    return std::make_unique<ModelMind>(m_world.task(), std::move(interval), terms, side);
  }

 private:
  training::Execution& execution(Belief belief) {
    if (belief == Belief::kClaim && m_faulty) return *m_faulty;
    return m_world.honest();
  }

  NamedTensors next_entry(training::Execution& by, NamedTensors state, std::uint64_t entry) const {
    for (std::uint64_t step = commit::step_of_entry(header(), entry - 1);
         step < commit::step_of_entry(header(), entry); ++step) {
      const Status stepped = by.step(step, state);
      ASSAY_ENSURES(static_cast<bool>(stepped));
    }
    return state;
  }

  // What the solver claims at each entry.
  void run() {
    training::Execution& claimed = execution(Belief::kClaim);
    m_claimed = {claimed.initial_state().value()};
    while (m_claimed.size() < m_world.transcript().size())
      m_claimed.push_back(next_entry(claimed, m_claimed.back(), m_claimed.size()));
    m_roots.clear();
    for (const NamedTensors& state : m_claimed)
      m_roots.push_back(training::state_root(state, m_world.pool()));
  }

  // Every state of both beliefs, from where the claim says that its interval starts.
  void note_steps() {
    for (const Belief belief : {Belief::kTruth, Belief::kClaim}) {
      std::vector<Hash256>& roots = m_step_roots[belief == Belief::kClaim ? 1 : 0];
      training::Execution& by = execution(belief);
      roots = {training::state_root(by.initial_state().value(), m_world.pool())};
      for (std::uint64_t entry = 1; entry < m_claimed.size(); ++entry) {
        NamedTensors state = m_claimed[entry - 1];
        while (roots.size() <= commit::step_of_entry(header(), entry)) {
          const Status stepped = by.step(roots.size() - 1, state);
          ASSAY_ENSURES(static_cast<bool>(stepped));
          roots.push_back(training::state_root(state, m_world.pool()));
        }
      }
    }
  }

  // A fault that lasts makes intervals false after the first that is, each seen from where the
  // claim says that it starts. The scene knows of one, and lets honest verifiers attest the others.
  std::uint64_t false_entries() {
    std::uint64_t count = m_roots[0] == m_world.transcript()[0] ? 0 : 1;
    for (std::uint64_t entry = 1; entry < m_roots.size(); ++entry)
      if (training::state_root(next_entry(m_world.honest(), m_claimed[entry - 1], entry),
                               m_world.pool()) != m_roots[entry])
        ++count;
    return count;
  }

  faults::World& m_world;
  std::optional<faults::Fault> m_fault;
  std::optional<faults::FaultyExecution> m_faulty;
  std::vector<NamedTensors> m_claimed;
  std::vector<Hash256> m_roots;
  std::array<std::vector<Hash256>, 2> m_step_roots;  // of the truth and of what is claimed instead
};

}  // namespace

std::unique_ptr<Subject> model_subject(bool lies, unsigned seed) {
  faults::World& world = faults::model_world(seed % faults::model_count());
  return std::make_unique<ModelSubject>(world, lies, seed);
}

}  // namespace assay::actors
