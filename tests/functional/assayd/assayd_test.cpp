// The ledger node as a process of its own: killed, restarted, shouted at.
#include <gtest/gtest.h>
#include <signal.h>

#include <atomic>
#include <fstream>
#include <mutex>
#include <thread>

#include "assay/host/read_file.hpp"
#include "assay/net/client.hpp"
#include "assay/node/home.hpp"
#include "assay/node/light_client.hpp"
#include "assay/rpc/https.hpp"
#include "support/keys.hpp"
#include "support/process.hpp"
#include "support/raw_socket.hpp"
#include "support/temporary_folder.hpp"

namespace assay::node {
namespace {

using codec::Json;
using codec::JsonRef;

using assay::test::key_of;

using assay::test::Process;

constexpr std::uint8_t kSenders[] = {2, 3};

class Assayd : public ::testing::Test {
 protected:
  void SetUp() override {
    ::setenv("ASSAY_PASSWORD", "a password for tests", 1);
    std::vector<std::string> arguments{ASSAYD_PROGRAM, "init",       "--home",
                                       home(),         "--scrypt-n", "1024"};
    for (const std::uint8_t seed : kSenders) {
      arguments.push_back("--account");
      arguments.push_back(to_hex(key_of(seed).public_key()) + "=1000000");
    }
    ASSERT_EQ(Process(arguments).wait(), 0);
    m_genesis = read_home(m_folder.path() / "node")->genesis;
  }
  std::string home() const { return (m_folder.path() / "node").string(); }
  void start() {
    m_process = std::make_unique<Process>(
        std::vector<std::string>{ASSAYD_PROGRAM, "run", "--home", home(), "--port", "0",
                                 "--block-interval-ms", "5", "--log-level", "warning"});
    m_url = m_process->line();
    ASSERT_TRUE(m_url.starts_with("https://127.0.0.1:")) << m_url;
    net::ClientOptions options;
    const Bytes pem = *host::read_file(authority_path(home()), 65536);
    options.authority_pem.assign(pem.begin(), pem.end());
    m_http = std::move(*net::HttpsClient::create(options));
  }
  rpc::RpcClient client() { return rpc::RpcClient(rpc::make_post(*m_http, m_url, 10'000)); }
  Json call(const char* method, const Json& params = Json::object()) {
    auto result = client().call(method, params);
    EXPECT_TRUE(result) << result.error().message;
    return result ? *result : Json();
  }
  std::uint16_t port() const {
    return static_cast<std::uint16_t>(std::stoi(m_url.substr(m_url.rfind(':') + 1)));
  }
  net::HttpResponse http(const char* method, const char* target, const char* body = "") {
    net::HttpRequest request;
    request.method = method;
    request.target = target;
    request.body = to_bytes(as_bytes(body));
    auto response = m_http->request(*net::parse_url(m_url), request);
    EXPECT_TRUE(response) << response.error().message;
    return response ? *response : net::HttpResponse{};
  }
  Bytes transfer(std::uint8_t from, std::uint64_t nonce) {
    protocol::Envelope e;
    e.chain = chain_id_of(m_genesis);
    e.sender = AccountId{key_of(from).public_key()};
    e.nonce = nonce;
    store_le(e.client_id.data(), nonce);
    e.valid_until = Height{100'000};
    e.payload = protocol::Transfer{AccountId{key_of(9).public_key()}, Amount{1}};
    return sign_transaction(e, key_of(from));
  }

  test::TemporaryFolder m_folder;
  protocol::Genesis m_genesis;
  std::unique_ptr<Process> m_process;
  std::unique_ptr<net::HttpsClient> m_http;
  std::string m_url;
};

TEST_F(Assayd, KilledAtAnyMomentItKeepsWhatItAcknowledged) {
  std::uint64_t nonce[2] = {0, 0};
  std::map<std::string, std::uint64_t> acknowledged;  // id, height
  std::map<std::uint64_t, std::string> headers;       // height, signed header
  for (int round = 0; round < 4; ++round) {
    start();
    std::mutex mutex;
    std::atomic<bool> killed{false};
    std::vector<std::thread> load;
    for (std::size_t who = 0; who < 2; ++who)
      load.emplace_back([&, who] {
        while (!killed) {
          const Bytes tx = transfer(kSenders[who], ++nonce[who]);
          const auto answer =
              client().call("submit_transaction", Json::object({{"tx", to_hex(tx)}}));
          if (!answer) break;
          const auto id = JsonRef(*answer)["tx"].string();
          const auto height = JsonRef(*answer)["height"].u64();
          const std::lock_guard lock(mutex);
          EXPECT_EQ(*JsonRef(*answer)["verdict_code"].u64(), 0u);
          acknowledged[*id] = *height;
        }
      });
    std::this_thread::sleep_for(std::chrono::milliseconds(120 + 70 * round));
    if (const auto head = client().call("get_block_header", Json::object()))
      headers[*JsonRef(*head)["header"]["height"].u64()] =
          *JsonRef(*head)["signed_header"].string();
    EXPECT_EQ(m_process->kill_and_wait(SIGKILL), -SIGKILL);
    killed = true;
    for (auto& thread : load) thread.join();
  }
  start();
  EXPECT_GT(acknowledged.size(), 20u);
  for (const auto& [id, height] : acknowledged) {
    const Json result = call("transaction_result", Json::object({{"tx", id}}));
    EXPECT_EQ(*JsonRef(result)["height"].u64(), height);
    EXPECT_EQ(*JsonRef(result)["verdict_code"].u64(), 0u);
  }
  // The same blocks with the same state roots, and one unbroken chain of them.
  for (const auto& [height, header] : headers)
    EXPECT_EQ(
        *JsonRef(call("get_block_header", Json::object({{"height", height}})))["signed_header"]
             .string(),
        header);
  LightClient light(m_genesis);
  const std::uint64_t head = *JsonRef(call("chain_status"))["head"]["height"].u64();
  for (std::uint64_t h = 0; h <= head; ++h) {
    const Json answer = call("get_block_header", Json::object({{"height", h}}));
    const auto header = decode_signed_header(*from_hex(*JsonRef(answer)["signed_header"].string()));
    ASSERT_TRUE(header);
    ASSERT_EQ(light.follow(*header), HeaderVerdict::kValid) << h;
  }
  // Nothing was lost or made: what left the senders arrived.
  const Json account = call("account", Json::object({{"account", to_hex(key_of(9).public_key())}}));
  std::uint64_t left = 0;
  for (const std::uint8_t seed : kSenders) {
    const Json sender =
        call("account", Json::object({{"account", to_hex(key_of(seed).public_key())}}));
    left += 1'000'000 - std::stoull(*JsonRef(sender)["account"]["available"].string());
  }
  EXPECT_EQ(std::stoull(*JsonRef(account)["account"]["available"].string()), left);
  EXPECT_GE(left, acknowledged.size());
  EXPECT_EQ(m_process->kill_and_wait(SIGTERM), 0);
}

TEST_F(Assayd, GarbageAndPlainHttpDoItNoHarm) {
  start();
  for (const std::string& garbage :
       {std::string("GET / HTTP/1.1\r\n\r\n"), std::string(10'000, '\0'),
        std::string("\x16\x03\x01\xff\xff")}) {
    assay::test::RawSocket socket(port());
    ASSERT_TRUE(socket.connected());
    socket.send(garbage);
  }
  EXPECT_EQ(http("POST", "/rpc", "{").status, 200u);
  EXPECT_EQ(http("POST", "/rpc", R"({"jsonrpc":"2.0","method":"totals"})").status, 204u);
  EXPECT_EQ(http("GET", "/rpc").status, 405u);
  EXPECT_EQ(http("GET", "/nothing").status, 404u);
  const net::HttpResponse health = http("GET", "/healthz");
  EXPECT_EQ(health.status, 200u);
  EXPECT_EQ(std::string(health.body.begin(), health.body.end()), "ok\n");
  const net::HttpResponse status = http("GET", "/status");
  EXPECT_TRUE(codec::parse_json(std::string(status.body.begin(), status.body.end())));
  const net::HttpResponse metrics = http("GET", "/metrics");
  EXPECT_NE(std::string(metrics.body.begin(), metrics.body.end()).find("assay_ledger_height 0"),
            std::string::npos);
  EXPECT_EQ(m_process->kill_and_wait(SIGTERM), 0);
}

TEST_F(Assayd, WhoeverWaitsIsAnsweredWhenItStops) {
  start();
  std::atomic<bool> asked{false};
  std::thread waiter([&] {
    asked = true;
    const auto answer = client().call("wait_block", Json::object({{"after", 100}}));
    EXPECT_FALSE(answer);
    if (!answer) {
      EXPECT_EQ(answer.error().code, ErrorCode::kUnavailable);
    }
  });
  while (!asked) std::this_thread::yield();
  std::this_thread::sleep_for(std::chrono::milliseconds(200));
  EXPECT_EQ(m_process->kill_and_wait(SIGTERM), 0);
  waiter.join();
}

TEST_F(Assayd, ASecondOneAndASecondInitAreRefused) {
  start();
  EXPECT_NE(Process({ASSAYD_PROGRAM, "run", "--home", home(), "--port", "0"}).wait(), 0);
  EXPECT_NE(Process({ASSAYD_PROGRAM, "init", "--home", home(), "--scrypt-n", "1024"}).wait(), 0);
  ::setenv("ASSAY_PASSWORD", "another password", 1);
  EXPECT_EQ(m_process->kill_and_wait(SIGTERM), 0);
  EXPECT_NE(Process({ASSAYD_PROGRAM, "run", "--home", home(), "--port", "0"}).wait(), 0);
}

}  // namespace
}  // namespace assay::node
