#include "assay/graph/program.hpp"

#include "assay/codec/buffer.hpp"
#include "assay/crypto/sha256.hpp"

namespace assay::graph {

namespace {

SlotRecord view_of(const Slot& slot) { return {as_bytes(slot.name), slot.type, slot.output}; }
DataRecord view_of(const DataDecl& data) { return {as_bytes(data.name), data.type}; }

template <class Item, class Record>
commit::MerkleTree tree_over(const std::vector<Item>& items, Record&& record) {
  std::vector<Hash256> leaves;
  leaves.reserve(items.size());
  for (std::uint32_t i = 0; i < items.size(); ++i) {
    leaves.push_back(commit::leaf_hash(crypto::sha256_function(), record(i)));
  }
  return commit::MerkleTree(std::move(leaves));
}

bool is_printable(ByteView text) {
  for (const std::uint8_t c : text) {
    if (c < 0x20 || c > 0x7e) return false;
  }
  return true;
}

std::string owned(ByteView text) { return {text.begin(), text.end()}; }

constexpr std::size_t kMinNodeBytes = 2 + 2 + 1 + 1;
constexpr std::size_t kMinDataBytes = 4 + 1 + 2;
constexpr std::size_t kMinSlotBytes = kMinDataBytes + 4;

}  // namespace

Bytes node_record(const Program& program, std::uint32_t node) {
  ASSAY_EXPECTS(node < program.nodes.size());
  return codec::encode([&](codec::Writer& w) { write_node(w, program.nodes[node]); });
}

Bytes slot_record(const Program& program, std::uint32_t slot) {
  ASSAY_EXPECTS(slot < program.slots.size());
  return codec::encode([&](codec::Writer& w) { write_slot(w, view_of(program.slots[slot])); });
}

Bytes data_record(const Program& program, std::uint32_t data) {
  ASSAY_EXPECTS(data < program.data.size());
  return codec::encode([&](codec::Writer& w) { write_data(w, view_of(program.data[data])); });
}

ProgramTrees program_trees(const Program& program) {
  ProgramTrees trees;
  trees.nodes = tree_over(program.nodes, [&](std::uint32_t i) { return node_record(program, i); });
  trees.slots = tree_over(program.slots, [&](std::uint32_t i) { return slot_record(program, i); });
  trees.data = tree_over(program.data, [&](std::uint32_t i) { return data_record(program, i); });
  trees.header.profile = numerics::kProfileNumber;
  trees.header.node_count = static_cast<std::uint32_t>(program.nodes.size());
  trees.header.slot_count = static_cast<std::uint32_t>(program.slots.size());
  trees.header.data_count = static_cast<std::uint32_t>(program.data.size());
  trees.header.node_list_root = trees.nodes.root();
  trees.header.slot_list_root = trees.slots.root();
  trees.header.data_list_root = trees.data.root();
  trees.root = commit::program_root(crypto::sha256_function(), trees.header);
  return trees;
}

Hash256 root_of(const Program& program) { return program_trees(program).root; }

Bytes encode_program(const Program& program) {
  return codec::encode([&](codec::Writer& w) {
    w.u16(numerics::kProfileNumber);
    w.u32(static_cast<std::uint32_t>(program.nodes.size()));
    for (const Node& node : program.nodes) write_node(w, node);
    w.u32(static_cast<std::uint32_t>(program.slots.size()));
    for (const Slot& slot : program.slots) write_slot(w, view_of(slot));
    w.u32(static_cast<std::uint32_t>(program.data.size()));
    for (const DataDecl& data : program.data) write_data(w, view_of(data));
    w.u32(static_cast<std::uint32_t>(program.labels.size()));
    for (const std::string& label : program.labels) w.bytes(as_bytes(label));
  });
}

Result<Program> decode_program(ByteView bytes) {
  if (bytes.size() > kMaxProgramBytes) return {ErrorCode::kLimit, "the program is over 32 MiB"};
  codec::Reader reader(bytes);
  if (reader.u16() != numerics::kProfileNumber) {
    return {ErrorCode::kUnsupported, "the program is of a numeric profile that is not known here"};
  }
  Program program;
  program.nodes.resize(reader.count(kMaxNodes, kMinNodeBytes));
  for (Node& node : program.nodes) node = read_node(reader);
  program.slots.resize(reader.count(kMaxSlots, kMinSlotBytes));
  for (Slot& slot : program.slots) {
    const SlotRecord record = read_slot(reader);
    slot = {owned(record.name), record.type, record.output};
  }
  program.data.resize(reader.count(kMaxData, kMinDataBytes));
  for (DataDecl& data : program.data) {
    const DataRecord record = read_data(reader);
    data = {owned(record.name), record.type};
  }
  program.labels.resize(reader.count(kMaxNodes, 4));
  for (std::string& label : program.labels) {
    const ByteView text = reader.bytes(kMaxLabelBytes);
    if (!is_printable(text)) reader.fail();
    label = owned(text);
  }
  if (!program.labels.empty() && program.labels.size() != program.nodes.size()) reader.fail();
  if (!reader.finish()) return {ErrorCode::kMalformed, "these bytes are no program"};
  return program;
}

}  // namespace assay::graph
