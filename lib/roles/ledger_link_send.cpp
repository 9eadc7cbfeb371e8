// What a role sends, and what nodes say became of it.
#include "assay/codec/json.hpp"
#include "internal/ledger_link.hpp"

namespace assay::roles::internal {

namespace {

// Of one call; twice the bytes of the largest must fit a request.
constexpr std::size_t kTransactionsPerCall = 32;
constexpr std::uint64_t kSendTimeoutMs = 20'000;
constexpr std::size_t kSentMax = 4096;   // whose tries are counted
constexpr std::size_t kClaimsMax = 256;  // that wait for their proof
constexpr unsigned kLooksMax = 8;        // at one of them

using codec::Json;
using codec::JsonRef;
using protocol::TxVerdict;

std::string said(TxVerdict verdict) {
  return std::string("'") + protocol::to_string(verdict) + "'";
}

}  // namespace

void LedgerLink::send(Bytes transaction) {
  protocol::ParsedTransaction parsed;
  ASSAY_EXPECTS(protocol::parse_transaction(m_options.chain, transaction, parsed) ==
                TxVerdict::kApplied);
  // What has to be sent again goes to the next node: the one before may keep it to itself.
  if (m_sent.size() >= kSentMax) m_sent.clear();
  Sent& sent = m_sent[parsed.envelope.client_id];
  sent.newest = parsed.id;
  const std::size_t to = m_order.nth(sent.tries++);
  m_nodes[to].outgoing.push_back({protocol::to_string(protocol::kind_of(parsed.envelope.payload)),
                                  parsed.envelope.client_id, parsed.id, parsed.content,
                                  std::move(transaction)});
  send_waiting(to);
}

// What waits for a node goes together, once the call before has come back.
void LedgerLink::send_waiting(std::size_t to) {
  std::deque<Outgoing>& outgoing = m_nodes[to].outgoing;
  if (m_stopping || m_nodes[to].sending || outgoing.empty()) return;
  m_nodes[to].sending = true;
  const std::size_t count = std::min(outgoing.size(), kTransactionsPerCall);
  const auto sent = std::make_shared<std::vector<Outgoing>>(
      std::make_move_iterator(outgoing.begin()),
      std::make_move_iterator(outgoing.begin() + static_cast<std::ptrdiff_t>(count)));
  outgoing.erase(outgoing.begin(), outgoing.begin() + static_cast<std::ptrdiff_t>(count));
  const auto call = [this, to, sent]() -> Result<Json> {
    rpc::RpcClient client(m_options.make_post(m_options.urls[to], kSendTimeoutMs));
    Json txs = Json::array();
    for (const Outgoing& one : *sent) txs.push_back(to_hex(one.bytes));
    return client.call("submit_transactions", Json::object({{"txs", std::move(txs)}}));
  };
  m_sender->call(call, [this, to, sent](const Result<Json>& answer) {
    m_nodes[to].sending = false;
    if (m_stopping) return;
    const auto outcomes = answer ? JsonRef(*answer)["outcomes"].items()
                                 : Result<std::vector<JsonRef>>(answer.error());
    for (std::size_t i = 0; i < sent->size(); ++i) {
      Outgoing& one = (*sent)[i];
      if (outcomes && i < outcomes->size()) {
        answered(to, std::move(one), (*outcomes)[i]);
        continue;
      }
      log(LogLevel::kDebug, "transaction.unanswered",
          {{"kind", one.kind}, {"error", outcomes ? "no outcome" : outcomes.error().message}});
      pass_on(to, std::move(one));
    }
    send_waiting(to);
  });
}

// A verdict that the ledger has recorded is shown by the state; of another one nothing is left but
// a node's word.
void LedgerLink::answered(std::size_t node, Outgoing sent, const JsonRef& told) {
  const auto code = told["verdict_code"].u64();
  if (!code || *code > protocol::kTxVerdictLast) {
    const auto why = told["error"]["message"].string();
    log(LogLevel::kDebug, "transaction.unanswered",
        {{"kind", sent.kind}, {"error", why ? *why : "no verdict"}});
    return pass_on(node, std::move(sent));
  }
  const auto verdict = static_cast<TxVerdict>(*code);
  const auto height = told["height"].u64();
  log(LogLevel::kDebug, "transaction.answered",
      {{"kind", sent.kind}, {"verdict", protocol::to_string(verdict)}});
  if (verdict == TxVerdict::kApplied && sent.refused_by.empty()) return;
  if (protocol::is_recorded(verdict) || verdict == TxVerdict::kClientIdReused)
    return claim({std::move(sent), verdict, Height{height ? *height : 0}, node, 0});
  sent.refused_by.emplace_back(node, verdict);
  pass_on(node, std::move(sent));
}

// To the next node, until all were asked; then their last word is the role's, whom it costs nothing
// but a line in its log.
void LedgerLink::pass_on(std::size_t from, Outgoing sent) {
  const auto found = m_sent.find(sent.client_id);
  if (found != m_sent.end() && found->second.newest != sent.id) return;  // another took its place
  if (++sent.asked_nodes < m_nodes.size()) {
    const std::size_t to = m_order.after(from);
    m_nodes[to].outgoing.push_back(std::move(sent));
    return send_waiting(to);
  }
  if (!sent.refused_by.empty())
    m_events.on_refused({sent.client_id, sent.refused_by.back().second, 0});
}

// The next view comes with what the state says of it.
void LedgerLink::claim(Claim claim) {
  if (m_claims.size() >= kClaimsMax) m_claims.pop_front();
  m_claims.push_back(std::move(claim));
}

void LedgerLink::settle(Claim claim, const Result<std::optional<ProvenResult>>& result) {
  if (!result) {
    // Not shown yet, or by this node not at all. The role sends again in the meantime.
    if (++claim.looks < kLooksMax) m_claims.push_back(std::move(claim));
    return;
  }
  if (*result) return settle(claim, **result);
  if (claim.height.value != 0)
    report_lie(claim.by, "it said " + said(claim.verdict) + " of what block " +
                             std::to_string(claim.height.value) + " does not hold");
}

void LedgerLink::settle(const Claim& claim, const ProvenResult& first) {
  const bool is_reused = first.content != claim.of.content;
  const TxVerdict truth = is_reused ? TxVerdict::kClientIdReused : first.verdict;
  if (claim.verdict != truth)
    report_lie(claim.by,
               "it said " + said(claim.verdict) + " of what the ledger answered by " + said(truth));
  if (truth != TxVerdict::kApplied)
    return m_events.on_refused(
        {claim.of.client_id, truth, is_reused ? std::uint8_t{0} : first.detail});
  if (first.id != claim.of.id) return;
  for (const auto& [node, verdict] : claim.of.refused_by)
    report_lie(node, "it refused by " + said(verdict) + " what the ledger applied");
}

}  // namespace assay::roles::internal
