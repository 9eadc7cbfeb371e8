// How a role knows its chain's headers: by its genesis record.
#pragma once

#include "assay/core/faces.hpp"
#include "assay/protocol/block.hpp"
#include "assay/roles/driver.hpp"

namespace assay::cli::internal {

// Of a replicated ledger whose record names no validators those of the first header are believed,
// which the log says. Clock and log must outlive it.
[[nodiscard]] roles::FollowHeader follow_chain(const protocol::Genesis& genesis, const Clock& clock,
                                               Log& log);

}  // namespace assay::cli::internal
