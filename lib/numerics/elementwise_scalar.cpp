// Strips in plain C++.
#include "assay/numerics/arithmetic_hardware.hpp"
#include "assay/numerics/scalar_inline.hpp"
#include "internal/strip.hpp"

namespace assay::numerics::internal {
namespace {

template <class T>
T at(const void* p, std::size_t i) {
  T value;
  std::memcpy(&value, static_cast<const std::uint8_t*>(p) + i * sizeof(T), sizeof value);
  return value;
}
template <class T>
void put(void* p, std::size_t i, T value) {
  std::memcpy(static_cast<std::uint8_t*>(p) + i * sizeof(T), &value, sizeof value);
}
float as_float(std::uint32_t bits) { return std::bit_cast<float>(bits); }
std::uint32_t as_bits(float value) { return canonical(std::bit_cast<std::uint32_t>(value)); }

template <OpCode op>
void unary(void* out, const void* const* in, std::size_t n) {
  for (std::size_t i = 0; i < n; ++i) {
    put(out, i, unary_f32<HardwareArithmetic>(op, canonical(at<std::uint32_t>(in[0], i))));
  }
}

// Arithmetic on float lanes, which compilers vectorise.
template <OpCode op>
void binary_f32(void* out, const void* const* in, std::size_t n) {
  for (std::size_t i = 0; i < n; ++i) {
    const auto a = at<std::uint32_t>(in[0], i);
    const auto b = at<std::uint32_t>(in[1], i);
    std::uint32_t y;
    if constexpr (op == OpCode::kAdd) {
      y = as_bits(as_float(a) + as_float(b));
    } else if constexpr (op == OpCode::kSub) {
      y = as_bits(as_float(a) - as_float(b));
    } else if constexpr (op == OpCode::kMul) {
      y = as_bits(as_float(a) * as_float(b));
    } else if constexpr (op == OpCode::kDiv) {
      y = as_bits(as_float(a) / as_float(b));
    } else {
      y = static_cast<std::uint32_t>(binary<HardwareArithmetic>(op, DType::kF32, a, b));
    }
    put(out, i, y);
  }
}

template <OpCode op, DType dtype, class T, class Out>
void binary_integer(void* out, const void* const* in, std::size_t n) {
  for (std::size_t i = 0; i < n; ++i) {
    const std::uint64_t y = binary<HardwareArithmetic>(op, dtype, at<T>(in[0], i), at<T>(in[1], i));
    put(out, i, static_cast<Out>(y));
  }
}

template <OpCode op, bool same_type>
StripFunction binary_strip(DType dtype) {
  using U8 = std::uint8_t;
  using U32 = std::uint32_t;
  using U64 = std::uint64_t;
  switch (dtype) {
    case DType::kF32: return binary_f32<op>;
    case DType::kI32: return binary_integer<op, DType::kI32, U32, U32>;
    case DType::kU32: return binary_integer<op, DType::kU32, U32, U32>;
    case DType::kI64:
      return binary_integer<op, DType::kI64, U64, std::conditional_t<same_type, U64, U32>>;
    case DType::kU64:
      return binary_integer<op, DType::kU64, U64, std::conditional_t<same_type, U64, U32>>;
    case DType::kU8:
      return binary_integer<op, DType::kU8, U8, std::conditional_t<same_type, U8, U32>>;
  }
  return nullptr;
}

template <class T, bool is_float>
void select(void* out, const void* const* in, std::size_t n) {
  for (std::size_t i = 0; i < n; ++i) {
    T y = at<std::uint32_t>(in[0], i) != 0 ? at<T>(in[1], i) : at<T>(in[2], i);
    if constexpr (is_float) y = canonical(y);
    put(out, i, y);
  }
}

void fma_f32(void* out, const void* const* in, std::size_t n) {
  for (std::size_t i = 0; i < n; ++i) {
    put(out, i,
        as_bits(__builtin_fmaf(at<float>(in[0], i), at<float>(in[1], i), at<float>(in[2], i))));
  }
}

template <DType from, DType to, class From, class To>
void cast(void* out, const void* const* in, std::size_t n) {
  for (std::size_t i = 0; i < n; ++i) {
    put(out, i, static_cast<To>(convert(from, to, at<From>(in[0], i))));
  }
}

template <DType from, class From>
StripFunction cast_from(DType to) {
  switch (to) {
    case DType::kF32: return cast<from, DType::kF32, From, std::uint32_t>;
    case DType::kI32: return cast<from, DType::kI32, From, std::uint32_t>;
    case DType::kU32: return cast<from, DType::kU32, From, std::uint32_t>;
    case DType::kI64: return cast<from, DType::kI64, From, std::uint64_t>;
    case DType::kU64: return cast<from, DType::kU64, From, std::uint64_t>;
    case DType::kU8: return cast<from, DType::kU8, From, std::uint8_t>;
  }
  return nullptr;
}

StripFunction cast_strip(DType from, DType to) {
  switch (from) {
    case DType::kF32: return cast_from<DType::kF32, std::uint32_t>(to);
    case DType::kI32: return cast_from<DType::kI32, std::uint32_t>(to);
    case DType::kU32: return cast_from<DType::kU32, std::uint32_t>(to);
    case DType::kI64: return cast_from<DType::kI64, std::uint64_t>(to);
    case DType::kU64: return cast_from<DType::kU64, std::uint64_t>(to);
    case DType::kU8: return cast_from<DType::kU8, std::uint8_t>(to);
  }
  return nullptr;
}

StripFunction select_strip(DType dtype) {
  if (dtype == DType::kF32) return select<std::uint32_t, true>;
  switch (size_of(dtype)) {
    case 1: return select<std::uint8_t, false>;
    case 4: return select<std::uint32_t, false>;
    default: return select<std::uint64_t, false>;
  }
}

}  // namespace

void copy_f32_scalar(void* out, const void* const* in, std::size_t n) {
  for (std::size_t i = 0; i < n; ++i) put(out, i, canonical(at<std::uint32_t>(in[0], i)));
}

StripFunction scalar_strip(const NodeSpec& spec) {
  const DType first = spec.operands[0].dtype;
  switch (spec.op) {
    case OpCode::kReshape:
    case OpCode::kCast: return cast_strip(first, spec.output.dtype);
    case OpCode::kNeg: return unary<OpCode::kNeg>;
    case OpCode::kRelu: return unary<OpCode::kRelu>;
    case OpCode::kAdd: return binary_strip<OpCode::kAdd, true>(first);
    case OpCode::kSub: return binary_strip<OpCode::kSub, true>(first);
    case OpCode::kMul: return binary_strip<OpCode::kMul, true>(first);
    case OpCode::kDiv: return binary_f32<OpCode::kDiv>;
    case OpCode::kMax: return binary_f32<OpCode::kMax>;
    case OpCode::kMin: return binary_f32<OpCode::kMin>;
    case OpCode::kEqual: return binary_strip<OpCode::kEqual, false>(first);
    case OpCode::kLess: return binary_strip<OpCode::kLess, false>(first);
    case OpCode::kSelect: return select_strip(spec.output.dtype);
    case OpCode::kFma: return fma_f32;
    default: return nullptr;
  }
}

}  // namespace assay::numerics::internal
