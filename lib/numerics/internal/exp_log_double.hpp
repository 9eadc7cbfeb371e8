// exp and log of binary32 through a binary64 polynomial and a rounding test. The result is exact
// whenever the test passes; otherwise the caller asks the integer path. The vector kernels evaluate
// the same formulas, possibly with other roundings inside: only the tested result counts.
#pragma once

#include <cstdint>

namespace assay::numerics::internal {

// Relative error allowed to the polynomials; theirs is below 2^-49 with any order of evaluation.
inline constexpr double kExpLogTolerance = 0x1p-46;

inline constexpr double kLog2E = 0x1.71547652b82fep+0;
inline constexpr double kLn2High =
    0x1.62e42fefa0000p-1;  // 37 bits: products with exponents are exact
inline constexpr double kLn2Low = 0x1.cf79abc9e3b3ap-40;

inline constexpr int kExpDegree = 12;
inline constexpr double kExpCoefficients[kExpDegree + 1] = {
    1.0,        1.0,         1.0 / 2,      1.0 / 6,       1.0 / 24,       1.0 / 120,      1.0 / 720,
    1.0 / 5040, 1.0 / 40320, 1.0 / 362880, 1.0 / 3628800, 1.0 / 39916800, 1.0 / 479001600};

inline constexpr int kLogDegree = 9;  // atanh(s)/s in s*s
inline constexpr double kLogCoefficients[kLogDegree + 1] = {
    2.0, 2.0 / 3, 2.0 / 5, 2.0 / 7, 2.0 / 9, 2.0 / 11, 2.0 / 13, 2.0 / 15, 2.0 / 17, 2.0 / 19};

}  // namespace assay::numerics::internal
