// Whole games on the demo's own graphs in small (models::build, both families and both optimisers),
// with signed evidence, one ending in any operator that is asked for.
#pragma once

#include <string>
#include <vector>

#include "assay/dispute/evidence_file.hpp"
#include "assay/numerics/memory_access.hpp"
#include "assay/training/execution.hpp"
#include "cheats/node_lie.hpp"

namespace assay::games {

// The state before the step that is disputed is that of some training: moments and powers are not
// what they began as.
inline constexpr std::uint64_t kSteps = 4;
inline constexpr std::uint64_t kInterval = 2;
inline constexpr std::uint64_t kDisputedStep = 3;

struct Game {
  dispute::Evidence evidence;
  dispute::Position position;  // where it ended
  std::string error;           // empty: it ended by a verdict
};

class World {
 public:
  World(std::string name, training::Task task);
  World(const World&) = delete;
  World& operator=(const World&) = delete;

  [[nodiscard]] const std::string& name() const { return m_name; }
  [[nodiscard]] const graph::Program& program(bool in_init) const {
    return (in_init ? m_task.init : m_task.step)->program();
  }
  // Nodes of an operator, ascending.
  [[nodiscard]] std::vector<std::uint32_t> nodes_of(bool in_init, numerics::OpCode op) const;

  // A lie in an element of the first of the operator's nodes where one reaches the state; nothing
  // if none does.
  [[nodiscard]] std::optional<cheats::NodeLie> lie_in(bool in_init, numerics::OpCode op);
  // The liar's claim against an honest challenger, who opens the last stage.
  [[nodiscard]] Game against(const cheats::NodeLie& lie);
  // A true claim against a challenger that points at `node` and from there on at random.
  [[nodiscard]] Game against_truth(bool in_init, std::uint32_t node, std::uint64_t seed);

  // Of a game that ended at kScalar: what that step gives on the true operands, computed once more
  // outside of the game.
  template <class Arithmetic>
  [[nodiscard]] numerics::FoldState scalar_step(bool in_init, const dispute::Position& position) {
    const cheats::Run& run = in_init ? m_init_run : m_step_run;
    numerics::MemoryAccess access;
    access.spec = &position.node.spec;
    for (unsigned k = 0; k < position.node.spec.operand_count; ++k)
      access.operands[k] = run.outputs[position.node.inputs[k]].data();
    const numerics::FloatingPointMode mode;
    numerics::FoldState state = position.state_low;
    numerics::fold_step<Arithmetic>(position.node.spec, position.element, position.fold_low, access,
                                    state);
    return state;
  }

 private:
  [[nodiscard]] std::vector<Hash256> transcript_of(training::Execution& execution);
  [[nodiscard]] Game play(bool in_init, training::Execution& defends,
                          const std::vector<Hash256>& claimed, const std::uint32_t* pointed,
                          std::uint64_t seed);

  std::string m_name;
  SerialTaskPool m_pool;
  training::Task m_task;
  std::unique_ptr<training::ProgramExecution> m_honest;
  std::vector<Hash256> m_transcript;
  NamedTensors m_before;  // the disputed step
  cheats::Run m_init_run;
  cheats::Run m_step_run;
};

// mlp-sgd, mlp-adam, cnn-sgd, cnn-adam: made once.
[[nodiscard]] const std::vector<std::unique_ptr<World>>& demo_worlds();
// A program of the operators that the demo's graphs do without.
[[nodiscard]] World& other_operators_world();

}  // namespace assay::games
