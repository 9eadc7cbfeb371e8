#include <gtest/gtest.h>

#include <random>

#include "assay/abci/wire.hpp"
#include "support/protobuf.hpp"

namespace assay::abci {
namespace {

constexpr std::size_t kLimit = 1000;

Bytes frame_of(std::size_t size, std::uint8_t fill) {
  return test::Wire().bytes(0, Bytes(size, fill)).framed();
}

// The messages of a stream that comes in pieces, as a connection reads it.
struct Reading {
  std::vector<Bytes> messages;
  std::optional<ErrorCode> failed;
  Bytes rest;
};
Reading read(ByteView stream, std::size_t piece) {
  Reading reading;
  for (std::size_t at = 0; at < stream.size(); at += piece) {
    const ByteView part = stream.subspan(at, std::min(piece, stream.size() - at));
    reading.rest.insert(reading.rest.end(), part.begin(), part.end());
    while (true) {
      const auto frame = parse_frame(reading.rest, kLimit);
      if (!frame) {
        reading.failed = frame.error().code;
        return reading;
      }
      if (!*frame) break;
      reading.messages.push_back(to_bytes((*frame)->message));
      reading.rest.erase(reading.rest.begin(),
                         reading.rest.begin() + static_cast<std::ptrdiff_t>((*frame)->size));
    }
  }
  return reading;
}

// INV-ABC-001.
TEST(Frame, EverySplitGivesTheSameMessages) {
  Bytes stream;
  for (const std::size_t size : {0, 1, 123, 124, 125, 126, 500, 2}) {
    const Bytes frame = frame_of(size, static_cast<std::uint8_t>(size));
    stream.insert(stream.end(), frame.begin(), frame.end());
  }
  const Reading whole = read(stream, stream.size());
  EXPECT_EQ(whole.messages.size(), 8u);
  EXPECT_TRUE(whole.rest.empty());
  for (std::size_t piece = 1; piece < stream.size(); ++piece)
    ASSERT_EQ(read(stream, piece).messages, whole.messages) << piece;
  for (std::size_t cut = 0; cut < stream.size(); ++cut) {
    const Reading part = read(ByteView(stream).first(cut), kLimit * 4);
    ASSERT_FALSE(part.failed);
    ASSERT_TRUE(std::equal(part.messages.begin(), part.messages.end(), whole.messages.begin()));
  }
}

TEST(Frame, TakesAMessageOfNoBytesAndOneAtTheLimit) {
  EXPECT_EQ(read(Bytes{0, 0}, 1).messages, (std::vector<Bytes>{{}, {}}));
  Bytes stream = test::Wire().varint(kLimit).get();
  stream.resize(stream.size() + kLimit);
  EXPECT_EQ(read(stream, 7).messages.at(0).size(), kLimit);
}

TEST(Frame, RefusesALengthOverTheLimitBeforeItsBytesCome) {
  EXPECT_EQ(read(test::Wire().varint(kLimit + 1).get(), 1).failed, ErrorCode::kLimit);
  EXPECT_EQ(read(test::Wire().varint(~std::uint64_t{0}).get(), 1).failed, ErrorCode::kLimit);
}

TEST(Frame, RefusesALengthThatIsNoShortestVarint) {
  EXPECT_EQ(read(Bytes{0x80, 0x00}, 1).failed, ErrorCode::kMalformed);
  EXPECT_EQ(read(Bytes{0x85, 0x80, 0x00}, 1).failed, ErrorCode::kMalformed);
  Bytes eleven(10, 0xff);
  eleven.push_back(0);
  EXPECT_EQ(read(eleven, 1).failed, ErrorCode::kMalformed);
  Bytes over(9, 0xff);  // 2^64 and more
  over.push_back(2);
  EXPECT_EQ(read(over, 1).failed, ErrorCode::kMalformed);
  EXPECT_FALSE(read(Bytes(9, 0x80), 1).failed);  // not finished
}

TEST(Frame, GarbageNeverReadsPastItsEnd) {
  std::mt19937_64 random(7);
  for (int round = 0; round < 20'000; ++round) {
    Bytes garbage(random() % 40);
    for (std::uint8_t& byte : garbage) byte = static_cast<std::uint8_t>(random());
    const auto frame = parse_frame(garbage, kLimit);
    if (!frame || !*frame) continue;
    ASSERT_LE((*frame)->size, garbage.size());
    ASSERT_EQ((*frame)->message.data() + (*frame)->message.size(), garbage.data() + (*frame)->size);
  }
}

}  // namespace
}  // namespace assay::abci
