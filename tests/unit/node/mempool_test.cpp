#include "assay/node/mempool.hpp"

#include <gtest/gtest.h>

#include "assay/node/admission.hpp"
#include "assay/protocol/lane.hpp"

namespace assay::node {
namespace {

// Only what the pool reads is filled in: signatures are parse_transaction's business.
protocol::ParsedTransaction tx(std::uint8_t sender, std::uint64_t nonce, bool game = false) {
  protocol::ParsedTransaction t;
  t.envelope.sender.value.bytes[0] = sender;
  t.envelope.nonce = nonce;
  if (game)
    t.envelope.payload = protocol::StandUp{};
  else
    t.envelope.payload = protocol::Stake{};
  t.id.value.bytes[0] = sender;
  t.id.value.bytes[1] = game ? 1 : 0;
  store_le(t.id.value.bytes.data() + 8, nonce);
  return t;
}

TEST(Mempool, KeepsArrivalOrderButASendersNoncesAscend) {
  Mempool pool;
  for (const auto& t : {tx(1, 5), tx(2, 1), tx(1, 3), tx(3, 1), tx(1, 4)})
    EXPECT_EQ(pool.add(t, 10), MempoolVerdict::kAdded);
  std::vector<std::pair<int, std::uint64_t>> order;
  for (const auto& t : pool.take_block()) order.push_back({t.sender.value.bytes[0], t.nonce});
  EXPECT_EQ(order,
            (std::vector<std::pair<int, std::uint64_t>>{{1, 3}, {2, 1}, {1, 4}, {3, 1}, {1, 5}}));
  EXPECT_TRUE(pool.empty());
  EXPECT_EQ(pool.add(tx(1, 5), 10), MempoolVerdict::kAdded);
}

TEST(Mempool, EverySenderHasItsLimit) {
  Mempool pool;
  for (std::size_t i = 0; i < kMempoolSenderMax; ++i)
    EXPECT_EQ(pool.add(tx(1, i), 1), MempoolVerdict::kAdded);
  EXPECT_EQ(pool.add(tx(1, 9999), 1), MempoolVerdict::kSenderFull);
  EXPECT_EQ(pool.add(tx(2, 1), 1), MempoolVerdict::kAdded);
}

// Moves that the ledger would refuse cost their sender nothing: they have no lane of their own.
TEST(Mempool, RefusedMovesCannotCrowdOutGames) {
  Mempool pool;
  MempoolVerdict verdict = MempoolVerdict::kAdded;
  for (std::uint8_t sender = 0; sender < 200 && verdict == MempoolVerdict::kAdded; ++sender)
    for (std::uint64_t n = 0; n < kMempoolSenderMax && verdict == MempoolVerdict::kAdded; ++n)
      verdict = pool.add(tx(sender, n, true), 100, false);
  EXPECT_EQ(verdict, MempoolVerdict::kFull);
  EXPECT_EQ(pool.size(), kMempoolTransactionsMax / 2);
  EXPECT_EQ(pool.add(tx(250, 1, true), 100), MempoolVerdict::kAdded);
  EXPECT_EQ(pool.take_block().size(), kBlockTransactionsMax / 2 + 1);
}

TEST(Mempool, OthersCannotCrowdOutGames) {
  Mempool pool;
  MempoolVerdict verdict = MempoolVerdict::kAdded;
  std::uint64_t added = 0;
  for (std::uint8_t sender = 0; sender < 200 && verdict == MempoolVerdict::kAdded; ++sender)
    for (std::uint64_t n = 0; n < kMempoolSenderMax && verdict == MempoolVerdict::kAdded; ++n) {
      verdict = pool.add(tx(sender, n), 100);
      added += verdict == MempoolVerdict::kAdded;
    }
  EXPECT_EQ(verdict, MempoolVerdict::kFull);
  EXPECT_EQ(added, kMempoolTransactionsMax / 2);
  EXPECT_EQ(pool.add(tx(250, 1, true), 24 * 1024), MempoolVerdict::kAdded);
  const auto block = pool.take_block();
  EXPECT_EQ(block.size(), kBlockTransactionsMax / 2 + 1);
  EXPECT_EQ(block.back().sender.value.bytes[0], 250);
  // Nothing is lost on the way.
  std::size_t total = block.size();
  while (!pool.empty()) total += pool.take_block().size();
  EXPECT_EQ(total, added + 1);
}

// INV-PRO-023 counts on it: where a move finds no room, in a block or in CometBFT's mempool, whose
// transactions make the next one, the lane is full as the ledger counts it.
TEST(Mempool, LeavesNoMoveOutWhereTheLaneIsNotFull) {
  for (const auto& [count_max, bytes_max] :
       {std::pair(kBlockTransactionsMax, kBlockBytesMax),
        std::pair(std::size_t{kAdmittedMax}, std::size_t{kAdmittedBytesMax})})
    for (const std::size_t move : {std::size_t{200}, protocol::kMaxTransactionBytes})
      for (const bool others : {false, true}) {
        Lanes lanes(count_max, bytes_max);
        while (others && lanes.fits(false, 500)) lanes.add(false, 500);
        while (lanes.fits(true, move)) lanes.add(true, move);
        while (lanes.fits(true, 300)) lanes.add(true, 300);
        const std::size_t count = lanes.all().count - lanes.others().count;
        const std::size_t bytes = lanes.all().bytes - lanes.others().bytes;
        EXPECT_TRUE(count >= protocol::LaneLimit{}.transactions ||
                    bytes >= protocol::LaneLimit{}.bytes)
            << count << " moves, " << bytes << " bytes";
      }
}

TEST(Mempool, BytesAreLimitedToo) {
  Mempool pool;
  std::size_t bytes = 0;
  for (std::uint8_t sender = 0; sender < 20; ++sender)
    for (std::uint64_t n = 0; n < kMempoolSenderMax; ++n)
      if (pool.add(tx(sender, n), 24 * 1024) == MempoolVerdict::kAdded) bytes += 24 * 1024;
  EXPECT_LE(bytes, kMempoolBytesMax / 2);
  std::size_t block = 0;
  for (const auto& t : pool.take_block()) block += t.bytes;
  EXPECT_LE(block, kBlockBytesMax / 2);
  EXPECT_GT(block, kBlockBytesMax / 2 - 24 * 1024);
}

}  // namespace
}  // namespace assay::node
