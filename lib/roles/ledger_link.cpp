#include "internal/ledger_link.hpp"

#include <algorithm>

#include "assay/codec/json.hpp"
#include "internal/proven_view.hpp"

namespace assay::roles::internal {

namespace {

constexpr std::uint64_t kWaitBlockMs = 5'000;  // of one long poll
constexpr std::uint64_t kLedgerTimeoutMs = 20'000;
// Where there is another node to ask: a shorter poll, how much longer than its wait it may take,
// and how long a head may stay the same.
constexpr std::uint64_t kWaitOneOfManyMs = 2'000;
constexpr std::uint64_t kPollGraceMs = 4'000;
constexpr std::uint64_t kStillMs = 15'000;
constexpr std::uint64_t kRetryMs = 500;  // after the ledger could not be reached
// How long a node has to show what it told of, and for how long it is not listened to if it did
// not: else it could make every poll so long.
constexpr std::uint64_t kShowMs = 3'000;
constexpr std::uint64_t kDeafMs = 60'000;
constexpr std::size_t kChecksPerPoll = 8;  // of what nodes said of transactions

using codec::Json;
using codec::JsonRef;

bool is_untrue(const Error& error) {
  return error.code == ErrorCode::kIntegrity || error.code == ErrorCode::kMalformed;
}

// Calls that all have to be answered by one deadline, by the loop's clock; none is made after it.
rpc::RpcClient::Post until(const net::EventLoop& loop, const LedgerLinkOptions& options,
                           std::size_t node, std::uint64_t call_ms, std::uint64_t all_ms) {
  return [&loop, &options, node, call_ms,
          deadline = loop.now_ms() + all_ms](const std::string& body) -> Result<Bytes> {
    const std::uint64_t now = loop.now_ms();
    if (now >= deadline) return {ErrorCode::kTimeout, "it stands still: its answers take too long"};
    return options.make_post(options.urls[node], std::min(call_ms, deadline - now))(body);
  };
}

}  // namespace

// What one poll takes with it to its thread.
struct LedgerLink::Question {
  std::size_t node = 0;
  std::uint64_t after = 0;
  std::vector<Claim> claims;
};

LedgerLink::LedgerLink(net::EventLoop& loop, LedgerLinkOptions options, LedgerLinkEvents events,
                       Log& log)
    : m_loop(loop),
      m_options(std::move(options)),
      m_events(std::move(events)),
      m_log(log),
      m_nodes(m_options.urls.size()),
      m_order(m_options.urls.size()) {
  ASSAY_EXPECTS(m_nodes.size() <= kLedgersMax);
  for (std::size_t i = 0; i < m_nodes.size(); ++i) m_nodes[i].url = m_options.urls[i];
}

void LedgerLink::start() {
  m_stopping = false;
  const auto threads = static_cast<unsigned>(m_nodes.size());
  m_poller = std::make_unique<net::WorkerThread>(m_loop);
  m_sender = std::make_unique<net::WorkerThread>(m_loop, threads);
  m_comparer = std::make_unique<net::WorkerThread>(m_loop, threads);
  poll();
  if (m_nodes.size() > 1) compare();
}

void LedgerLink::stop() {
  m_stopping = true;
  m_comparer.reset();
  m_sender.reset();
  m_poller.reset();
}

// One long poll after another: what the ledger holds now, after every block and every few seconds.
void LedgerLink::poll() {
  if (m_stopping) return;
  Question question{m_order.asked(), m_head_height, {}};
  while (!m_claims.empty() && question.claims.size() < kChecksPerPoll) {
    question.claims.push_back(std::move(m_claims.front()));
    m_claims.pop_front();
  }
  const std::size_t node = question.node;
  const auto asked = std::make_shared<const Question>(std::move(question));
  m_poller->call([this, asked] { return ask(*asked); },
                 [this, node, asked](Result<Polled> answer) {
                   // What could not be looked at is looked at the next time.
                   if (!answer)
                     m_claims.insert(m_claims.begin(), asked->claims.begin(), asked->claims.end());
                   polled(node, std::move(answer));
                 });
}

// On the poller's thread. The node need not be believed.
Result<LedgerLink::Polled> LedgerLink::ask(const Question& question) {
  const bool is_alone = m_nodes.size() == 1;
  const std::uint64_t wait_ms = is_alone ? kWaitBlockMs : kWaitOneOfManyMs;
  rpc::RpcClient client(
      is_alone
          ? m_options.make_post(m_options.urls[question.node], kLedgerTimeoutMs)
          : until(m_loop, m_options, question.node, wait_ms + kPollGraceMs, m_options.poll_ms));
  Polled polled;
  if (question.after > 0) {
    const auto head =
        client.call("wait_block",
                    Json::object({{"after", Json(question.after)}, {"timeout_ms", Json(wait_ms)}}));
    // A ledger where too many wait for blocks already still tells what it holds.
    polled.waited = head.has_value();
    if (!head && !is_alone) return head.error();
  }
  Floor floor;
  {
    const std::lock_guard lock(m_floor_mutex);
    floor = m_floor;
  }
  ASSAY_TRY(protocol::View view, ask_view(client, m_options.follow_header, m_options.self,
                                          m_options.principals, m_memory));
  const protocol::BlockHeader head = view.head;
  polled.view = std::make_shared<const protocol::View>(std::move(view));
  if (floor.height > head.height.value && floor.by != question.node) {
    polled.by = floor.by;
    auto newest = ask_newest(floor.by, kShowMs);
    if (!newest)
      polled.not_newer = std::move(newest).error();
    else if (*newest > head.height && newest->value + 1 >= floor.height)
      polled.newer = *newest;  // a replicated ledger shows the one before its head
    else
      polled.not_newer = Error{ErrorCode::kUnavailable, "it told of a block that it does not show"};
  }
  for (const Claim& claim : question.claims) {
    auto result = ask_result(client, head, m_options.self, claim.of.client_id, claim.height);
    if (!result && is_untrue(result.error())) return std::move(result).error();
    polled.results.emplace_back(claim, std::move(result));
  }
  return polled;
}

// The newest header that a node can prove; from then on none below it is followed.
Result<Height> LedgerLink::ask_newest(std::size_t node, std::uint64_t timeout_ms) {
  rpc::RpcClient client(until(m_loop, m_options, node, timeout_ms, timeout_ms));
  const auto header_of = [&client](const Json& params) -> Result<Bytes> {
    ASSAY_TRY(const Json answer, client.call("header_proof", params));
    return JsonRef(answer)["signed_header"].hex();
  };
  ASSAY_TRY(const Bytes proof, header_of(Json::object()));
  ASSAY_TRY(const protocol::BlockHeader header, m_options.follow_header(proof, [&](Height between) {
    return header_of(Json::object({{"height", Json(between.value)}}));
  }));
  return header.height;
}

void LedgerLink::polled(std::size_t node, Result<Polled> answer) {
  if (m_stopping) return;
  if (!answer) return poll_failed(node, answer.error());
  m_refused_by.clear();
  if (is_behind_others(node, *answer)) {
    // What is proven and new is not lost: else who always has a newer header could keep it away.
    if (answer->view->head.height.value > m_head_height)
      show(*answer);
    else
      for (auto& [claim, result] : answer->results) m_claims.push_back(std::move(claim));
    return poll_next_round();
  }
  const std::uint64_t height = answer->view->head.height.value;
  const std::uint64_t now = m_loop.now_ms();
  if (m_nodes.size() > 1 && height == m_head_height && m_head_ms != 0 &&
      now > m_head_ms + kStillMs) {
    m_head_ms = now;  // the next has its time, too; perhaps they all stand still
    for (auto& [claim, result] : answer->results) m_claims.push_back(std::move(claim));
    return poll_failed(node, {ErrorCode::kUnavailable,
                              "it stands still at height " + std::to_string(m_head_height)});
  }
  if (m_failures > 0) log(LogLevel::kInfo, "ledger.reached", {{"url", m_nodes[node].url}});
  m_failures = 0;
  m_nodes[node].is_behind = false;
  show(*answer);
  if (answer->waited) return poll();
  m_loop.call_after(kRetryMs, [this] { poll(); });
}

void LedgerLink::show(Polled& answer) {
  const std::uint64_t height = answer.view->head.height.value;
  if (height != m_head_height || m_head_ms == 0) m_head_ms = m_loop.now_ms();
  m_head_height = height;
  m_events.on_view(answer.view);
  for (auto& [claim, result] : answer.results) settle(std::move(claim), result);
}

// Whether another node has proven more than this one shows though it had the time: then it is last,
// and that one is asked.
bool LedgerLink::is_behind_others(std::size_t node, const Polled& answer) {
  if (answer.not_newer) {
    Node& other = m_nodes[answer.by];
    other.told = {};
    other.deaf_until_ms = m_loop.now_ms() + kDeafMs;
    if (is_untrue(*answer.not_newer)) report_lie(answer.by, answer.not_newer->message);
    set_floor();
  }
  if (answer.newer.value == 0) return false;
  ++m_failures;
  report_behind(node, "it shows height " + std::to_string(answer.view->head.height.value) + ", " +
                          m_nodes[answer.by].url + " proves " + std::to_string(answer.newer.value));
  m_order.ask(answer.by);
  set_floor();
  return true;
}

// On to the next node.
void LedgerLink::poll_failed(std::size_t node, const Error& error) {
  const bool lied = is_untrue(error);
  if (m_failures++ < m_nodes.size())
    log(lied ? LogLevel::kError : LogLevel::kWarning, lied ? "ledger.untrue" : "ledger.unreachable",
        {{"url", m_nodes[node].url}, {"error", error.message}});
  if (error.code == ErrorCode::kIntegrity)
    m_refused_by.insert(node);
  else
    m_refused_by.clear();
  if (m_refused_by.size() == m_nodes.size()) {
    m_stopping = true;
    return m_events.on_lost(error);
  }
  if (m_order.asked() == node) m_order.ask_next();
  if (lied) m_order.put_last(node);
  set_floor();
  poll_next_round();
}

// After a round without any, a pause.
void LedgerLink::poll_next_round() {
  if (m_failures % m_nodes.size() != 0) return poll();
  m_loop.call_after(kRetryMs, [this] { poll(); });
}

// What the other nodes say of their heads. None of it is believed: it says where to look.
void LedgerLink::compare() {
  if (m_stopping) return;
  const std::uint64_t head_before = m_heads_before.front();
  m_heads_before = {m_heads_before.back(), m_head_height};
  for (std::size_t i = 0; i < m_nodes.size(); ++i) {
    if (i == m_order.asked() || m_nodes[i].comparing || m_loop.now_ms() < m_nodes[i].deaf_until_ms)
      continue;
    m_nodes[i].comparing = true;
    m_comparer->call(
        [this, i] {
          rpc::RpcClient client(m_options.make_post(m_options.urls[i], kLedgerTimeoutMs));
          return client.call("wait_block",
                             Json::object({{"after", Json(0)}, {"timeout_ms", Json(1)}}));
        },
        [this, i, head_before](const Result<Json>& answer) { compared(i, head_before, answer); });
  }
  m_loop.call_after(m_options.compare_ms, [this] { compare(); });
}

void LedgerLink::compared(std::size_t node, std::uint64_t head_before, const Result<Json>& answer) {
  Node& n = m_nodes[node];
  n.comparing = false;
  if (m_stopping || !answer) return;
  const auto height = JsonRef(*answer)["height"].u64();
  if (!height) return;
  n.told = {n.told[1], n.told[2], *height};
  if (*height < head_before)
    report_behind(node, "it is at height " + std::to_string(*height) + "; others proved " +
                            std::to_string(head_before) + " a while ago");
  else
    n.is_behind = false;
  set_floor();
}

// What was told two comparisons ago: whoever is asked now had the time to see it, too.
void LedgerLink::set_floor() {
  Floor floor;
  for (std::size_t i = 0; i < m_nodes.size(); ++i)
    if (i != m_order.asked() && m_nodes[i].told.front() > floor.height)
      floor = {m_nodes[i].told.front(), i};
  const std::lock_guard lock(m_floor_mutex);
  m_floor = floor;
}

void LedgerLink::report_behind(std::size_t node, const std::string& why) {
  m_order.put_last(node);
  if (!std::exchange(m_nodes[node].is_behind, true))
    log(LogLevel::kWarning, "ledger.behind", {{"url", m_nodes[node].url}, {"error", why}});
}

void LedgerLink::report_lie(std::size_t node, const std::string& why) {
  m_order.put_last(node);
  if (!std::exchange(m_nodes[node].reported, true))
    log(LogLevel::kError, "ledger.untrue", {{"url", m_nodes[node].url}, {"error", why}});
}

}  // namespace assay::roles::internal
