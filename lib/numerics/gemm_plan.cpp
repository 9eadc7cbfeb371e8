#include "internal/gemm_plan.hpp"

#include <limits>

namespace assay::numerics::internal {
namespace {

constexpr std::size_t kDepthBlockOfPanel = 256;  // where a panel stays in the first cache
constexpr std::size_t kChunkFloats = 1'200'000;  // of B packed at a time: A is packed for each
constexpr std::size_t kDirectPanels = 8;         // A is packed for more panels of B than these,
constexpr std::size_t kDirectPanelsTurned = 4;   // or where its columns are read
constexpr std::size_t kWorthATask = 200'000;     // multiply-adds: some microseconds
constexpr std::size_t kTasksPerThread = 4;       // so that one that lost its core delays little
constexpr std::size_t kTouchCost = 12;  // of packing or reading again an element: multiply-adds

void choose_direct(const Gemm& g, const TileKernels& kernels, Plan& p) {
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
}

// Rows and columns of a task, so that one takes `threads` threads the least to compute, to pack
// for, and to read again for rows that are told.
void share_matrix(const Gemm& g, const TileKernels& kernels, std::size_t threads, Plan& p) {
  const std::size_t units = parts_of(g.columns, p.column_unit);
  std::size_t least = std::numeric_limits<std::size_t>::max();
  for (std::size_t columns = 1; columns <= std::min(threads, units); ++columns) {
    const std::size_t rows =
        std::clamp<std::size_t>(g.rows / kernels.direct_rows, 1, threads / columns);
    const std::size_t m = parts_of(g.rows, rows);
    const std::size_t n = parts_of(units, columns) * p.column_unit;
    std::size_t cost = m * n;
    if (!p.a_direct) cost += kTouchCost * m;
    if (!p.b_direct && g.packed_b == nullptr) cost += kTouchCost * n;
    if (columns > 1 && g.on_rows.call != nullptr) cost += kTouchCost * m * n / g.depth;
    if (cost >= least) continue;
    least = cost;
    p.row_tasks = rows;
    p.column_tasks = columns;
  }
}

void plan_chunks(const Gemm& g, const TileKernels& kernels, Plan& p) {
  p.chunk_columns = parts_of(parts_of(g.columns, p.column_unit), p.column_tasks) * p.column_unit;
  p.chunk_depth = g.depth;
  p.b_floats = 0;
  if (p.b_direct || g.packed_b != nullptr) return;
  p.chunk_columns =
      std::min(p.chunk_columns,
               std::max(kernels.wide, kChunkFloats / p.depth_block / kernels.wide * kernels.wide));
  const std::size_t blocks =
      std::max<std::size_t>(1, kChunkFloats / (p.depth_block * p.chunk_columns));
  p.chunk_depth = std::min(g.depth, blocks * p.depth_block);
  p.b_floats = round_up(p.chunk_columns * p.chunk_depth, 16);
}

void plan_tasks(const Gemm& g, const TileKernels& kernels, std::size_t threads, Plan& p) {
  const std::size_t work = g.batches * g.rows * g.columns * g.depth;
  const std::size_t worth = std::max<std::size_t>(1, work / kWorthATask);
  const std::size_t most = std::min(worth, threads * kTasksPerThread);
  p.workers = std::min(worth, threads);
  p.row_tasks = p.column_tasks = 1;
  p.batch_tasks = std::min(g.batches, p.workers == 1 ? 1 : most);
  const bool shares = p.workers > 1 && g.batches < p.workers * kTasksPerThread;
  if (shares) {
    p.batch_tasks = g.batches;
    share_matrix(g, kernels, parts_of(p.workers, g.batches), p);
  }
  plan_chunks(g, kernels, p);
  if (!shares) return;
  // A worker packs a chunk once for all tasks of its columns, but several chunks for each.
  const bool is_one_chunk = p.chunk_depth == g.depth && p.chunk_columns >= p.columns(g, 0).size();
  const std::size_t least_rows = !is_one_chunk                              ? 6 * kGroupRows
                                 : g.triangle.kind == Triangle::Kind::kNone ? kGroupRows
                                                                            : kernels.direct_rows;
  const std::size_t own = parts_of(g.rows, p.row_tasks);
  p.row_tasks *=
      std::clamp<std::size_t>(std::min(own / least_rows, most / p.tasks()), 1, kTasksPerThread);
}

}  // namespace

Plan plan_of(const Gemm& g, const TileKernels& kernels, unsigned threads) {
  Plan p{};
  choose_direct(g, kernels, p);
  p.column_unit = g.packed_b != nullptr ? kernels.wide : kernels.narrow;
  p.depth_outer = !g.a_row.is_affine() && g.depth > g.rows;
  p.panel_outer = p.depth_outer || !(kernels.streams_panels || p.a_direct);
  // By the node alone, not by where operands lie: packed operands are cut the same way.
  const std::size_t most =
      p.depth_outer || !kernels.streams_panels ? kDepthBlockOfPanel : kDepthBlock;
  p.depth_block = parts_of(g.depth, parts_of(g.depth, most));
  plan_tasks(g, kernels, threads, p);
  const std::size_t tiles = parts_of(std::min(kGroupRows, g.rows), kernels.packed_rows);
  p.a_floats =
      p.a_direct ? 0 : round_up(tiles * (kernels.packed_rows * p.depth_block + kPackSlack), 16);
  return p;
}

}  // namespace assay::numerics::internal
