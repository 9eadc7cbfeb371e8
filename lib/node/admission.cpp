#include "assay/node/admission.hpp"

namespace assay::node {

MempoolVerdict Admission::admit(const protocol::ParsedTransaction& parsed, std::size_t bytes,
                                bool applies, bool has) {
  const std::lock_guard lock(m_mutex);
  if (const auto found = m_entries.find(parsed.id); found != m_entries.end()) {
    if (found->second.asked != m_height) m_by_height.emplace_back(m_height, parsed.id);
    found->second.asked = m_height;
    return MempoolVerdict::kAlreadyWaiting;
  }
  const AccountId sender = parsed.envelope.sender;
  const bool game = applies && protocol::is_game_kind(protocol::kind_of(parsed.envelope.payload));
  const auto known = m_by_sender.find(sender);
  if (!has && known != m_by_sender.end() && known->second >= kMempoolSenderMax)
    return MempoolVerdict::kSenderFull;
  if (!has && !m_lanes.fits(game, bytes)) return MempoolVerdict::kFull;
  m_entries.emplace(parsed.id, Entry{sender, bytes, game, m_height});
  m_by_height.emplace_back(m_height, parsed.id);
  ++m_by_sender[sender];
  m_lanes.add(game, bytes);
  return MempoolVerdict::kAdded;
}

void Admission::erase(const TxId& id) {
  const auto found = m_entries.extract(id);
  if (found.empty()) return;
  const Entry& entry = found.mapped();
  if (const auto sender = m_by_sender.find(entry.sender); --sender->second == 0)
    m_by_sender.erase(sender);
  m_lanes.remove(entry.game, entry.bytes);
}

void Admission::leave(const TxId& id) {
  const std::lock_guard lock(m_mutex);
  erase(id);
}

void Admission::leave_all(const std::vector<TxId>& ids, Height height) {
  const std::lock_guard lock(m_mutex);
  m_height = height;
  for (const TxId& id : ids) erase(id);
  for (; !m_by_height.empty(); m_by_height.pop_front()) {
    const auto& [asked, id] = m_by_height.front();
    if (asked.value + kAdmittedBlocks > height.value) break;
    const auto found = m_entries.find(id);
    if (found != m_entries.end() && found->second.asked == asked) erase(id);
  }
}

std::size_t Admission::size() const {
  const std::lock_guard lock(m_mutex);
  return m_entries.size();
}

}  // namespace assay::node
