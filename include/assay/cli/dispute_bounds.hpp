// What a dispute about a large run can take at most, computed on the graphs of its programs:
// nothing is trained (docs/spec/dispute.md, section 9).
#pragma once

#include <string>
#include <vector>

#include "assay/core/result.hpp"
#include "assay/dispute/bounds.hpp"

namespace assay::cli {

struct GraphModel {
  std::string name;
  graph::ValidProgram init;
  graph::ValidProgram step;
};
// The models of bench_model() and "gpt-12x1024" (16 heads, 8 sequences of 1,024 tokens of 50,257,
// AdamW).
[[nodiscard]] Result<std::vector<GraphModel>> graph_models();

struct DisputeBounds {
  std::string model;
  dispute::Run run;
  dispute::GameBounds game;           // its ledger_bytes: the game's moves as transactions
  std::uint64_t challenge_bytes = 0;  // of the two transactions that open the game
};

// Each of the models in a run of a million steps with a root committed every 1, 1,000 and
// 1,000,000.
[[nodiscard]] std::vector<DisputeBounds> dispute_bounds(
    const std::vector<GraphModel>& models, const dispute::Rules& rules = dispute::kRules);

}  // namespace assay::cli
