// Keys of the state's records (docs/spec/protocol.md, "Keys").
#pragma once

#include "assay/ledger/account.hpp"
#include "assay/protocol/ids.hpp"
#include "assay/protocol/layout.hpp"

namespace assay::protocol::internal {

// Of the state.
enum class Table : std::uint8_t {
  kAccount = 'A',       // account key
  kPending = 'P',       // pending id
  kSupply = 'S',        // -
  kProfile = 'N',       // account
  kResult = 'I',        // height of a block (big-endian)
  kTask = 'T',          // task
  kClaim = 'C',         // claim
  kVerifier = 'V',      // claim, account
  kChallenge = 'H',     // claim, sequence (big-endian)
  kChallengeId = 'h',   // challenge
  kGame = 'G',          // game
  kMove = 'M',          // game, turn (big-endian)
  kDeadline = 'D',      // ledger time (big-endian), kind, id
  kLiveTask = 'L',      // task
  kLiveTasks = 'l',     // -: how many of these
  kPart = 'J',          // account, task
  kParts = 'c',         // account: how many of these
  kTaskPart = 'j',      // task, account: the same the other way round
  kBid = 'B',           // task, account
  kQuote = 'Q',         // account, quote id
  kReputation = 'R',    // account, role
  kLocked = 'K',        // account
  kPause = 'W',         // -
  kDemand = 'U',        // claim, sequence (big-endian)
  kDemandId = 'u',      // demand
  kValidator = 'Y',     // validator's address
  kRank = 'Z',          // stake (big-endian, its complement), address: of those who may be chosen
  kValidatorSet = 'z',  // -
  kSupplied = 'y',      // claim, sequence of the demand (big-endian)
  kRelay = 'O',         // account
  kRelays = 'o',        // -: how many of these
  kRelayRound = 'E',    // claim
  kDelegate = 'd',      // task, account: who moves for it
  kShares = 'b',        // -
  kRound = 'r',         // -: the one that is open
  kAwaiting = 'q',      // height since when (big-endian), what, claim
  kShareKey = 'v',      // share key -> whose address
  kDrawPool = 'p',      // -
  kErasure = 'X',       // last height, height of the block that asked (big-endian)
};

// Big-endian, so that bytewise order is numeric.
class Key {
 public:
  explicit Key(Table table) : Key(static_cast<std::uint8_t>(table)) {}
  explicit Key(std::uint8_t prefix) {
    m_bytes.reserve(kMostBytes);
    m_bytes.push_back(prefix);
  }
  Key& raw(ByteView v) {
    m_bytes.insert(m_bytes.end(), v.begin(), v.end());
    return *this;
  }
  Key& id(const Hash256& h) { return raw(h.view()); }
  Key& u8(std::uint8_t v) {
    m_bytes.push_back(v);
    return *this;
  }
  Key& u32(std::uint32_t v) {
    for (int shift = 24; shift >= 0; shift -= 8) u8(static_cast<std::uint8_t>(v >> shift));
    return *this;
  }
  Key& u64(std::uint64_t v) {
    u32(static_cast<std::uint32_t>(v >> 32));
    return u32(static_cast<std::uint32_t>(v));
  }
  // Once, at the end.
  [[nodiscard]] Bytes bytes() { return std::move(m_bytes); }

 private:
  static constexpr std::size_t kMostBytes = 65;
  Bytes m_bytes;
};

[[nodiscard]] inline Bytes account_key(const ledger::AccountKey& k) {
  return Key(Table::kAccount).u8(static_cast<std::uint8_t>(k.kind)).id(k.owner).bytes();
}

}  // namespace assay::protocol::internal
