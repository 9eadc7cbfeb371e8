// Which fault a seed draws.
#include <algorithm>
#include <cstring>

#include "assay/numerics/fold.hpp"
#include "assay/numerics/memory_access.hpp"
#include "faults/fault.hpp"

namespace assay::faults {
namespace {

using numerics::load_element;
using numerics::OpCode;
using numerics::store_element;

void flip(Tensor& tensor, std::uint64_t element, std::uint64_t bit) {
  tensor.data()[element * size_of(tensor.dtype()) + bit / 8] ^=
      static_cast<std::uint8_t>(1u << bit % 8);
}

constexpr int kTries = 40;  // at something of a kind that a program may have little of

class Drawing {
 public:
  Drawing(World& world, Kind kind, Random& random) : m_world(world), m_random(random) {
    m_fault.kind = kind;
    m_fault.first = m_fault.last = below(world.task().header.steps);
  }

  std::optional<Fault> draw() {
    switch (m_fault.kind) {
      case Kind::kBit: {
        const std::uint64_t where = below(4);
        if (where == 0) return state_bit();
        return where == 1 ? accumulator_bit() : output_bit();
      }
      case Kind::kElement: return element();
      case Kind::kTensor: return tensor();
      case Kind::kNode: return node();
      case Kind::kStep: return step();
      case Kind::kOrder: return order();
      case Kind::kHyperparameter: return hyperparameter();
      case Kind::kData: return data();
    }
    return std::nullopt;
  }

 private:
  std::uint64_t below(std::uint64_t n) { return m_random() % n; }
  [[nodiscard]] const graph::Program& program() const { return m_world.program(m_fault.in_init); }
  [[nodiscard]] std::string node_words(std::uint32_t node) const {
    return graph::describe_node(program(), node);
  }
  void maybe_in_init() { m_fault.in_init = below(8) == 0; }
  void maybe_lasting() {
    if (below(2) == 0) m_fault.last = m_world.task().header.steps - 1;
  }
  std::uint32_t any_node() { return faults::any_node(program(), m_random); }
  std::uint32_t any_slot() { return static_cast<std::uint32_t>(below(program().slots.size())); }

  std::optional<Fault> done(std::string words) {
    m_fault.words = std::move(words);
    return std::move(m_fault);
  }

  std::optional<Fault> output_bit() {
    maybe_in_init();
    const std::uint32_t chosen = any_node();
    const TensorType& type = program().nodes[chosen].spec.output;
    const std::uint64_t element = below(type.shape.elements());
    const std::uint64_t bit = below(8 * size_of(type.dtype));
    m_fault.tamper = [=](std::uint32_t node, Tensor& output) {
      if (node == chosen) flip(output, element, bit);
    };
    return done("bit " + std::to_string(bit) + " of element " + std::to_string(element) + " of " +
                node_words(chosen));
  }

  std::optional<Fault> state_bit() {
    maybe_in_init();
    const graph::Slot& slot = program().slots[any_slot()];
    const std::uint64_t element = below(slot.type.shape.elements());
    const std::uint64_t bit = below(8 * size_of(slot.type.dtype));
    m_fault.change = [=, name = slot.name](std::uint64_t, const NamedTensors&, cheats::Run& run) {
      flip(run.after.at(name), element, bit);
    };
    return done("bit " + std::to_string(bit) + " of element " + std::to_string(element) +
                " of the state's " + slot.name);
  }

  std::optional<Fault> accumulator_bit() {
    maybe_in_init();
    for (int tries = 0; tries < kTries; ++tries) {
      const std::uint32_t chosen = any_node();
      const numerics::NodeSpec& spec = program().nodes[chosen].spec;
      if (numerics::is_source(spec.op) || numerics::fold_length(spec) == 1) continue;
      return accumulator_fault(m_world, m_fault.in_init, m_fault.first, chosen, m_random);
    }
    return std::nullopt;
  }

