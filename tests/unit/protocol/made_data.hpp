// A run whose states, data and programs are made up, of which any piece can be opened.
#pragma once

#include "assay/commit/piece.hpp"
#include "assay/core/faces.hpp"
#include "unit/protocol/harness.hpp"

namespace assay::protocol::test {

constexpr std::uint64_t kEntries = 10;

// A state or data set of three tensors, the middle one the loss.
struct Tensors {
  Bytes weights = Bytes(2500, 7);
  Bytes loss = Bytes(4, 1);
  Bytes rest = Bytes(1024, 3);

  std::vector<commit::TensorRef> refs() const {
    return {{{DType::kU8, Shape{2500}}, weights},
            {{DType::kF32, Shape{}}, loss},
            {{DType::kF32, Shape{256}}, rest}};
  }
  commit::NamedTree tree() const {
    SerialTaskPool pool;
    const auto roots = commit::tensor_roots(refs(), pool);
    return commit::named_tree(
        {{"a", roots[0]}, {std::string(kLossSlot), roots[1]}, {"z", roots[2]}});
  }
  commit::TensorChunk open(std::uint64_t item, std::uint64_t chunk) const {
    SerialTaskPool pool;
    return commit::open_chunk(tree(), refs(), item, chunk, pool);
  }
};
inline Tensors state_at(std::uint64_t entry) {
  Tensors t;
  t.weights[0] = static_cast<std::uint8_t>(entry);
  t.loss[1] = static_cast<std::uint8_t>(entry);
  return t;
}
inline Tensors flipped(Tensors t) {
  t.loss[0] ^= 1;
  return t;
}

struct MadeProgram {
  std::vector<Bytes> records{Bytes(30, 1), Bytes(40, 2), Bytes(50, 3)};
  commit::MerkleTree nodes{commit::leaf_hashes(std::span(records).first(2))};
  commit::MerkleTree slots{commit::leaf_hashes(std::span(records).last(1))};
  commit::ProgramHeader header{1, 2, 1, 0, nodes.root(), slots.root(), commit::MerkleTree().root()};

  Hash256 root() const { return commit::program_root(crypto::sha256_function(), header); }
  commit::ProgramRecord open(std::uint64_t item) const {
    const std::uint64_t at = item % 3;
    return {records[at], at < 2 ? nodes.path(at) : slots.path(0), header};
  }
};

// An error is forced at an entry, or, of 0, at none.
inline MadeRun run_with(std::uint64_t forced) {
  std::vector<Hash256> roots;
  for (std::uint64_t e = 0; e < kEntries; ++e)
    roots.push_back((e != 0 && e == forced ? flipped(state_at(e)) : state_at(e))
                        .tree()
                        .root(commit::Tag::kState));
  return MadeRun(std::move(roots));
}

inline PieceOpening open_made(const Piece& piece, const MadeRun& run, const Tensors& state,
                              const Tensors& data, const MadeProgram& program) {
  switch (piece.kind) {
    case PieceKind::kTranscript: return commit::open_part(run.transcript, piece.chunk);
    case PieceKind::kState:
      return StateChunk{state.open(piece.item, piece.chunk), run.transcript.path(piece.entry)};
    case PieceKind::kDataSet: return data.open(piece.item, piece.chunk);
    default: return program.open(piece.item);
  }
}

struct Made {
  Tensors data;
  MadeProgram program;
  MadeRun run = run_with(0);
  PieceOpening open(const Piece& piece) const {
    return open_made(piece, run, state_at(piece.entry), data, program);
  }
};

}  // namespace assay::protocol::test
