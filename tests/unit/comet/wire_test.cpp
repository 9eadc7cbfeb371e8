#include "assay/comet/wire.hpp"

#include "unit/comet/chains.hpp"

namespace assay::comet {
namespace {

// A set and a commit of this many, as long as numbers can make them.
LightBlock large_block(std::size_t count) {
  LightBlock block = test::make_block(1, {{0, 1}}, {{0, 1}});
  block.header.height = INT64_MAX;
  block.commit.round = INT32_MAX;
  block.validators.clear();
  for (std::size_t i = 0; i < count; ++i) {
    Hash256 key;
    store_le(key.bytes.data(), static_cast<std::uint64_t>(i));
    block.validators.push_back({key, kMaxTotalPower});
  }
  CommitSignature vote{VoteFlag::kNil, {}, {kFirstTime.seconds, 999'999'999}, {}};
  block.commit.signatures.assign(count, vote);
  block.header.proposer = address_of(block.validators.back().key);
  return block;
}

TEST(LightBlockWire, TheLargestSetFitsAndALargerOneDoesNot) {
  const LightBlock largest = large_block(kMaxValidators);
  const Bytes bytes = encode(largest);
  EXPECT_LE(bytes.size(), kMaxLightBlockBytes);
  EXPECT_EQ(*decode_light_block(bytes), largest);
  EXPECT_EQ(decode_light_block(encode(large_block(kMaxValidators + 1))).error().code,
            ErrorCode::kMalformed);
  EXPECT_EQ(decode_light_block(Bytes(kMaxLightBlockBytes + 1)).error().code, ErrorCode::kLimit);
}

TEST(LightBlockWire, AProposerIsAmongTheValidators) {
  LightBlock block = test::make_block(3, {{0, 1}, {1, 1}}, {{0, 1}});
  EXPECT_TRUE(decode_light_block(encode(block)));
  block.header.proposer = address_of(test::key(2).public_key());
  EXPECT_EQ(decode_light_block(encode(block)).error().code, ErrorCode::kMalformed);
}

// The smallest changes to fields: as Protocol Buffers they say the same.
TEST(LightBlockWire, OtherFormsOfTheSameValueAreRefused) {
  const LightBlock block = test::make_block(3, {{0, 1}}, {{0, 1}});
  const Bytes bytes = encode(block);
  const std::string text(bytes.begin(), bytes.end());
  const auto changed = [&](const std::string& from, const std::string& to) {
    const std::size_t at = text.find(from);
    EXPECT_NE(at, std::string::npos);
    std::string out = text;
    out.replace(at, from.size(), to);
    return decode_light_block(as_bytes(out));
  };
  using namespace std::string_literals;
  // The header begins 0a len, 0a 02 08 0b (version), 12 05 "chain", 18 03 (height).
  const std::string height = "\x12\x05"s + "chain" + "\x18\x03";
  EXPECT_TRUE(changed(height, height));
  EXPECT_FALSE(changed(height, "\x18\x03\x12\x05"s + "chain"));         // another order
  EXPECT_FALSE(changed(height, "\x12\x05"s + "chain" + "\x18\x80"));    // a longer number, cut
  EXPECT_FALSE(changed(height, "\x12\x04"s + "chai" + "\x18\x83\0"s));  // 3 in two bytes
  EXPECT_FALSE(changed(height, "\x12\x05"s + "chain" + "\x18\0"s));     // a zero
  EXPECT_FALSE(changed(height, "\x12\x05"s + "chain" + "\x19\x03"));    // another type
  EXPECT_FALSE(changed(height, "\x12\x05"s + "chain" + "\x7a\0"s));     // an unknown field
}

}  // namespace
}  // namespace assay::comet
