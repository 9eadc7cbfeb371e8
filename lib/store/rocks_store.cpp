#include "assay/store/rocks_store.hpp"

#include <rocksdb/cache.h>
#include <rocksdb/db.h>
#include <rocksdb/env.h>
#include <rocksdb/file_checksum.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/options.h>
#include <rocksdb/perf_level.h>
#include <rocksdb/slice_transform.h>
#include <rocksdb/snapshot.h>
#include <rocksdb/table.h>
#include <rocksdb/write_batch.h>

#include <algorithm>
#include <atomic>

#include "internal/rocks_access.hpp"

namespace assay::store {

namespace {

constexpr char kMetaFamily[] = "assay-meta";
constexpr char kFormatKey[] = "format";
constexpr std::size_t kProtectionBytes = 8;     // of a key and its value on their way to the tables
constexpr std::uint64_t kBlobBytes = 16 << 10;  // values that no merge should copy

// RocksDB's comparisons take no null pointer, not even to nothing.
rocksdb::Slice slice(ByteView bytes) {
  if (bytes.empty()) return {};
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}
ByteView view(const rocksdb::Slice& bytes) {
  return {reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()};
}

// RocksDB tells a held lock and a folder without rights apart by its text alone.
Error explain(const rocksdb::Status& status, const std::string& doing,
              const std::filesystem::path& folder) {
  const std::string text = status.ToString();
  const std::string what = "store " + folder.string() + ": " + doing + " failed (" + text + "); ";
  const auto says = [&](const char* words) { return text.find(words) != std::string::npos; };
  if (status.IsNoSpace() || says("No space left on device"))
    return {ErrorCode::kNoSpace, what + "free some space on that disk and start again"};
  if (status.IsIOError() && says("lock ") &&
      (says("Resource temporarily unavailable") || says("already held by process") ||
       says("lock hold by current process")))
    return {ErrorCode::kConflict,
            what + "another process has it open: stop that one or use another folder"};
  if (says("Permission denied") || says("Read-only file system"))
    return {ErrorCode::kPermission, what + "give this user the right to write there"};
  if (status.IsInvalidArgument() && says("does not exist"))
    return {ErrorCode::kNotFound, what + "check the path"};
  if (status.IsCorruption())
    return {ErrorCode::kIntegrity,
            what +
                "the bytes on disk are not those that were written: check the disk, then "
                "restore the folder from a copy or start with an empty one; do not delete "
                "single files in it"};
  if (status.IsInvalidArgument())
    return {ErrorCode::kUnsupported, what + "is this folder an assay store of this version?"};
  return {ErrorCode::kIo, what + "check the disk and start again"};
}

// RocksDB's own log would be one more file to fill a full disk, and its writer asserts after a
// failed write. What matters comes back as a status.
class SilentLogger final : public rocksdb::Logger {
 public:
  using rocksdb::Logger::Logv;
  void Logv(const char*, va_list) override {}
};

rocksdb::Options make_options(const RocksOptions& options, rocksdb::Env* env) {
  rocksdb::Options o;
  if (env != nullptr) o.env = env;
  o.create_if_missing = options.create_if_missing;
  o.create_missing_column_families = true;
  o.write_buffer_size = options.write_buffer_bytes;
  // The families share one log: without a limit a family that is seldom written keeps old logs
  // alive. A limit on all their buffers would write the oldest out, which is the smallest.
  o.max_total_wal_size = kLogBuffers * options.write_buffer_bytes;
  o.max_open_files = options.max_open_files;
  o.max_background_jobs = 2;
  o.info_log = std::make_shared<SilentLogger>();
  o.max_bgerror_resume_count = 0;  // after an error only a new open is certain
  // Most of what we hold is digests and signatures.
  o.compression = rocksdb::kNoCompression;
  // Large values are written once beside the tables, which merges then copy without them.
  o.enable_blob_files = true;
  o.min_blob_size = kBlobBytes;

  // Writers put the keys of a family in order, so each place is next to the last one's; and most
  // keys that are asked for before they are written are absent.
  o.memtable_insert_with_hint_prefix_extractor.reset(rocksdb::NewFixedPrefixTransform(1));
  o.memtable_whole_key_filtering = true;
  o.memtable_prefix_bloom_size_ratio = 0.05;

  // Recycled logs lost data in recovery (RocksDB pull request 12918).
  o.recycle_log_file_num = 0;
  o.track_and_verify_wals_in_manifest = true;
  o.paranoid_checks = true;
  o.paranoid_file_checks = true;
  o.force_consistency_checks = true;
  o.flush_verify_memtable_count = true;
  o.file_checksum_gen_factory = rocksdb::GetFileChecksumGenCrc32cFactory();
  // Every write is synced, so the only thing a power cut may leave behind is an incomplete last
  // record, of a batch that nobody was told is safe: drop that, and refuse everything else.
  // kPointInTimeRecovery would stop at the first bad record without a word, and acknowledged blocks
  // behind it would be gone; kAbsoluteConsistency would refuse the harmless incomplete record too,
  // so a node could not start after a power cut.
  o.wal_recovery_mode = rocksdb::WALRecoveryMode::kTolerateCorruptedTailRecords;

  rocksdb::BlockBasedTableOptions table;
  table.block_cache = rocksdb::NewLRUCache(options.block_cache_bytes);
  table.verify_compression = true;
  table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10));  // most new keys are absent
  o.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  return o;
}

