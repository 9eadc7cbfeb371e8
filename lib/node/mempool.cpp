#include "assay/node/mempool.hpp"

#include <algorithm>

namespace assay::node {

using protocol::TxKind;

bool is_game_kind(TxKind kind) noexcept {
  return kind == TxKind::kCommitChallenge || kind == TxKind::kRevealChallenge ||
         kind == TxKind::kStandUp || kind == TxKind::kPlayMove ||
         kind == TxKind::kReportContradiction || kind == TxKind::kDisclose;
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

namespace {

void count_down(std::map<AccountId, std::size_t>& counts, const AccountId& id) {
  if (const auto found = counts.find(id); --found->second == 0) counts.erase(found);
}

}  // namespace

MempoolVerdict Mempool::add(const protocol::ParsedTransaction& parsed, ByteView bytes,
                            bool applies) {
  if (has(parsed.id)) return MempoolVerdict::kAlreadyWaiting;
  const AccountId sender = parsed.envelope.sender;
  const bool game = applies && is_game_kind(protocol::kind_of(parsed.envelope.payload));
  const auto waiting = m_by_sender.find(sender);
  if (waiting != m_by_sender.end() && waiting->second >= kMempoolSenderMax)
    return MempoolVerdict::kSenderFull;
  const auto fits = [&](const Use& use, std::size_t share) {
    return use.count < kMempoolTransactionsMax / share &&
           use.bytes + bytes.size() <= kMempoolBytesMax / share;
  };
  if (!fits(m_all, 1) || (!game && !fits(m_others, 2))) return MempoolVerdict::kFull;

  std::optional<AccountId> credited;
  if (const auto* transfer = std::get_if<protocol::Transfer>(&parsed.envelope.payload);
      transfer && applies)
    ++m_credited[*(credited = transfer->to)];
  m_waiting.push_back(
      {{parsed.id, sender, parsed.envelope.nonce, to_bytes(bytes)}, game, credited});
  m_by_id.emplace(parsed.id, std::prev(m_waiting.end()));
  ++m_by_sender[sender];
  for (Use* use : {&m_all, game ? nullptr : &m_others}) {
    if (!use) continue;
    ++use->count;
    use->bytes += bytes.size();
  }
  return MempoolVerdict::kAdded;
}

std::vector<Mempool::Taken> Mempool::take_block() {
  std::vector<Taken> taken;
  Use all, others;
  const auto fits = [](const Use& use, std::size_t size, std::size_t share) {
    return use.count < kBlockTransactionsMax / share && use.bytes + size <= kBlockBytesMax / share;
  };
  for (auto it = m_waiting.begin(); it != m_waiting.end();) {
    const std::size_t size = it->tx.bytes.size();
    if (!fits(all, size, 1) || (!it->game && !fits(others, size, 2))) {
      ++it;
      continue;
    }
    for (Use* use : {&all, it->game ? nullptr : &others}) {
      if (!use) continue;
      ++use->count;
      use->bytes += size;
    }
    for (Use* use : {&m_all, it->game ? nullptr : &m_others}) {
      if (!use) continue;
      --use->count;
      use->bytes -= size;
    }
    m_by_id.erase(it->tx.id);
    count_down(m_by_sender, it->tx.sender);
    if (it->credited) count_down(m_credited, *it->credited);
    taken.push_back(std::move(it->tx));
    it = m_waiting.erase(it);
  }
  // A sender's transactions trade places among themselves until their nonces ascend.
  std::map<AccountId, std::vector<std::size_t>> places;
  for (std::size_t i = 0; i < taken.size(); ++i) places[taken[i].sender].push_back(i);
  for (const auto& [sender, at] : places) {
    std::vector<Taken> own;
    for (const std::size_t i : at) own.push_back(std::move(taken[i]));
    std::stable_sort(own.begin(), own.end(),
                     [](const Taken& a, const Taken& b) { return a.nonce < b.nonce; });
    for (std::size_t i = 0; i < at.size(); ++i) taken[at[i]] = std::move(own[i]);
  }
  return taken;
}

}  // namespace assay::node
