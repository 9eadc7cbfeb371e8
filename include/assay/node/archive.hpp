// A ledger in one portable file (docs/spec/node.md, "Archives"): headers and state (a snapshot), or
// with every block's transactions and receipts (an export). Equal chains give equal files. Whoever
// imports one trusts nothing in it but its operator's signatures: roots are made anew.
#pragma once

#include <functional>

#include "assay/core/faces.hpp"
#include "assay/node/header.hpp"

namespace assay::node {

inline constexpr std::uint32_t kArchiveVersion = 12;
inline constexpr std::size_t kArchiveFrameBytes = std::size_t{1} << 20;  // of state, about
inline constexpr std::size_t kMaxArchiveFrameBytes = std::size_t{64} << 20;

struct ArchiveBlock {
  SignedHeader header;
  bool has_body = false;
  std::vector<Bytes> transactions;
  std::vector<Bytes> receipts;  // the block's own events last
};
struct ArchiveRecord {
  ByteView key;
  ByteView value;
};

// The whole of a ledger at its head, in pieces, to `sink`. kUnavailable if the progress asked to
// stop; kIntegrity if the store lacks a block.
struct ArchiveOptions {
  bool bodies = false;  // those that the store has
  Progress* progress = nullptr;
};
using ArchiveSink = std::function<Status(ByteView)>;
[[nodiscard]] Status write_archive(const KeyValueStore& store, const ArchiveOptions& options,
                                   const ArchiveSink& sink);

// What an archive holds, in order. A visitor's error ends the reading.
class ArchiveVisitor {
 public:
  virtual ~ArchiveVisitor() = default;
  virtual Status genesis(const protocol::Genesis& genesis) = 0;
  virtual Status block(const ArchiveBlock& block) = 0;                 // heights 0, 1, ...
  virtual Status records(std::span<const ArchiveRecord> records) = 0;  // keys ascend
  virtual Status end() = 0;
};
// kMalformed, before the visitor hears of anything, unless the file is whole (its checksum); later
// for bytes that are no archive. kUnsupported for another version.
[[nodiscard]] Status read_archive(ByteView bytes, ArchiveVisitor& visitor);

// Fills an empty store. Every header is checked, the roots of bodies and of the state are made
// anew, the money is audited; only then does the store have a head, so a broken-off import is no
// ledger. Errors also: kConflict (another chain than `genesis`), kAlreadyExists (the store holds
// one), kIntegrity (the archive contradicts itself).
[[nodiscard]] Result<protocol::BlockHeader> import_archive(ByteView bytes,
                                                           const protocol::Genesis& genesis,
                                                           KeyValueStore& store);

// Puts a strangers' archive in the place of all that the store holds, if its last block is `head`,
// which the caller knows from elsewhere. The store has no head meanwhile, and a mark; after an
// archive that is refused it is empty.
[[nodiscard]] Status replace_by_archive(ByteView bytes, const protocol::Genesis& genesis,
                                        const protocol::BlockHeader& head, KeyValueStore& store);
// Empties a store in which that was cut. Others are as they were.
[[nodiscard]] Status clear_unfinished(KeyValueStore& store);
// Because of what it holds, keys over the store's limits among it; else the disk failed.
[[nodiscard]] constexpr bool is_refusal_of_archive(ErrorCode code) noexcept {
  return code == ErrorCode::kMalformed || code == ErrorCode::kUnsupported ||
         code == ErrorCode::kConflict || code == ErrorCode::kIntegrity ||
         code == ErrorCode::kInvalidArgument || code == ErrorCode::kLimit;
}

}  // namespace assay::node
