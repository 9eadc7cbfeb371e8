// binary32 by MPFR alone, as bit patterns: neither the library's arithmetic nor the processor's.
#pragma once

#include <gmp.h>
#include <mpfr.h>

#include <cstdint>

namespace assay::numerics::test {

// The codes of the element types and operators of docs/spec/numerics.md that the cases use; written
// down again, so that the vectors depend on that page and on nothing else.
enum class Type : std::uint8_t { kF32 = 1, kI32 = 2, kU32 = 3, kI64 = 4, kU64 = 5, kU8 = 6 };
enum class Operation : std::uint8_t {
  kCast = 19,
  kNeg = 32,
  kRelu = 33,
  kSqrt = 34,
  kAdd = 48,
  kSub = 49,
  kMul = 50,
  kDiv = 51,
  kMax = 52,
  kMin = 53,
  kEqual = 54,
  kLess = 55,
  kFma = 57,
};

// Rounds to nearest even with gradual underflow: 24 bits and binary32's range of exponents, then
// mpfr_subnormalize. One object at a time: it sets MPFR's range for the thread.
class MpfrBinary32 {
 public:
  MpfrBinary32();
  ~MpfrBinary32();
  MpfrBinary32(const MpfrBinary32&) = delete;
  MpfrBinary32& operator=(const MpfrBinary32&) = delete;

  // An operator of f32 operands; b and c are not looked at where there is none.
  [[nodiscard]] std::uint32_t operator()(Operation op, std::uint32_t a, std::uint32_t b,
                                         std::uint32_t c);
  // Towards zero, saturating, NaN to 0; two's complement in the type's width.
  [[nodiscard]] std::uint64_t to_integer(Type to, std::uint32_t a);
  // An integer in two's complement of its type's width, rounded once.
  [[nodiscard]] std::uint32_t from_integer(Type from, std::uint64_t a);

 private:
  static void set(mpfr_t out, std::uint32_t bits);
  [[nodiscard]] std::uint32_t bits_of_y();
  [[nodiscard]] bool compares(Operation op) const;
  [[nodiscard]] int evaluate(Operation op);

  mpfr_t m_a, m_b, m_c, m_y;
  mpz_t m_integer;
};

}  // namespace assay::numerics::test
