// Offsets for blocks of memory that are needed at known times: blocks of overlapping times lie
// apart.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace assay::exec {

struct Block {
  std::size_t bytes = 0;
  std::uint32_t first = 0, last = 0;  // when it is needed, both included
  std::size_t offset = 0;
};

// Sets the offsets; returns the arena's size. Blocks come in the order of `first`. Takes the best
// of several orders in which blocks are placed, and n log n time from some thousand blocks on.
[[nodiscard]] std::size_t place_blocks(std::span<Block> blocks);

// The most bytes that are needed at one time: no arena is smaller.
[[nodiscard]] std::size_t greatest_load(std::span<const Block> blocks);

}  // namespace assay::exec
