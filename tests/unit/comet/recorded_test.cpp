// INV-CMT-001 on a real chain of CometBFT v0.38.17, as its RPC gave it: its own hashes and
// signatures are the oracle.
#include "unit/comet/chains.hpp"

namespace assay::comet {
namespace {

using test::recorded_chain;

TEST(CometRecorded, HashesAreItsOwn) {
  const auto& chain = recorded_chain();
  ASSERT_GE(chain.size(), 20u);
  for (std::size_t i = 0; i < chain.size(); ++i) {
    const LightBlock& block = chain[i];
    EXPECT_EQ(block.header.height, static_cast<std::int64_t>(i + 1));
    EXPECT_EQ(hash_of(block.header), block.commit.block.hash);
    EXPECT_EQ(hash_of(block.validators), block.header.validators_hash);
    if (i + 1 == chain.size()) continue;
    EXPECT_EQ(chain[i + 1].header.last_block, block.commit.block);
    EXPECT_EQ(chain[i + 1].header.validators_hash, block.header.next_validators_hash);
  }
}

TEST(CometRecorded, SignaturesHoldAndSomeAreAbsent) {
  std::size_t signatures = 0;
  std::size_t absent = 0;
  std::size_t late_rounds = 0;
  for (const LightBlock& block : recorded_chain()) {
    EXPECT_EQ(verify_root(block.header.chain_id, block.commit.block.hash, block),
              LightVerdict::kValid);
    late_rounds += block.commit.round > 0;
    for (const CommitSignature& s : block.commit.signatures)
      ++(s.flag == VoteFlag::kAbsent ? absent : signatures);
  }
  EXPECT_GT(signatures, 60u);
  EXPECT_GT(absent, 20u);
  EXPECT_GT(late_rounds, 0u);
}

TEST(CometRecorded, EveryPairOfHeightsIsValidOrTooFar) {
  const auto& chain = recorded_chain();
  const Time now = chain.back().header.time;
  std::size_t too_far = 0;
  for (std::size_t i = 0; i < chain.size(); ++i) {
    const Trusted trusted = trust_in(chain[i]);
    for (std::size_t j = 0; j < chain.size(); ++j) {
      const LightVerdict verdict = verify(trusted, chain[j], {}, now);
      if (j <= i) {
        EXPECT_EQ(verdict, LightVerdict::kNotLater);
      } else if (verdict != LightVerdict::kTooLittleTrust) {
        EXPECT_EQ(verdict, LightVerdict::kValid) << i << " " << j << " " << to_string(verdict);
      } else {
        EXPECT_GT(j, i + 1);
        ++too_far;
      }
    }
  }
  EXPECT_GT(too_far, 0u);
}

// INV-CMT-002: the encoding of a light block binds all of it.
TEST(CometRecorded, EveryFlippedBitIsRefused) {
  const auto& chain = recorded_chain();
  const Time now = chain.back().header.time;
  for (const std::size_t height : {2u, 15u}) {
    const Trusted trusted = trust_in(chain[height - 2]);
    const Bytes bytes = encode(chain[height - 1]);
    ASSERT_EQ(*decode_light_block(bytes), chain[height - 1]);
    std::array<std::size_t, kLightVerdictLast + 1> verdicts{};
    std::size_t malformed = 0;
    for (std::size_t bit = 0; bit < 8 * bytes.size(); ++bit) {
      Bytes changed = bytes;
      changed[bit / 8] ^= static_cast<std::uint8_t>(1u << bit % 8);
      const Result<LightBlock> block = decode_light_block(changed);
      if (!block) {
        EXPECT_EQ(block.error().code, ErrorCode::kMalformed);
        ++malformed;
        continue;
      }
      EXPECT_EQ(encode(*block), changed) << bit;
      const LightVerdict verdict = verify(trusted, *block, {}, now);
      EXPECT_NE(verdict, LightVerdict::kValid) << bit;
      ++verdicts[static_cast<std::size_t>(verdict)];
    }
    EXPECT_GT(malformed, 1000u);
    EXPECT_GT(verdicts[static_cast<std::size_t>(LightVerdict::kWrongCommit)], 1000u);
    EXPECT_GT(verdicts[static_cast<std::size_t>(LightVerdict::kWrongSignature)], 1000u);
  }
}

TEST(CometRecorded, EveryCutOrLongerLightBlockIsRefused) {
  for (const LightBlock& block : recorded_chain()) {
    Bytes bytes = encode(block);
    ASSERT_EQ(*decode_light_block(bytes), block);
    for (std::size_t size = 0; size < bytes.size(); ++size)
      EXPECT_EQ(decode_light_block(ByteView(bytes).first(size)).error().code,
                ErrorCode::kMalformed);
    for (const std::uint8_t more : Bytes{0x00, 0x0a, 0x12, 0x18}) {
      bytes.push_back(more);
      EXPECT_FALSE(decode_light_block(bytes));
      bytes.pop_back();
    }
  }
}

}  // namespace
}  // namespace assay::comet
