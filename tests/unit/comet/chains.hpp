// Light blocks for tests: a recorded chain (tests/vectors/comet/README.md), and chains of our own,
// signed with keys of our own.
#pragma once

#include <gtest/gtest.h>

#include <fstream>

#include "assay/codec/json.hpp"
#include "assay/comet/hash.hpp"
#include "assay/comet/rpc.hpp"
#include "assay/comet/verify.hpp"
#include "assay/comet/wire.hpp"
#include "assay/crypto/ed25519.hpp"

namespace assay::comet::test {

inline std::string text_of(const std::string& name) {
  std::ifstream in(std::string(ASSAY_TEST_DATA "/comet/") + name, std::ios::binary);
  std::string text{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  EXPECT_FALSE(text.empty()) << name;
  return text;
}

// What CometBFT's RPC answered: for each height from 1 on an object of "commit" and "validators".
inline const codec::Json& recorded_answers() {
  static const codec::Json kAnswers = *codec::parse_json(text_of("chain.json"));
  return kAnswers;
}

inline const std::vector<LightBlock>& recorded_chain() {
  static const std::vector<LightBlock> kChain = [] {
    std::vector<LightBlock> chain;
    for (const codec::Json& each : *recorded_answers().get<codec::Json::Array>()) {
      auto block = light_block_from_rpc(*each.find("commit"),
                                        *each.find("validators")->get<codec::Json::Array>());
      EXPECT_TRUE(block) << block.error().message;
      chain.push_back(std::move(*block));
    }
    return chain;
  }();
  return kChain;
}

struct Signer {
  unsigned number = 0;  // of its key
  std::int64_t power = 0;
};

inline const crypto::KeyPair& key(unsigned number) {
  static std::vector<crypto::KeyPair> keys = [] {
    std::vector<crypto::KeyPair> all;
    for (std::uint8_t i = 0; i < 32; ++i)
      all.emplace_back(crypto::SecretKey(std::array<std::uint8_t, 32>{i, 7}.data()));
    return all;
  }();
  return keys.at(number);
}

// In the order given: what is checked needs no other.
inline ValidatorSet set_of(const std::vector<Signer>& signers) {
  ValidatorSet validators;
  for (const Signer& s : signers) validators.push_back({key(s.number).public_key(), s.power});
  return validators;
}

inline Hash256 some_hash(std::uint8_t first) {
  Hash256 hash;
  hash.bytes[0] = first;
  return hash;
}

inline constexpr std::int64_t kStart = 1'700'000'000;

// Signed by all of `signers` with their flags; what of it is changed later is signed again.
inline void sign(LightBlock& block, const std::vector<Signer>& signers) {
  block.commit.height = block.header.height;
  block.commit.block = {hash_of(block.header), 1, some_hash(9)};
  for (std::size_t i = 0; i < signers.size(); ++i) {
    CommitSignature& s = block.commit.signatures[i];
    if (s.flag == VoteFlag::kAbsent) continue;
    s.validator = address_of(key(signers[i].number).public_key());
    s.time = {kStart + block.header.height, static_cast<std::int32_t>(i)};
    s.signature = key(signers[i].number)
                      .sign(vote_sign_bytes(block.header.chain_id, block.commit, s.flag, s.time));
  }
}

// The block of this height, a second a height; `next`: whom it announces.
inline LightBlock make_block(std::int64_t height, const std::vector<Signer>& signers,
                             const std::vector<Signer>& next) {
  LightBlock block;
  Header& h = block.header;
  h.chain_id = "chain";
  h.height = height;
  h.time = {kStart + height, 5};
  if (height > 1) h.last_block = BlockId{some_hash(1), 1, some_hash(2)};
  h.app_hash = to_bytes(some_hash(static_cast<std::uint8_t>(height)).view());
  block.validators = set_of(signers);
  h.validators_hash = hash_of(block.validators);
  h.next_validators_hash = hash_of(set_of(next));
  h.proposer = address_of(block.validators[0].key);
  block.commit.signatures.resize(signers.size());
  for (CommitSignature& s : block.commit.signatures) s.flag = VoteFlag::kCommit;
  sign(block, signers);
  return block;
}

}  // namespace assay::comet::test
