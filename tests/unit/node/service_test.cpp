#include "assay/node/service.hpp"

#include <fstream>
#include <set>
#include <sstream>

#include "assay/node/event_feed.hpp"
#include "assay/node/faucet.hpp"
#include "assay/node/home.hpp"
#include "assay/node/json.hpp"
#include "assay/node/light_client.hpp"
#include "assay/rpc/client.hpp"
#include "node_world.hpp"

namespace assay::node::test {
namespace {

using codec::Json;
using codec::JsonRef;

struct Server {
  World w;
  Intake intake{*w.node, [](auto, auto) { return false; }};
  NodeService service{*w.node, intake, w.clock};
  rpc::Dispatcher dispatcher;
  rpc::RpcClient client{[this](const std::string& body) -> Result<Bytes> {
    std::optional<std::string> answer;
    dispatcher.handle(body, [&](std::string text) { answer = std::move(text); });
    intake.flush();
    while (!answer && w.node->next_wake_ms()) w.step();
    return to_bytes(as_bytes(answer.value_or("")));
  }};
  EventFeed feed{*w.node};
  Faucet faucet{*w.node, nullptr, w.clock, {}};
  Server() {
    service.register_methods(dispatcher);
    feed.register_methods(dispatcher);
    faucet.register_methods(dispatcher);
  }
  Json call(const char* method, const Json& params = Json::object()) {
    auto result = client.call(method, params);
    EXPECT_TRUE(result) << result.error().message;
    return result ? *result : Json();
  }
  ErrorCode failure(const char* method, const Json& params) {
    const auto result = client.call(method, params);
    return result ? ErrorCode{} : result.error().code;
  }
  Json submit(const Bytes& tx) {
    return call("submit_transaction", Json::object({{"tx", to_hex(tx)}}));
  }
};

// The table of docs/spec/rpc.md is the registry, row by row.
TEST(NodeService, TheTableInTheSpecIsTheRegistry) {
  Server s;
  std::ifstream page(ASSAY_RPC_PAGE);
  ASSERT_TRUE(page) << ASSAY_RPC_PAGE;
  std::set<std::string> written, registered;
  bool in_table = false;
  for (std::string line; std::getline(page, line);) {
    if (line.starts_with("| method |")) in_table = true;
    if (!line.starts_with("|")) in_table = false;
    if (in_table && line.starts_with("| `")) written.insert(line);
  }
  std::string table;
  for (const auto& [name, method] : s.dispatcher.methods()) {
    registered.insert(rpc::table_row(method));
    table += rpc::table_row(method) + "\n";
  }
  EXPECT_EQ(written, registered) << "the rows should be:\n" << table;
}

TEST(NodeService, SubmitsAndTellsResults) {
  Server s;
  const Json done = s.submit(s.w.transfer(2, 3, 1, 10));
  EXPECT_EQ(*JsonRef(done)["verdict_code"].u64(), 0u);
  EXPECT_EQ(*JsonRef(done)["height"].u64(), 1u);
  const std::string id = *JsonRef(done)["tx"].string();
  EXPECT_EQ(s.call("transaction_result", Json::object({{"tx", id}})), done);
  EXPECT_EQ(s.failure("transaction_result", Json::object({{"tx", std::string(64, '0')}})),
            ErrorCode::kNotFound);
  protocol::ClientId client_id{};
  store_le(client_id.data(), std::uint64_t{1});
  const Json first = s.call("client_result", Json::object({{"sender", to_hex(account_of(2).value)},
                                                           {"client_id", to_hex(client_id)}}));
  EXPECT_EQ(first, done) << "its block's height, too";
  const Json account = s.call("account", Json::object({{"account", to_hex(account_of(2).value)}}));
  EXPECT_EQ(*JsonRef(account)["account"]["available"].string(), "990");
  const Json refused = s.submit(Bytes{1});
  EXPECT_NE(*JsonRef(refused)["verdict_code"].u64(), 0u);
  EXPECT_EQ(*JsonRef(refused)["height"].u64(), 0u);
}

TEST(NodeService, TakesManyTransactionsAtOnce) {
  Server s;
  const auto submit = [&](Json::Array txs) {
    return s.client.call("submit_transactions", Json::object({{"txs", std::move(txs)}}));
  };
  Bytes forged = s.w.transfer(2, 3, 3, 10);
  forged.back() ^= 1;
  const auto answer = submit({to_hex(s.w.transfer(2, 3, 1, 10)), to_hex(s.w.transfer(2, 3, 2, 10)),
                              to_hex(forged), to_hex(s.w.transfer(2, 3, 1, 10))});
  ASSERT_TRUE(answer) << answer.error().message;
  const auto verdict = [&](std::size_t i) {
    return static_cast<protocol::TxVerdict>(
        *JsonRef(*answer)["outcomes"].at(i)["verdict_code"].u64());
  };
  EXPECT_EQ(verdict(0), protocol::TxVerdict::kApplied);
  EXPECT_EQ(verdict(1), protocol::TxVerdict::kApplied);
  EXPECT_EQ(verdict(2), protocol::TxVerdict::kWrongSignature);
  EXPECT_EQ(verdict(3), protocol::TxVerdict::kApplied);  // the same bytes, answered alike
  EXPECT_EQ(s.w.balance(2), 980u);
  for (const Json::Array& bad : {Json::Array{}, Json::Array{"0"}, Json::Array{"00", 1},
                                 Json::Array(rpc::kMaxBatch + 1, Json("00"))})
    EXPECT_EQ(submit(bad).error().code, ErrorCode::kInvalidArgument);
  s.w.node->shut_down();
  s.intake.shut_down();
  const auto refused = submit({to_hex(s.w.transfer(2, 3, 3, 10))});
  ASSERT_TRUE(refused);
  EXPECT_EQ(*JsonRef(*refused)["outcomes"].at(0)["error"]["code"].i64(), rpc::kBusy);
}

// A stranger's calls are counted one by one, in one call or in many.
TEST(NodeService, ManyTransactionsAreManyCalls) {
  Server s;
  std::size_t asked = 0;
  rpc::Caller caller;
  caller.may_call = [&](std::size_t calls) {
    asked = calls;
    return false;
  };
  std::string response;
  s.dispatcher.handle(
      rpc::make_request(1, "submit_transactions",
                        Json::object({{"txs", Json::Array{"00", "00", "00"}}})),
      [&](std::string text) { response = std::move(text); }, caller);
  EXPECT_EQ(asked, 2u);
  EXPECT_NE(response.find(std::to_string(rpc::kTooManyCalls)), std::string::npos);
}

TEST(NodeService, TellsOfTheChain) {
  Server s;
  s.submit(s.w.transfer(2, 3, 1, 10));
  s.submit(s.w.transfer(2, 3, 2, 10));
  const Json status = s.call("chain_status");
  EXPECT_EQ(*JsonRef(status)["head"]["height"].u64(), 2u);
  EXPECT_TRUE(*JsonRef(status)["healthy"].boolean());
  const Bytes genesis = *from_hex(*JsonRef(s.call("genesis"))["genesis"].string());
  EXPECT_EQ(chain_id_of(*protocol::decode_genesis(genesis)), s.w.node->head().chain);
  const Json events = s.call("events", Json::object({{"from", 0}}));
  EXPECT_EQ(*JsonRef(events)["next"].u64(), 3u);
  EXPECT_GE(JsonRef(events)["blocks"].items()->size(), 2u);
  const Json limited = s.call("events", Json::object({{"from", 1}, {"limit", 1}}));
  EXPECT_EQ(*JsonRef(limited)["next"].u64(), 2u);
  EXPECT_EQ(*JsonRef(s.call("events", Json::object({{"from", 9'000'000}})))["next"].u64(),
            9'000'000u);
  const Json block = s.call("get_block", Json::object({{"height", 1}}));
  EXPECT_EQ(JsonRef(block)["transactions"].items()->size(), 1u);
  EXPECT_EQ(s.failure("get_block", Json::object({{"height", 7}})), ErrorCode::kNotFound);
  EXPECT_EQ(s.failure("get_block_header", Json::object({{"height", 7}})), ErrorCode::kNotFound);
  EXPECT_EQ(*JsonRef(s.call("wait_block", Json::object({{"after", 1}})))["height"].u64(), 2u);
  const Json waited = s.call("wait_block", Json::object({{"after", 2}, {"timeout_ms", 50}}));
  EXPECT_EQ(*JsonRef(waited)["height"].u64(), 2u);
}

TEST(NodeService, AViewIsTheStateReaders) {
  Server s;
  for (int i = 0; i < 2; ++i) {
    const Json view = s.call("view", Json::object({{"account", to_hex(account_of(2).value)}}));
    const auto excerpt = commit::decode_map_excerpt(*from_hex(*JsonRef(view)["excerpt"].string()));
    ASSERT_TRUE(excerpt);
    const auto read = protocol::read_view(s.w.node->head(), *excerpt, account_of(2));
    ASSERT_TRUE(read) << read.error().message;
    EXPECT_EQ(read->self, *s.w.node->reader().account(account_of(2)));
    s.submit(s.w.transfer(2, 3, 1, 10));
  }
  for (const char* method : {"task", "claim", "challenge", "game"})
    EXPECT_EQ(s.failure(method, Json::object({{method, std::string(64, '1')}})),
              ErrorCode::kNotFound);
  EXPECT_EQ(s.failure("evidence", Json::object({{"game", std::string(64, '1')}})),
            ErrorCode::kNotFound);
  EXPECT_TRUE(JsonRef(s.call("tasks"))["tasks"].items()->empty());
  EXPECT_EQ(*JsonRef(s.call("totals"))["totals"]["issued"].string(), "2000");
}

TEST(NodeService, ProofsStandUnderTheSignedHeader) {
  Server s;
  s.submit(s.w.transfer(2, 3, 1, 10));
  const Bytes key = to_bytes(as_bytes("nothing"));
  const Json proof = s.call("proof", Json::object({{"key", to_hex(key)}}));
  LightClient client(s.w.genesis);
  const auto header = decode_signed_header(*from_hex(*JsonRef(proof)["signed_header"].string()));
  ASSERT_TRUE(header);
  ASSERT_EQ(client.follow(*header), HeaderVerdict::kValid);
  EXPECT_EQ(client.check_absent(key, *from_hex(*JsonRef(proof)["proof"].string())),
            commit::MapProofVerdict::kValid);
  EXPECT_EQ(s.failure("proof", Json::object({{"key", std::string(600, '0')}})), ErrorCode::kLimit);
}

// Of an older block, too, as long as its state is kept.
TEST(NodeService, ProofsAreOfTheBlockThatIsAskedFor) {
  Server s;
  Bytes key{'A', 1};
  const Hash256 payer = account_of(2).value;
  key.insert(key.end(), payer.bytes.begin(), payer.bytes.end());
  for (std::uint64_t nonce = 1; nonce <= 3; ++nonce) s.submit(s.w.transfer(2, 3, nonce, 10));
  for (std::uint64_t height = 0; height <= 3; ++height) {
    const Json json = s.call("proof", Json::object({{"key", to_hex(key)}, {"height", height}}));
    const auto header = decode_signed_header(*JsonRef(json)["signed_header"].hex());
    ASSERT_TRUE(header);
    EXPECT_EQ(header->header.height, Height{height});
    LightClient client(s.w.genesis);
    ASSERT_EQ(client.follow(*header), HeaderVerdict::kValid);
    const Bytes value = *JsonRef(json)["value"].hex();
    EXPECT_EQ(client.check_present(key, value, *JsonRef(json)["proof"].hex()),
              commit::MapProofVerdict::kValid);
    EXPECT_EQ(ledger::decode_account(value)->balance, Amount{1000 - 10 * height});
    const Json at_head = s.call("proof", Json::object({{"key", to_hex(key)}}));
    EXPECT_EQ(at_head == json, height == 3);
  }
  EXPECT_EQ(s.failure("proof", Json::object({{"key", to_hex(key)}, {"height", 4}})),
            ErrorCode::kNotFound);
}

TEST(Json, ATaskTellsItsBids) {
  protocol::TaskView task;
  task.bids = {{{}, account_of(3), Amount{7}, {2000, 100}, {}, false, 4},
               {{}, account_of(2), Amount{9}, {3000, 100}, {}, false, 1}};
  const Json json = to_json(task);
  const JsonRef bids = JsonRef(json)["bids"];
  ASSERT_EQ(bids.items()->size(), 2u);
  EXPECT_EQ(*bids.at(0)["bidder"].hash(), account_of(3).value);
  EXPECT_EQ(*bids.at(0)["price"].string(), "7");
  EXPECT_EQ(*bids.at(0)["interval_ms"].u64(), 2000u);
  EXPECT_EQ(*bids.at(0)["game_ms"].u64(), 100u);
  EXPECT_EQ(*bids.at(0)["sequence"].u64(), 4u);
  EXPECT_EQ(*bids.at(1)["bidder"].hash(), account_of(2).value);
}

TEST(GenesisAccount, ReadsItsText) {
  const std::string id(64, 'a');
  EXPECT_EQ(parse_genesis_account(id + "=5")->amount, Amount{5});
  EXPECT_EQ(parse_genesis_account(id + "=5:3")->staked, Amount{3});
  const std::string none;
  for (const std::string& bad :
       {none, id, id + "=", id + "=5:", id + "=-1", none + "a=5", id + "=5:3:1"})
    EXPECT_FALSE(parse_genesis_account(bad)) << bad;
}

}  // namespace
}  // namespace assay::node::test
