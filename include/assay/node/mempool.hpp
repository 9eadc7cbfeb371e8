// Transactions that wait for a block (docs/spec/node.md). Bounded in count and bytes, as a whole
// and for each sender; the kinds that games are made of have half of it, and half of each block, to
// themselves, so that nobody can crowd out a challenge. What the ledger would refuse as it stands
// is no game, whatever its kind: refusals cost nothing.
#pragma once

#include <list>
#include <map>
#include <optional>

#include "assay/protocol/block.hpp"

namespace assay::node {

inline constexpr std::size_t kMempoolTransactionsMax = 8192;
inline constexpr std::size_t kMempoolBytesMax = std::size_t{32} << 20;
inline constexpr std::size_t kMempoolSenderMax = 256;
inline constexpr std::size_t kBlockTransactionsMax = 1024;
inline constexpr std::size_t kBlockBytesMax = protocol::kMaxBlockBytes;
static_assert(kBlockTransactionsMax <= protocol::kMaxBlockTransactions);

// Challenges, their reveals, stand-ups, moves and contradictions.
[[nodiscard]] bool is_game_kind(protocol::TxKind kind) noexcept;

enum class MempoolVerdict : std::uint8_t {
  kAdded = 0,
  kAlreadyWaiting,  // the same bytes
  kSenderFull,      // this sender has kMempoolSenderMax waiting
  kFull,
};
[[nodiscard]] const char* to_string(MempoolVerdict verdict) noexcept;

// Not thread-safe.
class Mempool {
 public:
  // `parsed` is what parse_transaction made of `bytes`; `applies`: check_transaction's verdict is
  // kApplied.
  [[nodiscard]] MempoolVerdict add(const protocol::ParsedTransaction& parsed, ByteView bytes,
                                   bool applies = true);
  [[nodiscard]] bool empty() const noexcept { return m_waiting.empty(); }
  [[nodiscard]] std::size_t size() const noexcept { return m_waiting.size(); }
  [[nodiscard]] bool has(const TxId& id) const { return m_by_id.count(id) > 0; }
  // A transfer to the account waits that would apply.
  [[nodiscard]] bool credits(const AccountId& id) const { return m_credited.count(id) > 0; }

  struct Taken {
    TxId id;
    AccountId sender;
    std::uint64_t nonce = 0;
    Bytes bytes;
  };
  // The next block's transactions, in order of arrival but each sender's by ascending nonce. They
  // leave the pool.
  [[nodiscard]] std::vector<Taken> take_block();

 private:
  struct Entry {
    Taken tx;
    bool game = false;
    std::optional<AccountId> credited;
  };
  struct Use {
    std::size_t count = 0;
    std::size_t bytes = 0;
  };
  std::list<Entry> m_waiting;
  std::map<TxId, std::list<Entry>::iterator> m_by_id;
  std::map<AccountId, std::size_t> m_by_sender;
  std::map<AccountId, std::size_t> m_credited;
  Use m_all;
  Use m_others;  // what is no game's
};

}  // namespace assay::node
