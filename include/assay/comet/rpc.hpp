// Light blocks out of what CometBFT v0.38 answers over its RPC: JSON, which need not be believed
// (docs/spec/comet.md, "From CometBFT's RPC"). Thread-safe.
#pragma once

#include <span>

#include "assay/codec/json.hpp"
#include "assay/comet/types.hpp"

namespace assay::comet {

// Most validators on a page of /validators: per_page=100.
inline constexpr std::size_t kValidatorsPerPage = 100;

// The pages of /validators?height=H&per_page=100&page=1, 2, ... that there are; at least one.
[[nodiscard]] Result<std::size_t> validator_pages(const codec::Json& first_page);

// `commit` is the member `result` of /commit?height=H, `validators` those of all pages of
// /validators?height=H in order. Signatures that do not hold become absent (drop_unverifiable), so
// that one validator cannot make the block worthless; nothing else is verified. Errors: kMalformed
// for a member that is missing or wrong, an address that is not its key's, another count of
// validators or signatures than announced, a proposer who is no validator; kUnsupported for a key
// that is not Ed25519's.
[[nodiscard]] Result<LightBlock> light_block_from_rpc(const codec::Json& commit,
                                                      std::span<const codec::Json> validators);

}  // namespace assay::comet
