#include "internal/session.hpp"

namespace assay::abci {

namespace {

bool concerns_state(Call call) {
  switch (call) {
    case Call::kInitChain:
    case Call::kCommit:
    case Call::kOfferSnapshot:
    case Call::kApplySnapshotChunk:
    case Call::kPrepareProposal:
    case Call::kProcessProposal:
    case Call::kExtendVote:
    case Call::kVerifyVoteExtension:
    case Call::kFinalizeBlock: return true;
    default: return false;
  }
}

bool settles_state(Call call) {
  return call == Call::kInfo || call == Call::kInitChain || call == Call::kCommit ||
         call == Call::kApplySnapshotChunk;
}

}  // namespace

Response Calls::answer(ConnectionId connection, Request request) {
  const Call call = call_of(request);
  std::unique_lock state(m_state_calls, std::defer_lock);
  std::unique_lock settled(m_settled, std::defer_lock);
  if (concerns_state(call)) state.lock();
  if (settles_state(call)) settled.lock();
  if (auto refused = check_order(connection, request)) return std::move(*refused);
  Response response = abci::answer(m_application, std::move(request));
  ++requests;
  if (const auto* exception = std::get_if<ExceptionResponse>(&response))
    return refuse(connection, exception->error);
  const std::lock_guard lock(m_grammar_mutex);
  m_grammar.answered(connection, response);
  return response;
}

Response Calls::refuse(ConnectionId connection, const std::string& why) {
  ++exceptions;
  m_log.write(LogLevel::kError, "abci.exception",
              {{"connection", std::to_string(connection)}, {"error", why}});
  return ExceptionResponse{why};
}

std::optional<Response> Calls::check_order(ConnectionId connection, const Request& request) {
  std::optional<GrammarBreak> broken;
  {
    const std::lock_guard lock(m_grammar_mutex);
    broken = m_grammar.asked(connection, request);
  }
  if (!broken) return std::nullopt;
  ++grammar_breaks;
  m_log.write(LogLevel::kWarning, "abci.grammar",
              {{"connection", std::to_string(connection)},
               {"rule", std::string(name_of(broken->rule))},
               {"call", broken->words}});
  if (m_policy == GrammarPolicy::kReport) return std::nullopt;
  return refuse(connection, "a call out of order: " + broken->words);
}

}  // namespace assay::abci
