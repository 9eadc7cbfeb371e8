#include "assay/blob/manifest.hpp"

#include <algorithm>

#include "assay/codec/buffer.hpp"
#include "assay/commit/tree.hpp"
#include "assay/crypto/sha256.hpp"

namespace assay::blob {

namespace {

BlobId headed_root(std::uint64_t size, const std::vector<Hash256>& leaves) {
  const Bytes header = codec::encode([&](codec::Writer& w) {
    w.u8(commit::kHeaderPrefix);
    w.u8(kBlobTag);
    w.u64(size);
    w.hash(commit::MerkleTree(leaves).root());
  });
  return BlobId{crypto::sha256(header)};
}

}  // namespace

Manifest Manifest::make(ByteView bytes) {
  Manifest m;
  m.m_size = bytes.size();
  m.m_leaves.resize(chunk_count_of(bytes.size()));
  crypto::sha256_many_prefixed(commit::kLeafPrefix, bytes, kBlobChunkBytes, m.m_leaves.data());
  m.m_id = headed_root(m.m_size, m.m_leaves);
  return m;
}

Result<Manifest> Manifest::decode(const BlobId& id, ByteView encoded, std::uint64_t max_bytes) {
  codec::Reader reader(encoded);
  Manifest m;
  m.m_size = reader.u64();
  if (!reader.ok()) return {ErrorCode::kMalformed, "a blob's manifest is cut short"};
  if (m.m_size > std::min(max_bytes, kMaxBlobBytes))
    return {ErrorCode::kLimit, "blob " + to_hex(id.value) + " has " + std::to_string(m.m_size) +
                                   " bytes, more than the " + std::to_string(max_bytes) +
                                   " allowed here"};
  if (encoded.size() != manifest_bytes_of(m.m_size))
    return {ErrorCode::kMalformed, "a blob's manifest has the wrong length"};
  m.m_leaves.resize(chunk_count_of(m.m_size));
  for (Hash256& leaf : m.m_leaves) leaf = reader.hash();
  m.m_id = headed_root(m.m_size, m.m_leaves);
  if (m.m_id != id)
    return {ErrorCode::kIntegrity, "this manifest is not of blob " + to_hex(id.value)};
  return m;
}

Bytes Manifest::encode() const {
  return codec::encode([&](codec::Writer& w) {
    w.u64(m_size);
    for (const Hash256& leaf : m_leaves) w.hash(leaf);
  });
}

std::size_t Manifest::chunk_size(std::uint64_t index) const {
  ASSAY_EXPECTS(index < m_leaves.size());
  return static_cast<std::size_t>(
      std::min<std::uint64_t>(kBlobChunkBytes, m_size - index * kBlobChunkBytes));
}

bool Manifest::is_chunk(std::uint64_t index, ByteView bytes) const {
  if (index >= m_leaves.size() || bytes.size() != chunk_size(index)) return false;
  const std::uint8_t prefix = commit::kLeafPrefix;
  return crypto::sha256({ByteView{&prefix, 1}, bytes}) == m_leaves[index];
}

BlobId blob_id_of(ByteView bytes) { return Manifest::make(bytes).id(); }

}  // namespace assay::blob
