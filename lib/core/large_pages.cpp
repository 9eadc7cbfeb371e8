#include "assay/core/large_pages.hpp"

#include <cstdlib>
#include <limits>
#include <new>

#if defined(__linux__)
#include <sys/mman.h>
#endif

namespace assay {
namespace {

constexpr std::size_t kPage = 4'096;
constexpr std::size_t kLargePage = std::size_t{2} << 20;

std::uintptr_t round_up(std::uintptr_t value, std::size_t to) {
  return (value + to - 1) & ~(to - 1);
}

}  // namespace

void advise_large_pages(void* memory, std::size_t bytes) noexcept {
#if defined(__linux__)
  const auto first = round_up(reinterpret_cast<std::uintptr_t>(memory), kLargePage);
  const auto last = (reinterpret_cast<std::uintptr_t>(memory) + bytes) & ~(kLargePage - 1);
  if (first < last) ::madvise(reinterpret_cast<void*>(first), last - first, MADV_HUGEPAGE);
#else
  static_cast<void>(memory);
  static_cast<void>(bytes);
#endif
}

PageBuffer::PageBuffer(std::size_t bytes) : m_size(bytes) {
  if (bytes == 0) return;
  const std::size_t alignment = bytes < kLargePage ? kPage : kLargePage;
  if (bytes > std::numeric_limits<std::size_t>::max() - alignment) throw std::bad_alloc();
  const std::size_t mapped_bytes = bytes + alignment;  // room to align in
#if defined(__linux__)
  void* const mapped =
      ::mmap(nullptr, mapped_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (mapped == MAP_FAILED) throw std::bad_alloc();
#else
  void* const mapped = std::calloc(mapped_bytes, 1);
  if (mapped == nullptr) throw std::bad_alloc();
#endif
  m_mapped = {mapped, Free{mapped_bytes}};
  m_data = reinterpret_cast<std::uint8_t*>(
      round_up(reinterpret_cast<std::uintptr_t>(mapped), alignment));
  advise_large_pages(m_data, bytes);
}

void PageBuffer::Free::operator()(void* mapped) const noexcept {
#if defined(__linux__)
  ::munmap(mapped, bytes);
#else
  std::free(mapped);
#endif
}

}  // namespace assay
