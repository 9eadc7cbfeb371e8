#include "assay/node/light_client.hpp"

#include "assay/crypto/sha256.hpp"

namespace assay::node {

LightClient::LightClient(const protocol::Genesis& genesis)
    : m_chain(chain_id_of(genesis)), m_operator_key(genesis.operator_key) {}

HeaderVerdict LightClient::follow(const SignedHeader& signed_header) {
  const protocol::BlockHeader& h = signed_header.header;
  if (!m_head) {
    const HeaderVerdict verdict = verify_header(m_chain, m_operator_key, signed_header);
    if (verdict == HeaderVerdict::kValid) m_head = h;
    return verdict;
  }
  if (h.chain != m_chain) return HeaderVerdict::kWrongChain;
  if (h.height < m_head->height) return HeaderVerdict::kWrongHeight;
  HeaderVerdict verdict = HeaderVerdict::kValid;
  if (h.height.value == m_head->height.value + 1) {
    verdict = verify_successor(m_operator_key, *m_head, signed_header);
  } else {
    const std::uint64_t blocks = h.height.value - m_head->height.value;
    if (h.time_ms < m_head->time_ms || h.ledger_time < m_head->ledger_time)
      return HeaderVerdict::kTimeRunsBack;
    if ((h.ledger_time.value - m_head->ledger_time.value) / protocol::kMaxLedgerStepMs > blocks)
      return HeaderVerdict::kTimeLeaps;
    verdict = verify_header(m_chain, m_operator_key, signed_header);
  }
  if (verdict != HeaderVerdict::kValid) return verdict;
  if (h.height == m_head->height && h != *m_head) return HeaderVerdict::kContradiction;
  m_head = h;
  return verdict;
}

HeaderVerdict LightClient::check_header(const SignedHeader& signed_header) const {
  const HeaderVerdict verdict = verify_header(m_chain, m_operator_key, signed_header);
  if (verdict == HeaderVerdict::kValid && m_head && signed_header.header.height == m_head->height &&
      signed_header.header != *m_head)
    return HeaderVerdict::kContradiction;
  return verdict;
}

commit::MapProofVerdict LightClient::check_present(ByteView key, ByteView value,
                                                   ByteView proof) const {
  ASSAY_EXPECTS(m_head.has_value());
  return check_present(*m_head, key, value, proof);
}

commit::MapProofVerdict LightClient::check_absent(ByteView key, ByteView proof) const {
  ASSAY_EXPECTS(m_head.has_value());
  return check_absent(*m_head, key, proof);
}

commit::MapProofVerdict LightClient::check_present(const protocol::BlockHeader& header,
                                                   ByteView key, ByteView value, ByteView proof) {
  return commit::verify_present(crypto::sha256_function(), header.state_root, key, value, proof);
}

commit::MapProofVerdict LightClient::check_absent(const protocol::BlockHeader& header, ByteView key,
                                                  ByteView proof) {
  return commit::verify_absent(crypto::sha256_function(), header.state_root, key, proof);
}

}  // namespace assay::node
