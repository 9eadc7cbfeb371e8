// Blocks: what goes into the state machine and what comes out (docs/spec/protocol.md, "Blocks").
#pragma once

#include "assay/core/faces.hpp"
#include "assay/protocol/events.hpp"
#include "assay/protocol/transaction.hpp"

namespace assay::protocol {

inline constexpr std::size_t kMaxBlockTransactions = 8192;
inline constexpr std::size_t kMaxBlockBytes = 4 * 1024 * 1024;
inline constexpr std::size_t kMaxGenesisAccounts = 4096;
inline constexpr std::uint64_t kMaxLedgerStepMs = 5'000;  // ledger time adds at most this per block

struct GenesisAccount {
  AccountId account;
  Amount amount;
  Amount staked;
};
// One of the first validators by stake, in addition to what its account has.
struct GenesisValidator {
  AccountId account;
  Hash256 key;
  Amount stake;
  crypto::VrfPublicKey share_key{};
  crypto::VrfProof share_proof{};  // by that key of share_possession_digest(), of no chain
};
struct Genesis {
  std::string name;      // of the chain, 1 to 64 bytes
  Hash256 operator_key;  // Ed25519: who orders transactions and makes the beacon, in embedded mode;
                         // zero: a replicated ledger's, which CometBFT's validators order
  std::uint64_t time_ms = 0;
  std::vector<GenesisAccount> accounts;
  // Of a replicated ledger: CometBFT's hash of its first validators; zero: the record names none.
  Hash256 validators_hash = {};
  // Of a replicated ledger: its first validators, ascending by key, at most kMaxValidators. None:
  // its validators are CometBFT's alone, and do not change.
  std::vector<GenesisValidator> validators = {};
  // Of validators by stake: ledger time for the shares of a round, up to kMaxShareWindowMs.
  std::uint64_t share_window_ms = kShareWindowMs;
};
[[nodiscard]] Bytes encode(const Genesis& genesis);
// Errors: kMalformed.
[[nodiscard]] Result<Genesis> decode_genesis(ByteView bytes);
// H("assay/genesis/1" || record).
[[nodiscard]] ChainId chain_id_of(const Genesis& genesis);

enum class MisbehaviourKind : std::uint8_t {
  kDuplicateVote = 1,
  kLightClientAttack,
};
[[nodiscard]] const char* to_string(MisbehaviourKind kind) noexcept;
// What CometBFT has evidence of: a validator broke the rules of consensus.
struct Misbehaviour {
  MisbehaviourKind kind = MisbehaviourKind::kDuplicateVote;
  ValidatorAddress validator{};
  Height height;  // at which it did
  friend bool operator==(const Misbehaviour&, const Misbehaviour&) = default;
};
// More of one block's count as not there.
inline constexpr std::size_t kMaxMisbehaviours = 4096;
// Empty for none; else a list.
[[nodiscard]] Bytes encode(std::span<const Misbehaviour> misbehaviour);
// Errors: kMalformed.
[[nodiscard]] Result<std::vector<Misbehaviour>> decode_misbehaviour(ByteView bytes);

struct Block {
  Height height;              // the head's + 1
  std::uint64_t time_ms = 0;  // Unix time, not before the head's
  Hash256 beacon;
  std::vector<Bytes> transactions;
  std::vector<Misbehaviour> misbehaviour = {};  // none in embedded mode
};

// The same of transactions whose signatures were checked before.
struct VerifiedBlock {
  Height height;
  std::uint64_t time_ms = 0;
  Hash256 beacon;
  std::vector<VerifiedTransaction> transactions;
  std::vector<Misbehaviour> misbehaviour = {};
};

struct BlockHeader {
  ChainId chain;
  Height height;  // 0: genesis
  std::uint64_t time_ms = 0;
  LedgerTimeMs ledger_time;
  Hash256 beacon;
  Hash256 parent;         // hash of the header before; zero for genesis
  Hash256 tx_root;        // RFC 9162 list root over the transactions' bytes, misbehaviour last
  Hash256 receipts_root;  // and over the receipts' bytes, the block's own events last
  Hash256 state_root;
  friend bool operator==(const BlockHeader&, const BlockHeader&) = default;
};
inline constexpr std::size_t kHeaderBytes = 32 + 8 + 8 + 8 + 5 * 32;
[[nodiscard]] Bytes encode(const BlockHeader& header);
// Errors: kMalformed.
[[nodiscard]] Result<BlockHeader> decode_header(ByteView bytes);
// H("assay/header/1" || bytes): what an operator signs and a light client trusts.
[[nodiscard]] Hash256 hash_of(const BlockHeader& header);

struct Receipt {
  TxId id;  // zero if the bytes are no transaction
  TxVerdict verdict{};
  std::uint8_t detail = 0;  // of the verdicts that name one
  bool repeated = false;    // the client id was known: verdict and detail are the first result's
  std::vector<Event> events;
  friend bool operator==(const Receipt&, const Receipt&) = default;
};
[[nodiscard]] Bytes encode(const Receipt& receipt);
// Errors: kMalformed.
[[nodiscard]] Result<Receipt> decode_receipt(ByteView bytes);

// The receipts of one block: of its transactions in order, and the events that are nobody's
// transaction's: slashes and deadlines, which come before them, and changes of validators after.
struct BlockReceipts {
  std::vector<Event> block_events;
  std::vector<Receipt> receipts;
  friend bool operator==(const BlockReceipts&, const BlockReceipts&) = default;
};

struct BlockResult {
  BlockHeader header;
  BlockReceipts receipts;
  // Who orders blocks otherwise from the next but one on, ascending by key; of genesis: all of
  // them.
  std::vector<ValidatorPower> validators;
  WriteBatch batch;             // everything to persist; the state changes when it is written
  std::vector<TxId> forgotten;  // transactions whose first results the state knows no more
};

}  // namespace assay::protocol
