#include "assay/host/file_writer.hpp"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "internal/posix.hpp"

namespace assay::host {

namespace {

std::filesystem::path folder_of(const std::filesystem::path& path) {
  return path.has_parent_path() ? path.parent_path() : std::filesystem::path(".");
}

}  // namespace

FileWriter::FileWriter(std::filesystem::path path, std::filesystem::path temporary, int fd)
    : m_path(std::move(path)), m_temporary(std::move(temporary)), m_fd(fd) {}

FileWriter::FileWriter(FileWriter&& other) noexcept
    : m_path(std::move(other.m_path)),
      m_temporary(std::move(other.m_temporary)),
      m_fd(std::exchange(other.m_fd, -1)) {}

FileWriter::~FileWriter() {
  if (m_fd < 0) return;
  ::close(m_fd);
  ::unlink(m_temporary.c_str());
}

Result<FileWriter> FileWriter::create(const std::filesystem::path& path) {
  const std::filesystem::path temporary =
      folder_of(path) / (kTemporaryPrefix + path.filename().string());
  const int fd =
      ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644);
  if (fd < 0) return errno_error(errno, "create", temporary);
  return FileWriter(path, temporary, fd);
}

Status FileWriter::append(ByteView bytes) { return write_all(m_fd, bytes, m_temporary); }

Status FileWriter::commit() {
  if (::fsync(m_fd) != 0) return errno_error(errno, "sync", m_temporary);
  if (::rename(m_temporary.c_str(), m_path.c_str()) != 0)
    return errno_error(errno, "rename to", m_path);
  ::close(std::exchange(m_fd, -1));
  return sync_folder(folder_of(m_path));
}

Status move_durably(const std::filesystem::path& from, const std::filesystem::path& to) {
  std::error_code ignored;
  if (std::filesystem::exists(to, ignored))
    return {ErrorCode::kAlreadyExists, to.string() + " is there already; move it away"};
  if (::rename(from.c_str(), to.c_str()) != 0) return errno_error(errno, "rename to", to);
  return sync_folder(folder_of(to));
}

Status exchange_durably(const std::filesystem::path& one, const std::filesystem::path& other) {
  if (::renameat2(AT_FDCWD, one.c_str(), AT_FDCWD, other.c_str(), RENAME_EXCHANGE) != 0) {
    if (errno != EINVAL && errno != ENOSYS) return errno_error(errno, "exchange with", other);
    return {ErrorCode::kUnsupported, "the file system of " + other.string() +
                                         " cannot exchange two folders at once; name one on "
                                         "another disk"};
  }
  return sync_folder(folder_of(other));
}

}  // namespace assay::host
