// What CometBFT v0.38 hashes and signs, byte for byte (docs/spec/comet.md, "Hashes"). Everything
// here is total and thread-safe.
#pragma once

#include "assay/comet/types.hpp"

namespace assay::comet {

[[nodiscard]] Address address_of(const Hash256& key);

// Into the order that CometBFT keeps a set in: most power first, then by address.
void order(ValidatorSet& validators);

// The root of RFC 6962's tree over the fourteen fields.
[[nodiscard]] Hash256 hash_of(const Header& header);
// The same over (key, power) of each.
[[nodiscard]] Hash256 hash_of(const ValidatorSet& validators);

// What a validator signs who votes so: a precommit for the commit's block, or, with kNil, for none.
// `time` is the voter's own.
[[nodiscard]] Bytes vote_sign_bytes(const std::string& chain_id, const Commit& commit,
                                    VoteFlag flag, const Time& time);

}  // namespace assay::comet
