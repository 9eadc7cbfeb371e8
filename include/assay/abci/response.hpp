// What an application answers (ABCI 2.0, docs/spec/abci.md). Fields follow the wire. Those marked
// "own" need not be equal on all nodes; every other field of what consensus calls answer must be.
#pragma once

#include <variant>

#include "assay/abci/types.hpp"

namespace assay::abci {

// The last answer on a connection: the peer stops.
struct ExceptionResponse {
  std::string error;
};
struct EchoResponse {
  std::string message;
};
struct FlushResponse {};
struct InfoResponse {
  std::string data;
  std::string version;
  std::uint64_t app_version = 0;
  std::int64_t last_block_height = 0;  // of the last block that is durable; 0: none
  Bytes last_block_app_hash;
};
struct InitChainResponse {
  std::optional<ConsensusParams> params;    // none: the genesis file's
  std::vector<ValidatorUpdate> validators;  // none: the genesis file's
  Bytes app_hash;
};
struct ProofOp {
  std::string type;
  Bytes key;
  Bytes data;
};
struct QueryResponse {
  std::uint32_t code = 0;  // 0: found
  std::string log;         // own
  std::string info;        // own
  std::int64_t index = 0;
  Bytes key;
  Bytes value;
  std::vector<ProofOp> proof;
  std::int64_t height = 0;
  std::string codespace;
};
// Of a transaction that is checked, or has been executed. Consensus hashes code, data and gas.
struct TxResult {
  std::uint32_t code = 0;  // 0: good
  Bytes data;
  std::string log;   // own
  std::string info;  // own
  std::int64_t gas_wanted = 0;
  std::int64_t gas_used = 0;
  std::vector<Event> events;
  std::string codespace;
};
struct CheckTxResponse : TxResult {};
struct CommitResponse {
  std::int64_t retain_height = 0;  // own: CometBFT may forget the blocks below; 0: none
};
struct ListSnapshotsResponse {
  std::vector<Snapshot> snapshots;
};
enum class OfferSnapshotResult : std::uint8_t {
  kUnknown = 0,
  kAccept,
  kAbort,
  kReject,
  kRejectFormat,
  kRejectSender,
};
struct OfferSnapshotResponse {
  OfferSnapshotResult result = OfferSnapshotResult::kAbort;
};
struct LoadSnapshotChunkResponse {
  Bytes chunk;  // under 16 MB; empty: there is none
};
enum class ApplySnapshotChunkResult : std::uint8_t {
  kUnknown = 0,
  kAccept,
  kAbort,
  kRetry,
  kRetrySnapshot,
  kRejectSnapshot,
};
struct ApplySnapshotChunkResponse {
  ApplySnapshotChunkResult result = ApplySnapshotChunkResult::kAbort;
  std::vector<std::uint32_t> refetch_chunks;
  std::vector<std::string> reject_senders;
};
struct PrepareProposalResponse {
  std::vector<Bytes> txs;
};
enum class Verdict : std::uint8_t { kUnknown = 0, kAccept, kReject };
struct ProcessProposalResponse {
  Verdict verdict = Verdict::kAccept;
};
struct ExtendVoteResponse {
  Bytes extension;
};
struct VerifyVoteExtensionResponse {
  Verdict verdict = Verdict::kAccept;
};
struct FinalizeBlockResponse {
  std::vector<Event> events;
  std::vector<TxResult> tx_results;  // one a transaction, in their order
  std::vector<ValidatorUpdate> validator_updates;
  std::optional<ConsensusParams> param_updates;
  Bytes app_hash;  // of the state after the block; in the header of the next
};

using Response =
    std::variant<ExceptionResponse, EchoResponse, FlushResponse, InfoResponse, InitChainResponse,
                 QueryResponse, CheckTxResponse, CommitResponse, ListSnapshotsResponse,
                 OfferSnapshotResponse, LoadSnapshotChunkResponse, ApplySnapshotChunkResponse,
                 PrepareProposalResponse, ProcessProposalResponse, ExtendVoteResponse,
                 VerifyVoteExtensionResponse, FinalizeBlockResponse>;

}  // namespace assay::abci
