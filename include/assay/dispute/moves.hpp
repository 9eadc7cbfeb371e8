// A move's body: kind u8 (the number of the stage that it answers) and the payload of that kind
// (docs/spec/dispute.md has the table). Freestanding.
#pragma once

#include <span>

#include "assay/commit/path_record.hpp"
#include "assay/dispute/game.hpp"

namespace assay::dispute {

template <class Sink>
using BodyWriter = codec::BasicWriter<Sink>;

namespace detail {
template <class Sink>
void write_kind(BodyWriter<Sink>& w, Stage kind) {
  w.u8(static_cast<std::uint8_t>(kind));
}
template <class Sink>
void write_hashes(BodyWriter<Sink>& w, std::span<const Hash256> hashes) {
  w.u8(static_cast<std::uint8_t>(hashes.size()));
  for (const Hash256& hash : hashes) w.hash(hash);
}
}  // namespace detail

// Defender: state roots at chain_spacing(position).at(1 .. segments - 1).
template <class Sink>
void write_chain_offer(BodyWriter<Sink>& w, std::span<const Hash256> roots) {
  detail::write_kind(w, Stage::kChainOffer);
  detail::write_hashes(w, roots);
}
// Challenger: `kind` is kChainPoint (the first segment whose end it disputes), kStatePoint or
// kTensorPoint (the first subtree it disputes), or kFoldPoint (as kChainPoint).
template <class Sink>
void write_point(BodyWriter<Sink>& w, Stage kind, unsigned index) {
  detail::write_kind(w, kind);
  w.u8(static_cast<std::uint8_t>(index));
}
// Defender: roots of children_of(range); `program` with the first offer of the level only.
template <class Sink>
void write_trace_offer(BodyWriter<Sink>& w, const commit::ProgramHeader* program,
                       std::span<const Hash256> roots) {
  detail::write_kind(w, Stage::kTraceOffer);
  w.flag(program != nullptr);
  if (program != nullptr) commit::write_program_header(w, *program);
  detail::write_hashes(w, roots);
}
// Challenger: a subtree of several nodes, or (index = count of the first offer's children) "all
// nodes agreed, but the claimed state is not theirs".
template <class Sink>
void write_trace_point(BodyWriter<Sink>& w, unsigned index) {
  detail::write_kind(w, Stage::kTracePoint);
  w.u8(static_cast<std::uint8_t>(index));
  w.flag(false);
}
// Challenger: a single node, with its record and the record's path under the program's node list.
template <class Sink>
void write_trace_leaf(BodyWriter<Sink>& w, unsigned index, ByteView record,
                      const commit::Path& path) {
  detail::write_kind(w, Stage::kTracePoint);
  w.u8(static_cast<std::uint8_t>(index));
  w.flag(true);
  w.bytes(record);
  commit::write_path(w, path);
}
// Defender: roots of children_of(range); `kind` is kStateOffer or kTensorOffer.
template <class Sink>
void write_tree_offer(BodyWriter<Sink>& w, Stage kind, std::span<const Hash256> roots) {
  detail::write_kind(w, kind);
  detail::write_hashes(w, roots);
}
// Anyone: the disputed slot's record under the program's slot list, and the output root of the node
// that it is bound to under the trace.
template <class Sink>
void write_state_leaf(BodyWriter<Sink>& w, ByteView record, const commit::Path& record_path,
                      const Hash256& output_root, const commit::Path& output_path) {
  detail::write_kind(w, Stage::kStateLeaf);
  w.bytes(record);
  commit::write_path(w, record_path);
  w.hash(output_root);
  commit::write_path(w, output_path);
}
// Anyone: the named leaf that a source node reads, under the state before the step or the data set.
template <class Sink>
void write_source(BodyWriter<Sink>& w, const commit::NamedLeaf& leaf, const commit::Path& path) {
  detail::write_kind(w, Stage::kSource);
  commit::write_named_leaf(w, leaf);
  commit::write_path(w, path);
}
// Defender: the chunk's bytes.
template <class Sink>
void write_chunk_reveal(BodyWriter<Sink>& w, ByteView chunk) {
  detail::write_kind(w, Stage::kChunkReveal);
  w.bytes(chunk);
}
// Challenger: an element of the revealed chunk, counted from the chunk's first.
template <class Sink>
void write_element_point(BodyWriter<Sink>& w, unsigned index) {
  detail::write_kind(w, Stage::kElementPoint);
  w.u16(static_cast<std::uint16_t>(index));
}
// Defender: the states at fold_spacing(position).at(1 .. segments - 1), the first `words` words of
// each.
template <class Sink>
void write_fold_offer(BodyWriter<Sink>& w, std::span<const numerics::FoldState> states,
                      unsigned words) {
  detail::write_kind(w, Stage::kFoldOffer);
  w.u8(static_cast<std::uint8_t>(states.size() * words));
  for (const numerics::FoldState& state : states)
    for (unsigned i = 0; i < words; ++i) w.u32(state.words[i]);
}
// Anyone: the operands of the step (referee/opening.hpp), to the end of the body.
template <class Sink>
void write_scalar(BodyWriter<Sink>& w, ByteView opening) {
  detail::write_kind(w, Stage::kScalar);
  w.raw(opening);
}

// A body taken apart; views into its bytes. Fields that the kind does not have are empty.
struct Move {
  Stage kind = Stage::kFinished;
  std::uint32_t index = 0;  // points
  std::uint32_t count = 0;  // offered hashes or words
  ByteView offered;         // their bytes
  bool has_program = false;
  commit::ProgramHeader program;
  bool has_record = false;
  ByteView record;    // a node's or slot's; the chunk; the scalar opening
  commit::Path path;  // the record's or the source's
  commit::NamedLeaf source;
  Hash256 output_root;
  commit::Path output_path;
};
// False if the bytes are no move: an unknown kind, a field over its limit, bytes left over.
[[nodiscard]] bool read_move(ByteView body, Move& move);

}  // namespace assay::dispute
