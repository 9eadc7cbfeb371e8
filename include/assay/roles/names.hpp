// The names under which roles publish and look for blobs (docs/spec/roles.md). Hints only: every
// reader checks the bytes against a root from the ledger.
#pragma once

#include <string>

#include "assay/core/hex.hpp"
#include "assay/core/ids.hpp"

namespace assay::roles {

[[nodiscard]] inline std::string program_blob(const Hash256& root) {
  return "program/" + to_hex(root);
}
[[nodiscard]] inline std::string data_blob(const Hash256& root) { return "data/" + to_hex(root); }
[[nodiscard]] inline std::string transcript_blob(const ClaimId& claim) {
  return "transcript/" + to_hex(claim.value);
}
[[nodiscard]] inline std::string checkpoint_blob(const ClaimId& claim, std::uint64_t step) {
  return "checkpoint/" + to_hex(claim.value) + "/" + std::to_string(step);
}

}  // namespace assay::roles