bool valid_name(const std::string& name) {
  return !name.empty() && name.size() <= 32 && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
  });
}

Status check_options(const RocksOptions& options) {
  if (!valid_name(options.content))
    return {ErrorCode::kInvalidArgument, "the content's name '" + options.content.substr(0, 64) +
                                             "' is not of [a-z0-9-], 1 to 32 characters"};
  const Status bad{ErrorCode::kInvalidArgument, "the table of key families is not well-formed"};
  if (options.families.size() > kMaxFamilies) return bad;
  for (const KeyFamily& family : options.families) {
    if (!valid_name(family.name) || family.prefix.empty() || family.name == kMetaFamily ||
        family.name == rocksdb::kDefaultColumnFamilyName)
      return bad;
    for (const KeyFamily& other : options.families)
      if (&other != &family && other.prefix == family.prefix) return bad;
  }
  return {};
}

std::string what_and_version(const RocksOptions& options) {
  return "assay " + options.content + " " + std::to_string(options.version);
}

std::string format_record(const RocksOptions& options) {
  std::string record = what_and_version(options);
  for (const KeyFamily& family : options.families)
    record += " " + family.name + "=" + to_hex(family.prefix);
  return record;
}

// The record up to the table of families.
std::string first_words(const std::string& record) {
  std::size_t end = 0;
  for (int word = 0; word < 3 && end < record.size(); ++word) end = record.find(' ', end + 1);
  return record.substr(0, std::min<std::size_t>(end, 64));
}

bool begins_with(ByteView bytes, ByteView prefix) {
  return bytes.size() >= prefix.size() && equal_bytes(bytes.first(prefix.size()), prefix);
}

rocksdb::WriteOptions synced() {
  rocksdb::WriteOptions options;
  options.sync = true;
  options.protection_bytes_per_key = kProtectionBytes;
  return options;
}

}  // namespace

struct RocksStore::State {
  struct Family {
    std::string name;
    Bytes prefix;  // empty: all that is in no other
    rocksdb::ColumnFamilyHandle* handle = nullptr;
  };
  std::filesystem::path folder;
  std::unique_ptr<rocksdb::DB> db;
  std::vector<Family> families;  // the longest prefix first, so "default" last
  rocksdb::ColumnFamilyHandle* meta = nullptr;
  bool read_only = false;
  std::atomic<bool> broken{false};

  std::vector<rocksdb::ColumnFamilyHandle*> handles;

  ~State() {
    if (!db) return;
    for (rocksdb::ColumnFamilyHandle* handle : handles) db->DestroyColumnFamilyHandle(handle);
    db->Close();
  }

