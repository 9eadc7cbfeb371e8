// A position in words, for people: progress lines, audits and the text beside an evidence file.
// Hosted.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "assay/dispute/game.hpp"

namespace assay::dispute {

// One level that the search has reached: {"element", "[3, 17] (number 209)"}.
struct LevelLine {
  std::string level;
  std::string words;
};

// What to call a node of the program in play: its label, or "" to get "node 17".
using NodeLabel = std::function<std::string(std::uint32_t node_index)>;

// One line for each level reached, coarsest first: interval, steps, node, chunk or slot, element,
// fold step, then the two values (hexadecimal and decimal), and the outcome if the game is
// finished.
[[nodiscard]] std::vector<LevelLine> explain_levels(const GameTerms& terms,
                                                    const Position& position,
                                                    const NodeLabel& label = {});
// The same as text, one level a line.
[[nodiscard]] std::string explain(const GameTerms& terms, const Position& position,
                                  const NodeLabel& label = {});

// "defender", "challenger".
[[nodiscard]] const char* to_string(Role role) noexcept;
// "nodes 3 to 7", "node 3".
[[nodiscard]] std::string range_words(const commit::Range& range, const char* what);
// Coordinates of a row-major index: "[3, 17]"; "[]" for a scalar.
[[nodiscard]] std::string coordinates(const Shape& shape, std::uint64_t index);
// "0x3f800000 (1)".
[[nodiscard]] std::string value_words(DType dtype, std::uint64_t bits);

}  // namespace assay::dispute
