// A folder of named files on disk, and the lock that keeps a second process out of it. Rules of
// names and of writing: docs/spec/host.md.
#pragma once

#include <filesystem>
#include <memory>

#include "assay/core/faces.hpp"

namespace assay::host {

inline constexpr std::size_t kMaxNameBytes = 512;
inline constexpr std::size_t kMaxNameParts = 16;
inline constexpr std::uint64_t kMaxFileBytes = std::uint64_t{64} << 30;

// kInvalidArgument unless `name` is relative, of [A-Za-z0-9._/-], within the limits above, and no
// part of it is empty, "." or "..", or begins with ".tmp-".
[[nodiscard]] Status check_file_name(const std::string& name);

// Errors of all members: kNotFound, kPermission, kNoSpace, kIo; each names the path and says what
// to do. Thread-safe; of two writers of one name the last to rename wins.
class DiskFiles final : public Files {
 public:
  // Creates the folder (mode 0700) and removes what a crash left behind (`.tmp-*`, also in folders
  // below). Take a FolderLock first: the clean-up would remove another process's unfinished writes.
  [[nodiscard]] static Result<std::unique_ptr<DiskFiles>> open(const std::filesystem::path& folder);

  [[nodiscard]] Result<Bytes> read(const std::string& name) const override;
  [[nodiscard]] Status write_atomically(const std::string& name, ByteView bytes) override;
  // Removing what is not there succeeds.
  [[nodiscard]] Status remove(const std::string& name) override;
  [[nodiscard]] bool exists(const std::string& name) const override;
  // Every file below `folder` (at any depth, "" for all), names relative to the root; none if there
  // is no such folder.
  [[nodiscard]] Result<std::vector<std::string>> list(const std::string& folder) const override;

  // Where `name` is on disk, for MappedFile.
  [[nodiscard]] Result<std::filesystem::path> path(const std::string& name) const;
  [[nodiscard]] const std::filesystem::path& folder() const noexcept { return m_folder; }

 private:
  explicit DiskFiles(std::filesystem::path folder) : m_folder(std::move(folder)) {}
  std::filesystem::path m_folder;
};

// Holds `folder`/LOCK by flock(2) as long as it lives; the kernel releases it when the process
// dies, however it dies.
class FolderLock {
 public:
  // Creates the folder if needed. kConflict, naming the folder and the holder's process id, if
  // held.
  [[nodiscard]] static Result<FolderLock> acquire(const std::filesystem::path& folder);
  FolderLock(FolderLock&& other) noexcept;
  FolderLock& operator=(FolderLock&& other) noexcept;
  ~FolderLock();

 private:
  explicit FolderLock(int fd) : m_fd(fd) {}
  int m_fd = -1;
};

}  // namespace assay::host
