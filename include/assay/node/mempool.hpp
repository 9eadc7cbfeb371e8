// Transactions that wait for a block (docs/spec/node.md). Bounded in count and bytes, as a whole
// and for each sender; the kinds that games are made of have half of it, and half of each block, to
// themselves, so that nobody can crowd out a challenge. What the ledger would refuse as it stands
// is no game, whatever its kind: refusals cost nothing.
#pragma once

#include <list>
#include <optional>
#include <unordered_map>

#include "assay/node/lanes.hpp"
#include "assay/protocol/block.hpp"

namespace assay::node {

inline constexpr std::size_t kMempoolTransactionsMax = 32'768;
inline constexpr std::size_t kMempoolBytesMax = std::size_t{32} << 20;
inline constexpr std::size_t kMempoolSenderMax = 256;
inline constexpr std::size_t kBlockTransactionsMax = protocol::kMaxBlockTransactions;
inline constexpr std::size_t kBlockBytesMax = protocol::kMaxBlockBytes;

// Digests and keys: their first bytes, in an order of this process's own. Senders can make ids with
// bytes that they choose, and would put them all in one bucket if they knew the order. Nothing that
// the ledger does depends on it.
class IdHasher {
 public:
  template <class Id>
  std::size_t operator()(const Id& id) const noexcept {
    const std::uint64_t mixed =
        (load_le<std::uint64_t>(id.value.bytes.data()) ^ secret().added) * secret().factor;
    return mixed ^ mixed >> 32;
  }

 private:
  struct Secret {
    std::uint64_t added, factor;
  };
  [[nodiscard]] static const Secret& secret() noexcept;
};

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
  // `parsed` is what parse_transaction made of so many `bytes`, which are the caller's to keep, as
  // is the order not to add what waits already; `applies`: check_transaction's verdict is kApplied.
  [[nodiscard]] MempoolVerdict add(const protocol::ParsedTransaction& parsed, std::size_t bytes,
                                   bool applies = true);
  [[nodiscard]] bool empty() const noexcept { return m_waiting.empty(); }
  // A transaction of this kind and size may enter after so many others did.
  [[nodiscard]] bool has_room(bool game, std::size_t bytes, std::size_t others = 0) const noexcept {
    return m_lanes.fits(game, bytes, others);
  }
  // What is no game's fills its half of a block.
  [[nodiscard]] bool fills_block() const noexcept {
    const Lanes::Use& others = m_lanes.others();
    return others.count >= kBlockTransactionsMax / 2 || others.bytes >= kBlockBytesMax / 2;
  }
  [[nodiscard]] std::size_t size() const noexcept { return m_waiting.size(); }
  // A transfer to the account waits that would apply.
  [[nodiscard]] bool credits(const AccountId& id) const { return m_credited.count(id) > 0; }

  struct Taken {
    TxId id;
    AccountId sender;
    std::uint64_t nonce = 0;
    std::size_t bytes = 0;
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
  std::list<Entry> m_waiting;
  using Counts = std::unordered_map<AccountId, std::size_t, IdHasher>;
  [[nodiscard]] static bool nonces_ascend(const std::vector<Taken>& taken);
  static void count_down(Counts& counts, const AccountId& id);
  Counts m_by_sender;
  Counts m_credited;
  Lanes m_lanes{kMempoolTransactionsMax, kMempoolBytesMax};
};

}  // namespace assay::node
