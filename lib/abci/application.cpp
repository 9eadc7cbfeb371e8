#include "assay/abci/application.hpp"

#include <array>
#include <exception>

namespace assay::abci {

std::string_view name_of(Call call) noexcept {
  static constexpr std::array<std::string_view, kCalls> kNames = {"Echo",
                                                                  "Flush",
                                                                  "Info",
                                                                  "InitChain",
                                                                  "Query",
                                                                  "CheckTx",
                                                                  "Commit",
                                                                  "ListSnapshots",
                                                                  "OfferSnapshot",
                                                                  "LoadSnapshotChunk",
                                                                  "ApplySnapshotChunk",
                                                                  "PrepareProposal",
                                                                  "ProcessProposal",
                                                                  "ExtendVote",
                                                                  "VerifyVoteExtension",
                                                                  "FinalizeBlock"};
  return kNames[static_cast<std::size_t>(call)];
}

std::int64_t bytes_in_block(ByteView tx) noexcept {
  std::int64_t length_bytes = 1;
  for (std::size_t rest = tx.size() >> 7; rest > 0; rest >>= 7) ++length_bytes;
  return 1 + length_bytes + static_cast<std::int64_t>(tx.size());
}

Result<InitChainResponse> Application::init_chain(InitChainRequest) { return InitChainResponse{}; }

Result<QueryResponse> Application::query(QueryRequest) {
  QueryResponse response;
  response.code = 1;
  response.log = "this application answers no queries";
  return response;
}

Result<CheckTxResponse> Application::check_tx(CheckTxRequest) { return CheckTxResponse{}; }

Result<PrepareProposalResponse> Application::prepare_proposal(PrepareProposalRequest request) {
  PrepareProposalResponse response;
  std::int64_t room = request.max_tx_bytes;
  for (Bytes& tx : request.txs) {
    room -= bytes_in_block(tx);
    if (room < 0) break;
    response.txs.push_back(std::move(tx));
  }
  return response;
}

Result<ProcessProposalResponse> Application::process_proposal(ProcessProposalRequest) {
  return ProcessProposalResponse{Verdict::kAccept};
}

Result<ExtendVoteResponse> Application::extend_vote(ExtendVoteRequest) {
  return ExtendVoteResponse{};
}

Result<VerifyVoteExtensionResponse> Application::verify_vote_extension(
    VerifyVoteExtensionRequest request) {
  return VerifyVoteExtensionResponse{request.extension.empty() ? Verdict::kAccept
                                                               : Verdict::kReject};
}

Result<ListSnapshotsResponse> Application::list_snapshots(ListSnapshotsRequest) {
  return ListSnapshotsResponse{};
}

Result<OfferSnapshotResponse> Application::offer_snapshot(OfferSnapshotRequest) {
  return OfferSnapshotResponse{OfferSnapshotResult::kAbort};
}

Result<LoadSnapshotChunkResponse> Application::load_snapshot_chunk(LoadSnapshotChunkRequest) {
  return LoadSnapshotChunkResponse{};
}

Result<ApplySnapshotChunkResponse> Application::apply_snapshot_chunk(ApplySnapshotChunkRequest) {
  return ApplySnapshotChunkResponse{};
}

namespace {

// One overload a request: which member answers it.
struct Dispatch {
  Application& application;

  Result<EchoResponse> operator()(EchoRequest r) const {
    return EchoResponse{std::move(r.message)};
  }
  Result<FlushResponse> operator()(FlushRequest) const { return FlushResponse{}; }
  auto operator()(InfoRequest r) const { return application.info(std::move(r)); }
  auto operator()(InitChainRequest r) const { return application.init_chain(std::move(r)); }
  auto operator()(QueryRequest r) const { return application.query(std::move(r)); }
  auto operator()(CheckTxRequest r) const { return application.check_tx(std::move(r)); }
  auto operator()(CommitRequest r) const { return application.commit(r); }
  auto operator()(ListSnapshotsRequest r) const { return application.list_snapshots(r); }
  auto operator()(OfferSnapshotRequest r) const { return application.offer_snapshot(std::move(r)); }
  auto operator()(LoadSnapshotChunkRequest r) const { return application.load_snapshot_chunk(r); }
  auto operator()(ApplySnapshotChunkRequest r) const {
    return application.apply_snapshot_chunk(std::move(r));
  }
  auto operator()(PrepareProposalRequest r) const {
    return application.prepare_proposal(std::move(r));
  }
  auto operator()(ProcessProposalRequest r) const {
    return application.process_proposal(std::move(r));
  }
  auto operator()(ExtendVoteRequest r) const { return application.extend_vote(std::move(r)); }
  auto operator()(VerifyVoteExtensionRequest r) const {
    return application.verify_vote_extension(std::move(r));
  }
  auto operator()(FinalizeBlockRequest r) const { return application.finalize_block(std::move(r)); }
};

}  // namespace

Response answer(Application& application, Request request) {
  const std::string name(name_of(call_of(request)));
  try {
    return std::visit(
        [&](auto&& typed) -> Response {
          auto result = Dispatch{application}(std::move(typed));
          if (!result) return ExceptionResponse{name + ": " + result.error().message};
          return std::move(*result);
        },
        std::move(request));
  } catch (const std::exception& thrown) {
    return ExceptionResponse{name + ": " + thrown.what()};
  } catch (...) {
    return ExceptionResponse{name + ": an exception that says nothing"};
  }
}

}  // namespace assay::abci
