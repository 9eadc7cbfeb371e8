// The node's own keys beside protocol's in the store, below the prefix 'e' that protocol leaves
// free (docs/spec/node.md, "On disk").
#pragma once

#include <algorithm>

#include "assay/codec/buffer.hpp"
#include "assay/crypto/ed25519.hpp"
#include "assay/protocol/verdict.hpp"

namespace assay::node {

// Height u64 BE -> a block's beacon signature and header signature.
inline Bytes seal_key(Height height) {
  Bytes key = to_bytes(as_bytes("es"));
  for (int shift = 56; shift >= 0; shift -= 8)
    key.push_back(static_cast<std::uint8_t>(height.value >> shift));
  return key;
}
inline Bytes encode_seal(const crypto::Signature& beacon, const crypto::Signature& header) {
  Bytes seal(beacon.size() + header.size());
  std::copy(header.begin(), header.end(), std::copy(beacon.begin(), beacon.end(), seal.begin()));
  return seal;
}

// Transaction id -> its first result, so that an answer outlives the block's body.
inline Bytes result_key(const TxId& id) {
  return codec::encode([&](codec::Writer& w) {
    w.raw(as_bytes("et"));
    w.hash(id.value);
  });
}
struct StoredResult {
  Height height;
  protocol::TxVerdict verdict{};
  std::uint8_t detail = 0;
};
inline Bytes encode(const StoredResult& result) {
  return codec::encode([&](codec::Writer& w) {
    w.u64(result.height.value);
    w.u16(static_cast<std::uint16_t>(result.verdict));
    w.u8(result.detail);
  });
}
inline bool decode(ByteView bytes, StoredResult& out) {
  codec::Reader r(bytes);
  out.height = Height{r.u64()};
  out.verdict = static_cast<protocol::TxVerdict>(r.u16());
  out.detail = r.u8();
  return r.finish();
}

// -> the first height whose transactions and receipts are kept, u64; absent: 0.
inline Bytes bodies_from_key() { return to_bytes(as_bytes("eb")); }

// There while the store's content is being replaced; empty.
inline Bytes unfinished_key() { return to_bytes(as_bytes("eu")); }

}  // namespace assay::node
