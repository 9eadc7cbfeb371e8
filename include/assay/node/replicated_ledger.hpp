// The ledger as an application of CometBFT (docs/spec/node.md, "Replicated"): others order the
// transactions, and this executes the blocks that they decided. The same chain and the same state
// machine as the embedded node's: equal blocks give equal state roots.
#pragma once

#include <map>
#include <mutex>
#include <shared_mutex>

#include "assay/abci/application.hpp"
#include "assay/node/admission.hpp"
#include "assay/node/header_proof.hpp"
#include "assay/node/replicated_node.hpp"
#include "assay/node/snapshot_receiver.hpp"
#include "assay/node/verified_transactions.hpp"

namespace assay::node {

// The code of check_tx() for what the mempool has no room for; all others are TxVerdicts.
inline constexpr std::uint32_t kNoRoomCode = 0x10000;

// CometBFT's hash of the validators by stake with which the record begins.
[[nodiscard]] Hash256 first_validators_hash(const protocol::Genesis& genesis);

struct ReplicatedOptions {
  ChainOptions chain = {};
  // Shared with whoever else takes transactions; none: the ledger's own.
  std::shared_ptr<VerifiedTransactions> verified = {};
  // Asked before a block is executed; an error stops CometBFT there with nothing written, and it
  // goes on where it stood when it is started again.
  std::function<Status()> may_write = {};
  // The store as it stands, for committed blocks to be read. Wanted with on_commit and snapshots.
  std::function<std::shared_ptr<const KeyValueStore>()> snapshot = {};
  // Makes and serves snapshots, and has room for one that comes in; none: neither is done.
  Snapshots* snapshots = nullptr;
  // Told on the thread of the call, which waits: post and return. A block, or the state of a
  // snapshot, is on disk; a transaction was refused entry to the mempool, or its stay; a block
  // could not be executed or written, and the ledger must be opened again.
  std::function<void(CommittedBlock block)> on_commit = {};
  std::function<void(const protocol::Receipt& receipt)> on_refused = {};
  std::function<void(const TxId& id, MempoolVerdict why)> on_no_room = {};
  std::function<void()> on_pause = {};
  std::function<void(const Error& error)> on_failure = {};
};

class ReplicatedLedger final : public abci::Application {
 public:
  // Continues the chain in `store` or begins it from `genesis`, whose operator is zero: the
  // validators are CometBFT's. The store must outlive it. Errors: kInvalidArgument (the record
  // names an operator), those of Chain::open().
  [[nodiscard]] static Result<std::unique_ptr<ReplicatedLedger>> open(
      KeyValueStore& store, const protocol::Genesis& genesis, const ReplicatedOptions& options);

  // Of what is durable. Not beside calls that change it.
  [[nodiscard]] const Chain& chain() const noexcept { return *m_chain; }

  [[nodiscard]] Result<abci::InfoResponse> info(abci::InfoRequest request) override;
  // kConflict for another chain's id or a first height other than 1, and where CometBFT takes
  // evidence of what is older than a stake takes to unbond. The answer names the validators by
  // stake, whomever CometBFT's genesis file names.
  [[nodiscard]] Result<abci::InitChainResponse> init_chain(abci::InitChainRequest request) override;
  // Code: the TxVerdict, or kNoRoomCode. What a block would record under its client id is taken, as
  // the embedded node takes it, where Admission has room; data is as finalize_block()'s.
  [[nodiscard]] Result<abci::CheckTxResponse> check_tx(abci::CheckTxRequest request) override;
  // What verifies: shares of the beacon first, then in the order of the embedded mempool: half a
  // block for games, each sender's by ascending nonce.
  [[nodiscard]] Result<abci::PrepareProposalResponse> prepare_proposal(
      abci::PrepareProposalRequest request) override;
  // Refuses a block with a transaction that does not verify, or over the ledger's limits.
  [[nodiscard]] Result<abci::ProcessProposalResponse> process_proposal(
      abci::ProcessProposalRequest request) override;
  // Each transaction's code is its TxVerdict, its data the detail u8 and whether it is a repetition
  // u8. Events: type "assay", with the transaction's id. Misbehaviour is an input of the block;
  // the answer tells how the validators by stake changed.
  [[nodiscard]] Result<abci::FinalizeBlockResponse> finalize_block(
      abci::FinalizeBlockRequest request) override;
  [[nodiscard]] Result<abci::CommitResponse> commit(abci::CommitRequest request) override;
  // Paths "/record" (the value of the record whose key is `data`) and "/proof" (its proof of
  // presence or absence), at a height whose state is kept, and "/header" (our header of any
  // height): what a light client needs beside CometBFT's own answers. Height 0: the latest. Code 1:
  // there is none.
  [[nodiscard]] Result<abci::QueryResponse> query(abci::QueryRequest request) override;

  [[nodiscard]] Result<abci::ListSnapshotsResponse> list_snapshots(
      abci::ListSnapshotsRequest request) override;
  [[nodiscard]] Result<abci::LoadSnapshotChunkResponse> load_snapshot_chunk(
      abci::LoadSnapshotChunkRequest request) override;
  // kConflict on a ledger that has executed blocks.
  [[nodiscard]] Result<abci::OfferSnapshotResponse> offer_snapshot(
      abci::OfferSnapshotRequest request) override;
  // With the last chunk all is checked, and the ledger is the snapshot's. Nothing durable counts
  // before.
  [[nodiscard]] Result<abci::ApplySnapshotChunkResponse> apply_snapshot_chunk(
      abci::ApplySnapshotChunkRequest request) override;

 private:
  ReplicatedLedger(KeyValueStore& store, std::unique_ptr<Chain> chain,
                   const ReplicatedOptions& options);
  [[nodiscard]] static Result<std::unique_ptr<Chain>> open_chain(KeyValueStore& store,
                                                                 const protocol::Genesis& genesis,
                                                                 const ReplicatedOptions& options);
  [[nodiscard]] Error failed(const Error& error);
  [[nodiscard]] std::optional<protocol::VerifiedTransaction> verified(ByteView bytes);
  [[nodiscard]] Result<protocol::Receipt> check(const protocol::VerifiedTransaction& transaction);
  // Those that a block would take, of CheckTx and of what CometBFT offers; one a holder.
  // Whether it is the share that is kept of its holder: the first that applied, until it no longer
  // does.
  [[nodiscard]] Result<bool> keep_share(const protocol::VerifiedTransaction& transaction);
  [[nodiscard]] Result<std::vector<protocol::VerifiedTransaction>> shares_of(
      const std::vector<Bytes>& offered);
  [[nodiscard]] Result<const protocol::BlockResult*> execute(abci::FinalizeBlockRequest request);
  // What was received is whole.
  [[nodiscard]] Result<abci::ApplySnapshotChunkResponse> restore();

  KeyValueStore& m_store;
  // Held by calls that run beside those that change the chain, and alone to put another in its
  // place.
  std::shared_mutex m_in_use;
  std::mutex m_executing;  // by calls that use the chain's caches
  std::unique_ptr<Chain> m_chain;
  ReplicatedOptions m_options;
  std::optional<Error> m_failure;
  Admission m_admission;
  // Shares that applied when CheckTx asked, by round and holder: a full mempool hides none of them.
  using ShareOf = std::pair<std::uint64_t, protocol::ValidatorAddress>;
  std::mutex m_shares_in_use;
  std::map<ShareOf, protocol::VerifiedTransaction> m_shares;
  CommittedBlock m_executed;  // told of once it is on disk
  std::optional<SnapshotReceiver> m_receiver;
};

}  // namespace assay::node
