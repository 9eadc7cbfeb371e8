#include "assay/host/file_writer.hpp"
#include "assay/host/files.hpp"
#include "assay/host/read_file.hpp"
#include "assay/node/home.hpp"
#include "assay/node/snapshots.hpp"
#include "assay/node/storage.hpp"
#include "assay/protocol/archive.hpp"
#include "assay/protocol/layout.hpp"
#include "assay/protocol/view.hpp"
#include "internal/keys.hpp"
#include "internal/unfinished.hpp"

namespace assay::node {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t kBatchBytes = std::size_t{4} << 20;

// One list of a block, if it is the one that its header names; else nothing.
Result<Bytes> sound_list(const KeyValueStore& store, std::uint8_t prefix, Height height,
                         const Hash256& root) {
  const auto items = protocol::stored_list(store, prefix, height);
  if (!items && items.error().code != ErrorCode::kIntegrity) return items.error();
  if (!items || !*items || protocol::list_root(**items) != root) return Bytes();
  return protocol::encode_list(**items);
}

// A snapshot has no bodies. Those of its blocks that the old ledger has go with it: from the last
// one down, as far as there are any.
Status copy_bodies(const KeyValueStore& from, Height last, KeyValueStore& to) {
  ASSAY_TRY(Height first, first_body(to));
  WriteBatch batch;
  std::size_t bytes = 0;
  const auto write = [&]() -> Status {
    batch.put(bodies_from_key(), codec::encode([&](codec::Writer& w) { w.u64(first.value); }));
    bytes = 0;
    return to.write(std::exchange(batch, {}));
  };
  for (std::uint64_t left = last.value + 1; left > 0; --left) {
    const Height height{left - 1};
    ASSAY_TRY(const auto header, protocol::StateReader(to).header(height));
    if (!header) return {ErrorCode::kIntegrity, "a header of the snapshot is missing"};
    ASSAY_TRY(auto transactions,
              sound_list(from, protocol::kTransactionsPrefix, height, header->tx_root));
    ASSAY_TRY(auto receipts,
              sound_list(from, protocol::kReceiptsPrefix, height, header->receipts_root));
    if (transactions.empty() || receipts.empty()) break;
    bytes += transactions.size() + receipts.size();
    batch.put(protocol::block_key(protocol::kTransactionsPrefix, height), std::move(transactions));
    batch.put(protocol::block_key(protocol::kReceiptsPrefix, height), std::move(receipts));
    first = height;
    if (bytes >= kBatchBytes) ASSAY_TRY_STATUS(write());
  }
  return write();
}

// The snapshot's last block, in the ledger that it is to replace.
Status check_shared(const KeyValueStore& old, const SnapshotIndex& index) {
  ASSAY_TRY(const auto header, stored_header(old, index.header.height));
  if (header && header->header == index.header) return {};
  return {ErrorCode::kConflict,
          "the ledger's block " + std::to_string(index.header.height.value) +
              " is not that of the snapshot: one of them is damaged or of another chain; see "
              "assayd verify-store, or move the ledger away and import the snapshot"};
}

}  // namespace

fs::path snapshots_path(const fs::path& home) { return home / "snapshots"; }

Result<protocol::BlockHeader> rollback_home(const fs::path& home, Height to,
                                            const StoreOpener& open) {
  ASSAY_TRY(const protocol::Genesis genesis, read_genesis_record(genesis_path(home)));
  if (!is_replicated(genesis))
    return {ErrorCode::kInvalidArgument,
            "only the ledger of a replicated node is rolled back: CometBFT has its blocks, but "
            "nobody those of an operator"};
  ASSAY_TRY(const host::FolderLock lock, host::FolderLock::acquire(home));
  store::RocksOptions reading = ledger_store_options();
  reading.read_only = true;
  ASSAY_TRY(auto old, store::RocksStore::open(ledger_path(home), reading));
  ASSAY_TRY(const protocol::BlockHeader head, protocol::StateReader(*old).head());
  if (head.height <= to)
    return {ErrorCode::kConflict, "the ledger is at height " + std::to_string(head.height.value) +
                                      ", which is not above " + std::to_string(to.value) +
                                      ": there is nothing to roll back"};
  auto found = newest_snapshot(snapshots_path(home), to);
  if (!found)
    return with_context(
        std::move(found).error(),
        "cannot roll back; move the folder ledger away, and every block is executed again");
  const SnapshotIndex& index = found->first;
  const fs::path& file = found->second;
  ASSAY_TRY_STATUS(check_shared(*old, index));
  ASSAY_TRY(const host::MappedFile archive, host::MappedFile::open(file));
  const Status made = make_unfinished(home, open, [&](KeyValueStore& store) -> Status {
    ASSAY_TRY(const auto imported, import_archive(archive.bytes(), genesis, store));
    if (imported != index.header)
      return {ErrorCode::kIntegrity, "the snapshot does not hold what its index says"};
    return copy_bodies(*old, imported.height, store);
  });
  if (!made) return with_context(made.error(), file.string());
  old.reset();
  ASSAY_TRY_STATUS(host::exchange_durably(unfinished_path(home), ledger_path(home)));
  ASSAY_TRY_STATUS(remove_unfinished(home));
  return index.header;
}

}  // namespace assay::node
