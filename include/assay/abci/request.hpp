// What CometBFT asks an application (ABCI 2.0, docs/spec/abci.md). Fields follow the wire.
#pragma once

#include <string_view>
#include <variant>

#include "assay/abci/types.hpp"

namespace assay::abci {

struct EchoRequest {
  std::string message;
};
struct FlushRequest {};
struct InfoRequest {
  std::string version;  // CometBFT's, "0.38.17"
  std::uint64_t block_version = 0;
  std::uint64_t p2p_version = 0;
  std::string abci_version;
};
struct InitChainRequest {
  Time time;
  std::string chain_id;
  std::optional<ConsensusParams> params;
  std::vector<ValidatorUpdate> validators;
  Bytes app_state;  // of the genesis file, as JSON
  std::int64_t initial_height = 0;
};
struct QueryRequest {
  Bytes data;
  std::string path;
  std::int64_t height = 0;  // 0: the latest
  bool prove = false;
};
enum class CheckTxType : std::uint8_t {
  kNew = 0,
  kRecheck,  // it is in the mempool, and a block has been committed since
};
struct CheckTxRequest {
  Bytes tx;
  CheckTxType type = CheckTxType::kNew;
};
struct CommitRequest {};
struct ListSnapshotsRequest {};
struct OfferSnapshotRequest {
  Snapshot snapshot;
  Bytes app_hash;  // at the snapshot's height, checked by a light client
};
struct LoadSnapshotChunkRequest {
  std::uint64_t height = 0;
  std::uint32_t format = 0;
  std::uint32_t chunk = 0;  // from 0
};
struct ApplySnapshotChunkRequest {
  std::uint32_t index = 0;
  Bytes chunk;
  std::string sender;
};
struct PrepareProposalRequest {
  std::int64_t max_tx_bytes = 0;  // of the answer: the sum of bytes_in_block() (application.hpp)
  std::vector<Bytes> txs;
  ExtendedCommitInfo last_commit;
  std::vector<Misbehavior> misbehavior;
  std::int64_t height = 0;
  Time time;
  Bytes next_validators_hash;
  Bytes proposer_address;
};
// A block: proposed, voted for or decided.
struct Block {
  std::vector<Bytes> txs;
  CommitInfo last_commit;  // of the block before
  std::vector<Misbehavior> misbehavior;
  Bytes hash;
  std::int64_t height = 0;
  Time time;
  Bytes next_validators_hash;
  Bytes proposer_address;
};
struct ProcessProposalRequest : Block {};
struct ExtendVoteRequest : Block {};
struct FinalizeBlockRequest : Block {};
struct VerifyVoteExtensionRequest {
  Bytes hash;  // of the block that was voted for
  Bytes validator_address;
  std::int64_t height = 0;
  Bytes extension;
};

// In the order of `Call`.
using Request =
    std::variant<EchoRequest, FlushRequest, InfoRequest, InitChainRequest, QueryRequest,
                 CheckTxRequest, CommitRequest, ListSnapshotsRequest, OfferSnapshotRequest,
                 LoadSnapshotChunkRequest, ApplySnapshotChunkRequest, PrepareProposalRequest,
                 ProcessProposalRequest, ExtendVoteRequest, VerifyVoteExtensionRequest,
                 FinalizeBlockRequest>;

enum class Call : std::uint8_t {
  kEcho = 0,
  kFlush,
  kInfo,
  kInitChain,
  kQuery,
  kCheckTx,
  kCommit,
  kListSnapshots,
  kOfferSnapshot,
  kLoadSnapshotChunk,
  kApplySnapshotChunk,
  kPrepareProposal,
  kProcessProposal,
  kExtendVote,
  kVerifyVoteExtension,
  kFinalizeBlock,
};
inline constexpr std::size_t kCalls = std::variant_size_v<Request>;

[[nodiscard]] inline Call call_of(const Request& request) noexcept {
  return static_cast<Call>(request.index());
}
// "FinalizeBlock".
[[nodiscard]] std::string_view name_of(Call call) noexcept;

}  // namespace assay::abci
