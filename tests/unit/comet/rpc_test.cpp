#include "assay/comet/rpc.hpp"

#include "unit/comet/chains.hpp"

namespace assay::comet {
namespace {

using codec::Json;

// CometBFT's answers of one height as text, to be changed.
struct Answers {
  std::string commit;
  std::vector<std::string> pages;

  explicit Answers(std::size_t height) {
    const Json& each = (*test::recorded_answers().get<Json::Array>())[height - 1];
    commit = each.find("commit")->dump();
    for (const Json& page : *each.find("validators")->get<Json::Array>())
      pages.push_back(page.dump());
  }
  [[nodiscard]] Result<LightBlock> read() const {
    std::vector<Json> validators;
    for (const std::string& page : pages) validators.push_back(*codec::parse_json(page));
    return light_block_from_rpc(*codec::parse_json(commit), validators);
  }
};

void replace(std::string& text, const std::string& from, const std::string& to) {
  const std::size_t at = text.find(from);
  ASSERT_NE(at, std::string::npos) << from;
  text.replace(at, from.size(), to);
}

struct Case {
  const char* from;
  const char* to;
  const char* place;  // what the error names
  ErrorCode code = ErrorCode::kMalformed;
};

TEST(CometRpc, EachWrongMemberOfACommitIsNamed) {
  const Case cases[] = {
      {"\"signed_header\"", "\"header\"", "signed_header"},
      {"\"block\":\"11\"", "\"block\":11", "version.block"},
      {"\"block\":\"11\"", "\"block\":\"12\"", "bounds"},
      {"\"app\":\"1\"", "\"app\":\"01\"", "version.app"},
      {"\"height\":\"15\"", "\"height\":\"+15\"", "height"},
      {"\"height\":\"15\"", "\"height\":\"9223372036854775808\"", "height"},
      {"\"height\":\"15\"", "\"height\":\"-15\"", "height"},
      {"\"height\":\"15\"", "\"height\":\"\"", "height"},
      {"\"height\":\"15\"", "\"height\":15", "height"},
      {"\"chain_id\":\"", "\"chain_id\":\"a name of more than fifty characters in all, that is ",
       "bounds"},
      {"\"data_hash\":\"", "\"data_hash\":\"00", "data_hash"},
      {"\"app_hash\":\"", "\"app_hash\":\"0", "app_hash"},
      {"\"proposer_address\":\"", "\"proposer_address\":\"00", "proposer_address"},
      {"\"total\":1}", "\"total\":0}", "bounds"},
      {"\"total\":1}", "\"total\":4294967296}", "total"},
      {"\"round\":0", "\"round\":2147483648", "round"},
      {"\"round\":0", "\"round\":-1", "round"},
      {"\"block_id_flag\":1", "\"block_id_flag\":0", "block_id_flag"},
      {"\"block_id_flag\":1", "\"block_id_flag\":4", "block_id_flag"},
      {"\"block_id_flag\":1", "\"block_id_flag\":2", "signature"},
      {"==\"", "=\"", "signature"},
      {"\"signatures\":[", "\"signatures\":[{\"block_id_flag\":1},", "one signature"},
  };
  for (const Case& each : cases) {
    Answers answers(15);
    replace(answers.commit, each.from, each.to);
    const auto block = answers.read();
    ASSERT_FALSE(block) << each.to;
    EXPECT_EQ(block.error().code, each.code) << each.to;
    EXPECT_NE(block.error().message.find(each.place), std::string::npos)
        << each.to << ": " << block.error().message;
  }
}

TEST(CometRpc, EachWrongMemberOfThePagesIsNamed) {
  const Case cases[] = {
      {"\"block_height\":\"15\"", "\"block_height\":\"14\"", "another height"},
      {"\"total\":\"7\"", "\"total\":\"8\"", "7 of 8"},
      {"\"total\":\"7\"", "\"total\":\"0\"", "total"},
      {"\"total\":\"7\"", "\"total\":\"10001\"", "total"},
      {"\"total\":\"7\"", "\"sum\":\"7\"", "total"},
      {"\"voting_power\":\"20\"", "\"voting_power\":\"0\"", "bounds"},
      {"\"voting_power\":\"20\"", "\"voting_power\":\"1152921504606846976\"", "bounds"},
      {"\"voting_power\":\"20\"", "\"voting_power\":\"\"", "voting_power"},
      {"tendermint/PubKeyEd25519", "tendermint/PubKeySecp256k1", "Secp256k1",
       ErrorCode::kUnsupported},
      {"\"address\":\"", "\"address\":\"00", "address"},
      {"\"value\":\"", "\"value\":\"AAAA", "value"},
  };
  for (const Case& each : cases) {
    Answers answers(15);
    replace(answers.pages[0], each.from, each.to);
    const auto block = answers.read();
    ASSERT_FALSE(block) << each.to;
    EXPECT_EQ(block.error().code, each.code) << each.to << ": " << block.error().message;
    EXPECT_NE(block.error().message.find(each.place), std::string::npos)
        << each.to << ": " << block.error().message;
  }
  Answers swapped(15);
  replace(swapped.pages[0], swapped.pages[0].substr(swapped.pages[0].find("\"address\""), 52),
          "\"address\":\"0000000000000000000000000000000000000000\"");
  EXPECT_NE(swapped.read().error().message.find("its key's"), std::string::npos);
}

TEST(CometRpc, ValidatorsComeInPages) {
  Answers answers(15);
  const Result<LightBlock> whole = answers.read();
  ASSERT_TRUE(whole);
  const Json page = *codec::parse_json(answers.pages[0]);
  EXPECT_EQ(*validator_pages(page), 1u);
  const Json::Array all = *page.find("validators")->get<Json::Array>();
  answers.pages.clear();
  for (std::size_t at = 0; at < all.size(); at += 3) {
    Json part = page;
    part["validators"] =
        Json::Array(all.begin() + static_cast<std::ptrdiff_t>(at),
                    all.begin() + static_cast<std::ptrdiff_t>(std::min(at + 3, all.size())));
    answers.pages.push_back(part.dump());
  }
  ASSERT_EQ(answers.pages.size(), 3u);
  EXPECT_EQ(*answers.read(), *whole);
  std::swap(answers.pages[0], answers.pages[1]);
  EXPECT_NE(*answers.read(), *whole);  // another order: the hash will not be the header's
  answers.pages.pop_back();
  EXPECT_EQ(answers.read().error().code, ErrorCode::kMalformed);
  answers.pages.clear();
  EXPECT_EQ(answers.read().error().code, ErrorCode::kMalformed);

  const auto pages_of = [](const char* total) {
    return validator_pages(*codec::parse_json(std::string("{\"total\":\"") + total + "\"}"));
  };
  EXPECT_EQ(*pages_of("100"), 1u);
  EXPECT_EQ(*pages_of("101"), 2u);
  EXPECT_EQ(*pages_of("10000"), 100u);
  EXPECT_EQ(pages_of("0").error().code, ErrorCode::kMalformed);
  EXPECT_EQ(pages_of("10001").error().code, ErrorCode::kMalformed);
}

TEST(CometRpc, ALightBlockIsFetchedPageByPage) {
  Answers answers(15);
  std::vector<std::string> asked;
  std::string error;
  const RpcGet get = [&](const std::string& path) -> Result<Bytes> {
    asked.push_back(path);
    if (!error.empty()) return to_bytes(as_bytes(error));
    if (path.starts_with("/commit"))
      return to_bytes(as_bytes("{\"id\":-1,\"result\":" + answers.commit + "}"));
    return to_bytes(as_bytes("{\"id\":-1,\"result\":" + answers.pages[0] + "}"));
  };
  const auto block = fetch_light_block(get, 15);
  ASSERT_TRUE(block) << block.error().message;
  EXPECT_EQ(*block, *answers.read());
  EXPECT_EQ(asked, (std::vector<std::string>{"/commit?height=15",
                                             "/validators?height=15&per_page=100&page=1"}));
  EXPECT_EQ(fetch_light_block(get, 14).error().code, ErrorCode::kIntegrity);
  // As many pages as it says that there are, and no more.
  answers.pages[0].replace(answers.pages[0].find("\"total\":\"7\""), 11, "\"total\":\"250\"");
  asked.clear();
  EXPECT_EQ(fetch_light_block(get, 15).error().code, ErrorCode::kMalformed);
  EXPECT_EQ(asked.size(), 4u);
  error =
      "{\"error\":{\"code\":-32603,\"message\":\"Internal error\",\"data\":\"height 15 must be "
      "less\"}}";
  EXPECT_EQ(fetch_light_block(get, 15).error().code, ErrorCode::kNotFound);
  error = "{}";
  EXPECT_EQ(fetch_light_block(get, 15).error().code, ErrorCode::kMalformed);
  error = "[";
  EXPECT_EQ(fetch_light_block(get, 15).error().code, ErrorCode::kMalformed);
}

// A cheat's signature that only CometBFT takes must not make the block worthless.
TEST(CometRpc, ASignatureThatDoesNotHoldIsAbsent) {
  Answers answers(2);
  const std::size_t at = answers.commit.find("\"signature\":\"") + 13;
  answers.commit[at] = answers.commit[at] == 'A' ? 'B' : 'A';
  const auto block = answers.read();
  ASSERT_TRUE(block);
  EXPECT_EQ(block->commit.signatures[0], CommitSignature{});
  EXPECT_EQ(verify_root(block->header.chain_id, block->commit.block.hash, *block),
            LightVerdict::kValid);
}

TEST(CometRpc, ProposersAreValidators) {
  Answers answers(2);
  const std::size_t at = answers.commit.find("\"proposer_address\":\"") + 20;
  answers.commit.replace(at, 40, std::string(40, '1'));
  EXPECT_NE(answers.read().error().message.find("proposer"), std::string::npos);
}

TEST(CometRpc, AGenesisFileNamesTheFirstValidators) {
  // CometBFT's file has the members of a page, but for the name of the power; in any order.
  const std::string page = Answers(1).pages[0];
  std::string text = page.substr(page.find("\"validators\""));
  for (std::size_t at = 0; (at = text.find("voting_power", at)) != std::string::npos;)
    text.replace(at, 12, "power");
  const auto file = [](const std::string& members) { return *codec::parse_json("{" + members); };
  const auto validators = validators_of_genesis(file(text));
  ASSERT_TRUE(validators) << validators.error().message;
  EXPECT_EQ(hash_of(*validators), test::recorded_chain()[0].header.validators_hash);
  Json::Array items = *file(text).find("validators")->get<Json::Array>();
  std::reverse(items.begin(), items.end());
  EXPECT_EQ(*validators_of_genesis(Json::object({{"validators", items}})), *validators);
  items[0]["power"] = "3";
  const auto first = validators_of_genesis(Json::object({{"validators", items}}));
  EXPECT_EQ((*first)[0].power, 3);
  EXPECT_EQ(validators_of_genesis(Json::object({{"validators", Json::array()}})).error().code,
            ErrorCode::kNotFound);
  EXPECT_EQ(validators_of_genesis(Json::object({{"validators", 1}})).error().code,
            ErrorCode::kMalformed);
  items[0]["power"] = "-3";
  EXPECT_EQ(validators_of_genesis(Json::object({{"validators", items}})).error().code,
            ErrorCode::kMalformed);
}

TEST(CometRpc, TimesHaveOneText) {
  const auto at = [](const std::string& text) -> std::optional<Time> {
    Answers answers(1);
    const std::size_t from = answers.commit.find("\"time\":\"") + 8;
    answers.commit.replace(from, answers.commit.find('"', from) - from, text);
    const auto block = answers.read();
    if (!block) return std::nullopt;
    return block->header.time;
  };
  EXPECT_EQ(at("1970-01-01T00:00:00Z"), (Time{0, 0}));
  EXPECT_EQ(at("2026-11-22T23:50:19.12345678Z"), (Time{1'795'391'419, 123'456'780}));
  EXPECT_EQ(at("2000-02-29T00:00:00.000000001Z"), (Time{951'782'400, 1}));
  EXPECT_EQ(at("1969-12-31T23:59:59.5Z"), (Time{-1, 500'000'000}));
  EXPECT_EQ(at("0001-01-01T00:00:00Z"), kFirstTime);
  EXPECT_EQ(at("9999-12-31T23:59:59.999999999Z"), kLastTime);
  for (const char* wrong : {"",
                            "Z",
                            "1970-01-01T00:00:00",
                            "1970-01-01 00:00:00Z",
                            "1970-01-01T00:00:00.Z",
                            "1970-01-01T00:00:00.10Z",
                            "1970-01-01T00:00:00.0Z",
                            "1970-01-01T00:00:00.1234567891Z",
                            "1970-01-01T00:00:00,5Z",
                            "1970-01-01T00:00:00+00:00",
                            "1970-00-01T00:00:00Z",
                            "1970-13-01T00:00:00Z",
                            "1970-01-00T00:00:00Z",
                            "1970-01-32T00:00:00Z",
                            "1900-02-29T00:00:00Z",
                            "2001-02-29T00:00:00Z",
                            "1970-01-01T24:00:00Z",
                            "1970-01-01T00:60:00Z",
                            "1970-01-01T00:00:60Z",
                            "0000-12-31T23:59:59Z",
                            "-001-01-01T00:00:00Z",
                            "1970-01-01T00:00:0xZ",
                            "1970-1-01T00:00:00Z"})
    EXPECT_FALSE(at(wrong)) << wrong;
}

// RFC 8032, section 7.1, test 1.
TEST(CometKeyFile, HasTheKeyThatSignsVotes) {
  const std::string both =
      "nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2DXWpgBgrEKt9VL/tPJZAc6DuFy89qmIyWvAhpo9wdRGg==";
  const auto read = [](const std::string& type, const std::string& value) {
    return signing_key_of(codec::Json::object(
        {{"priv_key", codec::Json::object({{"type", type}, {"value", value}})}}));
  };
  const auto key = read("tendermint/PrivKeyEd25519", both);
  ASSERT_TRUE(key) << key.error().message;
  EXPECT_EQ(to_hex(key->public_key()),
            "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a");
  EXPECT_EQ(read("tendermint/PrivKeySecp256k1", both).error().code, ErrorCode::kUnsupported);
  std::string other = both;
  other[0] = 'm';  // of the secret half
  EXPECT_EQ(read("tendermint/PrivKeyEd25519", other).error().code, ErrorCode::kMalformed);
  EXPECT_EQ(read("tendermint/PrivKeyEd25519", both.substr(4)).error().code, ErrorCode::kMalformed);
  EXPECT_EQ(signing_key_of(codec::Json::object({})).error().code, ErrorCode::kMalformed);
}

}  // namespace
}  // namespace assay::comet
