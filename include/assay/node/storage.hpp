// A ledger node's folder at rest: how its ledger stands in RocksDB, and what an operator does with
// it while the node is stopped (docs/spec/node.md, "On disk"). Each takes the folder's lock:
// kConflict while a node runs. Errors also: those of the disk, kNotFound if the home holds no
// ledger.
#pragma once

#include "assay/node/archive.hpp"
#include "assay/node/verify_store.hpp"
#include "assay/store/rocks_store.hpp"

namespace assay::node {

inline constexpr std::uint64_t kDiskReserveBytes = std::uint64_t{512} << 20;

// Of the ledger's keys and values in its store, the encoding of records among them.
inline constexpr std::uint32_t kLedgerVersion = 13;

[[nodiscard]] store::RocksOptions ledger_store_options();
[[nodiscard]] std::filesystem::path ledger_path(const std::filesystem::path& home);
[[nodiscard]] std::filesystem::path snapshots_path(const std::filesystem::path& home);

// Opens a RocksDB folder; RocksStore::open unless somebody replaces the disk underneath.
using StoreOpener = std::function<Result<std::unique_ptr<store::RocksStore>>(
    const std::filesystem::path& folder, const store::RocksOptions& options)>;

// A check for NodeOptions::may_write: kNoSpace while the disk has less than `reserve_bytes` left.
// `store` must outlive it.
[[nodiscard]] std::function<Status()> reserve_space(const store::RocksStore& store,
                                                    std::uint64_t reserve_bytes);

// verify_store() and the checksum of every table file, on a store opened for reading.
[[nodiscard]] Result<StoreReport> verify_home(const std::filesystem::path& home,
                                              const VerifyOptions& options);
// Writes an archive to `file`, whole or not at all; the head that it holds.
[[nodiscard]] Result<protocol::BlockHeader> export_home(const std::filesystem::path& home,
                                                        const std::filesystem::path& file,
                                                        const ArchiveOptions& options);
// Makes the home's ledger of an archive, whole or not at all: killed at any moment it is done
// again. The home has its genesis record (config/genesis.bin) already, and no ledger:
// kAlreadyExists.
[[nodiscard]] Result<protocol::BlockHeader> import_home(const std::filesystem::path& home,
                                                        const std::filesystem::path& file,
                                                        const StoreOpener& open);
// Puts the newest of the home's snapshots at or below height `to` in the place of its ledger, which
// is of a higher one: a replicated node's that is ahead of its CometBFT, which has the blocks from
// there on. At once: killed at any moment the home has the old ledger or the new one. What of the
// transactions and receipts the old one has stays. Its head then. Errors also: kConflict (nothing
// to roll back; the ledger does not have the snapshot's block), kNotFound (no snapshot),
// kInvalidArgument (an embedded node's).
[[nodiscard]] Result<protocol::BlockHeader> rollback_home(const std::filesystem::path& home,
                                                          Height to, const StoreOpener& open);
// What a broken-off import or rollback left beside the ledger. Needs the lock.
[[nodiscard]] Status remove_unfinished(const std::filesystem::path& home);

}  // namespace assay::node
