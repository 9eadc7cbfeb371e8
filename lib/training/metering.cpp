#include "assay/training/metering.hpp"

#include <algorithm>
#include <limits>

#include "assay/graph/meter.hpp"

namespace assay::training {

std::uint64_t work_units(const Task& task) {
  __extension__ using Wide = unsigned __int128;
  const Wide step = graph::work_of(task.step->program()).operations;
  const Wide operations =
      graph::work_of(task.init->program()).operations + step * task.header.steps;
  const Wide units = (operations + kOperationsPerUnit - 1) / kOperationsPerUnit;
  return static_cast<std::uint64_t>(
      std::clamp<Wide>(units, 1, std::numeric_limits<std::uint64_t>::max()));
}

}  // namespace assay::training
