// Every result code is reached by some test of this program: a code that nothing gives is none.
#include "harness.hpp"

namespace assay::protocol {
namespace {

using namespace test;
using V = TxVerdict;

// What no other test needs.
TEST(AllVerdicts, TheRest) {
  Net net(3, 100'000'000);
  EXPECT_EQ(net.verdict(0, Transfer{net.id(1), Amount{0}}), V::kZeroAmount);
  EXPECT_EQ(net.verdict(0, Transfer{net.id(0), Amount{1}}), V::kSelfTransfer);
  EXPECT_EQ(net.verdict(0, RegisterProfile{"http://x", {}, {}}), V::kBadEndpoint);
  EXPECT_EQ(net.verdict(0, Unstake{Amount{1'000'001}}), V::kInsufficientStake);
  const PostTask terms = sample_task();
  const Posted p = post_and_accept(net, 0, 1, terms);
  const MadeRun run(MadeRun::made_up(10, "run"));
  ASSERT_EQ(net.verdict(1, commitment_of(p, run)), V::kApplied);
  net.wait(terms.windows.enlist_ms);
  ASSERT_EQ(net.verdict(1, reveal_of(net, p, 1, terms, run)), V::kApplied);
  std::vector<Bytes> challenges;
  for (std::uint32_t i = 0; i <= kMaxChallengesPerClaim; ++i)
    challenges.push_back(net.tx(2, CommitChallenge{p.claim, hash_of_text(std::to_string(i))}));
  const BlockResult block = net.block(std::move(challenges));
  EXPECT_EQ(block.receipts.receipts[kMaxChallengesPerClaim - 1].verdict, V::kApplied);
  EXPECT_EQ(block.receipts.receipts[kMaxChallengesPerClaim].verdict, V::kTooManyChallenges);
}

class AllVerdicts final : public testing::Environment {
 public:
  void TearDown() override {
    if (testing::GTEST_FLAG(filter) != "*" || testing::UnitTest::GetInstance()->Failed()) return;
    for (std::uint16_t v = 0; v <= kTxVerdictLast; ++v)
      EXPECT_TRUE(seen_verdicts().contains(static_cast<V>(v)))
          << "no test reaches '" << to_string(static_cast<V>(v)) << "'";
  }
};
const testing::Environment* const kEnvironment = testing::AddGlobalTestEnvironment(new AllVerdicts);

}  // namespace
}  // namespace assay::protocol
