// The ledger as an application of CometBFT (docs/spec/node.md, "Replicated"): others order the
// transactions, and this executes the blocks that they decided. The same chain and the same state
// machine as the embedded node's: equal blocks give equal state roots.
#pragma once

#include "assay/abci/application.hpp"
#include "assay/node/chain.hpp"

namespace assay::node {

// The chain id that CometBFT's genesis file must have, so that both are about one genesis record:
// the first 16 bytes of ours in hex.
[[nodiscard]] std::string comet_chain_id(const ChainId& chain);

// What CometBFT's headers name after a block: the hash of our own header of it, which binds state,
// receipts, transactions, time and beacon.
[[nodiscard]] Bytes app_hash_of(const protocol::BlockHeader& header);

class ReplicatedLedger final : public abci::Application {
 public:
  // Continues the chain in `store` or begins it from `genesis`, whose operator is zero: the
  // validators are CometBFT's. The store must outlive it. Errors: kInvalidArgument (the record
  // names an operator), those of Chain::open().
  [[nodiscard]] static Result<std::unique_ptr<ReplicatedLedger>> open(
      KeyValueStore& store, const protocol::Genesis& genesis, const ChainOptions& options);

  // Of what is durable. Not beside calls that change it.
  [[nodiscard]] const Chain& chain() const noexcept { return *m_chain; }

  [[nodiscard]] Result<abci::InfoResponse> info(abci::InfoRequest request) override;
  // kConflict for another chain's id or a first height other than 1.
  [[nodiscard]] Result<abci::InitChainResponse> init_chain(abci::InitChainRequest request) override;
  // Code: the TxVerdict. What a block would record under its client id is taken, as the embedded
  // node takes it; data is as finalize_block()'s.
  [[nodiscard]] Result<abci::CheckTxResponse> check_tx(abci::CheckTxRequest request) override;
  // What verifies, in the order of the embedded mempool: half a block for games, each sender's by
  // ascending nonce.
  [[nodiscard]] Result<abci::PrepareProposalResponse> prepare_proposal(
      abci::PrepareProposalRequest request) override;
  // Refuses a block with a transaction that does not verify, or over the ledger's limits.
  [[nodiscard]] Result<abci::ProcessProposalResponse> process_proposal(
      abci::ProcessProposalRequest request) override;
  // Each transaction's code is its TxVerdict, its data the detail u8 and whether it is a repetition
  // u8. Events: type "assay", with the transaction's id.
  [[nodiscard]] Result<abci::FinalizeBlockResponse> finalize_block(
      abci::FinalizeBlockRequest request) override;
  [[nodiscard]] Result<abci::CommitResponse> commit(abci::CommitRequest request) override;
  // Paths "/record" (the value of the record whose key is `data`) and "/proof" (its proof of
  // presence or absence), at a height whose state is kept; 0: the latest. Code 1: there is none.
  [[nodiscard]] Result<abci::QueryResponse> query(abci::QueryRequest request) override;

 private:
  explicit ReplicatedLedger(std::unique_ptr<Chain> chain) : m_chain(std::move(chain)) {}

  std::unique_ptr<Chain> m_chain;
};

}  // namespace assay::node
