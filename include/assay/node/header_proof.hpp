// What shows that a header is the chain's: the operator's signatures, or, of a replicated ledger,
// CometBFT's next header with the signatures of its validators (docs/spec/node.md, "Replicated").
#pragma once

#include <variant>

#include "assay/comet/types.hpp"
#include "assay/comet/wire.hpp"
#include "assay/node/header.hpp"

namespace assay::node {

// The chain id that CometBFT's genesis file must have, so that both are about one genesis record:
// the first 16 bytes of ours in hex.
[[nodiscard]] std::string comet_chain_id(const ChainId& chain);

// What CometBFT's headers name after a block: the hash of our own header of it, which binds state,
// receipts, transactions, time and beacon.
[[nodiscard]] Bytes app_hash_of(const protocol::BlockHeader& header);

struct CommittedHeader {
  protocol::BlockHeader header;
  comet::LightBlock next;  // of the next height: its app hash is the header's
  friend bool operator==(const CommittedHeader&, const CommittedHeader&) = default;
};
inline constexpr std::size_t kMaxHeaderProofBytes =
    protocol::kHeaderBytes + comet::kMaxLightBlockBytes;

using HeaderProof = std::variant<SignedHeader, CommittedHeader>;
[[nodiscard]] const protocol::BlockHeader& header_of(const HeaderProof& proof) noexcept;

// The header's bytes, then the two signatures or the light block.
[[nodiscard]] Bytes encode(const HeaderProof& proof);
// Of kSignedHeaderBytes a SignedHeader; longer a CommittedHeader, which never is so short. Errors:
// kMalformed, kLimit. Neither signatures nor hashes are checked: see node/light_client.hpp.
[[nodiscard]] Result<HeaderProof> decode_header_proof(ByteView bytes);

}  // namespace assay::node
