// A small ledger to make archives of, for the fuzz target and its corpus.
#pragma once

#include "assay/core/memory_store.hpp"
#include "assay/crypto/ed25519.hpp"
#include "assay/crypto/sha256.hpp"
#include "assay/node/archive.hpp"
#include "assay/protocol/apply.hpp"
#include "internal/keys.hpp"

namespace assay::fuzz {

// An archive's head, its pieces and their checksum.
inline Bytes sealed_archive(ByteView pieces) {
  Bytes file = to_bytes(as_bytes("assay archive\n"));
  file.insert(file.end(), {std::uint8_t{node::kArchiveVersion}, 0, 0, 0});
  file.insert(file.end(), pieces.begin(), pieces.end());
  const Hash256 sum = crypto::sha256(file);
  file.insert(file.end(), sum.bytes.begin(), sum.bytes.end());
  return file;
}

// Genesis and two blocks, the second with a transfer.
struct ArchiveScene {
  protocol::Genesis genesis;
  protocol::BlockHeader head;
  MemoryStore store;

  ArchiveScene() {
    const std::uint8_t seed[32] = {1};
    const std::uint8_t other_seed[32] = {2};
    const crypto::KeyPair key{crypto::SecretKey(seed)};
    const crypto::KeyPair sender{crypto::SecretKey(other_seed)};
    genesis = {
        "fuzz", key.public_key(), 1'000, {{AccountId{sender.public_key()}, Amount{100}, {}}}};
    take(*protocol::init_chain(store, genesis), key, {});
    for (std::uint64_t h = 1; h <= 2; ++h) {
      const node::Beacon beacon = node::make_beacon(key, head);
      protocol::Block block{Height{h}, 1'000 + h, beacon.value, {}};
      if (h == 2) block.transactions.push_back(transfer(sender));
      protocol::BlockResult result = *protocol::apply(store, block);
      for (const auto& receipt : result.receipts.receipts)
        result.batch.put(node::result_key(receipt.id),
                         encode(node::StoredResult{Height{h}, receipt.verdict, receipt.detail}));
      take(std::move(result), key, beacon.signature);
    }
  }
  [[nodiscard]] Bytes archive(bool bodies) const {
    Bytes bytes;
    const Status written = node::write_archive(store, {bodies, nullptr}, [&](ByteView part) {
      bytes.insert(bytes.end(), part.begin(), part.end());
      return Status{};
    });
    ASSAY_INVARIANT(written);
    return bytes;
  }

 private:
  [[nodiscard]] Bytes transfer(const crypto::KeyPair& sender) const {
    protocol::Envelope e;
    e.chain = chain_id_of(genesis);
    e.sender = AccountId{sender.public_key()};
    e.nonce = 1;
    e.valid_until = Height{10};
    e.payload = protocol::Transfer{AccountId{genesis.operator_key}, Amount{7}};
    return sign_transaction(e, sender);
  }
  void take(protocol::BlockResult result, const crypto::KeyPair& key,
            const crypto::Signature& beacon) {
    result.batch.put(node::seal_key(result.header.height),
                     node::encode_seal(beacon, node::sign_header(key, result.header)));
    ASSAY_INVARIANT(store.write(result.batch));
    head = result.header;
  }
};

}  // namespace assay::fuzz
