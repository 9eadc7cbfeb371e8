// What the unary functions' correctly rounded results are, decided without the library: by an
// evaluation with a known error bound where that suffices, by MPFR anywhere.
#pragma once

#include <cstdint>
#include <memory>

#include "assay/numerics/operator.hpp"

namespace assay::numerics::test {

inline constexpr OpCode kFunctions[] = {OpCode::kExp,  OpCode::kLog,   OpCode::kTanh,
                                        OpCode::kErf,  OpCode::kSin,   OpCode::kCos,
                                        OpCode::kSqrt, OpCode::kRsqrt, OpCode::kSigmoid};

enum class Symmetry : std::uint8_t { kNone, kOdd, kEven };
[[nodiscard]] Symmetry symmetry_of(OpCode op);
// True where a negative argument has no result.
[[nodiscard]] bool is_of_positives(OpCode op);

struct Decision {
  std::uint32_t bits = 0;
  bool sure = false;
};

// Every input with its result: the table of special values of docs/spec/numerics.md by its NaN,
// zeros, infinities and 1, everything else by evaluation in long double with a relative error below
// 2^-52. Sure unless the value lies within 2^-20 ulp of where rounding changes.
[[nodiscard]] Decision decide_by_bounds(OpCode op, std::uint32_t a);

// One thread's MPFR numbers.
class MpfrOracle {
 public:
  MpfrOracle();
  ~MpfrOracle();
  // The correctly rounded result; a finite and not 0, within the function's domain.
  [[nodiscard]] std::uint32_t operator()(OpCode op, std::uint32_t a);

 private:
  struct Numbers;
  std::unique_ptr<Numbers> m_numbers;
};

// True where decide_by_bounds consults no table: where MPFR can be asked.
[[nodiscard]] bool is_regular(OpCode op, std::uint32_t a);

}  // namespace assay::numerics::test
