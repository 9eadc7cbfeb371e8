// A run's state as bytes and roots. Stateless; a state must not change while a call runs.
#pragma once

#include "assay/commit/tensor_hash.hpp"
#include "assay/tensor/tensor.hpp"

namespace assay::training {

[[nodiscard]] std::size_t byte_count(const NamedTensors& tensors) noexcept;

// The named tree of a state or of a data set, hashed in place on the pool's threads.
[[nodiscard]] commit::NamedTree state_tree(const NamedTensors& tensors, TaskPool& pool);
[[nodiscard]] Hash256 state_root(const NamedTensors& state, TaskPool& pool);
[[nodiscard]] Hash256 data_root(const NamedTensors& data, TaskPool& pool);

// The state of a checkpoint file, if it is canonical safetensors and has that root: never trust
// where it came from. Errors: kMalformed, kLimit, kUnsupported (no such file); kIntegrity (another
// layout, another root).
[[nodiscard]] Result<NamedTensors> verify_state_bytes(ByteView file, const Hash256& expected_root,
                                                      TaskPool& pool);

}  // namespace assay::training
