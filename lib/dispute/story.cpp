#include "assay/dispute/story.hpp"

#include "assay/crypto/sha256.hpp"
#include "assay/dispute/moves.hpp"
#include "assay/dispute/signed_move.hpp"

namespace assay::dispute {

namespace {

std::string number(std::uint64_t value) { return std::to_string(value); }

// Between two ends: "steps 0 to 18", or the one that leads from the first to the second.
std::string steps_between(const char* what, std::uint64_t low, std::uint64_t high) {
  return high - low == 1 ? std::string(what) + " " + number(low)
                         : std::string(what) + "s " + number(low) + " to " + number(high);
}

std::string node_words(const Position& p, const NodeLabel& label) {
  const std::string name = label ? label(p.node_index) : std::string();
  return "node " + number(p.node_index) + " (" + (name.empty() ? "" : name + ", ") +
         numerics::name_of(p.node.spec.op) + ")";
}

std::string element_words(const Position& p) {
  return "element " + coordinates(p.node.spec.output.shape, p.element);
}

const char* tree_part(Stage stage) {
  const bool in_state = stage == Stage::kStateOffer || stage == Stage::kStatePoint;
  return in_state ? "slot" : "chunk";
}

// Of one accepted move, from the positions around it.
class Teller {
 public:
  Teller(const GameTerms& terms, const NodeLabel& label, Story& story)
      : m_terms(terms), m_label(label), m_story(story) {}

  [[nodiscard]] std::string words(const Position& before, const Move& move, const Position& after) {
    switch (before.stage) {
      case Stage::kChainOffer:
        return "reveals " + number(move.count) +
               (move.count == 1 ? " state root" : " state roots") + " between step " +
               number(before.step_low) + " and step " + number(before.step_high);
      case Stage::kChainPoint: return chain_point(before, move, after);
      case Stage::kTraceOffer: return trace_offer(before, move, after);
      case Stage::kTracePoint: return trace_point(before, move, after);
      case Stage::kStateOffer:
      case Stage::kTensorOffer:
        return "reveals the roots of " + number(move.count) + " parts of " +
               range_words(before.range, tree_part(before.stage));
      case Stage::kStatePoint:
      case Stage::kTensorPoint: return tree_point(before, move, after);
      case Stage::kStateLeaf: return "opens the slot and the node that it is bound to";
      case Stage::kSource: return "opens what the node reads";
      case Stage::kChunkReveal:
        return "reveals chunk " + number(before.range.first) + ", " + number(move.record.size()) +
               " bytes";
      case Stage::kElementPoint: return element_point(before, after);
      case Stage::kFoldOffer:
        return "reveals the fold between step " + number(before.fold_low) + " and step " +
               number(before.fold_high) + ", " + number(move.count) + " words";
      case Stage::kFoldPoint: return fold_point(before, move, after);
      case Stage::kScalar:
        return "opens the operands of fold step " + number(before.fold_low) + ", " +
               number(move.record.size()) + " bytes; the referee computes it";
      case Stage::kFinished: break;
    }
    return "";
  }

 private:
  void narrow(std::string whole, std::uint64_t parts, std::uint64_t chosen, std::string part) {
    m_story.narrowings.push_back({std::move(whole), parts, chosen, std::move(part)});
  }

  std::string chain_point(const Position& before, const Move& move, const Position& after) {
    const std::string part = steps_between("step", after.step_low, after.step_high);
    narrow(steps_between("step", before.step_low, before.step_high), chain_spacing(before).segments,
           move.index, part);
    return "disputes " + part;
  }

  std::string trace_offer(const Position& before, const Move& move, const Position& after) const {
    const std::string roots = "the roots of " + number(move.count) + " parts of ";
    if (!move.has_program) return "reveals " + roots + range_words(before.range, "node");
    return "shows the program, " + number(after.program.node_count) + " nodes, and " + roots +
           "the trace of " +
           (m_terms.entry == 0 ? "the initial state" : "step " + number(before.step_low));
  }

  std::string trace_point(const Position& before, const Move& move, const Position& after) {
    const commit::Children children = commit::children_of(before.range);
    const std::string whole = range_words(before.range, "node") + " of the trace";
    if (move.index == children.count) {
      narrow(whole, 1, 0, "the state after them");
      return "agrees with every node, and disputes the claimed state";
    }
    const std::string part = move.has_record && after.node_leaf != Hash256{}
                                 ? node_words(after, m_label)
                                 : range_words(children.ranges[move.index], "node");
    narrow(whole, children.count, move.index, part);
    return "disputes " + part;
  }

  std::string tree_point(const Position& before, const Move& move, const Position& after) {
    const char* const what = tree_part(before.stage);
    const std::string part = range_words(after.range, what);
    narrow(range_words(before.range, what), commit::children_of(before.range).count, move.index,
           part);
    return "disputes " + part;
  }

  std::string element_point(const Position& before, const Position& after) {
    const std::uint64_t size = size_of(before.node.spec.output.dtype);
    const std::uint64_t first = before.range.first * (commit::kChunkBytes / size);
    narrow(range_words({first, before.offered_bytes / size}, "element") + " in chunk " +
               number(before.range.first),
           before.offered_bytes / size, after.element - first, element_words(after));
    return "disputes " + element_words(after);
  }

  std::string fold_point(const Position& before, const Move& move, const Position& after) {
    const std::string part = steps_between("fold step", after.fold_low, after.fold_high);
    narrow(steps_between("fold step", before.fold_low, before.fold_high),
           fold_spacing(before).segments, move.index, part);
    return "disputes " + part;
  }

  const GameTerms& m_terms;
  const NodeLabel& m_label;
  Story& m_story;
};

}  // namespace

Result<Story> tell(const GameTerms& terms, ByteView moves, std::uint32_t count,
                   const NodeLabel& label) {
  Story story;
  const std::uint64_t entries = commit::transcript_entries(terms.task);
  story.narrowings.push_back(
      {"transcript of " + number(terms.task.steps) + " steps", entries, terms.entry,
       terms.entry == 0 ? "entry 0: the initial state"
                        : "entry " + number(terms.entry) + ": steps " +
                              number(commit::step_of_entry(terms.task, terms.entry - 1)) + " to " +
                              number(commit::step_of_entry(terms.task, terms.entry))});
  story.end = start(terms);
  Teller teller(terms, label, story);
  codec::Reader reader(moves);
  for (std::uint32_t turn = 0; turn < count; ++turn) {
    const SignedMove signed_move = read_signed_move(reader);
    Move move;
    if (!reader.ok() || !read_move(signed_move.body, move))
      return {ErrorCode::kMalformed, "move " + number(turn) + " is none"};
    const Position before = story.end;
    const MoveVerdict verdict =
        apply(crypto::sha256_function(), terms, story.end, signed_move.mover(), signed_move.body);
    if (verdict != MoveVerdict::kAccepted)
      return {ErrorCode::kInvalidArgument,
              "move " + number(turn) + " does not stand: " + to_string(verdict)};
    story.chapters.push_back({turn, signed_move.role, signed_move.by, before.stage,
                              signed_move.body.size(), teller.words(before, move, story.end)});
  }
  return story;
}

}  // namespace assay::dispute
