// Keys that tests know by a number.
#pragma once

#include "assay/core/ids.hpp"
#include "assay/crypto/ed25519.hpp"

namespace assay::test {

inline crypto::KeyPair key_of(std::uint8_t seed) {
  std::array<std::uint8_t, 32> bytes{};
  bytes.fill(seed);
  return crypto::KeyPair(crypto::SecretKey(bytes.data()));
}
inline AccountId account_of(std::uint8_t seed) { return AccountId{key_of(seed).public_key()}; }

}  // namespace assay::test