  [[nodiscard]] rocksdb::ColumnFamilyHandle* family_of(ByteView key) const {
    for (const Family& family : families)
      if (begins_with(key, family.prefix)) return family.handle;
    return families.back().handle;
  }
  // Those that may hold keys with this prefix.
  [[nodiscard]] std::vector<rocksdb::ColumnFamilyHandle*> families_of(ByteView prefix) const {
    std::vector<rocksdb::ColumnFamilyHandle*> out;
    for (const Family& family : families) {
      const bool holds_all = begins_with(prefix, family.prefix);
      if (!holds_all && !begins_with(family.prefix, prefix)) continue;
      if (std::find(out.begin(), out.end(), family.handle) == out.end())
        out.push_back(family.handle);
      if (holds_all) break;
    }
    return out;
  }

  [[nodiscard]] Error error(const rocksdb::Status& status, const char* doing) const {
    return explain(status, doing, folder);
  }
  [[nodiscard]] Result<std::optional<Bytes>> get(const rocksdb::ReadOptions& options,
                                                 ByteView key) const;
  [[nodiscard]] Status scan(const rocksdb::ReadOptions& options, ByteView prefix,
                            const std::function<bool(ByteView, ByteView)>& visit) const;

  [[nodiscard]] Status check_format(const RocksOptions& options) {
    const std::string expected = format_record(options);
    std::string found;
    const auto status = db->Get(rocksdb::ReadOptions(), meta, kFormatKey, &found);
    if (status.ok()) {
      if (found == expected) return {};
      const std::string wanted = what_and_version(options);
      if (found != wanted && found.compare(0, wanted.size() + 1, wanted + " ") != 0)
        return {ErrorCode::kUnsupported, "store " + folder.string() + " is '" + first_words(found) +
                                             "', and this program " + "reads '" + wanted +
                                             "': use the program that made it, or another folder"};
      return {ErrorCode::kUnsupported,
              "store " + folder.string() + " holds '" + found.substr(0, 64) + "' where '" +
                  expected + "' is expected: use the folder and the version that fit"};
    }
    if (!status.IsNotFound()) return error(status, "reading the format record");
    // New, or its first process died before this record; then nothing else is there either.
    for (const Family& family : families) {
      const std::unique_ptr<rocksdb::Iterator> any(
          db->NewIterator(rocksdb::ReadOptions(), family.handle));
      any->SeekToFirst();
      if (!any->status().ok()) return error(any->status(), "reading");
      if (any->Valid() || read_only)
        return {ErrorCode::kUnsupported,
                "store " + folder.string() + " has no format record: it is not an assay store"};
    }
    const auto put = db->Put(synced(), meta, kFormatKey, expected);
    if (!put.ok()) return error(put, "writing the format record");
    return {};
  }
};

RocksStore::RocksStore(std::unique_ptr<State> state) : m_state(std::move(state)) {}
RocksStore::~RocksStore() = default;

Result<std::unique_ptr<RocksStore>> RocksStore::open(const std::filesystem::path& folder,
                                                     const RocksOptions& options) {
  return RocksAccess::open(folder, options, nullptr);
}

