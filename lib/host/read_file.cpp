#include "assay/host/read_file.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "internal/posix.hpp"

namespace assay::host {

namespace {

struct OpenFile {
  Fd fd;
  struct stat info {};
};

Result<OpenFile> open_regular(const std::filesystem::path& path, int more_flags) {
  // O_NONBLOCK, so that a fifo in the file's place is refused and not waited for.
  OpenFile file{Fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | more_flags)), {}};
  if (!file.fd.valid()) return errno_error(errno, "open", path);
  if (::fstat(file.fd.get(), &file.info) != 0) return errno_error(errno, "examine", path);
  if (!S_ISREG(file.info.st_mode))
    return {ErrorCode::kInvalidArgument, path.string() + " is not a regular file; name a file"};
  return file;
}

Result<Bytes> read_open(const OpenFile& file, const std::filesystem::path& path,
                        std::uint64_t limit_bytes) {
  const auto too_long = [&]() -> Result<Bytes> {
    return {ErrorCode::kLimit, path.string() + " is longer than the limit of " +
                                   std::to_string(limit_bytes) + " bytes"};
  };
  const auto size = static_cast<std::uint64_t>(file.info.st_size);
  if (size > limit_bytes) return too_long();
  Bytes bytes(static_cast<std::size_t>(size));
  std::size_t done = 0;
  while (done < bytes.size()) {
    const ssize_t n = ::read(file.fd.get(), bytes.data() + done,
                             std::min<std::size_t>(bytes.size() - done, 1u << 30));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return errno_error(errno, "read", path);
    if (n == 0) break;  // cut while we read: give what there is
    done += static_cast<std::size_t>(n);
  }
  bytes.resize(done);
  return bytes;
}

}  // namespace

Result<Bytes> read_file(const std::filesystem::path& path, std::uint64_t limit_bytes) {
  ASSAY_TRY(const OpenFile file, open_regular(path, 0));
  return read_open(file, path, limit_bytes);
}

Status write_file(const std::filesystem::path& path, ByteView bytes) {
  return write_durably(path, bytes, 0644, Replace::kAllowed);
}

Result<Bytes> read_secret_file(const std::filesystem::path& path, std::uint64_t limit_bytes) {
  ASSAY_TRY(const OpenFile file, open_regular(path, O_NOFOLLOW));
  if (file.info.st_uid != ::geteuid() && file.info.st_uid != 0)
    return {ErrorCode::kPermission,
            "secret file " + path.string() +
                " belongs to another user; copy it into a file of your own"};
  if ((file.info.st_mode & 077) != 0)
    return {ErrorCode::kPermission, "secret file " + path.string() +
                                        " can be used by others than its owner; run: chmod 600 " +
                                        path.string()};
  return read_open(file, path, limit_bytes);
}

Status write_secret_file(const std::filesystem::path& path, ByteView bytes) {
  auto written = write_durably(path, bytes, 0600, Replace::kRefused);
  if (!written && written.error().code == ErrorCode::kAlreadyExists)
    return {
        ErrorCode::kAlreadyExists,
        path.string() + " is there already and is not overwritten; name another file or move it"};
  return written;
}

Result<MappedFile> MappedFile::open(const std::filesystem::path& path) {
  ASSAY_TRY(const OpenFile file, open_regular(path, 0));
  const auto size = static_cast<std::size_t>(file.info.st_size);
  if (size == 0) return MappedFile(nullptr, 0);
  void* data = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, file.fd.get(), 0);
  if (data == MAP_FAILED) return errno_error(errno, "map", path);
  return MappedFile(static_cast<const std::uint8_t*>(data), size);
}

MappedFile::MappedFile(MappedFile&& other) noexcept
    : m_data(std::exchange(other.m_data, nullptr)), m_size(std::exchange(other.m_size, 0)) {}
MappedFile& MappedFile::operator=(MappedFile&& other) noexcept {
  std::swap(m_data, other.m_data);
  std::swap(m_size, other.m_size);
  return *this;
}
MappedFile::~MappedFile() {
  if (m_data != nullptr) ::munmap(const_cast<std::uint8_t*>(m_data), m_size);
}

}  // namespace assay::host
