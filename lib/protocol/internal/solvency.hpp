// INV-PRO-020: whatever the state owes is there (docs/spec/protocol.md, "Solvency").
#pragma once

#include "internal/state.hpp"

namespace assay::protocol::internal {

// Of everything that the changes so far speak of: each escrow, lock and reservation holds what its
// record owes (protocol/obligations.hpp), no less and no more, what accounts have locked adds up to
// the locks, and nothing is forgotten that owes. Looks at changed records and those that they name.
// Fails with the store: status() is checked before the answer is believed.
[[nodiscard]] bool is_solvent(const State& state);

// The same of the whole state: every account is read, and what is live.
[[nodiscard]] bool is_solvent_throughout(const State& state);

}  // namespace assay::protocol::internal
