// Light verification of CometBFT v0.38: from a header that is trusted to a later one, by the
// signatures of validators (docs/spec/comet.md, "Verification"). Pure functions: total, and any
// number of threads may call them. comet/light_client.hpp remembers and bisects.
#pragma once

#include "assay/comet/types.hpp"

namespace assay::comet {

// Dense, in order of precedence.
enum class LightVerdict : std::uint8_t {
  kValid = 0,
  kOutOfBounds,         // a field outside of the bounds of types.hpp, or another block version
  kWrongChain,          // a header of another chain
  kWrongCommit,         // the commit is for another height or another header
  kWrongRoot,           // not the header that was to be the root of trust
  kNotLater,            // not above the trusted height
  kTrustExpired,        // the trusted header is older than the trusting period
  kTimeRunsBack,        // not after the trusted header
  kTimeAhead,           // further in the future than the clocks' drift explains
  kWrongValidators,     // these are not the header's validators
  kDuplicateValidator,  // a key twice among them
  kTooMuchPower,        // their powers add up to more than kMaxTotalPower
  kWrongSigners,        // not one signature a validator, in their order
  kUnannounced,         // adjacent: not the validators that the trusted header announced
  kTooLittleTrust,      // skipping: too few of the trusted validators signed; a nearer one may do
  kTooLittlePower,      // not more than two thirds of the power signed
  kWrongSignature,
  kContradiction,  // another header of a height of which one is trusted: both verified
};
inline constexpr std::uint8_t kLightVerdictLast = 17;
[[nodiscard]] const char* to_string(LightVerdict verdict) noexcept;

// What is known of a height that is trusted.
struct Trusted {
  std::string chain_id;
  std::int64_t height = 0;  // 0: before the first block, known by its validators alone
  Time time;                // of no meaning at height 0, which neither expires nor is before a time
  Hash256 hash;             // of the header; of no meaning at height 0
  Hash256 next_validators_hash;
  ValidatorSet validators;  // of that height; empty at height 0
};

// Whoever made CometBFT's genesis file is trusted for the first validators: their hash stands here.
[[nodiscard]] Trusted trust_in_genesis(std::string chain_id, const Hash256& validators_hash);
// What a block that verified leaves behind.
[[nodiscard]] Trusted trust_in(const LightBlock& block);

struct LightOptions {
  // How long a header is trusted: less than it takes validators to withdraw what can be slashed.
  // 0: for ever, which is right only where the validators never change.
  std::uint64_t trusting_period_s = 14ull * 24 * 3600;
  std::uint64_t clock_drift_s = 10;
  // More than this part of the trusted power must have signed, to skip blocks: between a third,
  // which one honest validator is part of, and all. Requires 1/3 <= it < 1.
  std::uint32_t trust_numerator = 1;
  std::uint32_t trust_denominator = 3;
};

// Does `block` follow, at `now`, from what is trusted? Adjacent blocks need the validators that the
// one before announced; others a part of the trusted validators too. In both cases every signature
// holds, and more than two thirds of the block's own power signed for it.
[[nodiscard]] LightVerdict verify(const Trusted& trusted, const LightBlock& block,
                                  const LightOptions& options, const Time& now);

// Is it the block whose header has this hash, signed by more than two thirds of its validators?
// Where somebody was given a height and a hash as the root of trust.
[[nodiscard]] LightVerdict verify_root(const std::string& chain_id, const Hash256& hash,
                                       const LightBlock& block);

// Signatures that do not hold by assay's rule (crypto/ed25519.hpp), marked absent: CometBFT's rule
// (ZIP 215) also takes some that only a cheat makes, and one of those must not make a light block
// worthless. For whoever hands out light blocks. Requires as many signatures as validators.
void drop_unverifiable(LightBlock& block);

}  // namespace assay::comet
