// Element types and shapes of the numeric profile (docs/spec/numerics.md). Freestanding.
#pragma once

#include <initializer_list>

#include "assay/core/bytes.hpp"
#include "assay/core/checked.hpp"

namespace assay {

enum class DType : std::uint8_t { kF32 = 1, kI32 = 2, kU32 = 3, kI64 = 4, kU64 = 5, kU8 = 6 };

[[nodiscard]] constexpr bool is_known(DType t) noexcept {
  return static_cast<unsigned>(t) >= 1 && static_cast<unsigned>(t) <= 6;
}
[[nodiscard]] constexpr std::uint32_t size_of(DType t) noexcept {
  switch (t) {
    case DType::kU8: return 1;
    case DType::kI64:
    case DType::kU64: return 8;
    default: return 4;
  }
}
// The lower-case name used everywhere a person reads: "f32".
[[nodiscard]] constexpr const char* name_of(DType t) noexcept {
  switch (t) {
    case DType::kF32: return "f32";
    case DType::kI32: return "i32";
    case DType::kU32: return "u32";
    case DType::kI64: return "i64";
    case DType::kU64: return "u64";
    case DType::kU8: return "u8";
  }
  return "?";
}

inline constexpr unsigned kMaxRank = 6;
inline constexpr std::uint64_t kMaxElements = std::uint64_t{1} << 40;

// Dimensions, outermost first, row-major; rank 0 is a scalar. Unused dimensions are 0.
struct Shape {
  std::uint8_t rank = 0;
  std::array<std::uint64_t, kMaxRank> dims{};

  constexpr Shape() = default;
  constexpr Shape(std::initializer_list<std::uint64_t> d) {
    for (const std::uint64_t x : d) dims[rank++] = x;  // at most kMaxRank: a programmer's literal
  }
  friend constexpr bool operator==(const Shape&, const Shape&) = default;
  [[nodiscard]] constexpr std::uint64_t operator[](unsigned axis) const { return dims[axis]; }
  // The product of the dimensions; meaningful for shapes that is_valid() accepts.
  [[nodiscard]] constexpr std::uint64_t elements() const {
    std::uint64_t n = 1;
    for (unsigned i = 0; i < rank; ++i) n *= dims[i];
    return n;
  }
};

// Rank, non-zero dimensions, at most kMaxElements elements, unused dimensions 0.
[[nodiscard]] constexpr bool is_valid(const Shape& s) noexcept {
  if (s.rank > kMaxRank) return false;
  std::uint64_t n = 1;
  for (unsigned i = 0; i < kMaxRank; ++i) {
    if (i >= s.rank) {
      if (s.dims[i] != 0) return false;
      continue;
    }
    if (s.dims[i] == 0 || !checked_mul(n, s.dims[i], n) || n > kMaxElements) return false;
  }
  return true;
}

struct TensorType {
  DType dtype = DType::kF32;
  Shape shape;
  friend constexpr bool operator==(const TensorType&, const TensorType&) = default;
  [[nodiscard]] constexpr std::uint64_t byte_count() const {
    return shape.elements() * size_of(dtype);
  }
};

}  // namespace assay
