// Block headers: what a light client trusts of a ledger, one hash and one signature a block
// (docs/spec/node.md). In embedded mode the operator of the node orders transactions, sets the time and
// makes the beacon; whoever follows its headers trusts it for these three and for nothing else, since
// what a block does to the state can be applied again by anybody.
#pragma once

#include "assay/codec/buffer.hpp"
#include "assay/core/ids.hpp"
#include "assay/crypto/ed25519.hpp"

namespace assay::node {

inline constexpr std::uint16_t kHeaderVersion = 1;
inline constexpr std::uint8_t kBlockTag = 'H';
inline constexpr std::size_t kHeaderBytes = 2 + 32 + 8 + 32 + 8 + 32 + 4 + 32 + 32;
inline constexpr std::size_t kSignedHeaderBytes = kHeaderBytes + 2 * 64;

struct BlockHeader {
  std::uint16_t version = kHeaderVersion;
  ChainId chain;
  Height height;             // 0: genesis
  Hash256 parent;            // header hash of the block before; zero for genesis
  LedgerTimeMs time;
  Hash256 beacon;            // SHA-256 of the beacon signature; zero for genesis
  std::uint32_t tx_count = 0;
  Hash256 tx_root;           // RFC 9162 list root over the transactions' bytes
  Hash256 state_root;        // after the block
  friend bool operator==(const BlockHeader&, const BlockHeader&) = default;
};

struct SignedHeader {
  BlockHeader header;
  crypto::Signature beacon_signature{};  // by the operator, over beacon_message()
  crypto::Signature signature{};         // by the operator, over header_message()
  friend bool operator==(const SignedHeader&, const SignedHeader&) = default;
};

// version u16, chain 32, height u64, parent 32, time u64, beacon 32, tx_count u32, tx_root 32,
// state_root 32; then the two signatures.
void write_header(codec::Writer& w, const BlockHeader& header);
[[nodiscard]] BlockHeader read_header(codec::Reader& r);
[[nodiscard]] Bytes encode(const SignedHeader& header);
// kMalformed for other lengths and versions. Signatures are not checked: see verify_header().
[[nodiscard]] Result<SignedHeader> decode_signed_header(ByteView bytes);

// H(0x02 || 'H' || header bytes).
[[nodiscard]] Hash256 header_hash(const BlockHeader& header);
// What is signed: a prefix that no transaction or move begins with, and the hash or fields.
[[nodiscard]] Bytes header_message(const BlockHeader& header);
[[nodiscard]] Bytes beacon_message(const ChainId& chain, const Hash256& parent, Height height);

// The tx_root of transactions in order.
[[nodiscard]] Hash256 transactions_root(const std::vector<Bytes>& transactions);

// Signs the header and fills in its beacon. Deterministic: the same parent and height always give the
// same beacon, so an operator cannot draw again.
[[nodiscard]] SignedHeader sign_header(const crypto::KeyPair& operator_key, BlockHeader header);

// Dense, in order of precedence.
enum class HeaderVerdict : std::uint8_t {
  kValid = 0,
  kWrongVersion,
  kWrongChain,
  kWrongHeight,      // not one above its parent
  kWrongParent,
  kTimeRunsBack,
  kTimeLeaps,        // by more than kMaxBlockTimeStepMs
  kWrongBeacon,
  kWrongSignature,
};
inline constexpr std::uint8_t kHeaderVerdictLast = 8;
[[nodiscard]] const char* to_string(HeaderVerdict verdict) noexcept;

inline constexpr std::uint64_t kMaxBlockTimeStepMs = 5'000;

// Is it the operator's header on this chain? Total.
[[nodiscard]] HeaderVerdict verify_header(const ChainId& chain, const Hash256& operator_key,
                                          const SignedHeader& header);
// And the direct successor of `parent`?
[[nodiscard]] HeaderVerdict verify_successor(const Hash256& operator_key, const BlockHeader& parent,
                                             const SignedHeader& header);

}  // namespace assay::node
