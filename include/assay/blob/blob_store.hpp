// The blobs that a process keeps on disk, and the names under which it offers them
// (docs/spec/blob.md). A blob appears whole or not at all; whatever is read is checked against the
// blob's root chunk by chunk, so a damaged disk is noticed and never passed on.
#pragma once

#include <memory>
#include <mutex>
#include <optional>

#include "assay/blob/manifest.hpp"
#include "assay/host/files.hpp"

namespace assay::blob {

inline constexpr std::size_t kMaxNameBytes = 200;
inline constexpr std::size_t kManifestCacheEntries = 8;

// What a name stands for: a hint from whoever serves it, to be checked by the reader.
struct IndexEntry {
  BlobId id;
  std::uint64_t size = 0;
  friend bool operator==(const IndexEntry&, const IndexEntry&) = default;
};

// 1 to kMaxNameBytes bytes: parts of [A-Za-z0-9_-] with single slashes between them.
[[nodiscard]] bool is_valid_name(std::string_view name) noexcept;

// Thread-safe; one process a folder (host::FolderLock). Errors of all members: kNotFound,
// kIntegrity (the file on disk is damaged: remove the blob and fetch it again), and those of
// host::DiskFiles.
class BlobStore {
 public:
  // `files` must outlive the store, which uses its folders blobs/, partial/ and index/.
  [[nodiscard]] static Result<std::unique_ptr<BlobStore>> open(host::DiskFiles& files);

  // Putting what is there already succeeds, and mends it if it was damaged.
  [[nodiscard]] Result<BlobId> put(ByteView bytes);
  [[nodiscard]] Result<BlobId> put_file(const std::filesystem::path& path);

  [[nodiscard]] bool has(const BlobId& id) const;
  [[nodiscard]] Result<std::shared_ptr<const Manifest>> manifest(const BlobId& id) const;
  // Bytes [offset, offset + count), which must lie within the blob (kInvalidArgument).
  [[nodiscard]] Result<Bytes> read(const BlobId& id, std::uint64_t offset,
                                   std::uint64_t count) const;
  // kLimit if the blob is longer than `limit_bytes`.
  [[nodiscard]] Result<Bytes> read_all(const BlobId& id, std::uint64_t limit_bytes) const;
  // Where its bytes are on disk, to be mapped. Not checked: call verify() first.
  [[nodiscard]] Result<std::filesystem::path> path_of(const BlobId& id) const;
  // Reads and checks every chunk.
  [[nodiscard]] Status verify(const BlobId& id) const;

  [[nodiscard]] Result<std::vector<BlobId>> list() const;  // ascending
  // Removing what is not there succeeds. Names that point at it stay.
  [[nodiscard]] Status remove(const BlobId& id);

  // The blob must be here. An existing name is moved to it.
  [[nodiscard]] Status set_name(const std::string& name, const BlobId& id);
  [[nodiscard]] Result<std::optional<IndexEntry>> find_name(const std::string& name) const;
  [[nodiscard]] Status remove_name(const std::string& name);
  // Names below `folder` ("" for all), ascending.
  [[nodiscard]] Result<std::vector<std::string>> names(const std::string& folder) const;

 private:
  friend class PartialBlob;
  explicit BlobStore(host::DiskFiles& files) : m_files(files) {}
  [[nodiscard]] Status publish(const Manifest& manifest);

  host::DiskFiles& m_files;
  mutable std::mutex m_mutex;  // guards the cache
  mutable std::vector<std::shared_ptr<const Manifest>> m_cache;
};

// A blob on its way in. What arrived before a crash or a lost connection is kept, checked again and
// not asked for twice. Not thread-safe; at most one for a blob at a time.
class PartialBlob {
 public:
  [[nodiscard]] static Result<PartialBlob> begin(BlobStore& store, Manifest manifest);
  PartialBlob(PartialBlob&& other) noexcept;
  PartialBlob& operator=(PartialBlob&&) = delete;
  ~PartialBlob();

  [[nodiscard]] std::uint64_t verified_bytes() const noexcept { return m_verified_bytes; }
  [[nodiscard]] bool complete() const noexcept { return m_verified_bytes == m_manifest.size(); }
  // How many bytes to ask for next, from verified_bytes() on: whole chunks, at most `limit_bytes`
  // (at least one chunk).
  [[nodiscard]] std::uint64_t next_bytes(std::uint64_t limit_bytes) const;
  // What arrived from verified_bytes() on. Keeps each whole chunk that is right; kIntegrity at the
  // first that is not or that is cut short.
  [[nodiscard]] Status accept(ByteView bytes);
  // Once complete: puts the blob in the store.
  [[nodiscard]] Result<BlobId> finish();

 private:
  PartialBlob(BlobStore& store, Manifest manifest, int fd)
      : m_store(store), m_manifest(std::move(manifest)), m_fd(fd) {}
  [[nodiscard]] Status check_what_is_there();

  BlobStore& m_store;
  Manifest m_manifest;
  int m_fd;
  std::uint64_t m_verified_bytes = 0;
};

}  // namespace assay::blob
