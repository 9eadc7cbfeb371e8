// What proof-of-learning costs (docs/benchmarks.md): plain training, the roots, replaying an
// interval, a dispute from the challenge to the verdict, storage and bytes on the ledger, over a
// grid of model, commit interval and threads. Not thread-safe.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "assay/codec/json.hpp"
#include "assay/core/faces.hpp"

namespace assay::cli {

struct OverheadSettings {
  std::vector<std::string> models;  // of cli/bench_models.hpp; none: all
  std::vector<std::uint64_t> intervals = {1, 10, 100};
  std::vector<std::uint64_t> threads = {1, 2};
  std::uint64_t pairs = 15;      // of every ratio, 1 to 1000
  double seconds_each_max = 60;  // a replay or a dispute that would take longer is left out
};
// Errors: kInvalidArgument, naming the option and what it may be.
[[nodiscard]] Status validate(const OverheadSettings& settings);

// Median and quartiles.
struct Quartiles {
  double lower = 0;
  double median = 0;
  double upper = 0;
};

struct DisputeCost {
  double defender_s = 0;    // that the two sides compute, from the challenge on
  double challenger_s = 0;  // (finding the false interval is a replay before it)
  double referee_us = 0;    // the last move: its openings and one scalar step
  double judge_us = 0;      // the whole evidence file, every signature in it
  std::uint64_t moves = 0;  // of both sides
  std::uint64_t move_bytes = 0;
  std::uint64_t evidence_bytes = 0;
  std::uint64_t ledger_bytes = 0;  // of the challenge's and the moves' transactions
};

// One place of the grid.
struct OverheadRow {
  std::string model;
  std::uint64_t interval = 0;
  std::uint64_t threads = 0;
  std::uint64_t state_bytes = 0;
  double step_ms = 0;  // plain training
  double root_ms = 0;
  // A root's time over that of an interval's steps, from neighbouring measurements: the cost of
  // commitments by its parts, which noise touches least.
  Quartiles root_share;
  // Training with roots over training without, from alternating blocks of one interval or more;
  // none where a block would take too long.
  std::optional<Quartiles> training_ratio;
  std::optional<double> replay_s;  // of one interval, with its root
  std::optional<DisputeCost> dispute;
  std::uint64_t checkpoint_bytes = 0;
  // Of a task that nobody challenges: from posting to the openings of one verifier with three
  // draws.
  std::uint64_t ledger_bytes = 0;
};

struct OverheadReport {
  std::string processor;
  std::string kernels;  // the instruction set
  std::string hashing;  // the SHA-256 implementation
  std::vector<OverheadRow> rows;
};

// `progress` counts places of the grid. Errors: those of validate(), kCancelled, kLimit where a
// model takes more memory than there is.
[[nodiscard]] Result<OverheadReport> measure_overhead(const OverheadSettings& settings,
                                                      Progress& progress);

[[nodiscard]] std::string overhead_table(const OverheadReport& report);  // for people
[[nodiscard]] std::string overhead_csv(const OverheadReport& report);    // RFC 4180, with a header
[[nodiscard]] codec::Json overhead_json(const OverheadReport& report);
[[nodiscard]] std::string overhead_svg(const OverheadReport& report);

}  // namespace assay::cli
