#include "assay/abci/grammar.hpp"

#include <algorithm>
#include <limits>

namespace assay::abci {

namespace {

// Heights are the peer's.
std::int64_t after(std::int64_t height) {
  return height < std::numeric_limits<std::int64_t>::max() ? height + 1 : height;
}

std::string on(ConnectionId connection) { return " on connection " + std::to_string(connection); }

}  // namespace

std::string_view name_of(GrammarRule rule) noexcept {
  switch (rule) {
    case GrammarRule::kOldConnection: return "old-connection";
    case GrammarRule::kNoHandshake: return "no-handshake";
    case GrammarRule::kNoInitChain: return "no-init-chain";
    case GrammarRule::kInitChainTwice: return "init-chain-twice";
    case GrammarRule::kInitChainOnState: return "init-chain-on-state";
    case GrammarRule::kLateSnapshot: return "late-snapshot";
    case GrammarRule::kChunkWithoutOffer: return "chunk-without-offer";
    case GrammarRule::kSyncUnfinished: return "sync-unfinished";
    case GrammarRule::kWrongHeight: return "wrong-height";
    case GrammarRule::kNoCommit: return "no-commit";
    case GrammarRule::kCommitWithoutBlock: return "commit-without-block";
  }
  return "unknown";
}

GrammarMonitor::Break GrammarMonitor::asked(ConnectionId connection, const Request& request) {
  const Call call = call_of(request);
  switch (call) {
    case Call::kOfferSnapshot: return offer_snapshot(connection);
    case Call::kApplySnapshotChunk: return apply_chunk();
    case Call::kInitChain:
    case Call::kCommit:
    case Call::kPrepareProposal:
    case Call::kProcessProposal:
    case Call::kExtendVote:
    case Call::kVerifyVoteExtension:
    case Call::kFinalizeBlock: break;
    default: return std::nullopt;
  }
  if (Break old = enter(connection, call)) return old;
  if (const auto* init = std::get_if<InitChainRequest>(&request)) return init_chain(*init);
  if (call == Call::kCommit) return commit();
  return std::visit(
      [&](const auto& typed) -> Break {
        if constexpr (
            requires { typed.proposer_address; } || requires { typed.extension; })
          return block_call(call, typed.height);
        else
          return std::nullopt;
      },
      request);
}

void GrammarMonitor::answered(ConnectionId connection, const Response& response) {
  if (const auto* offer = std::get_if<OfferSnapshotResponse>(&response)) {
    if (m_phase == Phase::kOffered && offer->result == OfferSnapshotResult::kAccept)
      m_phase = Phase::kAccepted;
  } else if (const auto* info = std::get_if<InfoResponse>(&response)) {
    m_info_connection = std::max(m_info_connection, connection);
    m_info_height = info->last_block_height;
    if (m_phase == Phase::kRestoring || m_phase == Phase::kRestored) {
      m_phase = Phase::kRestored;
      m_height = after(m_info_height);
    }
  }
}

GrammarMonitor::Break GrammarMonitor::enter(ConnectionId connection, Call call) {
  if (connection < m_consensus)
    return GrammarBreak{GrammarRule::kOldConnection, std::string(name_of(call)) + on(connection) +
                                                         ", but consensus calls have come" +
                                                         on(m_consensus)};
  if (connection > m_consensus) {
    // State synchronisation goes on to blocks, unless that CometBFT died: its own query connection
    // is older than the one of its snapshots.
    if (m_offer == 0 || m_info_connection > m_offer || call == Call::kInitChain) begin_run();
    m_consensus = connection;
    m_offer = 0;
  }
  return std::nullopt;
}

void GrammarMonitor::begin_run() {
  m_consensus_before = m_consensus;
  m_phase = Phase::kStart;
}

GrammarMonitor::Break GrammarMonitor::init_chain(const InitChainRequest& request) {
  const bool first = m_phase == Phase::kStart;
  m_phase = Phase::kInitialised;
  m_height = std::max<std::int64_t>(1, request.initial_height);
  if (!first)
    return GrammarBreak{GrammarRule::kInitChainTwice, "InitChain, but it may only come first"};
  if (handshake_done() && m_info_height > 0)
    return GrammarBreak{GrammarRule::kInitChainOnState,
                        "InitChain, but Info said height " + std::to_string(m_info_height)};
  return std::nullopt;
}

GrammarMonitor::Break GrammarMonitor::begin_height(Call call) {
  const std::string name(name_of(call));
  switch (m_phase) {
    case Phase::kInitialised:
    case Phase::kRestored:
    case Phase::kHeight: return std::nullopt;
    case Phase::kStart:
      m_height = 0;
      if (!handshake_done())
        return GrammarBreak{GrammarRule::kNoHandshake, name + ", but no Info came first"};
      if (m_info_height == 0)
        return GrammarBreak{GrammarRule::kNoInitChain,
                            name + ", but Info said height 0 and no InitChain followed"};
      m_height = after(m_info_height);
      return std::nullopt;
    case Phase::kOffered:
    case Phase::kAccepted:
    case Phase::kRestoring:
      m_height = 0;
      return GrammarBreak{GrammarRule::kSyncUnfinished,
                          name + ", but no snapshot was restored and confirmed by Info"};
    case Phase::kFinalized: break;
  }
  const std::int64_t height = std::exchange(m_height, 0);
  return GrammarBreak{GrammarRule::kNoCommit, name + ", but block " + std::to_string(height) +
                                                  " is executed and not committed"};
}

GrammarMonitor::Break GrammarMonitor::block_call(Call call, std::int64_t height) {
  Break broken = begin_height(call);
  if (!broken && m_height != height)
    broken = GrammarBreak{GrammarRule::kWrongHeight, std::string(name_of(call)) + " of height " +
                                                         std::to_string(height) + ", but " +
                                                         std::to_string(m_height) + " is next"};
  m_height = height;
  m_phase = call == Call::kFinalizeBlock ? Phase::kFinalized : Phase::kHeight;
  return broken;
}

GrammarMonitor::Break GrammarMonitor::commit() {
  if (m_phase != Phase::kFinalized)
    return GrammarBreak{GrammarRule::kCommitWithoutBlock,
                        "Commit, but no FinalizeBlock came before it"};
  m_phase = Phase::kHeight;
  m_height = after(m_height);
  return std::nullopt;
}

GrammarMonitor::Break GrammarMonitor::offer_snapshot(ConnectionId connection) {
  if (connection > m_consensus && connection != m_offer) {
    begin_run();
    m_offer = connection;
  }
  const bool has_blocks = m_phase == Phase::kHeight || m_phase == Phase::kFinalized ||
                          (m_phase == Phase::kStart && handshake_done() && m_info_height > 0);
  if (has_blocks)
    return GrammarBreak{GrammarRule::kLateSnapshot, "OfferSnapshot, but there are blocks already"};
  m_phase = Phase::kOffered;
  return std::nullopt;
}

GrammarMonitor::Break GrammarMonitor::apply_chunk() {
  switch (m_phase) {
    case Phase::kAccepted:
    case Phase::kRestoring:
    case Phase::kRestored: m_phase = Phase::kRestoring; return std::nullopt;
    default: break;
  }
  return GrammarBreak{GrammarRule::kChunkWithoutOffer,
                      "ApplySnapshotChunk, but no snapshot was accepted"};
}

}  // namespace assay::abci
