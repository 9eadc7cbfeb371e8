// Included by graph/node.hpp. Freestanding.
#pragma once

namespace assay::graph {

template <class Sink>
void write_type(codec::BasicWriter<Sink>& writer, const TensorType& type) {
  writer.u8(static_cast<std::uint8_t>(type.dtype));
  writer.u8(type.shape.rank);
  for (unsigned i = 0; i < type.shape.rank; ++i) writer.u64(type.shape.dims[i]);
}

inline TensorType read_type(codec::Reader& reader) {
  TensorType type;
  type.dtype = static_cast<DType>(reader.u8());
  type.shape.rank = reader.u8();
  if (!is_known(type.dtype) || type.shape.rank > kMaxRank) {
    reader.fail();
    return {};
  }
  for (unsigned i = 0; i < type.shape.rank; ++i) type.shape.dims[i] = reader.u64();
  if (!is_valid(type.shape)) reader.fail();
  return type;
}

template <class Sink>
void write_node(codec::BasicWriter<Sink>& writer, const Node& node) {
  writer.u16(static_cast<std::uint16_t>(node.spec.op));
  write_type(writer, node.spec.output);
  writer.u8(node.spec.attribute_count);
  for (unsigned i = 0; i < node.spec.attribute_count; ++i) writer.u64(node.spec.attributes[i]);
  writer.u8(node.spec.operand_count);
  for (unsigned i = 0; i < node.spec.operand_count; ++i) {
    writer.u32(node.inputs[i]);
    write_type(writer, node.spec.operands[i]);
  }
}

inline Node read_node(codec::Reader& reader) {
  Node node;
  node.spec.op = static_cast<numerics::OpCode>(reader.u16());
  node.spec.output = read_type(reader);
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
    node.spec.operands[i] = read_type(reader);
  }
  return node;
}

}  // namespace assay::graph
