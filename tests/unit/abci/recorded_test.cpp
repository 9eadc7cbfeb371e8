// Requests as CometBFT sent them (tests/vectors/abci/README.md).
#include <gtest/gtest.h>

#include <fstream>

#include "assay/abci/wire.hpp"

namespace assay::abci {
namespace {

template <class T>
T recorded(const std::string& name) {
  std::ifstream in(std::string(ASSAY_TEST_DATA "/abci/") + name + ".bin", std::ios::binary);
  const Bytes message{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  EXPECT_FALSE(message.empty()) << name;
  Result<Request> request = decode_request(message);
  EXPECT_TRUE(request) << name << ": " << request.error().message;
  EXPECT_TRUE(std::holds_alternative<T>(*request)) << name;
  return std::get<T>(*request);
}

const Bytes kTx = to_bytes(as_bytes("recorded=yes"));

TEST(Recorded, SmallRequests) {
  recorded<FlushRequest>("flush");
  recorded<CommitRequest>("commit");
  const auto info = recorded<InfoRequest>("info");
  EXPECT_EQ(info.version, "0.38.17");
  EXPECT_EQ(info.abci_version, "2.0.0");
  EXPECT_EQ(recorded<QueryRequest>("query").data, to_bytes(as_bytes("recorded")));
  EXPECT_EQ(recorded<CheckTxRequest>("check_tx").tx, kTx);
}

TEST(Recorded, InitChain) {
  const auto init = recorded<InitChainRequest>("init_chain");
  EXPECT_TRUE(init.chain_id.starts_with("test-chain-"));
  EXPECT_EQ(init.initial_height, 1);
  ASSERT_EQ(init.validators.size(), 1u);
  EXPECT_EQ(init.validators[0].key.type, KeyType::kEd25519);
  EXPECT_EQ(init.validators[0].key.bytes.size(), 32u);
  EXPECT_EQ(init.validators[0].power, 10);
  ASSERT_TRUE(init.params);
  EXPECT_EQ(init.params->block->max_gas, -1);
  EXPECT_EQ(init.params->evidence->max_age.seconds, 48 * 3600);
  EXPECT_EQ(*init.params->key_types, std::vector<std::string>{"ed25519"});
  EXPECT_EQ(init.params->vote_extensions_from_height, 1);
}

TEST(Recorded, OneBlockInFourCalls) {
  const auto prepare = recorded<PrepareProposalRequest>("prepare_proposal");
  const auto process = recorded<ProcessProposalRequest>("process_proposal");
  const auto extend = recorded<ExtendVoteRequest>("extend_vote");
  const auto finalize = recorded<FinalizeBlockRequest>("finalize_block");
  EXPECT_EQ(prepare.txs, std::vector<Bytes>{kTx});
  EXPECT_GT(prepare.max_tx_bytes, 1 << 20);
  ASSERT_EQ(prepare.last_commit.votes.size(), 1u);
  EXPECT_EQ(prepare.last_commit.votes[0].flag, BlockIdFlag::kCommit);
  EXPECT_EQ(prepare.last_commit.votes[0].extension_signature.size(), 64u);
  EXPECT_GT(finalize.height, 1);
  EXPECT_EQ(finalize.hash.size(), 32u);
  ASSERT_EQ(finalize.last_commit.votes.size(), 1u);
  for (const Block& block : {Block(process), Block(extend), Block(finalize)}) {
    EXPECT_EQ(block.txs, prepare.txs);
    EXPECT_EQ(block.height, prepare.height);
    EXPECT_EQ(block.hash, finalize.hash);
    EXPECT_EQ(block.next_validators_hash, prepare.next_validators_hash);
    EXPECT_EQ(block.proposer_address, prepare.proposer_address);
    ASSERT_EQ(block.last_commit.votes.size(), 1u);
    EXPECT_EQ(block.last_commit.votes[0].validator.address, prepare.proposer_address);
    EXPECT_EQ(block.last_commit.votes[0].validator.power, 10);
    EXPECT_EQ(block.last_commit.votes[0].flag, BlockIdFlag::kCommit);
  }
  EXPECT_EQ(finalize.time, process.time);
}

}  // namespace
}  // namespace assay::abci
