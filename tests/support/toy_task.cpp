#include "support/toy_task.hpp"

#include <algorithm>

#include "assay/codec/buffer.hpp"
#include "assay/crypto/sha256.hpp"
#include "assay/numerics/arithmetic_hardware.hpp"
#include "assay/numerics/fold.hpp"
#include "assay/numerics/memory_access.hpp"

namespace assay::toy {

using numerics::OpCode;

std::uint32_t Program::add(OpCode op, TensorType output, std::vector<std::uint32_t> inputs,
                           std::vector<std::uint64_t> attributes) {
  graph::Node node;
  node.spec.op = op;
  node.spec.output = output;
  node.spec.operand_count = static_cast<std::uint8_t>(inputs.size());
  node.spec.attribute_count = static_cast<std::uint8_t>(attributes.size());
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    node.inputs[i] = inputs[i];
    node.spec.operands[i] = nodes.at(inputs[i]).spec.output;
  }
  std::copy(attributes.begin(), attributes.end(), node.spec.attributes.begin());
  nodes.push_back(node);
  ASSAY_EXPECTS(numerics::validate(node.spec) == numerics::SpecVerdict::kValid);
  return static_cast<std::uint32_t>(nodes.size() - 1);
}

void Program::seal() {
  m_node_records.clear();
  m_slot_records.clear();
  for (const graph::Node& node : nodes)
    m_node_records.push_back(codec::encode([&](codec::Writer& w) { graph::write_node(w, node); }));
  for (const Slot& slot : slots)
    m_slot_records.push_back(codec::encode([&](codec::Writer& w) {
      graph::write_slot(w, {as_bytes(slot.name), slot.type, slot.output});
    }));
  m_node_tree = commit::MerkleTree(commit::leaf_hashes(m_node_records));
  m_slot_tree = commit::MerkleTree(commit::leaf_hashes(m_slot_records));
  m_header.node_count = static_cast<std::uint32_t>(nodes.size());
  m_header.slot_count = static_cast<std::uint32_t>(slots.size());
  m_header.data_count = data_count;
  m_header.node_list_root = m_node_tree.root();
  m_header.slot_list_root = m_slot_tree.root();
  // A program that reads data has some root there that no game looks at.
  if (data_count == 0) m_header.data_list_root = commit::MerkleTree().root();
}

Hash256 Program::root() const { return commit::program_root(crypto::sha256_function(), m_header); }

commit::NamedTree Task::data_tree() const {
  SerialTaskPool pool;
  std::vector<commit::NamedRoot> leaves;
  for (const auto& [name, tensor] : data)
    leaves.push_back({name, commit::tensor_root(tensor.type, tensor.data, pool)});
  return commit::named_tree(std::move(leaves));
}

