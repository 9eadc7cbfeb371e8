// One fault in a training run, drawn from a seed: the execution does something else in one place,
// in one step or from one step on, and is faithful to what it computed everywhere else.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <random>

#include "faults/world.hpp"

namespace assay::faults {

enum class Kind : std::uint8_t {
  kBit,             // of an output, of the state, or of an accumulator inside a fold
  kElement,         // of an output: another value
  kTensor,          // an output: moved, zeroed, negated or noisy
  kNode,            // another operator, operand or attribute
  kStep,            // left out, done twice, or some of its slots not written
  kOrder,           // steps exchanged or numbered wrongly, another seed, a batch rearranged
  kHyperparameter,  // a constant
  kData,            // a byte, an element, an example, all of them moved
};
inline constexpr unsigned kKinds = 8;
[[nodiscard]] const char* to_string(Kind kind) noexcept;

// What an accumulator is after fold step `step`: with a bit changed.
struct FoldFault {
  std::uint32_t node = 0;
  std::uint64_t element = 0;
  std::uint32_t step = 0;
  unsigned word = 0;
  unsigned bit = 0;
};

struct Fault {
  Kind kind = Kind::kBit;
  std::string words;
  bool in_init = false;
  // The steps that have it, `last` among them.
  std::uint64_t first = 0;
  std::uint64_t last = 0;

  // What such a step does otherwise; nothing: as agreed.
  std::shared_ptr<const graph::Program> program;
  std::shared_ptr<const NamedTensors> data;
  std::optional<std::uint64_t> seed;
  std::function<std::uint64_t(std::uint64_t t)> other_t;
  cheats::Tamper tamper;
  // Of what the step is said to have computed, when it is done.
  std::function<void(std::uint64_t t, const NamedTensors& before, cheats::Run& run)> change;
  std::optional<FoldFault> fold;
  // A seed of lies about the states of whatever fold is asked for: of them, but for the first and
  // the last, those that lies_at().
  std::optional<std::uint64_t> fold_lies;
  [[nodiscard]] bool lies_at(std::uint32_t fold_steps) const;

  [[nodiscard]] bool is_in(std::uint64_t step) const {
    return !in_init && first <= step && step <= last;
  }
};

using Random = std::mt19937_64;

// Of all nodes alike, or of all operators alike: products are few beside what adds and reshapes.
[[nodiscard]] std::uint32_t any_node(const graph::Program& program, Random& random);

// Nothing if the place that was drawn does not have such a fault.
[[nodiscard]] std::optional<Fault> draw_fault(World& world, Kind kind, Random& random);

// A bit of an accumulator of this node, in one step or in init. Requires a fold of several steps.
[[nodiscard]] Fault accumulator_fault(World& world, bool in_init, std::uint64_t step,
                                      std::uint32_t node, Random& random);

// No fault but a lie: in one interval the state after every step, every output and the claimed
// state after them are true or false independently of one another.
[[nodiscard]] Fault draw_lie(World& world, Random& random);

// A run of the world's task that has the fault.
class FaultyExecution final : public training::Execution {
 public:
  FaultyExecution(World& world, const Fault& fault) : m_world(world), m_fault(fault) {}

  // One execution of a faulty step, or of init.
  [[nodiscard]] cheats::Run run(std::uint64_t t, const NamedTensors& before);

  [[nodiscard]] Result<NamedTensors> initial_state() override;
  [[nodiscard]] Status step(std::uint64_t t, NamedTensors& state) override;
  [[nodiscard]] Result<std::unique_ptr<training::Trace>> trace_init() override;
  [[nodiscard]] Result<std::unique_ptr<training::Trace>> trace_step(
      std::uint64_t t, const NamedTensors& before) override;

 private:
  World& m_world;
  const Fault& m_fault;
};

// An element's fold as the fault's or the liar's, after each of these numbers of steps, ascending.
struct FoldPlace {
  std::uint64_t step = 0;  // t
  std::uint32_t node = 0;
  std::uint64_t element = 0;
};
[[nodiscard]] std::vector<numerics::FoldState> claimed_fold(World& world, const Fault& fault,
                                                            const FoldPlace& place,
                                                            const std::vector<std::uint32_t>& at);

}  // namespace assay::faults
