#include "assay/node/event_feed.hpp"

#include "assay/node/json.hpp"
#include "assay/rpc/client.hpp"
#include "node_world.hpp"

namespace assay::node::test {
namespace {

using codec::Json;
using codec::JsonRef;

// A WebSocket in the test's hand, with room for so many notifications.
struct Socket final : rpc::Subscriber {
  bool notify(const std::string& text) override {
    if (room == 0) return false;
    --room;
    const auto json = codec::parse_json(text, {1 << 22, 32, 1 << 20});
    EXPECT_TRUE(json) << text;
    heard.push_back(*json);
    return true;
  }
  std::size_t room = 1'000'000;
  std::vector<Json> heard;
};

struct FeedWorld : World {
  EventFeed feed{*node};
  rpc::Dispatcher dispatcher;
  std::uint64_t nonce = 0;
  FeedWorld() { feed.register_methods(dispatcher); }

  Json call(const std::shared_ptr<Socket>& socket, const char* method, const Json& params) {
    rpc::Caller caller;
    caller.subscriber = socket;
    Json answer;
    dispatcher.handle(
        rpc::make_request(1, method, params),
        [&](const std::string& text) { answer = *codec::parse_json(text); }, caller);
    return answer;
  }
  std::uint64_t subscribe(const std::shared_ptr<Socket>& socket, const Json& params) {
    const Json answer = call(socket, "subscribe", params);
    const auto id = JsonRef(answer)["result"]["subscription"].u64();
    EXPECT_TRUE(id) << answer.dump();
    return id ? *id : 0;
  }
  // A block with a transfer.
  void block(std::uint8_t from = 2, std::uint8_t to = 3) {
    ++nonce;
    node->submit(transfer(from, to, nonce, 1), [](const auto&) {});
    while (step()) {
    }
    while (feed.pump()) {
    }
  }
};

std::vector<std::uint64_t> heights(const Socket& socket) {
  std::vector<std::uint64_t> all;
  for (const Json& notification : socket.heard)
    all.push_back(*JsonRef(notification)["params"]["height"].u64());
  return all;
}

TEST(EventFeed, TellsWhatHappensFromNowOn) {
  FeedWorld w;
  w.block();
  const auto socket = std::make_shared<Socket>();
  const std::uint64_t id = w.subscribe(socket, Json::object());
  w.block();
  ASSERT_EQ(heights(*socket), (std::vector<std::uint64_t>{2}));
  const JsonRef told(socket->heard[0]);
  EXPECT_EQ(*told["method"].string(), "event");
  EXPECT_FALSE(told["id"].exists());
  EXPECT_EQ(*told["params"]["subscription"].u64(), id);
  EXPECT_EQ(*told["params"]["events"].at(0)["event"].string(), "money_moved");
  EXPECT_FALSE(*told["params"]["more"].boolean());
  EXPECT_EQ(*JsonRef(w.call(socket, "unsubscribe",
                            Json::object({{"subscription", id}})))["result"]["subscription"]
                 .u64(),
            id);
  w.block();
  EXPECT_EQ(socket->heard.size(), 1u);
}

TEST(EventFeed, ResumesFromAHeightAndFilters) {
  FeedWorld w;
  w.block(2, 3);
  w.block(2, 4);
  w.block(3, 2);
  const auto all = std::make_shared<Socket>();
  w.subscribe(all, Json::object({{"from", 1}}));
  const auto four = std::make_shared<Socket>();
  w.subscribe(four, Json::object({{"from", 0}, {"account", to_hex(account_of(4).value)}}));
  const auto none = std::make_shared<Socket>();
  w.subscribe(none, Json::object({{"from", 0}, {"kinds", Json::array({"slashed"})}}));
  const auto task = std::make_shared<Socket>();
  w.subscribe(task, Json::object({{"from", 0}, {"task", std::string(64, 'a')}}));
  while (w.feed.pump()) {
  }
  EXPECT_EQ(heights(*all), (std::vector<std::uint64_t>{1, 2, 3}));
  EXPECT_EQ(heights(*four), (std::vector<std::uint64_t>{2}));
  EXPECT_TRUE(none->heard.empty());
  EXPECT_TRUE(task->heard.empty());
}

// INV-NOD-010: a subscriber that has no room misses nothing and holds nothing in memory.
TEST(EventFeed, ASlowSubscriberGoesOnWhereItStopped) {
  FeedWorld w;
  const auto slow = std::make_shared<Socket>();
  w.subscribe(slow, Json::object({{"from", 0}}));
  slow->room = 2;
  for (int i = 0; i < 200; ++i) w.block();
  EXPECT_EQ(slow->heard.size(), 2u);
  slow->room = 1000;
  w.block();
  EXPECT_EQ(slow->heard.size(), 2u) << "until it says that it has room";
  w.feed.resume(slow);
  while (w.feed.pump()) {
  }
  std::vector<std::uint64_t> expected;
  for (std::uint64_t h = 1; h <= 201; ++h) expected.push_back(h);
  EXPECT_EQ(heights(*slow), expected);
  w.feed.drop(slow);
  EXPECT_EQ(w.feed.size(), 0u);
}

TEST(EventFeed, LimitsAndMistakes) {
  FeedWorld w;
  const auto socket = std::make_shared<Socket>();
  const auto code = [&](const std::shared_ptr<Socket>& from, const char* method,
                        const Json& params) {
    const Json answer = w.call(from, method, params);
    const auto found = JsonRef(answer)["error"]["code"].i64();
    return found ? *found : 0;
  };
  EXPECT_EQ(code(nullptr, "subscribe", Json::object()), rpc::code_of(ErrorCode::kUnsupported));
  EXPECT_EQ(code(socket, "subscribe", Json::object({{"from", 2}})),
            rpc::code_of(ErrorCode::kInvalidArgument));
  EXPECT_EQ(code(socket, "subscribe", Json::object({{"kinds", Json::array({1})}})),
            rpc::code_of(ErrorCode::kInvalidArgument));
  Json::Array many(33, Json("slashed"));
  EXPECT_EQ(code(socket, "subscribe", Json::object({{"kinds", many}})),
            rpc::code_of(ErrorCode::kLimit));
  for (std::size_t i = 0; i < kMaxSubscriptions; ++i) w.subscribe(socket, Json::object());
  EXPECT_EQ(code(socket, "subscribe", Json::object()), rpc::code_of(ErrorCode::kLimit));
  const auto other = std::make_shared<Socket>();
  EXPECT_EQ(code(other, "unsubscribe", Json::object({{"subscription", 1}})),
            rpc::code_of(ErrorCode::kNotFound))
      << "another's subscription";
}

}  // namespace
}  // namespace assay::node::test
