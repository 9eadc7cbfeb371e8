// Blocking and threads of the product kernels. The depth is walked in order; what a block leaves in
// C is exactly the fold's state, so blocks change no bit.
#include "internal/gemm.hpp"

#include <algorithm>
#include <bit>

#include "assay/numerics/float_bits.hpp"

namespace assay::numerics::internal {
namespace {

constexpr std::size_t round_up(std::size_t n, std::size_t to) { return (n + to - 1) / to * to; }

template <std::size_t columns>
void tile_scalar(const Tile& t) {
  for (std::size_t r = 0; r < kTileRows; ++r) {
    float* c = t.c + static_cast<std::ptrdiff_t>(r) * t.c_stride;
    float sum[columns];
    for (std::size_t j = 0; j < columns; ++j) sum[j] = t.first ? 0.0F : c[j];
    for (std::size_t k = 0; k < t.depth; ++k) {
      const float a = t.a[r][t.a_depth[k]];
      const float* b = t.b + static_cast<std::ptrdiff_t>(k) * t.b_stride;
      for (std::size_t j = 0; j < columns; ++j) {
        sum[j] = __builtin_fmaf(a, b[j], sum[j]);
      }
    }
    for (std::size_t j = 0; j < columns; ++j) {
      const auto bits = std::bit_cast<std::uint32_t>(sum[j]);
      c[j] = std::bit_cast<float>(canonical(bits));
    }
  }
}

void pack_b_scalar(float* dst, const float* src, std::size_t depth, std::size_t columns,
                   std::ptrdiff_t depth_stride, std::ptrdiff_t column_stride) {
  for (std::size_t k = 0; k < depth; ++k) {
    const float* from = src + static_cast<std::ptrdiff_t>(k) * depth_stride;
    for (std::size_t j = 0; j < kTileColumns; ++j) {
      dst[k * kTileColumns + j] =
          j < columns ? from[static_cast<std::ptrdiff_t>(j) * column_stride] : 0.0F;
    }
  }
}

constexpr TileKernels kScalarKernels{tile_scalar<16>, tile_scalar<8>, pack_b_scalar};

// One task's private memory.
struct Workspace {
  float* b;  // kBlockDepth x up to kBlockColumns, in panels of 16
  float* a;  // kBlockDepth x kBlockRows, in panels of 6
};

std::size_t workspace_floats(std::size_t columns) {
  const std::size_t width = std::min(kBlockColumns, round_up(columns, kTileColumns));
  return kBlockDepth * (width + kBlockRows);
}

struct Range {
  std::size_t first, last;
};

class Worker {
 public:
  Worker(const Gemm& gemm, const TileKernels& kernels, Workspace space)
      : m_gemm(gemm), m_kernels(kernels), m_space(space) {
    m_b_direct = gemm.b_column == 1 && gemm.columns % 8 == 0 &&
                 (gemm.columns <= 64 || gemm.rows < 2 * kTileRows);
    std::ptrdiff_t offset = 0;
    for (std::ptrdiff_t& at : m_packed_depth) at = offset, offset += kTileRows;
  }

  void run(std::size_t batch, Range rows, Range columns) {
    m_a = m_gemm.a + batch_offset(m_gemm.a_layout, batch);
    m_b = m_gemm.b + batch_offset(m_gemm.b_layout, batch);
    m_c = m_gemm.c + batch_offset(m_gemm.c_layout, batch);
    for (std::size_t j = columns.first; j < columns.last; j += kBlockColumns) {
      const Range js{j, std::min(j + kBlockColumns, columns.last)};
      for (std::size_t k = 0; k < m_gemm.depth; k += kBlockDepth) {
        const Range ks{k, std::min(k + kBlockDepth, m_gemm.depth)};
        run_block(rows, js, ks);
      }
    }
  }

