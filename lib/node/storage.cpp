#include "assay/node/storage.hpp"

#include "assay/host/file_writer.hpp"
#include "assay/host/files.hpp"
#include "assay/host/read_file.hpp"
#include "assay/node/home.hpp"
#include "assay/protocol/layout.hpp"
#include "assay/protocol/view.hpp"
#include "internal/unfinished.hpp"

namespace assay::node {

namespace fs = std::filesystem;

namespace {

Result<protocol::Genesis> read_genesis(const fs::path& home) {
  if (!fs::exists(genesis_path(home)))
    return {ErrorCode::kNotFound,
            home.string() + " holds no node; make one with: assayd init --home " + home.string() +
                ", or copy the old one's config, keys and tls"};
  return read_genesis_record(genesis_path(home));
}

Result<std::unique_ptr<store::RocksStore>> open_for_reading(const fs::path& home) {
  store::RocksOptions options = ledger_store_options();
  options.read_only = true;
  return store::RocksStore::open(ledger_path(home), options);
}

}  // namespace

// What a node that paused for want of space must be able to start with.
static_assert(kDiskReserveBytes >=
              std::uint64_t{store::kLogBuffers} * store::kWriteBufferBytes * 3 / 2);

store::RocksOptions ledger_store_options() {
  using namespace protocol;
  store::RocksOptions options;
  options.content = "ledger";
  options.version = kLedgerVersion;
  options.families = {{"state", {kStatePrefix}},         {"smt-nodes", {kMapPrefix}},
                      {"smt-before", {kMapPrefix, 'v'}}, {"smt-stale", {kMapPrefix, 's'}},
                      {"blocks", {kHeaderPrefix}},       {"blocks", {'e', 's'}},
                      {"bodies", {kTransactionsPrefix}}, {"bodies", {kReceiptsPrefix}},
                      {"index", {'e', 't'}, true},       {"clients", {kResultIndexPrefix}, true}};
  return options;
}

fs::path ledger_path(const fs::path& home) { return home / "ledger"; }

std::function<Status()> reserve_space(const store::RocksStore& store, std::uint64_t reserve_bytes) {
  return [&store, reserve_bytes]() -> Status {
    ASSAY_TRY(const std::uint64_t free, store.free_bytes());
    if (free >= reserve_bytes) return {};
    return {ErrorCode::kNoSpace,
            "the disk has " + std::to_string(free >> 20) + " MiB left, and the node keeps " +
                std::to_string(reserve_bytes >> 20) + " MiB in reserve; free some space"};
  };
}

Result<StoreReport> verify_home(const fs::path& home, const VerifyOptions& options) {
  ASSAY_TRY(const protocol::Genesis genesis, read_genesis(home));
  ASSAY_TRY(const host::FolderLock lock, host::FolderLock::acquire(home));
  ASSAY_TRY(const auto store, open_for_reading(home));
  const Status files = store->verify();
  if (!files && files.error().code != ErrorCode::kIntegrity) return files.error();
  auto report = verify_store(*store, genesis, options);
  if (report && !files) report->fault(files.error().message);
  return report;
}

Result<protocol::BlockHeader> export_home(const fs::path& home, const fs::path& file,
                                          const ArchiveOptions& options) {
  ASSAY_TRY(const host::FolderLock lock, host::FolderLock::acquire(home));
  ASSAY_TRY(const auto store, open_for_reading(home));
  ASSAY_TRY(const protocol::BlockHeader head, protocol::StateReader(*store).head());
  ASSAY_TRY(host::FileWriter out, host::FileWriter::create(file));
  ASSAY_TRY_STATUS(
      write_archive(*store, options, [&](ByteView bytes) { return out.append(bytes); }));
  ASSAY_TRY_STATUS(out.commit());
  return head;
}

Result<protocol::BlockHeader> import_home(const fs::path& home, const fs::path& file,
                                          const StoreOpener& open) {
  ASSAY_TRY(const protocol::Genesis genesis, read_genesis(home));
  ASSAY_TRY(const host::FolderLock lock, host::FolderLock::acquire(home));
  std::error_code failed;
  if (fs::exists(ledger_path(home), failed))
    return {ErrorCode::kAlreadyExists,
            ledger_path(home).string() + " holds a ledger already; move it away first"};
  ASSAY_TRY(const host::MappedFile archive, host::MappedFile::open(file));
  protocol::BlockHeader head;
  const Status made = make_unfinished(home, open, [&](KeyValueStore& store) -> Status {
    ASSAY_TRY(head, import_archive(archive.bytes(), genesis, store));
    return {};
  });
  if (!made) return with_context(made.error(), file.string());
  ASSAY_TRY_STATUS(host::move_durably(unfinished_path(home), ledger_path(home)));
  return head;
}

Status remove_unfinished(const fs::path& home) {
  std::error_code failed;
  const fs::path unfinished = unfinished_path(home);
  fs::remove_all(unfinished, failed);
  if (!failed) return {};
  return {ErrorCode::kIo, "cannot remove " + unfinished.string() + ": " + failed.message()};
}

Status make_unfinished(const fs::path& home, const StoreOpener& open,
                       const std::function<Status(KeyValueStore& store)>& fill) {
  ASSAY_TRY_STATUS(remove_unfinished(home));
  ASSAY_TRY(auto store, open(unfinished_path(home), ledger_store_options()));
  Status made = fill(*store);
  if (made) made = store->flush();
  store.reset();
  if (!made) (void)remove_unfinished(home);
  return made;
}

}  // namespace assay::node
