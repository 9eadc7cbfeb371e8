// The node's own keys beside protocol's in the store, below the prefix 'e' that protocol leaves
// free: "es" height (big-endian, so that they are in order) for a block's two signatures, "et"
// transaction id for its place.
#pragma once

#include "assay/codec/buffer.hpp"
#include "assay/core/ids.hpp"

namespace assay::node {

inline Bytes seal_key(Height height) {
  Bytes key = to_bytes(as_bytes("es"));
  for (int shift = 56; shift >= 0; shift -= 8)
    key.push_back(static_cast<std::uint8_t>(height.value >> shift));
  return key;
}

inline Bytes transaction_key(const TxId& id) {
  return codec::encode([&](codec::Writer& w) {
    w.raw(as_bytes("et"));
    w.hash(id.value);
  });
}

// height u64, index in the block u32.
inline Bytes transaction_place(Height height, std::uint32_t index) {
  return codec::encode([&](codec::Writer& w) {
    w.u64(height.value);
    w.u32(index);
  });
}

}  // namespace assay::node
