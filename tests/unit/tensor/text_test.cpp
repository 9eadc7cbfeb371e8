#include "assay/tensor/text.hpp"

#include <gtest/gtest.h>

namespace assay::tensor {
namespace {

std::vector<std::uint32_t> numbers(const Tensor& tokens) {
  if (tokens.dtype() == DType::kU32) {
    const auto all = tokens.as<std::uint32_t>();
    return {all.begin(), all.end()};
  }
  const auto all = tokens.as<std::uint8_t>();
  return {all.begin(), all.end()};
}

std::string utf8_of(std::uint32_t point) {
  return text_of(std::vector<std::uint32_t>{0}, Tensor::of<std::uint32_t>({1}, {point}).view());
}

TEST(Text, BytesAreTokens) {
  const std::uint8_t bytes[] = {0, 255, 'a', 0xc3};
  const Tensor tokens = *read_byte_tokens(bytes);
  EXPECT_EQ(tokens.type(), (TensorType{DType::kU8, {4}}));
  EXPECT_EQ(numbers(tokens), (std::vector<std::uint32_t>{0, 255, 'a', 0xc3}));
  EXPECT_EQ(read_byte_tokens({}).error().code, ErrorCode::kUnsupported);
}

TEST(Text, CharactersAreNumberedByCodePoint) {
  const std::string text =
      "bAé\xf0\x9f\x98\x80"
      "Ab€";
  const CharacterTokens read = *read_character_tokens(as_bytes(text));
  EXPECT_EQ(numbers(read.alphabet), (std::vector<std::uint32_t>{'A', 'b', 0xe9, 0x20ac, 0x1f600}));
  EXPECT_EQ(read.tokens.dtype(), DType::kU8);
  EXPECT_EQ(numbers(read.tokens), (std::vector<std::uint32_t>{1, 0, 2, 4, 0, 1, 3}));
  EXPECT_EQ(text_of(numbers(read.tokens), read.alphabet.view()), text);
}

TEST(Text, LargeAlphabetsTakeWiderTokens) {
  std::string text;
  for (std::uint32_t point = 0x100; point < 0x300; ++point) text += utf8_of(point);
  const CharacterTokens read = *read_character_tokens(as_bytes(text));
  EXPECT_EQ(read.tokens.type(), (TensorType{DType::kU32, {512}}));
  EXPECT_EQ(numbers(read.tokens).back(), 511u);
  EXPECT_EQ(text_of(numbers(read.tokens), read.alphabet.view()), text);
}

// Every length of UTF-8, at the ends of its range, comes back.
TEST(Text, WritesWhatItReads) {
  for (const std::uint32_t point :
       {0x0u, 0x7fu, 0x80u, 0x7ffu, 0x800u, 0xd7ffu, 0xe000u, 0xffffu, 0x10000u, 0x10ffffu}) {
    const CharacterTokens read = *read_character_tokens(as_bytes(utf8_of(point)));
    EXPECT_EQ(numbers(read.alphabet), std::vector<std::uint32_t>{point});
  }
  for (const std::uint32_t no_point : {0xd800u, 0xdfffu, 0x110000u, 0xffffffffu})
    EXPECT_EQ(utf8_of(no_point), "\xef\xbf\xbd");
  const Tensor alphabet = Tensor::of<std::uint32_t>({1}, {'x'});
  EXPECT_EQ(text_of(std::vector<std::uint32_t>{0, 1}, alphabet.view()), "x\xef\xbf\xbd");
}

TEST(Text, RefusesWhatIsNotText) {
  const auto refused = [](std::string_view text) {
    return read_character_tokens(as_bytes(text)).error();
  };
  EXPECT_EQ(refused("").code, ErrorCode::kUnsupported);
  for (const char* bytes : {"ab\x80", "ab\xc3", "ab\xc0\x80", "ab\xed\xa0\x80", "ab\xff"}) {
    EXPECT_EQ(refused(bytes).code, ErrorCode::kMalformed);
    EXPECT_NE(refused(bytes).message.find("byte 2"), std::string::npos);
  }
}

TEST(Text, ReadsASecondTextByTheFirstOnesAlphabet) {
  const CharacterTokens first = *read_character_tokens(as_bytes("hello"));
  const Tensor second = *read_character_tokens(as_bytes("hole"), first.alphabet.view());
  EXPECT_EQ(numbers(second), (std::vector<std::uint32_t>{1, 3, 2, 0}));
  const auto missing = read_character_tokens(as_bytes("hé"), first.alphabet.view());
  EXPECT_EQ(missing.error().code, ErrorCode::kInvalidArgument);
  EXPECT_NE(missing.error().message.find("'é'"), std::string::npos);
}

}  // namespace
}  // namespace assay::tensor
