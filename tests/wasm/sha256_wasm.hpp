// The SHA-256 of the wasm modules, in a translation unit of its own: it is where their time goes,
// so it alone is compiled for speed.
#pragma once

#include "assay/core/sha256_function.hpp"

namespace assay {

void sha256_wasm(const ByteView* parts, std::size_t count, std::uint8_t* digest32);

}  // namespace assay
