#include "assay/comet/light_client.hpp"

#include <thread>

#include "unit/comet/chains.hpp"

namespace assay::comet {
namespace {

using test::kStart;
using test::make_block;
using test::recorded_chain;
using test::set_of;
using test::Signer;
using V = LightVerdict;

const std::vector<Signer> kFour = {{0, 10}, {1, 10}, {2, 10}, {3, 10}};
const Time kNow{kStart + 3000, 0};

// A chain of which each validator stays for kStays heights: from 100 on, nobody is left whom the
// first block knew.
constexpr std::int64_t kStays = 25;
std::vector<Signer> validators_at(std::int64_t height) {
  std::vector<Signer> all;
  for (std::int64_t i = 0; i < 4; ++i)
    all.push_back({static_cast<unsigned>((height / kStays + i) % 32), 10});
  return all;
}
LightBlock block_at(std::int64_t height) {
  return make_block(height, validators_at(height), validators_at(height + 1));
}

class Blocks : public LightBlocks {
 public:
  Result<LightBlock> at(std::int64_t height) override {
    asked.push_back(height);
    if (height == unavailable) return {ErrorCode::kUnavailable, "not now"};
    LightBlock block = block_at(height + off_by);
    if (height == forged) block.commit.signatures[0].signature[0] ^= 1;
    return block;
  }
  std::vector<std::int64_t> asked;
  std::int64_t unavailable = 0;
  std::int64_t forged = 0;
  std::int64_t off_by = 0;
};

TEST(CometLightClient, BisectsWhereTooFewOfTheTrustedSigned) {
  LightClient client(trust_in_genesis("chain", hash_of(set_of(validators_at(1)))), {});
  Blocks blocks;
  ASSERT_EQ(client.follow(block_at(600), kNow), V::kTooLittleTrust);
  EXPECT_EQ(client.trusted()->height, 0);
  const auto verdict = client.follow(block_at(600), blocks, kNow);
  ASSERT_TRUE(verdict);
  EXPECT_EQ(*verdict, V::kValid);
  EXPECT_EQ(client.trusted()->height, 600);
  EXPECT_GT(blocks.asked.size(), 5u);
  EXPECT_LT(blocks.asked.size(), 60u);  // a tenth of the blocks
  // From there a later one follows at once.
  blocks.asked.clear();
  EXPECT_EQ(*client.follow(block_at(610), blocks, kNow), V::kValid);
  EXPECT_TRUE(blocks.asked.empty());
}

TEST(CometLightClient, KeepsWhatItVerifiedWhenASearchFails) {
  Blocks blocks;
  LightClient client(trust_in(block_at(1)), {});
  blocks.unavailable = 150;
  EXPECT_EQ(client.follow(block_at(300), blocks, kNow).error().code, ErrorCode::kUnavailable);
  EXPECT_EQ(client.trusted()->height, 1);
  blocks.unavailable = 225;
  EXPECT_EQ(client.follow(block_at(300), blocks, kNow).error().code, ErrorCode::kUnavailable);
  EXPECT_EQ(client.trusted()->height, 150);
  blocks.unavailable = 0;
  blocks.forged = 225;
  EXPECT_EQ(*client.follow(block_at(300), blocks, kNow), V::kWrongSignature);
  EXPECT_GE(client.trusted()->height, 150);
  blocks.forged = 0;
  blocks.off_by = 1;
  EXPECT_EQ(client.follow(block_at(300), blocks, kNow).error().code, ErrorCode::kIntegrity);
  blocks.off_by = 0;
  EXPECT_EQ(*client.follow(block_at(300), blocks, kNow), V::kValid);
}

// Validators that nobody announced, at every height: bisection ends at the neighbour.
TEST(CometLightClient, AForgedChainEndsInAVerdict) {
  class Forger : public LightBlocks {
   public:
    Result<LightBlock> at(std::int64_t height) override {
      return make_block(height, {{30, 1}, {31, 1}}, {{30, 1}, {31, 1}});
    }
  } forger;
  LightClient client(trust_in(block_at(1)), {});
  const auto verdict = client.follow(*forger.at(1000), forger, kNow);
  ASSERT_TRUE(verdict);
  EXPECT_EQ(*verdict, V::kUnannounced);
  EXPECT_EQ(client.trusted()->height, 1);
}

TEST(CometLightClient, TheTrustedBlockAgainIsValidAndAnotherOneIsAContradiction) {
  LightClient client(trust_in(block_at(1)), {});
  const LightBlock five = make_block(5, validators_at(5), validators_at(6));
  ASSERT_EQ(client.follow(five, kNow), V::kValid);
  EXPECT_EQ(client.follow(five, kNow), V::kValid);
  LightBlock forged = five;
  forged.commit.signatures[0].signature[1] ^= 1;
  EXPECT_EQ(client.follow(forged, kNow), V::kWrongSignature);
  LightBlock other = five;
  other.header.app_hash[0] ^= 1;
  EXPECT_EQ(client.follow(other, kNow), V::kWrongCommit);
  sign(other, validators_at(5));
  EXPECT_EQ(client.follow(other, kNow), V::kContradiction);
  EXPECT_EQ(client.follow(block_at(4), kNow), V::kNotLater);
  Blocks blocks;
  EXPECT_EQ(*client.follow(block_at(4), blocks, kNow), V::kNotLater);
  EXPECT_EQ(client.trusted()->hash, hash_of(five.header));
}

TEST(CometLightClient, AWitnessAgreesForksOrIsNotBelieved) {
  LightClient client(trust_in(block_at(1)), {});
  Blocks witness;
  EXPECT_EQ(*client.compare(witness, kNow), V::kValid);
  ASSERT_EQ(*client.follow(block_at(300), witness, kNow), V::kValid);
  EXPECT_EQ(*client.compare(witness, kNow), V::kValid);
  // The same validators signed another block of that height.
  class Fork : public Blocks {
   public:
    Result<LightBlock> at(std::int64_t height) override {
      LightBlock block = *Blocks::at(height);
      if (height != 300) return block;
      block.header.app_hash[0] ^= 1;
      sign(block, validators_at(height));
      if (is_forged) block.commit.signatures[2].signature[0] ^= 1;
      return block;
    }
    bool is_forged = false;
  } fork;
  EXPECT_EQ(*client.compare(fork, kNow), V::kContradiction);
  fork.is_forged = true;
  EXPECT_EQ(*client.compare(fork, kNow), V::kWrongSignature);
  witness.off_by = 1;
  EXPECT_EQ(client.compare(witness, kNow).error().code, ErrorCode::kIntegrity);
  witness.unavailable = 300;
  EXPECT_EQ(client.compare(witness, kNow).error().code, ErrorCode::kUnavailable);
  EXPECT_EQ(client.trusted()->hash, hash_of(block_at(300).header));
  // At the root itself there is nothing that both could follow from.
  LightClient rooted(trust_in(block_at(300)), {});
  EXPECT_EQ(*rooted.compare(fork, kNow), V::kWrongRoot);
}

TEST(CometLightClient, FollowsTheRecordedChainFromItsGenesisToItsEnd) {
  class Recorded : public LightBlocks {
   public:
    Result<LightBlock> at(std::int64_t height) override {
      ++asked;
      return recorded_chain().at(static_cast<std::size_t>(height - 1));
    }
    int asked = 0;
  } blocks;
  const auto& chain = recorded_chain();
  LightClient client(trust_in_genesis(chain[0].header.chain_id, chain[0].header.validators_hash),
                     {});
  EXPECT_EQ(*client.follow(chain.back(), blocks, chain.back().header.time), V::kValid);
  EXPECT_EQ(client.trusted()->hash, chain.back().commit.block.hash);
  EXPECT_GT(blocks.asked, 0);
  EXPECT_LT(blocks.asked, 20);
}

// INV-CMT-005: whoever is overtaken while it asks for blocks takes nothing back.
TEST(CometLightClient, ASearchThatIsOvertakenMovesNothingBack) {
  LightClient client(trust_in(block_at(1)), {});
  class Overtaking : public Blocks {
   public:
    explicit Overtaking(LightClient& the_client) : client(the_client) {}
    Result<LightBlock> at(std::int64_t height) override {
      if (asked.empty()) {
        asked.push_back(height);
        Blocks others;
        EXPECT_EQ(*client.follow(block_at(320), others, kNow), V::kValid);
      }
      return Blocks::at(height);
    }
    LightClient& client;
  } blocks(client);
  EXPECT_EQ(*client.follow(block_at(300), blocks, kNow), V::kValid);
  EXPECT_EQ(client.trusted()->height, 320);
}

// INV-CMT-005.
TEST(CometLightClient, ManyThreadsMoveItForwardOnly) {
  LightClient client(trust_in(block_at(1)), {});
  std::vector<LightBlock> chain;
  for (std::int64_t height = 2; height < 22; ++height) chain.push_back(block_at(height));
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&] {
      std::int64_t last = 0;
      for (const LightBlock& block : chain) {
        const V verdict = client.follow(block, kNow);
        EXPECT_TRUE(verdict == V::kValid || verdict == V::kNotLater) << to_string(verdict);
        const std::int64_t height = client.trusted()->height;
        EXPECT_GE(height, last);
        last = height;
      }
    });
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(client.trusted()->height, 21);
}

}  // namespace
}  // namespace assay::comet
