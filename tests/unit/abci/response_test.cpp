// Answers against the tables of docs/spec/abci.md, put together by hand.
#include <gtest/gtest.h>

#include "assay/abci/wire.hpp"
#include "support/protobuf.hpp"

namespace assay::abci {
namespace {

using test::Wire;

constexpr std::size_t kLimit = 1 << 20;

Bytes bytes(std::string_view text) { return to_bytes(as_bytes(text)); }

void expect_bytes(const Response& response, const Wire& message) {
  Bytes out = bytes("before");
  ASSERT_TRUE(append_response(response, kLimit, out));
  EXPECT_EQ(to_hex(out), to_hex(bytes("before")) + to_hex(message.framed()));
}

Wire event() {
  return Wire().text(1, "sale").message(2, Wire().text(1, "key").text(2, "value").number(3, 1));
}
const Event kEvent{"sale", {{"key", "value", true}}};
Wire result() {
  return Wire()
      .number(1, 7)
      .text(2, "data")
      .text(3, "log\xff")
      .text(4, "info")
      .number(5, 100)
      .number(6, 50)
      .message(7, event())
      .text(8, "space");
}
const TxResult kResult{7,      to_bytes(as_bytes("data")), "log\xff", "info", 100, 50, {kEvent},
                       "space"};
Wire updates_key(unsigned kind, std::string_view key, std::int64_t power) {
  Wire update = Wire().message(1, Wire().text(kind, key));
  if (power != 0) update.number(2, power);
  return update;
}
const ConsensusParams kParams{
    BlockParams{1000, -1}, EvidenceParams{5, {6, 1}, 7}, {{"ed25519"}}, 8, 9};
Wire params() {
  return Wire()
      .message(1, Wire().number(1, 1000).number(2, -1))
      .message(2, Wire().number(1, 5).message(2, Wire().number(1, 6).number(2, 1)).number(3, 7))
      .message(3, Wire().text(1, "ed25519"))
      .message(4, Wire().number(1, 8))
      .message(5, Wire().number(1, 9));
}

TEST(AbciResponse, LiteralBytes) {
  Bytes out;
  // 2 bytes: field 3 (Flush) of no bytes.
  ASSERT_TRUE(append_response(FlushResponse{}, kLimit, out));
  EXPECT_EQ(out, (Bytes{0x02, 0x1a, 0x00}));
  out.clear();
  // 4 bytes: field 17 (PrepareProposal would be 16 in a request), 1 transaction of no bytes.
  ASSERT_TRUE(append_response(PrepareProposalResponse{{{}}}, kLimit, out));
  EXPECT_EQ(out, (Bytes{0x05, 0x8a, 0x01, 0x02, 0x0a, 0x00}));
}

TEST(AbciResponse, HandshakeAndReads) {
  expect_bytes(ExceptionResponse{"no"}, Wire().message(1, Wire().text(1, "no")));
  expect_bytes(EchoResponse{"hi"}, Wire().message(2, Wire().text(1, "hi")));
  expect_bytes(FlushResponse{}, Wire().message(3, {}));
  expect_bytes(
      InfoResponse{"data", "1.0", 2, 300, bytes("hash")},
      Wire().message(
          4, Wire().text(1, "data").text(2, "1.0").number(3, 2).number(4, 300).text(5, "hash")));
  expect_bytes(InfoResponse{}, Wire().message(4, {}));
  const Wire proof =
      Wire().message(1, Wire().text(1, "t1").text(2, "k1").text(3, "d1")).message(1, Wire());
  expect_bytes(QueryResponse{1,
                             "log",
                             "info",
                             2,
                             bytes("key"),
                             bytes("value"),
                             {{"t1", bytes("k1"), bytes("d1")}, {}},
                             9,
                             "space"},
               Wire().message(7, Wire()
                                     .number(1, 1)
                                     .text(3, "log")
                                     .text(4, "info")
                                     .number(5, 2)
                                     .text(6, "key")
                                     .text(7, "value")
                                     .message(8, proof)
                                     .number(9, 9)
                                     .text(10, "space")));
}

TEST(AbciResponse, MempoolAndConsensus) {
  expect_bytes(CheckTxResponse{kResult}, Wire().message(9, result()));
  expect_bytes(
      InitChainResponse{kParams, {{{KeyType::kEd25519, bytes("ed")}, 10}}, bytes("hash")},
      Wire().message(
          6, Wire().message(1, params()).message(2, updates_key(1, "ed", 10)).text(3, "hash")));
  expect_bytes(PrepareProposalResponse{{bytes("a"), {}}},
               Wire().message(17, Wire().text(1, "a").text(1, "")));
  expect_bytes(ProcessProposalResponse{Verdict::kReject}, Wire().message(18, Wire().number(1, 2)));
  expect_bytes(ExtendVoteResponse{bytes("e")}, Wire().message(19, Wire().text(1, "e")));
  expect_bytes(VerifyVoteExtensionResponse{}, Wire().message(20, Wire().number(1, 1)));
  expect_bytes(
      FinalizeBlockResponse{
          {kEvent}, {kResult, {}}, {{{KeyType::kSecp256k1, bytes("k")}, 0}}, kParams, bytes("h")},
      Wire().message(21, Wire()
                             .message(1, event())
                             .message(2, result())
                             .message(2, {})
                             .message(3, updates_key(2, "k", 0))
                             .message(4, params())
                             .text(5, "h")));
  expect_bytes(CommitResponse{12}, Wire().message(12, Wire().number(3, 12)));
}

TEST(AbciResponse, Snapshots) {
  const Wire snapshot =
      Wire().number(1, 100).number(2, 1).number(3, 4).text(4, "hash").text(5, "metadata");
  expect_bytes(ListSnapshotsResponse{{{100, 1, 4, bytes("hash"), bytes("metadata")}}},
               Wire().message(13, Wire().message(1, snapshot)));
  expect_bytes(OfferSnapshotResponse{OfferSnapshotResult::kRejectSender},
               Wire().message(14, Wire().number(1, 5)));
  expect_bytes(LoadSnapshotChunkResponse{bytes("c")}, Wire().message(15, Wire().text(1, "c")));
  expect_bytes(
      ApplySnapshotChunkResponse{ApplySnapshotChunkResult::kRejectSnapshot, {1, 300}, {"p1", "p2"}},
      Wire().message(16, Wire()
                             .number(1, 5)
                             .bytes(2, Wire().varint(1).varint(300).get())
                             .text(3, "p1")
                             .text(3, "p2")));
}

TEST(AbciResponse, ParametersThatAreNotThereAreNotSent) {
  InitChainResponse response;
  response.params = ConsensusParams{};
  expect_bytes(response, Wire().message(6, Wire().message(1, {})));
  response.params->app_version = 0;  // but a zero that is there
  expect_bytes(response, Wire().message(6, Wire().message(1, Wire().message(4, {}))));
}

TEST(AbciResponse, RefusesAnAnswerOverTheLimit) {
  Bytes out = bytes("before");
  const Response response = LoadSnapshotChunkResponse{Bytes(200)};
  const Status refused = append_response(response, 205, out);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kLimit);
  EXPECT_EQ(out, bytes("before"));
  EXPECT_TRUE(append_response(response, 206, out));
}

}  // namespace
}  // namespace assay::abci
