// What a snapshot is made of, as CometBFT's peers are told (docs/spec/node.md, "Snapshots").
#pragma once

#include "assay/abci/types.hpp"
#include "assay/node/archive.hpp"

namespace assay::node {

// The format that ABCI tells of.
inline constexpr std::uint32_t kSnapshotFormat = kArchiveVersion;
// CometBFT's peers take chunks under 16 MB.
inline constexpr std::uint32_t kSnapshotChunkBytes = 10u << 20;
inline constexpr std::uint32_t kSnapshotChunksMax = 6'144;  // 60 GiB

// ABCI's metadata.
struct SnapshotIndex {
  protocol::BlockHeader header;  // of the block after which the state is
  std::uint64_t bytes = 0;       // of the archive
  std::uint32_t chunk_bytes = 0;
  std::vector<Hash256> chunks;  // SHA-256 of each; the last one may be shorter
  // Of a chunk.
  [[nodiscard]] std::uint64_t size_of(std::size_t chunk) const noexcept;
  friend bool operator==(const SnapshotIndex&, const SnapshotIndex&) = default;
};
[[nodiscard]] Bytes encode(const SnapshotIndex& index);
// Errors: kMalformed, also for sizes that contradict each other or are over the limits above.
[[nodiscard]] Result<SnapshotIndex> decode_snapshot_index(ByteView bytes);
// As CometBFT hands it to its peers.
[[nodiscard]] abci::Snapshot describe(const SnapshotIndex& index);

}  // namespace assay::node
