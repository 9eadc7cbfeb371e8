#include "assay/graph/validator.hpp"

#include "assay/numerics/fold.hpp"

namespace assay::graph {

namespace {

using numerics::OpCode;

struct Finding {
  ProgramVerdict verdict = ProgramVerdict::kValid;
  std::string words;
  [[nodiscard]] bool is_valid() const { return verdict == ProgramVerdict::kValid; }
};

const char* words_of(numerics::SpecVerdict verdict) noexcept {
  switch (verdict) {
    case numerics::SpecVerdict::kValid: return "valid";
    case numerics::SpecVerdict::kUnknownOperator: return "unknown operator";
    case numerics::SpecVerdict::kWrongOperandCount: return "wrong number of operands";
    case numerics::SpecVerdict::kWrongAttributeCount: return "wrong number of attributes";
    case numerics::SpecVerdict::kUnknownDType: return "unknown element type";
    case numerics::SpecVerdict::kInvalidShape: return "invalid shape";
    case numerics::SpecVerdict::kWrongDType: return "element types that it does not take";
    case numerics::SpecVerdict::kWrongShape: return "shapes that do not fit together";
    case numerics::SpecVerdict::kWrongAttribute: return "an attribute out of range";
    case numerics::SpecVerdict::kFoldTooLong: return "an element of too many fold steps";
  }
  return "?";
}

Finding check_counts(const Program& p) {
  using V = ProgramVerdict;
  if (p.nodes.size() > kMaxNodes) return {V::kTooManyNodes, std::to_string(p.nodes.size())};
  if (p.slots.size() > kMaxSlots) return {V::kTooManySlots, std::to_string(p.slots.size())};
  if (p.data.size() > kMaxData) return {V::kTooManyData, std::to_string(p.data.size())};
  if (p.nodes.empty()) return {V::kNoNodes, ""};
  if (p.slots.empty()) return {V::kNoSlots, ""};
  return {};
}

template <class Item>
Finding check_names(const std::vector<Item>& items, const char* kind) {
  const std::string before = std::string(kind) + " ";
  for (const Item& item : items) {
    if (!is_name(as_bytes(item.name))) return {ProgramVerdict::kWrongName, before + item.name};
  }
  for (std::size_t i = 1; i < items.size(); ++i) {
    if (!(items[i - 1].name < items[i].name)) {
      return {ProgramVerdict::kNamesNotAscending, before + items[i].name};
    }
  }
  for (const Item& item : items) {
    if (!is_known(item.type.dtype) || !is_valid(item.type.shape)) {
      return {ProgramVerdict::kInvalidType, before + item.name};
    }
  }
  return {};
}

Finding check_source(const Program& p, const numerics::NodeSpec& spec, bool is_init) {
  const std::uint64_t index = spec.attributes[0];
  if (spec.op == OpCode::kStateSlot) {
    if (is_init) return {ProgramVerdict::kStateInInit, ""};
    if (index >= p.slots.size()) return {ProgramVerdict::kSourceIndex, ""};
    if (p.slots[index].type != spec.output) {
      return {ProgramVerdict::kSourceType,
              "slot " + p.slots[index].name + " is " + to_text(p.slots[index].type)};
    }
  }
  if (spec.op == OpCode::kData) {
    if (index >= p.data.size()) return {ProgramVerdict::kSourceIndex, ""};
    if (p.data[index].type != spec.output) {
      return {ProgramVerdict::kSourceType,
              "data " + p.data[index].name + " is " + to_text(p.data[index].type)};
    }
  }
  return {};
}

Finding check_node(const Program& p, std::uint32_t i, bool is_init) {
  const Node& node = p.nodes[i];
  const numerics::SpecVerdict spec = numerics::validate(node.spec);
  if (spec != numerics::SpecVerdict::kValid) {
    return {ProgramVerdict::kInvalidOperator, words_of(spec)};
  }
  for (unsigned k = 0; k < node.spec.operand_count; ++k) {
    if (node.inputs[k] >= i) {
      return {ProgramVerdict::kInputNotEarlier, "operand " + std::to_string(k)};
    }
  }
  for (unsigned k = 0; k < node.spec.operand_count; ++k) {
    const TensorType& actual = p.nodes[node.inputs[k]].spec.output;
    if (actual != node.spec.operands[k]) {
      return {ProgramVerdict::kOperandType, "operand " + std::to_string(k) + " is " +
                                                to_text(actual) + ", not " +
                                                to_text(node.spec.operands[k])};
    }
  }
  return check_source(p, node.spec, is_init);
}

// The one encoding of a node has zeros where it has no operand or attribute; so must the node.
Node canonical_form(const Node& node) {
  Node same;
  same.spec.op = node.spec.op;
  same.spec.output = node.spec.output;
  same.spec.attribute_count = node.spec.attribute_count;
  same.spec.operand_count = node.spec.operand_count;
  for (unsigned k = 0; k < node.spec.attribute_count; ++k) {
    same.spec.attributes[k] = node.spec.attributes[k];
  }
  for (unsigned k = 0; k < node.spec.operand_count; ++k) {
    same.spec.operands[k] = node.spec.operands[k];
    same.inputs[k] = node.inputs[k];
  }
  return same;
}

Finding check_slots(const Program& p) {
  for (const Slot& slot : p.slots) {
    if (slot.output >= p.nodes.size()) return {ProgramVerdict::kSlotOutput, "slot " + slot.name};
  }
  for (const Slot& slot : p.slots) {
    if (p.nodes[slot.output].spec.output != slot.type) {
      return {ProgramVerdict::kSlotType, "slot " + slot.name + " is " + to_text(slot.type) +
                                             ", but " + describe_node(p, slot.output)};
    }
  }
  return {};
}

Finding check_dead(const Program& p) {
  std::vector<bool> live(p.nodes.size());
  for (const Slot& slot : p.slots) live[slot.output] = true;
  for (std::size_t i = p.nodes.size(); i-- > 0;) {
    if (!live[i]) {
      return {ProgramVerdict::kDeadNode, describe_node(p, static_cast<std::uint32_t>(i))};
    }
    for (unsigned k = 0; k < p.nodes[i].spec.operand_count; ++k) live[p.nodes[i].inputs[k]] = true;
  }
  return {};
}

Finding check_sums(const Program& p) {
  std::uint64_t bytes = 0;
  for (std::uint32_t i = 0; i < p.nodes.size(); ++i) {
    // Neither overflows: each term is below 2^43 and there are at most 2^16.
    bytes += p.nodes[i].spec.output.byte_count();
    if (bytes > kMaxStepBytes) return {ProgramVerdict::kTooMuchMemory, describe_node(p, i)};
  }
  std::uint64_t folds = 0;
  for (std::uint32_t i = 0; i < p.nodes.size(); ++i) {
    // At most 2^40 elements of 2^17 steps each: 2^57, and the sum stops at 2^56.
    folds += p.nodes[i].spec.output.shape.elements() * numerics::fold_length(p.nodes[i].spec);
    if (folds > kMaxStepFolds) return {ProgramVerdict::kTooManyFolds, describe_node(p, i)};
  }
  return {};
}

Finding check(const Program& p, bool is_init) {
  if (Finding f = check_counts(p); !f.is_valid()) return f;
  if (Finding f = check_names(p.slots, "slot"); !f.is_valid()) return f;
  if (Finding f = check_names(p.data, "data"); !f.is_valid()) return f;
  if (!p.labels.empty() && p.labels.size() != p.nodes.size()) {
    return {ProgramVerdict::kLabelCount, ""};
  }
  for (std::uint32_t i = 0; i < p.nodes.size(); ++i) {
    Finding f = check_node(p, i, is_init);
    if (!f.is_valid()) {
      f.words = describe_node(p, i) + (f.words.empty() ? "" : ": " + f.words);
      return f;
    }
  }
  if (Finding f = check_slots(p); !f.is_valid()) return f;
  if (Finding f = check_dead(p); !f.is_valid()) return f;
  return check_sums(p);
}

Finding check_against(const Program& step, const Program& init) {
  if (step.slots.size() != init.slots.size()) {
    return {ProgramVerdict::kSlotsDiffer,
            std::to_string(step.slots.size()) + " slots, not " + std::to_string(init.slots.size())};
  }
  for (std::size_t i = 0; i < step.slots.size(); ++i) {
    if (step.slots[i].name != init.slots[i].name || step.slots[i].type != init.slots[i].type) {
      return {ProgramVerdict::kSlotsDiffer, "slot " + step.slots[i].name};
    }
  }
  if (!init.data.empty() && init.data != step.data) return {ProgramVerdict::kDataDiffer, ""};
  return {};
}

Validation conclude(Program program, const Finding& finding) {
  if (finding.is_valid()) {
    for (Node& node : program.nodes) node = canonical_form(node);
    return Validation::accept(std::move(program));
  }
  std::string words = to_string(finding.verdict);
  if (!finding.words.empty()) words += ": " + finding.words;
  return {finding.verdict, std::move(words), std::nullopt};
}

}  // namespace

const char* to_string(ProgramVerdict verdict) noexcept {
  switch (verdict) {
    case ProgramVerdict::kValid: return "valid";
    case ProgramVerdict::kTooManyNodes: return "too many nodes";
    case ProgramVerdict::kTooManySlots: return "too many slots";
    case ProgramVerdict::kTooManyData: return "too many data declarations";
    case ProgramVerdict::kNoNodes: return "no nodes";
    case ProgramVerdict::kNoSlots: return "no slots";
    case ProgramVerdict::kWrongName: return "not a name";
    case ProgramVerdict::kNamesNotAscending: return "names not ascending";
    case ProgramVerdict::kInvalidType: return "invalid type";
    case ProgramVerdict::kLabelCount: return "not one label a node";
    case ProgramVerdict::kInvalidOperator: return "invalid operator";
    case ProgramVerdict::kInputNotEarlier: return "an input that is not an earlier node";
    case ProgramVerdict::kOperandType: return "operand of another type";
    case ProgramVerdict::kStateInInit: return "an init program that reads the state";
    case ProgramVerdict::kSourceIndex: return "a source that is not declared";
    case ProgramVerdict::kSourceType: return "source of another type";
    case ProgramVerdict::kSlotOutput: return "a slot bound to no node";
    case ProgramVerdict::kSlotType: return "a slot bound to a node of another type";
    case ProgramVerdict::kDeadNode: return "a node that nothing reads";
    case ProgramVerdict::kTooMuchMemory: return "too much memory in a step";
    case ProgramVerdict::kTooManyFolds: return "too many fold steps in a step";
    case ProgramVerdict::kSlotsDiffer: return "slots that differ from the init program's";
    case ProgramVerdict::kDataDiffer: return "data that differs from the init program's";
  }
  return "?";
}

Result<ValidProgram> Validation::result() && {
  if (program) return *std::move(program);
  return {ErrorCode::kInvalidArgument, "the program is refused: " + words};
}

Validation validate_init(Program program) {
  const Finding finding = check(program, true);
  return conclude(std::move(program), finding);
}

Validation validate_step(Program program, const ValidProgram& init) {
  Finding finding = check(program, false);
  if (finding.is_valid()) finding = check_against(program, init.program());
  return conclude(std::move(program), finding);
}

Validation validate_alone(Program program) {
  const Finding finding = check(program, false);
  return conclude(std::move(program), finding);
}

}  // namespace assay::graph
