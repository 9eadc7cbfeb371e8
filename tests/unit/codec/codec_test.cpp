#include <gtest/gtest.h>

#include <optional>

#include "assay/codec/buffer.hpp"

namespace assay::codec {
namespace {

struct Record {
  std::uint8_t a = 0;
  std::uint16_t b = 0;
  std::uint32_t c = 0;
  std::uint64_t d = 0;
  std::int64_t e = 0;
  bool f = false;
  Hash256 g;
  Bytes h;
  std::vector<std::uint16_t> i;
  std::optional<std::uint32_t> j;
  friend bool operator==(const Record&, const Record&) = default;
};

constexpr std::size_t kBytesMax = 16;
constexpr std::size_t kItemsMax = 4;

Bytes write(const Record& r) {
  return encode([&](Writer& w) {
    w.u8(r.a);
    w.u16(r.b);
    w.u32(r.c);
    w.u64(r.d);
    w.integer(r.e);
    w.flag(r.f);
    w.hash(r.g);
    w.bytes(r.h);
    w.u32(static_cast<std::uint32_t>(r.i.size()));
    for (const std::uint16_t x : r.i) w.u16(x);
    w.flag(r.j.has_value());
    if (r.j) w.u32(*r.j);
  });
}

std::optional<Record> read(ByteView bytes) {
  Reader reader(bytes);
  Record r;
  r.a = reader.u8();
  r.b = reader.u16();
  r.c = reader.u32();
  r.d = reader.u64();
  r.e = reader.integer<std::int64_t>();
  r.f = reader.flag();
  r.g = reader.hash();
  r.h = to_bytes(reader.bytes(kBytesMax));
  r.i.resize(reader.count(kItemsMax, sizeof(std::uint16_t)));
  for (std::uint16_t& x : r.i) x = reader.u16();
  if (reader.flag()) r.j = reader.u32();
  if (!reader.finish()) return std::nullopt;
  return r;
}

Record sample() {
  Record r{1, 0x0203, 0x04050607, 0x08090a0b0c0d0e0f, -2, true, {}, {9, 8}, {1, 2, 3}, 7};
  r.g.bytes[31] = 0xaa;
  return r;
}

TEST(Codec, WritesLittleEndianAndLengthFirst) {
  const Bytes bytes = encode([](Writer& w) {
    w.u8(1);
    w.u16(0x0203);
    w.u32(0x04050607);
    w.u64(0x08090a0b0c0d0e0f);
    w.flag(true);
    w.bytes(as_bytes("ab"));
    w.raw(as_bytes("c"));
    w.integer(std::int32_t{-2});
  });
  EXPECT_EQ(to_hex(bytes),
            "01"
            "0302"
            "07060504"
            "0f0e0d0c0b0a0908"
            "01"
            "020000006162"
            "63"
            "feffffff");
}

TEST(Codec, RoundTrips) {
  EXPECT_EQ(*read(write(sample())), sample());
  EXPECT_EQ(*read(write(Record{})), Record{});
}

TEST(Codec, RejectsEveryCutAndEveryAddition) {
  const Bytes good = write(sample());
  for (std::size_t n = 0; n < good.size(); ++n)
    EXPECT_FALSE(read(ByteView(good).first(n)).has_value()) << n;
  Bytes longer = good;
  longer.push_back(0);
  EXPECT_FALSE(read(longer).has_value());
}

// INV-COD-001. One encoding a value: whatever still decodes must be another value.
TEST(Codec, EveryFlippedBitIsRejectedOrIsAnotherValue) {
  const Bytes good = write(sample());
  for (std::size_t bit = 0; bit < 8 * good.size(); ++bit) {
    Bytes bad = good;
    bad[bit / 8] ^= static_cast<std::uint8_t>(1u << bit % 8);
    const auto other = read(bad);
    if (!other) continue;
    EXPECT_FALSE(*other == sample()) << bit;
    EXPECT_EQ(write(*other), bad) << bit;
  }
}

// INV-COD-002.
TEST(Codec, HoldsItsLimits) {
  const Bytes two{2};
  Reader flag(two);
  static_cast<void>(flag.flag());
  EXPECT_FALSE(flag.ok());
  const Bytes three{3, 0, 0, 0, 1, 2, 3};
  Reader in_limit(three);
  EXPECT_EQ(in_limit.bytes(3).size(), 3u);
  EXPECT_TRUE(in_limit.finish());
  Reader over_limit(three);
  EXPECT_TRUE(over_limit.bytes(2).empty());
  EXPECT_FALSE(over_limit.ok());
  // A count may not announce more than the input could hold.
  const Bytes many{4, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7};
  Reader fits(many);
  EXPECT_EQ(fits.count(4, 1), 4u);
  Reader too_many(many);
  EXPECT_EQ(too_many.count(4, 2), 0u);
  EXPECT_FALSE(too_many.ok());
  const Bytes huge{0xff, 0xff, 0xff, 0xff};
  Reader overflow(huge);
  EXPECT_EQ(overflow.count(~std::size_t{0}, ~std::uint32_t{0}), 0u);
  EXPECT_FALSE(overflow.ok());
}

TEST(Codec, KeepsItsFailure) {
  const Bytes bytes{1, 2, 3};
  Reader reader(bytes);
  EXPECT_EQ(reader.u32(), 0u);
  EXPECT_EQ(reader.u8(), 0u);
  EXPECT_EQ(reader.hash(), Hash256{});
  EXPECT_FALSE(reader.ok());
  EXPECT_FALSE(reader.finish());
  EXPECT_EQ(reader.position(), 0u);
}

TEST(FixedSink, SaysWhenItDidNotFit) {
  std::uint8_t memory[5];
  FixedSink sink(memory);
  BasicWriter<FixedSink> writer(sink);
  writer.u32(7);
  EXPECT_FALSE(sink.overflowed());
  writer.u16(1);
  EXPECT_TRUE(sink.overflowed());
  EXPECT_EQ(sink.written().size(), 4u);
}

}  // namespace
}  // namespace assay::codec
