// A task and its honest run: what faults are injected into and what false challenges are about. The
// run is the real one; what it should have computed is told by the reference interpreter, which
// shares no executor and no fast kernel with it.
#pragma once

#include <map>
#include <string>

#include "assay/dispute/bounds.hpp"
#include "assay/player/player.hpp"
#include "assay/training/execution.hpp"
#include "cheats/interpreter.hpp"

namespace assay::faults {

class World {
 public:
  // Trains the whole task. Requires that every state of the run fits in memory at once. `teller`:
  // whose arithmetic tells what is true.
  World(std::string name, training::Task task, numerics::Isa teller = numerics::Isa::kReference);
  World(const World&) = delete;
  World& operator=(const World&) = delete;

  [[nodiscard]] const std::string& name() const { return m_name; }
  [[nodiscard]] const training::Task& task() const { return m_task; }
  [[nodiscard]] const graph::Program& program(bool in_init) const {
    return (in_init ? m_task.init : m_task.step)->program();
  }
  [[nodiscard]] training::ProgramExecution& honest() { return *m_honest; }
  // The same task on another machine: plain kernels, nothing fused, hardly an output kept.
  [[nodiscard]] training::ProgramExecution& honest_elsewhere();
  [[nodiscard]] TaskPool& pool() { return m_pool; }
  // After `step` steps.
  [[nodiscard]] const NamedTensors& state(std::uint64_t step) const { return m_states[step]; }
  [[nodiscard]] const std::vector<Hash256>& transcript() const { return m_transcript; }

  // What step `step` computes from the state before it, or init: by the scalar definitions, once.
  // Aborts if the run's state after it is another.
  [[nodiscard]] const cheats::Run& truth(bool in_init, std::uint64_t step);

  // A challenge of `entry`, where the claimed root is this one.
  [[nodiscard]] dispute::GameTerms terms(std::uint64_t entry, const Hash256& claimed) const;
  // The most that a game about the entry may take.
  [[nodiscard]] const dispute::GameBounds& bounds(std::uint64_t entry);
  // What this execution knows of the entry's interval, from the checkpoint that it starts from.
  // `sparing`: it keeps no state but the first, and no output from one move to the next.
  [[nodiscard]] std::shared_ptr<player::Interval> interval(training::Execution& execution,
                                                           std::uint64_t entry,
                                                           bool sparing = false);
  // A player with an interval of its own.
  [[nodiscard]] std::unique_ptr<player::Player> player(training::Execution& execution,
                                                       const dispute::GameTerms& terms,
                                                       dispute::Role role, bool sparing = false) {
    return std::make_unique<player::Player>(interval(execution, terms.entry, sparing), terms, role);
  }

 private:
  std::string m_name;
  numerics::Isa m_teller;
  SerialTaskPool m_pool;
  training::Task m_task;
  std::unique_ptr<training::ProgramExecution> m_honest;
  std::unique_ptr<training::ProgramExecution> m_elsewhere;
  std::vector<NamedTensors> m_states;
  std::vector<Hash256> m_transcript;
  std::map<std::pair<bool, std::uint64_t>, cheats::Run> m_truths;
  std::map<std::uint64_t, dispute::GameBounds> m_bounds;  // by steps; of init as 0
};

// mlp, cnn, resnet, gpt2 and llama (support/small_models.hpp) and a larger mlp, cnn and gpt, with
// intervals of one step to some dozens; made when first asked for.
[[nodiscard]] std::size_t model_count();
[[nodiscard]] World& model_world(std::size_t index);

}  // namespace assay::faults
