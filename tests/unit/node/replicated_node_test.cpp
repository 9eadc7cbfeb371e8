// The replicated ledger as calls see it, with a mempool and a consensus of the test's own.
#include "assay/node/replicated_node.hpp"

#include "assay/node/comet_client.hpp"
#include "assay/node/event_feed.hpp"
#include "assay/node/faucet.hpp"
#include "assay/node/light_client.hpp"
#include "assay/node/replicated_ledger.hpp"
#include "assay/node/service.hpp"
#include "assay/rpc/client.hpp"
#include "comet_blocks.hpp"
#include "node_world.hpp"

namespace assay::node::test {
namespace {

using codec::Json;
using codec::JsonRef;
using protocol::TxVerdict;

// A validator of one: what is broadcast lies in `mempool` until decide().
struct Validator {
  MemoryStore store;
  FakeClock clock;
  NoLog log;
  protocol::Genesis genesis = genesis_record();
  Status may_write;
  std::vector<std::pair<Bytes, std::function<void(Status)>>> mempool;
  std::vector<std::pair<std::int64_t, std::function<void(const Result<comet::LightBlock>&)>>>
      headers_asked;                          // of CometBFT
  std::vector<std::function<void()>> posted;  // what the application told, on its way to the loop
  std::unique_ptr<ReplicatedLedger> application;
  std::unique_ptr<ReplicatedNode> node;

