// What CometBFT v0.38 agrees on, as plain values: headers, commits, validator sets, and the light
// block that holds one of each (docs/spec/comet.md). Rules: comet/verify.hpp; bytes:
// comet/wire.hpp.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "assay/core/hex.hpp"

namespace assay::comet {

inline constexpr std::size_t kMaxValidators = 10'000;  // CometBFT's own limit
inline constexpr std::size_t kMaxChainIdBytes = 50;    // likewise
inline constexpr std::size_t kMaxAppHashBytes = 64;
inline constexpr std::int64_t kMaxTotalPower = INT64_MAX / 8;  // CometBFT's own limit
inline constexpr std::uint64_t kBlockVersion = 11;             // of v0.38
inline constexpr std::size_t kAddressBytes = 20;

// Since the Unix epoch. From year 1 to 9999, nanos 0 to 999,999,999.
struct Time {
  std::int64_t seconds = 0;
  std::int32_t nanos = 0;
  friend auto operator<=>(const Time&, const Time&) = default;
};
inline constexpr Time kFirstTime{-62'135'596'800, 0};  // what Go calls the zero time
inline constexpr Time kLastTime{253'402'300'799, 999'999'999};

// The first 20 bytes of the SHA-256 of a public key.
using Address = std::array<std::uint8_t, kAddressBytes>;

struct BlockId {
  Hash256 hash;  // of the header
  std::uint32_t parts = 0;
  Hash256 parts_hash;
  friend bool operator==(const BlockId&, const BlockId&) = default;
};

struct Header {
  std::uint64_t block_version = kBlockVersion;
  std::uint64_t app_version = 0;
  std::string chain_id;
  std::int64_t height = 0;
  Time time;
  std::optional<BlockId> last_block;  // none: the first block
  Hash256 last_commit_hash;
  Hash256 data_hash;
  Hash256 validators_hash;
  Hash256 next_validators_hash;
  Hash256 consensus_hash;
  Bytes app_hash;  // after the block before
  Hash256 last_results_hash;
  Hash256 evidence_hash;
  Address proposer{};
  friend bool operator==(const Header&, const Header&) = default;
};

enum class VoteFlag : std::uint8_t {
  kAbsent = 1,  // address, time and signature are empty: zeros, kFirstTime, zeros
  kCommit,      // for the commit's block
  kNil,         // for no block
};

struct CommitSignature {
  VoteFlag flag = VoteFlag::kAbsent;
  Address validator{};
  Time time = kFirstTime;
  std::array<std::uint8_t, 64> signature{};
  friend bool operator==(const CommitSignature&, const CommitSignature&) = default;
};

struct Commit {
  std::int64_t height = 0;
  std::int32_t round = 0;
  BlockId block;
  std::vector<CommitSignature> signatures;  // one a validator, in the set's order
  friend bool operator==(const Commit&, const Commit&) = default;
};

struct Validator {
  Hash256 key;  // Ed25519
  std::int64_t power = 0;
  friend bool operator==(const Validator&, const Validator&) = default;
};
using ValidatorSet = std::vector<Validator>;  // in CometBFT's order: the hash binds it

struct LightBlock {
  Header header;
  Commit commit;
  ValidatorSet validators;
  friend bool operator==(const LightBlock&, const LightBlock&) = default;
};

}  // namespace assay::comet
