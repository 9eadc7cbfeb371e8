// What a blob is (docs/spec/blob.md): bytes named by their root over 64 KiB chunks,
// H(0x02 || 'B' || size u64 || RFC 9162 list root). The list of its leaf hashes, its manifest, is
// checked against the name; each chunk is then checked by one hash as it arrives.
#pragma once

#include <vector>

#include "assay/core/hex.hpp"
#include "assay/core/ids.hpp"

namespace assay::blob {

inline constexpr std::size_t kBlobChunkBytes = 64 * 1024;
inline constexpr std::uint64_t kMaxBlobBytes = std::uint64_t{16} << 30;
inline constexpr std::uint8_t kBlobTag = 'B';

using BlobId = Strong<struct BlobIdTag, Hash256>;

[[nodiscard]] constexpr std::uint64_t chunk_count_of(std::uint64_t size) noexcept {
  return (size + kBlobChunkBytes - 1) / kBlobChunkBytes;
}
// The length of the encoded manifest of a blob of `size` bytes.
[[nodiscard]] constexpr std::uint64_t manifest_bytes_of(std::uint64_t size) noexcept {
  return 8 + 32 * chunk_count_of(size);
}

// Only make() and decode() make one, so its id, size and leaves always belong together. Immutable.
class Manifest {
 public:
  // Of bytes in memory (or mapped).
  [[nodiscard]] static Manifest make(ByteView bytes);
  // kMalformed for bytes that are no manifest, kLimit for a blob over `max_bytes`, kIntegrity for a
  // manifest of another blob than `id`.
  [[nodiscard]] static Result<Manifest> decode(const BlobId& id, ByteView encoded,
                                               std::uint64_t max_bytes = kMaxBlobBytes);
  // size u64, then the leaf hashes in order.
  [[nodiscard]] Bytes encode() const;

  [[nodiscard]] const BlobId& id() const noexcept { return m_id; }
  [[nodiscard]] std::uint64_t size() const noexcept { return m_size; }
  [[nodiscard]] std::uint64_t chunk_count() const noexcept { return m_leaves.size(); }
  // The length of chunk `index`, all kBlobChunkBytes but the last.
  [[nodiscard]] std::size_t chunk_size(std::uint64_t index) const;
  // True if `bytes` is chunk `index`, whole.
  [[nodiscard]] bool is_chunk(std::uint64_t index, ByteView bytes) const;

 private:
  Manifest() = default;
  BlobId m_id;
  std::uint64_t m_size = 0;
  std::vector<Hash256> m_leaves;
};

[[nodiscard]] BlobId blob_id_of(ByteView bytes);

}  // namespace assay::blob
