// Share keys of validators that tests name by numbers.
#pragma once

#include "assay/protocol/block.hpp"

namespace assay::test {

inline crypto::VrfKey share_key(unsigned n) {
  std::array<std::uint8_t, 32> seed{};
  seed[0] = static_cast<std::uint8_t>(n);
  seed[1] = static_cast<std::uint8_t>(n >> 8);
  seed[2] = 0x5e;
  return crypto::VrfKey::from_seed(crypto::SecretKey(seed.data()));
}

// With a share key, and what shows that it is the account's.
inline protocol::GenesisValidator genesis_validator(const AccountId& account, const Hash256& key,
                                                    Amount stake, const crypto::VrfKey& share) {
  const Hash256 digest =
      protocol::share_possession_digest(ChainId{}, account, protocol::validator_address(key));
  return {account, key, stake, share.public_key(), share.prove(digest.view())};
}

}  // namespace assay::test
