// Blocking and threads of the product kernels. The depth is walked in order; what a block leaves in
// C is exactly the fold's state, so blocks change no bit.
//
// A task has batches, rows and columns of C. Whatever it reads of A and B it packs for itself, into
// memory that only its thread writes: lines that another core holds are slower to write than the
// whole is to pack twice. It walks: chunks of B, groups of rows, blocks of depth (of A the tile's
// rows fit the first cache then), blocks of columns (of B the block fits the second), tiles, panels
// of the tile's width.
#include <algorithm>
#include <atomic>

#include "assay/core/contract.hpp"
#include "internal/gemm_plan.hpp"

namespace assay::numerics::internal {
namespace {

constexpr std::size_t kBlockFloats = 150'000;  // of B in the second cache

// Rows cut into about equal tiles, without a division each.
class Tiles {
 public:
  Tiles(Range rows, std::size_t most)
      : m_first(rows.first),
        m_count(parts_of(rows.size(), most)),
        m_size(rows.size() / m_count),
        m_larger(rows.size() % m_count) {}
  [[nodiscard]] std::size_t count() const { return m_count; }
  [[nodiscard]] Range at(std::size_t i) const {
    const std::size_t first = m_first + i * m_size + std::min(i, m_larger);
    return {first, first + m_size + (i < m_larger ? 1 : 0)};
  }

 private:
  std::size_t m_first, m_count, m_size, m_larger;
};

// B in panels: the block of depth from k0 on (as long as `depth` says) stands at k0 * width, its
// panel from column j on at j * depth behind that; both relative to the chunk.
struct PackedB {
  const float* data = nullptr;
  std::size_t width = 0, first_depth = 0, first_column = 0;
  [[nodiscard]] const float* at(std::size_t k0, std::size_t depth, std::size_t j) const {
    return data + (k0 - first_depth) * width + (j - first_column) * depth;
  }
};

std::size_t panel_width(const TileKernels& kernels, std::size_t columns) {
  return columns <= kernels.narrow ? kernels.narrow : kernels.wide;
}

// Steps packed at a time. Where a step's elements lie side by side, several panels take turns, so
// that memory is read in long lines; where a lane's do, a panel is packed at once.
std::size_t packed_at_once(std::ptrdiff_t lane_stride, std::size_t depth) {
  constexpr std::size_t kSteps = 16;
  return lane_stride == 1 ? std::min(kSteps, depth) : depth;
}

// One block of depth of columns `js`: panel after panel.
void pack_block(const Gemm& g, const TileKernels& kernels, const float* b, float* to, Range ks,
                Range js) {
  const std::size_t steps = packed_at_once(g.b_column, ks.size());
  for (std::size_t k = ks.first; k < ks.last; k += steps) {
    for (std::size_t j = js.first; j < js.last; j += kernels.wide) {
      const std::size_t columns = std::min(kernels.wide, js.last - j);
      const std::size_t width = panel_width(kernels, columns);
      kernels.pack(to + (j - js.first) * ks.size() + (k - ks.first) * width, width,
                   b + static_cast<std::ptrdiff_t>(k) * g.b_depth +
                       static_cast<std::ptrdiff_t>(j) * g.b_column,
                   g.b_column, g.b_depth, columns, std::min(steps, ks.last - k));
    }
  }
}

// What one thread computes, with memory of its own for what is packed.
class Worker {
 public:
  Worker(const Gemm& gemm, const TileKernels& kernels, const Plan& plan, float* scratch)
      : m_gemm(gemm),
        m_kernels(kernels),
        m_plan(plan),
        m_packed_a(scratch),
        m_own_b(scratch + plan.a_floats) {
    if (m_gemm.packed_b != nullptr) {
      m_packed_b = {m_gemm.packed_b, round_up(m_gemm.columns, m_kernels.narrow), 0, 0};
    }
  }

