// The headed roots: a list root does not bind its length, so every root is the hash of a header
// with a tag, the counts and the list roots: H(0x02 || tag || fields) (docs/spec/commit.md).
// Freestanding.
#pragma once

#include "assay/commit/merkle.hpp"
#include "assay/commit/type_record.hpp"

namespace assay::commit {

inline constexpr std::size_t kChunkBytes = 1024;  // leaves of a tensor
inline constexpr std::size_t kMaxNamedLeafBytes = 4 + 64 + 32;

enum class Tag : std::uint8_t {
  kTensor = 'T',      // type, list root of the kChunkBytes chunks of the row-major bytes
  kState = 'S',       // count u64, list root of (name bytes, tensor root), names ascending
  kDataSet = 'D',     // the same, of a data set
  kProgram = 'P',     // profile u16, nodes u32, slots u32, data u32, list roots of their records
  kTranscript = 'R',  // count u64, list root of state roots
  kTask = 'K',        // the task header's bytes
};

[[nodiscard]] constexpr std::uint64_t chunk_count(const TensorType& type) noexcept {
  return (type.byte_count() + kChunkBytes - 1) / kChunkBytes;
}

[[nodiscard]] Hash256 tensor_root(Sha256Function sha256, const TensorType& type,
                                  const Hash256& list_root);
// tag: kState, kDataSet or kTranscript.
[[nodiscard]] Hash256 counted_root(Sha256Function sha256, Tag tag, std::uint64_t count,
                                   const Hash256& list_root);

// The root of a rank-0 tensor with these little-endian bits (t and the seed, in the dispute).
[[nodiscard]] Hash256 scalar_tensor_root(Sha256Function sha256, DType dtype, std::uint64_t bits);

struct ProgramHeader {
  std::uint16_t profile = 1;
  std::uint32_t node_count = 0;
  std::uint32_t slot_count = 0;
  std::uint32_t data_count = 0;
  Hash256 node_list_root;
  Hash256 slot_list_root;
  Hash256 data_list_root;
  friend bool operator==(const ProgramHeader&, const ProgramHeader&) = default;
};
[[nodiscard]] Hash256 program_root(Sha256Function sha256, const ProgramHeader& header);
template <class Sink>
void write_program_header(codec::BasicWriter<Sink>& writer, const ProgramHeader& h) {
  writer.u16(h.profile);
  writer.u32(h.node_count);
  writer.u32(h.slot_count);
  writer.u32(h.data_count);
  writer.hash(h.node_list_root);
  writer.hash(h.slot_list_root);
  writer.hash(h.data_list_root);
}
[[nodiscard]] inline ProgramHeader read_program_header(codec::Reader& r) {
  ProgramHeader h;
  h.profile = r.u16();
  h.node_count = r.u32();
  h.slot_count = r.u32();
  h.data_count = r.u32();
  h.node_list_root = r.hash();
  h.slot_list_root = r.hash();
  h.data_list_root = r.hash();
  return h;
}

// A leaf of a state or a data set: name (length-prefixed) and tensor root.
struct NamedLeaf {
  ByteView name;  // 1 to 64 bytes
  Hash256 root;
};
template <class Sink>
void write_named_leaf(codec::BasicWriter<Sink>& writer, const NamedLeaf& leaf) {
  writer.bytes(leaf.name);
  writer.hash(leaf.root);
}
[[nodiscard]] inline NamedLeaf read_named_leaf(codec::Reader& r) {
  NamedLeaf leaf;
  leaf.name = r.bytes(64);
  leaf.root = r.hash();
  if (leaf.name.empty()) r.fail();
  return leaf;
}

}  // namespace assay::commit
