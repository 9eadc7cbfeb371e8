// The one encoding of terms and positions, which a position's hash covers. Freestanding.
#pragma once

#include "assay/dispute/game.hpp"

namespace assay::dispute::internal {

// chain, game, task id, defender, challenger 32 each; task header; entry u64; start and end root.
inline constexpr std::size_t kTermsBytes = 32 * 5 + commit::kTaskHeaderBytes + 8 + 32 * 2;
inline constexpr std::size_t kPositionBytesMax = 2560;

template <class Sink>
void write_terms(codec::BasicWriter<Sink>& w, const GameTerms& terms) {
  w.hash(terms.chain.value);
  w.hash(terms.game.value);
  w.hash(terms.task_id.value);
  w.hash(terms.defender.value);
  w.hash(terms.challenger.value);
  commit::write_task_header(w, terms.task);
  w.u64(terms.entry);
  w.hash(terms.start_root);
  w.hash(terms.end_root);
}

[[nodiscard]] inline GameTerms read_terms(codec::Reader& r) {
  GameTerms terms;
  terms.chain = ChainId(r.hash());
  terms.game = GameId(r.hash());
  terms.task_id = TaskId(r.hash());
  terms.defender = AccountId(r.hash());
  terms.challenger = AccountId(r.hash());
  terms.task = commit::read_task_header(r);
  terms.entry = r.u64();
  terms.start_root = r.hash();
  terms.end_root = r.hash();
  return terms;
}

template <class Sink>
void write_fold_state(codec::BasicWriter<Sink>& w, const numerics::FoldState& state) {
  for (const std::uint32_t word : state.words) w.u32(word);
}

template <class Sink>
void write_position(codec::BasicWriter<Sink>& w, const Position& p) {
  w.u8(static_cast<std::uint8_t>(p.stage));
  w.u8(static_cast<std::uint8_t>(p.outcome));
  w.u8(static_cast<std::uint8_t>(p.ended_at));
  w.flag(p.by_clock);
  w.u32(p.turn);
  w.u64(p.step_low);
  w.u64(p.step_high);
  w.hash(p.root_low);
  w.hash(p.root_high);
  commit::write_program_header(w, p.program);
  w.hash(p.trace_root);
  w.u64(p.range.first);
  w.u64(p.range.count);
  w.hash(p.range_root);
  graph::write_node(w, p.node);
  w.u32(p.node_index);
  w.hash(p.node_leaf);
  w.u64(p.element);
  w.u32(p.fold_low);
  w.u32(p.fold_high);
  write_fold_state(w, p.state_low);
  write_fold_state(w, p.state_high);
  write_fold_state(w, p.computed);
  w.bytes(ByteView{p.offered.data(), p.offered_bytes});
}

}  // namespace assay::dispute::internal
