#include "assay/node/header.hpp"

#include <gtest/gtest.h>

#include "assay/node/light_client.hpp"
#include "support/keys.hpp"

namespace assay::node {
namespace {

using protocol::BlockHeader;

using assay::test::key_of;

protocol::Genesis genesis_record() {
  protocol::Genesis g;
  g.name = "test";
  g.operator_key = key_of(1).public_key();
  g.time_ms = 1000;
  return g;
}
BlockHeader genesis() {
  BlockHeader h;
  h.chain = chain_id_of(genesis_record());
  h.time_ms = 1000;
  return h;
}
SignedHeader sign(const crypto::KeyPair& key, const BlockHeader& h) {
  return {h, {}, sign_header(key, h)};
}
template <class Change>
SignedHeader next(const crypto::KeyPair& key, const BlockHeader& parent, Change change) {
  const Beacon beacon = make_beacon(key, parent);
  BlockHeader h;
  h.chain = parent.chain;
  h.height = Height{parent.height.value + 1};
  h.parent = hash_of(parent);
  h.time_ms = parent.time_ms + 200;
  h.ledger_time = LedgerTimeMs{parent.ledger_time.value + 200};
  h.beacon = beacon.value;
  h.state_root.bytes.fill(9);
  change(h);
  return {h, beacon.signature, sign_header(key, h)};
}
SignedHeader next(const crypto::KeyPair& key, const BlockHeader& parent) {
  return next(key, parent, [](BlockHeader&) {});
}

TEST(SignedHeader, EncodesAndBack) {
  const SignedHeader h = next(key_of(1), genesis());
  EXPECT_EQ(encode(h).size(), kSignedHeaderBytes);
  EXPECT_EQ(*decode_signed_header(encode(h)), h);
}

TEST(SignedHeader, EveryFlippedOrCutByteIsRejected) {
  const auto key = key_of(1);
  const BlockHeader parent = genesis();
  const Bytes good = encode(next(key, parent));
  ASSERT_EQ(verify_successor(key.public_key(), parent, *decode_signed_header(good)),
            HeaderVerdict::kValid);
  for (std::size_t i = 0; i < good.size(); ++i) {
    Bytes bad = good;
    bad[i] ^= 0x04;
    const auto decoded = decode_signed_header(bad);
    EXPECT_TRUE(!decoded ||
                verify_header(parent.chain, key.public_key(), *decoded) != HeaderVerdict::kValid)
        << i;
    EXPECT_FALSE(decode_signed_header(ByteView(good).first(i)));
  }
  Bytes longer = good;
  longer.push_back(0);
  EXPECT_FALSE(decode_signed_header(longer));
}

// INV-NOD-001.
TEST(SignedHeader, VerdictsByPrecedence) {
  const auto key = key_of(1);
  const BlockHeader parent = genesis();
  const auto verdict_of = [&](auto change) {
    return verify_successor(key.public_key(), parent, next(key, parent, change));
  };
  EXPECT_EQ(verdict_of([](BlockHeader&) {}), HeaderVerdict::kValid);
  EXPECT_EQ(verdict_of([](BlockHeader& h) { h.chain = {}; }), HeaderVerdict::kWrongChain);
  EXPECT_EQ(verdict_of([](BlockHeader& h) { h.height.value = 2; }), HeaderVerdict::kWrongHeight);
  EXPECT_EQ(verdict_of([](BlockHeader& h) { h.height.value = 0; }), HeaderVerdict::kWrongHeight);
  EXPECT_EQ(verdict_of([](BlockHeader& h) { h.parent = {}; }), HeaderVerdict::kWrongParent);
  EXPECT_EQ(verdict_of([](BlockHeader& h) { h.time_ms = 999; }), HeaderVerdict::kTimeRunsBack);
  EXPECT_EQ(verdict_of([](BlockHeader& h) { h.ledger_time.value = 5001; }),
            HeaderVerdict::kTimeLeaps);
  EXPECT_EQ(verdict_of([](BlockHeader& h) { h.ledger_time.value = 5000; }), HeaderVerdict::kValid);
  EXPECT_EQ(verdict_of([](BlockHeader& h) { h.beacon = {}; }), HeaderVerdict::kWrongBeacon);
  const SignedHeader others = next(key_of(2), parent);
  EXPECT_EQ(verify_header(parent.chain, key.public_key(), others), HeaderVerdict::kWrongBeacon);
  SignedHeader mixed = next(key, parent);
  mixed.signature = others.signature;
  EXPECT_EQ(verify_header(parent.chain, key.public_key(), mixed), HeaderVerdict::kWrongSignature);
}

TEST(SignedHeader, ABeaconCannotBeDrawnAgain) {
  const auto key = key_of(1);
  BlockHeader parent = genesis();
  EXPECT_EQ(make_beacon(key, parent).value, make_beacon(key, parent).value);
  const Hash256 before = make_beacon(key, parent).value;
  parent.time_ms += 1;
  EXPECT_NE(make_beacon(key, parent).value, before);
}

TEST(LightClient, FollowsOneChainOnly) {
  const auto key = key_of(1);
  LightClient client(genesis_record());
  EXPECT_EQ(client.follow(next(key_of(2), genesis())), HeaderVerdict::kWrongBeacon);
  EXPECT_FALSE(client.head());
  EXPECT_EQ(client.follow(sign(key, genesis())), HeaderVerdict::kValid);
  const SignedHeader one = next(key, genesis());
  const SignedHeader two = next(key, one.header);
  const SignedHeader three = next(key, two.header);
  EXPECT_EQ(client.follow(one), HeaderVerdict::kValid);
  EXPECT_EQ(client.follow(one), HeaderVerdict::kValid);
  EXPECT_EQ(client.follow(three), HeaderVerdict::kValid);
  EXPECT_EQ(client.follow(two), HeaderVerdict::kWrongHeight);
  const SignedHeader other = next(key, two.header, [](BlockHeader& h) { h.state_root = {}; });
  EXPECT_EQ(client.follow(other), HeaderVerdict::kContradiction);
  EXPECT_EQ(client.head()->height, Height{3});
}

}  // namespace
}  // namespace assay::node
