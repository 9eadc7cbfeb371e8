#include "assay/node/light_client.hpp"

#include "assay/comet/hash.hpp"
#include "assay/crypto/sha256.hpp"

namespace assay::node {

namespace {

comet::Time time_of(std::uint64_t unix_ms) {
  return {static_cast<std::int64_t>(unix_ms / 1000),
          static_cast<std::int32_t>(unix_ms % 1000 * 1'000'000)};
}

// That CometBFT's next header is about this one; not yet that it is CometBFT's.
HeaderVerdict check_binding(const ChainId& chain, const CommittedHeader& committed) {
  const protocol::BlockHeader& h = committed.header;
  const comet::Header& next = committed.next.header;
  if (h.chain != chain) return HeaderVerdict::kWrongChain;
  if (next.height < 1 || static_cast<std::uint64_t>(next.height) - 1 != h.height.value ||
      next.app_hash != app_hash_of(h))
    return HeaderVerdict::kWrongAppHash;
  return HeaderVerdict::kValid;
}

}  // namespace

LightClient::LightClient(const protocol::Genesis& genesis, const ReplicatedTrust& trust)
    : m_chain(chain_id_of(genesis)),
      m_operator_key(genesis.operator_key),
      m_options(trust.options) {
  if (m_operator_key != Hash256{}) return;
  m_root = trust.root ? *trust.root
                      : comet::trust_in_genesis(comet_chain_id(m_chain), genesis.validators_hash);
  m_comet = std::make_unique<comet::LightClient>(m_root, m_options);
}

HeaderVerdict LightClient::resume(const HeaderProof& trusted, std::uint64_t now_ms) {
  ASSAY_EXPECTS(!m_head);
  const auto* const committed = std::get_if<CommittedHeader>(&trusted);
  if ((committed != nullptr) != (m_comet != nullptr)) return HeaderVerdict::kWrongForm;
  HeaderVerdict verdict = HeaderVerdict::kValid;
  if (committed == nullptr) {
    verdict = verify_header(m_chain, m_operator_key, *std::get_if<SignedHeader>(&trusted));
  } else {
    verdict = check_binding(m_chain, *committed);
    if (verdict == HeaderVerdict::kValid) verdict = resume_committed(*committed, time_of(now_ms));
  }
  if (verdict == HeaderVerdict::kValid) m_head = header_of(trusted);
  return verdict;
}

HeaderVerdict LightClient::resume_committed(const CommittedHeader& committed,
                                            const comet::Time& now) {
  const comet::Header& h = committed.next.header;
  m_light_verdict = comet::verify_root(comet_chain_id(m_chain), comet::hash_of(h), committed.next);
  if (m_light_verdict == comet::LightVerdict::kValid && m_options.trusting_period_s != 0 &&
      h.time.seconds + static_cast<std::int64_t>(m_options.trusting_period_s) <= now.seconds)
    m_light_verdict = comet::LightVerdict::kTrustExpired;
  if (m_light_verdict != comet::LightVerdict::kValid) return HeaderVerdict::kNotAgreed;
  m_root = comet::trust_in(committed.next);
  m_comet = std::make_unique<comet::LightClient>(m_root, m_options);
  return HeaderVerdict::kValid;
}

HeaderVerdict LightClient::follow(const HeaderProof& proof, std::uint64_t now_ms) {
  const auto* const committed = std::get_if<CommittedHeader>(&proof);
  if ((committed != nullptr) != (m_comet != nullptr)) return HeaderVerdict::kWrongForm;
  const HeaderVerdict verdict = committed != nullptr
                                    ? follow_committed(*committed, time_of(now_ms))
                                    : follow_signed(*std::get_if<SignedHeader>(&proof));
  if (verdict != HeaderVerdict::kValid) return verdict;
  const protocol::BlockHeader& h = header_of(proof);
  if (m_head && h.height == m_head->height && h != *m_head) return HeaderVerdict::kContradiction;
  m_head = h;
  return verdict;
}

// After a head, where blocks are left out.
HeaderVerdict LightClient::check_order(const protocol::BlockHeader& h) const {
  if (h.chain != m_chain) return HeaderVerdict::kWrongChain;
  if (h.height < m_head->height) return HeaderVerdict::kWrongHeight;
  const std::uint64_t blocks = h.height.value - m_head->height.value;
  if (h.time_ms < m_head->time_ms || h.ledger_time < m_head->ledger_time)
    return HeaderVerdict::kTimeRunsBack;
  if ((h.ledger_time.value - m_head->ledger_time.value) / protocol::kMaxLedgerStepMs > blocks)
    return HeaderVerdict::kTimeLeaps;
  return HeaderVerdict::kValid;
}

HeaderVerdict LightClient::follow_signed(const SignedHeader& signed_header) const {
  const protocol::BlockHeader& h = signed_header.header;
  if (!m_head) return verify_header(m_chain, m_operator_key, signed_header);
  if (h.height.value == m_head->height.value + 1)
    return verify_successor(m_operator_key, *m_head, signed_header);
  const HeaderVerdict order = check_order(h);
  if (order != HeaderVerdict::kValid) return order;
  return verify_header(m_chain, m_operator_key, signed_header);
}

HeaderVerdict LightClient::check_place(const CommittedHeader& committed) const {
  const protocol::BlockHeader& h = committed.header;
  if (m_head) {
    const HeaderVerdict order =
        h.height.value == m_head->height.value + 1 ? verify_replicated(*m_head, h) : check_order(h);
    if (order != HeaderVerdict::kValid) return order;
  }
  return check_binding(m_chain, committed);
}

HeaderVerdict LightClient::follow_committed(const CommittedHeader& committed,
                                            const comet::Time& now) {
  const HeaderVerdict place = check_place(committed);
  if (place != HeaderVerdict::kValid) return place;
  m_light_verdict = m_comet->follow(committed.next, now);
  if (m_light_verdict == comet::LightVerdict::kContradiction) return HeaderVerdict::kContradiction;
  return m_light_verdict == comet::LightVerdict::kValid ? HeaderVerdict::kValid
                                                        : HeaderVerdict::kNotAgreed;
}

Result<HeaderVerdict> LightClient::follow(const HeaderProof& proof, std::uint64_t now_ms,
                                          const AskHeaderProof& ask) {
  // Our header of a height comes with CometBFT's of the next.
  class Between final : public comet::LightBlocks {
   public:
    explicit Between(const AskHeaderProof& given) : m_ask(given) {}
    Result<comet::LightBlock> at(std::int64_t height) override {
      ASSAY_TRY(HeaderProof found, m_ask(Height{static_cast<std::uint64_t>(height) - 1}));
      auto* const committed = std::get_if<CommittedHeader>(&found);
      if (committed == nullptr)
        return {ErrorCode::kIntegrity, "a header of a replicated ledger without CometBFT's"};
      return std::move(committed->next);
    }

   private:
    const AskHeaderProof& m_ask;
  };
  const auto* const committed = std::get_if<CommittedHeader>(&proof);
  if (committed != nullptr && m_comet != nullptr &&
      check_place(*committed) == HeaderVerdict::kValid) {
    Between between(ask);
    ASSAY_TRY(m_light_verdict, m_comet->follow(committed->next, between, time_of(now_ms)));
  }
  return follow(proof, now_ms);
}

HeaderVerdict LightClient::check_header(const HeaderProof& proof, std::uint64_t now_ms) const {
  const auto* const committed = std::get_if<CommittedHeader>(&proof);
  if ((committed != nullptr) != (m_comet != nullptr)) return HeaderVerdict::kWrongForm;
  HeaderVerdict verdict = HeaderVerdict::kValid;
  if (committed == nullptr) {
    verdict = verify_header(m_chain, m_operator_key, *std::get_if<SignedHeader>(&proof));
  } else {
    verdict = check_binding(m_chain, *committed);
    if (verdict == HeaderVerdict::kValid &&
        comet::verify(m_root, committed->next, m_options, time_of(now_ms)) !=
            comet::LightVerdict::kValid)
      verdict = HeaderVerdict::kNotAgreed;
  }
  const protocol::BlockHeader& h = header_of(proof);
  if (verdict == HeaderVerdict::kValid && m_head && h.height == m_head->height && h != *m_head)
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
