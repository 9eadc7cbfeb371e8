// Light blocks out of what CometBFT v0.38 answers over its RPC: JSON, which need not be believed
// (docs/spec/comet.md, "From CometBFT's RPC"). Thread-safe.
#pragma once

#include <functional>
#include <span>

#include "assay/codec/json.hpp"
#include "assay/comet/types.hpp"
#include "assay/crypto/ed25519.hpp"

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

// The body that CometBFT's RPC answers to a GET of this path, whatever the status.
using RpcGet = std::function<Result<Bytes>(const std::string& path)>;
inline constexpr std::size_t kMaxRpcAnswerBytes = std::size_t{8} << 20;

// The light block of a height, by as many GETs as it needs. Errors: those of `get`; kNotFound: it
// answers with an error (a height that it has not yet, or no more), which is told; those of
// light_block_from_rpc(); kIntegrity for another height; kLimit.
[[nodiscard]] Result<LightBlock> fetch_light_block(const RpcGet& get, std::int64_t height);

// The validators that CometBFT's genesis file names, in order: those of height 1. Errors:
// kMalformed, kUnsupported, as above; kNotFound if it names none, because the application does.
[[nodiscard]] Result<ValidatorSet> validators_of_genesis(const codec::Json& file);

// The key with which CometBFT signs votes: its priv_validator_key.json. Errors: kMalformed, also if
// its two halves are not of one key; kUnsupported for a key that is not Ed25519's.
[[nodiscard]] Result<crypto::KeyPair> signing_key_of(const codec::Json& file);

}  // namespace assay::comet
