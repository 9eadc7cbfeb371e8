// Included by graph/node.hpp. Freestanding.
#pragma once

namespace assay::graph {

template <class Sink>
void write_node(codec::BasicWriter<Sink>& writer, const Node& node) {
  writer.u16(static_cast<std::uint16_t>(node.spec.op));
  commit::write_type(writer, node.spec.output);
  writer.u8(node.spec.attribute_count);
  for (unsigned i = 0; i < node.spec.attribute_count; ++i) writer.u64(node.spec.attributes[i]);
  writer.u8(node.spec.operand_count);
  for (unsigned i = 0; i < node.spec.operand_count; ++i) {
    writer.u32(node.inputs[i]);
    commit::write_type(writer, node.spec.operands[i]);
  }
}

inline Node read_node(codec::Reader& reader) {
  Node node;
  node.spec.op = static_cast<numerics::OpCode>(reader.u16());
  node.spec.output = commit::read_type(reader);
  node.spec.attribute_count = reader.u8();
  if (node.spec.attribute_count > numerics::kMaxAttributes) {
    reader.fail();
    return {};
  }
  for (unsigned i = 0; i < node.spec.attribute_count; ++i) node.spec.attributes[i] = reader.u64();
  node.spec.operand_count = reader.u8();
  if (node.spec.operand_count > numerics::kMaxOperands) {
    reader.fail();
    return {};
  }
  for (unsigned i = 0; i < node.spec.operand_count; ++i) {
    node.inputs[i] = reader.u32();
    node.spec.operands[i] = commit::read_type(reader);
  }
  return node;
}

}  // namespace assay::graph