  Validator() {
    genesis.operator_key = Hash256{};
    ReplicatedOptions options;
    options.may_write = [this] { return may_write; };
    options.snapshot = [this] { return copy(); };
    options.on_commit = [this](CommittedBlock block) {
      posted.push_back([this, block = std::move(block)] { node->committed(block); });
    };
    options.on_refused = [this](const protocol::Receipt& receipt) {
      posted.push_back([this, receipt] { node->refused(receipt); });
    };
    options.on_no_room = [this](const TxId& id, MempoolVerdict why) {
      posted.push_back([this, id, why] { node->no_room(id, why); });
    };
    options.on_pause = [this] { posted.push_back([this] { node->paused(); }); };
    options.on_failure = [this](const Error& error) {
      posted.push_back([this, error] { node->failed(error); });
    };
    application = std::move(*ReplicatedLedger::open(store, genesis, options));
    node = std::make_unique<ReplicatedNode>(
        genesis, CommittedBlock{application->chain().head(), {}, copy(), 0}, clock, log,
        ReplicatedNodeOptions{[this](Bytes bytes, std::function<void(Status)> done) {
                                mempool.emplace_back(std::move(bytes), std::move(done));
                              },
                              [this] { return may_write; },
                              [this](std::int64_t height, auto done) {
                                headers_asked.emplace_back(height, std::move(done));
                              }});
  }
  [[nodiscard]] std::shared_ptr<const KeyValueStore> copy() const {
    auto copied = std::make_shared<MemoryStore>();
    WriteBatch all;
    for (const auto& [key, value] : store.map()) all.put(key, value);
    EXPECT_TRUE(copied->write(all));
    return copied;
  }
  Bytes transfer(std::uint64_t nonce, std::uint64_t amount, std::uint64_t client = 0) {
    protocol::Envelope e;
    e.chain = chain_id_of(genesis);
    e.sender = account_of(2);
    e.nonce = nonce;
    store_le(e.client_id.data(), client == 0 ? nonce : client);
    e.valid_until = Height{1000};
    e.payload = protocol::Transfer{account_of(3), Amount{amount}};
    return sign_transaction(e, key_of(2));
  }
  // A block of these; `told`: and the loop hears of it.
  void decide(std::vector<Bytes> txs, bool told = true) {
    abci::FinalizeBlockRequest request;
    request.height = static_cast<std::int64_t>(application->chain().head().height.value) + 1;
    request.time = {2'000 + request.height, 0};
    request.txs = std::move(txs);
    ASSERT_TRUE(application->finalize_block(request));
    ASSERT_TRUE(application->commit({}));
    if (told) run_posted();
  }
  void run_posted() {
    for (const auto& task : std::exchange(posted, {})) task();
  }
  // What the last submit() was answered, if it was.
  std::optional<Result<TxOutcome>> answer;
  void submit(const Bytes& bytes) {
    answer.reset();
    node->submit(bytes, [this](const Result<TxOutcome>& outcome) { answer = outcome; });
  }
  std::uint64_t balance() { return node->reader().account(account_of(2))->available.value; }
};

// INV-NOD-015: head and state are one block's, and on disk.
TEST(ReplicatedNode, AnswersFromTheBlockThatHoldsTheTransaction) {
  Validator v;
  const Bytes tx = v.transfer(1, 10);
  v.submit(tx);
  ASSERT_EQ(v.mempool.size(), 1u);
  EXPECT_EQ(v.mempool[0].first, tx);
  v.mempool[0].second({});
  EXPECT_FALSE(v.answer);
  EXPECT_EQ(v.node->waiting(), 1u);
  v.decide({tx}, false);
  // It is on disk, but the loop has not heard of it: head and state go together.
  EXPECT_EQ(v.node->head().height, Height{0});
  EXPECT_EQ(v.balance(), 1000u);
  v.run_posted();
  ASSERT_TRUE(v.answer && *v.answer);
  EXPECT_EQ((*v.answer)->height, Height{1});
  EXPECT_EQ((*v.answer)->verdict, TxVerdict::kApplied);
  EXPECT_EQ(v.node->head().height, Height{1});
  EXPECT_EQ(v.balance(), 990u);
  EXPECT_EQ(v.node->waiting(), 0u);
  // The same bytes once more: the first result, and nothing is broadcast.
  v.submit(tx);
  EXPECT_EQ((*v.answer)->height, Height{1});
  EXPECT_EQ(v.mempool.size(), 1u);
  // Another transaction under the same client id has no second effect.
  v.submit(v.transfer(2, 10, 1));
  EXPECT_TRUE((*v.answer)->repeated);
  EXPECT_EQ(v.balance(), 990u);
}

// INV-NOD-016.
TEST(ReplicatedNode, NobodyWaitsForEver) {
  Validator v;
  v.submit(v.transfer(1, 10));
  v.mempool[0].second({});
  v.clock.now = kUndecidedMs - 1;
  EXPECT_EQ(v.node->next_wake_ms(), kUndecidedMs);
  ASSERT_TRUE(v.node->tick());
  EXPECT_FALSE(v.answer);
  v.clock.now = kUndecidedMs;
  ASSERT_TRUE(v.node->tick());
  ASSERT_TRUE(v.answer);
  EXPECT_EQ(v.answer->error().code, ErrorCode::kTimeout);
  EXPECT_EQ(v.node->waiting(), 0u);
  EXPECT_FALSE(v.node->next_wake_ms());
  // A block holds it in the end; sent again under the same client id it has one effect.
  v.submit(v.transfer(2, 10, 1));
  v.decide({v.mempool[0].first, v.mempool[1].first});
  ASSERT_TRUE(*v.answer);
  EXPECT_TRUE((*v.answer)->repeated);
  EXPECT_EQ(v.balance(), 990u);
}

TEST(ReplicatedNode, TellsWhatTheMempoolDidNotTake) {
  Validator v;
  v.submit(v.transfer(1, 10));
  v.mempool[0].second(Error{ErrorCode::kUnavailable, "CometBFT is down"});
  ASSERT_TRUE(v.answer);
  EXPECT_EQ(v.answer->error().code, ErrorCode::kUnavailable);
  // Lost on the way: it may have arrived, so it waits.
  v.submit(v.transfer(2, 10));
  v.mempool[1].second(Error{ErrorCode::kIo, "the connection broke"});
  EXPECT_FALSE(v.answer);
  // The application refuses it: a block took its nonce meanwhile.
  v.decide({v.transfer(3, 1)});
  EXPECT_FALSE(v.answer);
  EXPECT_NE(v.application->check_tx({v.mempool[1].first, {}}).value().code, 0u);
  v.run_posted();
  ASSERT_TRUE(v.answer && *v.answer);
  EXPECT_EQ((*v.answer)->height, Height{0});
  EXPECT_EQ((*v.answer)->verdict, TxVerdict::kNonceTooLow);
}

TEST(ReplicatedNode, TellsThatTheMempoolHasNoRoomForASender) {
  Validator v;
  for (std::uint64_t nonce = 1; nonce <= kMempoolSenderMax + 1; ++nonce) {
    v.submit(v.transfer(nonce, 1));
    const auto checked = v.application->check_tx({v.mempool.back().first, {}}).value();
    EXPECT_EQ(checked.code, nonce <= kMempoolSenderMax ? 0 : kNoRoomCode);
  }
  EXPECT_FALSE(v.answer);
  v.run_posted();
  ASSERT_TRUE(v.answer);
  EXPECT_EQ(v.answer->error().code, ErrorCode::kUnavailable);
  // What the mempool has stays; a block makes room.
  EXPECT_EQ(v.application->check_tx({v.mempool[0].first, abci::CheckTxType::kRecheck})->code, 0u);
  v.decide({v.mempool[0].first});
  EXPECT_EQ(v.application->check_tx({v.mempool.back().first, {}})->code, 0u);
}

TEST(ReplicatedNode, RefusesAtOnceWhatCannotApplyAndWhatHasNoRoom) {
  Validator v;
  Bytes forged = v.transfer(1, 10);
  forged.back() ^= 1;
  v.submit(forged);
  EXPECT_EQ((*v.answer)->verdict, TxVerdict::kWrongSignature);
  v.submit(Bytes{1});
  EXPECT_NE((*v.answer)->verdict, TxVerdict::kApplied);
  EXPECT_TRUE(v.mempool.empty());
  for (std::uint64_t nonce = 1; nonce <= kUndecidedMax / 2; ++nonce) v.submit(v.transfer(nonce, 1));
  EXPECT_FALSE(v.answer);
  v.submit(v.transfer(kUndecidedMax, 1));
  ASSERT_TRUE(v.answer);
  EXPECT_EQ(v.answer->error().code, ErrorCode::kUnavailable);
  EXPECT_EQ(v.mempool.size(), kUndecidedMax / 2);
  v.node->shut_down();
  EXPECT_EQ(v.node->waiting(), 0u);
}

TEST(ReplicatedNode, WaitsForBlocks) {
  Validator v;
  std::vector<std::uint64_t> told;
  const auto tell = [&](const Result<Height>& head) { told.push_back(head ? head->value : 99); };
  v.node->wait_block(Height{0}, 1'000, tell);
  v.node->wait_block(Height{1}, 50, tell);
  EXPECT_TRUE(told.empty());
  v.decide({});
  EXPECT_EQ(told, (std::vector<std::uint64_t>{1}));
  v.clock.now = 50;
  ASSERT_TRUE(v.node->tick());
  EXPECT_EQ(told, (std::vector<std::uint64_t>{1, 1}));
  v.node->wait_block(Height{9}, 1'000, tell);
  v.node->shut_down();
  EXPECT_EQ(told.back(), 99u);
}

// INV-NOD-017: with the disk's reserve gone a decided block is not begun: CometBFT stops where it
// stands, reads go on, and nothing is lost when there is space again.
TEST(ReplicatedNode, AFullDiskStopsBeforeTheBlockAndGoesOnAfterwards) {
  Validator v;
  v.decide({v.transfer(1, 10)});
  const auto before = v.store.map();
  v.may_write = Error{ErrorCode::kNoSpace, "the disk is full"};
  abci::FinalizeBlockRequest request;
  request.height = 2;
  request.time = {3'000, 0};
  request.txs = {v.transfer(2, 10)};
  EXPECT_EQ(v.application->finalize_block(request).error().code, ErrorCode::kNoSpace);
  EXPECT_EQ(v.store.map(), before);
  EXPECT_EQ(v.application->info({}).value().last_block_height, 1);
  v.run_posted();
  EXPECT_TRUE(v.node->pause()) << "monitors see it, also where nobody submits";
  v.submit(v.transfer(3, 10));
  ASSERT_TRUE(v.answer);
  EXPECT_EQ(v.answer->error().code, ErrorCode::kUnavailable);
  EXPECT_FALSE(v.node->failure());
  EXPECT_EQ(v.balance(), 990u);
  v.may_write = {};
  v.clock.now += kPauseMs;
  ASSERT_TRUE(v.node->tick());
  EXPECT_FALSE(v.node->pause());
  v.decide({v.transfer(2, 10)});
  EXPECT_EQ(v.balance(), 980u);
}

TEST(ReplicatedNode, AFailedWriteEndsItForEverybody) {
  Validator v;
  const Bytes tx = v.transfer(1, 10);
  v.submit(tx);
  abci::FinalizeBlockRequest request;
  request.height = 1;
  request.time = {3'000, 0};
  request.txs = {tx};
  ASSERT_TRUE(v.application->finalize_block(request));
  v.store.fail_writes(true);
  EXPECT_FALSE(v.application->commit({}));
  v.store.fail_writes(false);
  // Also what comes later: only a new open is certain.
  EXPECT_FALSE(v.application->finalize_block(request));
  EXPECT_FALSE(v.application->commit({}));
  v.run_posted();
  ASSERT_TRUE(v.answer);
  EXPECT_EQ(v.answer->error().code, ErrorCode::kUnavailable);
  EXPECT_TRUE(v.node->failure());
  EXPECT_FALSE(v.node->tick());
}

// The same calls as the embedded node's.
TEST(ReplicatedNode, ServesTheCalls) {
  Validator v;
  Intake intake{*v.node, [](auto, auto) { return false; }};
  NodeService service{*v.node, intake, v.clock};
  EventFeed feed{*v.node};
  rpc::Dispatcher dispatcher;
  service.register_methods(dispatcher);
  feed.register_methods(dispatcher);
  rpc::RpcClient client{[&](const std::string& body) -> Result<Bytes> {
    std::optional<std::string> answer;
    dispatcher.handle(body, [&](std::string text) { answer = std::move(text); });
    intake.flush();
    std::vector<Bytes> txs;
    for (auto& [bytes, done] : std::exchange(v.mempool, {})) txs.push_back(bytes);
    if (!answer) v.decide(std::move(txs));
    return to_bytes(as_bytes(answer.value_or("")));
  }};
  const auto call = [&](const char* method, const Json& params) {
    auto result = client.call(method, params);
    EXPECT_TRUE(result) << result.error().message;
    return result ? *result : Json();
  };
  const Json done = call("submit_transaction", Json::object({{"tx", to_hex(v.transfer(1, 10))}}));
  EXPECT_EQ(*JsonRef(done)["height"].u64(), 1u);
  const Json status = call("chain_status", Json::object());
  EXPECT_EQ(*JsonRef(status)["mode"].string(), "replicated");
  EXPECT_EQ(*JsonRef(status)["operator"].string(), std::string(64, '0'));
  EXPECT_EQ(*JsonRef(status)["head"]["height"].u64(), 1u);
  const Json header = call("get_block_header", Json::object());
  const auto bytes = JsonRef(header)["signed_header"].hex();
  EXPECT_EQ(Bytes(bytes->end() - 128, bytes->end()), Bytes(128)) << "nobody signed it";
  const Json block = call("get_block", Json::object({{"height", 1}}));
  EXPECT_EQ(JsonRef(block)["transactions"].items()->size(), 1u);
  const Json events = call("events", Json::object({{"from", 1}}));
  EXPECT_EQ(*JsonRef(events)["next"].u64(), 2u);
  EXPECT_EQ(JsonRef(events)["blocks"].items()->size(), 1u);
  const Json result =
      call("transaction_result", Json::object({{"tx", *JsonRef(done)["tx"].string()}}));
  EXPECT_EQ(result, done);
  const Json waited = call("wait_block", Json::object({{"after", 1}, {"timeout_ms", 1000}}));
  EXPECT_EQ(*JsonRef(waited)["height"].u64(), 2u);
}

// INV-NOD-020.
TEST(ReplicatedNode, ShowsAHeaderByCometBftsNext) {
  Validator v;
  v.decide({});
  v.decide({});
  EXPECT_EQ(v.node->last_shown(), Height{1});
  std::optional<Result<HeaderProof>> shown;
  const auto keep = [&](const Result<HeaderProof>& proof) { shown.emplace(proof); };
  v.node->prove_header(Height{1}, keep);
  EXPECT_FALSE(shown);
  ASSERT_EQ(v.headers_asked.size(), 1u);
  EXPECT_EQ(v.headers_asked[0].first, 2);
  const auto header = **v.node->reader().header(Height{1});
  v.headers_asked[0].second(block_after(header));
  ASSERT_TRUE(shown && *shown);
  EXPECT_EQ(header_of(**shown), header);
  LightClient client(v.genesis,
                     {comet::trust_in_genesis(comet_chain_id(chain_id_of(v.genesis)),
                                              comet::hash_of(comet::test::set_of(kFour)))});
  EXPECT_EQ(client.follow(**shown, kNowMs), HeaderVerdict::kValid);

  v.node->prove_header(Height{2}, keep);
  EXPECT_EQ(v.headers_asked.back().first, 3);
  v.headers_asked.back().second(Error{ErrorCode::kUnavailable, "not yet"});
  EXPECT_EQ(shown->error().code, ErrorCode::kUnavailable);
  v.node->prove_header(Height{3}, keep);
  EXPECT_EQ(shown->error().code, ErrorCode::kNotFound);
}

TEST(CometClient, ReadsWhatCometBftAnswersToEach) {
  const std::vector<Bytes> txs{Bytes{}, Bytes{0x66}, Bytes{0x66, 0x6f}, Bytes{0x66, 0x6f, 0x6f}};
  const auto request = codec::parse_json(broadcast_request(txs));
  ASSERT_TRUE(request);
  // RFC 4648, section 10.
  for (const auto& [i, text] : {std::pair{0, ""}, {1, "Zg=="}, {2, "Zm8="}, {3, "Zm9v"}}) {
    const JsonRef one = JsonRef(*request).at(static_cast<std::size_t>(i));
    EXPECT_EQ(*one["params"]["tx"].string(), text);
    EXPECT_EQ(*one["method"].string(), "broadcast_tx_async");
  }
  const std::string answer = R"json([
    {"jsonrpc":"2.0","id":2,"error":{"code":-32603,"message":"Internal error",
     "data":"mempool is full: number of txs 5000 (max: 5000)"}},
    {"jsonrpc":"2.0","id":0,"result":{"code":0,"data":"","log":"","codespace":"","hash":"AA"}},
    {"jsonrpc":"2.0","id":1,"error":{"code":-32603,"message":"Internal error",
     "data":"tx already exists in cache"}},
    {"jsonrpc":"2.0","id":77,"result":{}}])json";
  const auto answers = broadcast_answers(200, as_bytes(answer), 4);
  ASSERT_EQ(answers.size(), 4u);
  EXPECT_TRUE(answers[0]);
  EXPECT_TRUE(answers[1]) << "it has it already";
  EXPECT_EQ(answers[2].error().code, ErrorCode::kUnavailable);
  EXPECT_EQ(answers[3].error().code, ErrorCode::kMalformed) << "not answered";
  const std::string whole =
      R"({"jsonrpc":"2.0","id":-1,"error":{"code":-32600,"message":"Invalid Request","data":"x"}})";
  EXPECT_EQ(broadcast_answers(200, as_bytes(whole), 2)[1].error().code, ErrorCode::kUnavailable);
  EXPECT_EQ(broadcast_answers(413, as_bytes("too large"), 2)[0].error().code,
            ErrorCode::kUnavailable);
  for (const char* bad : {"", "[]", "[1]", "{}", "null", "[{\"id\":\"0\",\"result\":1}]"})
    EXPECT_EQ(broadcast_answers(200, as_bytes(bad), 1)[0].error().code, ErrorCode::kMalformed)
        << bad;
}

}  // namespace
}  // namespace assay::node::test
