// A file that is written piece by piece and appears whole or not at all.
#pragma once

#include <filesystem>

#include "assay/core/hex.hpp"

namespace assay::host {

// Writes under a temporary name; commit() syncs, renames and syncs the folder. Without it the
// temporary file goes with this object, or stays as `.tmp-*` if the process dies. Not thread-safe.
// Errors: kNotFound, kPermission, kNoSpace, kIo, each with the path and what to do.
class FileWriter {
 public:
  [[nodiscard]] static Result<FileWriter> create(const std::filesystem::path& path);
  FileWriter(FileWriter&& other) noexcept;
  FileWriter& operator=(FileWriter&&) = delete;
  ~FileWriter();

  [[nodiscard]] Status append(ByteView bytes);
  [[nodiscard]] Status commit();

 private:
  FileWriter(std::filesystem::path path, std::filesystem::path temporary, int fd);
  std::filesystem::path m_path;
  std::filesystem::path m_temporary;
  int m_fd = -1;
};

// Renames a folder or a file to a name that is free, and makes that durable. kAlreadyExists.
[[nodiscard]] Status move_durably(const std::filesystem::path& from,
                                  const std::filesystem::path& to);
// Two folders or files of one folder change names, at once and durably. kUnsupported where the file
// system cannot.
[[nodiscard]] Status exchange_durably(const std::filesystem::path& one,
                                      const std::filesystem::path& other);

}  // namespace assay::host
