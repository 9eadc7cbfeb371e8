#include "internal/follow_chain.hpp"

#include "assay/node/light_client.hpp"

namespace assay::cli::internal {

namespace {

class Follower {
 public:
  Follower(const protocol::Genesis& genesis, const Clock& clock, Log& log)
      : m_genesis(genesis), m_clock(clock), m_log(log) {}

  Result<protocol::BlockHeader> follow(ByteView bytes, const roles::AskHeader& ask) {
    ASSAY_TRY(const node::HeaderProof proof, node::decode_header_proof(bytes));
    if (!m_client) begin(proof);
    ASSAY_TRY(const node::HeaderVerdict verdict,
              m_client->follow(proof, m_clock.unix_ms(),
                               [&ask](Height height) -> Result<node::HeaderProof> {
                                 ASSAY_TRY(const Bytes between, ask(height));
                                 return node::decode_header_proof(between);
                               }));
    switch (verdict) {
      case node::HeaderVerdict::kValid: return *m_client->head();
      case node::HeaderVerdict::kWrongChain:
        return {ErrorCode::kIntegrity, "it runs another chain: check the genesis file"};
      case node::HeaderVerdict::kWrongHeight:
        return {ErrorCode::kUnavailable, "it is behind what was seen before"};
      case node::HeaderVerdict::kNotAgreed:
        return {ErrorCode::kIntegrity, std::string("CometBFT's header is not shown: ") +
                                           to_string(m_client->light_verdict())};
      default:
        return {ErrorCode::kIntegrity,
                std::string("the ledger's header is not shown: ") + to_string(verdict)};
    }
  }

 private:
  void begin(const node::HeaderProof& first) {
    node::ReplicatedTrust trust;
    const auto* const committed = std::get_if<node::CommittedHeader>(&first);
    if (committed != nullptr && node::is_replicated(m_genesis) &&
        m_genesis.validators_hash == Hash256{}) {
      trust.root = comet::trust_in(committed->next);
      m_log.write(LogLevel::kWarning, "ledger.validators_unknown",
                  {{"believed", to_hex(committed->next.header.validators_hash)},
                   {"help",
                    "the genesis record names no validators: those that the first node "
                    "shows are believed"}});
    }
    m_client = std::make_unique<node::LightClient>(m_genesis, trust);
  }

  protocol::Genesis m_genesis;
  const Clock& m_clock;
  Log& m_log;
  std::unique_ptr<node::LightClient> m_client;
};

}  // namespace

roles::FollowHeader follow_chain(const protocol::Genesis& genesis, const Clock& clock, Log& log) {
  return [follower = std::make_shared<Follower>(genesis, clock, log)](
             ByteView proof, const roles::AskHeader& ask) { return follower->follow(proof, ask); };
}

}  // namespace assay::cli::internal