  std::optional<Fault> element() {
    maybe_in_init();
    const std::uint32_t chosen = any_node();
    const TensorType type = program().nodes[chosen].spec.output;
    const std::uint64_t place = below(type.shape.elements());
    const std::uint64_t other = below(type.shape.elements());
    const std::uint64_t choice = below(6), word = m_random();
    constexpr const char* kWays[] = {"zeroed",        "another element's",
                                     "the next bits", "the bits before",
                                     "anything",      "a NaN with a payload"};
    m_fault.tamper = [=](std::uint32_t node, Tensor& output) {
      if (node != chosen) return;
      const std::uint64_t own = load_element(type.dtype, output.data(), place);
      const std::uint64_t ways[] = {0,       load_element(type.dtype, output.data(), other),
                                    own + 1, own - 1,
                                    word,    0x7f800001 | (word & 0x807fffff)};
      store_element(type.dtype, output.data(), place, ways[choice]);
    };
    return done("element " + std::to_string(place) + " " + kWays[choice] + " of " +
                node_words(chosen));
  }

  std::optional<Fault> tensor() {
    maybe_in_init();
    const std::uint32_t chosen = any_node();
    const std::uint64_t choice = below(4), noise = m_random();
    constexpr const char* kWays[] = {"zeroed", "moved by an element", "inverted", "noisy"};
    m_fault.tamper = [=](std::uint32_t node, Tensor& output) {
      if (node != chosen) return;
      const std::uint32_t size = size_of(output.dtype());
      std::uint8_t* const bytes = output.data();
      Random own(noise);
      switch (choice) {
        case 0: std::memset(bytes, 0, output.byte_count()); break;
        case 1: std::rotate(bytes, bytes + size, bytes + output.byte_count()); break;
        case 2:
          for (std::size_t at = size - 1; at < output.byte_count(); at += size) bytes[at] ^= 0x80;
          break;
        default:
          for (std::size_t at = 0; at < output.byte_count(); at += size)
            bytes[at] ^= static_cast<std::uint8_t>(own() % 4 == 0);
      }
    };
    return done(std::string(kWays[choice]) + ": " + node_words(chosen));
  }

  // Another node of the same output that the profile allows in its place.
  std::optional<Fault> node() {
    maybe_in_init();
    maybe_lasting();
    for (int tries = 0; tries < kTries; ++tries) {
      const std::uint32_t chosen = any_node();
      const graph::Node& agreed = program().nodes[chosen];
      if (agreed.spec.op == OpCode::kConstant) continue;
      const graph::Node other = varied(agreed, chosen);
      if (other == agreed || !stands(other, agreed)) continue;
      auto changed = std::make_shared<graph::Program>(program());
      changed->nodes[chosen] = other;
      m_fault.program = changed;
      std::string words = node_words(chosen) + " reads";
      for (unsigned k = 0; k < other.spec.operand_count; ++k)
        words += " " + std::to_string(other.inputs[k]);
      return done(words + " as " + numerics::name_of(other.spec.op));
    }
    return std::nullopt;
  }

  [[nodiscard]] bool stands(const graph::Node& other, const graph::Node& agreed) const {
    if (numerics::validate(other.spec) != numerics::SpecVerdict::kValid) return false;
    const std::uint64_t index = other.spec.attributes[0];
    const TensorType& type = agreed.spec.output;
    if (other.spec.op == OpCode::kStateSlot)
      return index < program().slots.size() && program().slots[index].type == type;
    if (other.spec.op == OpCode::kData)
      return index < program().data.size() && program().data[index].type == type;
    return true;
  }

