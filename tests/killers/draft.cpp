#include "killers/draft.hpp"

#include "assay/numerics/memory_access.hpp"

namespace assay::killers {
namespace {

// "a0001", "a0002": ascending as they are made.
std::string numbered(char kind, std::size_t number) {
  const std::string digits = std::to_string(number);
  return kind + std::string(5 - digits.size(), '0') + digits;
}

constexpr std::size_t kSmall = 65'536;  // bytes that hashing a state hardly notices

}  // namespace

std::uint32_t Draft::data(Tensor tensor, std::string name) {
  if (name.empty()) name = numbered('d', m_data.size());
  const TensorType type = tensor.type();
  m_step.program.data.push_back({name, type});
  m_data.emplace(name, std::move(tensor));
  return add(OpCode::kData, type, {}, {m_data.size() - 1});
}

std::uint32_t Draft::state(const TensorType& type, std::uint64_t bits) {
  const std::uint32_t source = add(OpCode::kStateSlot, type, {}, {m_states.size()});
  m_states.push_back({source, source, bits});
  return source;
}

void Draft::update(std::uint32_t state, std::uint32_t node) {
  for (State& own : m_states)
    if (own.source == state) own.output = node;
}

void Draft::bind() {
  graph::Program& program = m_step.program;
  std::vector<bool> read(program.nodes.size());
  for (const graph::Node& node : program.nodes)
    for (unsigned k = 0; k < node.spec.operand_count; ++k) read[node.inputs[k]] = true;
  for (std::size_t i = 0; i < m_states.size(); ++i) {
    const State& state = m_states[i];
    read[state.output] = true;
    program.slots.push_back({numbered('a', i), type(state.output), state.output});
  }
  for (std::uint32_t node = 0; node < read.size(); ++node) {
    const OpCode op = program.nodes[node].spec.op;
    // The executor makes a reshape of anything no copy, so it has something to get wrong.
    const bool counts =
        op > OpCode::kReshape || (op == OpCode::kReshape && type(node).byte_count() <= kSmall);
    if (counts || !read[node]) program.slots.push_back({numbered('z', node), type(node), node});
  }
}

training::Task Draft::task(std::uint64_t steps, std::uint64_t interval, std::uint64_t seed) {
  if (m_step.program.slots.empty()) bind();
  tiny::Sketch init;
  for (std::size_t i = 0; i < m_step.program.slots.size(); ++i) {
    const graph::Slot& slot = m_step.program.slots[i];
    const std::uint64_t bits = i < m_states.size() ? m_states[i].bits : 0;
    init.program.slots.push_back(
        {slot.name, slot.type, init.add(OpCode::kConstant, slot.type, {}, {bits})});
  }
  SerialTaskPool pool;
  return training::make_task({.seed = seed,
                              .steps = steps,
                              .commit_interval = interval,
                              .checkpoint_interval = interval},
                             init.program, m_step.program, m_data, pool)
      .value();
}

const std::vector<std::uint32_t>& odd_floats() {
  static const std::vector<std::uint32_t> kBits = {
      0x00000000, 0x80000000, 0x7f800000, 0xff800000, 0x7fc00000, 0xffc12345,
      0x7f800001, 0xffa00001, 0x00000001, 0x80000001, 0x807fffff, 0x00800000,
      0x7f7fffff, 0xff7fffff, 0x3f800000, 0xbf800000, 0x3f000000, 0x33800000,
      0x0d800000, 0x8d800000, 0x4b000001, 0x4f000000, 0x4f800000, 0x5f000000,
      0xdf000000, 0x5f800000, 0xcf000001, 0x42b17218, 0xc2cff1b5, 0x3e99999a};
  return kBits;
}

Tensor floats(const Shape& shape, std::uint64_t seed, unsigned odd_share) {
  std::mt19937_64 random(seed);
  Tensor tensor({DType::kF32, shape});
  for (float& x : tensor.as<float>()) {
    x = static_cast<float>(random() % 4001) / 1000.0F - 2.0F;
    if (odd_share != 0 && random() % odd_share == 0)
      x = std::bit_cast<float>(odd_floats()[random() % odd_floats().size()]);
  }
  return tensor;
}

Tensor integers(DType dtype) {
  const unsigned bits = 8 * size_of(dtype);
  const std::uint64_t all = bits == 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << bits) - 1;
  const std::uint64_t top = std::uint64_t{1} << (bits - 1);
  const std::uint64_t values[] = {0,       1,       2,       all,           all - 1,
                                  top,     top - 1, top + 1, top | top / 2, top / 2 + 1,
                                  all / 3, 10,      127,     128,           255};
  Tensor tensor({dtype, {std::size(values)}});
  for (std::size_t i = 0; i < std::size(values); ++i)
    numerics::store_element(dtype, tensor.data(), i, values[i]);
  return tensor;
}

Tensor indices(const std::vector<std::uint32_t>& values) {
  return Tensor::of<std::uint32_t>({values.size()}, values);
}

}  // namespace assay::killers
