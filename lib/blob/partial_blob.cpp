#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <utility>

#include "assay/blob/blob_store.hpp"
#include "internal/names.hpp"

namespace assay::blob {

namespace {

Error disk_error(const std::string& doing) {
  const int number = errno;
  return {number == ENOSPC ? ErrorCode::kNoSpace : ErrorCode::kIo,
          "cannot " + doing + " a partly fetched blob: " + std::generic_category().message(number)};
}

Status write_at(int fd, std::uint64_t at, ByteView bytes) {
  while (!bytes.empty()) {
    const ssize_t n = ::pwrite(fd, bytes.data(), bytes.size(), static_cast<off_t>(at));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return disk_error("write");
    at += static_cast<std::uint64_t>(n);
    bytes = bytes.subspan(static_cast<std::size_t>(n));
  }
  return {};
}

Result<std::size_t> read_at(int fd, std::uint64_t at, MutableBytes out) {
  std::size_t done = 0;
  while (done < out.size()) {
    const ssize_t n =
        ::pread(fd, out.data() + done, out.size() - done, static_cast<off_t>(at + done));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return disk_error("read");
    if (n == 0) break;
    done += static_cast<std::size_t>(n);
  }
  return done;
}

}  // namespace

Result<PartialBlob> PartialBlob::begin(BlobStore& store, Manifest manifest) {
  const std::string name = partial_file(manifest.id());
  // Written once through DiskFiles so that the folder exists and is durable.
  if (!store.m_files.exists(name)) ASSAY_TRY_STATUS(store.m_files.write_atomically(name, {}));
  ASSAY_TRY(const auto path, store.m_files.path(name));
  const int fd = ::open(path.c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW);
  if (fd < 0) return disk_error("open");
  PartialBlob partial(store, std::move(manifest), fd);
  // Two names may lead to one blob. Whoever came second would cut the file under the first one's
  // feet, or, once it was put in place, under its readers'.
  struct stat mine {};
  struct stat there {};
  if (::flock(fd, LOCK_EX | LOCK_NB) != 0 || ::fstat(fd, &mine) != 0 ||
      ::stat(path.c_str(), &there) != 0 || mine.st_ino != there.st_ino)
    return Error{ErrorCode::kUnavailable,
                 "blob " + to_hex(partial.m_manifest.id().value) + " is being fetched already"};
  ASSAY_TRY_STATUS(partial.check_what_is_there());
  return partial;
}

PartialBlob::PartialBlob(PartialBlob&& other) noexcept
    : m_store(other.m_store),
      m_manifest(std::move(other.m_manifest)),
      m_fd(std::exchange(other.m_fd, -1)),
      m_verified_bytes(other.m_verified_bytes) {}

PartialBlob::~PartialBlob() {
  if (m_fd >= 0) ::close(m_fd);
}

// The file may end in bytes that a crash left unwritten: only what hashes right counts.
Status PartialBlob::check_what_is_there() {
  Bytes chunk(kBlobChunkBytes);
  for (std::uint64_t c = 0; c < m_manifest.chunk_count(); ++c) {
    const MutableBytes wanted(chunk.data(), m_manifest.chunk_size(c));
    ASSAY_TRY(const std::size_t got, read_at(m_fd, m_verified_bytes, wanted));
    if (got != wanted.size() || !m_manifest.is_chunk(c, wanted)) break;
    m_verified_bytes += wanted.size();
  }
  if (::ftruncate(m_fd, static_cast<off_t>(m_verified_bytes)) != 0) return disk_error("cut");
  return {};
}

std::uint64_t PartialBlob::next_bytes(std::uint64_t limit_bytes) const {
  const std::uint64_t left = m_manifest.size() - m_verified_bytes;
  const std::uint64_t whole =
      std::max<std::uint64_t>(1, limit_bytes / kBlobChunkBytes) * kBlobChunkBytes;
  return std::min(left, whole);
}

Status PartialBlob::accept(ByteView bytes) {
  while (!bytes.empty()) {
    const std::uint64_t index = m_verified_bytes / kBlobChunkBytes;
    const auto reject = [&]() -> Status {
      return {ErrorCode::kIntegrity, "chunk " + std::to_string(index) + " of blob " +
                                         to_hex(m_manifest.id().value) +
                                         " arrived wrong or cut short"};
    };
    if (index >= m_manifest.chunk_count()) return reject();
    const std::size_t size = m_manifest.chunk_size(index);
    if (bytes.size() < size || !m_manifest.is_chunk(index, bytes.first(size))) return reject();
    ASSAY_TRY_STATUS(write_at(m_fd, m_verified_bytes, bytes.first(size)));
    m_verified_bytes += size;
    bytes = bytes.subspan(size);
  }
  return {};
}

Result<BlobId> PartialBlob::finish() {
  ASSAY_EXPECTS(complete());
  const BlobId id = m_manifest.id();
  if (::fsync(m_fd) != 0) return disk_error("sync");
  // An empty data file makes blobs/ exist and is then replaced by the rename.
  if (!m_store.m_files.exists(data_file(id)))
    ASSAY_TRY_STATUS(m_store.m_files.write_atomically(data_file(id), {}));
  ASSAY_TRY(const auto from, m_store.m_files.path(partial_file(id)));
  ASSAY_TRY(const auto to, m_store.m_files.path(data_file(id)));
  if (::rename(from.c_str(), to.c_str()) != 0) return disk_error("put in place");
  // Both renames are in one folder, which publish() syncs; the manifest's, which makes the blob
  // visible, is the later one.
  ASSAY_TRY_STATUS(m_store.publish(m_manifest));
  return id;
}

}  // namespace assay::blob
