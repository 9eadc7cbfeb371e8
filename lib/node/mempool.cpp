#include "assay/node/mempool.hpp"

#include <algorithm>
#include <numeric>

#include "assay/crypto/random.hpp"

namespace assay::node {

const IdHasher::Secret& IdHasher::secret() noexcept {
  static const Secret drawn = [] {
    std::array<std::uint8_t, 16> bytes;
    crypto::SystemRng().fill(bytes);
    return Secret{load_le<std::uint64_t>(bytes.data()),
                  load_le<std::uint64_t>(bytes.data() + 8) | 1};
  }();
  return drawn;
}

const char* to_string(MempoolVerdict verdict) noexcept {
  switch (verdict) {
    case MempoolVerdict::kAdded: return "added";
    case MempoolVerdict::kAlreadyWaiting: return "already waiting";
    case MempoolVerdict::kSenderFull: return "this sender has too many transactions waiting";
    case MempoolVerdict::kFull: return "too many transactions are waiting";
  }
  return "?";
}

void Mempool::count_down(Counts& counts, const AccountId& id) {
  if (const auto found = counts.find(id); --found->second == 0) counts.erase(found);
}

MempoolVerdict Mempool::add(const protocol::ParsedTransaction& parsed, std::size_t bytes,
                            bool applies) {
  const AccountId sender = parsed.envelope.sender;
  const bool game = applies && protocol::is_game_kind(protocol::kind_of(parsed.envelope.payload));
  const auto waiting = m_by_sender.find(sender);
  if (waiting != m_by_sender.end() && waiting->second >= kMempoolSenderMax)
    return MempoolVerdict::kSenderFull;
  if (!has_room(game, bytes)) return MempoolVerdict::kFull;

  std::optional<AccountId> credited;
  if (const auto* transfer = std::get_if<protocol::Transfer>(&parsed.envelope.payload);
      transfer && applies)
    ++m_credited[*(credited = transfer->to)];
  m_waiting.push_back({{parsed.id, sender, parsed.envelope.nonce, bytes}, game, credited});
  ++m_by_sender[sender];
  m_lanes.add(game, bytes);
  return MempoolVerdict::kAdded;
}

// Each sender's, as they stand.
bool Mempool::nonces_ascend(const std::vector<Taken>& taken) {
  std::unordered_map<AccountId, std::uint64_t, IdHasher> last;
  for (const Taken& tx : taken) {
    std::uint64_t& nonce = last[tx.sender];
    if (tx.nonce < nonce) return false;
    nonce = tx.nonce;
  }
  return true;
}

std::vector<Mempool::Taken> Mempool::take_block() {
  std::vector<Taken> taken;
  Lanes block(kBlockTransactionsMax, kBlockBytesMax);
  for (auto it = m_waiting.begin(); it != m_waiting.end();) {
    if (block.all().count == kBlockTransactionsMax) break;
    const std::size_t size = it->tx.bytes;
    if (!block.fits(it->game, size)) {
      ++it;
      continue;
    }
    block.add(it->game, size);
    m_lanes.remove(it->game, size);
    count_down(m_by_sender, it->tx.sender);
    if (it->credited) count_down(m_credited, *it->credited);
    taken.push_back(std::move(it->tx));
    it = m_waiting.erase(it);
  }
  if (nonces_ascend(taken)) return taken;
  // A sender's transactions trade places among themselves until their nonces ascend.
  std::vector<std::size_t> places(taken.size());
  std::iota(places.begin(), places.end(), std::size_t{0});
  const auto by_sender = [&](std::size_t a, std::size_t b) {
    return std::pair(taken[a].sender, a) < std::pair(taken[b].sender, b);
  };
  std::sort(places.begin(), places.end(), by_sender);
  std::vector<std::size_t> order = places;
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return std::pair(taken[a].sender, taken[a].nonce) < std::pair(taken[b].sender, taken[b].nonce);
  });
  std::vector<Taken> ordered(taken.size());
  for (std::size_t i = 0; i < order.size(); ++i) ordered[places[i]] = taken[order[i]];
  return ordered;
}

}  // namespace assay::node
