// What the records in memory count, so that they are forgotten in time.
#include "internal/record_table.hpp"

#include <gtest/gtest.h>

namespace assay::protocol::internal {
namespace {

Bytes key_of(int number) { return {'k', static_cast<std::uint8_t>(number)}; }
RecordTable::Value bytes_of(std::size_t size) { return Bytes(size, 1); }

RecordTable::Record* change(RecordTable& table, const Bytes& key, RecordTable::Value now) {
  RecordTable::Record* record = table.find(key);
  if (record == nullptr) record = table.add(key, std::nullopt);
  record->second.now = std::move(now);
  record->second.changed = true;
  return record;
}

TEST(RecordTable, CountsWhatABlockWrote) {
  RecordTable table(1'000'000);
  RecordTable::Record* const record = change(table, key_of(1), bytes_of(10'000));
  const std::size_t empty = table.young_bytes();
  table.settle(*record);
  EXPECT_EQ(table.young_bytes(), empty + 10'000);
  EXPECT_EQ(record->second.value()->size(), 10'000u);
  table.settle(*change(table, key_of(1), bytes_of(100)));
  EXPECT_EQ(table.young_bytes(), empty + 100);
  table.settle(*change(table, key_of(1), std::nullopt));
  EXPECT_EQ(table.young_bytes(), empty);
  table.settle(*change(table, key_of(1), bytes_of(50'000)));
  table.forget(*table.find(key_of(1)));
  EXPECT_EQ(table.young_bytes(), 0u);
  EXPECT_EQ(table.find(key_of(1)), nullptr);
}

TEST(RecordTable, ForgetsWhatWasNotAskedForTwice) {
  RecordTable table(10'000);
  EXPECT_FALSE(table.is_full());
  table.add(key_of(1), bytes_of(4'000));
  EXPECT_FALSE(table.is_full());
  table.add(key_of(2), bytes_of(4'000));
  ASSERT_TRUE(table.is_full());
  table.age();
  EXPECT_EQ(table.young_bytes(), 0u);
  EXPECT_NE(table.find(key_of(1)), nullptr);
  EXPECT_GT(table.young_bytes(), 4'000u);
  table.age();
  EXPECT_NE(table.find(key_of(1)), nullptr);
  EXPECT_EQ(table.find(key_of(2)), nullptr);
}

}  // namespace
}  // namespace assay::protocol::internal
