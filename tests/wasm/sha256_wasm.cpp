#include "sha256_wasm.hpp"

#include "assay/crypto/sha256_portable.hpp"

namespace assay {

void sha256_wasm(const ByteView* parts, std::size_t count, std::uint8_t* digest32) {
  crypto::sha256_portable(parts, count, digest32);
}

}  // namespace assay
