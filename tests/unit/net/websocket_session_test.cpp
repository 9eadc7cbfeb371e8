// WebSockets on a server: what is said, what is queued, and how it ends.
#include <gmock/gmock.h>

#include <atomic>
#include <chrono>
#include <mutex>
#include <thread>

#include "https_fixture.hpp"
#include "raw_tls.hpp"

namespace assay::net {
namespace {

using Kind = WebSocketMessage::Kind;
using std::chrono::milliseconds;
using testing::HasSubstr;
using testing::StartsWith;

constexpr char kUpgrade[] =
    "GET /ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";

// A client that shakes hands and then speaks in frames.
class Client {
 public:
  explicit Client(std::uint16_t port) : m_tls(port) {
    m_tls.send(kUpgrade);
    while (m_head.find("\r\n\r\n") == std::string::npos) {
      const std::string piece = m_tls.receive();
      if (piece.empty()) return;
      m_head += piece;
    }
    const std::size_t end = m_head.find("\r\n\r\n") + 4;
    m_rest = to_bytes(as_bytes(m_head.substr(end)));
    m_head.resize(end);
  }
  const std::string& head() const { return m_head; }
  bool send(Kind kind, std::string_view payload) {
    const std::array<std::uint8_t, 4> mask{5, 6, 7, 8};
    return send_raw(encode_frame(kind, as_bytes(payload), &mask));
  }
  bool send_raw(const Bytes& bytes) {
    return m_tls.send({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  }
  // The next message; a close of code 1006 if the connection ends without one.
  WebSocketMessage next() {
    while (true) {
      const auto used = m_reader.feed(m_rest);
      EXPECT_TRUE(used);
      m_rest.erase(m_rest.begin(), m_rest.begin() + static_cast<std::ptrdiff_t>(*used));
      if (m_reader.done()) return m_reader.take();
      const std::string piece = m_tls.receive();
      if (piece.empty()) return {Kind::kClose, {0x03, 0xee}};
      m_rest.insert(m_rest.end(), piece.begin(), piece.end());
    }
  }
  std::string next_text() {
    const WebSocketMessage message = next();
    EXPECT_EQ(message.kind, Kind::kText);
    return {message.payload.begin(), message.payload.end()};
  }
  int next_close() {
    WebSocketMessage message = next();
    while (message.kind != Kind::kClose) message = next();
    return message.payload.size() < 2 ? 0 : message.payload[0] << 8 | message.payload[1];
  }

 private:
  RawTls m_tls;
  std::string m_head;
  Bytes m_rest;
  WebSocketReader m_reader{WebSocketSide::kClient, 16 << 20};
};

class WebSocketServer : public HttpsTest {
 protected:
  void serve(ServerOptions options = server_options()) {
    options.trusted_addresses = {};
    auto started = HttpsServer::start(
        options, echo, [this](const HttpRequest& request) { return accept(request); });
    ASSERT_TRUE(started) << started.error().message;
    m_server = *std::move(started);
    m_url = {"127.0.0.1", m_server->port(), "/"};
    m_client = *HttpsClient::create(client_options());
  }
  std::variant<HttpResponse, WebSocketHandler> accept(const HttpRequest& request) {
    if (request.target != "/ws") return make_response(404, "text/plain", "no\n");
    WebSocketHandler handler;
    const auto sender = std::make_shared<std::shared_ptr<WebSocketSender>>();
    handler.opened = [this, sender](std::shared_ptr<WebSocketSender> opened) {
      *sender = opened;
      const std::lock_guard lock(m_mutex);
      m_last = std::move(opened);
    };
    handler.text = [this, sender](const std::string& text, WebSocketHandler::Ticket ticket) {
      if (text.starts_with("keep")) {
        const std::lock_guard lock(m_mutex);
        m_tickets.push_back(std::move(ticket));
      }
      ++m_texts;
      (*sender)->send("echo " + text);
    };
    handler.closed = [this, sender] {
      sender->reset();
      ++m_closed;
    };
    return handler;
  }
  std::shared_ptr<WebSocketSender> last() {
    for (int i = 0; i < 200; ++i) {
      {
        const std::lock_guard lock(m_mutex);
        if (m_last) return m_last;
      }
      std::this_thread::sleep_for(milliseconds(10));
    }
    return nullptr;
  }
  template <class Condition>
  static bool within_seconds(Condition condition) {
    for (int i = 0; i < 500; ++i) {
      if (condition()) return true;
      std::this_thread::sleep_for(milliseconds(10));
    }
    return false;
  }

  std::mutex m_mutex;
  std::shared_ptr<WebSocketSender> m_last;
  std::vector<WebSocketHandler::Ticket> m_tickets;
  std::atomic<int> m_texts{0};
  std::atomic<int> m_closed{0};
};

TEST_F(WebSocketServer, SpeaksAndCloses) {
  serve();
  Client client(m_server->port());
  EXPECT_THAT(client.head(), StartsWith("HTTP/1.1 101 "));
  EXPECT_THAT(client.head(), HasSubstr("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="));
  client.send(Kind::kText, "one");
  EXPECT_EQ(client.next_text(), "echo one");
  client.send(Kind::kPing, "are you there");
  const WebSocketMessage pong = client.next();
  EXPECT_EQ(pong.kind, Kind::kPong);
  EXPECT_EQ(pong.payload, to_bytes(as_bytes("are you there")));
  EXPECT_EQ(m_server->counters().open_websockets, 1u);
  client.send(Kind::kClose, "\x03\xe8");
  EXPECT_EQ(client.next_close(), 1000);
  EXPECT_TRUE(within_seconds([&] { return m_closed == 1; }));
  EXPECT_TRUE(within_seconds([&] { return m_server->counters().open_websockets == 0; }));
  EXPECT_FALSE(last()->send("too late"));
  expect_alive();
}

TEST_F(WebSocketServer, OtherRequestsAndBadOnesAreAnswered) {
  serve();
  expect_alive();
  const auto answer = [&](std::string request) {
    RawTls peer(m_server->port());
    peer.send(request);
    return peer.receive_all();
  };
  std::string request = kUpgrade;
  EXPECT_THAT(answer(request.replace(request.find("/ws"), 3, "/no")), HasSubstr(" 404 "));
  request = kUpgrade;
  EXPECT_THAT(answer(request.replace(request.find("13\r"), 2, "12")),
              testing::AllOf(HasSubstr(" 426 "), HasSubstr("Sec-WebSocket-Version: 13")));
  request = kUpgrade;
  EXPECT_THAT(answer(request.replace(request.find("=="), 2, "")), HasSubstr(" 400 "));
  expect_alive();
}

TEST_F(WebSocketServer, ClosesWithTheCodeThatFits) {
  ServerOptions options = server_options();
  options.websocket_message_bytes = 1000;
  serve(options);
  const auto code = [&](Kind kind, const std::string& payload) {
    Client client(m_server->port());
    client.send(kind, payload);
    return client.next_close();
  };
  EXPECT_EQ(code(Kind::kBinary, "x"), 1003);
  EXPECT_EQ(code(Kind::kText, "\xff"), 1007);
  EXPECT_EQ(code(Kind::kText, std::string(1001, 'a')), 1009);
  Client unmasked(m_server->port());
  unmasked.send_raw(encode_frame(Kind::kText, as_bytes("x")));
  EXPECT_EQ(unmasked.next_close(), 1002);
  Client garbage(m_server->port());
  garbage.send_raw(Bytes(500, 0xff));
  EXPECT_EQ(garbage.next_close(), 1002);
  Client stopped(m_server->port());
  stopped.send(Kind::kText, "a");
  EXPECT_EQ(stopped.next_text(), "echo a");
  std::thread stop([&] { m_server->stop(); });
  EXPECT_EQ(stopped.next_close(), 1001);
  stop.join();
}

TEST_F(WebSocketServer, WhoeverDoesNotReadIsToldAndLeft) {
  ServerOptions options = server_options();
  options.websocket_queue_bytes = 8 << 20;
  options.write_timeout_ms = 300;
  serve(options);
  Client lazy(m_server->port());
  lazy.send(Kind::kText, "hello");
  EXPECT_EQ(lazy.next_text(), "echo hello");
  const auto sender = last();
  ASSERT_TRUE(sender);
  const std::string large(64 << 10, 'x');
  std::size_t queued = 0;
  while (sender->send(large)) ++queued;
  EXPECT_GE(queued, 100u);
  EXPECT_LE(sender->queued_bytes(), options.websocket_queue_bytes);
  EXPECT_TRUE(within_seconds([&] { return m_server->counters().too_slow == 1; }));
  // What was on its way still comes, and then the reason.
  EXPECT_EQ(lazy.next_close(), 4001);
  EXPECT_TRUE(within_seconds([&] { return m_closed == 1; }));
  expect_alive();
}

TEST_F(WebSocketServer, UnansweredMessagesHoldTheReaderUp) {
  ServerOptions options = server_options();
  options.websocket_unanswered = 3;
  serve(options);
  Client client(m_server->port());
  for (int i = 0; i < 10; ++i) client.send(Kind::kText, "keep");
  for (int i = 0; i < 3; ++i) EXPECT_EQ(client.next_text(), "echo keep");
  std::this_thread::sleep_for(milliseconds(100));
  EXPECT_EQ(m_texts, 3);
  while (m_texts < 10) {
    const std::lock_guard lock(m_mutex);
    m_tickets.clear();
  }
  for (int i = 0; i < 7; ++i) EXPECT_EQ(client.next_text(), "echo keep");
}

TEST_F(WebSocketServer, SilentPeersArePingedThenLeft) {
  ServerOptions options = server_options();
  options.websocket_ping_ms = 100;
  serve(options);
  Client client(m_server->port());
  EXPECT_EQ(client.next().kind, Kind::kPing);
  client.send(Kind::kPong, "");
  EXPECT_EQ(client.next().kind, Kind::kPing) << "an answer is enough to stay";
  EXPECT_EQ(client.next_close(), 1006);
  EXPECT_TRUE(within_seconds([&] { return m_server->counters().open_websockets == 0; }));
}

TEST_F(WebSocketServer, TheirNumberIsBounded) {
  ServerOptions options = server_options();
  options.max_websockets_per_address = 2;
  serve(options);
  Client first(m_server->port()), second(m_server->port()), third(m_server->port());
  EXPECT_THAT(third.head(), StartsWith("HTTP/1.1 503 "));
  first.send(Kind::kClose, "");
  EXPECT_EQ(first.next_close(), 1000);
  EXPECT_TRUE(within_seconds([&] { return m_server->counters().open_websockets == 1; }));
  Client fourth(m_server->port());
  EXPECT_THAT(fourth.head(), StartsWith("HTTP/1.1 101 "));
}

TEST_F(WebSocketServer, StrangersHaveLimitsThatOnesOwnDoNot) {
  ServerOptions options = server_options();
  options.max_connections = 6;
  options.reserved_connections = 2;
  options.max_connections_per_address = 3;
  start(options);
  std::vector<std::unique_ptr<RawTls>> held;
  for (int i = 0; i < 3; ++i) held.push_back(std::make_unique<RawTls>(m_server->port()));
  EXPECT_TRUE(held.back()->ready());
  EXPECT_FALSE(RawTls(m_server->port()).ready()) << "a fourth of one address";
  EXPECT_EQ(m_server->counters().throttled, 1u);
  held.clear();
  m_server.reset();
  options.connection_rate = {.calls_per_s = 0, .burst = 2};
  options.max_connections_per_address = 100;
  start(options);
  EXPECT_TRUE(RawTls(m_server->port()).ready());
  EXPECT_TRUE(RawTls(m_server->port()).ready());
  EXPECT_FALSE(RawTls(m_server->port()).ready()) << "too many in a while";
  m_server.reset();
  options.trusted_addresses = {"127.0.0.1"};
  start(options);
  for (int i = 0; i < 6; ++i) held.push_back(std::make_unique<RawTls>(m_server->port()));
  EXPECT_TRUE(held.back()->ready());
  EXPECT_FALSE(RawTls(m_server->port()).ready()) << "the total holds for everybody";
}

// INV-NET-002.
TEST_F(WebSocketServer, BodiesTogetherAreBounded) {
  ServerOptions options = server_options();
  options.buffered_bytes_max = 100'000;
  start(options);
  RawTls slow(m_server->port());
  slow.send("POST / HTTP/1.1\r\nContent-Length: 95000\r\n\r\n" + std::string(90'000, 'a'));
  EXPECT_TRUE(within_seconds([&] { return m_server->counters().buffered_bytes >= 90'000; }));
  RawTls other(m_server->port());
  other.send("POST / HTTP/1.1\r\nContent-Length: 20000\r\n\r\n" + std::string(20'000, 'a'));
  EXPECT_THAT(other.receive_all(), StartsWith("HTTP/1.1 503 "));
  slow.send(std::string(5'000, 'a'));
  EXPECT_THAT(slow.receive(), StartsWith("HTTP/1.1 200 "));
  EXPECT_TRUE(within_seconds([&] { return m_server->counters().buffered_bytes == 0; }));
  RawTls greedy(m_server->port());
  greedy.send("GET /size/200000 HTTP/1.1\r\n\r\n");
  EXPECT_THAT(greedy.receive_all(), StartsWith("HTTP/1.1 503 ")) << "an answer counts, too";
  expect_alive();
  m_server.reset();
  options.websocket_unanswered = 100;
  serve(options);
  Client talker(m_server->port());
  const std::string half = "keep" + std::string(60'000, ' ');
  talker.send(Kind::kText, half);
  EXPECT_EQ(talker.next_text().size(), half.size() + 5);
  talker.send(Kind::kText, half);
  EXPECT_EQ(talker.next_close(), 1013);
  m_tickets.clear();
  EXPECT_TRUE(within_seconds([&] { return m_server->counters().buffered_bytes == 0; }));
}

}  // namespace
}  // namespace assay::net
