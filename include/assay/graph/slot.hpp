// Records of state slots and data declarations, as they stand under a program root
// (docs/spec/graph.md). Freestanding; graph/program.hpp has the owning forms.
#pragma once

#include "assay/graph/node.hpp"

namespace assay::graph {

inline constexpr std::size_t kMaxTypeBytes = 2 + 8 * kMaxRank;
inline constexpr std::size_t kMaxSlotRecordBytes = 4 + kMaxNameBytes + kMaxTypeBytes + 4;

// 1 to kMaxNameBytes bytes of [A-Za-z0-9._/-].
[[nodiscard]] constexpr bool is_name(ByteView name) noexcept {
  if (name.empty() || name.size() > kMaxNameBytes) return false;
  for (const std::uint8_t c : name) {
    const bool letter = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
    const bool other = (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '/' || c == '-';
    if (!letter && !other) return false;
  }
  return true;
}

// A slot of the state: its name and type, and the node whose output is its value after the step.
struct SlotRecord {
  ByteView name;
  TensorType type;
  std::uint32_t output = 0;
};
template <class Sink>
void write_slot(codec::BasicWriter<Sink>& writer, const SlotRecord& slot) {
  writer.bytes(slot.name);
  commit::write_type(writer, slot.type);
  writer.u32(slot.output);
}
// The name is a view into the reader's bytes, and is_name() if reader.ok() afterwards.
[[nodiscard]] inline SlotRecord read_slot(codec::Reader& reader) {
  SlotRecord slot;
  slot.name = reader.bytes(kMaxNameBytes);
  slot.type = commit::read_type(reader);
  slot.output = reader.u32();
  if (!is_name(slot.name)) reader.fail();
  return slot;
}

// A tensor of the data set.
struct DataRecord {
  ByteView name;
  TensorType type;
};
template <class Sink>
void write_data(codec::BasicWriter<Sink>& writer, const DataRecord& data) {
  writer.bytes(data.name);
  commit::write_type(writer, data.type);
}
[[nodiscard]] inline DataRecord read_data(codec::Reader& reader) {
  DataRecord data;
  data.name = reader.bytes(kMaxNameBytes);
  data.type = commit::read_type(reader);
  if (!is_name(data.name)) reader.fail();
  return data;
}

}  // namespace assay::graph
