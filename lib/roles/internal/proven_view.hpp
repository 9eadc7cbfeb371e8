// The view of an account from a node that need not be believed: records with their proofs, under a
// header that is shown to be the chain's.
#pragma once

#include "assay/protocol/view.hpp"
#include "assay/roles/driver.hpp"
#include "assay/rpc/client.hpp"

namespace assay::roles::internal {

// With the games of `principals` as its own. Waits for a block where what shows the header is the
// next one (a replicated ledger). Errors: of the call; `follow`'s; kIntegrity and kMalformed for an
// answer that is not true.
[[nodiscard]] Result<protocol::View> ask_view(rpc::RpcClient& client, const FollowHeader& follow,
                                              const AccountId& self,
                                              const protocol::Principals& principals,
                                              protocol::ViewMemory& memory);

}  // namespace assay::roles::internal
