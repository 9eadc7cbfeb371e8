#include "internal/posix.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <system_error>

namespace assay::host {

Fd::~Fd() {
  if (m_fd >= 0) ::close(m_fd);
}

Error errno_error(int number, const std::string& doing, const std::filesystem::path& path) {
  const std::string why =
      "cannot " + doing + " " + path.string() + ": " + std::generic_category().message(number);
  switch (number) {
    case ENOENT:
    case ENOTDIR: return {ErrorCode::kNotFound, why + "; check the path"};
    case EEXIST: return {ErrorCode::kAlreadyExists, why};
    case EACCES:
    case EPERM:
      return {ErrorCode::kPermission,
              why + "; give this user access to it (ls -l, chown, chmod) or name another path"};
    case EROFS:
      return {ErrorCode::kPermission, why + "; name a folder on a disk that can be written"};
    case ENOSPC:
    case EDQUOT: return {ErrorCode::kNoSpace, why + "; free some space there and start again"};
    case EMFILE:
    case ENFILE: return {ErrorCode::kLimit, why + "; raise the limit on open files (ulimit -n)"};
    case ELOOP:
      return {ErrorCode::kPermission, why + "; name the file itself, not a symbolic link"};
    case EISDIR: return {ErrorCode::kInvalidArgument, why + "; name a file"};
    default: return {ErrorCode::kIo, why};
  }
}

Status write_all(int fd, ByteView bytes, const std::filesystem::path& path) {
  while (!bytes.empty()) {
    // Linux writes at most 0x7ffff000 bytes a call.
    const ssize_t n = ::write(fd, bytes.data(), std::min<std::size_t>(bytes.size(), 1u << 30));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return errno_error(errno, "write", path);
    bytes = bytes.subspan(static_cast<std::size_t>(n));
  }
  return {};
}

Status sync_folder(const std::filesystem::path& folder) {
  const std::filesystem::path named = folder.empty() ? "." : folder;
  const Fd fd(::open(named.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd.valid()) return errno_error(errno, "open folder", named);
  if (::fsync(fd.get()) != 0) return errno_error(errno, "sync folder", named);
  return {};
}

Status make_folders(const std::filesystem::path& folder) {
  if (folder.empty()) return {};
  struct stat info {};
  if (::stat(folder.c_str(), &info) == 0) {
    if (S_ISDIR(info.st_mode)) return {};
    return {ErrorCode::kAlreadyExists,
            folder.string() + " is there but is not a folder; name another path"};
  }
  const std::filesystem::path parent = folder.parent_path();
  if (parent != folder) ASSAY_TRY_STATUS(make_folders(parent));
  if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST)
    return errno_error(errno, "create folder", folder);
  return sync_folder(parent);
}

Status write_durably(const std::filesystem::path& path, ByteView bytes, unsigned mode,
                     Replace replace) {
  static std::atomic<std::uint64_t> counter{0};
  const std::filesystem::path folder = path.parent_path();
  const std::filesystem::path temporary =
      folder / (kTemporaryPrefix + std::to_string(::getpid()) + "-" + std::to_string(counter++));
  const auto fail = [&](Error error) -> Status {
    ::unlink(temporary.c_str());
    return error;
  };
  {
    const Fd fd(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode));
    if (!fd.valid()) return errno_error(errno, "create a file for", path);
    if (auto written = write_all(fd.get(), bytes, path); !written)
      return fail(std::move(written).error());
    if (::fsync(fd.get()) != 0) return fail(errno_error(errno, "sync", path));
  }
  if (replace == Replace::kAllowed) {
    if (::rename(temporary.c_str(), path.c_str()) != 0)
      return fail(errno_error(errno, "put in place", path));
  } else {
    if (::link(temporary.c_str(), path.c_str()) != 0)
      return fail(errno_error(errno, "put in place", path));
    ::unlink(temporary.c_str());
  }
  return sync_folder(folder);
}

}  // namespace assay::host
