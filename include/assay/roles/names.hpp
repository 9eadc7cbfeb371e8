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
// Under which a fetched blob is kept: publishers may give one name to different bytes.
[[nodiscard]] inline std::string kept_blob(const std::string& name, const AccountId& from) {
  return "kept/" + to_hex(from.value).substr(0, 16) + "/" + name;
}

}  // namespace assay::roles
