#include "assay/dispute/moves.hpp"

namespace assay::dispute {

namespace {

void read_hashes(codec::Reader& r, Move& move) {
  move.count = r.u8();
  if (move.count > commit::kMaxChildren) r.fail();
  move.offered = r.take(move.count * std::size_t{32});
}

void read_record(codec::Reader& r, Move& move) {
  move.has_record = true;
  move.record = r.bytes(graph::kMaxNodeRecordBytes);
  move.path = commit::read_path(r);
}

}  // namespace

bool read_move(ByteView body, Move& move) {
  codec::Reader r(body);
  move = Move{};
  move.kind = static_cast<Stage>(r.u8());
  switch (move.kind) {
    case Stage::kChainOffer:
    case Stage::kStateOffer:
    case Stage::kTensorOffer: read_hashes(r, move); break;
    case Stage::kChainPoint:
    case Stage::kStatePoint:
    case Stage::kTensorPoint:
    case Stage::kFoldPoint: move.index = r.u8(); break;
    case Stage::kTraceOffer:
      move.has_program = r.flag();
      if (move.has_program) move.program = commit::read_program_header(r);
      read_hashes(r, move);
      break;
    case Stage::kTracePoint:
      move.index = r.u8();
      if (r.flag()) read_record(r, move);
      break;
    case Stage::kStateLeaf:
      read_record(r, move);
      move.output_root = r.hash();
      move.output_path = commit::read_path(r);
      break;
    case Stage::kSource:
      move.source = commit::read_named_leaf(r);
      move.path = commit::read_path(r);
      break;
    case Stage::kChunkReveal: move.record = r.bytes(commit::kChunkBytes); break;
    case Stage::kElementPoint: move.index = r.u16(); break;
    case Stage::kFoldOffer:
      move.count = r.u8();
      move.offered = r.take(move.count * std::size_t{4});
      break;
    case Stage::kScalar: move.record = r.take(r.remaining()); break;
    case Stage::kFinished:
    default: return false;
  }
  return r.finish();
}

}  // namespace assay::dispute
