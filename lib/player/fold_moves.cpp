// Moves inside one element: its fold, and the opening that the referee judges.
#include "assay/codec/buffer.hpp"
#include "assay/dispute/moves.hpp"
#include "assay/numerics/arithmetic_hardware.hpp"
#include "assay/numerics/fold.hpp"
#include "assay/numerics/kernels.hpp"
#include "assay/numerics/memory_access.hpp"
#include "assay/referee/opening.hpp"
#include "internal/knowledge.hpp"

namespace assay::player {
namespace {

using codec::encode;
using codec::Writer;
using dispute::Position;
using dispute::Stage;
using numerics::FoldState;
using Arithmetic = numerics::HardwareArithmetic;

Result<numerics::MemoryAccess> operands_of(Knowledge& own, const Position& position) {
  numerics::MemoryAccess access;
  access.spec = &position.node.spec;
  for (unsigned k = 0; k < position.node.spec.operand_count; ++k) {
    ASSAY_TRY(const auto* operand, own.output(position.step_low, position.node.inputs[k]));
    if (operand->size() != position.node.spec.operands[k].byte_count()) {
      return {ErrorCode::kInvalidArgument,
              "the position's node is not one of this task's programs"};
    }
    access.operands[k] = operand->data();
  }
  return access;
}

// Our own fold of the disputed element, at the inner ends of the offered segments.
Result<std::vector<FoldState>> fold_states(Knowledge& own, const Position& position) {
  ASSAY_TRY(auto access, operands_of(own, position));
  const numerics::NodeSpec& spec = position.node.spec;
  const dispute::Spacing steps = dispute::fold_spacing(position);
  const numerics::FloatingPointMode mode;
  std::vector<FoldState> states;
  FoldState state = numerics::fold_init(spec, position.element);
  std::uint32_t at = 0;
  for (std::uint32_t k = 1; k < steps.segments; ++k) {
    for (; at < steps.at(k); ++at) {
      numerics::fold_step<Arithmetic>(spec, position.element, at, access, state);
    }
    states.push_back(state);
  }
  return states;
}

}  // namespace

MoveResult fold_offer(Knowledge& own, const Position& position) {
  ASSAY_TRY(const auto states, fold_states(own, position));
  const unsigned words = numerics::fold_words(position.node.spec);
  return {encode([&](Writer& w) { dispute::write_fold_offer(w, states, words); })};
}

MoveResult fold_point(Knowledge& own, const Position& position) {
  ASSAY_TRY(const auto states, fold_states(own, position));
  const unsigned words = numerics::fold_words(position.node.spec);
  // If every inner state agrees, the last segment must be the wrong one: its start is agreed and
  // its end is the element that was disputed.
  std::uint32_t k = 0;
  for (; k < states.size(); ++k) {
    const std::uint8_t* offered = position.offered.data() + std::size_t{k} * words * 4;
    if (std::memcmp(states[k].words.data(), offered, std::size_t{words} * 4) != 0) break;
  }
  return {encode([&](Writer& w) { dispute::write_point(w, Stage::kFoldPoint, k); })};
}

MoveResult scalar(Knowledge& own, const Position& position) {
  ASSAY_TRY(auto access, operands_of(own, position));
  // A challenger that was not shown the walk through the trace cannot open under the claimed root;
  // the opening is the defender's duty anyway.
  ASSAY_TRY(const bool known, own.knows_claimed_trace(position));
  if (!known) return std::optional<Bytes>{};
  const numerics::NodeSpec& spec = position.node.spec;
  referee::RecordingAccess recording(access);
  FoldState state = position.state_low;
  {
    const numerics::FloatingPointMode mode;
    numerics::fold_step<Arithmetic>(spec, position.element, position.fold_low, recording, state);
  }
  codec::BytesSink sink;
  Writer writer(sink);
  std::vector<std::pair<std::uint32_t, std::uint64_t>> opened;  // node and chunk
  for (const referee::Read& read : recording.reads()) {
    const std::uint32_t node = position.node.inputs[read.operand];
    const std::uint64_t chunk =
        referee::place_of(spec.operands[read.operand].dtype, read.index).chunk;
    const std::pair<std::uint32_t, std::uint64_t> key{node, chunk};
    if (std::find(opened.begin(), opened.end(), key) != opened.end()) {
      referee::write_repeated_operand(writer);
      continue;
    }
    opened.push_back(key);
    ASSAY_TRY(const auto* output, own.output(position.step_low, node));
    ASSAY_TRY(const auto* tree, own.output_tree(position.step_low, node));
    const commit::Path in_tensor = tree->path(chunk);
    ASSAY_TRY(const commit::Path in_trace, own.claimed_trace_path(position, node));
    referee::write_operand(writer, commit::chunk_of(*output, chunk), in_tensor, in_trace);
  }
  const Bytes opening = sink.take();
  return {encode([&](Writer& w) { dispute::write_scalar(w, opening); })};
}

}  // namespace assay::player
