// What the fuzz targets share. A target is LLVMFuzzerTestOneInput over any bytes: it returns, or it
// found a bug. docs/spec/messages.md says which target belongs to which message.
#pragma once

#include "assay/codec/buffer.hpp"
#include "assay/core/contract.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace assay::fuzz {

// The first byte of an input often says what the rest is.
struct Selected {
  unsigned choice = 0;
  ByteView rest;
};
[[nodiscard]] inline Selected select(ByteView input, unsigned choices) {
  if (input.empty()) return {};
  return {input[0] % choices, input.subspan(1)};
}

[[nodiscard]] inline std::string_view as_text(ByteView bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace assay::fuzz
