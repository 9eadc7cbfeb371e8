#include "assay/dispute/levels.hpp"

#include <algorithm>
#include <bit>
#include <cstdio>

#include "assay/core/hex.hpp"

namespace assay::dispute {

namespace {

using Lines = std::vector<LevelLine>;

std::string number(std::uint64_t value) { return std::to_string(value); }

std::string node_words(const Position& p, const NodeLabel& label) {
  std::string name = label ? label(p.node_index) : std::string();
  const std::string index = "node " + number(p.node_index);
  if (name.empty())
    return index + " of " + number(p.program.node_count) + ", " + numerics::name_of(p.node.spec.op);
  return name + " (" + index + " of " + number(p.program.node_count) + ", " +
         numerics::name_of(p.node.spec.op) + ")";
}

void explain_steps(const GameTerms& terms, const Position& p, Lines& lines) {
  if (terms.entry == 0) {
    lines.push_back({"interval", "the initial state, made by the init program from seed " +
                                     number(terms.task.seed)});
    return;
  }
  lines.push_back({"interval", "entry " + number(terms.entry) + " of the transcript: steps " +
                                   number(commit::step_of_entry(terms.task, terms.entry - 1)) +
                                   " to " +
                                   number(commit::step_of_entry(terms.task, terms.entry))});
  const std::uint64_t steps = p.step_high - p.step_low;
  lines.push_back({"step", steps == 1 ? "step " + number(p.step_low)
                                      : "agreed after step " + number(p.step_low) +
                                            ", disputed after step " + number(p.step_high) + " (" +
                                            number(steps) + " steps)"});
}

// The node is known once its record was shown, which sets the leaf that is disputed.
bool has_node(const Position& p) { return p.node_leaf != Hash256{}; }
bool has_element(const Position& p) { return p.fold_high != 0; }

bool is_in_state(const Position& p) {
  const Stage stage = p.stage == Stage::kFinished ? p.ended_at : p.stage;
  return stage == Stage::kStateOffer || stage == Stage::kStatePoint || stage == Stage::kStateLeaf;
}

void explain_place(const Position& p, const NodeLabel& label, Lines& lines) {
  if (has_node(p)) {
    lines.push_back({"node", node_words(p, label)});
    if (!has_element(p) && p.range_root != Hash256{})
      lines.push_back({"tensor", range_words(p.range, "chunk")});
  } else if (is_in_state(p)) {
    lines.push_back({"node", "all " + number(p.program.node_count) +
                                 " nodes agreed; the claimed state is not theirs"});
    lines.push_back({"state", range_words(p.range, "slot")});
  } else if (p.program.node_count != 0) {
    lines.push_back({"node", range_words(p.range, "node") + " of " + number(p.program.node_count)});
  }
}

std::string state_words(const Position& p, const numerics::FoldState& state) {
  const numerics::NodeSpec& spec = p.node.spec;
  const bool last = p.fold_high == numerics::fold_length(spec);
  const unsigned words = std::min(numerics::fold_words(spec), numerics::kMaxFoldWords);
  if (last || words <= 2) {
    const std::uint64_t high =
        size_of(spec.output.dtype) == 8 ? std::uint64_t{state.words[1]} << 32 : 0;
    return value_words(spec.output.dtype, high | state.words[0]);
  }
  std::string text;
  for (unsigned i = 0; i < words; ++i) {
    if (i != 0) text += ", ";
    text += value_words(spec.output.dtype, state.words[i]);
  }
  return text;
}

void explain_element(const Position& p, Lines& lines) {
  const numerics::NodeSpec& spec = p.node.spec;
  lines.push_back({"element", coordinates(spec.output.shape, p.element) + " (number " +
                                  number(p.element) + " of " +
                                  number(spec.output.shape.elements()) + ", " +
                                  name_of(spec.output.dtype) + ")"});
  lines.push_back(
      {"fold", p.fold_high - p.fold_low == 1
                   ? "step " + number(p.fold_low) + " of " + number(numerics::fold_length(spec))
                   : "steps " + number(p.fold_low) + " to " + number(p.fold_high) + " of " +
                         number(numerics::fold_length(spec))});
  lines.push_back({"claimed", state_words(p, p.state_high)});
  if (p.ended_at == Stage::kScalar && !p.by_clock && p.outcome != Outcome::kVoid)
    lines.push_back({"computed", state_words(p, p.computed)});
}

}  // namespace

const char* to_string(Role role) noexcept {
  return role == Role::kDefender ? "defender" : "challenger";
}

std::string range_words(const commit::Range& range, const char* what) {
  if (range.count == 1) return std::string(what) + " " + number(range.first);
  return std::string(what) + "s " + number(range.first) + " to " +
         number(range.first + range.count - 1);
}

std::string coordinates(const Shape& shape, std::uint64_t index) {
  std::string text = "]";
  for (unsigned i = shape.rank; i-- > 0;) {
    text = (i == 0 ? "" : ", ") + number(index % shape.dims[i]) + text;
    index /= shape.dims[i];
  }
  return "[" + text;
}

std::string value_words(DType dtype, std::uint64_t bits) {
  char text[64];
  const int digits = static_cast<int>(size_of(dtype) * 2);
  const int used =
      std::snprintf(text, sizeof text, "0x%0*llx (", digits, static_cast<unsigned long long>(bits));
  char* const rest = text + used;
  const std::size_t room = sizeof text - static_cast<std::size_t>(used);
  const auto low = static_cast<std::uint32_t>(bits);
  switch (dtype) {
    case DType::kF32:
      std::snprintf(rest, room, "%.9g)", static_cast<double>(std::bit_cast<float>(low)));
      break;
    case DType::kI32:
      std::snprintf(rest, room, "%d)", static_cast<int>(std::bit_cast<std::int32_t>(low)));
      break;
    case DType::kI64: std::snprintf(rest, room, "%lld)", static_cast<long long>(bits)); break;
    default: std::snprintf(rest, room, "%llu)", static_cast<unsigned long long>(bits)); break;
  }
  return text;
}

std::vector<LevelLine> explain_levels(const GameTerms& terms, const Position& position,
                                      const NodeLabel& label) {
  Lines lines;
  explain_steps(terms, position, lines);
  explain_place(position, label, lines);
  if (has_element(position)) explain_element(position, lines);
  if (position.stage == Stage::kFinished) {
    lines.push_back(
        {"outcome", std::string(to_string(position.outcome)) +
                        (position.by_clock ? ": the clock ran out at the " : ", decided at the ") +
                        to_string(position.ended_at)});
  } else {
    lines.push_back({"next", std::string(to_string(position.stage)) + " by the " +
                                 to_string(on_turn(position))});
  }
  return lines;
}

std::string explain(const GameTerms& terms, const Position& position, const NodeLabel& label) {
  std::string text;
  for (const LevelLine& line : explain_levels(terms, position, label)) {
    text += line.level;
    text.append(line.level.size() < 10 ? 10 - line.level.size() : 1, ' ');
    text += line.words + "\n";
  }
  return text;
}

}  // namespace assay::dispute
