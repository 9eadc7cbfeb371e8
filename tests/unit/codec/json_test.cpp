#include "assay/codec/json.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace assay::codec {
namespace {

ErrorCode code_of(std::string_view text, const JsonLimits& limits = {}) {
  const auto result = parse_json(text, limits);
  return result ? ErrorCode{} : result.error().code;
}

TEST(Json, RoundTrips) {
  const std::string text =
      R"({"a":[1,-2,18446744073709551615,-9223372036854775808,0.5,1e+300,true,null],)"
      R"("b":{"":"\"\\\n\u0001 é"},"c":[],"d":{}})";
  const Json value = *parse_json(text);
  EXPECT_EQ(value.dump(), text);
  EXPECT_EQ(*parse_json(value.dump(2)), value);
  EXPECT_EQ(Json::object({{"a", 1}, {"b", Json::array({true, "x"})}, {"c", Json::array()}}).dump(2),
            "{\n  \"a\": 1,\n  \"b\": [\n    true,\n    \"x\"\n  ],\n  \"c\": []\n}");
}

TEST(Json, BuildsFromOrdinaryValues) {
  Json value;
  value["n"] = std::int32_t{-5};
  value["u"] = std::size_t{5};
  value["s"] = std::string("t");
  value["l"].push_back(1.0);
  value["l"].push_back(nullptr);
  EXPECT_EQ(value.dump(), R"({"l":[1.0,null],"n":-5,"s":"t","u":5})");
  EXPECT_EQ(Json(5), Json(std::uint64_t{5}));
  EXPECT_EQ(*parse_json("1.0"), Json(1.0));
  EXPECT_EQ(Json(std::nan("")).dump(), "null");
  EXPECT_EQ(Json(-std::numeric_limits<double>::infinity()).dump(), "null");
  EXPECT_EQ(Json("a\xff").dump(), "\"a\xef\xbf\xbd\"");
  EXPECT_DEATH(value["n"]["x"] = 1, "broken precondition");
}

TEST(JsonObject, HoldsMembersByName) {
  Json value = Json::object({{"b", 1}, {"a", "x"}, {"b", 2}, {"", nullptr}});
  EXPECT_EQ(value.dump(), R"({"":null,"a":"x","b":1})");
  value["aa"] = true;
  value["b"] = 3;
  EXPECT_EQ(value.dump(), R"({"":null,"a":"x","aa":true,"b":3})");
  const JsonObject& members = *value.get<JsonObject>();
  EXPECT_EQ(members.size(), 4u);
  EXPECT_TRUE(members.contains(""));
  EXPECT_FALSE(members.contains("ab"));
  EXPECT_EQ(*members.find("aa"), Json(true));
  EXPECT_EQ(JsonObject().find("a"), nullptr);
  EXPECT_EQ(*parse_json(R"({"b":3,"aa":true,"":null,"a":"x"})"), value);
  EXPECT_FALSE(*parse_json(R"({"b":3})") == value);
}

