#include "assay/comet/verify.hpp"

#include <algorithm>

#include "assay/comet/hash.hpp"
#include "assay/crypto/ed25519.hpp"
#include "internal/bounds.hpp"

namespace assay::comet {

namespace {

using V = LightVerdict;

// What needs no trust and no signature: a header, its commit and its validators belong together.
LightVerdict check_form(const std::string& chain_id, const LightBlock& block) {
  if (!internal::is_in_bounds(block)) return V::kOutOfBounds;
  if (block.header.chain_id != chain_id) return V::kWrongChain;
  if (block.commit.height != block.header.height ||
      block.commit.block.hash != hash_of(block.header))
    return V::kWrongCommit;
  return V::kValid;
}

// The sum of at most kMaxValidators powers within bounds: it cannot overflow 128 bits.
__extension__ using Power = unsigned __int128;

Power power_of(const ValidatorSet& validators) {
  Power sum = 0;
  for (const Validator& v : validators) sum += static_cast<std::uint64_t>(v.power);
  return sum;
}

Power power_signed(const LightBlock& block) {
  Power sum = 0;
  for (std::size_t i = 0; i < block.validators.size(); ++i)
    if (block.commit.signatures[i].flag == VoteFlag::kCommit)
      sum += static_cast<std::uint64_t>(block.validators[i].power);
  return sum;
}

std::vector<Hash256> sorted(std::vector<Hash256> keys) {
  std::sort(keys.begin(), keys.end());
  return keys;
}

LightVerdict check_validators(const LightBlock& block) {
  const ValidatorSet& validators = block.validators;
  if (hash_of(validators) != block.header.validators_hash) return V::kWrongValidators;
  std::vector<Hash256> keys;
  keys.reserve(validators.size());
  for (const Validator& v : validators) keys.push_back(v.key);
  keys = sorted(std::move(keys));
  if (std::adjacent_find(keys.begin(), keys.end()) != keys.end()) return V::kDuplicateValidator;
  if (power_of(validators) > static_cast<std::uint64_t>(kMaxTotalPower)) return V::kTooMuchPower;
  const auto& signatures = block.commit.signatures;
  if (signatures.size() != validators.size()) return V::kWrongSigners;
  for (std::size_t i = 0; i < validators.size(); ++i)
    if (signatures[i].flag != VoteFlag::kAbsent &&
        signatures[i].validator != address_of(validators[i].key))
      return V::kWrongSigners;
  return V::kValid;
}

// Of those who are trusted, with the power that they had then.
bool has_trust(const Trusted& trusted, const LightBlock& block, const LightOptions& options) {
  std::vector<Hash256> signers;
  for (std::size_t i = 0; i < block.validators.size(); ++i)
    if (block.commit.signatures[i].flag == VoteFlag::kCommit)
      signers.push_back(block.validators[i].key);
  signers = sorted(std::move(signers));
  Power sum = 0;
  for (const Validator& v : trusted.validators)
    if (std::binary_search(signers.begin(), signers.end(), v.key))
      sum += static_cast<std::uint64_t>(v.power);
  return sum * options.trust_denominator > power_of(trusted.validators) * options.trust_numerator;
}

bool holds(const LightBlock& block, std::size_t index) {
  const CommitSignature& s = block.commit.signatures[index];
  return crypto::ed25519_verify(
      block.validators[index].key,
      vote_sign_bytes(block.header.chain_id, block.commit, s.flag, s.time), s.signature.data());
}

// Cheap first: nobody makes us check signatures that would not be enough.
LightVerdict check_commit(const LightBlock& block) {
  if (power_signed(block) * 3 <= power_of(block.validators) * 2) return V::kTooLittlePower;
  for (std::size_t i = 0; i < block.validators.size(); ++i)
    if (block.commit.signatures[i].flag != VoteFlag::kAbsent && !holds(block, i))
      return V::kWrongSignature;
  return V::kValid;
}

__extension__ using Seconds = __int128;

// Is `time` not before start + seconds?
bool has_passed(const Time& start, std::uint64_t seconds, const Time& time) {
  const Seconds end = Seconds{start.seconds} + seconds;
  return time.seconds > end || (time.seconds == end && time.nanos >= start.nanos);
}

LightVerdict check_time(const Trusted& trusted, const Time& time, const LightOptions& options,
                        const Time& now) {
  const bool is_header = trusted.height > 0;
  if (is_header && options.trusting_period_s != 0 &&
      has_passed(trusted.time, options.trusting_period_s, now))
    return V::kTrustExpired;
  if (is_header && time <= trusted.time) return V::kTimeRunsBack;
  if (has_passed(now, options.clock_drift_s, time)) return V::kTimeAhead;
  return V::kValid;
}

}  // namespace

const char* to_string(LightVerdict verdict) noexcept {
  switch (verdict) {
    case V::kValid: return "valid";
    case V::kOutOfBounds: return "out of bounds";
    case V::kWrongChain: return "wrong chain";
    case V::kWrongCommit: return "a commit of another block";
    case V::kWrongRoot: return "not the header that is trusted";
    case V::kNotLater: return "not above the trusted height";
    case V::kTrustExpired: return "what is trusted is too old";
    case V::kTimeRunsBack: return "time runs back";
    case V::kTimeAhead: return "a time in the future";
    case V::kWrongValidators: return "not the header's validators";
    case V::kDuplicateValidator: return "a validator twice";
    case V::kTooMuchPower: return "too much power";
    case V::kWrongSigners: return "signatures that are not the validators'";
    case V::kUnannounced: return "validators that were not announced";
    case V::kTooLittleTrust: return "too few of the trusted validators signed";
    case V::kTooLittlePower: return "not more than two thirds of the power signed";
    case V::kWrongSignature: return "wrong signature";
    case V::kContradiction: return "contradicts a header verified before";
  }
  return "?";
}

Trusted trust_in_genesis(std::string chain_id, const Hash256& validators_hash) {
  Trusted trusted;
  trusted.chain_id = std::move(chain_id);
  trusted.next_validators_hash = validators_hash;
  return trusted;
}

Trusted trust_in(const LightBlock& block) {
  const Header& h = block.header;
  return {h.chain_id, h.height, h.time, hash_of(h), h.next_validators_hash, block.validators};
}

LightVerdict verify(const Trusted& trusted, const LightBlock& block, const LightOptions& options,
                    const Time& now) {
  ASSAY_EXPECTS(options.trust_numerator < options.trust_denominator &&
                std::uint64_t{3} * options.trust_numerator >= options.trust_denominator);
  const LightVerdict form = check_form(trusted.chain_id, block);
  if (form != V::kValid) return form;
  const Header& h = block.header;
  if (h.height <= trusted.height) return V::kNotLater;
  const LightVerdict time = check_time(trusted, h.time, options, now);
  if (time != V::kValid) return time;
  const LightVerdict validators = check_validators(block);
  if (validators != V::kValid) return validators;
  // Those whom the trusted header announced are trusted whatever the distance.
  const bool is_announced = h.validators_hash == trusted.next_validators_hash;
  if (h.height == trusted.height + 1 && !is_announced) return V::kUnannounced;
  if (!is_announced && !has_trust(trusted, block, options)) return V::kTooLittleTrust;
  return check_commit(block);
}

LightVerdict verify_root(const std::string& chain_id, const Hash256& hash,
                         const LightBlock& block) {
  const LightVerdict form = check_form(chain_id, block);
  if (form != V::kValid) return form;
  if (block.commit.block.hash != hash) return V::kWrongRoot;
  const LightVerdict validators = check_validators(block);
  return validators != V::kValid ? validators : check_commit(block);
}

void drop_unverifiable(LightBlock& block) {
  ASSAY_EXPECTS(block.commit.signatures.size() == block.validators.size());
  for (std::size_t i = 0; i < block.validators.size(); ++i) {
    CommitSignature& s = block.commit.signatures[i];
    if (s.flag != VoteFlag::kAbsent && !holds(block, i)) s = CommitSignature{};
  }
}

}  // namespace assay::comet
