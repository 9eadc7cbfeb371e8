// Reading single files that a user names: whole, mapped, gzipped, and secret.
#pragma once

#include <filesystem>

#include "assay/core/hex.hpp"

namespace assay::host {

// The whole of a regular file. kLimit if it is longer than `limit_bytes`.
[[nodiscard]] Result<Bytes> read_file(const std::filesystem::path& path, std::uint64_t limit_bytes);

// By temporary name, fsync, rename, fsync of the folder; mode 0644. For files outside a DiskFiles.
[[nodiscard]] Status write_file(const std::filesystem::path& path, ByteView bytes);

// One gzip member (RFC 1952) and nothing after it. kMalformed for anything else (cut, trailing
// bytes, wrong checksum), kLimit if it would unpack to more than `limit_bytes`.
[[nodiscard]] Result<Bytes> gunzip(ByteView bytes, std::uint64_t limit_bytes);
[[nodiscard]] Result<Bytes> read_gz_file(const std::filesystem::path& path,
                                         std::uint64_t limit_bytes);

// A key or a password. kPermission unless it is a regular file, not a symbolic link, owned by this
// user (or root) and closed to group and others; the message holds the chmod that mends it.
[[nodiscard]] Result<Bytes> read_secret_file(const std::filesystem::path& path,
                                             std::uint64_t limit_bytes);
// Mode 0600 from the start. kAlreadyExists rather than overwrite a key.
[[nodiscard]] Status write_secret_file(const std::filesystem::path& path, ByteView bytes);

// A file mapped read-only. The bytes are those of the file as long as nobody writes to it in place;
// assay itself only ever replaces files by rename, which leaves a mapping untouched.
class MappedFile {
 public:
  [[nodiscard]] static Result<MappedFile> open(const std::filesystem::path& path);
  MappedFile(MappedFile&& other) noexcept;
  MappedFile& operator=(MappedFile&& other) noexcept;
  ~MappedFile();
  [[nodiscard]] ByteView bytes() const noexcept { return {m_data, m_size}; }

 private:
  MappedFile(const std::uint8_t* data, std::size_t size) : m_data(data), m_size(size) {}
  const std::uint8_t* m_data = nullptr;
  std::size_t m_size = 0;
};

}  // namespace assay::host
