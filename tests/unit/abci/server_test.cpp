// A scripted client over unix and TCP sockets.
#include "assay/abci/server.hpp"

#include <gtest/gtest.h>

#include <condition_variable>
#include <stdexcept>
#include <thread>

#include "support/protobuf.hpp"
#include "support/temporary_folder.hpp"

namespace assay::abci {
namespace {

using test::Wire;
using test::WireFields;

// Fields of requests and answers that the scripts use.
constexpr unsigned kEcho = 1, kFlush = 2, kInfo = 3, kInitChain = 5, kQuery = 6, kCheckTx = 8,
                   kCommit = 11, kLoadChunk = 14, kFinalizeBlock = 20;
constexpr unsigned kException = 1, kEchoed = 2, kFlushed = 3, kInformed = 4, kQueried = 7,
                   kChecked = 9, kFinalized = 21;

class RecordingLog final : public Log {
 public:
  void write(LogLevel, std::string_view event, const Fields& fields) override {
    const std::lock_guard lock(m_mutex);
    m_lines.push_back(std::string(event) + " " + (fields.empty() ? "" : fields.back().second));
    m_changed.notify_all();
  }
  bool has(const std::string& line) {
    std::unique_lock lock(m_mutex);
    return m_changed.wait_for(lock, std::chrono::seconds(10), [&] {
      return std::find(m_lines.begin(), m_lines.end(), line) != m_lines.end();
    });
  }

 private:
  std::mutex m_mutex;
  std::condition_variable m_changed;
  std::vector<std::string> m_lines;
};

// Counts what runs at the same time, and waits in FinalizeBlock if it is told to.
class Gate {
 public:
  void close() {
    const std::lock_guard lock(m_mutex);
    m_open = false;
  }
  void open() {
    const std::lock_guard lock(m_mutex);
    m_open = true;
    m_changed.notify_all();
  }
  void pass() {
    std::unique_lock lock(m_mutex);
    ++m_waiting;
    m_changed.notify_all();
    m_changed.wait(lock, [&] { return m_open; });
    --m_waiting;
  }
  void wait_for_one() {
    std::unique_lock lock(m_mutex);
    m_changed.wait(lock, [&] { return m_waiting > 0; });
  }

 private:
  std::mutex m_mutex;
  std::condition_variable m_changed;
  int m_waiting = 0;
  bool m_open = true;
};

struct TestApplication : Application {
  Gate gate;
  std::atomic<int> in_state_calls{0};
  std::atomic<int> most_state_calls{0};
  std::atomic<std::int64_t> height{0};

  Result<InfoResponse> info(InfoRequest) override {
    InfoResponse response;
    response.last_block_height = height;
    return response;
  }
  Result<FinalizeBlockResponse> finalize_block(FinalizeBlockRequest request) override {
    most_state_calls = std::max<int>(most_state_calls, ++in_state_calls);
    gate.pass();
    --in_state_calls;
    if (!request.txs.empty() && request.txs[0] == to_bytes(as_bytes("throw")))
      throw std::runtime_error("what it cannot do");
    FinalizeBlockResponse response;
    response.tx_results.resize(request.txs.size());
    return response;
  }
  Result<CommitResponse> commit(CommitRequest) override {
    ++height;
    return CommitResponse{};
  }
  Result<QueryResponse> query(QueryRequest request) override {
    QueryResponse response;
    response.value = std::move(request.data);
    return response;
  }
  Result<CheckTxResponse> check_tx(CheckTxRequest request) override {
    CheckTxResponse response;
    response.data = std::move(request.tx);
    return response;
  }
  Result<LoadSnapshotChunkResponse> load_snapshot_chunk(LoadSnapshotChunkRequest r) override {
    return LoadSnapshotChunkResponse{Bytes(r.chunk)};
  }
};

class Client {
 public:
  explicit Client(const net::StreamAddress& address)
      : m_stream(std::move(*net::Stream::connect(address))) {}

  void send(unsigned field, const Wire& message = {}) {
    raw(Wire().message(field, message).framed());
  }
  void raw(ByteView bytes) { ASSERT_TRUE(m_stream.write_all(bytes)); }
  // The next answer: its field and its message; field 0 if the connection ended.
  std::pair<unsigned, WireFields> receive() {
    while (true) {
      std::size_t at = 0;
      std::uint64_t size = 0;
      bool complete = false;
      for (unsigned shift = 0; at < m_in.size(); shift += 7) {
        const auto byte = static_cast<std::uint8_t>(m_in[at++]);
        size |= std::uint64_t{byte & 0x7fu} << shift;
        if (byte < 0x80) {
          complete = true;
          break;
        }
      }
      if (complete && m_in.size() - at >= size) {
        const WireFields response(std::string_view(m_in).substr(at, size));
        m_in.erase(0, at + size);
        EXPECT_EQ(response.texts.size(), 1u);
        const auto& [field, values] = *response.texts.begin();
        return {field, WireFields(values[0])};
      }
      std::uint8_t buffer[4096];
      const auto count = m_stream.read_some(buffer);
      if (!count || *count == 0) return {0, WireFields("")};
      m_in.append(buffer, buffer + *count);
    }
  }
  std::pair<unsigned, WireFields> ask(unsigned field, const Wire& message = {}) {
    send(field, message);
    send(kFlush);
    auto answer = receive();
    const bool open = answer.first != 0 && answer.first != kException;
    EXPECT_TRUE(!open || receive().first == kFlushed);
    return answer;
  }

