// Where the state machine keeps what in its store (docs/spec/protocol.md, "In the store"): the
// first bytes of keys. The prefix 'e' is left to whoever embeds it.
#pragma once

#include "assay/commit/authenticated_map.hpp"
#include "assay/core/ids.hpp"

namespace assay::protocol {

inline constexpr std::uint8_t kStatePrefix = 's';  // the state's records, under the state root
inline constexpr std::uint8_t kMapPrefix = 'n';    // the authenticated map's tree and history
// Account, client id -> height u64, place u32 of its first result in that block's record.
inline constexpr std::uint8_t kResultIndexPrefix = 'f';
inline constexpr std::uint8_t kHeaderPrefix = 'b';        // height u64 BE -> header
inline constexpr std::uint8_t kTransactionsPrefix = 't';  // height u64 BE -> list of byte strings
inline constexpr std::uint8_t kReceiptsPrefix = 'r';      // height u64 BE -> list of byte strings
inline constexpr std::uint8_t kHeadKey = 'h';             // -> the last header
inline constexpr std::uint8_t kGenesisKey = 'g';          // -> the genesis record

// Of a prefix that a height follows.
[[nodiscard]] inline Bytes block_key(std::uint8_t prefix, Height height) {
  Bytes key;
  key.reserve(16);
  key.push_back(prefix);
  for (int shift = 56; shift >= 0; shift -= 8)
    key.push_back(static_cast<std::uint8_t>(height.value >> shift));
  return key;
}

[[nodiscard]] inline commit::MapPlaces state_places() {
  return {Bytes{kMapPrefix}, Bytes{kStatePrefix}};
}
// The state as an authenticated map; its versions are the heights of blocks.
[[nodiscard]] inline commit::AuthenticatedMap state_map(const KeyValueStore& store) {
  return {store, state_places()};
}

}  // namespace assay::protocol
