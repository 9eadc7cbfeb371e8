#include "assay/host/files.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <system_error>

#include "assay/host/read_file.hpp"
#include "internal/posix.hpp"

namespace assay::host {

namespace fs = std::filesystem;

namespace {

constexpr bool allowed(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
         c == '_' || c == '/' || c == '-';
}

bool is_temporary(const std::string& part) { return part.rfind(kTemporaryPrefix, 0) == 0; }

Error walk_error(const std::error_code& error, const fs::path& folder) {
  return errno_error(error.value(), "list", folder);
}

}  // namespace

Status check_file_name(const std::string& name) {
  const auto refuse = [&](const char* why) -> Status {
    return {ErrorCode::kInvalidArgument, "file name '" + name.substr(0, 80) + "': " + why};
  };
  if (name.empty()) return refuse("is empty");
  if (name.size() > kMaxNameBytes) return refuse("is too long");
  if (!std::all_of(name.begin(), name.end(), allowed))
    return refuse("has a character outside [A-Za-z0-9._/-]");
  std::size_t parts = 0;
  for (std::size_t begin = 0; begin <= name.size();) {
    const std::size_t end = std::min(name.find('/', begin), name.size());
    const std::string part = name.substr(begin, end - begin);
    if (part.empty()) return refuse("is absolute or has an empty part");
    if (part == "." || part == "..") return refuse("must not use . or ..");
    if (part.size() > 255) return refuse("has a part longer than 255 bytes");
    if (is_temporary(part)) return refuse("parts that begin with .tmp- are reserved");
    if (++parts > kMaxNameParts) return refuse("has too many parts");
    begin = end + 1;
  }
  return {};
}

Result<std::unique_ptr<DiskFiles>> DiskFiles::open(const fs::path& folder) {
  ASSAY_TRY_STATUS(make_folders(folder));
  std::error_code error;
  std::vector<fs::path> leftovers;
  for (fs::recursive_directory_iterator it(folder, error), end; !error && it != end;
       it.increment(error))
    if (is_temporary(it->path().filename().string()) && it->is_regular_file(error))
      leftovers.push_back(it->path());
  if (error) return walk_error(error, folder);
  for (const fs::path& path : leftovers)
    if (::unlink(path.c_str()) != 0 && errno != ENOENT) return errno_error(errno, "remove", path);
  return std::unique_ptr<DiskFiles>(new DiskFiles(folder));
}

Result<fs::path> DiskFiles::path(const std::string& name) const {
  ASSAY_TRY_STATUS(check_file_name(name));
  return m_folder / name;
}

Result<Bytes> DiskFiles::read(const std::string& name) const {
  ASSAY_TRY(const fs::path file, path(name));
  return read_file(file, kMaxFileBytes);
}

Status DiskFiles::write_atomically(const std::string& name, ByteView bytes) {
  ASSAY_TRY(const fs::path file, path(name));
  ASSAY_TRY_STATUS(make_folders(file.parent_path()));
  return write_durably(file, bytes, 0600, Replace::kAllowed);
}

Status DiskFiles::remove(const std::string& name) {
  ASSAY_TRY(const fs::path file, path(name));
  if (::unlink(file.c_str()) != 0) {
    if (errno == ENOENT || errno == ENOTDIR) return {};
    return errno_error(errno, "remove", file);
  }
  return sync_folder(file.parent_path());
}

bool DiskFiles::exists(const std::string& name) const {
  const auto file = path(name);
  std::error_code error;
  return file && fs::is_regular_file(*file, error);
}

Result<std::vector<std::string>> DiskFiles::list(const std::string& folder) const {
  fs::path start = m_folder;
  if (!folder.empty()) {
    std::string trimmed = folder;
    if (trimmed.back() == '/') trimmed.pop_back();
    ASSAY_TRY(start, path(trimmed));
  }
  std::vector<std::string> names;
  std::error_code error;
  if (!fs::is_directory(start, error)) return names;
  for (fs::recursive_directory_iterator it(start, error), end; !error && it != end;
       it.increment(error)) {
    std::string name = it->path().lexically_relative(m_folder).generic_string();
    std::error_code vanished;
    // What others put there under names that are not ours (LOCK is ours to skip) is not listed.
    if (it->is_regular_file(vanished) && name != "LOCK" && check_file_name(name))
      names.push_back(std::move(name));
  }
  if (error) return walk_error(error, start);
  std::sort(names.begin(), names.end());
  return names;
}

Result<FolderLock> FolderLock::acquire(const fs::path& folder) {
  ASSAY_TRY_STATUS(make_folders(folder));
  const fs::path path = folder / "LOCK";
  Fd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!fd.valid()) return errno_error(errno, "open", path);
  if (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return errno_error(errno, "lock", path);
    char holder[32] = {};
    const ssize_t n = ::pread(fd.get(), holder, sizeof holder - 1, 0);
    std::string who(holder, n > 0 ? static_cast<std::size_t>(n) : 0);
    who.erase(std::find_if(who.begin(), who.end(), [](char c) { return c < '0' || c > '9'; }),
              who.end());
    return {ErrorCode::kConflict, "folder " + folder.string() + " is in use by another process" +
                                      (who.empty() ? "" : " (process " + who + ")") +
                                      "; stop it or name another folder"};
  }
  // Only for the message above; the lock itself is the kernel's.
  const std::string pid = std::to_string(::getpid()) + "\n";
  if (::ftruncate(fd.get(), 0) != 0 || ::pwrite(fd.get(), pid.data(), pid.size(), 0) < 0)
    return errno_error(errno, "write", path);
  return FolderLock(fd.release());
}

FolderLock::FolderLock(FolderLock&& other) noexcept : m_fd(std::exchange(other.m_fd, -1)) {}
FolderLock& FolderLock::operator=(FolderLock&& other) noexcept {
  std::swap(m_fd, other.m_fd);
  return *this;
}
FolderLock::~FolderLock() {
  if (m_fd >= 0) ::close(m_fd);
}

}  // namespace assay::host
