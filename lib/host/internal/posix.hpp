// What errno means to a user, and the few steps that make a write durable.
#pragma once

#include <cerrno>
#include <filesystem>
#include <string>
#include <utility>

#include "assay/core/bytes.hpp"
#include "assay/core/result.hpp"

namespace assay::host {

class Fd {
 public:
  explicit Fd(int fd = -1) noexcept : m_fd(fd) {}
  Fd(Fd&& other) noexcept : m_fd(std::exchange(other.m_fd, -1)) {}
  Fd& operator=(Fd&& other) noexcept {
    std::swap(m_fd, other.m_fd);
    return *this;
  }
  ~Fd();
  [[nodiscard]] int get() const noexcept { return m_fd; }
  [[nodiscard]] bool valid() const noexcept { return m_fd >= 0; }
  [[nodiscard]] int release() noexcept { return std::exchange(m_fd, -1); }

 private:
  int m_fd;
};

// "cannot <doing> <path>: <why>; <what to do>".
[[nodiscard]] Error errno_error(int number, const std::string& doing,
                                const std::filesystem::path& path);

[[nodiscard]] Status write_all(int fd, ByteView bytes, const std::filesystem::path& path);
[[nodiscard]] Status sync_folder(const std::filesystem::path& folder);
// Creates missing folders (mode 0700) and makes each of them durable in its parent.
[[nodiscard]] Status make_folders(const std::filesystem::path& folder);

inline constexpr char kTemporaryPrefix[] = ".tmp-";
enum class Replace { kAllowed, kRefused };
// By a temporary name in the same folder, fsync, rename (or link, if replacing is refused: then
// kAlreadyExists), fsync of the folder.
[[nodiscard]] Status write_durably(const std::filesystem::path& path, ByteView bytes, unsigned mode,
                                   Replace replace);

}  // namespace assay::host
