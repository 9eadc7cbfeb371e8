// Large pages for what kernels walk through: fewer misses of the address cache.
#pragma once

#include <cstddef>

namespace assay {

// Asks the system to back the memory with large pages where whole ones fit. Only a hint: the bytes
// and their validity do not change. Thread-safe.
void advise_large_pages(void* memory, std::size_t bytes) noexcept;

}  // namespace assay
