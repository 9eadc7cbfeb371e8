// Blocking and threads of the product kernels. The depth is walked in order; what a block leaves in
// C is exactly the fold's state, so blocks change no bit.
//
// B lies in panels of the tiles' width, packed once for all threads, a chunk at a time. A task has
// rows, or columns where there are few rows, and walks: groups of rows, blocks of depth (of A the
// tile's rows fit the first cache then), blocks of columns (of B the block fits the second), tiles,
// panels.
#include "internal/gemm.hpp"

#include <algorithm>

#include "assay/core/contract.hpp"

namespace assay::numerics::internal {
namespace {

constexpr std::size_t kDepthBlock = 384;
constexpr std::size_t kDepthBlockOfPanel = 256;  // where a panel stays in the first cache
constexpr std::size_t kGroupRows = 96;
constexpr std::size_t kBlockFloats = 150'000;   // of B in the second cache
constexpr std::size_t kChunkFloats = 200'000;   // of B packed at a time
constexpr std::size_t kOwnFloats = 130'000;     // of B packed by a task for itself
constexpr std::size_t kPackSlack = 16;          // see TileKernels::pack
constexpr std::size_t kDirectPanels = 8;        // A is packed for more panels of B than these,
constexpr std::size_t kDirectPanelsTurned = 4;  // or where its columns are read
constexpr std::size_t kWorthATask = 200'000;    // multiply-adds: some microseconds
constexpr std::size_t kTasksPerThread = 4;

constexpr std::size_t round_up(std::size_t n, std::size_t to) { return (n + to - 1) / to * to; }
constexpr std::size_t parts_of(std::size_t n, std::size_t most) { return (n + most - 1) / most; }

struct Range {
  std::size_t first = 0, last = 0;
  [[nodiscard]] std::size_t size() const { return last - first; }
};
// Part `i` of `parts` about equal ones.
constexpr Range part_of(Range all, std::size_t parts, std::size_t i) {
  const std::size_t n = all.last - all.first;
  return {all.first + n * i / parts, all.first + n * (i + 1) / parts};
}

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

struct Plan {
  bool a_direct, b_direct;
  bool by_batch;            // a task has whole batches, and packs B for itself
  bool depth_outer;         // over groups of rows
  bool panel_outer;         // over tiles
  std::size_t width;        // columns of C as panels hold them
  std::size_t depth_block;  // the last one may be smaller
  std::size_t chunk_columns, chunk_depth;
  std::size_t row_tasks, column_tasks;
  std::size_t a_floats, b_floats;  // a task's; shared, or a task's if by_batch

