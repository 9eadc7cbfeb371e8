// A whole dispute game in memory, between two players or a player and a random pointer.
#pragma once

#include <functional>
#include <random>

#include "assay/player/player.hpp"

namespace assay::duel {

struct Duel {
  dispute::Position position;  // where it ended
  unsigned moves[2] = {0, 0};  // defender's, challenger's
  std::size_t bytes[2] = {0, 0};
  std::string error;  // of a player, or a rejected move; empty: the game ended
};

using Mover = std::function<Result<std::optional<Bytes>>(const dispute::Position&)>;

// `challenger_first`: who opens the last stages, which anybody may.
[[nodiscard]] Duel play(const dispute::GameTerms& terms, const Mover& defender,
                        const Mover& challenger, bool challenger_first = false);

// Points anywhere that the rules allow; opens nothing.
[[nodiscard]] Mover random_pointer(const training::Task& task, const dispute::GameTerms& terms,
                                   std::uint64_t seed);

// At kTracePoint: the move that leads to `node`.
[[nodiscard]] std::optional<Bytes> point_at_node(const training::Task& task,
                                                 const dispute::GameTerms& terms,
                                                 const dispute::Position& position,
                                                 std::uint32_t node);

}  // namespace assay::duel
