#include "assay/graph/program.hpp"

#include <bit>
#include <charconv>

namespace assay::graph {

namespace {

// Numbers but for bits of an f32, which are shown as the shortest decimal that gives them.
std::string attribute_text(const numerics::NodeSpec& spec, unsigned i) {
  using numerics::OpCode;
  const bool is_value = (spec.op == OpCode::kConstant && spec.output.dtype == DType::kF32) ||
                        (spec.op == OpCode::kMatMulTriangular && i == 4);
  if (!is_value) return std::to_string(spec.attributes[i]);
  std::array<char, 32> text{};
  const float value = std::bit_cast<float>(static_cast<std::uint32_t>(spec.attributes[i]));
  return {text.data(), std::to_chars(text.data(), text.data() + text.size(), value).ptr};
}

std::string attributes_of(const numerics::NodeSpec& spec) {
  std::string text;
  for (unsigned i = 0; i < spec.attribute_count && i < numerics::kMaxAttributes; ++i) {
    text += i == 0 ? " {" : ", ";
    text += attribute_text(spec, i);
  }
  if (!text.empty()) text += "}";
  return text;
}

}  // namespace

std::string to_text(const TensorType& type) {
  std::string text = name_of(type.dtype);
  text += "[";
  for (unsigned i = 0; i < type.shape.rank && i < kMaxRank; ++i) {
    if (i > 0) text += ",";
    text += std::to_string(type.shape.dims[i]);
  }
  text += "]";
  return text;
}

std::string describe_node(const Program& program, std::uint32_t node) {
  std::string text = "node " + std::to_string(node);
  if (node >= program.nodes.size()) return text;
  const numerics::NodeSpec& spec = program.nodes[node].spec;
  text += " ";
  text += numerics::name_of(spec.op);
  if (node < program.labels.size() && !program.labels[node].empty()) {
    text += " " + program.labels[node];
  }
  return text + " " + to_text(spec.output);
}

std::string to_text(const Program& program) {
  std::string text;
  for (const DataDecl& data : program.data) {
    text += "data " + data.name + " " + to_text(data.type) + "\n";
  }
  for (std::uint32_t i = 0; i < program.nodes.size(); ++i) {
    const Node& node = program.nodes[i];
    text += describe_node(program, i);
    for (unsigned k = 0; k < node.spec.operand_count && k < numerics::kMaxOperands; ++k) {
      text += k == 0 ? " (" : ", ";
      text += std::to_string(node.inputs[k]);
    }
    if (node.spec.operand_count > 0) text += ")";
    text += attributes_of(node.spec);
    text += "\n";
  }
  for (const Slot& slot : program.slots) {
    text += "slot " + slot.name + " " + to_text(slot.type) + " = node " +
            std::to_string(slot.output) + "\n";
  }
  return text;
}

}  // namespace assay::graph