namespace {

constexpr TensorType f32(std::initializer_list<std::uint64_t> dims) {
  return {DType::kF32, Shape(dims)};
}
constexpr TensorType u32(std::initializer_list<std::uint64_t> dims) {
  return {DType::kU32, Shape(dims)};
}
constexpr TensorType u64() { return {DType::kU64, Shape{}}; }

constexpr std::uint64_t bits_of(float value) { return std::bit_cast<std::uint32_t>(value); }

void add_slot(Program& p, std::string name, std::uint32_t output) {
  p.slots.push_back({std::move(name), p.nodes[output].spec.output, output});
}

Program make_init() {
  Program p;
  const auto seed = p.add(OpCode::kSeed, u64());
  const auto t = p.add(OpCode::kStepIndex, u64());
  const auto table = p.add(OpCode::kRandomUniform, f32({40, 30}), {seed, t}, {7});
  const auto half = p.add(OpCode::kConstant, f32({}), {}, {bits_of(0.5F)});
  const auto weights = p.add(OpCode::kSub, f32({40, 30}), {table, half});
  const auto count = p.add(OpCode::kIota, {DType::kI64, Shape{3}}, {}, {0});
  const auto zero = p.add(OpCode::kConstant, f32({1}), {}, {0});
  const auto bias = p.add(OpCode::kIota, f32({40}), {}, {0});
  const auto mean = p.add(OpCode::kReduceSum, f32({1, 30}), {weights}, {1});
  add_slot(p, "bias", bias);
  add_slot(p, "count", count);
  add_slot(p, "loss", zero);
  add_slot(p, "mean", mean);
  add_slot(p, "weights", weights);
  p.seal();
  return p;
}

// Slots: 0 bias, 1 count, 2 loss, 3 mean, 4 weights. Data: 0 images u8 [50, 40], 1 labels u32 [50].
Program make_step() {
  Program p;
  p.data_count = 2;
  const auto bias = p.add(OpCode::kStateSlot, f32({40}), {}, {0});
  const auto count = p.add(OpCode::kStateSlot, {DType::kI64, Shape{3}}, {}, {1});
  const auto weights = p.add(OpCode::kStateSlot, f32({40, 30}), {}, {4});
  const auto images = p.add(OpCode::kData, {DType::kU8, Shape{50, 40}}, {}, {0});
  const auto labels = p.add(OpCode::kData, u32({50}), {}, {1});
  const auto t = p.add(OpCode::kStepIndex, u64());
  const auto seed = p.add(OpCode::kSeed, u64());
  const auto index = p.add(OpCode::kShuffleIndex, u32({8}), {seed, t}, {50, 3});
  const auto batch8 = p.add(OpCode::kGatherRows, {DType::kU8, Shape{8, 40}}, {images, index});
  const auto batch = p.add(OpCode::kCast, f32({8, 40}), {batch8});
  const auto scale = p.add(OpCode::kConstant, f32({}), {}, {bits_of(1.0F / 256)});
  const auto x = p.add(OpCode::kMul, f32({8, 40}), {batch, scale});
  const auto biased = p.add(OpCode::kAdd, f32({8, 40}), {x, bias});
  const auto squared = p.add(OpCode::kMul, f32({8, 40}), {biased, biased});
  const auto y = p.add(OpCode::kMatMul, f32({8, 30}), {squared, weights}, {0, 0});
  const auto hidden = p.add(OpCode::kRelu, f32({8, 30}), {y});
  const auto top = p.add(OpCode::kReduceMax, f32({8, 1}), {hidden}, {2});
  const auto shifted = p.add(OpCode::kSub, f32({8, 30}), {hidden, top});
  const auto grown = p.add(OpCode::kExp, f32({8, 30}), {shifted});
  const auto total = p.add(OpCode::kReduceSum, f32({8, 1}), {grown}, {2});
  const auto soft = p.add(OpCode::kDiv, f32({8, 30}), {grown, total});
  const auto classes = p.add(OpCode::kIota, u32({1, 30}), {}, {1});
  const auto label = p.add(OpCode::kGatherRows, u32({8}), {labels, index});
  const auto label2 = p.add(OpCode::kReshape, u32({8, 1}), {label});
  const auto hot = p.add(OpCode::kEqual, u32({8, 30}), {label2, classes});
  const auto hot_f = p.add(OpCode::kCast, f32({8, 30}), {hot});
  const auto error = p.add(OpCode::kSub, f32({8, 30}), {soft, hot_f});
  const auto keep = p.add(OpCode::kSelect, f32({8, 30}), {hot, error, soft});
  const auto gradient = p.add(OpCode::kMatMul, f32({40, 30}), {squared, keep}, {1, 0});
  const auto rate = p.add(OpCode::kConstant, f32({}), {}, {bits_of(-0.01F)});
  const auto new_weights = p.add(OpCode::kFma, f32({40, 30}), {gradient, rate, weights});
  const auto logs = p.add(OpCode::kLog, f32({8, 30}), {soft});
  const auto picked = p.add(OpCode::kMul, f32({8, 30}), {logs, hot_f});
  const auto loss = p.add(OpCode::kReduceSum, f32({1, 1}), {picked}, {3});
  const auto loss1 = p.add(OpCode::kReshape, f32({1}), {loss});
  const auto one = p.add(OpCode::kConstant, {DType::kI64, Shape{}}, {}, {1});
  const auto new_count = p.add(OpCode::kAdd, {DType::kI64, Shape{3}}, {count, one});
  const auto noise = p.add(OpCode::kRandomUniform, f32({40}), {seed, t}, {9});
  const auto new_bias = p.add(OpCode::kMin, f32({40}), {bias, noise});
  const auto mean = p.add(OpCode::kReduceSum, f32({1, 30}), {new_weights}, {1});
  add_slot(p, "bias", new_bias);
  add_slot(p, "count", new_count);
  add_slot(p, "loss", loss1);
  add_slot(p, "mean", mean);
  add_slot(p, "weights", new_weights);
  p.seal();
  return p;
}

}  // namespace

Task make_task(std::uint64_t steps, std::uint64_t interval, std::uint64_t seed) {
  Task task;
  task.init = make_init();
  task.step = make_step();
  Tensor images{{DType::kU8, Shape{50, 40}}, Bytes(2000)};
  Tensor labels{u32({50}), Bytes(200)};
  std::uint32_t state = 12345;
  for (std::uint8_t& byte : images.data)
    byte = static_cast<std::uint8_t>((state = state * 1664525 + 1013904223) >> 24);
  for (std::uint32_t i = 0; i < 50; ++i) store_le(labels.data.data() + 4 * i, i * 7 % 30);
  task.data = {{"images", std::move(images)}, {"labels", std::move(labels)}};
  task.header.init_program = task.init.root();
  task.header.step_program = task.step.root();
  task.header.data_set = task.data_tree().root(commit::Tag::kDataSet);
  task.header.seed = seed;
  task.header.steps = steps;
  task.header.commit_interval = interval;
  task.header.checkpoint_interval = interval;
  ASSAY_EXPECTS(commit::is_valid(task.header));
  return task;
}