  graph::Node varied(graph::Node node, std::uint32_t index) {
    static constexpr OpCode kUnary[] = {OpCode::kNeg, OpCode::kRelu,    OpCode::kSqrt, OpCode::kExp,
                                        OpCode::kLog, OpCode::kTanh,    OpCode::kErf,  OpCode::kSin,
                                        OpCode::kCos, OpCode::kSigmoid, OpCode::kRsqrt};
    static constexpr OpCode kBinary[] = {OpCode::kAdd, OpCode::kSub, OpCode::kMul,  OpCode::kDiv,
                                         OpCode::kMax, OpCode::kMin, OpCode::kLess, OpCode::kEqual};
    numerics::NodeSpec& spec = node.spec;
    switch (below(4)) {
      case 0:
        if (numerics::is_unary(spec.op)) spec.op = kUnary[below(std::size(kUnary))];
        if (spec.operand_count == 2 && spec.attribute_count == 0)
          spec.op = kBinary[below(std::size(kBinary))];
        if (spec.op == OpCode::kReduceSum) spec.op = OpCode::kReduceMax;
        break;
      case 1:
        if (spec.operand_count < 2) break;
        std::swap(node.inputs[0], node.inputs[1]);
        std::swap(spec.operands[0], spec.operands[1]);
        break;
      case 2: {
        if (spec.operand_count == 0) break;
        const std::uint64_t k = below(spec.operand_count);
        const auto other = static_cast<std::uint32_t>(below(index));
        if (program().nodes[other].spec.output == spec.operands[k]) node.inputs[k] = other;
        break;
      }
      default:
        if (spec.attribute_count == 0) break;
        spec.attributes[below(spec.attribute_count)] += below(2) == 0 ? 1 : ~std::uint64_t{0};
    }
    return node;
  }

  std::optional<Fault> step() {
    switch (below(3)) {
      case 0:
        m_fault.last = std::min(m_fault.first + below(3), m_world.task().header.steps - 1);
        m_fault.change = [](std::uint64_t, const NamedTensors& before, cheats::Run& run) {
          run.after = before;
        };
        return done("left out");
      case 1:
        m_fault.change = [&world = m_world](std::uint64_t t, const NamedTensors&,
                                            cheats::Run& run) {
          const Status again = world.honest().step(t, run.after);
          ASSAY_ENSURES(static_cast<bool>(again));
        };
        return done("done twice");
      default: {
        const std::string name = program().slots[any_slot()].name;
        m_fault.change = [name](std::uint64_t, const NamedTensors& before, cheats::Run& run) {
          run.after.at(name) = before.at(name);
        };
        return done("does not write " + name);
      }
    }
  }

  std::optional<Fault> order() {
    const std::uint64_t steps = m_world.task().header.steps;
    switch (below(4)) {
      case 0: {
        if (m_fault.first + 1 == steps) return std::nullopt;
        m_fault.last = m_fault.first + 1;
        m_fault.other_t = [first = m_fault.first](std::uint64_t t) {
          return t == first ? first + 1 : first;
        };
        return done("exchanged with the next step");
      }
      case 1: {
        maybe_lasting();
        const std::uint64_t by = 1 + below(steps);
        m_fault.other_t = [by](std::uint64_t t) { return t + by; };
        return done("numbered " + std::to_string(by) + " too high");
      }
      case 2:
        maybe_lasting();
        m_fault.seed = m_world.task().header.seed ^ (std::uint64_t{1} << below(64));
        return done("another seed");
      default: return rearranged_batch();
    }
  }

  std::optional<Fault> rearranged_batch() {
    for (int tries = 0; tries < 10 * kTries; ++tries) {
      const std::uint32_t chosen = any_node();
      if (program().nodes[chosen].spec.op != OpCode::kShuffleIndex) continue;
      const std::uint64_t by = m_random();
      m_fault.tamper = [=](std::uint32_t node, Tensor& output) {
        if (node != chosen) return;
        Random own(by);
        const auto rows = output.as<std::uint32_t>();
        std::swap(rows[own() % rows.size()], rows[own() % rows.size()]);
      };
      return done("two of the batch exchanged: " + node_words(chosen));
    }
    return std::nullopt;
  }

  std::optional<Fault> hyperparameter() {
    maybe_in_init();
    if (below(4) != 0) m_fault.last = m_world.task().header.steps - 1;
    for (int tries = 0; tries < kTries; ++tries) {
      const std::uint32_t chosen = any_node();
      const numerics::NodeSpec& agreed = program().nodes[chosen].spec;
      if (agreed.op != OpCode::kConstant) continue;
      auto changed = std::make_shared<graph::Program>(program());
      std::uint64_t& bits = changed->nodes[chosen].spec.attributes[0];
      bits = other_constant(agreed.output.dtype, bits);
      if (bits == agreed.attributes[0] ||
          numerics::validate(changed->nodes[chosen].spec) != numerics::SpecVerdict::kValid)
        continue;
      m_fault.program = changed;
      return done("constant " + std::to_string(bits) + " for " +
                  std::to_string(agreed.attributes[0]) + ": " + node_words(chosen));
    }
    return std::nullopt;
  }

