#include "assay/node/snapshots.hpp"

#include <charconv>

#include "assay/crypto/sha256.hpp"
#include "assay/host/file_writer.hpp"
#include "assay/host/files.hpp"
#include "assay/host/read_file.hpp"
#include "assay/protocol/view.hpp"

namespace assay::node {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t kIndexBytesMax = protocol::kHeaderBytes + 8 + 4 + 4 + 32 * kSnapshotChunksMax;
constexpr char kArchiveSuffix[] = ".assay";
constexpr char kIndexSuffix[] = ".index";

std::optional<Height> height_of(const std::string& name, std::string_view suffix) {
  if (name.size() <= suffix.size() || !name.ends_with(suffix)) return {};
  Height height;
  const char* const end = name.data() + name.size() - suffix.size();
  const auto [stop, failed] = std::from_chars(name.data(), end, height.value);
  if (failed != std::errc{} || stop != end || *name.data() == '0') return {};
  return height;
}

// What a folder has, whole or not: an index says what must be there.
Result<SnapshotIndex> read_index(const fs::path& folder, Height height) {
  const std::string name = std::to_string(height.value);
  ASSAY_TRY(const Bytes bytes, host::read_file(folder / (name + kIndexSuffix), kIndexBytesMax));
  ASSAY_TRY(SnapshotIndex index, decode_snapshot_index(bytes));
  std::error_code failed;
  const auto size = fs::file_size(folder / (name + kArchiveSuffix), failed);
  if (index.header.height != height || failed || size != index.bytes)
    return {ErrorCode::kMalformed, "a snapshot that is not whole"};
  return index;
}

// Cuts what it is given into chunks, and hashes each.
class ChunkHasher {
 public:
  explicit ChunkHasher(SnapshotIndex& index) : m_index(index) {}
  void update(ByteView bytes) {
    while (!bytes.empty()) {
      const ByteView part = bytes.first(std::min<std::size_t>(bytes.size(), left()));
      m_hasher.update(part);
      m_index.bytes += part.size();
      m_in_chunk += static_cast<std::uint32_t>(part.size());
      if (left() == 0) finish();
      bytes = bytes.subspan(part.size());
    }
  }
  void finish() {
    if (m_in_chunk == 0) return;
    m_index.chunks.push_back(m_hasher.finish());
    m_hasher = crypto::Sha256(crypto::sha256_blocks());
    m_in_chunk = 0;
  }

 private:
  [[nodiscard]] std::uint32_t left() const noexcept { return m_index.chunk_bytes - m_in_chunk; }
  SnapshotIndex& m_index;
  crypto::Sha256 m_hasher{crypto::sha256_blocks()};
  std::uint32_t m_in_chunk = 0;
};

}  // namespace

Snapshots::Snapshots(fs::path folder, const SnapshotOptions& options, Log& log)
    : m_folder(std::move(folder)), m_options(options), m_log(log) {}

Result<std::unique_ptr<Snapshots>> Snapshots::open(const fs::path& folder, Height head,
                                                   const SnapshotOptions& options, Log& log) {
  if (options.keep == 0 || options.keep > kSnapshotsKeptMax || options.chunk_bytes == 0 ||
      options.chunk_bytes > kSnapshotChunkBytes)
    return {ErrorCode::kInvalidArgument,
            "of snapshots 1 to " + std::to_string(kSnapshotsKeptMax) + " are kept"};
  auto snapshots = std::unique_ptr<Snapshots>(new Snapshots(folder, options, log));
  ASSAY_TRY_STATUS(snapshots->load(head));
  snapshots->m_worker = std::thread([self = snapshots.get()] { self->work(); });
  return snapshots;
}

Snapshots::~Snapshots() {
  {
    const std::lock_guard lock(m_mutex);
    m_stopping = true;
  }
  m_changed.notify_all();
  if (m_worker.joinable()) m_worker.join();
}

Status Snapshots::load(Height head) {
  ASSAY_TRY(const auto files, host::DiskFiles::open(m_folder));
  ASSAY_TRY(const auto names, files->list(""));
  for (const std::string& name : names) {
    const auto height = height_of(name, kIndexSuffix);
    if (!height || *height > head) continue;
    auto index = read_index(m_folder, *height);
    if (index) m_known.emplace(*height, std::move(*index));
  }
  // An index goes first: without one an archive is none of ours.
  for (const char* suffix : {kIndexSuffix, kArchiveSuffix})
    for (const std::string& name : names) {
      if (!name.ends_with(suffix)) continue;
      const auto height = height_of(name, suffix);
      if (!height || m_known.count(*height) == 0) ASSAY_TRY_STATUS(files->remove(name));
    }
  while (m_known.size() > m_options.keep) forget(m_known.begin()->first);
  return {};
}

bool Snapshots::is_due(Height height) const noexcept {
  return m_options.every != 0 && height.value != 0 && height.value % m_options.every == 0;
}

void Snapshots::make(std::shared_ptr<const KeyValueStore> state) {
  {
    const std::lock_guard lock(m_mutex);
    if (m_busy || m_stopping) return;
    m_busy = true;
    m_job = std::move(state);
  }
  m_changed.notify_all();
}