 private:
  void run_block(Range rows, Range js, Range ks) {
    const std::size_t depth = ks.last - ks.first;
    m_gemm.a_depth.fill(ks.first, depth, m_depth);
    if (!m_b_direct) pack_b(js, ks);
    for (std::size_t i = rows.first; i < rows.last; i += kBlockRows) {
      const Range is{i, std::min(i + kBlockRows, rows.last)};
      m_gemm.a_row.fill(is.first, is.last - is.first, m_row);
      if (m_gemm.pack_a) pack_a(is.last - is.first, depth);
      for (std::size_t j = js.first; j < js.last; j += kTileColumns) {
        run_panel(is, j, std::min(js.last - j, kTileColumns), js.first, ks);
      }
    }
  }

  void pack_b(Range js, Range ks) {
    const std::size_t depth = ks.last - ks.first;
    for (std::size_t j = js.first; j < js.last; j += kTileColumns) {
      m_kernels.pack_b(m_space.b + (j - js.first) * depth, b_at(ks.first, j), depth,
                       std::min(js.last - j, kTileColumns), m_gemm.b_depth, m_gemm.b_column);
    }
  }

  void pack_a(std::size_t rows, std::size_t depth) {
    for (std::size_t i = 0; i < rows; i += kTileRows) {
      float* to = m_space.a + i * depth;
      const std::size_t n = std::min(rows - i, kTileRows);
      for (std::size_t k = 0; k < depth; ++k) {
        const float* from = m_a + m_depth[k];
        for (std::size_t r = 0; r < n; ++r) to[k * kTileRows + r] = from[m_row[i + r]];
      }
    }
  }

  void run_panel(Range is, std::size_t j, std::size_t columns, std::size_t first_column, Range ks) {
    const std::size_t depth = ks.last - ks.first;
    Tile t{};
    t.depth = depth;
    t.first = ks.first == 0;
    t.last = ks.last == m_gemm.depth;
    t.a_depth = m_gemm.pack_a ? m_packed_depth : m_depth;
    t.b = m_b_direct ? b_at(ks.first, j) : m_space.b + (j - first_column) * depth;
    t.b_stride = m_b_direct ? m_gemm.b_depth : std::ptrdiff_t{kTileColumns};
    const bool narrow = columns <= 8;
    const TileFunction kernel = narrow ? m_kernels.narrow : m_kernels.wide;
    const std::size_t full_columns = narrow ? 8 : kTileColumns;
    for (std::size_t i = 0; i < is.last - is.first; i += kTileRows) {
      const std::size_t rows = std::min(is.last - is.first - i, kTileRows);
      for (std::size_t r = 0; r < kTileRows; ++r) {
        const std::size_t own = std::min(r, rows - 1);  // rows beyond the edge repeat the last
        t.a[r] = m_gemm.pack_a ? m_space.a + i * depth + own : m_a + m_row[i + own];
      }
      float* c = m_c + static_cast<std::ptrdiff_t>(is.first + i) * m_gemm.c_layout.row + j;
      if (rows == kTileRows && columns == full_columns) {
        t.c = c;
        t.c_stride = m_gemm.c_layout.row;
        kernel(t);
      } else {
        run_edge(t, kernel, c, rows, columns);
      }
    }
  }

  [[nodiscard]] const float* b_at(std::size_t k, std::size_t j) const {
    return m_b + static_cast<std::ptrdiff_t>(k) * m_gemm.b_depth +
           static_cast<std::ptrdiff_t>(j) * m_gemm.b_column;
  }

  void run_edge(Tile t, TileFunction kernel, float* c, std::size_t rows, std::size_t columns) {
    alignas(64) float tile[kTileRows * kTileColumns] = {};
    if (!t.first) {
      for (std::size_t r = 0; r < rows; ++r) {
        std::copy_n(c + static_cast<std::ptrdiff_t>(r) * m_gemm.c_layout.row, columns,
                    tile + r * kTileColumns);
      }
    }
    t.c = tile;
    t.c_stride = kTileColumns;
    kernel(t);
    for (std::size_t r = 0; r < rows; ++r) {
      std::copy_n(tile + r * kTileColumns, columns,
                  c + static_cast<std::ptrdiff_t>(r) * m_gemm.c_layout.row);
    }
  }

