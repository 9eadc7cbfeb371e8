// What a node shows besides the ledger: figures, the faucet, the operator's calls.
#include <gmock/gmock.h>

#include "assay/node/faucet.hpp"
#include "assay/node/metrics.hpp"
#include "assay/node/operator_service.hpp"
#include "assay/rpc/client.hpp"
#include "node_world.hpp"

namespace assay::node::test {
namespace {

using codec::Json;
using codec::JsonRef;
using testing::HasSubstr;

TEST(Metrics, HistogramsAreCumulativeAndLabelsEscaped) {
  NodeMetrics metrics;
  for (const std::uint64_t us : {500u, 1000u, 1001u, 60'000'000u}) metrics.block.observe(us);
  metrics.verdicts[protocol::TxVerdict::kApplied] = 3;
  metrics.call_errors[{"x\"y\\z\n", -32602}] = 1;
  MetricsPage page;
  metrics.write(page);
  EXPECT_THAT(page.text(), HasSubstr("# TYPE assay_block_duration_seconds histogram\n"));
  EXPECT_THAT(page.text(), HasSubstr("assay_block_duration_seconds_bucket{le=\"0.001\"} 2\n"));
  EXPECT_THAT(page.text(), HasSubstr("assay_block_duration_seconds_bucket{le=\"0.005\"} 3\n"));
  EXPECT_THAT(page.text(), HasSubstr("assay_block_duration_seconds_bucket{le=\"30\"} 3\n"));
  EXPECT_THAT(page.text(), HasSubstr("assay_block_duration_seconds_bucket{le=\"+Inf\"} 4\n"));
  EXPECT_THAT(page.text(), HasSubstr("assay_block_duration_seconds_sum 60.002501\n"));
  EXPECT_THAT(page.text(), HasSubstr("assay_block_duration_seconds_count 4\n"));
  EXPECT_THAT(page.text(), HasSubstr("assay_transactions_total{verdict=\"applied\"} 3\n"));
  EXPECT_THAT(page.text(), HasSubstr("{method=\"x\\\"y\\\\z\\n\",code=\"-32602\"} 1\n"));
  MetricsPage process;
  write_process_metrics(process);
  EXPECT_THAT(process.text(), HasSubstr("process_resident_memory_bytes "));
  EXPECT_THAT(process.text(), HasSubstr("process_cpu_seconds_total "));
}

struct FaucetWorld : World {
  crypto::KeyPair faucet_key = key_of(2);
  FaucetOptions faucet_options{.amount = Amount{10}, .daily_payments_max = 3};
  std::unique_ptr<Faucet> faucet;
  std::unique_ptr<rpc::Dispatcher> dispatcher;
  explicit FaucetWorld(bool enabled = true) { serve(enabled); }
  void serve(bool enabled = true) {
    dispatcher = std::make_unique<rpc::Dispatcher>();
    faucet =
        std::make_unique<Faucet>(*node, enabled ? &faucet_key : nullptr, clock, faucet_options);
    faucet->register_methods(*dispatcher);
  }
  // The error's code, or 0.
  std::int64_t ask(std::uint8_t account, const char* address) {
    rpc::Caller caller;
    caller.address = address;
    std::optional<std::string> answer;
    dispatcher->handle(
        rpc::make_request(1, "faucet",
                          Json::object({{"account", to_hex(account_of(account).value)}})),
        [&](std::string text) { answer = std::move(text); }, caller);
    while (!answer && step()) {
    }
    EXPECT_TRUE(answer);
    const auto json = codec::parse_json(answer.value_or("{}"));
    const auto code = JsonRef(*json)["error"]["code"].i64();
    return code ? *code : 0;
  }
};
constexpr std::int64_t kLimitCode = rpc::code_of(ErrorCode::kLimit);

// INV-NOD-011.
TEST(Faucet, PaysAnAccountAndAnAddressOnceADay) {
  FaucetWorld w;
  EXPECT_EQ(w.ask(20, "10.0.0.1"), 0);
  EXPECT_EQ(w.balance(20), 10u);
  EXPECT_EQ(w.ask(20, "10.0.0.2"), kLimitCode) << "the account again";
  EXPECT_EQ(w.ask(21, "10.0.0.1"), kLimitCode) << "the address again";
  EXPECT_EQ(w.ask(21, "10.0.0.2"), 0);
  // After a restart the ledger still knows whom it paid.
  w.start();
  w.serve();
  EXPECT_EQ(w.ask(20, "10.0.0.9"), kLimitCode);
  EXPECT_EQ(w.balance(20), 10u);
  w.clock.now += 86'400'000;
  EXPECT_EQ(w.ask(20, "10.0.0.1"), 0);
  EXPECT_EQ(w.balance(20), 20u);
}

TEST(Faucet, GivesNoMoreThanItsDailySumAndOnlyWhereItIsOn) {
  FaucetWorld w;
  EXPECT_EQ(w.ask(20, "a"), 0);
  EXPECT_EQ(w.ask(21, "b"), 0);
  EXPECT_EQ(w.ask(22, "c"), 0);
  EXPECT_EQ(w.ask(23, "d"), kLimitCode);
  FaucetWorld off(false);
  EXPECT_EQ(off.ask(20, "a"), rpc::code_of(ErrorCode::kUnsupported));
  FaucetWorld poor;
  poor.faucet_options.amount = Amount{5000};
  poor.serve();
  EXPECT_EQ(poor.ask(20, "a"), rpc::code_of(ErrorCode::kUnavailable));
  EXPECT_EQ(poor.balance(20), 0u);
}

TEST(OperatorService, ActsOnTheNode) {
  bool stopped = false;
  LogLevel level = LogLevel::kInfo;
  net::RateLimiter limiter({.calls_per_s = 7, .burst = 9});
  rpc::Dispatcher dispatcher;
  register_operator_methods(dispatcher, {[&] { stopped = true; }, [&] { return level; },
                                         [&](LogLevel l) { level = l; }, &limiter,
                                         [] {
                                           return std::vector<net::AddressUse>{{"10.0.0.1", 3, 1}};
                                         }});
  rpc::RpcClient client([&](const std::string& body) -> Result<Bytes> {
    std::string answer;
    dispatcher.handle(body, [&](std::string text) { answer = std::move(text); });
    return to_bytes(as_bytes(answer));
  });
  EXPECT_EQ(*client.call("log_level", Json::object({{"level", "debug"}})),
            Json::object({{"level", "debug"}}));
  EXPECT_EQ(level, LogLevel::kDebug);
  EXPECT_FALSE(client.call("log_level", Json::object({{"level", "loud"}})));
  EXPECT_EQ(*JsonRef(*client.call("limits", Json::object({{"burst", 11}})))["calls_per_s"].u64(),
            7u);
  EXPECT_EQ(limiter.limits().burst, 11u);
  EXPECT_EQ(*JsonRef(*client.call("peers", Json::object()))["peers"].at(0)["connections"].u64(),
            3u);
  EXPECT_TRUE(client.call("shut_down", Json::object()));
  EXPECT_TRUE(stopped);
}

}  // namespace
}  // namespace assay::node::test
