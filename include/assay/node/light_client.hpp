// Follows a chain by its headers alone and checks what a node says about the state: account
// balances, claims, verdicts of games (docs/spec/node.md). Records' keys: docs/spec/protocol.md.
#pragma once

#include "assay/commit/map_proof.hpp"
#include "assay/node/header.hpp"

namespace assay::node {

// Not thread-safe.
class LightClient {
 public:
  // Trusts the genesis record, and by it the operator's key. The genesis header is what
  // protocol::init_chain makes of the record, or the first header that follow() is given.
  explicit LightClient(const protocol::Genesis& genesis);

  // Moves on to a later header, blocks may be left out; the present one again is valid too. Unless
  // it returns kValid nothing changes.
  [[nodiscard]] HeaderVerdict follow(const SignedHeader& header);

  // Is it a header of this chain, signed by its operator? For proofs under blocks that follow() has
  // passed; changes nothing.
  [[nodiscard]] HeaderVerdict check_header(const SignedHeader& header) const;

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
  ChainId m_chain;
  Hash256 m_operator_key;
  std::optional<protocol::BlockHeader> m_head;
};

}  // namespace assay::node
