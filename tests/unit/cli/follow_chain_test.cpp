// INV-NOD-028 and 030: from what a role begins, and what it keeps.
#include "internal/follow_chain.hpp"

#include <gmock/gmock.h>

#include "assay/node/trusted_header.hpp"
#include "support/memory_files.hpp"
#include "unit/node/comet_blocks.hpp"

namespace assay::cli::internal {
namespace {

using node::test::committed;
using testing::Contains;
using testing::HasSubstr;

constexpr std::uint64_t kDayMs = std::uint64_t{24} * 3600 * 1000;

class At final : public Clock {
 public:
  explicit At(std::uint64_t now) : m_now(now) {}
  [[nodiscard]] std::uint64_t unix_ms() const override { return m_now; }
  [[nodiscard]] std::uint64_t monotonic_ms() const override { return m_now; }

 private:
  std::uint64_t m_now;
};

struct Chain {
  protocol::Genesis genesis = node::test::replicated_record();
  std::vector<protocol::BlockHeader> all;
  test::MemoryFiles files;
  test::RecordingLog log;
  At now{node::test::kNowMs}, late{node::test::kNowMs + 15 * kDayMs};

  Chain() {
    // By stake: the hash of the first validators stays what the blocks are signed by.
    genesis.validators.push_back({AccountId(comet::test::key(0).public_key()),
                                  comet::test::key(0).public_key(), Amount{100'000'000}});
    genesis.name = "by stake";
    all = {protocol::BlockHeader{}};
    all[0].chain = chain_id_of(genesis);
    all[0].time_ms = genesis.time_ms;
    while (all.size() < 12) all.push_back(node::test::header_after(all.back()));
  }
  [[nodiscard]] Bytes proof(std::size_t height) const {
    return encode(node::HeaderProof(committed(all[height])));
  }
  [[nodiscard]] std::string point(std::size_t height) const {
    return std::to_string(height + 1) + ":" +
           to_hex(comet::hash_of(committed(all[height]).next.header));
  }
  Result<roles::FollowHeader> begin(const TrustSettings& trust, const Clock& clock) {
    return follow_chain(genesis, trust, files, clock, log);
  }
  Result<protocol::BlockHeader> follow(const roles::FollowHeader& chain, std::size_t height) {
    return chain(proof(height), [this](Height at) -> Result<Bytes> { return proof(at.value); });
  }
};

TEST(FollowChain, GoesOnFromWhatItKept) {
  Chain c;
  const auto first = c.begin({}, c.now);
  ASSERT_TRUE(first) << first.error().message;
  ASSERT_TRUE(c.follow(*first, 7));
  EXPECT_EQ(c.files.files.at(kTrustedHeaderFile).size(),
            node::kTrustedHeaderMagic.size() + c.proof(7).size());
  const auto again = c.begin({}, c.now);
  ASSERT_TRUE(again);
  EXPECT_EQ(c.follow(*again, 6).error().code, ErrorCode::kUnavailable) << "it is below";
  EXPECT_TRUE(c.follow(*again, 7));
  EXPECT_TRUE(c.follow(*again, 9));
  // Too old; and told that this is fine, and that it is not to be looked at.
  const auto old = c.begin({}, c.late);
  ASSERT_FALSE(old);
  EXPECT_EQ(old.error().code, ErrorCode::kInvalidArgument);
  EXPECT_THAT(old.error().message, HasSubstr("--trust-header"));
  EXPECT_TRUE(c.begin({.header = {}, .old = true, .genesis = false}, c.late));
  const auto afresh = c.begin({.header = {}, .old = false, .genesis = true}, c.now);
  ASSERT_TRUE(afresh);
  EXPECT_TRUE(c.follow(*afresh, 2));
}

TEST(FollowChain, RefusesAFileThatIsNotItsOwn) {
  Chain c;
  ASSERT_TRUE(c.follow(*c.begin({}, c.now), 7));
  Bytes& kept = c.files.files.at(kTrustedHeaderFile);
  kept[kept.size() / 2] ^= 1;
  EXPECT_THAT(c.begin({}, c.now).error().message, HasSubstr("--trust-genesis"));
  kept.clear();
  EXPECT_EQ(c.begin({}, c.now).error().code, ErrorCode::kMalformed);
  c.files.files.clear();
  ASSERT_TRUE(c.follow(*c.begin({}, c.now), 7));
  c.genesis.name = "another";
  EXPECT_THAT(c.begin({}, c.now).error().message, HasSubstr("another chain"));
}

TEST(FollowChain, BeginsFromAHeaderThatTheUserWasGiven) {
  Chain c;
  EXPECT_THAT(c.begin({}, c.late).error().message, HasSubstr("genesis record is older"));
  TrustSettings trust;
  trust.header = c.point(5);
  const auto chain = c.begin(trust, c.now);
  ASSERT_TRUE(chain);
  EXPECT_TRUE(c.follow(*chain, 8));
  // Below what was followed: what was followed counts, unless that is not to be looked at.
  EXPECT_EQ(c.follow(*c.begin(trust, c.now), 7).error().code, ErrorCode::kUnavailable);
  EXPECT_TRUE(c.begin({.header = trust.header, .old = false, .genesis = true}, c.now));
  // The same; another hash of the same height is a forgery.
  trust.header = c.point(8);
  EXPECT_EQ(c.follow(*c.begin(trust, c.now), 7).error().code, ErrorCode::kUnavailable);
  trust.header = c.point(8).substr(0, 2) + std::string(64, '0');
  EXPECT_THAT(c.begin(trust, c.now).error().message, HasSubstr("forged"));
  trust.header = c.point(10);
  const auto later = c.begin(trust, c.now);
  EXPECT_EQ(c.follow(*later, 9).error().code, ErrorCode::kUnavailable);
  EXPECT_TRUE(c.follow(*later, 11));
  // A node that shows another one, one that is too old, and an operator's chain.
  c.files.files.clear();
  trust.header = "6:" + std::string(64, '0');
  EXPECT_EQ(c.follow(*c.begin(trust, c.now), 8).error().code, ErrorCode::kIntegrity);
  trust.header = c.point(5);
  EXPECT_THAT(c.follow(*c.begin(trust, c.late), 8).error().message, HasSubstr("too old"));
  trust.header = "6";
  EXPECT_EQ(c.begin(trust, c.now).error().code, ErrorCode::kInvalidArgument);
  c.genesis.operator_key = comet::test::key(1).public_key();
  trust.header = c.point(5);
  EXPECT_EQ(c.begin(trust, c.now).error().code, ErrorCode::kInvalidArgument);
}

// A full disk keeps no role from its work.
TEST(FollowChain, GoesOnWithoutAFile) {
  Chain c;
  c.files.writes_until_failure = 0;
  EXPECT_TRUE(c.follow(*c.begin({}, c.now), 7));
  EXPECT_THAT(c.log.events, Contains("ledger.trust_not_kept"));
}

}  // namespace
}  // namespace assay::cli::internal
