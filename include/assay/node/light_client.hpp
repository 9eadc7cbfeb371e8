// Follows a chain by its headers alone and checks what a node says about the state: account
// balances, claims, verdicts of games (docs/spec/node.md). Records' keys: docs/spec/protocol.md.
#pragma once

#include "assay/comet/light_client.hpp"
#include "assay/commit/map_proof.hpp"
#include "assay/node/header_proof.hpp"

namespace assay::node {

// Of a replicated ledger.
struct ReplicatedTrust {
  // A root of trust other than the validators that the genesis record names: what
  // comet::verify_root() found valid, say.
  std::optional<comet::Trusted> root = {};
  // Without a trusting period: whoever begins from the genesis record could follow no chain that
  // is older. What that costs says docs/spec/node.md.
  comet::LightOptions options = {.trusting_period_s = 0};
};

// A proof of another height's header, from whoever gave the one that is to be followed.
using AskHeaderProof = std::function<Result<HeaderProof>(Height height)>;

// Not thread-safe.
class LightClient {
 public:
  // Trusts the genesis record, and by it the operator's key, or the first validators of CometBFT.
  // The genesis header is what protocol::init_chain makes of the record, or the first header that
  // follow() is given.
  explicit LightClient(const protocol::Genesis& genesis, const ReplicatedTrust& trust = {});

  // Trusts a header that was followed before, or that the user knows for the chain's, as it stands,
  // and goes on from it. Requires no head. kNotAgreed with light_verdict() kTrustExpired if it is
  // older than the trusting period; any other but kValid: its proof is not whole. Unless it returns
  // kValid nothing changes.
  [[nodiscard]] HeaderVerdict resume(const HeaderProof& trusted, std::uint64_t now_ms = 0);

  // Moves on to a later header, blocks may be left out; the present one again is valid too. Unless
  // it returns kValid no head changes. `now_ms`: Unix time, for CometBFT's headers.
  [[nodiscard]] HeaderVerdict follow(const HeaderProof& proof, std::uint64_t now_ms = 0);

  // The same over as many headers between as the changes of a replicated ledger's validators ask
  // for. Errors: those of `ask`; kIntegrity and kLimit as of comet::LightClient::follow().
  [[nodiscard]] Result<HeaderVerdict> follow(const HeaderProof& proof, std::uint64_t now_ms,
                                             const AskHeaderProof& ask);

  // Is it a header of this chain, signed by its operator or agreed on by its validators? For proofs
  // under blocks that follow() has passed; changes nothing. Of a replicated ledger: as far as it
  // can be seen in one step from the root of trust.
  [[nodiscard]] HeaderVerdict check_header(const HeaderProof& proof,
                                           std::uint64_t now_ms = 0) const;
  // Why the last kNotAgreed of follow(); after kTooLittleTrust headers between may do.
  [[nodiscard]] comet::LightVerdict light_verdict() const noexcept { return m_light_verdict; }

  [[nodiscard]] const ChainId& chain() const noexcept { return m_chain; }
  // None before the first follow().
  [[nodiscard]] const std::optional<protocol::BlockHeader>& head() const noexcept { return m_head; }

  // Does the state after head() hold `value` at `key`; or nothing there? Requires a head.
  [[nodiscard]] commit::MapProofVerdict check_present(ByteView key, ByteView value,
                                                      ByteView proof) const;
  [[nodiscard]] commit::MapProofVerdict check_absent(ByteView key, ByteView proof) const;
  // The same under a header that check_header() found valid.
  [[nodiscard]] static commit::MapProofVerdict check_present(const protocol::BlockHeader& header,
                                                             ByteView key, ByteView value,
                                                             ByteView proof);
  [[nodiscard]] static commit::MapProofVerdict check_absent(const protocol::BlockHeader& header,
                                                            ByteView key, ByteView proof);

 private:
  [[nodiscard]] HeaderVerdict resume_committed(const CommittedHeader& header,
                                               const comet::Time& now);
  [[nodiscard]] HeaderVerdict check_order(const protocol::BlockHeader& header) const;
  [[nodiscard]] HeaderVerdict follow_signed(const SignedHeader& header) const;
  [[nodiscard]] HeaderVerdict follow_committed(const CommittedHeader& header,
                                               const comet::Time& now);
  // What it says before it looks at CometBFT's signatures.
  [[nodiscard]] HeaderVerdict check_place(const CommittedHeader& header) const;

  ChainId m_chain;
  Hash256 m_operator_key;
  std::optional<protocol::BlockHeader> m_head;
  // Of a replicated ledger.
  comet::LightOptions m_options;
  comet::Trusted m_root;
  std::unique_ptr<comet::LightClient> m_comet;
  comet::LightVerdict m_light_verdict = comet::LightVerdict::kValid;
};

}  // namespace assay::node