namespace {

void flip(Tensor& tensor, const Lie& lie) {
  const DType dtype = tensor.type.dtype;
  const std::uint64_t bits = numerics::load_element(dtype, tensor.data.data(), lie.element);
  numerics::store_element(dtype, tensor.data.data(), lie.element, bits ^ lie.flip);
}

Tensor scalar_u64(std::uint64_t value) {
  Tensor tensor{u64(), Bytes(8)};
  store_le(tensor.data.data(), value);
  return tensor;
}

Tensor compute(const numerics::NodeSpec& spec, const std::vector<const Tensor*>& inputs) {
  Tensor out{spec.output, Bytes(spec.output.byte_count())};
  numerics::MemoryAccess access;
  access.spec = &spec;
  for (std::size_t i = 0; i < inputs.size(); ++i) access.operands[i] = inputs[i]->data.data();
  for (std::uint64_t e = 0; e < spec.output.shape.elements(); ++e)
    numerics::store_element(spec.output.dtype, out.data.data(), e,
                            numerics::evaluate<numerics::HardwareArithmetic>(spec, e, access));
  return out;
}

}  // namespace

Execution World::execute(const Program& program, const std::vector<Tensor>& state,
                         std::optional<std::uint64_t> t) const {
  SerialTaskPool pool;
  const bool lies = m_lie && (m_lie->in_init ? !t : t == m_lie->step);
  Execution run;
  for (std::uint32_t i = 0; i < program.nodes.size(); ++i) {
    const numerics::NodeSpec& spec = program.nodes[i].spec;
    std::vector<const Tensor*> inputs;
    for (unsigned k = 0; k < spec.operand_count; ++k)
      inputs.push_back(&run.outputs[program.nodes[i].inputs[k]]);
    Tensor out;
    switch (spec.op) {
      case OpCode::kStateSlot: out = state.at(spec.attributes[0]); break;
      case OpCode::kData: out = m_task->data.at(spec.attributes[0]).second; break;
      case OpCode::kStepIndex: out = scalar_u64(t.value_or(0)); break;
      case OpCode::kSeed: out = scalar_u64(m_task->header.seed); break;
      default: out = compute(spec, inputs);
    }
    if (lies && m_lie->kind == Lie::Kind::kNode && m_lie->index == i) flip(out, *m_lie);
    run.tensor_trees.push_back(commit::tensor_tree(out.type, out.data, pool));
    run.output_roots.push_back(commit::tensor_root(out.type, out.data, pool));
    run.outputs.push_back(std::move(out));
  }
  std::vector<Hash256> leaves;
  for (const Hash256& root : run.output_roots)
    leaves.push_back(commit::leaf_hash(crypto::sha256_function(), root.view()));
  run.trace = commit::MerkleTree(std::move(leaves));
  std::vector<commit::NamedRoot> named;
  for (std::uint32_t i = 0; i < program.slots.size(); ++i) {
    Tensor out = run.outputs[program.slots[i].output];
    if (lies && m_lie->kind == Lie::Kind::kState && m_lie->index == i) flip(out, *m_lie);
    named.push_back({program.slots[i].name, commit::tensor_root(out.type, out.data, pool)});
    run.state.push_back(std::move(out));
  }
  run.state_tree = commit::named_tree(std::move(named));
  return run;
}

World::World(const Task& task, std::optional<Lie> lie) : m_task(&task), m_lie(lie) {
  m_init = execute(task.init, {}, {});
  for (std::uint64_t t = 0; t < task.header.steps; ++t)
    m_steps.push_back(execute(task.step, t == 0 ? m_init.state : m_steps.back().state, t));
}

Hash256 World::state_root(std::uint64_t steps) const {
  return state_before(steps).root(commit::Tag::kState);
}

std::vector<Hash256> World::transcript_roots() const {
  std::vector<Hash256> roots;
  for (std::uint64_t entry = 0; entry < commit::transcript_entries(m_task->header); ++entry)
    roots.push_back(state_root(commit::step_of_entry(m_task->header, entry)));
  return roots;
}

const Execution& World::step(std::uint64_t t) const { return m_steps.at(t); }

const commit::NamedTree& World::state_before(std::uint64_t t) const {
  return t == 0 ? m_init.state_tree : m_steps.at(t - 1).state_tree;
}

const Task& task() {
  static const Task kTask = make_task(20, 18, 5);
  return kTask;
}

const World& truth() {
  static const World kTruth(task());
  return kTruth;
}

}  // namespace assay::toy