// In any order, and each with its own value; quadratic time would show.
TEST(JsonObject, SortsManyMembers) {
  std::string text = "{";
  for (unsigned i = 0; i < 200'000; ++i) {
    const unsigned name = i * 7'919u % 200'000;
    text += (i == 0 ? "\"" : ",\"") + std::to_string(name) + "\":" + std::to_string(name);
  }
  const Json value = *parse_json(text + "}", {.bytes_max = 16 << 20});
  ASSERT_EQ(value.get<JsonObject>()->size(), 200'000u);
  const std::string* last = nullptr;
  for (const auto& [name, number] : *value.get<JsonObject>()) {
    EXPECT_EQ(number.dump(), name);
    EXPECT_TRUE(last == nullptr || *last < name);
    last = &name;
  }
  EXPECT_EQ(code_of(text + ",\"77\":0}", {.bytes_max = 16 << 20}), ErrorCode::kMalformed);
}

TEST(Json, HoldsItsLimits) {
  const auto nested = [](unsigned n) { return std::string(n, '[') + std::string(n, ']'); };
  EXPECT_EQ(code_of(nested(32)), ErrorCode{});
  EXPECT_EQ(code_of(nested(33)), ErrorCode::kLimit);
  EXPECT_EQ(code_of("[1,2]", {.bytes_max = 5, .depth_max = 1}), ErrorCode{});
  EXPECT_EQ(code_of("[1,2]", {.bytes_max = 4, .depth_max = 1}), ErrorCode::kLimit);
  EXPECT_EQ(code_of(std::string(100'000, '[')), ErrorCode::kLimit);
  EXPECT_EQ(code_of(R"({"a":[1,2]})", {.values_max = 4}), ErrorCode{});
  EXPECT_EQ(code_of(R"({"a":[1,2]})", {.values_max = 3}), ErrorCode::kLimit);
  EXPECT_EQ(code_of(R"({"a":[[],{}]})", {.values_max = 3}), ErrorCode::kLimit);
  EXPECT_EQ(code_of("18446744073709551616"), ErrorCode::kLimit);
  EXPECT_EQ(code_of("-9223372036854775809"), ErrorCode::kLimit);
  EXPECT_EQ(code_of("1e999"), ErrorCode::kLimit);
  EXPECT_EQ(code_of(R"({"a":1,"a":1})"), ErrorCode::kMalformed);
  EXPECT_EQ(code_of(R"({"a":1,"\u0061":1})"), ErrorCode::kMalformed);
  EXPECT_EQ(code_of(R"({"a":null,"a":1})"), ErrorCode::kMalformed);
}

TEST(Json, RejectsEveryCut) {
  const std::string text = R"({"a":[1,-2.5e3,"x\u00e9"],"b":{"c":null,"d":false}})";
  ASSERT_TRUE(parse_json(text));
  for (std::size_t n = 0; n < text.size(); ++n)
    EXPECT_EQ(code_of(text.substr(0, n)), ErrorCode::kMalformed) << n;
}

TEST(Json, RejectsAZeroByteAndWhatFollows) {
  EXPECT_EQ(code_of(std::string_view("{}\0", 3)), ErrorCode::kMalformed);
  EXPECT_EQ(code_of(std::string_view("{}\0 garbage", 11)), ErrorCode::kMalformed);
  EXPECT_EQ(code_of("\xef\xbb\xbf{}"), ErrorCode::kMalformed);
}

TEST(Json, AcceptsTheGrammarAndNothingElse) {
  for (const char* text :
       {"{}", " [ ] ", "null", "true", "false", "0", "-0", "12.5e-3", "1E+2", "\"\"", "[1,[2,{}]]",
        R"({"a":{"b":[null,true]},"c":"\ud83d\udd11 \u00e9\n\/"})", "\"\xf0\x9f\x94\x91\""})
    EXPECT_EQ(code_of(text), ErrorCode{}) << text;
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
                           "\"\t\"",
                           "\"\xc0\xaf\"",
                           "\"\xed\xa0\x80\"",
                           "\"\xe2\x82\"",
                           "1 2",
                           "{} {}",
                           "[1 2]",
                           "{1:2}",
                           "[}",
                           "'a'",
                           "[] x",
                           "{}\xef\xbb\xbf",
                           "NaN",
                           "Infinity",
                           "[1]//",
                           "\"\\ud800\\u0041\"",
                           "\"\xf5\x80\x80\x80\""})
    EXPECT_EQ(code_of(text), ErrorCode::kMalformed) << text;
}

TEST(Json, QuotesWhatItReadsBack) {
  const std::string text("a\"\\\b\f\n\r\t\x01\x1f \xc3\xa9\0z", 16);
  EXPECT_EQ(*parse_json(json_quoted(text)), Json(text));
  EXPECT_EQ(json_quoted("a\x1f\xff/"), "\"a\\u001f\xef\xbf\xbd/\"");
}

TEST(JsonRef, ReadsAndNamesPlaces) {
  const Json doc = *parse_json(
      R"({"result":{"blocks":[{"height":7},{"height":"x"}],"on":true,"f":-0.5,"n":-3,"z":null,)"
      R"("h":"00ff","d":"4fd1e9f2a17e82d454502199572fff6e41b3018fc980613ec1e056ec765a4a59"}})");
  const JsonRef result = JsonRef(doc)["result"];
  EXPECT_EQ(*result["blocks"].at(0)["height"].u64(), 7u);
  EXPECT_EQ(*result["blocks"].at(0)["height"].i64(), 7);
  EXPECT_EQ(*result["blocks"].at(0)["height"].number(), 7.0);
  EXPECT_EQ(*result["on"].boolean(), true);
  EXPECT_EQ(*result["f"].number(), -0.5);
  EXPECT_EQ(*result["n"].i64(), -3);
  EXPECT_EQ(*result["h"].hex(), (Bytes{0, 255}));
  EXPECT_EQ(to_hex(*result["d"].hash()), *result["d"].string());
  EXPECT_EQ(result["blocks"].items()->size(), 2u);
  EXPECT_TRUE(result["on"].exists());
  EXPECT_FALSE(result["z"].exists());
  EXPECT_FALSE(result["nothing"]["below"].exists());
  EXPECT_EQ(result["blocks"].at(1)["height"].u64().error().message,
            "result.blocks[1].height: expected an unsigned integer, found a string");
  EXPECT_EQ(result["blocks"].at(2)["height"].u64().error().message,
            "result.blocks[2].height: missing; it should be an unsigned integer");
  EXPECT_EQ(result["n"].u64().error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(result["h"].hash().error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(result["x"].string().error().code, ErrorCode::kNotFound);
  EXPECT_EQ(JsonRef(doc).u64().error().message,
            "the document: expected an unsigned integer, found an object");
  const Json wide(std::uint64_t{1} << 32);
  EXPECT_EQ(JsonRef(wide).u32().error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(JsonRef(Json(~std::uint64_t{0})).i64().error().code, ErrorCode::kInvalidArgument);
}

}  // namespace
}  // namespace assay::codec
