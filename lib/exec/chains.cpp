#include "internal/chains.hpp"

#include <algorithm>

namespace assay::exec {
namespace {

using numerics::OpCode;

bool is_elementwise(OpCode op) {
  switch (op) {
    case OpCode::kCast:
    case OpCode::kNeg:
    case OpCode::kRelu:
    case OpCode::kSqrt:
    case OpCode::kExp:
    case OpCode::kLog:
    case OpCode::kAdd:
    case OpCode::kSub:
    case OpCode::kMul:
    case OpCode::kDiv:
    case OpCode::kMax:
    case OpCode::kMin:
    case OpCode::kEqual:
    case OpCode::kLess:
    case OpCode::kSelect:
    case OpCode::kFma: return true;
    default: return false;
  }
}

// Every operand is of the output's shape or one element, and nothing is wider than a tile's
// elements.
bool is_fusable(const numerics::NodeSpec& spec, std::uint64_t elements_min) {
  if (!is_elementwise(spec.op) || size_of(spec.output.dtype) > 4) return false;
  const std::uint64_t elements = spec.output.shape.elements();
  if (elements < elements_min || elements < 2) return false;
  for (unsigned k = 0; k < spec.operand_count; ++k) {
    const TensorType& type = spec.operands[k];
    if (size_of(type.dtype) > 4) return false;
    if (type.shape.elements() != 1 && type.shape != spec.output.shape) return false;
  }
  return true;
}

// What a chain may step over: nodes that cost nothing when they run.
bool is_free(std::span<const graph::Node> nodes, std::uint32_t i, std::uint32_t chain_first) {
  switch (nodes[i].spec.op) {
    case OpCode::kStateSlot:
    case OpCode::kData:
    case OpCode::kStepIndex:
    case OpCode::kSeed:
    case OpCode::kConstant:
    case OpCode::kIota: return true;
    case OpCode::kReshape: return is_alias(nodes, i) && nodes[i].inputs[0] < chain_first;
    default: return false;
  }
}

// Gives local nodes a tile each, reused after their last reader. Those that find none stay in
// memory.
void place_locals(std::uint32_t first, std::uint32_t last,
                  const std::vector<std::uint32_t>& last_reader, Chains& chains) {
  std::array<std::uint32_t, kMaxLocalTiles> busy_until{};
  for (std::uint32_t i = first; i <= last; ++i) {
    if (!chains.is_local[i]) continue;
    // A tile is free for node i once its last reader ran before i: a kernel's output may not
    // overlap its operands.
    const auto tile = std::find_if(busy_until.begin(), busy_until.end(),
                                   [&](std::uint32_t until) { return until == 0 || until < i; });
    if (tile == busy_until.end()) {
      chains.is_local[i] = 0;
      continue;
    }
    *tile = std::max(last_reader[i], i);
    chains.local_tile[i] = static_cast<std::uint8_t>(tile - busy_until.begin());
  }
}

}  // namespace

Chains find_chains(std::span<const graph::Node> nodes, std::span<const std::uint32_t> slot_nodes,
                   std::optional<std::uint64_t> elements_min) {
  const auto count = static_cast<std::uint32_t>(nodes.size());
  Chains chains;
  chains.first.resize(count);
  for (std::uint32_t i = 0; i < count; ++i) chains.first[i] = i;
  chains.last = chains.first;
  chains.member.assign(count, 0);
  chains.is_local.assign(count, 0);
  chains.local_tile.assign(count, 0);
  if (!elements_min) return chains;

  std::vector<std::uint32_t> last_reader(count, 0);
  for (std::uint32_t i = 0; i < count; ++i) {
    for (unsigned k = 0; k < nodes[i].spec.operand_count; ++k) {
      last_reader[nodes[i].inputs[k]] = i;
    }
  }
  // Bound to a slot, or handed on by a reshape to readers of its own.
  std::vector<std::uint8_t> is_bound(count, 0);
  for (const std::uint32_t node : slot_nodes) is_bound[node] = 1;
  for (std::uint32_t i = 0; i < count; ++i) {
    if (nodes[i].spec.op == OpCode::kReshape) is_bound[nodes[i].inputs[0]] = 1;
  }

  for (std::uint32_t i = 0; i < count; ++i) {
    if (!is_fusable(nodes[i].spec, *elements_min)) continue;
    const std::uint64_t elements = nodes[i].spec.output.shape.elements();
    std::uint32_t last = i;
    for (std::uint32_t j = i + 1; j < count; ++j) {
      if (is_free(nodes, j, i)) continue;
      if (!is_fusable(nodes[j].spec, *elements_min) ||
          nodes[j].spec.output.shape.elements() != elements)
        break;
      last = j;
    }
    if (last == i) continue;
    for (std::uint32_t j = i; j <= last; ++j) {
      chains.first[j] = i;
      chains.last[j] = last;
      chains.member[j] = is_fusable(nodes[j].spec, *elements_min) ? 1 : 0;
      chains.is_local[j] = chains.member[j] && !is_bound[j] && last_reader[j] <= last;
    }
    place_locals(i, last, last_reader, chains);
    i = last;
  }
  return chains;
}

}  // namespace assay::exec
