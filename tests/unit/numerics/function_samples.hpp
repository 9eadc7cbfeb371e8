// A dense sample of the unary functions' 2^32 inputs.
#pragma once

#include <cstdint>
#include <vector>

namespace assay::numerics::test {

// Every exponent with both signs, 512 significands of each, and what stands next to the powers of
// two and to the limits where results become constant.
inline std::vector<std::uint32_t> sampled_inputs() {
  std::vector<std::uint32_t> inputs;
  std::uint32_t state = 1;
  for (std::uint32_t exponent = 0; exponent < 512; ++exponent) {
    const std::uint32_t base = exponent << 23;
    for (std::uint32_t i = 0; i < 3; ++i) inputs.insert(inputs.end(), {base + i, base - 1 - i});
    for (int i = 0; i < 506; ++i) {
      state = state * 1'664'525 + 1'013'904'223;
      inputs.push_back(base | state >> 9);
    }
  }
  for (const std::uint32_t limit :
       {0x42b1'7218U, 0xc2cf'f1b5U, 0x39b8'9ba3U, 0x4110'2cb4U, 0x407a'd445U, 0x39e8'9769U,
        0x3980'0001U, 0x418a'a123U, 0x3400'0001U, 0xb380'0001U}) {
    for (std::uint32_t i = 0; i < 8; ++i) inputs.push_back(limit - 4 + i);
  }
  return inputs;
}

}  // namespace assay::numerics::test
