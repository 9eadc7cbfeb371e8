#include "assay/node/snapshot_index.hpp"

#include <algorithm>

#include "assay/codec/buffer.hpp"
#include "assay/crypto/sha256.hpp"

namespace assay::node {

std::uint64_t SnapshotIndex::size_of(std::size_t chunk) const noexcept {
  const std::uint64_t begin = std::min<std::uint64_t>(bytes, std::uint64_t{chunk_bytes} * chunk);
  return std::min<std::uint64_t>(chunk_bytes, bytes - begin);
}

Bytes encode(const SnapshotIndex& index) {
  return codec::encode([&](codec::Writer& w) {
    w.raw(encode(index.header));
    w.u64(index.bytes);
    w.u32(index.chunk_bytes);
    w.u32(static_cast<std::uint32_t>(index.chunks.size()));
    for (const Hash256& chunk : index.chunks) w.hash(chunk);
  });
}

Result<SnapshotIndex> decode_snapshot_index(ByteView bytes) {
  const Error malformed{ErrorCode::kMalformed, "bytes that are no index of a snapshot"};
  codec::Reader r(bytes);
  const ByteView header = r.take(protocol::kHeaderBytes);
  SnapshotIndex index;
  index.bytes = r.u64();
  index.chunk_bytes = r.u32();
  index.chunks.resize(r.count(kSnapshotChunksMax, 32));
  for (Hash256& chunk : index.chunks) chunk = r.hash();
  if (!r.finish()) return malformed;
  ASSAY_TRY(index.header, protocol::decode_header(header));
  const std::uint64_t chunks = index.chunks.size();
  if (index.chunk_bytes == 0 || index.chunk_bytes > kSnapshotChunkBytes || chunks == 0 ||
      index.bytes > chunks * index.chunk_bytes || index.bytes <= (chunks - 1) * index.chunk_bytes)
    return malformed;
  return index;
}

abci::Snapshot describe(const SnapshotIndex& index) {
  abci::Snapshot snapshot;
  snapshot.height = index.header.height.value;
  snapshot.format = kSnapshotFormat;
  snapshot.chunks = static_cast<std::uint32_t>(index.chunks.size());
  snapshot.metadata = encode(index);
  snapshot.hash =
      to_bytes(crypto::sha256({as_bytes("assay/snapshot/1"), ByteView(snapshot.metadata)}).view());
  return snapshot;
}

}  // namespace assay::node