  std::uint64_t other_constant(DType dtype, std::uint64_t bits) {
    const auto scaled = [&](float by) -> std::uint64_t {
      return std::bit_cast<std::uint32_t>(std::bit_cast<float>(static_cast<std::uint32_t>(bits)) *
                                          by);
    };
    const std::uint64_t choice = below(dtype == DType::kF32 ? 7 : 3);
    switch (choice) {
      case 0: return bits + 1;
      case 1: return bits - 1;
      case 2: return bits ^ std::uint64_t{1} << below(8 * size_of(dtype));
      case 3: return scaled(2.0F);
      case 4: return scaled(0.5F);
      case 5: return scaled(-1.0F);
      default: return scaled(1.01F);
    }
  }

  std::optional<Fault> data() {
    if (m_world.task().data.empty()) return std::nullopt;
    maybe_lasting();
    auto changed = std::make_shared<NamedTensors>(m_world.task().data);
    auto& [name, tensor] =
        *std::next(changed->begin(), static_cast<std::ptrdiff_t>(below(changed->size())));
    const std::uint64_t rows = tensor.shape().rank == 0 ? 1 : tensor.shape()[0];
    const std::uint64_t row_bytes = tensor.byte_count() / rows;
    std::uint8_t* const bytes = tensor.data();
    const std::uint64_t a = below(rows), b = below(rows);
    const std::uint64_t choice = below(4);
    constexpr const char* kWays[] = {"a byte", "an example for another", "two examples exchanged",
                                     "all examples moved"};
    switch (choice) {
      case 0: bytes[below(tensor.byte_count())] ^= static_cast<std::uint8_t>(1 + below(255)); break;
      case 1: std::memmove(bytes + a * row_bytes, bytes + b * row_bytes, row_bytes); break;
      case 2:
        std::swap_ranges(bytes + a * row_bytes, bytes + (a + 1) * row_bytes, bytes + b * row_bytes);
        break;
      default: std::rotate(bytes, bytes + row_bytes, bytes + tensor.byte_count());
    }
    m_fault.data = changed;
    return done(std::string(kWays[choice]) + " in " + name);
  }

  World& m_world;
  Random& m_random;
  Fault m_fault;
};

}  // namespace

const char* to_string(Kind kind) noexcept {
  constexpr const char* kNames[kKinds] = {"bit",  "element", "tensor",         "node",
                                          "step", "order",   "hyperparameter", "data"};
  return kNames[static_cast<std::size_t>(kind)];
}

std::uint32_t any_node(const graph::Program& program, Random& random) {
  const std::vector<graph::Node>& nodes = program.nodes;
  if (random() % 2 == 0) return static_cast<std::uint32_t>(random() % nodes.size());
  std::map<OpCode, std::vector<std::uint32_t>> by_operator;
  for (std::uint32_t i = 0; i < nodes.size(); ++i) by_operator[nodes[i].spec.op].push_back(i);
  const auto chosen =
      std::next(by_operator.begin(), static_cast<std::ptrdiff_t>(random() % by_operator.size()));
  return chosen->second[random() % chosen->second.size()];
}

std::optional<Fault> draw_fault(World& world, Kind kind, Random& random) {
  auto fault = Drawing(world, kind, random).draw();
  if (fault) {
    const std::string place =
        fault->in_init ? "init"
        : fault->first < fault->last
            ? "steps " + std::to_string(fault->first) + " to " + std::to_string(fault->last)
            : "step " + std::to_string(fault->first);
    fault->words = std::string(to_string(kind)) + " fault in " + place + ": " + fault->words;
  }
  return fault;
}

}  // namespace assay::faults
