// Which programs may be run, and disputed (docs/spec/graph.md). A solver runs the validator before
// it takes a task; what it rejects, the referee would not judge. Pure functions; total over any
// Program.
#pragma once

#include <optional>

#include "assay/graph/program.hpp"

namespace assay::graph {

// Sums over all nodes of one step.
inline constexpr std::uint64_t kMaxStepBytes = std::uint64_t{1} << 42;
inline constexpr std::uint64_t kMaxStepFolds = std::uint64_t{1} << 56;  // fold steps

// Dense, in order of precedence.
enum class ProgramVerdict : std::uint8_t {
  kValid = 0,
  kTooManyNodes,
  kTooManySlots,
  kTooManyData,
  kNoNodes,
  kNoSlots,
  kWrongName,          // of a slot or a declaration: empty, too long, or of other characters
  kNamesNotAscending,  // not sorted, or a name twice
  kInvalidType,        // of a slot or a declaration
  kLabelCount,         // labels that are neither none nor one a node
  kInvalidOperator,    // numerics::validate rejects it
  kInputNotEarlier,
  kOperandType,  // repeats another type than its input's record has
  kStateInInit,
  kSourceIndex,  // a slot or declaration that there is not
  kSourceType,   // of another type than the slot or declaration
  kSlotOutput,   // bound to a node that there is not
  kSlotType,     // bound to a node of another type
  kDeadNode,
  kTooMuchMemory,  // kMaxStepBytes
  kTooManyFolds,   // kMaxStepFolds
  kSlotsDiffer,    // init and step disagree on a slot's name or type
  kDataDiffer,     // init declares data other than the step's
};
[[nodiscard]] const char* to_string(ProgramVerdict verdict) noexcept;

// Proof that a program was validated; immutable.
class ValidProgram {
 public:
  [[nodiscard]] const Program& program() const noexcept { return m_program; }
  [[nodiscard]] const ProgramTrees& trees() const noexcept { return m_trees; }
  [[nodiscard]] const Hash256& root() const noexcept { return m_trees.root; }

 private:
  friend struct Validation;
  explicit ValidProgram(Program program)
      : m_program(std::move(program)), m_trees(program_trees(m_program)) {}
  Program m_program;
  ProgramTrees m_trees;
};

struct Validation {
  ProgramVerdict verdict = ProgramVerdict::kNoNodes;
  std::string words;                    // what is wrong and where, for people
  std::optional<ValidProgram> program;  // if kValid

  // The proof, or an Error (kInvalidArgument) with the words.
  [[nodiscard]] Result<ValidProgram> result() &&;
  // For the validator itself.
  static Validation accept(Program program) {
    return {ProgramVerdict::kValid, {}, ValidProgram(std::move(program))};
  }
};

// An init program makes the first state from the seed (and data): it reads no state slot.
[[nodiscard]] Validation validate_init(Program program);
// A step program makes the next state; its slots are the init program's, and where the init program
// declares data, the declarations too.
[[nodiscard]] Validation validate_step(Program program, const ValidProgram& init);
// A program of its own, prediction say: the rules of a step without an init program beside it.
[[nodiscard]] Validation validate_alone(Program program);

}  // namespace assay::graph
