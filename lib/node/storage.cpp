#include "assay/node/storage.hpp"

#include "assay/host/file_writer.hpp"
#include "assay/host/files.hpp"
#include "assay/host/read_file.hpp"
#include "assay/node/home.hpp"
#include "assay/protocol/layout.hpp"
#include "assay/protocol/view.hpp"

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
  // What a broken-off import left is no ledger yet.
  const fs::path unfinished = home / "ledger.import";
  fs::remove_all(unfinished, failed);
  if (failed)
    return {ErrorCode::kIo, "cannot remove " + unfinished.string() + ": " + failed.message()};
  ASSAY_TRY(auto store, open(unfinished, ledger_store_options()));
  auto head = import_archive(archive.bytes(), genesis, *store);
  if (!head) {
    store.reset();
    fs::remove_all(unfinished, failed);
    return with_context(std::move(head).error(), file.string());
  }
  ASSAY_TRY_STATUS(store->flush());
  store.reset();
  ASSAY_TRY_STATUS(host::move_durably(unfinished, ledger_path(home)));
  return *head;
}

}  // namespace assay::node
