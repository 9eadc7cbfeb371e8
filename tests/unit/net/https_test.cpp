#include <gmock/gmock.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <thread>

#include "https_fixture.hpp"

namespace assay::net {
namespace {

using testing::HasSubstr;

HttpRequest post(Bytes body) {
  HttpRequest request;
  request.method = "POST";
  request.target = "/echo";
  request.body = std::move(body);
  return request;
}

Bytes pattern(std::size_t size) {
  Bytes bytes(size);
  std::uint32_t x = 7;
  for (auto& b : bytes) b = static_cast<std::uint8_t>((x = x * 1664525 + 1013904223) >> 24);
  return bytes;
}

TEST_F(HttpsTest, RoundTripOverOneKeptConnection) {
  start();
  for (int i = 0; i < 20; ++i) {
    const auto response = m_client->request(m_url, post(Bytes{1, 2, static_cast<std::uint8_t>(i)}));
    ASSERT_TRUE(response) << response.error().message;
    EXPECT_EQ(response->status, 200u);
    EXPECT_EQ(response->body, (Bytes{1, 2, static_cast<std::uint8_t>(i)}));
    EXPECT_EQ(response->headers.find("x-target"), "/echo");
  }
  HttpRequest head;
  head.method = "HEAD";
  head.target = "/size/1000";
  const auto response = m_client->request(m_url, head);
  ASSERT_TRUE(response) << response.error().message;
  EXPECT_EQ(response->headers.find("content-length"), "1000");
  EXPECT_TRUE(response->body.empty());
  Url named = m_url;
  named.target = "/from-url";
  EXPECT_EQ(m_client->request(named, {})->headers.find("x-target"), "/from-url");
  EXPECT_EQ(m_client->counters().connections, 1u);
  EXPECT_EQ(m_server->counters().requests, 22u);
  EXPECT_EQ(m_server->counters().open_connections, 1u);
}

TEST_F(HttpsTest, LargeBodiesBothWays) {
  start();
  for (const std::size_t size : {std::size_t{8 << 10}, std::size_t{(8 << 10) + 1},
                                 std::size_t{256 << 10}, std::size_t{8 << 20}}) {
    const Bytes body = pattern(size);
    const auto begin = std::chrono::steady_clock::now();
    const auto response = m_client->request(m_url, post(body));
    const std::chrono::duration<double> spent = std::chrono::steady_clock::now() - begin;
    ASSERT_TRUE(response) << response.error().message;
    ASSERT_TRUE(response->body == body) << size;
    if (size == 8u << 20)
      std::printf("figure https_echo_8mib %.0f MB/s\n", 2.0 * 8.388608 / spent.count());
  }
  EXPECT_EQ(m_client->counters().connections, 1u);
}

TEST_F(HttpsTest, RangesOfALargeBody) {
  const Bytes whole = pattern(1 << 20);
  start(server_options(), [&](const HttpRequest& request, const HttpsServer::Reply& reply) {
    const auto answer = resolve_range(request.headers.find("Range").value_or(""), whole.size());
    HttpResponse response;
    response.status = answer.verdict == RangeVerdict::kPart            ? 206
                      : answer.verdict == RangeVerdict::kUnsatisfiable ? 416
                                                                       : 200;
    if (response.status == 200) response.body = whole;
    if (response.status == 206) {
      response.headers.add("Content-Range", content_range_header(answer.range, whole.size()));
      response.body.assign(whole.begin() + static_cast<std::ptrdiff_t>(answer.range.first),
                           whole.begin() + static_cast<std::ptrdiff_t>(answer.range.last + 1));
    }
    reply(response);
  });
  HttpRequest request;
  request.headers.add("Range", range_header({1000, 300'999}));
  const auto part = m_client->request(m_url, request);
  ASSERT_TRUE(part) << part.error().message;
  EXPECT_EQ(part->status, 206u);
  EXPECT_EQ(parse_content_range(*part->headers.find("content-range"))->range,
            (ByteRange{1000, 300'999}));
  EXPECT_TRUE(equal_bytes(part->body, ByteView(whole).subspan(1000, 300'000)));
  request.headers.set("range", "bytes=9999999-");
  EXPECT_EQ(m_client->request(m_url, request)->status, 416u);
  EXPECT_EQ(m_client->request(m_url, {})->body.size(), whole.size());
}

TEST_F(HttpsTest, AnotherAuthorityOrNameIsRefusedInClearWords) {
  start();
  const Certified other =
      *make_authority("other", valid_for_days(static_cast<std::uint64_t>(::time(nullptr)), 1));
  ClientOptions wrong;
  wrong.authority_pem = other.certificate_pem;
  auto client = *HttpsClient::create(wrong);
  const auto refused = client->request(m_url, {});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kIntegrity);
  EXPECT_THAT(refused.error().message, HasSubstr(host_and_port("127.0.0.1", m_url.port)));
  EXPECT_THAT(refused.error().message, HasSubstr("not trusted"));

  ServerOptions named = server_options();
  const Certified made = leaf(authority(), {"somewhere.example"});
  named.certificate_pem = made.certificate_pem;
  named.key_pem = made.key_pem;
  auto misnamed = *HttpsServer::start(named, echo);
  for (const char* host : {"127.0.0.1", "localhost"}) {
    const auto mismatch = m_client->request({host, misnamed->port(), "/"}, {});
    ASSERT_FALSE(mismatch);
    EXPECT_EQ(mismatch.error().code, ErrorCode::kIntegrity);
    EXPECT_THAT(mismatch.error().message, HasSubstr("mismatch"));
  }
  Certified old_leaf = *issue_certificate(authority(), {"old", {"127.0.0.1"}, {1000, 2000}});
  named.certificate_pem = old_leaf.certificate_pem;
  named.key_pem = old_leaf.key_pem;
  auto expired = *HttpsServer::start(named, echo);
  EXPECT_THAT(m_client->request({"127.0.0.1", expired->port(), "/"}, {}).error().message,
              HasSubstr("expired"));
  EXPECT_TRUE(m_client->request({"localhost", m_url.port, "/"}, {}));
  expect_alive();
}

// Whoever pins the old one reaches what the new one has signed, and the other way round.
TEST_F(HttpsTest, ARenewedAuthorityOfTheSameKeyStandsForTheOld) {
  start();
  const auto now = static_cast<std::uint64_t>(::time(nullptr));
  const Certified renewed =
      *make_authority("test authority", valid_for_days(now, 2), authority().key_pem);
  ASSERT_NE(renewed.certificate_pem, authority().certificate_pem);
  ClientOptions pinned;
  pinned.authority_pem = renewed.certificate_pem;
  EXPECT_TRUE((*HttpsClient::create(pinned))->request(m_url, {}));
  ServerOptions options = server_options();
  const LeafOptions names{"leaf", {"127.0.0.1"}, valid_for_days(now, 1)};
  const Certified made = *issue_certificate(renewed, names, options.key_pem);
  EXPECT_EQ(made.key_pem, options.key_pem);
  options.certificate_pem = made.certificate_pem;
  const auto server = *HttpsServer::start(options, echo);
  EXPECT_TRUE(m_client->request({"127.0.0.1", server->port(), "/"}, {}));
}

TEST_F(HttpsTest, AClientCertificateIsDemandedIfOneIsRequired) {
  ServerOptions options = server_options();
  options.client_authority_pem = authority().certificate_pem;
  start(options);
  const auto bare = m_client->request(m_url, {});
  ASSERT_FALSE(bare);
  EXPECT_EQ(bare.error().code, ErrorCode::kPermission) << bare.error().message;
  ClientOptions with = client_options();
  const Certified mine = leaf(authority(), {});
  with.certificate_pem = mine.certificate_pem;
  with.key_pem = mine.key_pem;
  auto client = *HttpsClient::create(with);
  const auto accepted = client->request(m_url, {});
  EXPECT_TRUE(accepted) << accepted.error().message;
  const Certified other =
      *make_authority("other", valid_for_days(static_cast<std::uint64_t>(::time(nullptr)), 1));
  const Certified foreign = leaf(other, {});
  with.certificate_pem = foreign.certificate_pem;
  with.key_pem = foreign.key_pem;
  EXPECT_EQ((*HttpsClient::create(with))->request(m_url, {}).error().code, ErrorCode::kPermission);
}

TEST_F(HttpsTest, UnusableMaterialIsAnInvalidArgument) {
  ServerOptions options = server_options();
  options.key_pem = leaf(authority(), {}).key_pem;
  EXPECT_EQ(HttpsServer::start(options, echo).error().code, ErrorCode::kInvalidArgument);
  options.key_pem = "junk";
  EXPECT_EQ(HttpsServer::start(options, echo).error().code, ErrorCode::kInvalidArgument);
  options = server_options();
  options.certificate_pem = "junk";
  EXPECT_THAT(HttpsServer::start(options, echo).error().message, HasSubstr("certificate"));
  EXPECT_EQ(HttpsClient::create({}).error().code, ErrorCode::kInvalidArgument);
  start();
  options = server_options();
  options.port = m_server->port();
  const auto taken = HttpsServer::start(options, echo);
  EXPECT_EQ(taken.error().code, ErrorCode::kConflict);
  EXPECT_THAT(taken.error().message, HasSubstr(std::to_string(options.port)));
}

TEST_F(HttpsTest, FiftyClientsAtOnce) {
  ServerOptions options = server_options();
  options.threads = 2;
  start(options);
  std::atomic<int> good{0};
  std::vector<std::thread> threads;
  const auto begin = std::chrono::steady_clock::now();
  for (int t = 0; t < 50; ++t)
    threads.emplace_back([&, t] {
      auto own = *HttpsClient::create(client_options());
      // Half of them share one client.
      HttpsClient& client = t % 2 == 0 ? *own : *m_client;
      for (int i = 0; i < 10; ++i) {
        const Bytes body = pattern(static_cast<std::size_t>(100 + t * 10 + i));
        const auto response = client.request(m_url, post(body));
        if (response && response->body == body) ++good;
      }
    });
  for (auto& thread : threads) thread.join();
  const std::chrono::duration<double> spent = std::chrono::steady_clock::now() - begin;
  EXPECT_EQ(good, 500);
  std::printf("figure https_50_clients %.0f requests/s\n", 500.0 / spent.count());
}

TEST_F(HttpsTest, ReportsItsRateOnOneConnection) {
  start();
  constexpr int kRequests = 1000;
  const auto begin = std::chrono::steady_clock::now();
  for (int i = 0; i < kRequests; ++i) ASSERT_TRUE(m_client->request(m_url, post(Bytes(200, 1))));
  const std::chrono::duration<double> spent = std::chrono::steady_clock::now() - begin;
  std::printf("figure https_rate %.0f requests/s\n", kRequests / spent.count());
}

TEST_F(HttpsTest, AnswersMayComeLaterFromAnotherThreadOnceOrNever) {
  std::vector<std::thread> threads;
  start(server_options(), [&](HttpRequest request, HttpsServer::Reply reply) {
    if (request.target == "/dropped") return;
    if (request.target == "/throws") throw std::runtime_error("x");
    if (request.target == "/bad-header") {
      HttpResponse response;
      response.headers.add("X", "a\r\nEvil: 1");
      return reply(response);
    }
    threads.emplace_back([reply = std::move(reply)] {
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
      reply(make_response(201, "text/plain", "late"));
      reply(make_response(202, "text/plain", "again"));
    });
  });
  const auto status = [&](const char* target) {
    HttpRequest request;
    request.target = target;
    const auto response = m_client->request(m_url, request);
    return response ? response->status : 0;
  };
  EXPECT_EQ(status("/late"), 201u);
  EXPECT_EQ(status("/late"), 201u);
  EXPECT_EQ(status("/dropped"), 500u);
  EXPECT_EQ(status("/throws"), 500u);
  EXPECT_EQ(status("/bad-header"), 500u);
  EXPECT_EQ(status("/late"), 201u);
  for (auto& thread : threads) thread.join();
}

TEST_F(HttpsTest, ClientErrorsSayWhereAndWhatToDo) {
  start();
  const std::uint16_t port = m_server->port();
  HttpRequest large;
  large.target = "/size/100000";
  ClientOptions options = client_options();
  options.limits.body_bytes = 1000;
  EXPECT_EQ((*HttpsClient::create(options))->request(m_url, large).error().code, ErrorCode::kLimit);
  HttpRequest evil;
  evil.target = "/a b";
  EXPECT_EQ(m_client->request(m_url, evil).error().code, ErrorCode::kInvalidArgument);
  expect_alive();
  m_server.reset();
  const auto gone = m_client->request(m_url, {});
  ASSERT_FALSE(gone);
  EXPECT_EQ(gone.error().code, ErrorCode::kUnavailable);
  EXPECT_THAT(gone.error().message, HasSubstr("127.0.0.1:" + std::to_string(port)));
  EXPECT_THAT(gone.error().message, HasSubstr("is it running"));
}

TEST_F(HttpsTest, TimeoutsAndCancellingReturn) {
  std::vector<HttpsServer::Reply> held;
  std::atomic<int> waiting{0};
  start(server_options(), [&](const HttpRequest&, HttpsServer::Reply reply) {
    held.push_back(std::move(reply));
    ++waiting;
  });
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_EQ(m_client->request(m_url, {}, {.timeout_ms = 50}).error().code, ErrorCode::kTimeout);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(3));
  std::thread other(
      [&] { EXPECT_EQ(m_client->request(m_url, {}).error().code, ErrorCode::kCancelled); });
  while (waiting < 2) std::this_thread::yield();
  m_client->cancel();
  other.join();
  EXPECT_EQ(m_client->request(m_url, {}).error().code, ErrorCode::kCancelled);
  m_server->stop(0);
  held.front()(make_response(200, "text/plain", "nobody listens"));
}

TEST_F(HttpsTest, ARestartedServerCostsOneQuietRetryAtMost) {
  start();
  expect_alive();
  ServerOptions options = server_options();
  options.port = m_server->port();
  m_server.reset();
  m_server = *HttpsServer::start(options, echo);
  expect_alive();
  const auto again = m_client->request(m_url, post(Bytes{1}));
  EXPECT_TRUE(again) << again.error().message;
  EXPECT_EQ(m_client->counters().connections, 2u);
}

TEST_F(HttpsTest, StopLetsRunningRequestsFinish) {
  std::atomic<bool> inside{false};
  std::thread answering;
  start(server_options(), [&](const HttpRequest&, HttpsServer::Reply reply) {
    inside = true;
    answering = std::thread([reply = std::move(reply)] {
      std::this_thread::sleep_for(std::chrono::milliseconds(60));
      reply(make_response(200, "text/plain", "done"));
    });
  });
  std::thread stopper([&] {
    while (!inside) std::this_thread::yield();
    m_server->stop(2000);
  });
  const auto response = m_client->request(m_url, {});
  EXPECT_TRUE(response) << response.error().message;
  stopper.join();
  answering.join();
  EXPECT_FALSE(m_client->request(m_url, {}));
}

}  // namespace
}  // namespace assay::net
