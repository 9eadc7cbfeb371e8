// One field of a program replaced by something else, and which verdicts of the validator that may
// bring about.
#pragma once

#include <random>
#include <vector>

#include "assay/graph/validator.hpp"

namespace assay::killers {

struct Mutation {
  const char* field;
  std::uint32_t node = 0;                       // the node or slot or declaration
  std::vector<graph::ProgramVerdict> verdicts;  // besides kValid
};

[[nodiscard]] Mutation mutate(graph::Program& program, std::mt19937_64& random);

}  // namespace assay::killers