  void run_task(std::size_t task) {
    const Range columns = m_plan.columns(m_gemm, task % m_plan.column_tasks);
    task /= m_plan.column_tasks;
    const Range rows = part_of({0, m_gemm.rows}, m_plan.row_tasks, task % m_plan.row_tasks);
    const Range batches = part_of({0, m_gemm.batches}, m_plan.batch_tasks, task / m_plan.row_tasks);
    for (std::size_t batch = batches.first; batch < batches.last; ++batch) {
      set_batch(batch);
      for (std::size_t j = columns.first; j < columns.last; j += m_plan.chunk_columns) {
        for (std::size_t k = 0; k < m_gemm.depth; k += m_plan.chunk_depth) {
          run_chunk(rows, {j, std::min(j + m_plan.chunk_columns, columns.last)},
                    {k, std::min(k + m_plan.chunk_depth, m_gemm.depth)});
        }
      }
    }
  }

 private:
  void set_batch(std::size_t batch) {
    m_batch = batch;
    m_a = m_gemm.a + batch_offset(m_gemm.a_layout, batch);
    m_b = m_gemm.b + batch_offset(m_gemm.b_layout, batch);
    m_c = m_gemm.c + batch_offset(m_gemm.c_layout, batch);
  }

  void run_chunk(Range rows, Range js, Range ks) {
    if (!m_plan.b_direct && m_gemm.packed_b == nullptr) pack_b(js, ks);
    const bool finishes =
        m_plan.column_tasks == 1 && ks.last == m_gemm.depth && js.last == m_gemm.columns;
    run_rows(rows, js, ks, finishes);
  }

  void pack_b(Range js, Range ks) {
    if (m_packed.batch == m_batch && m_packed.column == js.first && m_packed.step == ks.first) {
      return;
    }
    m_packed = {m_batch, js.first, ks.first};
    m_packed_b = {m_own_b, round_up(js.size(), m_kernels.narrow), ks.first, js.first};
    for (std::size_t k = ks.first; k < ks.last; k += m_plan.depth_block) {
      pack_block(m_gemm, m_kernels, m_b, m_own_b + (k - ks.first) * m_packed_b.width,
                 {k, std::min(k + m_plan.depth_block, ks.last)}, js);
    }
  }

  // Steps `ks` of these elements. `finishes`: they are the last ones of these rows.
  void run_rows(Range rows, Range columns, Range ks, bool finishes) {
    const std::size_t groups = parts_of(rows.size(), kGroupRows);
    const std::size_t blocks = parts_of(ks.size(), m_plan.depth_block);
    for (std::size_t i = 0; i < groups * blocks; ++i) {
      const std::size_t group = m_plan.depth_outer ? i % groups : i / blocks;
      const std::size_t block = m_plan.depth_outer ? i / groups : i % blocks;
      const std::size_t k = ks.first + block * m_plan.depth_block;
      const Range is = part_of(rows, groups, group);
      run_group(is, columns, {k, std::min(k + m_plan.depth_block, ks.last)});
      if (finishes && block + 1 == blocks && m_gemm.on_rows.call != nullptr) {
        const std::size_t first = m_batch * m_gemm.rows;
        m_gemm.on_rows.call(m_gemm.on_rows.context, first + is.first, first + is.last);
      }
    }
  }

  // A row's first element, and the depth's offsets, of direct tiles; of packed tiles their panel.
  void run_group(Range rows, Range columns, Range ks) {
    const Tiles tiles(rows, m_plan.a_direct ? m_kernels.direct_rows : m_kernels.packed_rows);
    if (m_plan.a_direct) {
      m_gemm.a_depth.fill(ks.first, ks.size(), m_depth);
      m_gemm.a_row.fill(rows.first, rows.size(), m_row);
    } else {
      pack_a(tiles, ks);
    }
    const bool reads_lines =
        m_plan.a_direct && m_gemm.a_depth.is_affine() && m_gemm.a_depth.stride0 == 1;
    const std::size_t block =
        m_plan.panel_outer
            ? m_kernels.wide
            : std::max(m_kernels.wide, kBlockFloats / ks.size() / m_kernels.wide * m_kernels.wide);
    for (std::size_t j = columns.first; j < columns.last; j += block) {
      const Range js{j, std::min(j + block, columns.last)};
      for (std::size_t i = 0; i < tiles.count(); ++i) {
        if (reads_lines && i + 1 < tiles.count()) fetch_rows(tiles.at(i + 1), ks);
        run_row_of_tiles(tiles.at(i), i, rows.first, js, ks);
      }
    }
  }

