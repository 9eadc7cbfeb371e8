#include "assay/node/header.hpp"

#include <gtest/gtest.h>

#include "assay/crypto/sha256.hpp"

namespace assay::node {
namespace {

crypto::KeyPair key_of(std::uint8_t seed) {
  std::array<std::uint8_t, 32> bytes{};
  bytes.fill(seed);
  return crypto::KeyPair(crypto::SecretKey(bytes.data()));
}

BlockHeader genesis() {
  BlockHeader h;
  h.chain.value.bytes.fill(3);
  h.time = LedgerTimeMs{1000};
  return h;
}
BlockHeader next(const BlockHeader& parent) {
  BlockHeader h;
  h.chain = parent.chain;
  h.height = Height{parent.height.value + 1};
  h.parent = header_hash(parent);
  h.time = LedgerTimeMs{parent.time.value + 200};
  h.tx_count = 1;
  h.tx_root = transactions_root({Bytes{1, 2, 3}});
  h.state_root.bytes.fill(9);
  return h;
}

TEST(Header, EncodesToItsTableAndBack) {
  const SignedHeader h = sign_header(key_of(1), next(genesis()));
  const Bytes bytes = encode(h);
  EXPECT_EQ(bytes.size(), kSignedHeaderBytes);
  EXPECT_EQ(*decode_signed_header(bytes), h);
}

TEST(Header, EveryFlippedOrCutByteIsRejected) {
  const auto key = key_of(1);
  const BlockHeader parent = sign_header(key, genesis()).header;
  const Bytes good = encode(sign_header(key, next(parent)));
  ASSERT_EQ(verify_successor(key.public_key(), parent, *decode_signed_header(good)),
            HeaderVerdict::kValid);
  for (std::size_t i = 0; i < good.size(); ++i) {
    Bytes bad = good;
    bad[i] ^= 0x04;
    const auto decoded = decode_signed_header(bad);
    EXPECT_TRUE(!decoded ||
                verify_successor(key.public_key(), parent, *decoded) != HeaderVerdict::kValid)
        << i;
    EXPECT_TRUE(!decoded ||
                verify_header(parent.chain, key.public_key(), *decoded) != HeaderVerdict::kValid)
        << i;
    EXPECT_FALSE(decode_signed_header(ByteView(good).first(i)));
  }
  Bytes longer = good;
  longer.push_back(0);
  EXPECT_FALSE(decode_signed_header(longer));
}

TEST(Header, VerdictsByPrecedence) {
  const auto key = key_of(1);
  const BlockHeader parent = sign_header(key, genesis()).header;
  const auto verdict_of = [&](auto change) {
    BlockHeader h = next(parent);
    change(h);
    return verify_successor(key.public_key(), parent, sign_header(key, h));
  };
  EXPECT_EQ(verdict_of([](BlockHeader&) {}), HeaderVerdict::kValid);
  EXPECT_EQ(verdict_of([](BlockHeader& h) { h.version = 2; }), HeaderVerdict::kWrongVersion);
  EXPECT_EQ(verdict_of([](BlockHeader& h) { h.chain = {}; }), HeaderVerdict::kWrongChain);
  EXPECT_EQ(verdict_of([](BlockHeader& h) { h.height.value = 2; }), HeaderVerdict::kWrongHeight);
  EXPECT_EQ(verdict_of([](BlockHeader& h) { h.height.value = 0; }), HeaderVerdict::kWrongHeight);
  EXPECT_EQ(verdict_of([](BlockHeader& h) { h.parent = {}; }), HeaderVerdict::kWrongParent);
  EXPECT_EQ(verdict_of([](BlockHeader& h) { h.time.value = 999; }), HeaderVerdict::kTimeRunsBack);
  EXPECT_EQ(verdict_of([](BlockHeader& h) { h.time.value = 6001; }), HeaderVerdict::kTimeLeaps);
  EXPECT_EQ(verdict_of([](BlockHeader& h) { h.time.value = 6000; }), HeaderVerdict::kValid);
  const SignedHeader others = sign_header(key_of(2), next(parent));
  EXPECT_EQ(verify_header(parent.chain, key.public_key(), others), HeaderVerdict::kWrongBeacon);
  SignedHeader mixed = sign_header(key, next(parent));
  mixed.signature = others.signature;
  EXPECT_EQ(verify_header(parent.chain, key.public_key(), mixed), HeaderVerdict::kWrongSignature);
}

TEST(Header, ABeaconCannotBeDrawnAgain) {
  const auto key = key_of(1);
  BlockHeader a = next(genesis()), b = a;
  b.time.value += 1;
  b.tx_count = 0;
  EXPECT_EQ(sign_header(key, a).header.beacon, sign_header(key, b).header.beacon);
  b.height.value += 1;
  EXPECT_NE(sign_header(key, a).header.beacon, sign_header(key, b).header.beacon);
}

TEST(Header, TheTransactionRootIsOverTheirBytesInOrder) {
  EXPECT_EQ(transactions_root({}), crypto::sha256(ByteView{}));
  EXPECT_NE(transactions_root({Bytes{1}, Bytes{2}}), transactions_root({Bytes{2}, Bytes{1}}));
  EXPECT_NE(transactions_root({Bytes{1, 2}}), transactions_root({Bytes{1}, Bytes{2}}));
}

}  // namespace
}  // namespace assay::node
