// Pieces of a task and of its states (commit/piece.hpp), opened by whoever holds them whole.
// Stateless; what is opened must not change while a call runs.
#pragma once

#include "assay/commit/piece.hpp"
#include "assay/training/task.hpp"

namespace assay::training {

// Chunk `chunk` of tensor `item` of a state or of a data set, both modulo their counts. Requires
// tensors.
[[nodiscard]] commit::TensorChunk open_chunk(const NamedTensors& tensors, std::uint64_t item,
                                             std::uint64_t chunk, TaskPool& pool);
// Record `item` of a program, modulo their count. Requires nodes.
[[nodiscard]] commit::ProgramRecord open_record(const graph::Program& program,
                                                const graph::ProgramTrees& trees,
                                                std::uint64_t item);

}  // namespace assay::training