  // Asks for the next tile's part of A while this one is computed.
  void fetch_rows(Range rows, Range ks) const {
    constexpr std::size_t kLineFloats = 16;
    for (std::size_t i = rows.first; i < rows.last; ++i) {
      const float* row = m_a + static_cast<std::ptrdiff_t>(i) * m_gemm.a_row.stride0;
      for (std::size_t k = ks.first; k < ks.last; k += kLineFloats) __builtin_prefetch(row + k);
    }
  }

  [[nodiscard]] float* packed_tile(std::size_t tile, std::size_t depth) const {
    return m_packed_a + tile * (m_kernels.packed_rows * depth + kPackSlack);
  }

  void pack_a(const Tiles& tiles, Range ks) {
    const std::size_t steps = packed_at_once(m_gemm.a_row.stride0, ks.size());
    for (std::size_t k = ks.first; k < ks.last; k += steps) {
      for (std::size_t tile = 0; tile < tiles.count(); ++tile) {
        const Range own = tiles.at(tile);
        m_kernels.pack(packed_tile(tile, ks.size()) + (k - ks.first) * m_kernels.packed_rows,
                       m_kernels.packed_rows,
                       m_a + static_cast<std::ptrdiff_t>(own.first) * m_gemm.a_row.stride0 +
                           static_cast<std::ptrdiff_t>(k) * m_gemm.a_depth.stride0,
                       m_gemm.a_row.stride0, m_gemm.a_depth.stride0, own.size(),
                       std::min(steps, ks.last - k));
      }
    }
  }

  void run_row_of_tiles(Range rows, std::size_t tile, std::size_t first_row, Range js, Range ks) {
    Tile t{};
    t.depth = ks.size();
    t.first = ks.first == 0;
    t.last = ks.last == m_gemm.depth;
    t.c_stride = m_gemm.c_layout.row;
    t.a_depth = m_depth;
    if (m_plan.a_direct) {
      set_rows(t, rows, first_row, 0);
    } else {
      t.a[0] = packed_tile(tile, ks.size());
    }
    for (std::size_t j = js.first; j < js.last; j += m_kernels.wide) {
      t.columns = std::min(js.last - j, m_kernels.wide);
      t.wide = t.columns > m_kernels.narrow;
      if (m_gemm.by_channel) set_rows(t, rows, first_row, j);
      if (m_plan.b_direct) {
        t.b = m_b + static_cast<std::ptrdiff_t>(ks.first) * m_gemm.b_depth +
              static_cast<std::ptrdiff_t>(j);
        t.b_stride = m_gemm.b_depth;
      } else {
        t.b = m_packed_b.at(ks.first, ks.size(), j);
        t.b_stride = static_cast<std::ptrdiff_t>(panel_width(m_kernels, t.columns));
      }
      t.c = m_c + static_cast<std::ptrdiff_t>(rows.first) * m_gemm.c_layout.row +
            static_cast<std::ptrdiff_t>(j) * m_gemm.c_layout.column;
      run_tile(t, rows, j, ks);
    }
  }

  void set_rows(Tile& t, Range rows, std::size_t first_row, std::size_t column) const {
    for (std::size_t r = 0; r < rows.size(); ++r) {
      t.a[r] = m_a + m_row[rows.first + r - first_row] + column;
    }
  }

  void run_tile(const Tile& t, Range rows, std::size_t j, Range ks) {
    switch (m_gemm.triangle.kind) {
      case Triangle::Kind::kNone: return call(t, rows.size());
      case Triangle::Kind::kOutput: return run_output(t, rows, j);
      case Triangle::Kind::kLowerA: return run_lower(t, rows, ks);
      case Triangle::Kind::kUpperA: return run_upper(t, rows, ks);
    }
  }

