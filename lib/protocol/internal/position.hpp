// A game's position from its recorded moves.
#pragma once

#include <optional>
#include <span>

#include "assay/core/hex.hpp"
#include "assay/dispute/signed_move.hpp"

namespace assay::protocol::internal {

// Signatures were checked when the moves were recorded. None if a move does not apply: damage.
[[nodiscard]] std::optional<dispute::Position> replay_game(const dispute::GameTerms& terms,
                                                           std::span<const Bytes> moves);
// Further, from a position. False if one does not apply.
[[nodiscard]] bool replay_moves(const dispute::GameTerms& terms, std::span<const Bytes> moves,
                                dispute::Position& position);

}  // namespace assay::protocol::internal