void Snapshots::wait() {
  std::unique_lock lock(m_mutex);
  m_changed.wait(lock, [&] { return !m_busy; });
}

void Snapshots::work() {
  std::unique_lock lock(m_mutex);
  for (;;) {
    m_changed.wait(lock, [&] { return m_stopping || m_job != nullptr; });
    if (m_stopping) return;
    auto state = std::move(m_job);
    m_job = nullptr;
    lock.unlock();
    auto made = write(*state);
    state.reset();
    if (made) {
      const Status added = add(*made);
      if (!added) made = added.error();
    }
    if (made) {
      m_log.write(LogLevel::kInfo, "snapshot.made",
                  {{"height", std::to_string(made->header.height.value)},
                   {"bytes", std::to_string(made->bytes)},
                   {"chunks", std::to_string(made->chunks.size())}});
    } else if (!m_stopping) {
      m_log.write(LogLevel::kWarning, "snapshot.failed", {{"error", made.error().message}});
    }
    lock.lock();
    m_busy = false;
    m_changed.notify_all();
  }
}

Result<SnapshotIndex> Snapshots::write(const KeyValueStore& state) {
  SnapshotIndex index;
  ASSAY_TRY(index.header, protocol::StateReader(state).head());
  index.chunk_bytes = m_options.chunk_bytes;
  ASSAY_TRY(host::FileWriter out,
            host::FileWriter::create(path_of(index.header.height, kArchiveSuffix)));
  ChunkHasher hasher(index);
  std::optional<std::size_t> asked;  // with so many chunks
  const Status written = write_archive(state, {}, [&](ByteView bytes) -> Status {
    if (m_stopping) return {ErrorCode::kUnavailable, "stopped"};
    if (std::exchange(asked, index.chunks.size()) != index.chunks.size() && m_options.may_write)
      ASSAY_TRY_STATUS(m_options.may_write());
    hasher.update(bytes);
    if (index.chunks.size() > kSnapshotChunksMax)
      return {ErrorCode::kLimit, "the ledger is too large for a snapshot"};
    return out.append(bytes);
  });
  ASSAY_TRY_STATUS(written);
  hasher.finish();
  ASSAY_TRY_STATUS(out.commit());
  return index;
}

// The index is what makes an archive a snapshot.
Status Snapshots::add(const SnapshotIndex& index) {
  const Height height = index.header.height;
  ASSAY_TRY_STATUS(host::write_file(path_of(height, kIndexSuffix), encode(index)));
  const std::lock_guard lock(m_mutex);
  m_known.insert_or_assign(height, index);
  while (m_known.size() > m_options.keep) forget(m_known.begin()->first);
  return {};
}

// What stays after a crash goes at the next start.
void Snapshots::forget(Height height) {
  m_known.erase(height);
  std::error_code ignored;
  for (const char* suffix : {kIndexSuffix, kArchiveSuffix})
    fs::remove(path_of(height, suffix), ignored);
}

std::vector<SnapshotIndex> Snapshots::list() const {
  const std::lock_guard lock(m_mutex);
  std::vector<SnapshotIndex> all;
  for (const auto& [height, index] : m_known) all.push_back(index);
  return all;
}

std::optional<Bytes> Snapshots::chunk(Height height, std::uint32_t chunk) {
  SnapshotIndex index;
  {
    const std::lock_guard lock(m_mutex);
    const auto found = m_known.find(height);
    if (found == m_known.end() || chunk >= found->second.chunks.size()) return {};
    index = found->second;
  }
  // Mapped, it stays as it is though the file may go meanwhile.
  const auto file = host::MappedFile::open(path_of(height, kArchiveSuffix));
  if (file && file->bytes().size() == index.bytes) {
    const ByteView bytes =
        file->bytes().subspan(std::size_t{index.chunk_bytes} * chunk, index.size_of(chunk));
    if (crypto::sha256(bytes) == index.chunks[chunk]) return to_bytes(bytes);
  }
  const std::lock_guard lock(m_mutex);
  const auto found = m_known.find(height);
  if (found == m_known.end()) return {};
  m_log.write(LogLevel::kWarning, "snapshot.damaged", {{"height", std::to_string(height.value)}});
  forget(height);
  return {};
}

fs::path Snapshots::path_of(Height height, const char* suffix) const {
  return m_folder / (std::to_string(height.value) + suffix);
}

Result<std::pair<SnapshotIndex, fs::path>> newest_snapshot(const fs::path& folder, Height at_most) {
  std::optional<SnapshotIndex> newest;
  ASSAY_TRY(const auto files, host::DiskFiles::open(folder));
  ASSAY_TRY(const auto names, files->list(""));
  for (const std::string& name : names) {
    const auto height = height_of(name, kIndexSuffix);
    if (!height || *height > at_most || (newest && *height < newest->header.height)) continue;
    auto index = read_index(folder, *height);
    if (index) newest = std::move(*index);
  }
  if (!newest)
    return {ErrorCode::kNotFound, folder.string() + " has no snapshot at or below height " +
                                      std::to_string(at_most.value)};
  const std::string name = std::to_string(newest->header.height.value) + kArchiveSuffix;
  return std::pair(std::move(*newest), folder / name);
}

}  // namespace assay::node