Result<std::unique_ptr<RocksStore>> RocksAccess::open(const std::filesystem::path& folder,
                                                      const RocksOptions& options,
                                                      rocksdb::Env* env) {
  ASSAY_TRY_STATUS(check_options(options));
  const bool create = options.create_if_missing && !options.read_only;
  if (create) {
    std::error_code failed;
    std::filesystem::create_directories(folder, failed);
    if (failed)
      return explain(rocksdb::Status::IOError(failed.message()), "creating the folder", folder);
  }
  std::error_code absent;
  if (!create && !std::filesystem::exists(folder / "CURRENT", absent))
    return {ErrorCode::kNotFound, "store " + folder.string() + ": there is none; check the path"};
  const rocksdb::Options o = make_options(options, env);
  auto state = std::make_unique<RocksStore::State>();
  state->folder = folder;
  state->read_only = options.read_only;
  // RocksDB refuses to open without a family that it finds; the format record says the rest.
  std::vector<rocksdb::ColumnFamilyDescriptor> descriptors{{rocksdb::kDefaultColumnFamilyName, o},
                                                           {kMetaFamily, o}};
  std::vector<std::size_t> place;  // of each family's handle
  for (const KeyFamily& family : options.families) {
    const auto same = [&](const auto& d) { return d.name == family.name; };
    const auto found = std::find_if(descriptors.begin(), descriptors.end(), same);
    place.push_back(static_cast<std::size_t>(found - descriptors.begin()));
    if (found != descriptors.end()) continue;
    descriptors.emplace_back(family.name, o);
    if (family.scattered) descriptors.back().options.write_buffer_size *= 2;
  }
  rocksdb::DB* db = nullptr;
  const auto status =
      options.read_only
          ? rocksdb::DB::OpenForReadOnly(o, folder.string(), descriptors, &state->handles, &db)
          : rocksdb::DB::Open(o, folder.string(), descriptors, &state->handles, &db);
  if (!status.ok()) return explain(status, "opening", folder);
  state->db.reset(db);
  state->meta = state->handles[1];
  state->families.push_back({rocksdb::kDefaultColumnFamilyName, {}, state->handles[0]});
  for (std::size_t i = 0; i < options.families.size(); ++i)
    state->families.push_back(
        {options.families[i].name, options.families[i].prefix, state->handles[place[i]]});
  std::stable_sort(state->families.begin(), state->families.end(),
                   [](const auto& a, const auto& b) { return a.prefix.size() > b.prefix.size(); });
  ASSAY_TRY_STATUS(state->check_format(options));
  return std::unique_ptr<RocksStore>(new RocksStore(std::move(state)));
}

Result<std::optional<Bytes>> RocksStore::State::get(const rocksdb::ReadOptions& options,
                                                    ByteView key) const {
  rocksdb::PinnableSlice value;
  const auto status = db->Get(options, family_of(key), slice(key), &value);
  if (status.IsNotFound()) return std::optional<Bytes>();
  if (!status.ok()) return error(status, "reading");
  return std::optional<Bytes>(to_bytes(view(value)));
}

// A prefix that several families share is read from all, merged.
Status RocksStore::State::scan(const rocksdb::ReadOptions& options, ByteView prefix,
                               const std::function<bool(ByteView, ByteView)>& visit) const {
  std::vector<std::unique_ptr<rocksdb::Iterator>> iterators;
  for (rocksdb::ColumnFamilyHandle* family : families_of(prefix)) {
    iterators.emplace_back(db->NewIterator(options, family));
    iterators.back()->Seek(slice(prefix));
  }
  while (true) {
    rocksdb::Iterator* least = nullptr;
    for (const auto& it : iterators) {
      if (!it->status().ok()) return error(it->status(), "reading");
      if (it->Valid() && it->key().starts_with(slice(prefix)) &&
          (least == nullptr || it->key().compare(least->key()) < 0))
        least = it.get();
    }
    if (least == nullptr || !visit(view(least->key()), view(least->value()))) return {};
    least->Next();
  }
}

Result<std::optional<Bytes>> RocksStore::get(ByteView key) const { return m_state->get({}, key); }

Status RocksStore::scan(ByteView prefix,
                        const std::function<bool(ByteView, ByteView)>& visit) const {
  // One snapshot for all families.
  rocksdb::ManagedSnapshot snapshot(m_state->db.get());
  rocksdb::ReadOptions options;
  options.snapshot = snapshot.snapshot();
  return m_state->scan(options, prefix, visit);
}

// What its store held at one moment.
class RocksStore::Snapshot final : public KeyValueStore {
 public:
  explicit Snapshot(const State& state) : m_state(state), m_snapshot(state.db.get()) {
    m_options.snapshot = m_snapshot.snapshot();
  }
  [[nodiscard]] Result<std::optional<Bytes>> get(ByteView key) const override {
    return m_state.get(m_options, key);
  }
  [[nodiscard]] Status scan(
      ByteView prefix,
      const std::function<bool(ByteView key, ByteView value)>& visit) const override {
    return m_state.scan(m_options, prefix, visit);
  }
  [[nodiscard]] Status write(const WriteBatch& /*batch*/) override {
    return {ErrorCode::kPermission, "store " + m_state.folder.string() + ": a snapshot is read"};
  }

