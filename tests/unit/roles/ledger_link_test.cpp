// INV-ROL-010 and 011: a role and several nodes of its ledger, of which some lie. The nodes are
// true ones over memory, and what stands before them changes their answers.
#include "internal/ledger_link.hpp"

#include <gtest/gtest.h>

#include <thread>

#include "assay/node/intake.hpp"
#include "assay/node/light_client.hpp"
#include "assay/node/service.hpp"
#include "unit/node/node_world.hpp"

namespace assay::roles::internal {
namespace {

using codec::Json;
using codec::JsonRef;
using node::test::account_of;
using node::test::key_of;
using protocol::TxVerdict;

TEST(LedgerNodes, GoRoundInTheirOrder) {
  LedgerNodes nodes(3);
  EXPECT_EQ(nodes.asked(), 0u);
  EXPECT_EQ(nodes.nth(4), 1u);
  EXPECT_EQ(nodes.after(2), 0u);
  nodes.ask_next();
  EXPECT_EQ(nodes.asked(), 1u);
  nodes.put_last(1);  // 0 2 1
  EXPECT_EQ(nodes.asked(), 2u);
  EXPECT_EQ(nodes.after(2), 1u);
  nodes.put_last(0);  // 2 1 0
  EXPECT_EQ(nodes.asked(), 2u);
  EXPECT_EQ(nodes.nth(2), 0u);
  nodes.ask(0);
  nodes.put_last(0);
  EXPECT_EQ(nodes.asked(), 2u) << "the last one's next is the first";
  LedgerNodes alone(1);
  alone.put_last(0);
  alone.ask_next();
  EXPECT_EQ(alone.asked(), 0u);
}

TEST(ProvenResult, IsFoundInABlocksRecord) {
  const auto entry = [](std::uint8_t sender, std::uint8_t id, TxVerdict verdict) {
    return codec::encode([&](codec::Writer& w) {
      w.hash(account_of(sender).value);
      w.raw(protocol::ClientId{id});
      w.hash(Hash256{});
      w.hash(key_of(id).public_key());
      w.u16(static_cast<std::uint16_t>(verdict));
      w.u8(3);
    });
  };
  Bytes record = entry(2, 1, TxVerdict::kApplied);
  const Bytes second = entry(2, 2, TxVerdict::kInsufficientFunds);
  record.insert(record.end(), second.begin(), second.end());
  const auto found = find_result(record, account_of(2), protocol::ClientId{2}).value();
  ASSERT_TRUE(found);
  EXPECT_EQ(*found,
            (ProvenResult{TxId{}, key_of(2).public_key(), TxVerdict::kInsufficientFunds, 3}));
  EXPECT_FALSE(find_result(record, account_of(3), protocol::ClientId{2}).value());
  EXPECT_FALSE(find_result(record, account_of(2), protocol::ClientId{3}).value());
  EXPECT_FALSE(find_result({}, account_of(2), protocol::ClientId{3}).value());
  EXPECT_FALSE(find_result(ByteView(record).first(record.size() - 1), account_of(2), {}));
  EXPECT_FALSE(find_result(entry(2, 1, static_cast<TxVerdict>(protocol::kTxVerdictLast + 1)),
                           account_of(2), protocol::ClientId{1}));
}

// One ledger, which all nodes show; calls come from several threads.
struct Ledger {
  node::test::World w;
  node::Intake intake{*w.node, [](auto, auto) { return false; }};
  node::NodeService service{*w.node, intake, w.clock};
  rpc::Dispatcher dispatcher;
  std::mutex mutex;
  std::atomic<std::uint64_t> nonce{0};  // of the last transfer
  Ledger() { service.register_methods(dispatcher); }

