// The product's tiles, written once over the lanes of an instruction set. An includer defines
// ASSAY_TILE, the target attribute, and then
//   struct Lanes { using Vector, Mask; kCount; zero, all, load, load_first, store, store_first,
//   fma, canonical, unordered, either, is_any }
// in the anonymous namespace that this file's templates join. Loops over rows and columns are
// unrolled whole, so that every accumulator is a register.
#if defined(__clang__)
#define ASSAY_UNROLL _Pragma("unroll")
#else
#define ASSAY_UNROLL _Pragma("GCC unroll 16")
#endif
#define ASSAY_TILE_INLINE ASSAY_TILE __attribute__((always_inline)) inline

template <int R, int Z>
struct Sums {
  Lanes::Vector at[R][Z];
};

template <int R, int Z>
ASSAY_TILE_INLINE void load_sums(const Tile& t, Sums<R, Z>& sums) {
  if (t.first) {
    // What is stored in the end is fetched while the steps run.
    const float* c = t.c;
    ASSAY_UNROLL
    for (int r = 0; r < R; ++r, c += t.c_stride) {
      __builtin_prefetch(c, 1);
      if (Z * Lanes::kCount > 16) __builtin_prefetch(c + 16, 1);
    }
    ASSAY_UNROLL
    for (int r = 0; r < R; ++r) {
      ASSAY_UNROLL
      for (int z = 0; z < Z; ++z) sums.at[r][z] = Lanes::zero();
    }
    return;
  }
  const std::size_t in_last = t.columns - (Z - 1) * Lanes::kCount;
  ASSAY_UNROLL
  for (int r = 0; r < R; ++r) {
    const float* c = t.c + r * t.c_stride;
    ASSAY_UNROLL
    for (int z = 0; z + 1 < Z; ++z) sums.at[r][z] = Lanes::load(c + z * Lanes::kCount);
    sums.at[r][Z - 1] = in_last == Lanes::kCount
                            ? Lanes::load(c + (Z - 1) * Lanes::kCount)
                            : Lanes::load_first(c + (Z - 1) * Lanes::kCount, in_last);
  }
}

// Whether any lane of any sum is a NaN: of two vectors at a time, for they are compared with each
// other.
template <int R, int Z>
ASSAY_TILE_INLINE bool have_nan(const Sums<R, Z>& sums) {
  Lanes::Mask any = Lanes::unordered(sums.at[0][0], sums.at[0][Z - 1]);
  ASSAY_UNROLL
  for (int r = 1; r < R; ++r) {
    any = Lanes::either(any, Lanes::unordered(sums.at[r][0], sums.at[r][Z - 1]));
  }
  return Lanes::is_any(any);
}

template <int R, int Z>
ASSAY_TILE_INLINE void store_sums(const Tile& t, Sums<R, Z>& sums) {
  static_assert(Z <= 2);
  if (t.last && have_nan(sums)) [[unlikely]] {
    ASSAY_UNROLL
    for (int r = 0; r < R; ++r) {
      ASSAY_UNROLL
      for (int z = 0; z < Z; ++z) sums.at[r][z] = Lanes::canonical(sums.at[r][z]);
    }
  }
  const std::size_t in_last = t.columns - (Z - 1) * Lanes::kCount;
  ASSAY_AUDIT_THAT(in_last >= 1 && in_last <= Lanes::kCount);
  float* c = t.c;
  ASSAY_UNROLL
  for (int r = 0; r < R; ++r, c += t.c_stride) {
    ASSAY_UNROLL
    for (int z = 0; z + 1 < Z; ++z) Lanes::store(c + z * Lanes::kCount, sums.at[r][z]);
    if (in_last == Lanes::kCount) {
      Lanes::store(c + (Z - 1) * Lanes::kCount, sums.at[r][Z - 1]);
    } else {
      Lanes::store_first(c + (Z - 1) * Lanes::kCount, in_last, sums.at[r][Z - 1]);
    }
  }
}

// One step of rows [First, Last): a(r) is the row's element.
template <int First, int Last, int R, int Z, class Element>
ASSAY_TILE_INLINE void step_rows(Sums<R, Z>& sums, const float* b, const Element& a) {
  typename Lanes::Vector v[Z];
  ASSAY_UNROLL
  for (int z = 0; z < Z; ++z) v[z] = Lanes::load(b + z * Lanes::kCount);
  ASSAY_UNROLL
  for (int r = First; r < Last; ++r) {
    const typename Lanes::Vector x = Lanes::all(a.of(r));
    ASSAY_UNROLL
    for (int z = 0; z < Z; ++z) sums.at[r][z] = Lanes::fma(x, v[z], sums.at[r][z]);
  }
}

template <int R>
struct RowPointers {
  const float* at[R];
  std::ptrdiff_t offset;
  ASSAY_TILE_INLINE const float* of(int r) const { return at[r] + offset; }
};

// The steps of a staggered tile before, or behind, those of all rows.
template <int D, int R, int Z>
ASSAY_TILE_INLINE void head_steps(const Tile& t, Sums<R, Z>& sums, RowPointers<R>& a,
                                  const std::ptrdiff_t*& at, const float*& b) {
  if constexpr (D + 1 < R) {
    if (D >= t.head_first && D < t.head_last) {
      a.offset = *at++;
      step_rows<0, D + 1>(sums, b, a);
      b += t.b_stride;
    }
    head_steps<D + 1>(t, sums, a, at, b);
  }
}
template <int D, int R, int Z>
ASSAY_TILE_INLINE void tail_steps(const Tile& t, Sums<R, Z>& sums, RowPointers<R>& a,
                                  const std::ptrdiff_t*& at, const float*& b) {
  if constexpr (D < R) {
    if (D > t.tail) return;
    a.offset = *at++;
    step_rows<D, R>(sums, b, a);
    b += t.b_stride;
    tail_steps<D + 1>(t, sums, a, at, b);
  }
}

