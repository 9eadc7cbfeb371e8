// What a dispute costs each side beside training the disputed interval (docs/spec/player.md,
// INV-PLR-008), measured on real models.
#pragma once

#include <string>

#include "assay/cli/overhead.hpp"

namespace assay::cli {

// Where a side keeps states inside the interval.
enum class StatePlace { kMemory, kDisk, kNeither };

// Of `rounds` games in turns with training and hashing the interval. The fault is in the last of
// the interval's segments, to which the way is longest.
struct ReplayShare {
  double interval_s = 0;  // the median of training it
  Quartiles defender;
  Quartiles challenger;
};
// `disk` holds what kDisk keeps. Errors: kInvalidArgument (no such model, an interval below 2),
// kLimit where the model takes more memory than there is.
[[nodiscard]] Result<ReplayShare> measure_replay_share(const std::string& model,
                                                       std::uint64_t interval, StatePlace place,
                                                       unsigned threads, unsigned rounds,
                                                       Files& disk);

}  // namespace assay::cli