 private:
  net::Stream m_stream;
  std::string m_in;
};

Wire block(std::int64_t height, std::string_view tx = "tx") {
  return Wire().text(1, tx).number(5, height);
}

class AbciServer : public testing::Test {
 protected:
  void start(ServerOptions options = {}) {
    if (options.address == net::StreamAddress{})
      options.address = net::StreamAddress{"", "127.0.0.1", 0};
    auto started = Server::start(options, application, log);
    ASSERT_TRUE(started) << started.error().message;
    server = std::move(*started);
  }
  Client connect() { return Client(server->address()); }

  test::TemporaryFolder folder;
  RecordingLog log;
  TestApplication application;
  std::unique_ptr<Server> server;
};

// INV-ABC-002.
TEST_F(AbciServer, AnswersInOrderOverUnixAndTcpSockets) {
  for (const net::StreamAddress& address :
       {net::StreamAddress{(folder.path() / "s").string(), "", 0},
        net::StreamAddress{"", "127.0.0.1", 0}, net::StreamAddress{"", "::1", 0}}) {
    ServerOptions options;
    options.address = address;
    start(options);
    Client client = connect();
    for (int i = 0; i < 300; ++i) client.send(kCheckTx, Wire().text(1, std::to_string(i)));
    client.send(kFlush);
    for (int i = 0; i < 300; ++i) {
      const auto [field, answer] = client.receive();
      ASSERT_EQ(field, kChecked);
      ASSERT_EQ(answer.text(2), std::to_string(i));
    }
    EXPECT_EQ(client.receive().first, kFlushed);
    EXPECT_EQ(server->counters().requests, 301u);
    server.reset();
    EXPECT_EQ(client.receive().first, 0u);
  }
}

TEST_F(AbciServer, TakesMessagesInAnyPieces) {
  start();
  Client client = connect();
  Bytes stream;
  for (const Wire& message :
       {Wire().message(kEcho, Wire().text(1, std::string(200, 'a'))),
        Wire().message(kEcho, Wire().text(1, "b")), Wire().message(kFlush, {})}) {
    const Bytes frame = message.framed();
    stream.insert(stream.end(), frame.begin(), frame.end());
  }
  for (const std::uint8_t byte : stream) client.raw({&byte, 1});
  EXPECT_EQ(client.receive().second.text(1), std::string(200, 'a'));
  EXPECT_EQ(client.receive().second.text(1), "b");
  EXPECT_EQ(client.receive().first, kFlushed);
}

TEST_F(AbciServer, CarriesMessagesOfManyBuffers) {
  start();
  Client client = connect();
  const std::string large(9 << 20, 'x');
  for (int round = 0; round < 2; ++round) {
    const auto [field, answer] = client.ask(kQuery, Wire().text(1, large));
    EXPECT_EQ(field, kQueried);
    EXPECT_EQ(answer.text(7).size(), large.size());
    EXPECT_EQ(client.ask(kEcho, Wire().text(1, "small")).second.text(1), "small");
  }
}

// INV-ABC-003.
TEST_F(AbciServer, QueriesAndChecksDoNotWaitForABlock) {
  start();
  Client query = connect();
  Client mempool = connect();
  Client consensus = connect();
  EXPECT_EQ(query.ask(kInfo).first, kInformed);
  consensus.ask(kInitChain);
  application.gate.close();
  consensus.send(kFinalizeBlock, block(1));
  application.gate.wait_for_one();
  EXPECT_EQ(query.ask(kQuery, Wire().text(1, "key")).second.text(7), "key");
  EXPECT_EQ(query.ask(kInfo).second.number(4), 0);
  EXPECT_EQ(mempool.ask(kCheckTx, Wire().text(1, "tx")).second.text(2), "tx");
  application.gate.open();
  EXPECT_EQ(consensus.receive().first, kFinalized);
  EXPECT_EQ(server->counters().grammar_breaks, 0u);
}

TEST_F(AbciServer, CallsOnStateNeverOverlapWhateverTheirConnection) {
  start();
  Client first = connect();
  first.ask(kInfo);
  first.ask(kInitChain);
  application.gate.close();
  first.send(kFinalizeBlock, block(1));
  application.gate.wait_for_one();
  Client second = connect();  // a CometBFT that was started anew while a block is executed
  second.ask(kInfo);
  second.send(kFinalizeBlock, block(1));
  second.send(kFlush);
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  application.gate.open();
  EXPECT_EQ(first.receive().first, kFinalized);
  EXPECT_EQ(second.receive().first, kFinalized);
  EXPECT_EQ(application.most_state_calls, 1);
}

TEST_F(AbciServer, AnErrorOfTheApplicationIsTheLastAnswerOfItsConnection) {
  start();
  Client query = connect();
  Client consensus = connect();
  query.ask(kInfo);
  consensus.ask(kInitChain);
  const auto [field, answer] = consensus.ask(kFinalizeBlock, block(1, "throw"));
  EXPECT_EQ(field, kException);
  EXPECT_EQ(answer.text(1), "FinalizeBlock: what it cannot do");
  EXPECT_EQ(consensus.receive().first, 0u);
  EXPECT_TRUE(log.has("abci.exception FinalizeBlock: what it cannot do"));
  // The others stay, and a CometBFT that was started anew finds its application.
  EXPECT_EQ(query.ask(kEcho, Wire().text(1, "still")).second.text(1), "still");
  Client again = connect();
  again.ask(kInfo);
  EXPECT_EQ(again.ask(kInitChain).first, 6u);
  EXPECT_EQ(server->counters().exceptions, 1u);
}

TEST_F(AbciServer, WhatItCannotReadOrSendIsAnExceptionToo) {
  ServerOptions options;
  options.message_bytes_max = 1000;
  start(options);
  const auto expect = [&](ByteView bytes, const std::string& words) {
    Client client = connect();
    client.raw(bytes);
    const auto [field, answer] = client.receive();
    EXPECT_EQ(field, kException);
    EXPECT_EQ(answer.text(1), words);
    EXPECT_EQ(client.receive().first, 0u);
  };
  expect(Wire().varint(1001).get(), "a message of 1001 bytes, where the limit is 1000");
  expect(Bytes{0x80, 0x00}, "the length of a message is not a varint in its shortest form");
  expect(Bytes{1, 0x07}, "bytes that are no request: is the peer CometBFT v0.38?");
  expect(Wire().message(21, {}).framed(),
         "a request that ABCI 2.0 does not have: is the peer CometBFT v0.38?");
  expect(Wire().message(kLoadChunk, Wire().number(3, 998)).framed(),
         "LoadSnapshotChunk: an answer of 1004 bytes, where the limit is 1000");
  Client client = connect();
  client.raw(Bytes{100, 1, 2, 3});  // and goes within a message
  EXPECT_EQ(connect().ask(kEcho, Wire().text(1, "fine")).second.text(1), "fine");
}

TEST_F(AbciServer, ReportsOrRefusesCallsOutOfOrder) {
  start();
  EXPECT_EQ(connect().ask(kFinalizeBlock, block(1)).first, kFinalized);
  EXPECT_TRUE(log.has("abci.grammar FinalizeBlock, but no Info came first"));
  EXPECT_EQ(server->counters().grammar_breaks, 1u);
  server.reset();
  ServerOptions options;
  options.grammar = GrammarPolicy::kRefuse;
  start(options);
  Client client = connect();
  client.ask(kInfo);
  client.ask(kInitChain);
  const auto [field, answer] = client.ask(kFinalizeBlock, block(2));
  EXPECT_EQ(field, kException);
  EXPECT_EQ(answer.text(1), "a call out of order: FinalizeBlock of height 2, but 1 is next");
  EXPECT_EQ(application.most_state_calls, 1);  // the first server's
}

TEST_F(AbciServer, ClosesConnectionsOverTheLimit) {
  ServerOptions options;
  options.connections_max = 2;
  start(options);
  Client first = connect();
  first.ask(kEcho);
  {
    Client second = connect();
    second.ask(kEcho);
    EXPECT_EQ(connect().receive().first, 0u);
  }
  EXPECT_TRUE(log.has("abci.disconnected the peer closed it"));
  Client third = connect();
  EXPECT_EQ(third.ask(kEcho).first, kEchoed);
  EXPECT_EQ(server->counters().refused, 1u);
  EXPECT_EQ(server->counters().accepted, 3u);
  EXPECT_EQ(server->counters().open_connections, 2u);
}

// INV-ABC-006.
TEST_F(AbciServer, StopsAfterTheCallThatRuns) {
  start();
  Client client = connect();
  client.ask(kInfo);
  application.gate.close();
  client.send(kFinalizeBlock, block(1));
  client.send(kCommit);  // is not begun
  application.gate.wait_for_one();
  std::thread opener([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    application.gate.open();
  });
  server->stop();
  opener.join();
  EXPECT_EQ(client.receive().first, kFinalized);
  EXPECT_EQ(client.receive().first, 0u);
  EXPECT_EQ(application.height, 0);
  EXPECT_EQ(server->counters().open_connections, 0u);
  EXPECT_FALSE(net::Stream::connect(server->address()));
}

TEST_F(AbciServer, StopsThoughAPeerTakesNoAnswers) {
  start();
  Client client = connect();
  for (int i = 0; i < 100; ++i) client.send(kLoadChunk, Wire().number(3, 1 << 20));
  server->stop(20);
  EXPECT_EQ(server->counters().open_connections, 0u);
}

TEST_F(AbciServer, SaysWhyItCannotStart) {
  start();
  ServerOptions options;
  options.address = server->address();
  EXPECT_EQ(Server::start(options, application, log).error().code, ErrorCode::kConflict);
}

}  // namespace
}  // namespace assay::abci
