#include "assay/blob/blob_store.hpp"

#include <algorithm>

#include "assay/codec/buffer.hpp"
#include "assay/host/read_file.hpp"
#include "internal/names.hpp"

namespace assay::blob {

namespace {

std::optional<BlobId> id_of_file(const std::string& file) {
  const std::string_view prefix = "blobs/", suffix = ".manifest";
  if (file.size() != prefix.size() + 64 + suffix.size() || !file.ends_with(suffix)) return {};
  const auto hash = hash_from_hex(std::string_view(file).substr(prefix.size(), 64));
  if (!hash || to_hex(*hash) != file.substr(prefix.size(), 64)) return {};
  return BlobId{*hash};
}

Error not_found(const BlobId& id) {
  return {ErrorCode::kNotFound, "blob " + to_hex(id.value) + " is not here; fetch it first"};
}
Error damaged(const BlobId& id) {
  return {ErrorCode::kIntegrity,
          "blob " + to_hex(id.value) + " is damaged on disk; remove it and fetch it again"};
}

}  // namespace

bool is_valid_name(std::string_view name) noexcept {
  if (name.empty() || name.size() > kMaxNameBytes) return false;
  bool part_is_empty = true;
  for (const char c : name) {
    const bool slash = c == '/';
    const bool allowed = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                         (c >= '0' && c <= '9') || c == '_' || c == '-' || slash;
    if (!allowed || (slash && part_is_empty)) return false;
    part_is_empty = slash;
  }
  // The limits on folders are the disk's: leave room for "index/".
  return !part_is_empty && std::count(name.begin(), name.end(), '/') < 8;
}

Result<std::unique_ptr<BlobStore>> BlobStore::open(host::DiskFiles& files) {
  auto store = std::unique_ptr<BlobStore>(new BlobStore(files));
  // A crash between the two files of a put leaves data without a manifest.
  ASSAY_TRY(const auto found, files.list("blobs"));
  for (const std::string& file : found) {
    if (!file.ends_with(".data")) continue;
    const std::string manifest = file.substr(0, file.size() - 5) + ".manifest";
    if (!files.exists(manifest)) ASSAY_TRY_STATUS(files.remove(file));
  }
  return store;
}

Status BlobStore::publish(const Manifest& manifest) {
  return m_files.write_atomically(manifest_file(manifest.id()), manifest.encode());
}

Result<BlobId> BlobStore::put(ByteView bytes) {
  if (bytes.size() > kMaxBlobBytes)
    return {ErrorCode::kLimit,
            "a blob may have at most " + std::to_string(kMaxBlobBytes) + " bytes"};
  const Manifest manifest = Manifest::make(bytes);
  if (has(manifest.id()) && verify(manifest.id())) return manifest.id();
  ASSAY_TRY_STATUS(m_files.write_atomically(data_file(manifest.id()), bytes));
  ASSAY_TRY_STATUS(publish(manifest));
  return manifest.id();
}

Result<BlobId> BlobStore::put_file(const std::filesystem::path& path) {
  ASSAY_TRY(const host::MappedFile file, host::MappedFile::open(path));
  return put(file.bytes());
}

bool BlobStore::has(const BlobId& id) const { return m_files.exists(manifest_file(id)); }

Result<std::shared_ptr<const Manifest>> BlobStore::manifest(const BlobId& id) const {
  {
    const std::lock_guard lock(m_mutex);
    for (const auto& cached : m_cache)
      if (cached->id() == id) return cached;
  }
  if (!has(id)) return not_found(id);
  ASSAY_TRY(const Bytes encoded, m_files.read(manifest_file(id)));
  auto decoded = Manifest::decode(id, encoded);
  if (!decoded) return damaged(id);
  auto manifest = std::make_shared<const Manifest>(std::move(*decoded));
  const std::lock_guard lock(m_mutex);
  if (m_cache.size() >= kManifestCacheEntries) m_cache.erase(m_cache.begin());
  m_cache.push_back(manifest);
  return manifest;
}

Result<Bytes> BlobStore::read(const BlobId& id, std::uint64_t offset, std::uint64_t count) const {
  ASSAY_TRY(const auto m, manifest(id));
  if (offset > m->size() || count > m->size() - offset)
    return {ErrorCode::kInvalidArgument, "the range lies outside blob " + to_hex(id.value)};
  if (count == 0) return Bytes{};
  ASSAY_TRY(const auto path, path_of(id));
  ASSAY_TRY(const host::MappedFile file, host::MappedFile::open(path));
  if (file.bytes().size() != m->size()) return damaged(id);
  for (std::uint64_t c = offset / kBlobChunkBytes; c * kBlobChunkBytes < offset + count; ++c)
    if (!m->is_chunk(c, file.bytes().subspan(c * kBlobChunkBytes, m->chunk_size(c))))
      return damaged(id);
  return to_bytes(file.bytes().subspan(offset, count));
}

Result<Bytes> BlobStore::read_all(const BlobId& id, std::uint64_t limit_bytes) const {
  ASSAY_TRY(const auto m, manifest(id));
  if (m->size() > limit_bytes)
    return {ErrorCode::kLimit, "blob " + to_hex(id.value) + " has " + std::to_string(m->size()) +
                                   " bytes, more than the " + std::to_string(limit_bytes) +
                                   " allowed here"};
  return read(id, 0, m->size());
}

Result<std::filesystem::path> BlobStore::path_of(const BlobId& id) const {
  return m_files.path(data_file(id));
}

Status BlobStore::verify(const BlobId& id) const {
  ASSAY_TRY(const auto m, manifest(id));
  ASSAY_TRY(const auto path, path_of(id));
  const auto file = host::MappedFile::open(path);
  if (!file || file->bytes().size() != m->size()) return damaged(id);
  for (std::uint64_t c = 0; c < m->chunk_count(); ++c)
    if (!m->is_chunk(c, file->bytes().subspan(c * kBlobChunkBytes, m->chunk_size(c))))
      return damaged(id);
  return {};
}

Result<std::vector<BlobId>> BlobStore::list() const {
  ASSAY_TRY(const auto files, m_files.list("blobs"));
  std::vector<BlobId> ids;
  for (const std::string& file : files)
    if (const auto id = id_of_file(file)) ids.push_back(*id);
  return ids;
}

Status BlobStore::remove(const BlobId& id) {
  {
    const std::lock_guard lock(m_mutex);
    std::erase_if(m_cache, [&](const auto& m) { return m->id() == id; });
  }
  ASSAY_TRY_STATUS(m_files.remove(manifest_file(id)));
  return m_files.remove(data_file(id));
}

Status BlobStore::set_name(const std::string& name, const BlobId& id) {
  if (!is_valid_name(name))
    return {ErrorCode::kInvalidArgument,
            "a blob's name is made of parts of [A-Za-z0-9_-] and slashes"};
  ASSAY_TRY(const auto m, manifest(id));
  const Bytes entry = codec::encode([&](codec::Writer& w) {
    w.hash(id.value);
    w.u64(m->size());
  });
  return m_files.write_atomically(index_file(name), entry);
}

Result<std::optional<IndexEntry>> BlobStore::find_name(const std::string& name) const {
  if (!is_valid_name(name) || !m_files.exists(index_file(name))) return std::optional<IndexEntry>{};
  ASSAY_TRY(const Bytes bytes, m_files.read(index_file(name)));
  codec::Reader reader(bytes);
  IndexEntry entry;
  entry.id = BlobId{reader.hash()};
  entry.size = reader.u64();
  if (!reader.finish())
    return {ErrorCode::kIntegrity, "the index entry '" + name + "' is damaged; set it again"};
  return std::optional<IndexEntry>{entry};
}

Status BlobStore::remove_name(const std::string& name) {
  if (!is_valid_name(name)) return {};
  return m_files.remove(index_file(name));
}

Result<std::vector<std::string>> BlobStore::names(const std::string& folder) const {
  if (!folder.empty() && !is_valid_name(folder)) return std::vector<std::string>{};
  ASSAY_TRY(const auto files, m_files.list(folder.empty() ? "index" : "index/" + folder));
  std::vector<std::string> found;
  for (const std::string& file : files)
    if (file.ends_with(kIndexSuffix))
      found.push_back(file.substr(6, file.size() - 6 - kIndexSuffix.size()));
  std::sort(found.begin(), found.end());
  return found;
}

}  // namespace assay::blob
