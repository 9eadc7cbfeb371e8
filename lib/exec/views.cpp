// Transposes and slices that products read through, or write through, instead of copies.
#include <algorithm>

#include "internal/flow.hpp"

namespace assay::exec {
namespace {

using numerics::MatrixLayout;
using numerics::OpCode;

struct Dim {
  std::uint64_t size = 1;
  std::uint64_t stride = 0;  // elements
};
// An axis as the dimensions that make it up, outermost first; none for size 1.
using Axis = std::vector<Dim>;

struct StridedView {
  std::uint32_t base = 0;  // storage
  std::uint64_t offset = 0;
  std::vector<Axis> axes;
};

std::vector<Axis> dense_axes(const Shape& shape) {
  std::vector<Axis> axes(shape.rank);
  std::uint64_t stride = 1;
  for (unsigned i = shape.rank; i-- > 0;) {
    if (shape[i] != 1) axes[i] = {{shape[i], stride}};
    stride *= shape[i];
  }
  return axes;
}

void push_outer(Axis& axis, Dim dim) {
  if (!axis.empty() && dim.stride == axis.front().stride * axis.front().size) {
    axis.front().size *= dim.size;
  } else {
    axis.insert(axis.begin(), dim);
  }
}

// The same elements in row-major order under another shape; none if a dimension would have to be
// cut where it cannot.
std::optional<std::vector<Axis>> regroup(const std::vector<Axis>& axes, const Shape& shape) {
  std::vector<Dim> left;  // outermost first
  for (const Axis& axis : axes) left.insert(left.end(), axis.begin(), axis.end());
  std::vector<Axis> grouped(shape.rank);
  for (unsigned i = shape.rank; i-- > 0;) {
    std::uint64_t wanted = shape[i];
    while (wanted > 1) {
      if (left.empty()) return std::nullopt;
      Dim& inner = left.back();
      if (wanted % inner.size == 0) {
        push_outer(grouped[i], inner);
        wanted /= inner.size;
        left.pop_back();
      } else if (inner.size % wanted == 0) {
        push_outer(grouped[i], {wanted, inner.stride});
        inner = {inner.size / wanted, inner.stride * wanted};
        wanted = 1;
      } else {
        return std::nullopt;
      }
    }
  }
  return grouped;
}

// What a storage, read under a shape, is a view of.
StridedView resolve(const Flow& flow, std::uint32_t storage, const Shape& shape, int depth = 0) {
  const graph::Node& node = flow.nodes[storage];
  const StridedView itself{storage, 0, dense_axes(shape)};
  const bool moves = node.spec.op == OpCode::kTranspose || node.spec.op == OpCode::kSlice;
  if (!moves || depth > 8) return itself;
  StridedView view = resolve(flow, node.inputs[0], node.spec.operands[0].shape, depth + 1);
  if (flow.nodes[view.base].spec.output.dtype != DType::kF32) return itself;
  if (node.spec.op == OpCode::kTranspose) {
    std::vector<Axis> moved(view.axes.size());
    for (std::size_t i = 0; i < moved.size(); ++i)
      moved[i] = view.axes[node.spec.attributes[0] >> (4 * i) & 15];
    view.axes = std::move(moved);
  } else {
    const auto axis = static_cast<unsigned>(node.spec.attributes[0]);
    Axis& cut = view.axes[axis];
    if (cut.size() > 1) return itself;
    if (cut.size() == 1) {
      view.offset += node.spec.attributes[1] * cut[0].stride;
      cut[0].size = node.spec.output.shape[axis];
      if (cut[0].size == 1) cut.clear();
    }
  }
  auto grouped = regroup(view.axes, shape);
  if (!grouped) return itself;
  view.axes = std::move(*grouped);
  return view;
}

std::ptrdiff_t stride_of(const Axis& axis) {
  return axis.empty() ? 0 : static_cast<std::ptrdiff_t>(axis[0].stride);
}

std::optional<MatrixLayout> layout_of(const std::vector<Axis>& axes) {
  const std::size_t r = axes.size() - 2;
  if (axes[r].size() > 1 || axes[r + 1].size() > 1) return std::nullopt;
  MatrixLayout layout;
  layout.row = stride_of(axes[r]);
  layout.column = axes[r + 1].empty() ? 1 : stride_of(axes[r + 1]);
  if (r == 0) return layout;
  const Axis& batch = axes[0];
  if (batch.size() > 2) return std::nullopt;
  layout.outer = stride_of(batch);
  if (batch.size() == 2) {
    layout.inner_count = batch[1].size;
    layout.inner = static_cast<std::ptrdiff_t>(batch[1].stride);
  }
  return layout;
}

bool is_matmul(OpCode op) { return op == OpCode::kMatMul || op == OpCode::kMatMulTriangular; }

// A movement node that nobody reads any more does not run.
void retire(Flow& flow, std::uint32_t node) {
  while (flow.runs[node] && flow.readers[node].empty() && !flow.is_bound[node]) {
    const OpCode op = flow.nodes[node].spec.op;
    if (op != OpCode::kTranspose && op != OpCode::kSlice) return;
    flow.runs[node] = 0;
    const std::uint32_t input = flow.nodes[node].inputs[0];
    flow.drop_reader(input, node);
    node = input;
  }
}

void read_through(Flow& flow, std::uint32_t product, unsigned k) {
  graph::Node& node = flow.nodes[product];
  const std::uint32_t from = node.inputs[k];
  const StridedView view = resolve(flow, from, node.spec.operands[k].shape);
  if (view.base == from) return;
  const std::optional<MatrixLayout> layout = layout_of(view.axes);
  if (!layout) return;
  ProductViews& views = flow.views[product];
  (k == 0 ? views.a : views.b) = layout;
  (k == 0 ? views.a_offset : views.b_offset) = view.offset;
  node.inputs[k] = view.base;
  if (node.inputs[1 - k] != from) flow.drop_reader(from, product);
  flow.add_reader(view.base, product);
  retire(flow, from);
}

// A product that only a transpose reads writes the transposed tensor.
bool write_through(Flow& flow, std::uint32_t transpose) {
  const graph::Node& node = flow.nodes[transpose];
  const std::uint32_t product = node.inputs[0];
  if (!is_matmul(flow.nodes[product].spec.op) || flow.is_bound[product] ||
      flow.readers[product].size() != 1 || flow.views[product].output)
    return false;
  const Shape& x = node.spec.operands[0].shape;
  const std::vector<Axis> written = dense_axes(node.spec.output.shape);
  std::vector<Axis> axes(x.rank);
  for (unsigned i = 0; i < x.rank; ++i) axes[node.spec.attributes[0] >> (4 * i) & 15] = written[i];
  const auto grouped = regroup(axes, flow.nodes[product].spec.output.shape);
  if (!grouped) return false;
  const std::optional<MatrixLayout> layout = layout_of(*grouped);
  if (!layout || layout->column != 1) return false;
  flow.views[product].output = layout;
  flow.runs[transpose] = 0;
  flow.readers[product] = std::move(flow.readers[transpose]);
  flow.is_bound[product] = flow.is_bound[transpose];
  for (const std::uint32_t reader : flow.readers[product]) {
    graph::Node& by = flow.nodes[reader];
    for (unsigned k = 0; k < by.spec.operand_count; ++k) {
      if (by.inputs[k] == transpose) by.inputs[k] = product;
    }
  }
  return true;
}

}  // namespace

void find_views(Flow& flow) {
  const auto count = static_cast<std::uint32_t>(flow.nodes.size());
  for (std::uint32_t i = 0; i < count; ++i) {
    if (!flow.runs[i] || !is_matmul(flow.nodes[i].spec.op)) continue;
    read_through(flow, i, 0);
    read_through(flow, i, 1);
  }
  std::vector<std::uint32_t> written_by(count);
  for (std::uint32_t i = 0; i < count; ++i) {
    written_by[i] = i;
    const bool transposes = flow.runs[i] && flow.nodes[i].spec.op == OpCode::kTranspose;
    if (transposes && write_through(flow, i)) written_by[i] = flow.nodes[i].inputs[0];
  }
  for (std::uint32_t& storage : flow.storage_of) storage = written_by[storage];
  for (std::uint32_t& storage : flow.slot_storage) storage = written_by[storage];
}

}  // namespace assay::exec
