// INV-CMT-003 and 004: the verdicts of light verification, each with the smallest change that
// brings it about, and their order.
#include <functional>

#include "unit/comet/chains.hpp"

namespace assay::comet {
namespace {

using test::key;
using test::kStart;
using test::make_block;
using test::set_of;
using test::sign;
using test::Signer;
using test::some_hash;
using V = LightVerdict;

const std::vector<Signer> kFour = {{0, 10}, {1, 10}, {2, 10}, {3, 10}};
const Time kNow{kStart + 100, 0};

Trusted trusted() { return trust_in(make_block(5, kFour, kFour)); }

void absent(LightBlock& block, std::size_t index) {
  block.commit.signatures[index] = CommitSignature{};
}

struct Case {
  const char* what;
  V verdict;
  std::function<void(LightBlock&)> change;  // of a valid block of height 6
};

// In the order of precedence, so that each may have all later faults as well.
const std::vector<Case> kCases = {
    {"block version", V::kOutOfBounds, [](auto& b) { b.header.block_version = 10; }},
    {"no chain id", V::kOutOfBounds, [](auto& b) { b.header.chain_id.clear(); }},
    {"long chain id", V::kOutOfBounds, [](auto& b) { b.header.chain_id.assign(51, 'x'); }},
    {"height 0", V::kOutOfBounds, [](auto& b) { b.header.height = 0; }},
    {"height below 0", V::kOutOfBounds, [](auto& b) { b.header.height = INT64_MIN; }},
    {"nanos", V::kOutOfBounds, [](auto& b) { b.header.time.nanos = 1'000'000'000; }},
    {"nanos below 0", V::kOutOfBounds, [](auto& b) { b.header.time.nanos = -1; }},
    {"year 0", V::kOutOfBounds, [](auto& b) { b.header.time.seconds = kFirstTime.seconds - 1; }},
    {"year 10000", V::kOutOfBounds, [](auto& b) { b.header.time.seconds = INT64_MAX; }},
    {"long app hash", V::kOutOfBounds, [](auto& b) { b.header.app_hash.resize(65); }},
    {"no parts before", V::kOutOfBounds, [](auto& b) { b.header.last_block->parts = 0; }},
    {"no parts", V::kOutOfBounds, [](auto& b) { b.commit.block.parts = 0; }},
    {"round", V::kOutOfBounds, [](auto& b) { b.commit.round = -1; }},
    {"power 0", V::kOutOfBounds, [](auto& b) { b.validators[1].power = 0; }},
    {"power below 0", V::kOutOfBounds, [](auto& b) { b.validators[1].power = -1; }},
    {"power", V::kOutOfBounds, [](auto& b) { b.validators[1].power = kMaxTotalPower + 1; }},
    {"no validators", V::kOutOfBounds, [](auto& b) { b.validators.clear(); }},
    {"too many validators", V::kOutOfBounds,
     [](auto& b) { b.validators.resize(kMaxValidators + 1, b.validators[0]); }},
    {"flag", V::kOutOfBounds, [](auto& b) { b.commit.signatures[0].flag = VoteFlag{4}; }},
    {"absent with a signature", V::kOutOfBounds,
     [](auto& b) { b.commit.signatures[3].flag = VoteFlag::kAbsent; }},
    {"time of a vote", V::kOutOfBounds,
     [](auto& b) { b.commit.signatures[3].time.nanos = 1'000'000'000; }},
    {"chain", V::kWrongChain, [](auto& b) { b.header.chain_id = "other"; }},
    {"commit's height", V::kWrongCommit, [](auto& b) { b.commit.height = 7; }},
    {"commit's block", V::kWrongCommit, [](auto& b) { b.commit.block.hash = some_hash(77); }},
    {"app hash", V::kWrongCommit, [](auto& b) { b.header.app_hash[31] ^= 1; }},
    {"same height", V::kNotLater,
     [](auto& b) {
       b.header.height = 5;
       sign(b, kFour);
     }},
    {"time of the trusted", V::kTimeRunsBack,
     [](auto& b) {
       b.header.time = {kStart + 5, 5};
       sign(b, kFour);
     }},
    {"time after now and the drift", V::kTimeAhead,
     [](auto& b) {
       b.header.time = {kNow.seconds + 10, 0};
       sign(b, kFour);
     }},
    {"other power", V::kWrongValidators, [](auto& b) { b.validators[0].power = 11; }},
    {"other order", V::kWrongValidators,
     [](auto& b) { std::swap(b.validators[0], b.validators[1]); }},
    {"one left out", V::kWrongValidators, [](auto& b) { b.validators.pop_back(); }},
    {"one twice", V::kDuplicateValidator,
     [](auto& b) {
       b = make_block(6, {{0, 10}, {1, 10}, {0, 5}}, kFour);
     }},
    {"all power", V::kTooMuchPower,
     [](auto& b) {
       b = make_block(6, {{0, kMaxTotalPower}, {1, 1}}, kFour);
     }},
    {"a signature less", V::kWrongSigners, [](auto& b) { b.commit.signatures.pop_back(); }},
    {"a signature more", V::kWrongSigners,
     [](auto& b) { b.commit.signatures.push_back(b.commit.signatures[0]); }},
    {"a vote twice", V::kWrongSigners,
     [](auto& b) { b.commit.signatures[1] = b.commit.signatures[0]; }},
    {"other validators", V::kUnannounced,
     [](auto& b) {
       b = make_block(6, {{0, 10}, {1, 10}, {2, 10}, {3, 11}}, kFour);
     }},
    {"two thirds", V::kTooLittlePower,
     [](auto& b) {
       absent(b, 1);
       absent(b, 3);
     }},
    {"votes for none", V::kTooLittlePower,
     [](auto& b) {
       for (std::size_t i : {0, 1}) b.commit.signatures[i].flag = VoteFlag::kNil;
       sign(b, kFour);
     }},
    {"a vote for none as one for the block", V::kWrongSignature,
     [](auto& b) {
       b.commit.signatures[2].flag = VoteFlag::kNil;
       sign(b, kFour);
       b.commit.signatures[2].flag = VoteFlag::kCommit;
     }},
    {"a vote for the block as one for none", V::kWrongSignature,
     [](auto& b) { b.commit.signatures[2].flag = VoteFlag::kNil; }},
    {"a vote's time", V::kWrongSignature, [](auto& b) { ++b.commit.signatures[3].time.nanos; }},
    {"the round", V::kWrongSignature, [](auto& b) { b.commit.round = 1; }},
    {"the parts", V::kWrongSignature, [](auto& b) { b.commit.block.parts = 2; }},
    {"the parts' hash", V::kWrongSignature,
     [](auto& b) { b.commit.block.parts_hash = some_hash(1); }},
    {"a signature", V::kWrongSignature, [](auto& b) { b.commit.signatures[0].signature[63] ^= 1; }},
};

TEST(LightVerify, EachFaultHasItsVerdict) {
  const LightBlock good = make_block(6, kFour, kFour);
  ASSERT_EQ(verify(trusted(), good, {}, kNow), V::kValid);
  V last = V::kValid;
  for (const Case& each : kCases) {
    LightBlock block = good;
    each.change(block);
    EXPECT_EQ(verify(trusted(), block, {}, kNow), each.verdict)
        << each.what << ": " << to_string(verify(trusted(), block, {}, kNow));
    EXPECT_LE(last, each.verdict) << each.what << ": not in the order of precedence";
    last = each.verdict;
  }
}

TEST(LightVerify, TheFirstFaultInOrderIsTheVerdict) {
  // A later fault that is put in first and does not change what an earlier one looks at.
  for (const Case& late : kCases) {
    if (late.verdict < V::kTooLittlePower) continue;
    LightBlock block = make_block(6, kFour, kFour);
    late.change(block);
    block.header.chain_id = "other";
    EXPECT_EQ(verify(trusted(), block, {}, kNow), V::kWrongChain) << late.what;
    block.header.block_version = 12;
    EXPECT_EQ(verify(trusted(), block, {}, kNow), V::kOutOfBounds) << late.what;
  }
}

TEST(LightVerify, MoreThanTwoThirdsIsEnoughAndExactlyTwoThirdsIsNot) {
  const std::vector<Signer> three = {{0, 10}, {1, 10}, {2, 10}};
  const Trusted from = trust_in(make_block(5, three, three));
  LightBlock block = make_block(6, three, three);
  absent(block, 2);
  EXPECT_EQ(verify(from, block, {}, kNow), V::kTooLittlePower);
  const std::vector<Signer> more = {{0, 10}, {1, 11}, {2, 10}};
  block = make_block(6, more, three);
  absent(block, 2);
  EXPECT_EQ(verify(trust_in(make_block(5, three, more)), block, {}, kNow), V::kValid);
  // Powers at their bounds neither overflow nor round.
  const std::int64_t third = kMaxTotalPower / 3;
  const std::vector<Signer> large = {{0, third}, {1, third}, {2, third}};
  const Trusted from_large = trust_in(make_block(5, large, large));
  block = make_block(6, large, large);
  EXPECT_EQ(verify(from_large, block, {}, kNow), V::kValid);
  absent(block, 0);
  EXPECT_EQ(verify(from_large, block, {}, kNow), V::kTooLittlePower);
}

TEST(LightVerify, SkippingNeedsMoreThanAThirdOfTheTrusted) {
  const std::vector<Signer> three = {{0, 10}, {1, 10}, {2, 10}};
  const Trusted from = trust_in(make_block(5, three, three));
  // One of three is exactly a third of the power then, however much it has now.
  EXPECT_EQ(verify(from, make_block(9, {{0, 99}, {8, 1}}, three), {}, kNow), V::kTooLittleTrust);
  EXPECT_EQ(verify(from, make_block(9, {{0, 1}, {1, 1}, {8, 1}}, three), {}, kNow), V::kValid);
  LightOptions strict;
  strict.trust_numerator = 2;
  EXPECT_EQ(verify(from, make_block(9, {{0, 1}, {1, 1}, {8, 1}}, three), strict, kNow),
            V::kTooLittleTrust);
  // A trusted validator that voted for none lends no trust.
  const std::vector<Signer> mixed = {{0, 1}, {1, 1}, {8, 9}};
  LightBlock block = make_block(9, mixed, three);
  block.commit.signatures[1].flag = VoteFlag::kNil;
  sign(block, mixed);
  EXPECT_EQ(verify(from, block, {}, kNow), V::kTooLittleTrust);
  // And one whose signature is forged does not either, though its name is there.
  block = make_block(9, mixed, three);
  block.commit.signatures[1].signature = block.commit.signatures[0].signature;
  EXPECT_EQ(verify(from, block, {}, kNow), V::kWrongSignature);
}

TEST(LightVerify, AnnouncedValidatorsNeedNoOthers) {
  const std::vector<Signer> next = {{7, 1}, {8, 1}, {9, 1}};
  const Trusted from = trust_in(make_block(5, kFour, next));
  EXPECT_EQ(verify(from, make_block(6, next, next), {}, kNow), V::kValid);
  EXPECT_EQ(verify(from, make_block(60, next, kFour), {}, kNow), V::kValid);
}

TEST(LightVerify, GenesisIsKnownByItsValidatorsAlone) {
  const Trusted genesis = trust_in_genesis("chain", hash_of(set_of(kFour)));
  LightOptions options;
  options.trusting_period_s = 1;  // what has no time does not expire
  EXPECT_EQ(verify(genesis, make_block(1, kFour, kFour), options, kNow), V::kValid);
  EXPECT_EQ(verify(genesis, make_block(90, kFour, kFour), options, kNow), V::kValid);
  const std::vector<Signer> others = {{0, 10}, {1, 10}, {2, 10}, {4, 10}};
  EXPECT_EQ(verify(genesis, make_block(1, others, kFour), options, kNow), V::kUnannounced);
  EXPECT_EQ(verify(genesis, make_block(2, others, kFour), options, kNow), V::kTooLittleTrust);
}

TEST(LightVerify, TrustExpiresToTheNanosecond) {
  const LightBlock block = make_block(6, kFour, kFour);
  LightOptions options;
  options.trusting_period_s = 60;
  const Time end{kStart + 5 + 60, 5};  // the trusted header's time and the period
  EXPECT_EQ(verify(trusted(), block, options, end), V::kTrustExpired);
  EXPECT_EQ(verify(trusted(), block, options, {end.seconds, 4}), V::kValid);
  EXPECT_EQ(verify(trusted(), block, options, {end.seconds + 1, 0}), V::kTrustExpired);
  options.trusting_period_s = 0;
  EXPECT_EQ(verify(trusted(), block, options, kLastTime), V::kValid);
  options.trusting_period_s = UINT64_MAX;
  EXPECT_EQ(verify(trusted(), block, options, kLastTime), V::kValid);
}

TEST(LightVerify, ClocksMayDriftALittle) {
  const LightBlock block = make_block(6, kFour, kFour);  // at kStart + 6 s and 5 ns
  LightOptions options;
  EXPECT_EQ(verify(trusted(), block, options, {kStart - 4, 6}), V::kValid);
  EXPECT_EQ(verify(trusted(), block, options, {kStart - 4, 5}), V::kTimeAhead);
  options.clock_drift_s = 0;
  EXPECT_EQ(verify(trusted(), block, options, {kStart + 6, 6}), V::kValid);
  EXPECT_EQ(verify(trusted(), block, options, {kStart + 6, 5}), V::kTimeAhead);
}

TEST(LightVerify, ARootIsTheHeaderThatWasNamed) {
  LightBlock block = make_block(6, kFour, kFour);
  const Hash256 hash = hash_of(block.header);
  EXPECT_EQ(verify_root("chain", hash, block), V::kValid);
  EXPECT_EQ(verify_root("other", hash, block), V::kWrongChain);
  EXPECT_EQ(verify_root("chain", some_hash(1), block), V::kWrongRoot);
  block.commit.signatures[0].signature[5] ^= 1;
  EXPECT_EQ(verify_root("chain", hash, block), V::kWrongSignature);
  absent(block, 0);
  EXPECT_EQ(verify_root("chain", hash, block), V::kValid);
  absent(block, 1);
  EXPECT_EQ(verify_root("chain", hash, block), V::kTooLittlePower);
}

// CometBFT verifies by ZIP 215, which takes R + T for a T of small order; crypto/ed25519.hpp does
// not. Whoever hands a light block out drops such a signature, and the others carry it.
TEST(LightVerify, UnverifiableSignaturesAreDropped) {
  LightBlock block = make_block(6, kFour, kFour);
  block.commit.signatures[1].flag = VoteFlag::kNil;
  sign(block, kFour);
  LightBlock same = block;
  drop_unverifiable(same);
  EXPECT_EQ(same, block);
  block.commit.signatures[1].signature[0] ^= 1;
  EXPECT_EQ(verify(trusted(), block, {}, kNow), V::kWrongSignature);
  drop_unverifiable(block);
  EXPECT_EQ(block.commit.signatures[1], CommitSignature{});
  EXPECT_EQ(verify(trusted(), block, {}, kNow), V::kValid);
}

TEST(LightVerify, EveryVerdictHasWords) {
  std::vector<std::string> words;
  for (unsigned i = 0; i <= kLightVerdictLast; ++i) {
    words.emplace_back(to_string(static_cast<LightVerdict>(i)));
    EXPECT_NE(words.back(), "?");
  }
  std::sort(words.begin(), words.end());
  EXPECT_EQ(std::adjacent_find(words.begin(), words.end()), words.end());
  EXPECT_STREQ(to_string(static_cast<LightVerdict>(kLightVerdictLast + 1)), "?");
}

}  // namespace
}  // namespace assay::comet
