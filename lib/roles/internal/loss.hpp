// The loss that a state holds, and its opening under the state's root.
#pragma once

#include "assay/core/faces.hpp"
#include "assay/protocol/payloads.hpp"
#include "assay/tensor/tensor.hpp"

namespace assay::roles::internal {

// The slot is there, a scalar f32, and its value an infinity or a NaN.
[[nodiscard]] bool has_diverged(const NamedTensors& state);

struct OpenedLoss {
  Hash256 state_root;
  protocol::LossOpening loss;
};
// Requires the slot.
[[nodiscard]] OpenedLoss open_loss(const NamedTensors& state, TaskPool& pool);

}  // namespace assay::roles::internal
