// Signed block headers: what a light client trusts of a ledger (docs/spec/node.md). In embedded
// mode the operator of the node orders transactions, sets the time and makes the beacon; whoever
// follows its headers trusts it for these three and for nothing else, since what a block does to
// the state can be applied again by anybody. Thread-safe.
#pragma once

#include "assay/crypto/ed25519.hpp"
#include "assay/protocol/block.hpp"

namespace assay::node {

inline constexpr std::size_t kSignedHeaderBytes = protocol::kHeaderBytes + 2 * 64;

struct SignedHeader {
  protocol::BlockHeader header;
  crypto::Signature beacon_signature{};  // by the operator, over beacon_message(); zero for genesis
  crypto::Signature signature{};         // by the operator, over header_message()
  friend bool operator==(const SignedHeader&, const SignedHeader&) = default;
};

// The header's bytes, then the two signatures.
[[nodiscard]] Bytes encode(const SignedHeader& header);
// kMalformed for anything else. Signatures are not checked: see verify_header().
[[nodiscard]] Result<SignedHeader> decode_signed_header(ByteView bytes);

// What is signed: a prefix that no transaction or move begins with, and the hash or the fields.
[[nodiscard]] Bytes header_message(const protocol::BlockHeader& header);
[[nodiscard]] Bytes beacon_message(const ChainId& chain, const Hash256& parent, Height height);

// A block's beacon is the hash of a deterministic signature over its parent and height, so an
// operator cannot draw again, but by leaving a block out.
struct Beacon {
  crypto::Signature signature{};
  Hash256 value;  // SHA-256 of it
};
[[nodiscard]] Beacon make_beacon(const crypto::KeyPair& operator_key,
                                 const protocol::BlockHeader& parent);
// Of a replicated chain: SHA-256("assay/beacon/replicated/1" || hash of the header before). Whoever
// proposed the block before could choose among those that it might propose: a weaker promise than
// an operator's (docs/adr/0019-replicated-ledger.md).
[[nodiscard]] Hash256 replicated_beacon(const protocol::BlockHeader& parent);
[[nodiscard]] crypto::Signature sign_header(const crypto::KeyPair& operator_key,
                                            const protocol::BlockHeader& header);

// Dense, in order of precedence.
enum class HeaderVerdict : std::uint8_t {
  kValid = 0,
  kWrongForm,  // an operator's signatures where validators agree, or the other way round
  kWrongChain,
  kWrongHeight,  // not above its parent
  kWrongParent,
  kTimeRunsBack,  // Unix or ledger time
  kTimeLeaps,     // ledger time, by more than protocol::kMaxLedgerStepMs a block
  kWrongBeacon,
  kWrongSignature,
  kWrongAppHash,   // CometBFT's header is not of the next height, or names another header
  kNotAgreed,      // CometBFT's header is not known to be agreed on: LightClient::light_verdict()
  kContradiction,  // another header for this height was signed or agreed on: whoever did it cheats
};
inline constexpr std::uint8_t kHeaderVerdictLast = 11;
[[nodiscard]] const char* to_string(HeaderVerdict verdict) noexcept;

// Is it the operator's header on this chain? Total.
[[nodiscard]] HeaderVerdict verify_header(const ChainId& chain, const Hash256& operator_key,
                                          const SignedHeader& header);
// Does it follow `parent` directly, whoever says so? Total.
[[nodiscard]] HeaderVerdict verify_link(const protocol::BlockHeader& parent,
                                        const protocol::BlockHeader& header);
// The same of a replicated chain's, with the beacon that its blocks have.
[[nodiscard]] HeaderVerdict verify_replicated(const protocol::BlockHeader& parent,
                                              const protocol::BlockHeader& header);
// And the direct successor of `parent`?
[[nodiscard]] HeaderVerdict verify_successor(const Hash256& operator_key,
                                             const protocol::BlockHeader& parent,
                                             const SignedHeader& header);

// The record names no operator: CometBFT's validators order the transactions.
[[nodiscard]] inline bool is_replicated(const protocol::Genesis& genesis) noexcept {
  return genesis.operator_key == Hash256{};
}

// Of a chain that somebody keeps: by its genesis record's operator; where that names none, of a
// replicated chain, whose block it is show CometBFT's commits, which are not here. `parent` may be
// null.
[[nodiscard]] HeaderVerdict verify_block(const protocol::Genesis& genesis,
                                         const protocol::BlockHeader* parent,
                                         const SignedHeader& block);

}  // namespace assay::node
