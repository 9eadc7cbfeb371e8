#include "assay/commit/piece.hpp"

#include "assay/crypto/sha256.hpp"

namespace assay::commit {

namespace {

MerkleTree tree_of_roots(Sha256Function sha256, ByteView state_roots) {
  std::vector<Hash256> leaves;
  for (std::size_t at = 0; at < state_roots.size(); at += 32)
    leaves.push_back(leaf_hash(sha256, state_roots.subspan(at, 32)));
  return MerkleTree(std::move(leaves));
}

bool leads(Sha256Function sha256, const Hash256& leaf, std::uint64_t index, std::uint64_t count,
           const Path& path, Hash256& root) {
  return root_of_path(sha256, leaf, index, count, path.hashes.data(), path.length, root);
}

}  // namespace

// Parts begin at multiples of a power of two, so the split of a list makes their subtrees, and
// above them the tree of a list of as many leaves as there are parts.
bool is_part(Sha256Function sha256, const Hash256& transcript_root, std::uint64_t entries,
             std::uint64_t part, const TranscriptPart& piece) {
  if (part >= part_count(entries) ||
      piece.state_roots.size() != 32 * entries_in_part(entries, part))
    return false;
  Hash256 list_root;
  return leads(sha256, tree_of_roots(sha256, piece.state_roots).root(), part, part_count(entries),
               piece.path, list_root) &&
         counted_root(sha256, Tag::kTranscript, entries, list_root) == transcript_root;
}

std::optional<Hash256> root_over(Sha256Function sha256, Tag tag, std::uint64_t item,
                                 std::uint64_t chunk, const TensorChunk& piece) {
  if (!is_valid(piece.type.shape) || !is_valid_name(piece.name) || piece.leaf_count == 0)
    return std::nullopt;
  const std::uint64_t chunks = chunk_count(piece.type);
  const std::uint64_t index = chunk % chunks;
  const std::uint64_t size =
      std::min<std::uint64_t>(kChunkBytes, piece.type.byte_count() - index * kChunkBytes);
  Hash256 list_root;
  if (piece.bytes.size() != size ||
      !leads(sha256, leaf_hash(sha256, piece.bytes), index, chunks, piece.chunk_path, list_root))
    return std::nullopt;
  const Bytes leaf = named_leaf_record({piece.name, tensor_root(sha256, piece.type, list_root)});
  if (!leads(sha256, leaf_hash(sha256, leaf), item % piece.leaf_count, piece.leaf_count,
             piece.leaf_path, list_root))
    return std::nullopt;
  return counted_root(sha256, tag, piece.leaf_count, list_root);
}

bool is_record(Sha256Function sha256, const Hash256& root, std::uint64_t item,
               const ProgramRecord& piece) {
  const ProgramHeader& h = piece.header;
  const std::uint64_t count = std::uint64_t{h.node_count} + h.slot_count + h.data_count;
  if (count == 0 || piece.record.size() > kMaxRecordBytes || program_root(sha256, h) != root)
    return false;
  std::uint64_t index = item % count;
  const std::pair<std::uint64_t, const Hash256*> lists[] = {{h.node_count, &h.node_list_root},
                                                            {h.slot_count, &h.slot_list_root},
                                                            {h.data_count, &h.data_list_root}};
  for (const auto& [size, list] : lists) {
    Hash256 list_root;
    if (index < size)
      return leads(sha256, leaf_hash(sha256, piece.record), index, size, piece.path, list_root) &&
             list_root == *list;
    index -= size;
  }
  return false;
}

TranscriptPart open_part(const Transcript& transcript, std::uint64_t part) {
  ASSAY_EXPECTS(part < part_count(transcript.size()));
  TranscriptPart piece;
  std::vector<Hash256> parts;
  for (std::uint64_t p = 0; p < part_count(transcript.size()); ++p) {
    Bytes roots = transcript.state_roots(p * kPartEntries, entries_in_part(transcript.size(), p));
    parts.push_back(tree_of_roots(crypto::sha256_function(), roots).root());
    if (p == part) piece.state_roots = std::move(roots);
  }
  piece.path = MerkleTree(std::move(parts)).path(part);
  return piece;
}

TensorChunk open_chunk(const NamedTree& tree, std::span<const TensorRef> tensors,
                       std::uint64_t item, std::uint64_t chunk, TaskPool& pool) {
  ASSAY_EXPECTS(!tensors.empty() && tensors.size() == tree.leaves.size());
  const std::uint64_t leaf = item % tensors.size();
  const TensorRef& tensor = tensors[leaf];
  const std::uint64_t index = chunk % chunk_count(tensor.type);
  TensorChunk piece;
  piece.bytes = to_bytes(chunk_of(tensor.data, index));
  piece.chunk_path = tensor_tree(tensor.type, tensor.data, pool).path(index);
  piece.type = tensor.type;
  piece.name = tree.leaves[leaf].name;
  piece.leaf_count = tensors.size();
  piece.leaf_path = tree.tree.path(leaf);
  return piece;
}

}  // namespace assay::commit
