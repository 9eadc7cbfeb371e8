// What became of a transaction, from a node that need not be believed: the first results of a block
// are a record of the state (docs/spec/records.md, "first result").
#pragma once

#include "assay/protocol/block.hpp"
#include "assay/protocol/transaction.hpp"
#include "assay/protocol/verdict.hpp"
#include "assay/rpc/client.hpp"

namespace assay::roles::internal {

struct ProvenResult {
  TxId id;
  Hash256 content;  // as ParsedTransaction::content
  protocol::TxVerdict verdict{};
  std::uint8_t detail = 0;
  friend bool operator==(const ProvenResult&, const ProvenResult&) = default;
};

// The first result of a client id in the record of one block; none: it has none there. Errors:
// kMalformed.
[[nodiscard]] Result<std::optional<ProvenResult>> find_result(ByteView record,
                                                              const AccountId& sender,
                                                              const protocol::ClientId& client_id);

// The same under `head`, a header that is known to be the chain's, of the block of `height`; 0: the
// node says which. Errors: of the calls (kNotFound: the node knows no such client id);
// kUnavailable: `head` is below that block; kIntegrity, kMalformed: the answer is not true.
[[nodiscard]] Result<std::optional<ProvenResult>> ask_result(rpc::RpcClient& client,
                                                             const protocol::BlockHeader& head,
                                                             const AccountId& sender,
                                                             const protocol::ClientId& client_id,
                                                             Height height);

}  // namespace assay::roles::internal
