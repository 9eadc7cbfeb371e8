// Peers that misbehave must not stop the server, nor hold its connections.
#include <gmock/gmock.h>

#include <chrono>
#include <thread>

#include "https_fixture.hpp"
#include "raw_tls.hpp"
#include "support/raw_socket.hpp"

namespace assay::net {
namespace {

using std::chrono::milliseconds;
using test::RawSocket;
using testing::HasSubstr;
using testing::StartsWith;

class HostileTest : public HttpsTest {
 protected:
  static ServerOptions impatient() {
    ServerOptions options = server_options();
    options.handshake_timeout_ms = 300;
    options.idle_timeout_ms = 300;
    options.header_timeout_ms = 300;
    options.body_timeout_ms = 300;
    options.write_timeout_ms = 300;
    options.handler_timeout_ms = 300;
    options.limits.header_bytes = 4096;
    options.limits.body_bytes = 1 << 20;
    return options;
  }
  void expect_all_closed() {
    for (int i = 0; i < 300 && m_server->counters().open_connections > 0; ++i)
      std::this_thread::sleep_for(milliseconds(10));
    EXPECT_EQ(m_server->counters().open_connections, 0u);
  }
};

TEST_F(HostileTest, GarbageInsteadOfAHandshake) {
  start(impatient());
  for (const std::string_view junk :
       {std::string_view("GET / HTTP/1.1\r\n\r\n"), std::string_view("\0\0\0\0\0\0\0\0", 8),
        std::string_view("\x16\x03\x01\xff\xff garbage that says it is long"),
        std::string_view("\x16\x03\x01\x00\x05hello")}) {
    RawSocket socket(m_server->port());
    ASSERT_TRUE(socket.connected());
    socket.send(junk);
    bool closed = false;
    (void)socket.receive_all(2000, closed);
    EXPECT_TRUE(closed);
    expect_alive();
  }
  RawTls old(m_server->port(), TLS1_2_VERSION);
  EXPECT_FALSE(old.ready()) << "TLS 1.2 is refused";
  EXPECT_GE(m_server->counters().handshake_failed, 4u);
  expect_alive();
}

TEST_F(HostileTest, SilenceAtEveryStageEndsInTime) {
  start(impatient());
  RawSocket silent(m_server->port());
  bool closed = false;
  (void)silent.receive_all(2000, closed);
  EXPECT_TRUE(closed) << "no handshake";
  RawTls idle(m_server->port());
  ASSERT_TRUE(idle.ready());
  EXPECT_EQ(idle.receive_all(), "");
  RawTls half_header(m_server->port());
  half_header.send("GET / HTTP/1.1\r\nHos");
  EXPECT_EQ(half_header.receive_all(), "");
  RawTls half_body(m_server->port());
  half_body.send("POST / HTTP/1.1\r\nContent-Length: 1000\r\n\r\nabc");
  EXPECT_EQ(half_body.receive_all(), "");
  EXPECT_GE(m_server->counters().timed_out, 3u);
  expect_alive();
  m_client.reset();
  expect_all_closed();
}

TEST_F(HostileTest, ADripOfBytesDoesNotExtendTheTime) {
  start(impatient());
  for (const char* opening :
       {"GET / HTTP/1.1\r\nX: ", "POST / HTTP/1.1\r\nContent-Length: 9000\r\n\r\n"}) {
    RawTls slow(m_server->port());
    ASSERT_TRUE(slow.send(opening));
    const auto begin = std::chrono::steady_clock::now();
    while (std::chrono::steady_clock::now() - begin < std::chrono::seconds(3) && slow.send("a"))
      std::this_thread::sleep_for(milliseconds(10));
    EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(2)) << opening;
    expect_alive();
  }
}

TEST_F(HostileTest, AReaderThatDoesNotReadIsLeft) {
  ServerOptions options = impatient();
  start(options);
  RawTls lazy(m_server->port());
  lazy.send("GET /size/50000000 HTTP/1.1\r\n\r\n");
  m_client.reset();
  // What went into the sockets' buffers gives no credit for later.
  for (int i = 0; i < 200 && m_server->counters().open_connections > 0; ++i)
    std::this_thread::sleep_for(milliseconds(10));
  EXPECT_EQ(m_server->counters().open_connections, 0u);
}

TEST_F(HostileTest, MalformedAndOversizedRequestsAreAnsweredAndClosed) {
  start(impatient());
  const auto answer = [&](const std::string& request) {
    RawTls peer(m_server->port());
    EXPECT_TRUE(peer.ready());
    peer.send(request);
    return peer.receive_all();
  };
  EXPECT_THAT(answer("NONSENSE\r\n\r\n"), StartsWith("HTTP/1.1 400 "));
  EXPECT_THAT(answer("GET / HTTP/1.1\r\nA: " + std::string(5000, 'a') + "\r\n\r\n"),
              StartsWith("HTTP/1.1 431 "));
  EXPECT_THAT(answer("POST / HTTP/1.1\r\nContent-Length: 2000000\r\n\r\n"),
              StartsWith("HTTP/1.1 413 "));
  EXPECT_THAT(answer("GET / HTTP/1.0\r\n\r\n"), HasSubstr("Connection: close"));
  EXPECT_EQ(m_server->counters().bad_requests, 3u);
  HttpRequest large;
  large.method = "POST";
  large.body.assign(3 << 20, 1);
  const auto refused = m_client->request(m_url, large);
  ASSERT_TRUE(refused) << refused.error().message;
  EXPECT_EQ(refused->status, 413u) << "the answer arrives though the body was not read";
  expect_alive();
}

TEST_F(HostileTest, PipelinedRequestsAreAnsweredInOrder) {
  start(impatient());
  RawTls peer(m_server->port());
  peer.send(
      "GET /1 HTTP/1.1\r\n\r\nPOST /2 HTTP/1.1\r\nContent-Length: 2\r\n\r\nhiGET /3 HTTP/1.1\r\n"
      "Connection: close\r\n\r\n");
  const std::string all = peer.receive_all();
  const auto one = all.find("X-Target: /1");
  const auto two = all.find("X-Target: /2");
  const auto three = all.find("X-Target: /3");
  EXPECT_TRUE(one < two && two < three && three != std::string::npos) << all;
}

TEST_F(HostileTest, ASenderThatWaitsForContinueGetsIt) {
  start(impatient());
  RawTls peer(m_server->port());
  peer.send(
      "PUT / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 2\r\nConnection: close\r\n\r\n");
  std::this_thread::sleep_for(milliseconds(20));
  peer.send("ok");
  const std::string all = peer.receive_all();
  EXPECT_THAT(all, StartsWith("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n"));
}

TEST_F(HostileTest, AHandlerThatTakesTooLongIs503) {
  std::vector<HttpsServer::Reply> held;
  start(impatient(),
        [&](const HttpRequest&, HttpsServer::Reply reply) { held.push_back(std::move(reply)); });
  const auto response = m_client->request(m_url, {});
  ASSERT_TRUE(response) << response.error().message;
  EXPECT_EQ(response->status, 503u);
  held.front()(make_response(200, "text/plain", "too late"));
  m_server.reset();
}

TEST_F(HostileTest, ConnectionsOverTheLimitAreClosedAndOthersServed) {
  ServerOptions options = impatient();
  options.max_connections = 5;
  options.handshake_timeout_ms = 400;
  start(options);
  expect_alive();
  std::vector<std::unique_ptr<RawSocket>> sockets;
  for (int i = 0; i < 30; ++i) sockets.push_back(std::make_unique<RawSocket>(m_server->port()));
  for (int i = 0; i < 200 && m_server->counters().accepted < 31; ++i)
    std::this_thread::sleep_for(milliseconds(10));
  EXPECT_LE(m_server->counters().open_connections, 5u);
  EXPECT_GE(m_server->counters().refused, 26u);
  expect_alive();  // on its kept connection
  std::this_thread::sleep_for(milliseconds(600));
  m_client = *HttpsClient::create(client_options());
  expect_alive();
}

TEST_F(HostileTest, PeersThatVanishAreForgotten) {
  start(impatient());
  for (int i = 0; i < 40; ++i) {
    RawTls peer(m_server->port());
    peer.send(i % 2 == 0 ? "POST / HTTP/1.1\r\nContent-Length: 100\r\n\r\nab"
                         : "GET /size/300000 HTTP/1.1\r\n\r\n");
  }
  expect_alive();
  m_client.reset();
  expect_all_closed();
}

TEST_F(HostileTest, AServerThatAnswersNonsenseIsAnErrorOfTheClient) {
  start(server_options(), [](const HttpRequest&, const HttpsServer::Reply& reply) {
    reply(make_response(200, "text/plain", std::string(500, 'x')));
  });
  ClientOptions options = client_options();
  options.limits.header_bytes = 20;
  const auto refused = (*HttpsClient::create(options))->request(m_url, {});
  EXPECT_EQ(refused.error().code, ErrorCode::kLimit);
  EXPECT_THAT(refused.error().message, HasSubstr("127.0.0.1:"));
}

}  // namespace
}  // namespace assay::net