  std::string post(const std::string& body) {
    const Json request = *codec::parse_json(body);
    if (*JsonRef(request)["method"].string() == "wait_block") {
      for (unsigned i = 0; i < 20 && height() <= *JsonRef(request)["params"]["after"].u64(); ++i)
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
      return answer(request, Json::object({{"height", Json(height())}}));
    }
    const std::lock_guard lock(mutex);
    std::optional<std::string> text;
    dispatcher.handle(body, [&](std::string told) { text = std::move(told); });
    intake.flush();
    while (!text && w.node->next_wake_ms()) w.step();
    return text.value_or("");
  }
  static std::string answer(const Json& request, Json result) {
    return Json::object({{"jsonrpc", "2.0"}, {"id", *request.find("id")}, {"result", result}})
        .dump();
  }
  std::uint64_t height() {
    const std::lock_guard lock(mutex);
    return w.node->head().height.value;
  }
  void transfer(std::uint64_t next) {
    const std::lock_guard lock(mutex);
    next = std::max(next, nonce + 1);  // a node's lie may have made one
    nonce = next;
    std::optional<bool> done;
    intake.submit(w.transfer(3, 4, next, 1), [&](const auto& told) { done = told.has_value(); });
    intake.flush();
    while (!done) w.step();
    ASSERT_TRUE(*done);
  }
};

// What stands before a node: given a request and the method's true answer.
using Lie = std::function<std::string(Ledger&, const Json& request, const std::string& method)>;

class LinesLog final : public Log {
 public:
  void write(LogLevel, std::string_view event, const Fields& fields) override {
    const std::lock_guard lock(m_mutex);
    m_lines.emplace_back(event, fields);
  }
  unsigned count(const std::string& event, const std::string& url) {
    const std::lock_guard lock(m_mutex);
    const std::pair<std::string, std::string> field{"url", url};
    return static_cast<unsigned>(
        std::count_if(m_lines.begin(), m_lines.end(), [&](const auto& line) {
          return line.first == event &&
                 std::find(line.second.begin(), line.second.end(), field) != line.second.end();
        }));
  }

 private:
  std::mutex m_mutex;
  std::vector<std::pair<std::string, Fields>> m_lines;
};

struct Party {
  std::shared_ptr<Ledger> ledger = std::make_shared<Ledger>();
  net::EventLoop loop;
  LinesLog log;
  std::mutex mutex;
  std::map<std::string, Lie> lies;
  std::map<std::string, unsigned> submits;
  std::shared_ptr<const protocol::View> view;
  std::vector<TransactionRefused> refused;
  std::optional<Error> lost;
  std::unique_ptr<LedgerLink> link;

  explicit Party(std::vector<std::string> urls, std::uint64_t poll_ms = 12'000) {
    LedgerLinkOptions options;
    options.urls = std::move(urls);
    options.chain = chain_id_of(ledger->w.genesis);
    options.self = account_of(2);
    options.compare_ms = 20;
    options.poll_ms = poll_ms;
    const auto client = std::make_shared<node::LightClient>(ledger->w.genesis);
    options.follow_header = [client](ByteView bytes, const auto&) -> Result<protocol::BlockHeader> {
      ASSAY_TRY(const node::HeaderProof proof, node::decode_header_proof(bytes));
      const node::HeaderVerdict verdict = client->follow(proof);
      if (verdict == node::HeaderVerdict::kWrongHeight)
        return {ErrorCode::kUnavailable, "it is behind"};
      if (verdict != node::HeaderVerdict::kValid)
        return {ErrorCode::kIntegrity, node::to_string(verdict)};
      return *client->head();
    };
    options.make_post = [this](const std::string& url, std::uint64_t) {
      return rpc::RpcClient::Post([this, url](const std::string& body) -> Result<Bytes> {
        return to_bytes(as_bytes(answer(url, body)));
      });
    };
    LedgerLinkEvents events;
    events.on_view = [this](const auto& seen) { view = seen; };
    events.on_refused = [this](const TransactionRefused& one) { refused.push_back(one); };
    events.on_lost = [this](const Error& error) { lost = error; };
    link = std::make_unique<LedgerLink>(loop, std::move(options), std::move(events), log);
  }
  ~Party() { link->stop(); }
  // Once its nodes' lies are set.
  [[nodiscard]] bool start() {
    link->start();
    return until([&] { return view != nullptr; });
  }