  // Elements (i, j) with j > i + diagonal are the fill.
  void run_output(const Tile& t, Range rows, std::size_t j) {
    const auto inside = [&](std::size_t i) {  // columns of row i
      return std::min(t.columns, i + m_gemm.triangle.diagonal + 1 -
                                     std::min(j, i + m_gemm.triangle.diagonal + 1));
    };
    const std::size_t needed = inside(rows.last - 1);
    if (needed > 0) {
      Tile part = t;
      part.columns = needed;
      if (m_plan.a_direct) {
        part.wide = needed > m_kernels.narrow;
      } else if (t.wide) {  // a packed panel keeps its kernel, which has more than the narrow one's
        part.columns = std::max(needed, m_kernels.narrow + 1);
      }
      call(part, rows.size());
    }
    if (!t.last) return;
    for (std::size_t i = rows.first; i < rows.last; ++i) {
      float* c = t.c + static_cast<std::ptrdiff_t>(i - rows.first) * t.c_stride;
      for (std::size_t at = inside(i); at < t.columns; ++at) {
        c[static_cast<std::ptrdiff_t>(at) * m_gemm.c_layout.column] = m_gemm.triangle.fill;
      }
    }
  }

  // Row i takes the steps k <= i + diagonal.
  void run_lower(Tile t, Range rows, Range ks) {
    const std::size_t diagonal = m_gemm.triangle.diagonal;
    while (rows.first + diagonal < ks.first) {  // rows that were finished by earlier blocks
      if (++rows.first == rows.last) return;
      std::copy(t.a + 1, t.a + kTileRowsMax, t.a);
      t.c += t.c_stride;
    }
    t.depth = std::min(rows.first + diagonal + 1, ks.last) - ks.first;
    t.tail = std::min(rows.size() - 1, ks.size() - t.depth);
    t.last = true;
    call(t, rows.size());
  }

  // Row i takes the steps k >= i - diagonal.
  void run_upper(Tile t, Range rows, Range ks) {
    const auto signed_of = [](std::size_t n) { return static_cast<std::ptrdiff_t>(n); };
    const std::ptrdiff_t begin = signed_of(rows.first) - signed_of(m_gemm.triangle.diagonal);
    const std::ptrdiff_t others = signed_of(rows.size()) - 1;
    const std::ptrdiff_t end = signed_of(ks.last);
    const std::ptrdiff_t start = std::max(signed_of(ks.first), begin);
    if (start >= end && !t.first) return;
    const std::ptrdiff_t all = std::max(start, begin + others);  // the first step of every row
    t.depth = all < end ? static_cast<std::size_t>(end - all) : 0;
    if (start < std::min(all, end)) {
      t.head_first = static_cast<std::size_t>(start - begin);
      t.head_last = static_cast<std::size_t>(std::min(all, end) - begin);
    }
    if (start < end) {
      t.a_depth += start - signed_of(ks.first);
      t.b += (start - signed_of(ks.first)) * t.b_stride;
    }
    t.last = true;
    call(t, rows.size());
  }

  void call(const Tile& t, std::size_t rows) {
    if (m_gemm.c_layout.column != 1) return run_scattered(t, rows);
    run_kernel(t, rows);
  }

  void run_kernel(const Tile& t, std::size_t rows) {
    const bool staggers = t.tail > 0 || t.head_last > t.head_first;
    const auto& kernels = m_gemm.by_channel ? m_kernels.by_channel
                          : staggers        ? m_kernels.staggered
                          : m_plan.a_direct ? m_kernels.direct
                                            : m_kernels.packed;
    kernels[t.wide][rows - 1](t);
  }

  // Columns of C that lie apart: through a tile of their own.
  void run_scattered(Tile t, std::size_t rows) {
    alignas(kAlign) float tile[kTileRowsMax * kTileColumnsMax];
    const std::ptrdiff_t row = t.c_stride;
    float* const c = t.c;
    const auto each = [&](const auto& move) {
      for (std::size_t r = 0; r < rows; ++r) {
        for (std::size_t j = 0; j < t.columns; ++j) {
          move(tile[r * m_kernels.wide + j],
               c[static_cast<std::ptrdiff_t>(r) * row +
                 static_cast<std::ptrdiff_t>(j) * m_gemm.c_layout.column]);
        }
      }
    };
    if (!t.first) each([](float& own, const float& out) { own = out; });
    t.c = tile;
    t.c_stride = static_cast<std::ptrdiff_t>(m_kernels.wide);
    run_kernel(t, rows);
    each([](const float& own, float& out) { out = own; });
  }

