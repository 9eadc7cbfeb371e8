#include "internal/supply.hpp"

#include "assay/tensor/safetensors.hpp"
#include "assay/training/pieces.hpp"

namespace assay::roles::internal {

Result<protocol::PieceOpening> open_piece(const Supplied& from, const protocol::Piece& piece,
                                          TaskPool& pool) {
  using protocol::PieceKind;
  using protocol::PieceOpening;
  switch (piece.kind) {
    case PieceKind::kTranscript:
      return PieceOpening(commit::open_part(commit::Transcript(from.state_roots), piece.chunk));
    case PieceKind::kState: {
      ASSAY_TRY(const Bytes file, from.checkpoint(piece.entry));
      ASSAY_TRY(const NamedTensors state, tensor::read_safetensors(file));
      return PieceOpening(
          protocol::StateChunk{training::open_chunk(state, piece.item, piece.chunk, pool),
                               commit::Transcript(from.state_roots).path(piece.entry)});
    }
    case PieceKind::kDataSet:
      return PieceOpening(training::open_chunk(from.task.data, piece.item, piece.chunk, pool));
    case PieceKind::kInitProgram:
    case PieceKind::kStepProgram: break;
  }
  const graph::ValidProgram& program =
      piece.kind == PieceKind::kInitProgram ? *from.task.init : *from.task.step;
  return PieceOpening(training::open_record(program.program(), program.trees(), piece.item));
}

}  // namespace assay::roles::internal
