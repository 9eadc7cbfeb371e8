// A solver's side of demands: opening any piece of its claim.
#pragma once

#include "assay/roles/role.hpp"
#include "assay/training/task.hpp"

namespace assay::roles::internal {

struct Supply final : JobOutcome {
  protocol::PieceOpening opening;
};

// What pieces of a claim are opened from.
struct Supplied {
  const training::Task& task;
  const std::vector<Hash256>& state_roots;  // of the transcript that stands on the ledger
  // Of the state at an entry: its file.
  std::function<Result<Bytes>(std::uint64_t entry)> checkpoint;
};
// Errors: those of `checkpoint`.
[[nodiscard]] Result<protocol::PieceOpening> open_piece(const Supplied& from,
                                                        const protocol::Piece& piece,
                                                        TaskPool& pool);

}  // namespace assay::roles::internal