  std::string answer(const std::string& url, const std::string& body) {
    const Json request = *codec::parse_json(body);
    const std::string method = *JsonRef(request)["method"].string();
    Lie lie;
    {
      const std::lock_guard lock(mutex);
      if (method == "submit_transactions") ++submits[url];
      if (const auto found = lies.find(url); found != lies.end()) lie = found->second;
    }
    std::string text = lie ? lie(*ledger, request, method) : "";
    return text.empty() ? ledger->post(body) : text;
  }
  template <class Condition>
  bool until(Condition condition) {
    for (unsigned i = 0; i < 20'000; ++i) {
      loop.poll();
      if (condition()) return true;
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    return false;
  }
  void send(std::uint64_t nonce, std::uint64_t amount) {
    link->send(ledger->w.transfer(2, 3, nonce, amount));
  }
  unsigned submits_to(const std::string& url) {
    const std::lock_guard lock(mutex);
    return submits[url];
  }
  std::uint64_t sent_money() { return 1000 - ledger->w.balance(2); }
  unsigned reports(const std::string& event, const std::string& url) {
    return log.count(event, url);
  }
};

Lie refuses(TxVerdict verdict, std::function<std::uint64_t(Ledger&)> height) {
  return [=](Ledger& ledger, const Json& request, const std::string& method) -> std::string {
    if (method != "submit_transactions") return {};
    Json outcomes = Json::array();
    for (std::size_t i = 0; i < JsonRef(request)["params"]["txs"].items()->size(); ++i)
      outcomes.push_back(Json::object({{"verdict_code", static_cast<unsigned>(verdict)},
                                       {"height", Json(height(ledger))},
                                       {"detail", Json(0)}}));
    return Ledger::answer(request, Json::object({{"outcomes", std::move(outcomes)}}));
  };
}

TEST(LedgerLink, WhatANodeRefusesGoesToTheNextAndItsLieIsReportedOnce) {
  Party party({"liar", "true"});
  party.lies["liar"] = refuses(TxVerdict::kWrongSignature, [](Ledger&) { return 0; });
  ASSERT_TRUE(party.start());
  party.send(1, 10);
  party.send(2, 20);
  ASSERT_TRUE(party.until([&] { return party.view->self.profile.last_nonce == 2; }));
  ASSERT_TRUE(party.until([&] { return party.reports("ledger.untrue", "liar") == 1; }));
  EXPECT_EQ(party.sent_money(), 30u);
  EXPECT_TRUE(party.refused.empty());
  // It is the last one now.
  const unsigned before = party.submits_to("liar");
  party.send(3, 30);
  ASSERT_TRUE(party.until([&] { return party.view->self.profile.last_nonce == 3; }));
  EXPECT_EQ(party.submits_to("liar"), before);
  EXPECT_EQ(party.reports("ledger.untrue", "liar"), 1u);
  EXPECT_EQ(party.reports("ledger.untrue", "true"), 0u);
}

// A refusal that the ledger would have recorded, and one of a client id, are looked up.
TEST(LedgerLink, ARefusalThatIsNotRecordedIsNotBelieved) {
  for (const TxVerdict verdict :
       {TxVerdict::kAlreadyExists, TxVerdict::kInsufficientFunds, TxVerdict::kClientIdReused}) {
    Party party({"liar", "true"});
    party.ledger->transfer(1);  // that there is a block with results
    party.lies["liar"] = [&party, deny = refuses(verdict, [](Ledger& l) { return l.height(); })](
                             Ledger& ledger, const Json& request, const std::string& method) {
      if (method == "submit_transactions") (void)party.ledger->post(request.dump());
      return deny(ledger, request, method);
    };
    ASSERT_TRUE(party.start());
    party.send(1, 10);
    ASSERT_TRUE(party.until([&] { return party.reports("ledger.untrue", "liar") == 1; }))
        << to_string(verdict);
    EXPECT_EQ(party.sent_money(), 10u);
    EXPECT_TRUE(party.refused.empty()) << to_string(verdict);
  }
}

TEST(LedgerLink, ARefusalThatIsRecordedIsTheRoles) {
  for (const bool is_alone : {true, false}) {
    Party party(is_alone ? std::vector<std::string>{"one"}
                         : std::vector<std::string>{"one", "two"});
    ASSERT_TRUE(party.start());
    party.send(1, 5'000);
    ASSERT_TRUE(party.until([&] { return !party.refused.empty(); }));
    EXPECT_EQ(party.refused.front().verdict, TxVerdict::kInsufficientFunds);
    // The same client id for something else.
    protocol::Envelope other;
    other.chain = chain_id_of(party.ledger->w.genesis);
    other.sender = account_of(2);
    other.nonce = 2;
    other.client_id = party.refused.front().client_id;
    other.valid_until = Height{1000};
    other.payload = protocol::Transfer{account_of(3), Amount{7}};
    party.link->send(sign_transaction(other, key_of(2)));
    ASSERT_TRUE(party.until([&] { return party.refused.size() == 2; }));
    EXPECT_EQ(party.refused.back().verdict, TxVerdict::kClientIdReused);
    EXPECT_EQ(party.reports("ledger.untrue", "one") + party.reports("ledger.untrue", "two"), 0u);
  }
}

TEST(LedgerLink, WhatAllRefuseIsTheRolesOnce) {
  Party party({"one", "two", "three"});
  for (const char* url : {"one", "two", "three"})
    party.lies[url] = refuses(TxVerdict::kNonceTooHigh, [](Ledger&) { return 0; });
  ASSERT_TRUE(party.start());
  party.send(1, 10);
  ASSERT_TRUE(party.until([&] { return !party.refused.empty(); }));
  EXPECT_EQ(party.refused.size(), 1u);
  EXPECT_EQ(party.refused.front().verdict, TxVerdict::kNonceTooHigh);
  for (const char* url : {"one", "two", "three"}) {
    EXPECT_EQ(party.submits_to(url), 1u) << url;
    EXPECT_EQ(party.reports("ledger.untrue", url), 0u) << "nobody took it";
  }
}

TEST(LedgerLink, AnErrorIsNoAnswerEither) {
  Party party({"broken", "true"});
  party.lies["broken"] = [](Ledger&, const Json& request,
                            const std::string& method) -> std::string {
    if (method != "submit_transactions") return {};
    return Json::object({{"jsonrpc", "2.0"},
                         {"id", *request.find("id")},
                         {"error", Json::object({{"code", -32603}, {"message", "no"}})}})
        .dump();
  };
  ASSERT_TRUE(party.start());
  party.send(1, 10);
  ASSERT_TRUE(party.until([&] { return party.view->self.profile.last_nonce == 1; }));
  EXPECT_EQ(party.reports("ledger.untrue", "broken"), 0u) << "no lie";
}

// A node that shows what was true some blocks ago, and goes on from block to block.
struct Stale {
  std::map<std::uint64_t, std::pair<std::string, std::string>> kept;  // view, header_proof
  std::uint64_t shown = 0;
  unsigned views = 0;
};

Json asks(const char* method, Json params) {
  return Json::object({{"jsonrpc", "2.0"}, {"id", 1}, {"method", method}, {"params", params}});
}

Lie lags(const std::shared_ptr<Stale>& stale) {
  return [stale](Ledger& ledger, const Json& request, const std::string& method) -> std::string {
    if (method != "view" && method != "header_proof") return {};
    if (method == "view") {
      const Json view = *codec::parse_json(ledger.post(request.dump()));
      const std::uint64_t height = *JsonRef(view)["result"]["height"].u64();
      const Json header = *codec::parse_json(
          ledger.post(asks("header_proof", Json::object({{"height", Json(height)}})).dump()));
      stale->kept[height] = {view.find("result")->dump(), header.find("result")->dump()};
      if (stale->shown == 0)
        stale->shown = height;
      else if (const auto next = stale->kept.upper_bound(stale->shown);
               ++stale->views % 4 == 0 && next != stale->kept.end())
        stale->shown = next->first;
    }
    const auto& [view, header] = stale->kept[stale->shown];
    return Ledger::answer(request, *codec::parse_json(method == "view" ? view : header));
  };
}

TEST(LedgerLink, AStaleNodeIsLeftForAFresherOne) {
  Party party({"stale", "true"});
  party.ledger->transfer(1);
  const auto stale = std::make_shared<Stale>();
  party.lies["stale"] = lags(stale);
  ASSERT_TRUE(party.start());
  std::uint64_t nonce = 1;
  ASSERT_TRUE(party.until([&] {
    if (nonce < 900) party.ledger->transfer(++nonce);
    return party.reports("ledger.behind", "stale") > 0;
  }));
  const std::uint64_t height = party.ledger->height();
  ASSERT_TRUE(party.until([&] { return party.view->head.height.value >= height; }));
  EXPECT_EQ(party.reports("ledger.behind", "true"), 0u);
}

// Who tells of heights that nobody has is not listened to.
TEST(LedgerLink, ANodeThatBoastsKeepsNobodyFromTheOther) {
  Party party({"true", "boaster"});
  party.lies["boaster"] = [](Ledger&, const Json& request,
                             const std::string& method) -> std::string {
    if (method != "wait_block") return {};
    return Ledger::answer(request, Json::object({{"height", 1'000'000}}));
  };
  ASSERT_TRUE(party.start());
  for (std::uint64_t nonce = 1; nonce < 40; ++nonce) {
    party.ledger->transfer(nonce);
    const std::uint64_t height = party.ledger->height();
    ASSERT_TRUE(party.until([&] { return party.view->head.height.value >= height; }));
  }
  EXPECT_EQ(party.reports("ledger.behind", "true"), 0u);
}

// Tells of more than there is, and proves what is newest only once there is a block above the view
// that it is compared with. `at_view` is what it does when it is asked itself.
Lie waits_for_a_block(Lie at_view) {
  return [at_view = std::move(at_view)](Ledger& ledger, const Json& request,
                                        const std::string& method) -> std::string {
    if (method == "wait_block")
      return Ledger::answer(request, Json::object({{"height", 1'000'000}}));
    if (method == "view") return at_view(ledger, request, method);
    const JsonRef params = JsonRef(request)["params"];
    if (method == "header_proof" && !params["height"].u64()) ledger.transfer(ledger.nonce + 1);
    return {};
  };
}

std::string refuses_views(Ledger&, const Json& request, const std::string&) {
  return Json::object({{"jsonrpc", "2.0"},
                       {"id", *request.find("id")},
                       {"error", Json::object({{"code", -32603}, {"message", "no"}})}})
      .dump();
}

std::string changes_views(Ledger& ledger, const Json& request, const std::string&) {
  const Json told = *codec::parse_json(ledger.post(request.dump()));
  Json result = *told.find("result");
  std::string excerpt = *JsonRef(result)["excerpt"].string();
  excerpt.back() = excerpt.back() == '0' ? '1' : '0';
  result["excerpt"] = excerpt;
  return Ledger::answer(request, result);
}

// Whoever is always one block ahead keeps no proven view away, and ends no role alone.
TEST(LedgerLink, ANodeThatWaitsForTheNextBlockHidesNoView) {
  for (const Lie& at_view : {Lie(refuses_views), Lie(changes_views)}) {
    for (const auto& urls : {std::vector<std::string>{"true", "liar"},
                             std::vector<std::string>{"true", "liar", "also"}}) {
      Party party(urls);
      party.lies["liar"] = waits_for_a_block(at_view);
      ASSERT_TRUE(party.start());
      for (unsigned block = 0; block < 30; ++block) {
        party.ledger->transfer(party.ledger->nonce + 1);
        const std::uint64_t height = party.ledger->height();
        ASSERT_TRUE(
            party.until([&] { return party.lost || party.view->head.height.value >= height; }));
        ASSERT_FALSE(party.lost);
      }
      EXPECT_EQ(party.reports("ledger.behind", "true"), 0u);
    }
  }
}

// All calls of a poll together have a limit, however fast each is answered.
TEST(LedgerLink, ANodeThatAnswersCallByCallTooSlowlyIsLeft) {
  Party party({"slow", "true"}, 200);
  party.lies["slow"] = [](Ledger&, const Json&, const std::string&) -> std::string {
    std::this_thread::sleep_for(std::chrono::milliseconds(250));
    return {};
  };
  ASSERT_TRUE(party.start());
  EXPECT_GT(party.reports("ledger.unreachable", "slow"), 0u);
}

// The one that is not asked is known to lag before it is needed.
TEST(LedgerLink, ANodeThatLagsIsPutLast) {
  Party party({"true", "late"});
  party.lies["late"] = [](Ledger&, const Json& request, const std::string& method) -> std::string {
    if (method != "wait_block") return {};
    return Ledger::answer(request, Json::object({{"height", 1}}));
  };
  ASSERT_TRUE(party.start());
  std::uint64_t nonce = 0;
  ASSERT_TRUE(party.until([&] {
    if (nonce < 900) party.ledger->transfer(++nonce);
    return party.reports("ledger.behind", "late") > 0;
  }));
  EXPECT_EQ(party.reports("ledger.behind", "late"), 1u);
}

TEST(LedgerLink, AllThatLieAreNoLedger) {
  Party party({"one", "two"});
  for (const char* url : {"one", "two"})
    party.lies[url] = [](Ledger& ledger, const Json& request, const std::string& method) {
      return method == "view" ? changes_views(ledger, request, method) : std::string();
    };
  party.link->start();
  ASSERT_TRUE(party.until([&] { return party.lost.has_value(); }));
  EXPECT_EQ(party.lost->code, ErrorCode::kIntegrity);
  EXPECT_EQ(party.view, nullptr);
}

}  // namespace
}  // namespace assay::roles::internal
