// Memory from the system: large pages for what kernels walk through (fewer misses of the address
// cache), and buffers that cost nothing before they are touched or after they are freed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

namespace assay {

// Asks the system to back the memory with large pages where whole ones fit. Only a hint: the bytes
// and their validity do not change. Thread-safe.
void advise_large_pages(void* memory, std::size_t bytes) noexcept;

// Zeroed memory, 4,096-byte aligned, on large pages where it fills some. A page takes memory from
// its first use on (Linux; elsewhere at once), and all are the system's again when the buffer goes.
class PageBuffer {
 public:
  PageBuffer() = default;
  // Throws std::bad_alloc if there is not as much.
  explicit PageBuffer(std::size_t bytes);
  [[nodiscard]] std::uint8_t* data() const noexcept { return m_data; }  // null if empty
  [[nodiscard]] std::size_t size() const noexcept { return m_size; }

 private:
  struct Free {
    std::size_t bytes;
    void operator()(void* mapped) const noexcept;
  };
  std::unique_ptr<void, Free> m_mapped{nullptr, Free{0}};
  std::uint8_t* m_data = nullptr;
  std::size_t m_size = 0;
};

}  // namespace assay
