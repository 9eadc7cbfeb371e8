// HTTP over a plain stream against a server of raw bytes.
#include "assay/net/stream_http.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <thread>

namespace assay::net {
namespace {

constexpr char kAnswer[] = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

// Serves connections one after another by `serve`, which is given each and its number.
class RawServer {
 public:
  explicit RawServer(std::function<void(Stream&, int)> serve)
      : m_listener(*StreamListener::listen({"", "127.0.0.1", 0})),
        m_thread([this, serve = std::move(serve)] {
          for (int number = 0;; ++number) {
            auto stream = m_listener.accept();
            if (!stream) return;
            serve(*stream, number);
          }
        }) {}
  ~RawServer() {
    m_listener.cancel();
    m_thread.join();
  }
  [[nodiscard]] StreamAddress address() const { return m_listener.address(); }

 private:
  StreamListener m_listener;
  std::thread m_thread;
};

// True until the peer is gone.
bool read_request(Stream& stream) {
  std::string text;
  std::uint8_t buffer[512];
  while (text.find("\r\n\r\n") == std::string::npos) {
    const auto count = stream.read_some(buffer);
    if (!count || *count == 0) return false;
    text.append(buffer, buffer + *count);
  }
  return true;
}

std::string text_of(const HttpResponse& response) {
  return {response.body.begin(), response.body.end()};
}

TEST(StreamHttp, MakesMoreCallsOnOneConnectionAndConnectsAgain) {
  int connections = 0;
  RawServer server([&](Stream& stream, int number) {
    connections = number + 1;
    // The first ends after two answers.
    for (int left = number == 0 ? 2 : 9; left > 0 && read_request(stream); --left)
      EXPECT_TRUE(stream.write_all(as_bytes(kAnswer)));
  });
  {
    StreamHttp http({.address = server.address(), .limits = {}, .timeout_ms = 5'000});
    for (int call = 0; call < 5; ++call) {
      const auto response = http.request({});
      ASSERT_TRUE(response) << response.error().message;
      EXPECT_EQ(text_of(*response), "ok");
    }
  }
  EXPECT_EQ(connections, 2);
}

TEST(StreamHttp, SaysWhetherTheRequestMayHaveArrived) {
  StreamAddress nobody;
  {
    auto listener = StreamListener::listen({"", "127.0.0.1", 0});
    ASSERT_TRUE(listener);
    nobody = listener->address();
  }
  StreamHttp refused({.address = nobody, .limits = {}, .timeout_ms = 200});
  EXPECT_EQ(refused.request({}).error().code, ErrorCode::kUnavailable);

  // A listener that nobody serves takes the request into its queue and stays silent.
  auto silent = StreamListener::listen({"", "127.0.0.1", 0});
  ASSERT_TRUE(silent);
  StreamHttp waits({.address = silent->address(), .limits = {}, .timeout_ms = 100});
  EXPECT_EQ(waits.request({}).error().code, ErrorCode::kTimeout);

  RawServer cuts([](Stream& stream, int) {
    (void)read_request(stream);
    (void)stream.write_all(as_bytes("HTTP/1.1 200 OK\r\nContent-Le"));
  });
  StreamHttp half({.address = cuts.address(), .limits = {}, .timeout_ms = 5'000});
  EXPECT_EQ(half.request({}).error().code, ErrorCode::kMalformed);
}

TEST(StreamHttp, CancelEndsACallThatWaits) {
  auto silent = StreamListener::listen({"", "127.0.0.1", 0});
  ASSERT_TRUE(silent);
  StreamHttp http({.address = silent->address(), .limits = {}, .timeout_ms = 60'000});
  std::thread canceller([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    http.cancel();
  });
  EXPECT_EQ(http.request({}).error().code, ErrorCode::kCancelled);
  EXPECT_EQ(http.request({}).error().code, ErrorCode::kCancelled);
  canceller.join();
}

}  // namespace
}  // namespace assay::net
