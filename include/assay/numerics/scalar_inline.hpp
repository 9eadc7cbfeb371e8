// The operators whose element takes one step. Included by numerics/fold_inline.hpp. Freestanding.
#pragma once

#include "assay/numerics/float_bits.hpp"
#include "assay/numerics/geometry.hpp"
#include "assay/numerics/philox.hpp"

namespace assay::numerics {

// `value` is sign-extended for signed types; the result is zero-extended.
[[nodiscard]] constexpr std::uint64_t wrap_to(DType to, std::uint64_t value) noexcept {
  switch (to) {
    case DType::kU8: return value & 0xff;
    case DType::kI64:
    case DType::kU64: return value;
    default: return low_word(value);
  }
}

// Sign-extends what the narrower signed type holds.
[[nodiscard]] constexpr std::uint64_t widen(DType from, std::uint64_t bits) noexcept {
  return from == DType::kI32 ? static_cast<std::uint64_t>(static_cast<std::int64_t>(
                                   static_cast<std::int32_t>(low_word(bits))))
                             : bits;
}

[[nodiscard]] constexpr std::uint64_t convert(DType from, DType to, std::uint64_t bits) noexcept {
  if (from == DType::kF32) {
    const std::uint32_t a = canonical(low_word(bits));
    switch (to) {
      case DType::kF32: return a;
      case DType::kI32: return low_word(f32_to_signed(a, 0x7fff'ffff));
      case DType::kU32: return f32_to_unsigned(a, 0xffff'ffff);
      case DType::kI64: return f32_to_signed(a, ~std::uint64_t{0} >> 1);
      case DType::kU64: return f32_to_unsigned(a, ~std::uint64_t{0});
      case DType::kU8: return f32_to_unsigned(a, 0xff);
    }
  }
  const std::uint64_t value = widen(from, bits);
  if (to != DType::kF32) return wrap_to(to, value);
  return from == DType::kI32 || from == DType::kI64 ? f32_from_i64(static_cast<std::int64_t>(value))
                                                    : f32_from_u64(value);
}

[[nodiscard]] constexpr bool integer_less(DType dtype, std::uint64_t a, std::uint64_t b) noexcept {
  a = widen(dtype, a), b = widen(dtype, b);
  return dtype == DType::kI32 || dtype == DType::kI64
             ? static_cast<std::int64_t>(a) < static_cast<std::int64_t>(b)
             : a < b;
}

template <class Arithmetic>
[[nodiscard]] std::uint32_t unary_f32(OpCode op, std::uint32_t a) noexcept {
  switch (op) {
    case OpCode::kNeg: return neg_bits(a);
    case OpCode::kRelu: return relu_bits(a);
    case OpCode::kSqrt: return Arithmetic::sqrt(a);
    case OpCode::kExp: return Arithmetic::exp(a);
    case OpCode::kTanh: return Arithmetic::tanh(a);
    case OpCode::kErf: return Arithmetic::erf(a);
    case OpCode::kSin: return Arithmetic::sin(a);
    case OpCode::kCos: return Arithmetic::cos(a);
    case OpCode::kRsqrt: return Arithmetic::rsqrt(a);
    case OpCode::kSigmoid: return Arithmetic::sigmoid(a);
    default: return Arithmetic::log(a);
  }
}

template <class Arithmetic>
[[nodiscard]] std::uint64_t binary(OpCode op, DType dtype, std::uint64_t a,
                                   std::uint64_t b) noexcept {
  if (dtype != DType::kF32) {
    switch (op) {
      case OpCode::kAdd: return wrap_to(dtype, a + b);
      case OpCode::kSub: return wrap_to(dtype, a - b);
      case OpCode::kMul: return wrap_to(dtype, a * b);
      case OpCode::kEqual: return a == b ? 1 : 0;
      default: return integer_less(dtype, a, b) ? 1 : 0;
    }
  }
  const std::uint32_t x = canonical(low_word(a));
  const std::uint32_t y = canonical(low_word(b));
  switch (op) {
    case OpCode::kAdd: return Arithmetic::add(x, y);
    case OpCode::kSub: return Arithmetic::sub(x, y);
    case OpCode::kMul: return Arithmetic::mul(x, y);
    case OpCode::kDiv: return Arithmetic::div(x, y);
    case OpCode::kMax: return max_bits(x, y);
    case OpCode::kMin: return min_bits(x, y);
    case OpCode::kEqual: return equal_bits(x, y) ? 1 : 0;
    default: return less_bits(x, y) ? 1 : 0;
  }
}

// The element of a one-step operator.
template <class Arithmetic, class Access>
[[nodiscard]] std::uint64_t pointwise(const NodeSpec& s, std::uint64_t e, Access& access) noexcept {
  const Shape& shape = s.output.shape;
  const auto at = [&](unsigned i) -> std::uint64_t {
    const std::uint64_t bits = access.read(i, broadcast_index(shape, s.operands[i].shape, e));
    return s.operands[i].dtype == DType::kF32 ? canonical(low_word(bits)) : bits;
  };
  switch (s.op) {
    case OpCode::kConstant: return convert(s.output.dtype, s.output.dtype, s.attributes[0]);
    case OpCode::kIota: {
      std::uint64_t index = e;
      for (unsigned axis = shape.rank - 1U; axis > s.attributes[0]; --axis) index /= shape[axis];
      return convert(DType::kU64, s.output.dtype,
                     index % shape[static_cast<unsigned>(s.attributes[0])]);
    }
    case OpCode::kReshape:
    case OpCode::kCast: return convert(s.operands[0].dtype, s.output.dtype, access.read(0, e));
    case OpCode::kTranspose:
      return convert(s.output.dtype, s.output.dtype, access.read(0, transpose_index(s, e)));
    case OpCode::kSlice:
    case OpCode::kPad:
    case OpCode::kConcat: {
      const Piece piece = piece_of(s, e);
      if (!piece.inside) return 0;
      return convert(s.output.dtype, s.output.dtype, access.read(piece.operand, piece.index));
    }
    case OpCode::kNeg:
    case OpCode::kRelu:
    case OpCode::kSqrt:
    case OpCode::kExp:
    case OpCode::kLog:
    case OpCode::kTanh:
    case OpCode::kErf:
    case OpCode::kSin:
    case OpCode::kCos:
    case OpCode::kRsqrt:
    case OpCode::kSigmoid: return unary_f32<Arithmetic>(s.op, low_word(at(0)));
    case OpCode::kSelect: {
      const std::uint64_t condition = at(0);
      const std::uint64_t a = at(1);
      const std::uint64_t b = at(2);
      return low_word(condition) != 0 ? a : b;
    }
    case OpCode::kFma: {
      const std::uint64_t a = at(0);
      const std::uint64_t b = at(1);
      return Arithmetic::fma(low_word(a), low_word(b), low_word(at(2)));
    }
    case OpCode::kGatherRows: {
      const std::uint64_t row_size = shape.elements() / shape[0];
      const std::uint64_t row = low_word(access.read(1, e / row_size));
      if (row >= s.operands[0].shape[0]) return 0;
      return convert(s.output.dtype, s.output.dtype, access.read(0, row * row_size + e % row_size));
    }
    case OpCode::kRandomUniform: {
      const PhiloxKey key = philox_key(access.read(0, 0), s.attributes[0]);
      return uniform_from_word(random_word(key, access.read(1, 0), e));
    }
    default: {
      const std::uint64_t a = at(0);
      return binary<Arithmetic>(s.op, s.operands[0].dtype, a, at(1));
    }
  }
}

}  // namespace assay::numerics
