// The transformer: logits of all positions, or of the next one over a cache.
#pragma once

#include "internal/layers.hpp"

namespace assay::models::internal {

struct GptSizes {
  std::uint64_t key_heads = 0;
  std::uint64_t head_width = 0;
  std::uint64_t hidden = 0;
};
[[nodiscard]] GptSizes sizes_of(const Gpt& gpt) noexcept;

// Keys and values of `past` earlier positions, which a program reads and writes back with its own
// behind them; none when past is 0 and `keep` false.
struct Cache {
  std::uint64_t past = 0;
  bool keep = false;
};

// tokens u32 [n, count], of positions cache.past on -> logits f32 [n * count, vocabulary].
[[nodiscard]] graph::Value gpt_logits(Layers& layers, const ModelDescription& d,
                                      graph::Value tokens, const Cache& cache);

}  // namespace assay::models::internal
