// What several messages of ABCI share. Text may hold any bytes. Powers are CometBFT's voting
// powers; heights count blocks from 1.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "assay/core/hex.hpp"

namespace assay::abci {

struct Time {
  std::int64_t seconds = 0;  // since the Unix epoch
  std::int32_t nanos = 0;    // 0 to 999,999,999
  friend bool operator==(const Time&, const Time&) = default;
};

struct Duration {
  std::int64_t seconds = 0;
  std::int32_t nanos = 0;
  friend bool operator==(const Duration&, const Duration&) = default;
};

struct EventAttribute {
  std::string key;
  std::string value;
  bool index = false;  // CometBFT's indexer finds the block or transaction by it
};
// Something that happened, for whoever subscribes; not a part of what consensus hashes.
struct Event {
  std::string type;
  std::vector<EventAttribute> attributes;
};

enum class KeyType : std::uint8_t { kEd25519 = 1, kSecp256k1 = 2 };
struct PublicKey {
  KeyType type = KeyType::kEd25519;
  Bytes bytes;
  friend bool operator==(const PublicKey&, const PublicKey&) = default;
};
// A validator's new power from two blocks later on; 0 removes it. The same key twice in one
// answer stops CometBFT.
struct ValidatorUpdate {
  PublicKey key;
  std::int64_t power = 0;
  friend bool operator==(const ValidatorUpdate&, const ValidatorUpdate&) = default;
};
struct Validator {
  Bytes address;  // the first 20 bytes of the SHA-256 of the key
  std::int64_t power = 0;
};

enum class BlockIdFlag : std::uint8_t { kUnknown = 0, kAbsent, kCommit, kNil };
struct Vote {
  Validator validator;
  BlockIdFlag flag = BlockIdFlag::kUnknown;
};
struct CommitInfo {
  std::int32_t round = 0;
  std::vector<Vote> votes;
};
struct ExtendedVote {
  Validator validator;
  Bytes extension;
  Bytes extension_signature;
  BlockIdFlag flag = BlockIdFlag::kUnknown;
};
struct ExtendedCommitInfo {
  std::int32_t round = 0;
  std::vector<ExtendedVote> votes;
};

enum class MisbehaviorType : std::uint8_t { kUnknown = 0, kDuplicateVote, kLightClientAttack };
struct Misbehavior {
  MisbehaviorType type = MisbehaviorType::kUnknown;
  Validator validator;
  std::int64_t height = 0;
  Time time;
  std::int64_t total_voting_power = 0;
};

struct BlockParams {
  std::int64_t max_bytes = 0;
  std::int64_t max_gas = 0;  // -1: no limit
};
struct EvidenceParams {
  std::int64_t max_age_blocks = 0;
  Duration max_age;
  std::int64_t max_bytes = 0;
};
// What is not there stays as it is.
struct ConsensusParams {
  std::optional<BlockParams> block;
  std::optional<EvidenceParams> evidence;
  std::optional<std::vector<std::string>> key_types;  // that validators may have: "ed25519"
  std::optional<std::uint64_t> app_version;
  std::optional<std::int64_t> vote_extensions_from_height;  // 0: never
};

struct Snapshot {
  std::uint64_t height = 0;
  std::uint32_t format = 0;  // the application's numbering
  std::uint32_t chunks = 0;
  Bytes hash;      // equal for equal snapshots only
  Bytes metadata;  // the application's
  friend bool operator==(const Snapshot&, const Snapshot&) = default;
};

}  // namespace assay::abci