template <int R, int Z, bool kStaggered>
ASSAY_TILE void direct_tile(const Tile& t) {
  Sums<R, Z> sums;
  load_sums(t, sums);
  RowPointers<R> a;
  ASSAY_UNROLL
  for (int r = 0; r < R; ++r) a.at[r] = t.a[r];
  const std::ptrdiff_t* at = t.a_depth;
  const float* b = t.b;
  if constexpr (kStaggered) head_steps<0>(t, sums, a, at, b);
  const std::ptrdiff_t step = t.b_stride;
  for (const std::ptrdiff_t* const end = at + t.depth; at != end; ++at, b += step) {
    a.offset = *at;
    step_rows<0, R>(sums, b, a);
  }
  if constexpr (kStaggered) tail_steps<1>(t, sums, a, at, b);
  store_sums(t, sums);
}

struct PackedColumn {
  const float* at;
  ASSAY_TILE_INLINE const float* of(int r) const { return at + r; }
};

template <int R, int Z>
ASSAY_TILE void packed_tile(const Tile& t) {
  constexpr int kUnroll = 4;
  constexpr std::ptrdiff_t kWidth = Z * Lanes::kCount;
  Sums<R, Z> sums;
  load_sums(t, sums);
  const float* a = t.a[0];
  const float* b = t.b;
  std::size_t left = t.depth;
  for (; left >= kUnroll; left -= kUnroll) {
    ASSAY_UNROLL
    for (int i = 0; i < kUnroll; ++i) {
      ASSAY_UNROLL
      for (int line = 0; line < kWidth / 16; ++line) {
        __builtin_prefetch(b + (kPrefetchSteps + i) * kWidth + line * 16);
      }
      step_rows<0, R>(sums, b + i * kWidth, PackedColumn{a + i * kPackedRows});
    }
    a += kUnroll * kPackedRows;
    b += kUnroll * kWidth;
  }
  for (; left > 0; --left, a += kPackedRows, b += kWidth) {
    step_rows<0, R>(sums, b, PackedColumn{a});
  }
  store_sums(t, sums);
}

template <int R, int Z>
ASSAY_TILE void channel_tile(const Tile& t) {
  Sums<R, Z> sums;
  load_sums(t, sums);
  const std::size_t in_last = t.columns - (Z - 1) * Lanes::kCount;
  const float* b = t.b;
  const std::ptrdiff_t* at = t.a_depth;
  for (const std::ptrdiff_t* const end = at + t.depth; at != end; ++at, b += t.b_stride) {
    ASSAY_UNROLL
    for (int z = 0; z < Z; ++z) {
      const std::size_t lanes = z + 1 < Z ? Lanes::kCount : in_last;
      const Lanes::Vector v = Lanes::load_first(b + z * Lanes::kCount, lanes);
      ASSAY_UNROLL
      for (int r = 0; r < R; ++r) {
        const float* a = t.a[r] + *at + z * Lanes::kCount;
        sums.at[r][z] = Lanes::fma(Lanes::load_first(a, lanes), v, sums.at[r][z]);
      }
    }
  }
  store_sums(t, sums);
}

template <int Z, int... R>
constexpr std::array<TileFunction, sizeof...(R)> packed_tiles(std::integer_sequence<int, R...>) {
  return {packed_tile<R + 1, Z>...};
}
template <int Z, bool kStaggered, int... R>
constexpr std::array<TileFunction, sizeof...(R)> direct_tiles(std::integer_sequence<int, R...>) {
  return {direct_tile<R + 1, Z, kStaggered>...};
}
template <int Z, int... R>
constexpr std::array<TileFunction, sizeof...(R)> channel_tiles(std::integer_sequence<int, R...>) {
  return {channel_tile<R + 1, Z>...};
}

using PackedRows = std::make_integer_sequence<int, kPackedRows>;
using DirectRows = std::make_integer_sequence<int, kDirectRows>;
constexpr auto kPackedNarrow = packed_tiles<1>(PackedRows());
constexpr auto kPackedWide = packed_tiles<2>(PackedRows());
constexpr auto kDirectNarrow = direct_tiles<1, false>(DirectRows());
constexpr auto kDirectWide = direct_tiles<2, false>(DirectRows());
constexpr auto kStaggeredNarrow = direct_tiles<1, true>(DirectRows());
constexpr auto kStaggeredWide = direct_tiles<2, true>(DirectRows());

constexpr auto kChannelNarrow = channel_tiles<1>(DirectRows());
constexpr auto kChannelWide = channel_tiles<2>(DirectRows());

constexpr TileKernels kKernels{kPackedRows,
                               kDirectRows,
                               2 * Lanes::kCount,
                               Lanes::kCount,
                               kStreamsPanels,
                               {kPackedNarrow.data(), kPackedWide.data()},
                               {kDirectNarrow.data(), kDirectWide.data()},
                               {kStaggeredNarrow.data(), kStaggeredWide.data()},
                               {kChannelNarrow.data(), kChannelWide.data()},
                               kPack};

#undef ASSAY_TILE_INLINE
#undef ASSAY_UNROLL