 private:
  const State& m_state;
  rocksdb::ManagedSnapshot m_snapshot;
  rocksdb::ReadOptions m_options;
};

std::shared_ptr<const KeyValueStore> RocksStore::snapshot() const {
  return std::make_shared<const Snapshot>(*m_state);
}

Status RocksStore::write(const WriteBatch& batch) {
  std::size_t bytes = 0;
  for (const auto& [key, value] : batch.writes) {
    if (key.size() > kMaxKeyBytes)
      return {ErrorCode::kInvalidArgument, "store: a key of " + std::to_string(key.size()) +
                                               " bytes is over the limit of " +
                                               std::to_string(kMaxKeyBytes)};
    bytes += key.size() + (value ? value->size() : 0) + 16;
  }
  if (bytes > kMaxBatchBytes)
    return {ErrorCode::kLimit, "store: a batch of " + std::to_string(bytes) +
                                   " bytes is over the limit of " + std::to_string(kMaxBatchBytes)};
  if (batch.writes.empty()) return {};
  if (m_state->read_only)
    return {ErrorCode::kPermission, "store " + m_state->folder.string() + " is open for reading"};
  // After a failure memory and disk may differ, and RocksDB may mend itself behind our back: only a
  // new open is certain.
  if (m_state->broken.load())
    return {ErrorCode::kIo, "store " + m_state->folder.string() +
                                ": an earlier write failed; mend its cause and start again"};
  rocksdb::WriteBatch native(bytes + 16, 0, kProtectionBytes, 0);
  for (const auto& [key, value] : batch.writes) {
    rocksdb::ColumnFamilyHandle* const family = m_state->family_of(key);
    const auto status =
        value ? native.Put(family, slice(key), slice(*value)) : native.Delete(family, slice(key));
    if (!status.ok()) return m_state->error(status, "building a batch");
  }
  // Nobody reads RocksDB's counts of this thread's comparisons.
  rocksdb::SetPerfLevel(rocksdb::PerfLevel::kDisable);
  const auto status = m_state->db->Write(synced(), &native);
  if (status.ok()) return {};
  m_state->broken.store(true);
  return m_state->error(status, "writing");
}

Status RocksStore::verify() const {
  auto status = m_state->db->VerifyFileChecksums(rocksdb::ReadOptions());
  if (status.ok()) status = m_state->db->VerifyChecksum();
  if (!status.ok()) return m_state->error(status, "verifying");
  return {};
}

Result<std::uint64_t> RocksStore::free_bytes() const {
  std::error_code failed;
  const auto space = std::filesystem::space(m_state->folder, failed);
  if (failed)
    return {ErrorCode::kIo, "store " + m_state->folder.string() +
                                ": cannot ask how full the disk is: " + failed.message()};
  return std::uint64_t{space.available};
}

std::vector<std::pair<std::string, std::uint64_t>> RocksStore::family_bytes() const {
  std::vector<std::pair<std::string, std::uint64_t>> out;
  for (rocksdb::ColumnFamilyHandle* handle : m_state->handles) {
    std::uint64_t tables = 0;
    std::uint64_t blobs = 0;
    m_state->db->GetIntProperty(handle, rocksdb::DB::Properties::kLiveSstFilesSize, &tables);
    m_state->db->GetIntProperty(handle, rocksdb::DB::Properties::kLiveBlobFileSize, &blobs);
    out.emplace_back(handle->GetName(), tables + blobs);
  }
  return out;
}

Status RocksStore::flush() {
  const auto status = m_state->db->Flush(rocksdb::FlushOptions(), m_state->handles);
  if (!status.ok()) return m_state->error(status, "flushing");
  return {};
}

}  // namespace assay::store
