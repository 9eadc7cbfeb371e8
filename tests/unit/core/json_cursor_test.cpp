#include "assay/core/json_cursor.hpp"

#include <gtest/gtest.h>

namespace assay {
namespace {

Status grammar(std::string_view text) {
  JsonCursor cursor(text);
  cursor.skip();
  return cursor.finish();
}

TEST(JsonCursor, AcceptsTheGrammar) {
  for (const char* text :
       {"{}", " [ ] ", "null", "true", "false", "0", "-0", "12.5e-3", "1E+2", "\"\"", "[1,[2,{}]]",
        R"({"a":{"b":[null,true]},"c":"\ud83d\udd11 \u00e9\n\/"})", "\"\xf0\x9f\x94\x91\""})
    EXPECT_TRUE(grammar(text)) << text;
}

TEST(JsonCursor, RejectsWhatIsNotJson) {
  for (const char* text : {"",
                           " ",
                           "{",
                           "[1,]",
                           "{\"a\":1,}",
                           "{\"a\" 1}",
                           "{a:1}",
                           "01",
                           "1.",
                           ".5",
                           "-",
                           "1e",
                           "+1",
                           "nul",
                           "truex",
                           "\"",
                           "\"\\x\"",
                           "\"\\u12g4\"",
                           "\"\\ud800\"",
                           "\"\\udc00\"",
                           "\"\\ud800\\u0041\"",
                           "\"\t\"",
                           "\"\xc0\xaf\"",
                           "\"\xed\xa0\x80\"",
                           "\"\xf5\x80\x80\x80\"",
                           "\"\xe2\x82\"",
                           "{\"a\":1,\"a\":2}",
                           "{\"a\":1,\"\\u0061\":2}",
                           "1 2",
                           "[1 2]",
                           "{1:2}",
                           "[}",
                           "'a'"})
    EXPECT_EQ(grammar(text).has_value(), false) << text;
  EXPECT_EQ(grammar(std::string(33, '[') + std::string(33, ']')).error().code, ErrorCode::kLimit);
  EXPECT_TRUE(grammar(std::string(32, '[') + std::string(32, ']')));
}

TEST(JsonCursor, ReadsKnownFields) {
  JsonCursor cursor(R"({"n":18446744073709551615,"s":"a\"\u00e9","l":[1,2]})");
  std::uint64_t n = 0, sum = 0;
  std::string s;
  cursor.object([&](const std::string& key) {
    if (key == "n") n = cursor.u64();
    if (key == "s") s = cursor.string();
    if (key == "l") cursor.array([&] { sum += cursor.u64(); });
  });
  ASSERT_TRUE(cursor.finish());
  EXPECT_EQ(n, ~std::uint64_t{0});
  EXPECT_EQ(s, "a\"\xc3\xa9");
  EXPECT_EQ(sum, 3u);
}

TEST(JsonCursor, IntegersFitOrFail) {
  const auto code = [](std::string_view text) {
    JsonCursor cursor(text);
    static_cast<void>(cursor.u64());
    return cursor.finish().error().code;
  };
  EXPECT_EQ(code("18446744073709551616"), ErrorCode::kLimit);
  EXPECT_EQ(code("-1"), ErrorCode::kMalformed);
  EXPECT_EQ(code("1.0"), ErrorCode::kMalformed);
  EXPECT_EQ(code("1e3"), ErrorCode::kMalformed);
  EXPECT_EQ(code("007"), ErrorCode::kMalformed);
}

TEST(JsonCursor, KeepsTheFirstFailureAndSaysWhere) {
  JsonCursor cursor("[1,x]");
  cursor.array([&] { static_cast<void>(cursor.u64()); });
  cursor.fail(ErrorCode::kLimit, "later");
  EXPECT_EQ(cursor.finish().error().message, "expected an unsigned integer (at byte 3)");
}

TEST(JsonQuoted, ReadsBackAsItWas) {
  const std::string text("a\"\\\b\f\n\r\t\x01\x1f \xc3\xa9\0z", 16);
  const std::string quoted = json_quoted(text);
  JsonCursor back(quoted);
  EXPECT_EQ(back.string(), text);
  EXPECT_TRUE(back.finish());
}

}  // namespace
}  // namespace assay
