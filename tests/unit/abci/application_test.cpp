#include "assay/abci/application.hpp"

#include <gtest/gtest.h>

#include <stdexcept>

namespace assay::abci {
namespace {

// What has no default, and answers as it is told.
struct Smallest : Application {
  std::function<void()> misdeed = [] {};
  Result<InfoResponse> info(InfoRequest) override {
    misdeed();
    return InfoResponse{};
  }
  Result<FinalizeBlockResponse> finalize_block(FinalizeBlockRequest) override {
    return Error{ErrorCode::kNoSpace, "the disk is full: free some space and start again"};
  }
  Result<CommitResponse> commit(CommitRequest) override { return CommitResponse{5}; }
};

template <class T>
T answered(Application& application, Request request) {
  Response response = answer(application, std::move(request));
  EXPECT_TRUE(std::holds_alternative<T>(response)) << response.index();
  return std::get<T>(std::move(response));
}

TEST(Application, DefaultsOfEveryCall) {
  Smallest app;
  EXPECT_EQ(answered<EchoResponse>(app, EchoRequest{"hi"}).message, "hi");
  answered<FlushResponse>(app, FlushRequest{});
  EXPECT_EQ(answered<InfoResponse>(app, InfoRequest{}).last_block_height, 0);
  EXPECT_FALSE(answered<InitChainResponse>(app, InitChainRequest{}).params);
  EXPECT_EQ(answered<QueryResponse>(app, QueryRequest{}).code, 1u);
  EXPECT_EQ(answered<CheckTxResponse>(app, CheckTxRequest{}).code, 0u);
  EXPECT_EQ(answered<CommitResponse>(app, CommitRequest{}).retain_height, 5);
  EXPECT_EQ(answered<ProcessProposalResponse>(app, ProcessProposalRequest{}).verdict,
            Verdict::kAccept);
  EXPECT_TRUE(answered<ExtendVoteResponse>(app, ExtendVoteRequest{}).extension.empty());
  EXPECT_TRUE(answered<ListSnapshotsResponse>(app, ListSnapshotsRequest{}).snapshots.empty());
  EXPECT_EQ(answered<OfferSnapshotResponse>(app, OfferSnapshotRequest{}).result,
            OfferSnapshotResult::kAbort);
  EXPECT_TRUE(answered<LoadSnapshotChunkResponse>(app, LoadSnapshotChunkRequest{}).chunk.empty());
  EXPECT_EQ(answered<ApplySnapshotChunkResponse>(app, ApplySnapshotChunkRequest{}).result,
            ApplySnapshotChunkResult::kAbort);
}

TEST(Application, OnlyAnEmptyVoteExtensionIsAccepted) {
  Smallest app;
  VerifyVoteExtensionRequest request;
  EXPECT_EQ(answered<VerifyVoteExtensionResponse>(app, request).verdict, Verdict::kAccept);
  request.extension = {0};
  EXPECT_EQ(answered<VerifyVoteExtensionResponse>(app, request).verdict, Verdict::kReject);
}

TEST(Application, ProposesInOrderWhatFits) {
  Smallest app;
  PrepareProposalRequest request;
  request.txs = {Bytes(10), Bytes(127), Bytes(128), Bytes(1)};
  EXPECT_EQ(bytes_in_block(request.txs[0]), 12);
  EXPECT_EQ(bytes_in_block(request.txs[1]), 129);
  EXPECT_EQ(bytes_in_block(request.txs[2]), 131);
  for (const auto& [room, count] : {std::pair{0, 0u},
                                    {11, 0u},
                                    {12, 1u},
                                    {140, 1u},
                                    {141, 2u},
                                    {271, 2u},
                                    {272, 3u},
                                    {274, 3u},
                                    {275, 4u}}) {
    request.max_tx_bytes = room;
    const auto proposal = answered<PrepareProposalResponse>(app, request);
    ASSERT_EQ(proposal.txs.size(), count) << room;
    EXPECT_TRUE(std::equal(proposal.txs.begin(), proposal.txs.end(), request.txs.begin()));
  }
}

// INV-ABC-004.
TEST(Application, ErrorsAndExceptionsAreAnswersThatNameTheCall) {
  Smallest app;
  EXPECT_EQ(answered<ExceptionResponse>(app, FinalizeBlockRequest{}).error,
            "FinalizeBlock: the disk is full: free some space and start again");
  app.misdeed = [] { throw std::runtime_error("no memory"); };
  EXPECT_EQ(answered<ExceptionResponse>(app, InfoRequest{}).error, "Info: no memory");
  app.misdeed = [] { throw 7; };
  EXPECT_EQ(answered<ExceptionResponse>(app, InfoRequest{}).error,
            "Info: an exception that says nothing");
}

}  // namespace
}  // namespace assay::abci
