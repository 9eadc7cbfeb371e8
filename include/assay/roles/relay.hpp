// Relays: who fetches all that claims are checked with, says so on the ledger, and serves it.
#pragma once

#include "assay/roles/role.hpp"

namespace assay::roles {

struct RelayOptions {
  Amount bond;  // in the pool from which relays are drawn, out of the account's stake
};

// Where it is drawn it fetches programs, data, transcript and kept states, checks them, offers them
// under their names, and attests them. Until the claim is settled it shows what is demanded and its
// solver does not show. Reports: data.attested, blob.wrong.
[[nodiscard]] std::unique_ptr<Role> make_relay(RoleContext context, RelayOptions options);

}  // namespace assay::roles
