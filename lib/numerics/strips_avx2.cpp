// Strips of two and three operands on eight lanes, row by row.
#include "internal/avx2_bits.hpp"
#include "internal/row_strip.hpp"

namespace assay::numerics::internal {

#if defined(__x86_64__)
namespace {

template <bool any_nan>
ASSAY_AVX2_INLINE __m256 result8(__m256 v) {
  return any_nan ? v : canonical8(v);
}

ASSAY_AVX2_INLINE __m256 as_flags(__m256 holds) {
  return _mm256_castsi256_ps(_mm256_srli_epi32(_mm256_castps_si256(holds), 31));
}

// kEqualWords: of 32-bit integers.
enum class Pair { kAdd, kSub, kMul, kDiv, kMax, kMin, kEqual, kLess, kEqualWords };
enum class Triple { kFma, kSelect };

template <Pair op, bool any_nan>
ASSAY_AVX2_INLINE __m256 apply(__m256 a, __m256 b) {
  if constexpr (op == Pair::kAdd) return result8<any_nan>(_mm256_add_ps(a, b));
  if constexpr (op == Pair::kSub) return result8<any_nan>(_mm256_sub_ps(a, b));
  if constexpr (op == Pair::kMul) return result8<any_nan>(_mm256_mul_ps(a, b));
  if constexpr (op == Pair::kDiv) return result8<any_nan>(_mm256_div_ps(a, b));
  if constexpr (op == Pair::kMax) return max8(a, b);
  if constexpr (op == Pair::kMin) return min8(a, b);
  if constexpr (op == Pair::kEqual) return as_flags(_mm256_cmp_ps(a, b, _CMP_EQ_OQ));
  if constexpr (op == Pair::kLess) return as_flags(_mm256_cmp_ps(a, b, _CMP_LT_OQ));
  return as_flags(
      _mm256_castsi256_ps(_mm256_cmpeq_epi32(_mm256_castps_si256(a), _mm256_castps_si256(b))));
}

template <Triple op, bool any_nan>
ASSAY_AVX2_INLINE __m256 apply(__m256 a, __m256 b, __m256 c) {
  if constexpr (op == Triple::kFma) return result8<any_nan>(_mm256_fmadd_ps(a, b, c));
  const __m256i zero = _mm256_cmpeq_epi32(_mm256_castps_si256(a), _mm256_setzero_si256());
  return result8<any_nan>(_mm256_blendv_ps(b, c, _mm256_castsi256_ps(zero)));
}

// One operand's row: eight elements from column i on, or its one element in every lane.
template <bool repeats>
struct Source {
  const float* row;
  __m256 all;

