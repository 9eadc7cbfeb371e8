// Requests against the tables of docs/spec/abci.md, put together by hand.
#include <gtest/gtest.h>

#include "assay/abci/wire.hpp"
#include "support/protobuf.hpp"

namespace assay::abci {
namespace {

using test::Wire;

template <class T>
T decoded(const Wire& message) {
  Result<Request> request = decode_request(message.get());
  EXPECT_TRUE(request) << request.error().message;
  EXPECT_TRUE(std::holds_alternative<T>(*request));
  return std::get<T>(*request);
}

Bytes bytes(std::string_view text) { return to_bytes(as_bytes(text)); }
Wire time() { return Wire().number(1, 1'700'000'000).number(2, 999'999'999); }
const Time kTime{1'700'000'000, 999'999'999};
Wire validator(std::string_view address, std::int64_t power) {
  return Wire().text(1, address).number(3, power);
}
Wire misbehavior() {
  return Wire()
      .number(1, 2)
      .message(2, validator("evil", 3))
      .number(3, 40)
      .message(4, time())
      .number(5, 100);
}
Wire commit_info() {
  return Wire()
      .number(1, 2)
      .message(2, Wire().message(1, validator("v1", 10)).number(3, 2))
      .message(2, Wire().message(1, validator("v2", 20)).number(3, 1));
}

void expect_misbehavior(const std::vector<Misbehavior>& all) {
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(all[0].type, MisbehaviorType::kLightClientAttack);
  EXPECT_EQ(all[0].validator.address, bytes("evil"));
  EXPECT_EQ(all[0].validator.power, 3);
  EXPECT_EQ(all[0].height, 40);
  EXPECT_EQ(all[0].time, kTime);
  EXPECT_EQ(all[0].total_voting_power, 100);
}

// Of the fields txs, last commit, misbehaviour, hash, height, time, next validators and proposer.
Wire block(const std::array<unsigned, 8>& fields) {
  return Wire()
      .text(fields[0], "tx1")
      .text(fields[0], "")
      .message(fields[1], commit_info())
      .message(fields[2], misbehavior())
      .text(fields[3], "hash")
      .number(fields[4], 41)
      .message(fields[5], time())
      .text(fields[6], "next")
      .text(fields[7], "proposer");
}
void expect_block(const Block& block) {
  EXPECT_EQ(block.txs, (std::vector<Bytes>{bytes("tx1"), {}}));
  EXPECT_EQ(block.last_commit.round, 2);
  ASSERT_EQ(block.last_commit.votes.size(), 2u);
  EXPECT_EQ(block.last_commit.votes[0].validator.address, bytes("v1"));
  EXPECT_EQ(block.last_commit.votes[0].flag, BlockIdFlag::kCommit);
  EXPECT_EQ(block.last_commit.votes[1].validator.power, 20);
  EXPECT_EQ(block.last_commit.votes[1].flag, BlockIdFlag::kAbsent);
  expect_misbehavior(block.misbehavior);
  EXPECT_EQ(block.hash, bytes("hash"));
  EXPECT_EQ(block.height, 41);
  EXPECT_EQ(block.time, kTime);
  EXPECT_EQ(block.next_validators_hash, bytes("next"));
  EXPECT_EQ(block.proposer_address, bytes("proposer"));
}

TEST(AbciRequest, LiteralBytes) {
  // field 3 (Info), 5 bytes: field 1, 3 bytes, "abc"; and field 11 (Commit) of no bytes.
  const Bytes info{0x1a, 0x05, 0x0a, 0x03, 'a', 'b', 'c'};
  EXPECT_EQ(std::get<InfoRequest>(*decode_request(info)).version, "abc");
  EXPECT_TRUE(std::holds_alternative<CommitRequest>(*decode_request(Bytes{0x5a, 0x00})));
  // field 20 (FinalizeBlock), 3 bytes: field 5 (height), 300 as a varint.
  const Bytes finalize{0xa2, 0x01, 0x03, 0x28, 0xac, 0x02};
  EXPECT_EQ(std::get<FinalizeBlockRequest>(*decode_request(finalize)).height, 300);
}

TEST(AbciRequest, HandshakeAndReads) {
  EXPECT_EQ(decoded<EchoRequest>(Wire().message(1, Wire().text(1, "hi"))).message, "hi");
  decoded<FlushRequest>(Wire().message(2, {}));
  const auto info = decoded<InfoRequest>(
      Wire().message(3, Wire().text(1, "0.38.17").number(2, 11).number(3, 8).text(4, "2.0.0")));
  EXPECT_EQ(info.version, "0.38.17");
  EXPECT_EQ(info.block_version, 11u);
  EXPECT_EQ(info.p2p_version, 8u);
  EXPECT_EQ(info.abci_version, "2.0.0");
  const auto query = decoded<QueryRequest>(
      Wire().message(6, Wire().text(1, "key").text(2, "/p\xff").number(3, 9).number(4, 1)));
  EXPECT_EQ(query.data, bytes("key"));
  EXPECT_EQ(query.path, "/p\xff");  // whoever asks CometBFT chooses it
  EXPECT_EQ(query.height, 9);
  EXPECT_TRUE(query.prove);
}

TEST(AbciRequest, InitChain) {
  const Wire params =
      Wire()
          .message(1, Wire().number(1, 1000).number(2, -1))
          .message(2, Wire().number(1, 5).message(2, Wire().number(1, 6)).number(3, 7))
          .message(3, Wire().text(1, "ed25519").text(1, "secp256k1"))
          .message(4, Wire().number(1, 8))
          .message(5, Wire().number(1, 9));
  const auto init = decoded<InitChainRequest>(
      Wire().message(5, Wire()
                            .message(1, time())
                            .text(2, "chain")
                            .message(3, params)
                            .message(4, Wire().message(1, Wire().text(1, "ed")).number(2, 10))
                            .message(4, Wire().message(1, Wire().text(2, "secp")).number(2, 20))
                            .text(5, "{}")
                            .number(6, 3)));
  EXPECT_EQ(init.time, kTime);
  EXPECT_EQ(init.chain_id, "chain");
  ASSERT_TRUE(init.params);
  EXPECT_EQ(init.params->block->max_bytes, 1000);
  EXPECT_EQ(init.params->block->max_gas, -1);
  EXPECT_EQ(init.params->evidence->max_age_blocks, 5);
  EXPECT_EQ(init.params->evidence->max_age, (Duration{6, 0}));
  EXPECT_EQ(init.params->evidence->max_bytes, 7);
  EXPECT_EQ(*init.params->key_types, (std::vector<std::string>{"ed25519", "secp256k1"}));
  EXPECT_EQ(init.params->app_version, 8u);
  EXPECT_EQ(init.params->vote_extensions_from_height, 9);
  EXPECT_EQ(init.validators,
            (std::vector<ValidatorUpdate>{{{KeyType::kEd25519, bytes("ed")}, 10},
                                          {{KeyType::kSecp256k1, bytes("secp")}, 20}}));
  EXPECT_EQ(init.app_state, bytes("{}"));
  EXPECT_EQ(init.initial_height, 3);
  EXPECT_FALSE(decoded<InitChainRequest>(Wire().message(5, {})).params);
}

TEST(AbciRequest, Mempool) {
  const auto check = decoded<CheckTxRequest>(Wire().message(8, Wire().text(1, "tx").number(2, 1)));
  EXPECT_EQ(check.tx, bytes("tx"));
  EXPECT_EQ(check.type, CheckTxType::kRecheck);
  EXPECT_EQ(decoded<CheckTxRequest>(Wire().message(8, {})).type, CheckTxType::kNew);
}

TEST(AbciRequest, Blocks) {
  const auto prepare = decoded<PrepareProposalRequest>(Wire().message(
      16, Wire()
              .number(1, 1024)
              .text(2, "tx1")
              .text(2, "tx2")
              .message(3, Wire().number(1, 1).message(2, Wire()
                                                             .message(1, validator("v", 5))
                                                             .text(3, "extension")
                                                             .text(4, "signature")
                                                             .number(5, 3)))
              .message(4, misbehavior())
              .number(5, 41)
              .message(6, time())
              .text(7, "next")
              .text(8, "proposer")));
  EXPECT_EQ(prepare.max_tx_bytes, 1024);
  EXPECT_EQ(prepare.txs, (std::vector<Bytes>{bytes("tx1"), bytes("tx2")}));
  EXPECT_EQ(prepare.last_commit.round, 1);
  ASSERT_EQ(prepare.last_commit.votes.size(), 1u);
  EXPECT_EQ(prepare.last_commit.votes[0].validator.power, 5);
  EXPECT_EQ(prepare.last_commit.votes[0].extension, bytes("extension"));
  EXPECT_EQ(prepare.last_commit.votes[0].extension_signature, bytes("signature"));
  EXPECT_EQ(prepare.last_commit.votes[0].flag, BlockIdFlag::kNil);
  expect_misbehavior(prepare.misbehavior);
  EXPECT_EQ(prepare.height, 41);
  EXPECT_EQ(prepare.time, kTime);
  EXPECT_EQ(prepare.next_validators_hash, bytes("next"));
  EXPECT_EQ(prepare.proposer_address, bytes("proposer"));

  expect_block(
      decoded<ProcessProposalRequest>(Wire().message(17, block({1, 2, 3, 4, 5, 6, 7, 8}))));
  expect_block(decoded<FinalizeBlockRequest>(Wire().message(20, block({1, 2, 3, 4, 5, 6, 7, 8}))));
  expect_block(decoded<ExtendVoteRequest>(Wire().message(18, block({4, 5, 6, 1, 2, 3, 7, 8}))));
  const auto verify = decoded<VerifyVoteExtensionRequest>(
      Wire().message(19, Wire().text(1, "hash").text(2, "who").number(3, 41).text(4, "extension")));
  EXPECT_EQ(verify.hash, bytes("hash"));
  EXPECT_EQ(verify.validator_address, bytes("who"));
  EXPECT_EQ(verify.height, 41);
  EXPECT_EQ(verify.extension, bytes("extension"));
  decoded<CommitRequest>(Wire().message(11, {}));
}

TEST(AbciRequest, Snapshots) {
  decoded<ListSnapshotsRequest>(Wire().message(12, {}));
  const Wire snapshot =
      Wire().number(1, 100).number(2, 1).number(3, 4).text(4, "hash").text(5, "metadata");
  const auto offer =
      decoded<OfferSnapshotRequest>(Wire().message(13, Wire().message(1, snapshot).text(2, "app")));
  EXPECT_EQ(offer.snapshot, (Snapshot{100, 1, 4, bytes("hash"), bytes("metadata")}));
  EXPECT_EQ(offer.app_hash, bytes("app"));
  const auto load = decoded<LoadSnapshotChunkRequest>(
      Wire().message(14, Wire().number(1, 100).number(2, 1).number(3, 2)));
  EXPECT_EQ(load.height, 100u);
  EXPECT_EQ(load.format, 1u);
  EXPECT_EQ(load.chunk, 2u);
  const auto apply = decoded<ApplySnapshotChunkRequest>(
      Wire().message(15, Wire().number(1, 2).text(2, "chunk").text(3, "peer")));
  EXPECT_EQ(apply.index, 2u);
  EXPECT_EQ(apply.chunk, bytes("chunk"));
  EXPECT_EQ(apply.sender, "peer");
}

TEST(AbciRequest, WhatItDoesNotKnowIsSaidToBeUnsupported) {
  EXPECT_EQ(decode_request({}).error().code, ErrorCode::kUnsupported);
  for (const unsigned field : {4u, 7u, 9u, 10u, 21u, 99u})
    EXPECT_EQ(decode_request(Wire().message(field, {}).get()).error().code,
              ErrorCode::kUnsupported);
  // A field that a later version adds to a known message is passed over.
  EXPECT_EQ(decoded<EchoRequest>(Wire().message(1, Wire().text(1, "hi").number(9, 1))).message,
            "hi");
}

TEST(AbciRequest, ValuesThatAFieldCannotHaveAreMalformed) {
  const auto expect_malformed = [](const Wire& message) {
    const Result<Request> request = decode_request(message.get());
    ASSERT_FALSE(request);
    EXPECT_EQ(request.error().code, ErrorCode::kMalformed);
  };
  expect_malformed(Wire().message(8, Wire().number(2, 2)));
  expect_malformed(Wire().message(8, Wire().number(2, -1)));
  for (const int nanos : {-1, 1'000'000'000})
    expect_malformed(Wire().message(20, Wire().message(6, Wire().number(2, nanos))));
  expect_malformed(Wire().message(20, Wire().message(3, Wire().number(1, 3))));
  expect_malformed(Wire().message(20, Wire().message(2, Wire().message(2, Wire().number(3, 4)))));
  expect_malformed(Wire().message(5, Wire().message(4, Wire().number(2, 10))));  // no key
}

TEST(AbciRequest, SurvivesTampering) {
  const Bytes whole = Wire().message(20, block({1, 2, 3, 4, 5, 6, 7, 8})).get();
  for (std::size_t cut = 1; cut < whole.size(); ++cut)
    EXPECT_FALSE(decode_request(ByteView(whole).first(cut))) << cut;
  for (std::size_t at = 0; at < whole.size(); ++at)
    for (unsigned bit = 0; bit < 8; ++bit) {
      Bytes changed = whole;
      changed[at] ^= static_cast<std::uint8_t>(1u << bit);
      const Result<Request> request = decode_request(changed);  // an answer, whichever
      EXPECT_TRUE(request || !request.error().message.empty());
    }
  Bytes longer = whole;
  longer.push_back(0x07);  // no wire type
  EXPECT_EQ(decode_request(longer).error().code, ErrorCode::kMalformed);
}

}  // namespace
}  // namespace assay::abci
