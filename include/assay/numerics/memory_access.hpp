// The Access of a fold that reads operands from memory (numerics/fold.hpp). Freestanding.
#pragma once

#include "assay/numerics/operator.hpp"

namespace assay::numerics {

// The bits of one element of a row-major buffer, zero-extended.
[[nodiscard]] inline std::uint64_t load_element(DType dtype, const void* data,
                                                std::uint64_t index) noexcept {
  const auto* bytes = static_cast<const std::uint8_t*>(data) + index * size_of(dtype);
  switch (size_of(dtype)) {
    case 1: return *bytes;
    case 4: return load_le<std::uint32_t>(bytes);
    default: return load_le<std::uint64_t>(bytes);
  }
}
inline void store_element(DType dtype, void* data, std::uint64_t index,
                          std::uint64_t bits) noexcept {
  auto* bytes = static_cast<std::uint8_t*>(data) + index * size_of(dtype);
  switch (size_of(dtype)) {
    case 1: *bytes = static_cast<std::uint8_t>(bits); break;
    case 4: store_le(bytes, static_cast<std::uint32_t>(bits)); break;
    default: store_le(bytes, bits);
  }
}

// Does not own what it points to.
struct MemoryAccess {
  const NodeSpec* spec = nullptr;
  std::array<const void*, kMaxOperands> operands{};
  [[nodiscard]] std::uint64_t read(unsigned operand, std::uint64_t index) const noexcept {
    return load_element(spec->operands[operand].dtype, operands[operand], index);
  }
};

}  // namespace assay::numerics