  ASSAY_AVX2_INLINE explicit Source(const float* at) : row(at) {
    if constexpr (repeats) all = _mm256_broadcast_ss(at);
  }
  ASSAY_AVX2_INLINE __m256 load(std::size_t i) const {
    if constexpr (repeats) return all;
    return _mm256_loadu_ps(row + i);
  }
  ASSAY_AVX2_INLINE __m256 load(std::size_t i, __m256i mask) const {
    if constexpr (repeats) return all;
    return _mm256_maskload_ps(row + i, mask);
  }
};

const float* row_of(const StripOperand& operand, std::size_t r) {
  return static_cast<const float*>(operand.at) + r * operand.row_stride;
}

template <bool repeats_a, bool repeats_b>
void join_rows(const StripOperand* in, std::size_t& rows, std::size_t& columns) {
  // Rows that lie behind one another are one row.
  const bool a = !repeats_a ? in[0].row_stride == columns : in[0].row_stride == 0;
  const bool b = !repeats_b ? in[1].row_stride == columns : in[1].row_stride == 0;
  if (a && b) columns *= rows, rows = 1;
}

template <Pair op, bool any_nan, bool repeats_a, bool repeats_b>
ASSAY_AVX2 void pair_rows(const Strip&, void* out, const StripOperand* in, std::size_t rows,
                          std::size_t columns) {
  join_rows<repeats_a, repeats_b>(in, rows, columns);
  auto* y = static_cast<float*>(out);
  const __m256i tail = first_lanes(columns % 8);
  for (std::size_t r = 0; r < rows; ++r, y += columns) {
    const Source<repeats_a> a(row_of(in[0], r));
    const Source<repeats_b> b(row_of(in[1], r));
    std::size_t i = 0;
#pragma GCC unroll 2
    for (; i + 8 <= columns; i += 8)
      _mm256_storeu_ps(y + i, apply<op, any_nan>(a.load(i), b.load(i)));
    if (i < columns)
      _mm256_maskstore_ps(y + i, tail, apply<op, any_nan>(a.load(i, tail), b.load(i, tail)));
  }
}

template <Triple op, bool any_nan, bool repeats_a, bool repeats_b, bool repeats_c>
ASSAY_AVX2 void triple_rows(const Strip&, void* out, const StripOperand* in, std::size_t rows,
                            std::size_t columns) {
  const bool c_joins = !repeats_c ? in[2].row_stride == columns : in[2].row_stride == 0;
  if (c_joins) join_rows<repeats_a, repeats_b>(in, rows, columns);
  auto* y = static_cast<float*>(out);
  const __m256i tail = first_lanes(columns % 8);
  for (std::size_t r = 0; r < rows; ++r, y += columns) {
    const Source<repeats_a> a(row_of(in[0], r));
    const Source<repeats_b> b(row_of(in[1], r));
    const Source<repeats_c> c(row_of(in[2], r));
    std::size_t i = 0;
#pragma GCC unroll 2
    for (; i + 8 <= columns; i += 8)
      _mm256_storeu_ps(y + i, apply<op, any_nan>(a.load(i), b.load(i), c.load(i)));
    if (i < columns) {
      const __m256 v = apply<op, any_nan>(a.load(i, tail), b.load(i, tail), c.load(i, tail));
      _mm256_maskstore_ps(y + i, tail, v);
    }
  }
}

template <Pair op, bool any_nan>
Strip::Run pair_strip(const StripSpec& s) {
  if (s.repeats[0]) {
    return s.repeats[1] ? pair_rows<op, any_nan, true, true> : pair_rows<op, any_nan, true, false>;
  }
  return s.repeats[1] ? pair_rows<op, any_nan, false, true> : pair_rows<op, any_nan, false, false>;
}
template <Pair op>
Strip::Run pair_strip(const StripSpec& s) {
  return s.any_nan ? pair_strip<op, true>(s) : pair_strip<op, false>(s);
}

template <Triple op, bool any_nan, bool a, bool b>
Strip::Run triple_strip(const StripSpec& s) {
  return s.repeats[2] ? triple_rows<op, any_nan, a, b, true>
                      : triple_rows<op, any_nan, a, b, false>;
}
template <Triple op, bool any_nan>
Strip::Run triple_strip(const StripSpec& s) {
  if (s.repeats[0]) {
    return s.repeats[1] ? triple_strip<op, any_nan, true, true>(s)
                        : triple_strip<op, any_nan, true, false>(s);
  }
  return s.repeats[1] ? triple_strip<op, any_nan, false, true>(s)
                      : triple_strip<op, any_nan, false, false>(s);
}
template <Triple op>
Strip::Run triple_strip(const StripSpec& s) {
  return s.any_nan ? triple_strip<op, true>(s) : triple_strip<op, false>(s);
}

}  // namespace

Strip::Run row_strip_avx2(const StripSpec& s) {
  if (s.op == OpCode::kSelect)
    return s.output == DType::kF32 ? triple_strip<Triple::kSelect>(s) : nullptr;
  if (s.op == OpCode::kEqual && (s.operands[0] == DType::kU32 || s.operands[0] == DType::kI32))
    return pair_strip<Pair::kEqualWords>(s);
  if (s.operands[0] != DType::kF32) return nullptr;
  switch (s.op) {
    case OpCode::kAdd: return pair_strip<Pair::kAdd>(s);
    case OpCode::kSub: return pair_strip<Pair::kSub>(s);
    case OpCode::kMul: return pair_strip<Pair::kMul>(s);
    case OpCode::kDiv: return pair_strip<Pair::kDiv>(s);
    case OpCode::kMax: return pair_strip<Pair::kMax>(s);
    case OpCode::kMin: return pair_strip<Pair::kMin>(s);
    case OpCode::kEqual: return pair_strip<Pair::kEqual>(s);
    case OpCode::kLess: return pair_strip<Pair::kLess>(s);
    case OpCode::kFma: return triple_strip<Triple::kFma>(s);
    default: return nullptr;
  }
}

#else
Strip::Run row_strip_avx2(const StripSpec&) { return nullptr; }
#endif

}  // namespace assay::numerics::internal