  const Gemm& m_gemm;
  const TileKernels& m_kernels;
  const Plan& m_plan;
  float* m_packed_a;
  float* m_own_b;
  PackedB m_packed_b;
  struct {
    std::size_t batch = SIZE_MAX, column = 0, step = 0;
  } m_packed;  // which chunk stands in m_own_b
  std::size_t m_batch = 0;
  const float* m_a = nullptr;
  const float* m_b = nullptr;
  float* m_c = nullptr;
  std::ptrdiff_t m_depth[kDepthBlock];
  std::ptrdiff_t m_row[kGroupRows];
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
#if defined(__x86_64__)
  if (isa == Isa::kAvx512) return tile_kernels_avx512();
  if (isa == Isa::kAvx2) return tile_kernels_avx2();
#elif defined(__aarch64__)
  if (isa == Isa::kNeon) return tile_kernels_neon();
#endif
  static_cast<void>(isa);
  return tile_kernels_scalar();
}

std::size_t gemm_scratch_bytes(const Gemm& gemm, Isa isa, unsigned threads) {
  const TileKernels& kernels = tile_kernels(isa);
  Gemm told = gemm;  // columns are shared less readily then
  told.on_rows.call = [](void*, std::size_t, std::size_t) {};
  const std::size_t floats =
      std::max(plan_of(gemm, kernels, threads).floats(), plan_of(told, kernels, threads).floats());
  return floats * sizeof(float) + kAlign;
}

void run_gemm(const Gemm& g, Isa isa, std::span<std::uint8_t> scratch, TaskPool& pool) {
  const TileKernels& kernels = tile_kernels(isa);
  const Plan plan = plan_of(g, kernels, pool.thread_count());
  const std::size_t misaligned = reinterpret_cast<std::uintptr_t>(scratch.data()) % kAlign;
  auto* floats =
      reinterpret_cast<float*>(scratch.data() + (misaligned == 0 ? 0 : kAlign - misaligned));
  ASSAY_EXPECTS(scratch.size() >= plan.floats() * sizeof(float) + kAlign);
  std::atomic<std::size_t> next{0};
  split(pool, plan.workers, 1, [&](std::size_t first, std::size_t last) {
    for (std::size_t i = first; i < last; ++i) {
      Worker worker(g, kernels, plan, floats + i * (plan.a_floats + plan.b_floats));
      for (std::size_t task = next++; task < plan.tasks(); task = next++) worker.run_task(task);
    }
  });
  if (plan.column_tasks == 1 || g.on_rows.call == nullptr) return;
  const std::size_t rows = g.batches * g.rows;
  split(pool, rows, grain_for(pool, rows, 1), [&](std::size_t first, std::size_t last) {
    g.on_rows.call(g.on_rows.context, first, last);
  });
}

std::size_t gemm_packed_b_floats(const Gemm& gemm, Isa isa) {
  const TileKernels& kernels = tile_kernels(isa);
  const bool is_read_in_place = plan_of(gemm, kernels, 1).b_direct;
  return gemm.batches > 1 || is_read_in_place ? 0
                                              : round_up(gemm.columns, kernels.narrow) * gemm.depth;
}

void gemm_pack_b(const Gemm& gemm, Isa isa, float* packed, TaskPool& pool) {
  const TileKernels& kernels = tile_kernels(isa);
  const Plan plan = plan_of(gemm, kernels, 1);
  const std::size_t width = round_up(gemm.columns, kernels.narrow);
  const std::size_t panels = parts_of(gemm.columns, kernels.wide);
  split(pool, panels, grain_for(pool, panels, 1), [&](std::size_t first, std::size_t last) {
    const Range js{first * kernels.wide, std::min(last * kernels.wide, gemm.columns)};
    for (std::size_t k = 0; k < gemm.depth; k += plan.depth_block) {
      const Range ks{k, std::min(k + plan.depth_block, gemm.depth)};
      pack_block(gemm, kernels, gemm.b, packed + k * width + js.first * ks.size(), ks, js);
    }
  });
}

}  // namespace assay::numerics::internal
