#include "killers/mutation.hpp"

namespace assay::killers {
namespace {

using V = graph::ProgramVerdict;

class Mutating {
 public:
  Mutating(graph::Program& program, std::mt19937_64& random)
      : m_program(program), m_random(random) {}

  Mutation mutate() {
    switch (below(4)) {
      case 0: return slot();
      case 1: return below(3) == 0 ? list() : data();
      default: return node();
    }
  }

 private:
  std::uint64_t below(std::uint64_t n) { return m_random() % n; }
  // Small, near a power of two, or anything.
  std::uint64_t odd() {
    switch (below(3)) {
      case 0: return below(5);
      case 1: return (std::uint64_t{1} << below(64)) + below(3) - 1;
      default: return m_random() >> below(64);
    }
  }
  void change(TensorType& type) {
    switch (below(3)) {
      case 0: type.dtype = static_cast<DType>(below(9)); break;
      case 1: type.shape.rank = static_cast<std::uint8_t>(below(9)); break;
      default:
        type.shape.dims[below(below(4) == 0 ? kMaxRank : type.shape.rank + 1) % kMaxRank] = odd();
    }
  }
  void change(std::string& name) {
    constexpr const char* kNames[] = {"", "a b", "\xc3\xa9", "a", "zzz", "s1000", "-", "nul"};
    if (below(3) == 0)
      name = std::string(62 + below(5), 'n');
    else if (below(2) == 0)
      name += static_cast<char>(below(256));
    else
      name = kNames[below(std::size(kNames))];
  }

  Mutation node() {
    const auto at = static_cast<std::uint32_t>(below(m_program.nodes.size()));
    graph::Node& own = m_program.nodes[at];
    const unsigned operands = own.spec.operand_count;
    switch (below(7)) {
      case 0:
        own.spec.op = below(2) == 0 ? m_program.nodes[below(m_program.nodes.size())].spec.op
                                    : static_cast<numerics::OpCode>(odd());
        return {"operator", at, {V::kInvalidOperator, V::kSourceIndex, V::kSourceType}};
      case 1:
        change(own.spec.output);
        return {"output type",
                at,
                {V::kInvalidOperator, V::kOperandType, V::kSourceType, V::kSlotType,
                 V::kTooMuchMemory, V::kTooManyFolds}};
      case 2:
        own.spec.operand_count = static_cast<std::uint8_t>(below(8));
        return {"operand count", at, {V::kInvalidOperator}};
      case 3:
        own.spec.attribute_count = static_cast<std::uint8_t>(below(10));
        return {"attribute count", at, {V::kInvalidOperator}};
      case 4:
        own.spec.attributes[below(own.spec.attribute_count + 1) % numerics::kMaxAttributes] = odd();
        return {"attribute", at, {V::kInvalidOperator, V::kSourceIndex, V::kSourceType}};
      case 5:
        change(own.spec.operands[below(operands + 1) % numerics::kMaxOperands]);
        return {"operand type", at, {V::kInvalidOperator, V::kOperandType}};
      default:
        own.inputs[below(operands + 1) % numerics::kMaxOperands] =
            below(3) == 0 ? static_cast<std::uint32_t>(odd())
                          : static_cast<std::uint32_t>(below(m_program.nodes.size()));
        return {"input", at, {V::kInputNotEarlier, V::kOperandType, V::kDeadNode}};
    }
  }

  Mutation slot() {
    const auto at = static_cast<std::uint32_t>(below(m_program.slots.size()));
    graph::Slot& own = m_program.slots[at];
    switch (below(3)) {
      case 0: change(own.name); return {"slot name", at, {V::kWrongName, V::kNamesNotAscending}};
      case 1:
        change(own.type);
        return {"slot type", at, {V::kInvalidType, V::kSourceType, V::kSlotType}};
      default:
        own.output = below(3) == 0 ? static_cast<std::uint32_t>(odd())
                                   : static_cast<std::uint32_t>(below(m_program.nodes.size()));
        return {"slot output", at, {V::kSlotOutput, V::kSlotType, V::kDeadNode}};
    }
  }

  Mutation data() {
    const auto at = static_cast<std::uint32_t>(below(m_program.data.size()));
    if (below(2) == 0) {
      change(m_program.data[at].name);
      return {"data name", at, {V::kWrongName, V::kNamesNotAscending}};
    }
    change(m_program.data[at].type);
    return {"data type", at, {V::kInvalidType, V::kSourceType}};
  }

  Mutation list() {
    switch (below(6)) {
      case 0: m_program.nodes.clear(); return {"nodes", 0, {V::kNoNodes}};
      case 1: m_program.slots.clear(); return {"slots", 0, {V::kNoSlots}};
      case 2:
        m_program.labels.resize(below(m_program.nodes.size() + 2), "label");
        return {"labels", 0, {V::kLabelCount}};
      case 3: m_program.slots.push_back(m_program.slots.back()); break;
      case 4:
        m_program.data.resize(graph::kMaxData + 1, m_program.data.back());
        return {"data", 0, {V::kTooManyData}};
      default: m_program.nodes.pop_back(); return {"last node", 0, {V::kSlotOutput, V::kDeadNode}};
    }
    return {"slots", 0, {V::kNamesNotAscending}};
  }

  graph::Program& m_program;
  std::mt19937_64& m_random;
};

}  // namespace

Mutation mutate(graph::Program& program, std::mt19937_64& random) {
  return Mutating(program, random).mutate();
}

}  // namespace assay::killers
