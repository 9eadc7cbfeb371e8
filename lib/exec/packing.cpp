#include "internal/packing.hpp"

#include <algorithm>
#include <map>

namespace assay::exec {
namespace {

// Of more rows a product spends some twentieth of its time or less on packing: not worth memory for
// a second weight.
constexpr std::uint64_t kMaxRows = 256;
// Ways in which one tensor is read that are told apart: strangers' programs cost seconds, not
// hours.
constexpr std::size_t kMaxWays = 8;

// Whether two products find what they need in one packed operand b.
bool share_b(const Flow& flow, std::uint32_t one, std::uint32_t other) {
  const graph::Node& a = flow.nodes[one];
  const graph::Node& b = flow.nodes[other];
  return a.spec.op == b.spec.op && a.inputs[1] == b.inputs[1] &&
         a.spec.attributes[1] == b.spec.attributes[1] && a.spec.operands[1] == b.spec.operands[1] &&
         flow.views[one].b == flow.views[other].b &&
         flow.views[one].b_offset == flow.views[other].b_offset;
}

std::size_t bytes_worth_packing(const Flow& flow, std::uint32_t kernel, numerics::Isa isa) {
  if (kernel == kNone) return 0;
  const numerics::NodeSpec& spec = flow.nodes[kernel].spec;
  if (spec.op != numerics::OpCode::kMatMul || spec.output.shape.rank != 2) return 0;
  return spec.output.shape[0] > kMaxRows ? 0 : numerics::packed_b_bytes(isa, spec);
}

}  // namespace

void plan_packing(const Flow& flow, const UnitGraph& graph, std::span<const std::uint32_t> schedule,
                  numerics::Isa isa, MemoryPlan& plan) {
  struct Group {
    PackedOperand operand;
    std::vector<std::uint32_t> readers;
  };
  std::vector<Group> groups;                                   // as their first readers come
  std::map<std::uint32_t, std::vector<std::size_t>> of_input;  // groups by the tensor
  for (std::uint32_t at = 0; at < schedule.size(); ++at) {
    const std::uint32_t kernel = graph.unit(schedule[at]).kernel;
    const std::size_t bytes = bytes_worth_packing(flow, kernel, isa);
    if (bytes == 0) continue;
    std::vector<std::size_t>& near = of_input[flow.nodes[kernel].inputs[1]];
    const auto found = std::find_if(near.begin(), near.end(), [&](std::size_t i) {
      return share_b(flow, groups[i].readers[0], kernel);
    });
    if (found == near.end()) {
      if (near.size() == kMaxWays) continue;
      near.push_back(groups.size());
      groups.push_back({{kernel, at, at, bytes, 0}, {kernel}});
    } else {
      groups[*found].operand.last = at;
      groups[*found].readers.push_back(kernel);
    }
  }
  plan.packed_of.assign(flow.nodes.size(), kNone);
  for (const Group& group : groups) {
    if (group.readers.size() < 2) continue;
    for (const std::uint32_t reader : group.readers)
      plan.packed_of[reader] = static_cast<std::uint32_t>(plan.packed.size());
    plan.packed.push_back(group.operand);
  }
}

}  // namespace assay::exec
