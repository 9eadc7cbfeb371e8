// Watches the order of calls: CometBFT states it as a grammar ("CometBFT's expected behavior" of
// its ABCI specification), docs/spec/abci.md as the table of states that is kept here. Pure: no
// I/O, no clock, no thread.
#pragma once

#include "assay/abci/request.hpp"
#include "assay/abci/response.hpp"

namespace assay::abci {

// Ascending in the order of connecting, never used twice.
using ConnectionId = std::uint64_t;

enum class GrammarRule : std::uint8_t {
  kOldConnection = 1,   // a consensus call, but a younger connection has made some since
  kNoHandshake,         // a consensus call, but neither Info nor InitChain came first
  kNoInitChain,         // a consensus call, but Info said height 0 and InitChain did not follow
  kInitChainTwice,      // InitChain after a consensus call or another InitChain
  kInitChainOnState,    // InitChain, but Info said a height over 0
  kLateSnapshot,        // OfferSnapshot, but there are blocks
  kChunkWithoutOffer,   // ApplySnapshotChunk, but no snapshot was accepted
  kSyncUnfinished,      // a consensus call, but no Info came after the snapshot's last chunk
  kWrongHeight,         // a block that is not the next one
  kNoCommit,            // a consensus call between FinalizeBlock and its Commit
  kCommitWithoutBlock,  // Commit, but not after FinalizeBlock
};
// "wrong-height".
[[nodiscard]] std::string_view name_of(GrammarRule rule) noexcept;

struct GrammarBreak {
  GrammarRule rule{};
  std::string words;  // the call, what was expected
};

// Fed every request before the application sees it, and every answer. After a break it goes on
// from where the caller seems to be, so that one mistake is one break. Echo, Flush, Query,
// CheckTx, ListSnapshots and LoadSnapshotChunk may come at any time.
class GrammarMonitor {
 public:
  [[nodiscard]] std::optional<GrammarBreak> asked(ConnectionId connection, const Request& request);
  void answered(ConnectionId connection, const Response& response);

 private:
  enum class Phase : std::uint8_t {
    kStart,        // neither InitChain nor a block yet
    kInitialised,  // after InitChain
    kOffered,      // a snapshot was refused, or is not answered yet
    kAccepted,     // chunks may follow
    kRestoring,    // at least one chunk came
    kRestored,     // and Info after it
    kHeight,       // in the rounds of a height
    kFinalized,    // Commit must follow
  };
  using Break = std::optional<GrammarBreak>;

  // A younger connection than before: CometBFT was started anew.
  [[nodiscard]] Break enter(ConnectionId connection, Call call);
  void begin_run();
  [[nodiscard]] Break init_chain(const InitChainRequest& request);
  [[nodiscard]] Break block_call(Call call, std::int64_t height);
  [[nodiscard]] Break begin_height(Call call);
  [[nodiscard]] Break commit();
  [[nodiscard]] Break offer_snapshot(ConnectionId connection);
  [[nodiscard]] Break apply_chunk();
  // Info was answered to the CometBFT that makes the consensus calls. All its connections are
  // younger than its predecessor's; whether they were accepted before the Info is chance.
  [[nodiscard]] bool handshake_done() const { return m_info_connection > m_consensus_before; }

  ConnectionId m_info_connection = 0;  // the youngest that Info was answered on
  std::int64_t m_info_height = 0;      // of the last Info
  ConnectionId m_consensus = 0;        // the connection of the consensus calls
  ConnectionId m_consensus_before = 0;
  ConnectionId m_offer = 0;  // of the OfferSnapshot that began this run; 0 after a consensus call
  Phase m_phase = Phase::kStart;
  std::int64_t m_height = 0;  // the next, or the present one; 0: not known
};

}  // namespace assay::abci
