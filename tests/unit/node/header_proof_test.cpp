// INV-NOD-020: headers of a replicated ledger stand under CometBFT's.
#include "assay/node/light_client.hpp"
#include "unit/node/comet_blocks.hpp"

namespace assay::node {
namespace {

using namespace test;
using comet::LightVerdict;
using protocol::BlockHeader;
using V = HeaderVerdict;

TEST(HeaderProof, EncodesAndBackInBothForms) {
  const auto all = headers(replicated_record(), 2);
  const HeaderProof proof = committed(all[1]);
  EXPECT_EQ(*decode_header_proof(encode(proof)), proof);
  EXPECT_EQ(header_of(proof), all[1]);
  SignedHeader signed_header{all[1], {}, {}};
  signed_header.signature[3] = 7;
  EXPECT_EQ(encode(HeaderProof(signed_header)), encode(signed_header));
  EXPECT_EQ(*decode_header_proof(encode(signed_header)), HeaderProof(signed_header));
}

TEST(HeaderProof, ALightClientFollowsCometBft) {
  const auto all = headers(replicated_record(), 30);
  LightClient client(replicated_record());
  for (const std::size_t height : {0u, 1u, 2u, 2u, 9u, 29u})
    EXPECT_EQ(client.follow(committed(all[height]), kNowMs), V::kValid) << height;
  EXPECT_EQ(client.head(), all[29]);
  EXPECT_EQ(client.follow(committed(all[9]), kNowMs), V::kWrongHeight);
  // Whatever height it begins at.
  LightClient late(replicated_record());
  EXPECT_EQ(late.follow(committed(all[17]), kNowMs), V::kValid);
  EXPECT_EQ(late.check_header(committed(all[3]), kNowMs), V::kValid);
  EXPECT_EQ(late.check_header(committed(all[28]), kNowMs), V::kValid);
  EXPECT_EQ(late.head(), all[17]);
}

// All validators have gone and others have come, one at a time.
TEST(HeaderProof, ALightClientFollowsChangesOfValidators) {
  const auto all = headers(replicated_record(), 60);
  std::vector<std::vector<Signer>> sets{kFour};  // of CometBFT's heights, from 1
  for (unsigned i = 1; i <= all.size(); ++i) {
    sets.push_back(sets.back());
    if (i % 8 == 0) sets.back()[i / 8 % 4].number = 4 + i / 8;
  }
  const auto proof_at = [&](std::size_t height) {
    return CommittedHeader{all[height], block_after(all[height], sets[height], sets[height + 1])};
  };
  unsigned asked = 0;
  const AskHeaderProof ask = [&](Height height) -> Result<HeaderProof> {
    ++asked;
    return HeaderProof(proof_at(height.value));
  };
  LightClient client(replicated_record());
  EXPECT_EQ(client.follow(proof_at(59), kNowMs), V::kNotAgreed);
  EXPECT_EQ(client.light_verdict(), comet::LightVerdict::kTooLittleTrust);
  EXPECT_EQ(client.follow(proof_at(59), kNowMs, ask).value(), V::kValid);
  EXPECT_EQ(client.head(), all[59]);
  EXPECT_GT(asked, 2u);
  EXPECT_LT(asked, 30u);
  // Whoever gives another header between shows nothing, and who has none says why.
  const AskHeaderProof liar = [&](Height height) -> Result<HeaderProof> {
    CommittedHeader changed = proof_at(height.value);
    changed.next.commit.signatures[0].signature[0] ^= 1;
    return HeaderProof(changed);
  };
  LightClient other(replicated_record());
  EXPECT_EQ(other.follow(proof_at(59), kNowMs, liar).value(), V::kNotAgreed);
  const AskHeaderProof silent = [](Height) -> Result<HeaderProof> {
    return Error{ErrorCode::kUnavailable, "busy"};
  };
  EXPECT_EQ(other.follow(proof_at(59), kNowMs, silent).error().code, ErrorCode::kUnavailable);
  EXPECT_FALSE(other.head());
  EXPECT_EQ(other.follow(proof_at(59), kNowMs, ask).value(), V::kValid);
}

TEST(HeaderProof, VerdictsByPrecedence) {
  const auto all = headers(replicated_record(), 4);
  const auto verdict_of = [&](auto change) {
    LightClient client(replicated_record());
    EXPECT_EQ(client.follow(committed(all[2]), kNowMs), V::kValid);
    CommittedHeader next = committed(all[3]);
    change(next);
    const V verdict = client.follow(next, kNowMs);
    EXPECT_EQ(verdict == V::kValid, client.head() == next.header);
    return verdict;
  };
  // A header that was changed, and CometBFT's signed anew over it.
  const auto header_with = [&](auto change) {
    return verdict_of([&](CommittedHeader& next) {
      change(next.header);
      next.next = block_after(next.header);
    });
  };
  EXPECT_EQ(verdict_of([](auto&) {}), V::kValid);
  EXPECT_EQ(header_with([](BlockHeader& h) { h.chain = {}; }), V::kWrongChain);
  EXPECT_EQ(header_with([](BlockHeader& h) { h.height.value = 1; }), V::kWrongHeight);
  EXPECT_EQ(header_with([](BlockHeader& h) { h.parent = {}; }), V::kWrongParent);
  EXPECT_EQ(header_with([](BlockHeader& h) { h.time_ms = 1; }), V::kTimeRunsBack);
  EXPECT_EQ(header_with([](BlockHeader& h) { h.ledger_time.value += 5000; }), V::kTimeLeaps);
  EXPECT_EQ(header_with([](BlockHeader& h) { h.beacon = {}; }), V::kWrongBeacon);
  EXPECT_EQ(verdict_of([](auto& c) {
              c.header.state_root = {};
              ++c.header.state_root.bytes[0];
            }),
            V::kWrongAppHash);
  EXPECT_EQ(verdict_of([&](auto& c) { c.next = block_after(all[2]); }), V::kWrongAppHash);
  EXPECT_EQ(verdict_of([](auto& c) { ++c.next.header.height; }), V::kWrongAppHash);
  EXPECT_EQ(verdict_of([](auto& c) { c.next.commit.signatures[1].signature[1] ^= 1; }),
            V::kNotAgreed);
  EXPECT_EQ(verdict_of([&](auto& c) {
              c = committed(all[3], {{4, 10}, {5, 10}, {6, 10}, {7, 10}});
            }),
            V::kNotAgreed);
}

TEST(HeaderProof, SaysWhyItIsNotAgreedOn) {
  const auto all = headers(replicated_record(), 4);
  LightClient client(replicated_record());
  CommittedHeader few = committed(all[1]);
  for (const std::size_t i : {0u, 2u}) few.next.commit.signatures[i] = {};
  EXPECT_EQ(client.follow(few, kNowMs), V::kNotAgreed);
  EXPECT_EQ(client.light_verdict(), LightVerdict::kTooLittlePower);
  EXPECT_EQ(client.follow(committed(all[1]), 1000 * (comet::test::kStart - 100)), V::kNotAgreed);
  EXPECT_EQ(client.light_verdict(), LightVerdict::kTimeAhead);
  EXPECT_EQ(client.follow(committed(all[1], {{8, 1}}), kNowMs), V::kNotAgreed);
  EXPECT_EQ(client.light_verdict(), LightVerdict::kTooLittleTrust);
  EXPECT_FALSE(client.head());
}

TEST(HeaderProof, AChainHasOneForm) {
  const auto all = headers(replicated_record(), 2);
  LightClient client(replicated_record());
  EXPECT_EQ(client.follow(SignedHeader{all[1], {}, {}}, kNowMs), V::kWrongForm);
  EXPECT_EQ(client.check_header(SignedHeader{all[1], {}, {}}, kNowMs), V::kWrongForm);
  protocol::Genesis embedded = replicated_record();
  embedded.operator_key = comet::test::key(1).public_key();
  LightClient other(embedded);
  EXPECT_EQ(other.follow(committed(all[1]), kNowMs), V::kWrongForm);
}

// Two blocks of one height, both agreed on: a third of the validators lied.
TEST(HeaderProof, AnotherAgreedHeaderIsAContradiction) {
  const auto all = headers(replicated_record(), 3);
  LightClient client(replicated_record());
  ASSERT_EQ(client.follow(committed(all[1]), kNowMs), V::kValid);
  ASSERT_EQ(client.follow(committed(all[2]), kNowMs), V::kValid);
  BlockHeader other = all[2];
  ++other.state_root.bytes[5];
  EXPECT_EQ(client.follow(committed(other), kNowMs), V::kContradiction);
  EXPECT_EQ(client.check_header(committed(other), kNowMs), V::kContradiction);
  EXPECT_EQ(client.head(), all[2]);
}

TEST(HeaderProof, ARecordThatNamesNoValidatorsNeedsAnotherRoot) {
  protocol::Genesis unbound = replicated_record();
  unbound.validators_hash = {};
  const auto all = headers(unbound, 5);
  LightClient client(unbound);
  EXPECT_EQ(client.follow(committed(all[1]), kNowMs), V::kNotAgreed);
  const CommittedHeader root = committed(all[2]);
  ASSERT_EQ(comet::verify_root(comet_chain_id(chain_id_of(unbound)),
                               comet::hash_of(root.next.header), root.next),
            LightVerdict::kValid);
  LightClient rooted(unbound, {comet::trust_in(root.next)});
  EXPECT_EQ(rooted.follow(root, kNowMs), V::kValid);
  EXPECT_EQ(rooted.follow(committed(all[4]), kNowMs), V::kValid);
}

TEST(HeaderProof, EveryFlippedOrCutByteIsRejected) {
  const auto all = headers(replicated_record(), 4);
  const Bytes good = encode(HeaderProof(committed(all[3])));
  LightClient client(replicated_record());
  ASSERT_EQ(client.check_header(*decode_header_proof(good), kNowMs), V::kValid);
  for (std::size_t i = 0; i < good.size(); ++i) {
    const auto cut = decode_header_proof(ByteView(good).first(i));
    EXPECT_EQ(cut.has_value(), i == kSignedHeaderBytes) << i;
    if (cut) {
      EXPECT_EQ(client.check_header(*cut, kNowMs), V::kWrongForm);
    }
    Bytes bad = good;
    bad[i] ^= static_cast<std::uint8_t>(1u << i % 8);
    const auto proof = decode_header_proof(bad);
    if (proof) {
      EXPECT_NE(client.check_header(*proof, kNowMs), V::kValid) << i;
    }
  }
}

}  // namespace
}  // namespace assay::node
