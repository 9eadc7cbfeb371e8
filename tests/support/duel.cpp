#include "support/duel.hpp"

#include "assay/codec/buffer.hpp"
#include "assay/crypto/sha256.hpp"
#include "assay/dispute/moves.hpp"

namespace assay::duel {

using dispute::Position;
using dispute::Role;
using dispute::Stage;

Duel play(const dispute::GameTerms& terms, const Mover& defender, const Mover& challenger,
          bool challenger_first) {
  Duel duel;
  duel.position = dispute::start(terms);
  while (duel.position.stage != Stage::kFinished) {
    Role role = dispute::on_turn(duel.position);
    if (challenger_first && dispute::may_move(duel.position, Role::kChallenger))
      role = Role::kChallenger;
    const Mover& mover = role == Role::kDefender ? defender : challenger;
    auto move = mover(duel.position);
    if (move && !*move && challenger_first && role == Role::kChallenger) {
      role = Role::kDefender;
      move = defender(duel.position);
    }
    const std::string where = std::string(dispute::to_string(duel.position.stage)) + ": ";
    if (!move) {
      duel.error = where + move.error().message;
      return duel;
    }
    if (!*move) {
      duel.error = where + "no move";
      return duel;
    }
    const auto verdict =
        dispute::apply(crypto::sha256_function(), terms, duel.position, role, **move);
    if (verdict != dispute::MoveVerdict::kAccepted) {
      duel.error = where + dispute::to_string(verdict);
      return duel;
    }
    const int side = role == Role::kDefender ? 0 : 1;
    ++duel.moves[side];
    duel.bytes[side] += (*move)->size();
  }
  return duel;
}

Mover random_pointer(const training::Task& task, const dispute::GameTerms& terms,
                     std::uint64_t seed) {
  auto random = std::make_shared<std::mt19937_64>(seed);
  return [&task, &terms, random](const Position& p) -> Result<std::optional<Bytes>> {
    const auto below = [&](std::uint64_t n) { return static_cast<unsigned>((*random)() % n); };
    const auto point = [](Stage stage, unsigned index) {
      return std::optional<Bytes>(
          codec::encode([&](codec::Writer& w) { dispute::write_point(w, stage, index); }));
    };
    switch (p.stage) {
      case Stage::kChainPoint: return point(p.stage, below(dispute::chain_spacing(p).segments));
      case Stage::kFoldPoint: return point(p.stage, below(dispute::fold_spacing(p).segments));
      case Stage::kStatePoint:
      case Stage::kTensorPoint: return point(p.stage, below(commit::children_of(p.range).count));
      case Stage::kElementPoint: {
        const unsigned index = below(p.offered_bytes / size_of(p.node.spec.output.dtype));
        return std::optional<Bytes>(
            codec::encode([&](codec::Writer& w) { dispute::write_element_point(w, index); }));
      }
      case Stage::kTracePoint: {
        const commit::Children children = commit::children_of(p.range);
        const bool whole = p.range.count == p.program.node_count;
        const unsigned index = below(children.count + (whole ? 1 : 0));
        if (index == children.count || children.ranges[index].count > 1) {
          return std::optional<Bytes>(
              codec::encode([&](codec::Writer& w) { dispute::write_trace_point(w, index); }));
        }
        return point_at_node(task, terms, p,
                             static_cast<std::uint32_t>(children.ranges[index].first));
      }
      default: return std::optional<Bytes>{};
    }
  };
}

std::optional<Bytes> point_at_node(const training::Task& task, const dispute::GameTerms& terms,
                                   const Position& position, std::uint32_t node) {
  const commit::Children children = commit::children_of(position.range);
  unsigned index = 0;
  while (node - children.ranges[index].first >= children.ranges[index].count) ++index;
  if (children.ranges[index].count > 1) {
    return codec::encode([&](codec::Writer& w) { dispute::write_trace_point(w, index); });
  }
  const graph::ValidProgram& program = task.program_of(terms.entry);
  const Bytes record = graph::node_record(program.program(), node);
  const commit::Path path = program.trees().nodes.path(node);
  return codec::encode(
      [&](codec::Writer& w) { dispute::write_trace_leaf(w, index, record, path); });
}

}  // namespace assay::duel