  [[nodiscard]] std::size_t tasks() const { return row_tasks * column_tasks; }
  [[nodiscard]] std::size_t floats() const {
    return tasks() * a_floats + (by_batch ? tasks() : 1) * b_floats;
  }
};

void plan_tasks(const Gemm& g, const TileKernels& kernels, unsigned threads, Plan& p) {
  p.row_tasks = p.column_tasks = 1;
  const std::size_t work = g.rows * g.columns * g.depth;
  if (p.by_batch) {
    const std::size_t worth = std::max<std::size_t>(1, g.batches * work / kWorthATask);
    if (threads > 1) p.row_tasks = std::min({g.batches, kTasksPerThread * threads, worth});
    return;
  }
  const std::size_t worth = std::max<std::size_t>(1, work / kWorthATask);
  if (threads == 1 || worth == 1) return;
  const std::size_t wanted = std::min<std::size_t>(
      {worth, threads * kTasksPerThread, std::max<std::size_t>(threads, g.rows / kGroupRows)});
  p.row_tasks = std::clamp<std::size_t>(g.rows / kernels.direct_rows, 1, wanted);
  if (p.row_tasks < std::min<std::size_t>(wanted, threads)) p.row_tasks = 1;
  const std::size_t panels = parts_of(p.chunk_columns, kernels.wide);
  p.column_tasks = std::min(panels, wanted / p.row_tasks);
}

Plan plan_of(const Gemm& g, const TileKernels& kernels, unsigned threads) {
  Plan p{};
  const bool staggered =
      g.triangle.kind == Triangle::Kind::kLowerA || g.triangle.kind == Triangle::Kind::kUpperA;
  const bool turned = g.a_depth.stride0 != 1;
  p.a_direct = !g.a_row.is_affine() || !g.a_depth.is_affine() || staggered ||
               g.columns <= (turned ? kDirectPanelsTurned : kDirectPanels) * kernels.wide;
  const bool dense_b = g.b_depth == static_cast<std::ptrdiff_t>(g.columns);
  p.b_direct =
      g.packed_b == nullptr && p.a_direct && g.b_column == 1 && g.columns % kernels.narrow == 0 &&
      (g.rows <= 2 * kernels.direct_rows || (dense_b && g.columns <= kDirectPanels * kernels.wide));
  if (g.by_channel) p.a_direct = p.b_direct = true;
  p.width = round_up(g.columns, kernels.narrow);
  p.depth_outer = !g.a_row.is_affine() && g.depth > g.rows;
  p.panel_outer = p.depth_outer || !(kernels.streams_panels || p.a_direct);
  // By the node alone, not by where operands lie: packed operands are cut the same way.
  const std::size_t most =
      p.depth_outer || !kernels.streams_panels ? kDepthBlockOfPanel : kDepthBlock;
  p.depth_block = parts_of(g.depth, parts_of(g.depth, most));
  p.by_batch = g.batches > 1 && (threads == 1 || g.batches >= kTasksPerThread * threads) &&
               (p.b_direct || p.width * g.depth <= kOwnFloats);
  p.chunk_columns = g.columns;
  p.chunk_depth = g.depth;
  if (!p.b_direct && g.packed_b == nullptr && !p.by_batch) {
    p.chunk_columns = std::min(g.columns, std::max(kernels.wide, kChunkFloats / p.depth_block /
                                                                     kernels.wide * kernels.wide));
    const std::size_t blocks =
        std::max<std::size_t>(1, kChunkFloats / (p.depth_block * p.chunk_columns));
    p.chunk_depth = std::min(g.depth, blocks * p.depth_block);
  }
  plan_tasks(g, kernels, threads, p);
  const std::size_t tiles = parts_of(std::min(kGroupRows, g.rows), kernels.packed_rows);
  p.a_floats =
      p.a_direct ? 0 : round_up(tiles * (kernels.packed_rows * p.depth_block + kPackSlack), 16);
  const bool packs = !p.b_direct && g.packed_b == nullptr;
  p.b_floats = packs ? round_up(round_up(p.chunk_columns, kernels.narrow) * p.chunk_depth, 16) : 0;
  return p;
}

// B in panels: the block of depth from k0 on (as long as `depth` says) stands at k0 * width, its
// panel from column j on at j * depth behind that; both relative to the chunk.
struct PackedB {
  float* data;
  std::size_t width, first_depth, first_column;
  [[nodiscard]] float* at(std::size_t k0, std::size_t depth, std::size_t j) const {
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

// Panels `panels` of one block of depth, counted from column js.first.
void pack_block(const Gemm& g, const TileKernels& kernels, const float* b, const PackedB& to,
                Range ks, Range js, Range panels) {
  const std::size_t steps = packed_at_once(g.b_column, ks.size());
  for (std::size_t k = ks.first; k < ks.last; k += steps) {
    for (std::size_t panel = panels.first; panel < panels.last; ++panel) {
      const std::size_t j = js.first + panel * kernels.wide;
      const std::size_t columns = std::min(kernels.wide, js.last - j);
      const std::size_t width = panel_width(kernels, columns);
      kernels.pack(to.at(ks.first, ks.size(), j) + (k - ks.first) * width, width,
                   b + static_cast<std::ptrdiff_t>(k) * g.b_depth +
                       static_cast<std::ptrdiff_t>(j) * g.b_column,
                   g.b_column, g.b_depth, columns, std::min(steps, ks.last - k));
    }
  }
}

// Panels `units` of the chunk, counted block of depth by block of depth.
void pack_panels(const Gemm& g, const TileKernels& kernels, const Plan& plan, const float* b,
                 const PackedB& to, Range ks, Range js, Range units) {
  const std::size_t panels = parts_of(js.size(), kernels.wide);
  while (units.first < units.last) {
    const std::size_t block = units.first / panels;
    const std::size_t k = ks.first + block * plan.depth_block;
    const std::size_t end = std::min(units.last, (block + 1) * panels);
    pack_block(g, kernels, b, to, {k, std::min(k + plan.depth_block, ks.last)}, js,
               {units.first - block * panels, end - block * panels});
    units.first = end;
  }
}
std::size_t panel_count(const TileKernels& kernels, const Plan& plan, Range ks, Range js) {
  return parts_of(ks.size(), plan.depth_block) * parts_of(js.size(), kernels.wide);
}

class Worker {
 public:
  Worker(const Gemm& gemm, const TileKernels& kernels, const Plan& plan, float* packed_a)
      : m_gemm(gemm), m_kernels(kernels), m_plan(plan), m_packed_a(packed_a) {}

  void set_batch(std::size_t batch) {
    m_batch = batch;
    m_a = m_gemm.a + batch_offset(m_gemm.a_layout, batch);
    m_b = m_gemm.b + batch_offset(m_gemm.b_layout, batch);
    m_c = m_gemm.c + batch_offset(m_gemm.c_layout, batch);
  }
  void set_packed_b(const PackedB& packed) { m_packed_b = packed; }

  // Steps `ks` of these elements. `tell`: rows are finished by the last step.
  void run(Range rows, Range columns, Range ks, bool tell) {
    const std::size_t groups = parts_of(rows.size(), kGroupRows);
    const std::size_t blocks = parts_of(ks.size(), m_plan.depth_block);
    for (std::size_t i = 0; i < groups * blocks; ++i) {
      const std::size_t group = m_plan.depth_outer ? i % groups : i / blocks;
      const std::size_t block = m_plan.depth_outer ? i / groups : i % blocks;
      const std::size_t k = ks.first + block * m_plan.depth_block;
      const Range is = part_of(rows, groups, group);
      run_group(is, columns, {k, std::min(k + m_plan.depth_block, ks.last)});
      if (tell && block + 1 == blocks && m_gemm.on_rows.call != nullptr) {
        const std::size_t first = m_batch * m_gemm.rows;
        m_gemm.on_rows.call(m_gemm.on_rows.context, first + is.first, first + is.last);
      }
    }
  }

 private:
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
    t.a_depth += start - signed_of(ks.first);
    t.b += (start - signed_of(ks.first)) * t.b_stride;
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
  PackedB m_packed_b{};
  std::size_t m_batch = 0;
  const float* m_a = nullptr;
  const float* m_b = nullptr;
  float* m_c = nullptr;
  std::ptrdiff_t m_depth[kDepthBlock];
  std::ptrdiff_t m_row[kGroupRows];
};

void run_by_batch(const Gemm& g, const TileKernels& kernels, const Plan& plan, float* scratch,
                  TaskPool& pool) {
  split(pool, plan.row_tasks, 1, [&](std::size_t first, std::size_t last) {
    for (std::size_t task = first; task < last; ++task) {
      float* own = scratch + task * (plan.a_floats + plan.b_floats);
      Worker worker(g, kernels, plan, own);
      const PackedB packed{own + plan.a_floats, plan.width, 0, 0};
      worker.set_packed_b(packed);
      const Range batches = part_of({0, g.batches}, plan.row_tasks, task);
      const Range ks{0, g.depth}, js{0, g.columns};
      for (std::size_t batch = batches.first; batch < batches.last; ++batch) {
        worker.set_batch(batch);
        if (!plan.b_direct) {
          pack_panels(g, kernels, plan, g.b + batch_offset(g.b_layout, batch), packed, ks, js,
                      {0, panel_count(kernels, plan, ks, js)});
        }
        worker.run({0, g.rows}, js, ks, true);
      }
    }
  });
}

// One chunk of one batch.
void run_chunk(const Gemm& g, const TileKernels& kernels, const Plan& plan, std::size_t batch,
               Range ks, Range js, float* scratch, TaskPool& pool) {
  float* const shared = g.packed_b != nullptr ? const_cast<float*>(g.packed_b)  // only read
                                              : scratch + plan.tasks() * plan.a_floats;
  const PackedB packed{shared,
                       g.packed_b != nullptr ? plan.width : round_up(js.size(), kernels.narrow),
                       ks.first, js.first};
  if (g.packed_b == nullptr && !plan.b_direct) {
    const std::size_t units = panel_count(kernels, plan, ks, js);
    const std::size_t least = parts_of(20'000, plan.depth_block * kernels.wide);
    split(pool, units, grain_for(pool, units, least), [&](std::size_t first, std::size_t last) {
      pack_panels(g, kernels, plan, g.b + batch_offset(g.b_layout, batch), packed, ks, js,
                  {first, last});
    });
  }
  const bool tell = plan.column_tasks == 1 && ks.last == g.depth && js.last == g.columns;
  split(pool, plan.tasks(), 1, [&](std::size_t first, std::size_t last) {
    for (std::size_t task = first; task < last; ++task) {
      Worker worker(g, kernels, plan, scratch + task * plan.a_floats);
      worker.set_batch(batch);
      worker.set_packed_b(packed);
      const std::size_t panels = parts_of(js.size(), kernels.wide);
      const Range own = part_of({0, panels}, plan.column_tasks, task % plan.column_tasks);
      worker.run(part_of({0, g.rows}, plan.row_tasks, task / plan.column_tasks),
                 {js.first + own.first * kernels.wide,
                  std::min(js.first + own.last * kernels.wide, js.last)},
                 ks, tell);
    }
  });
}

void run_batch(const Gemm& g, const TileKernels& kernels, const Plan& plan, std::size_t batch,
               float* scratch, TaskPool& pool) {
  for (std::size_t j = 0; j < g.columns; j += plan.chunk_columns) {
    for (std::size_t k = 0; k < g.depth; k += plan.chunk_depth) {
      run_chunk(g, kernels, plan, batch, {k, std::min(k + plan.chunk_depth, g.depth)},
                {j, std::min(j + plan.chunk_columns, g.columns)}, scratch, pool);
    }
  }
  if (plan.column_tasks == 1 || g.on_rows.call == nullptr) return;
  split(pool, g.rows, grain_for(pool, g.rows, 1), [&](std::size_t first, std::size_t last) {
    g.on_rows.call(g.on_rows.context, batch * g.rows + first, batch * g.rows + last);
  });
}

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
  static constexpr float kAnything = 0;
  Gemm packed = gemm;
  packed.packed_b = &kAnything;  // more tasks may share in columns then
  const std::size_t floats = std::max(plan_of(gemm, kernels, threads).floats(),
                                      plan_of(packed, kernels, threads).floats());
  return floats * sizeof(float) + kAlign;
}

void run_gemm(const Gemm& gemm, Isa isa, std::span<std::uint8_t> scratch, TaskPool& pool) {
  const TileKernels& kernels = tile_kernels(isa);
  const Plan plan = plan_of(gemm, kernels, pool.thread_count());
  const std::size_t misaligned = reinterpret_cast<std::uintptr_t>(scratch.data()) % kAlign;
  auto* floats =
      reinterpret_cast<float*>(scratch.data() + (misaligned == 0 ? 0 : kAlign - misaligned));
  ASSAY_EXPECTS(scratch.size() >= plan.floats() * sizeof(float) + kAlign);
  if (plan.by_batch) return run_by_batch(gemm, kernels, plan, floats, pool);
  for (std::size_t batch = 0; batch < gemm.batches; ++batch) {
    run_batch(gemm, kernels, plan, batch, floats, pool);
  }
}

std::size_t gemm_packed_b_floats(const Gemm& gemm, Isa isa) {
  const Plan plan = plan_of(gemm, tile_kernels(isa), 1);
  return gemm.batches > 1 || plan.b_direct ? 0 : plan.width * gemm.depth;
}

void gemm_pack_b(const Gemm& gemm, Isa isa, float* packed, TaskPool& pool) {
  const TileKernels& kernels = tile_kernels(isa);
  const Plan plan = plan_of(gemm, kernels, 1);
  const Range ks{0, gemm.depth}, js{0, gemm.columns};
  const std::size_t units = panel_count(kernels, plan, ks, js);
  split(pool, units, grain_for(pool, units, 1), [&](std::size_t first, std::size_t last) {
    pack_panels(gemm, kernels, plan, gemm.b, {packed, plan.width, 0, 0}, ks, js, {first, last});
  });
}

}  // namespace assay::numerics::internal
