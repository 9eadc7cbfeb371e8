#include "assay/core/utf8.hpp"

#include <gtest/gtest.h>

#include <string>

namespace assay {
namespace {

std::string encoded(unsigned code) {
  std::string out;
  const auto put = [&](unsigned byte) { out.push_back(static_cast<char>(byte)); };
  if (code < 0x80) {
    put(code);
  } else if (code < 0x800) {
    put(0xC0 | code >> 6);
  } else if (code < 0x10000) {
    put(0xE0 | code >> 12);
    put(0x80 | (code >> 6 & 63));
  } else {
    put(0xF0 | code >> 18);
    put(0x80 | (code >> 12 & 63));
    put(0x80 | (code >> 6 & 63));
  }
  if (code >= 0x80) put(0x80 | (code & 63));
  return out;
}

TEST(Utf8, KnowsEveryCodePoint) {
  for (unsigned code = 0; code < 0x120000; ++code) {
    const std::string text = encoded(code);
    const bool good = code < 0xD800 || (code > 0xDFFF && code <= 0x10FFFF);
    ASSERT_EQ(utf8_length(text), good ? text.size() : 0u) << code;
    if (text.size() > 1) {
      ASSERT_EQ(utf8_length(text.substr(0, text.size() - 1)), 0u) << code;
    }
  }
}

TEST(Utf8, RejectsOverlongFormsAndStrayBytes) {
  for (const char* text : {"\xc0\xaf", "\xc1\xbf", "\xe0\x9f\xbf", "\xf0\x8f\xbf\xbf", "\x80",
                           "\xff", "a\xe2\x82", "\xe2\x28\xa1"})
    EXPECT_FALSE(is_utf8(text)) << text;
  EXPECT_TRUE(is_utf8(""));
  EXPECT_TRUE(is_utf8(std::string("\0a\xc3\xa9", 4)));
}

}  // namespace
}  // namespace assay
