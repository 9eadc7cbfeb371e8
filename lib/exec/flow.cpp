#include "internal/flow.hpp"

#include <algorithm>

namespace assay::exec {

using numerics::OpCode;

bool is_alias(std::span<const graph::Node> nodes, std::uint32_t node) noexcept {
  const numerics::NodeSpec& spec = nodes[node].spec;
  if (spec.op != OpCode::kReshape) return false;
  const OpCode from = nodes[nodes[node].inputs[0]].spec.op;
  const bool outside = from == OpCode::kStateSlot || from == OpCode::kData;
  return !outside || spec.output.dtype != DType::kF32;
}

bool is_fixed(OpCode op) noexcept {
  return op == OpCode::kStepIndex || op == OpCode::kSeed || op == OpCode::kConstant ||
         op == OpCode::kIota;
}

std::uint32_t Flow::clone(std::uint32_t node) {
  const auto copy = static_cast<std::uint32_t>(nodes.size());
  nodes.push_back(graph::Node(nodes[node]));
  position.push_back(position[node]);
  storage_of.push_back(copy);
  readers.emplace_back();
  is_bound.push_back(0);
  runs.push_back(1);
  views.emplace_back();
  for (unsigned k = 0; k < nodes[copy].spec.operand_count; ++k)
    add_reader(nodes[copy].inputs[k], copy);
  return copy;
}

void Flow::add_reader(std::uint32_t storage, std::uint32_t reader) {
  auto& list = readers[storage];
  const auto at = std::lower_bound(list.begin(), list.end(), reader);
  if (at == list.end() || *at != reader) list.insert(at, reader);
}

void Flow::drop_reader(std::uint32_t storage, std::uint32_t reader) {
  auto& list = readers[storage];
  const auto at = std::lower_bound(list.begin(), list.end(), reader);
  if (at != list.end() && *at == reader) list.erase(at);
}

void Flow::redirect(std::uint32_t from, std::uint32_t to, std::uint32_t reader) {
  graph::Node& node = nodes[reader];
  for (unsigned k = 0; k < node.spec.operand_count; ++k) {
    if (node.inputs[k] == from) node.inputs[k] = to;
  }
  drop_reader(from, reader);
  add_reader(to, reader);
}

Shape Flow::operand_shape(std::uint32_t node, unsigned operand) const {
  const bool constant = nodes[nodes[node].inputs[operand]].spec.op == OpCode::kConstant;
  return constant ? Shape{} : nodes[node].spec.operands[operand].shape;
}

Flow make_flow(std::span<const graph::Node> nodes, std::span<const std::uint32_t> slot_nodes,
               bool views) {
  const auto count = static_cast<std::uint32_t>(nodes.size());
  Flow flow;
  flow.nodes.assign(nodes.begin(), nodes.end());
  flow.position.resize(count);
  flow.storage_of.resize(count);
  flow.readers.resize(count);
  flow.is_bound.assign(count, 0);
  flow.runs.assign(count, 0);
  flow.views.resize(count);
  std::vector<std::uint32_t> source(slot_nodes.size(), kNone);  // per slot: its first source
  for (std::uint32_t i = 0; i < count; ++i) {
    graph::Node& node = flow.nodes[i];
    flow.position[i] = i;
    const bool alias = is_alias(nodes, i);
    for (unsigned k = 0; k < node.spec.operand_count; ++k)
      node.inputs[k] = flow.storage_of[node.inputs[k]];
    flow.storage_of[i] = alias ? node.inputs[0] : i;
    if (node.spec.op == OpCode::kStateSlot) {
      std::uint32_t& first = source[node.spec.attributes[0]];
      if (first == kNone) first = i;
      flow.storage_of[i] = first;
    }
    flow.runs[i] = !alias && !numerics::is_source(node.spec.op) && !is_fixed(node.spec.op);
    if (!flow.runs[i]) continue;
    for (unsigned k = 0; k < node.spec.operand_count; ++k) flow.add_reader(node.inputs[k], i);
  }
  for (const std::uint32_t node : slot_nodes) {
    flow.slot_storage.push_back(flow.storage_of[node]);
    flow.is_bound[flow.storage_of[node]] = 1;
  }
  if (views) find_views(flow);
  return flow;
}

}  // namespace assay::exec
