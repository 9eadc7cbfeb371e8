// INV-NOD-028 to 030: light clients that go on from the last header that they followed.
#include "assay/node/trusted_header.hpp"

#include <gtest/gtest.h>

#include "node_world.hpp"
#include "unit/node/comet_blocks.hpp"

namespace assay::node {
namespace {

using namespace test;
using comet::LightVerdict;
using protocol::BlockHeader;
using V = HeaderVerdict;

constexpr std::uint64_t kDayMs = std::uint64_t{24} * 3600 * 1000;

// The validators of the genesis record left after block 4: others agree on what follows.
const std::vector<Signer> kOthers = {{4, 10}, {5, 10}, {6, 10}, {7, 10}};
CommittedHeader proof_at(const std::vector<BlockHeader>& all, std::size_t height) {
  const bool left = height >= 4;
  return {all[height],
          block_after(all[height], left ? kOthers : kFour, height + 1 >= 4 ? kOthers : kFour)};
}

TEST(TrustedHeader, HasOneEncoding) {
  const auto all = headers(replicated_record(), 4);
  const HeaderProof proof = committed(all[3]);
  const Bytes good = encode_trusted_header(proof);
  EXPECT_EQ(*decode_trusted_header(good), proof);
  EXPECT_LE(good.size(), kMaxTrustedHeaderBytes);
  EXPECT_EQ(decode_trusted_header({}).error().code, ErrorCode::kMalformed);
  EXPECT_EQ(decode_trusted_header(Bytes(kMaxTrustedHeaderBytes + 1)).error().code,
            ErrorCode::kLimit);
}

// It needs no checksum: what was changed shows itself.
TEST(TrustedHeader, EveryFlippedOrCutByteIsRejected) {
  const auto all = headers(replicated_record(), 4);
  const Bytes good = encode_trusted_header(committed(all[3]));
  const auto resumes = [&](const protocol::Genesis& genesis, ByteView bytes) {
    const auto proof = decode_trusted_header(bytes);
    LightClient client(genesis);
    return proof && client.resume(*proof, kNowMs) == V::kValid;
  };
  ASSERT_TRUE(resumes(replicated_record(), good));
  for (std::size_t i = 0; i < good.size(); ++i) {
    EXPECT_FALSE(resumes(replicated_record(), ByteView(good).first(i))) << i;
    Bytes bad = good;
    bad[i] ^= static_cast<std::uint8_t>(1u << i % 8);
    EXPECT_FALSE(resumes(replicated_record(), bad)) << i;
  }
  // An operator's.
  World w;
  const SignedHeader head = w.node->signed_header(Height{0}).value().value();
  const Bytes embedded = encode_trusted_header(head);
  ASSERT_TRUE(resumes(w.genesis, embedded));
  EXPECT_FALSE(resumes(replicated_record(), embedded));
  for (std::size_t i = 0; i < embedded.size(); ++i) {
    Bytes bad = embedded;
    bad[i] ^= static_cast<std::uint8_t>(1u << i % 8);
    EXPECT_FALSE(resumes(w.genesis, bad)) << i;
  }
}

// What the genesis record's validators sign after they took their stakes back.
TEST(TrustedHeader, AForgedOldChainIsRefusedByWhoeverGoesOn) {
  const auto all = headers(replicated_record(), 30);
  const AskHeaderProof ask = [&](Height height) -> Result<HeaderProof> {
    return HeaderProof(proof_at(all, height.value));
  };
  LightClient before(replicated_record());
  ASSERT_EQ(before.follow(HeaderProof(proof_at(all, 10)), kNowMs, ask).value(), V::kValid);

  std::vector<BlockHeader> forged = {all[0]};
  forged[0].state_root.bytes[3] ^= 1;
  while (forged.size() < 30) forged.push_back(header_after(forged.back()));
  const HeaderProof lie = committed(forged[20]);
  LightClient afresh(replicated_record());
  EXPECT_EQ(afresh.follow(lie, kNowMs), V::kValid) << "the record alone cannot tell";

  LightClient again(replicated_record());
  ASSERT_EQ(again.resume(HeaderProof(proof_at(all, 10)), kNowMs), V::kValid);
  EXPECT_EQ(again.head(), all[10]);
  const AskHeaderProof forger = [&](Height height) -> Result<HeaderProof> {
    return HeaderProof(committed(forged[height.value]));
  };
  EXPECT_EQ(again.follow(lie, kNowMs, forger).value(), V::kNotAgreed);
  EXPECT_EQ(again.follow(HeaderProof(proof_at(all, 9)), kNowMs), V::kWrongHeight);
  EXPECT_EQ(again.head(), all[10]);
  EXPECT_EQ(again.follow(HeaderProof(proof_at(all, 10)), kNowMs), V::kValid);
  EXPECT_EQ(again.follow(HeaderProof(proof_at(all, 29)), kNowMs, ask).value(), V::kValid);
  EXPECT_EQ(again.check_header(HeaderProof(proof_at(all, 20)), kNowMs), V::kValid);
}

TEST(TrustedHeader, IsOfItsChain) {
  const auto all = headers(replicated_record(), 4);
  protocol::Genesis other = replicated_record();
  other.name = "other";
  LightClient client(other);
  EXPECT_EQ(client.resume(committed(all[3]), kNowMs), V::kWrongChain);
  EXPECT_FALSE(client.head());
  LightClient of_four(replicated_record());
  CommittedHeader few = committed(all[3]);
  for (const std::size_t i : {0u, 2u}) few.next.commit.signatures[i] = {};
  EXPECT_EQ(of_four.resume(few, kNowMs), V::kNotAgreed);
  EXPECT_EQ(of_four.light_verdict(), LightVerdict::kTooLittlePower);
  EXPECT_EQ(of_four.resume(committed(all[3]), kNowMs), V::kValid);
}

TEST(TrustedHeader, IsTooOldOnceStakesMayBeBack) {
  const auto all = headers(replicated_record(), 4);
  const HeaderProof proof = committed(all[3]);
  const std::uint64_t begun = 1000 * (comet::test::kStart + 4);
  ReplicatedTrust trust;
  trust.options.trusting_period_s = kTrustingPeriodS;
  static_assert(kTrustingPeriodS * 1000 == 14 * kDayMs && protocol::kUnbondingMs == 21 * kDayMs);
  LightClient fresh(replicated_record(), trust);
  EXPECT_EQ(fresh.resume(proof, begun + 14 * kDayMs - 1000), V::kValid);
  // While it runs, too.
  EXPECT_EQ(fresh.follow(committed(headers(replicated_record(), 9)[8]), begun + 15 * kDayMs),
            V::kNotAgreed);
  EXPECT_EQ(fresh.light_verdict(), LightVerdict::kTrustExpired);
  LightClient late(replicated_record(), trust);
  EXPECT_EQ(late.resume(proof, begun + 14 * kDayMs), V::kNotAgreed);
  EXPECT_EQ(late.light_verdict(), LightVerdict::kTrustExpired);
  EXPECT_FALSE(late.head());
  LightClient told(replicated_record());
  EXPECT_EQ(told.resume(proof, begun + 90 * kDayMs), V::kValid);
  // Only stakes end it.
  EXPECT_EQ(trusting_period_s(replicated_record()), 0u);
  EXPECT_EQ(trusting_period_s(genesis_record()), 0u);
  protocol::Genesis by_stake = replicated_record();
  by_stake.validators.resize(1);
  EXPECT_EQ(trusting_period_s(by_stake), kTrustingPeriodS);
}

TEST(TrustPoint, IsAHeightAndAHash) {
  const std::string hash(64, 'A');
  const auto point = parse_trust_point("1234:" + hash);
  ASSERT_TRUE(point);
  EXPECT_EQ(point->height, Height{1234});
  EXPECT_EQ(to_hex(point->hash), std::string(64, 'a'));
  for (const std::string& text :
       {std::string(), hash, std::string("1234:"), "1234:" + hash + "0", "0:" + hash, "-1:" + hash,
        ":" + hash, "12x:" + hash, " 12:" + hash, "99999999999999999999:" + hash,
        "9223372036854775808:" + hash, "12:" + std::string(64, 'g')})
    EXPECT_EQ(parse_trust_point(text).error().code, ErrorCode::kInvalidArgument) << text;
}

}  // namespace
}  // namespace assay::node
