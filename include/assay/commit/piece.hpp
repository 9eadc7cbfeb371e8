// Pieces of what roots stand for, each small enough for a message of the ledger: a part of a
// transcript, a chunk of a tensor of a state or a data set, a record of a program. An opening
// carries every count, type and name that it needs, all under the root
// (docs/spec/commit.md, "Pieces"). Indices are taken modulo the counts under the root, so that
// whatever index is asked for names a piece. Thread-safe; making one hashes what it opens.
#pragma once

#include <optional>

#include "assay/commit/tensor_hash.hpp"
#include "assay/commit/transcript.hpp"

namespace assay::commit {

// Entries of a transcript in one part, a subtree of its list; the last part may be shorter.
inline constexpr std::uint64_t kPartEntries = 256;
inline constexpr std::size_t kMaxPieceBytes = kPartEntries * 32;
inline constexpr std::size_t kMaxRecordBytes = 1024;  // more than any record of a valid program

[[nodiscard]] constexpr std::uint64_t part_count(std::uint64_t entries) noexcept {
  return entries / kPartEntries + (entries % kPartEntries != 0 ? 1 : 0);
}
// Requires part < part_count(entries).
[[nodiscard]] constexpr std::uint64_t entries_in_part(std::uint64_t entries,
                                                      std::uint64_t part) noexcept {
  return std::min(kPartEntries, entries - part * kPartEntries);
}

struct TranscriptPart {
  Bytes state_roots;  // 32 bytes each
  Path path;          // of the part among parts
};
struct TensorChunk {
  Bytes bytes;  // the chunk
  Path chunk_path;
  TensorType type;  // of the tensor
  std::string name;
  std::uint64_t leaf_count = 0;  // tensors of the state or data set
  Path leaf_path;
};
// Of a program's nodes, slots and data declarations, counted through in this order.
struct ProgramRecord {
  Bytes record;
  Path path;  // in its own list
  ProgramHeader header;
};

// True if it is part `part` of the transcript of `entries` entries. The count must come from the
// task's header, never from a message.
[[nodiscard]] bool is_part(Sha256Function sha256, const Hash256& transcript_root,
                           std::uint64_t entries, std::uint64_t part, const TranscriptPart& piece);
// The headed root (tag: kState or kDataSet) under which it is chunk `chunk` of tensor `item`; none
// if it is under no root.
[[nodiscard]] std::optional<Hash256> root_over(Sha256Function sha256, Tag tag, std::uint64_t item,
                                               std::uint64_t chunk, const TensorChunk& piece);
// True if it is record `item` of the program.
[[nodiscard]] bool is_record(Sha256Function sha256, const Hash256& program_root, std::uint64_t item,
                             const ProgramRecord& piece);

// Requires part < part_count(transcript.size()).
[[nodiscard]] TranscriptPart open_part(const Transcript& transcript, std::uint64_t part);
// `tree`: of these tensors, not empty; `tensors` in the order of its leaves.
[[nodiscard]] TensorChunk open_chunk(const NamedTree& tree, std::span<const TensorRef> tensors,
                                     std::uint64_t item, std::uint64_t chunk, TaskPool& pool);

}  // namespace assay::commit
