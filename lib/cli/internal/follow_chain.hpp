// How a role knows its chain's headers: by the last one that it followed, which is a file in its
// folder; else by one that its user gave; else by its genesis record.
#pragma once

#include "assay/cli/role_program.hpp"
#include "assay/core/faces.hpp"
#include "assay/protocol/block.hpp"
#include "assay/roles/driver.hpp"

namespace assay::cli::internal {

inline constexpr const char* kTrustedHeaderFile = "trusted-header.bin";  // in `files`

// Of a replicated ledger whose record names no validators those of the first header are believed,
// which the log says. `files`, clock and log must outlive it. Errors: kInvalidArgument for what
// `trust` cannot mean, or where nothing is there that is fresh enough to begin from; kMalformed,
// kIntegrity for a file that is not one of this chain; those of the disk.
[[nodiscard]] Result<roles::FollowHeader> follow_chain(const protocol::Genesis& genesis,
                                                       const TrustSettings& trust, Files& files,
                                                       const Clock& clock, Log& log);

}  // namespace assay::cli::internal
