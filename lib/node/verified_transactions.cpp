#include "assay/node/verified_transactions.hpp"

#include <algorithm>

#include "assay/crypto/ed25519.hpp"

namespace assay::node {

protocol::TxVerdict VerifiedTransactions::verify(
    ByteView bytes, TxId& id, std::optional<protocol::VerifiedTransaction>& out) {
  constexpr std::size_t kSignature = std::tuple_size_v<crypto::Signature>;
  if (bytes.size() > kSignature && bytes.size() <= protocol::kMaxTransactionBytes) {
    // The id is the body's: another signature under it is another transaction, and may be wrong.
    const TxId claimed = protocol::tx_digest(bytes.first(bytes.size() - kSignature));
    const std::lock_guard lock(m_mutex);
    const auto known = m_known.find(claimed);
    if (known != m_known.end() && std::ranges::equal(known->second.bytes(), bytes)) {
      id = claimed;
      out = known->second;
      return protocol::TxVerdict::kApplied;
    }
  }
  const protocol::TxVerdict verdict =
      protocol::VerifiedTransaction::verify(m_chain, to_bytes(bytes), id, out);
  if (out) remember(*out);
  return verdict;
}

void VerifiedTransactions::remember(const protocol::VerifiedTransaction& transaction) {
  const std::lock_guard lock(m_mutex);
  const TxId id = transaction.parsed().id;
  if (!m_known.emplace(id, transaction).second) return;
  m_order.push_back(id);
  m_bytes += transaction.bytes().size();
  while (m_order.size() > m_count_max || m_bytes > m_bytes_max) {
    const auto oldest = m_known.extract(m_order.front());
    m_order.pop_front();
    m_bytes -= oldest.mapped().bytes().size();
  }
}

std::size_t VerifiedTransactions::size() const {
  const std::lock_guard lock(m_mutex);
  return m_order.size();
}

}  // namespace assay::node