  const Gemm& m_gemm;
  const TileKernels& m_kernels;
  Workspace m_space;
  bool m_b_direct = false;
  const float* m_a = nullptr;
  const float* m_b = nullptr;
  float* m_c = nullptr;
  std::ptrdiff_t m_depth[kBlockDepth];
  std::ptrdiff_t m_packed_depth[kBlockDepth];
  std::ptrdiff_t m_row[kBlockRows];
};

}  // namespace

void Offsets::fill(std::size_t first, std::size_t n, std::ptrdiff_t* out) const {
  std::size_t d2 = first % size2;
  std::size_t d1 = first / size2 % size1;
  std::ptrdiff_t base0 = static_cast<std::ptrdiff_t>(first / size2 / size1) * stride0;
  std::ptrdiff_t base1 = base0 + static_cast<std::ptrdiff_t>(d1) * stride1;
  std::ptrdiff_t offset = base1 + static_cast<std::ptrdiff_t>(d2) * stride2;
  for (std::size_t i = 0; i < n; ++i) {
    out[i] = offset;
    offset += stride2;
    if (++d2 < size2) continue;
    d2 = 0;
    base1 += stride1;
    if (++d1 == size1) d1 = 0, base1 = base0 += stride0;
    offset = base1;
  }
}

const TileKernels& tile_kernels(Isa isa) {
  return isa >= Isa::kAvx2 ? tile_kernels_avx2() : kScalarKernels;
}

std::size_t gemm_scratch_bytes(std::size_t columns, unsigned threads) {
  return threads * workspace_floats(columns) * sizeof(float) + 64;
}

void run_gemm(const Gemm& gemm, Isa isa, std::span<std::uint8_t> scratch, TaskPool& pool) {
  const TileKernels& kernels = tile_kernels(isa);
  // Units that tasks share out: tiles' rows of every batch, or tiles' columns where there are more.
  const std::size_t row_units = gemm.batches * ((gemm.rows + kTileRows - 1) / kTileRows);
  const std::size_t column_units = (gemm.columns + kTileColumns - 1) / kTileColumns;
  const bool by_columns = gemm.batches == 1 && column_units > row_units;
  const std::size_t units = by_columns ? column_units : row_units;
  const std::size_t work = gemm.batches * gemm.rows * gemm.columns * gemm.depth;
  constexpr std::size_t kWorthATask = 200'000;  // multiply-adds: some ten microseconds
  const std::size_t tasks = std::min<std::size_t>(
      {pool.thread_count(), units, std::max<std::size_t>(1, work / kWorthATask)});
  const std::size_t floats = workspace_floats(gemm.columns);
  const std::size_t misaligned = reinterpret_cast<std::uintptr_t>(scratch.data()) % 64;
  auto* base = reinterpret_cast<float*>(scratch.data() + (misaligned == 0 ? 0 : 64 - misaligned));
  split(pool, tasks, 1, [&](std::size_t first, std::size_t last) {
    for (std::size_t task = first; task < last; ++task) {
      float* own = base + task * floats;
      Worker worker(gemm, kernels, {own, own + (floats - kBlockDepth * kBlockRows)});
      std::size_t unit = units * task / tasks;
      const std::size_t end = units * (task + 1) / tasks;
      if (by_columns) {
        worker.run(0, {0, gemm.rows},
                   {unit * kTileColumns, std::min(end * kTileColumns, gemm.columns)});
        continue;
      }
      const std::size_t per_batch = row_units / gemm.batches;
      while (unit < end) {
        const std::size_t stop = std::min(end, (unit / per_batch + 1) * per_batch);
        const std::size_t start = unit % per_batch * kTileRows;
        const std::size_t rows = std::min((stop - unit) * kTileRows, gemm.rows - start);
        worker.run(unit / per_batch, {start, start + rows}, {0, gemm.columns});
        unit = stop;
      }
    }
  });
}

}  // namespace assay::numerics::internal
