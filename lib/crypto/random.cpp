#include "assay/crypto/random.hpp"

#include <openssl/rand.h>

#include <algorithm>

namespace assay::crypto {

void SystemRng::fill(MutableBytes out) {
  while (!out.empty()) {
    const std::size_t n = std::min<std::size_t>(out.size(), 1 << 20);
    const bool filled = RAND_bytes(out.data(), static_cast<int>(n)) == 1;
    ASSAY_INVARIANT(filled);
    out = out.subspan(n);
  }
}

}  // namespace assay::crypto
