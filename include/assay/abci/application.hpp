// The face of a replicated application: CometBFT orders transactions, this executes them. Derive
// from Application, and hand it to a Server (server.hpp) or call answer() yourself. The smallest
// one has info(), finalize_block() and commit(); examples/key_value.cpp is a whole one.
#pragma once

#include "assay/abci/request.hpp"
#include "assay/abci/response.hpp"

namespace assay::abci {

// What a transaction takes of PrepareProposalRequest::max_tx_bytes: its bytes, a tag and a length.
[[nodiscard]] std::int64_t bytes_in_block(ByteView tx) noexcept;

// Errors and exceptions become CometBFT's end: it stops on the first one, and so should whatever
// cannot be answered at all (a full disk, a block that cannot follow). A bad transaction is no
// error: it has a code of its own in check_tx() and finalize_block().
//
// Threads. Calls that change or propose state (init_chain, prepare_proposal, process_proposal,
// extend_vote, verify_vote_extension, finalize_block, commit, offer_snapshot,
// apply_snapshot_chunk) never overlap. info() never overlaps init_chain(), commit() or
// apply_snapshot_chunk(): what it says is settled. Everything else runs beside anything else:
// query() and check_tx() while finalize_block() works.
//
// State. Nothing may be durable before commit() and everything must be when it returns, in one
// atomic write with the block's height and app hash. After a crash CometBFT asks info() and
// replays what came later: init_chain() again as long as the height is 0, and finalize_block()
// again for a block that was executed but not committed, which replaces what the first one did.
class Application {
 public:
  virtual ~Application() = default;

  // What is durable: the last height and its app hash.
  [[nodiscard]] virtual Result<InfoResponse> info(InfoRequest request) = 0;
  // Executes a decided block on the state that the last commit() left. The result depends on that
  // state and the block alone.
  [[nodiscard]] virtual Result<FinalizeBlockResponse> finalize_block(
      FinalizeBlockRequest request) = 0;
  // Makes the block of the last finalize_block() durable.
  [[nodiscard]] virtual Result<CommitResponse> commit(CommitRequest request) = 0;

  // Default: the genesis file's validators and parameters, an empty app hash.
  [[nodiscard]] virtual Result<InitChainResponse> init_chain(InitChainRequest request);
  // Default: nothing can be asked for, code 1.
  [[nodiscard]] virtual Result<QueryResponse> query(QueryRequest request);
  // Whether the mempool shall take, or keep, a transaction. Default: all of them.
  [[nodiscard]] virtual Result<CheckTxResponse> check_tx(CheckTxRequest request);

  // Default: the transactions that were offered, in their order, as long as they fit.
  [[nodiscard]] virtual Result<PrepareProposalResponse> prepare_proposal(
      PrepareProposalRequest request);
  // Must accept what prepare_proposal() of an honest node made. Default: accepts.
  [[nodiscard]] virtual Result<ProcessProposalResponse> process_proposal(
      ProcessProposalRequest request);
  // Default: no extension; and none but an empty one is accepted.
  [[nodiscard]] virtual Result<ExtendVoteResponse> extend_vote(ExtendVoteRequest request);
  [[nodiscard]] virtual Result<VerifyVoteExtensionResponse> verify_vote_extension(
      VerifyVoteExtensionRequest request);

  // Snapshots for state synchronisation. Default: there are none, and none is taken.
  [[nodiscard]] virtual Result<ListSnapshotsResponse> list_snapshots(ListSnapshotsRequest request);
  [[nodiscard]] virtual Result<OfferSnapshotResponse> offer_snapshot(OfferSnapshotRequest request);
  [[nodiscard]] virtual Result<LoadSnapshotChunkResponse> load_snapshot_chunk(
      LoadSnapshotChunkRequest request);
  [[nodiscard]] virtual Result<ApplySnapshotChunkResponse> apply_snapshot_chunk(
      ApplySnapshotChunkRequest request);
};

// The application's answer, and ours to Echo and Flush. An error or an exception is an
// ExceptionResponse that names the call and says what was wrong. No locks: see Application for
// which calls may overlap.
[[nodiscard]] Response answer(Application& application, Request request);

}  // namespace assay::abci
