// CometBFT's headers over headers of a replicated ledger, signed by validators of our own.
#pragma once

#include "assay/core/memory_store.hpp"
#include "assay/node/header_proof.hpp"
#include "assay/protocol/apply.hpp"
#include "unit/comet/chains.hpp"

namespace assay::node::test {

using comet::test::Signer;
inline const std::vector<Signer> kFour = {{0, 10}, {1, 10}, {2, 10}, {3, 10}};

// The block that CometBFT puts after this header.
inline comet::LightBlock block_after(const protocol::BlockHeader& header,
                                     const std::vector<Signer>& signers = kFour,
                                     const std::vector<Signer>& next = {}) {
  const auto height = static_cast<std::int64_t>(header.height.value) + 1;
  comet::LightBlock block = comet::test::make_block(height, signers, next.empty() ? signers : next);
  block.header.chain_id = comet_chain_id(header.chain);
  block.header.app_hash = app_hash_of(header);
  comet::test::sign(block, signers);
  return block;
}

inline CommittedHeader committed(const protocol::BlockHeader& header,
                                 const std::vector<Signer>& signers = kFour) {
  return {header, block_after(header, signers)};
}

inline constexpr std::uint64_t kNowMs = 1000 * (comet::test::kStart + 1000);

// The next header of a replicated ledger, a second later.
inline protocol::BlockHeader header_after(const protocol::BlockHeader& parent) {
  protocol::BlockHeader h = parent;
  ++h.height.value;
  h.time_ms += 1000;
  h.ledger_time.value += 1000;
  h.parent = hash_of(parent);
  h.beacon = replicated_beacon(parent);
  return h;
}

inline protocol::Genesis replicated_record() {
  protocol::Genesis genesis{"replicated", {}, 1'700'000'000'000, {}};
  genesis.validators_hash = comet::hash_of(comet::test::set_of(kFour));
  return genesis;
}

// The first headers of its chain.
inline std::vector<protocol::BlockHeader> headers(const protocol::Genesis& genesis,
                                                  std::size_t count) {
  const MemoryStore empty;
  std::vector<protocol::BlockHeader> all = {protocol::init_chain(empty, genesis)->header};
  while (all.size() < count) all.push_back(header_after(all.back()));
  return all;
}

}  // namespace assay::node::test
