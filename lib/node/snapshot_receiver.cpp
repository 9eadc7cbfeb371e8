#include "assay/node/snapshot_receiver.hpp"

#include "assay/crypto/sha256.hpp"
#include "assay/node/header_proof.hpp"

namespace assay::node {

using abci::ApplySnapshotChunkResult;
using abci::OfferSnapshotResult;

// No honest node has such a snapshot.
std::string SnapshotReceiver::fault_of(const abci::OfferSnapshotRequest& request,
                                       const Result<SnapshotIndex>& index) const {
  if (!index) return index.error().message;
  if (describe(*index) != request.snapshot) return "its index is of another snapshot";
  if (index->header.chain != m_chain) return "it is of another chain";
  if (app_hash_of(index->header) != request.app_hash) return "its header has not the app hash";
  return {};
}

Result<OfferSnapshotResult> SnapshotReceiver::offer(const abci::OfferSnapshotRequest& request) {
  if (request.snapshot.format != kSnapshotFormat) return OfferSnapshotResult::kRejectFormat;
  auto index = decode_snapshot_index(request.snapshot.metadata);
  if (const std::string fault = fault_of(request, index); !fault.empty()) {
    m_log.write(LogLevel::kWarning, "snapshot.refused",
                {{"height", std::to_string(request.snapshot.height)}, {"why", fault}});
    return OfferSnapshotResult::kRejectSender;
  }
  drop();
  ASSAY_TRY(host::FileWriter out, host::FileWriter::create(m_file));
  m_out.emplace(std::move(out));
  m_index = std::move(*index);
  m_log.write(LogLevel::kInfo, "snapshot.accepted",
              {{"height", std::to_string(m_index->header.height.value)},
               {"bytes", std::to_string(m_index->bytes)},
               {"chunks", std::to_string(m_index->chunks.size())}});
  return OfferSnapshotResult::kAccept;
}

Result<abci::ApplySnapshotChunkResponse> SnapshotReceiver::take(
    const abci::ApplySnapshotChunkRequest& request) {
  abci::ApplySnapshotChunkResponse response;
  if (!m_index) return response;  // abort: it was never offered
  response.result = ApplySnapshotChunkResult::kRetrySnapshot;
  if (request.index > m_taken || request.index >= m_index->chunks.size()) return response;
  if (request.chunk.size() != m_index->size_of(request.index) ||
      crypto::sha256(request.chunk) != m_index->chunks[request.index]) {
    m_log.write(LogLevel::kWarning, "snapshot.wrong_chunk",
                {{"height", std::to_string(m_index->header.height.value)},
                 {"chunk", std::to_string(request.index)},
                 {"sender", request.sender}});
    return abci::ApplySnapshotChunkResponse{
        ApplySnapshotChunkResult::kRetry, {request.index}, {request.sender}};
  }
  response.result = ApplySnapshotChunkResult::kAccept;
  if (request.index < m_taken) return response;
  ASSAY_TRY_STATUS(m_out->append(request.chunk));
  m_senders.insert(request.sender);
  ++m_taken;
  if (is_whole()) {
    ASSAY_TRY_STATUS(m_out->commit());
    m_out.reset();
  }
  return response;
}

void SnapshotReceiver::drop() {
  m_out.reset();
  if (std::exchange(m_index, std::nullopt)) {
    std::error_code ignored;
    std::filesystem::remove(m_file, ignored);
  }
  m_taken = 0;
  m_senders.clear();
}

}  // namespace assay::node
