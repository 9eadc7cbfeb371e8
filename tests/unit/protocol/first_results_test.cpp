// How long first results are kept (INV-PRO-003), with heights that no test would reach block by
// block.
#include "internal/first_results.hpp"

#include <gtest/gtest.h>

#include "assay/core/memory_store.hpp"
#include "assay/protocol/layout.hpp"

namespace assay::protocol::internal {
namespace {

class Ledger {
 public:
  // A block in which each of these clients of one account gets its first result.
  void block(std::uint64_t height, const std::vector<std::uint8_t>& clients = {}) {
    Overlay overlay(m_store, Bytes{kStatePrefix}, nullptr);
    FirstResults results(m_store, overlay, &m_absent);
    results.erase_due(Height{height});
    for (const std::uint8_t client : clients) {
      EXPECT_FALSE(results.find({}, ClientId{client})) << height;
      FirstResult result;
      result.client = ClientId{client};
      result.id.value.bytes[0] = static_cast<std::uint8_t>(height);
      results.add(result);
      EXPECT_TRUE(results.find({}, ClientId{client}));
    }
    results.put_record(Height{height});
    WriteBatch batch;
    for (const Overlay::Record* const record : overlay.changes()) {
      Bytes key{kStatePrefix};
      key.insert(key.end(), record->first.begin(), record->first.end());
      batch.writes.push_back({std::move(key), record->second.now});
    }
    results.put_index(batch);
    EXPECT_TRUE(overlay.status());
    EXPECT_TRUE(m_store.write(batch));
    results.written();
  }
  // The low byte of the height at which it was recorded.
  [[nodiscard]] std::optional<std::uint8_t> found(std::uint8_t client) {
    Overlay overlay(m_store, Bytes{kStatePrefix}, nullptr);
    const FirstResults results(m_store, overlay, &m_absent);
    const auto result = results.find({}, ClientId{client});
    EXPECT_TRUE(overlay.status());
    if (!result) return std::nullopt;
    return result->id.value.bytes[0];
  }
  [[nodiscard]] std::size_t keys() const { return m_store.map().size(); }

 private:
  MemoryStore m_store;
  AbsentClients m_absent{16};
};

TEST(FirstResults, AreForgottenOnceNoTransactionOfTheirHeightCanBeValid) {
  Ledger ledger;
  EXPECT_EQ(ledger.found(1), std::nullopt);
  ledger.block(5, {1, 2});
  ledger.block(6, {3});
  EXPECT_EQ(ledger.keys(), 5u);  // two records, three places
  ledger.block(5 + kMaxValidityBlocks);
  EXPECT_EQ(ledger.found(1), 5);
  EXPECT_EQ(ledger.found(2), 5);
  ledger.block(6 + kMaxValidityBlocks);
  EXPECT_EQ(ledger.found(1), std::nullopt);
  EXPECT_EQ(ledger.found(3), 6);
  EXPECT_EQ(ledger.keys(), 2u);
}

TEST(FirstResults, AClientIdMayComeAgainInTheBlockThatForgetsIt) {
  Ledger ledger;
  ledger.block(5, {1, 2});
  const std::uint64_t again = 6 + kMaxValidityBlocks;
  ledger.block(again, {2});
  EXPECT_EQ(ledger.found(1), std::nullopt);
  EXPECT_EQ(ledger.found(2), static_cast<std::uint8_t>(again));
  EXPECT_EQ(ledger.keys(), 2u);
}

TEST(FirstResults, DamageIsNoAnswer) {
  MemoryStore store;
  Bytes key(49, 0);
  key[0] = kResultIndexPrefix;
  for (const Bytes& place : {Bytes(12, 0), Bytes(11, 0), Bytes{}}) {
    WriteBatch batch;
    batch.put(key, place);
    ASSERT_TRUE(store.write(batch));
    Overlay overlay(store, Bytes{kStatePrefix}, nullptr);
    const FirstResults results(store, overlay, nullptr);
    EXPECT_FALSE(results.find({}, ClientId{}));
    EXPECT_EQ(overlay.status().error().code, ErrorCode::kIntegrity);
  }
}

}  // namespace
}  // namespace assay::protocol::internal
