// What the replicated ledger does with snapshots: docs/spec/node.md, "Snapshots".
#include <chrono>

#include "assay/host/read_file.hpp"
#include "assay/node/replicated_ledger.hpp"

namespace assay::node {

using abci::ApplySnapshotChunkResult;
using abci::OfferSnapshotResult;

namespace {

std::uint64_t microseconds(std::chrono::steady_clock::time_point since) {
  return static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::microseconds>(
                                        std::chrono::steady_clock::now() - since)
                                        .count());
}

}  // namespace

Result<abci::ListSnapshotsResponse> ReplicatedLedger::list_snapshots(
    abci::ListSnapshotsRequest /*request*/) {
  abci::ListSnapshotsResponse response;
  if (m_options.snapshots != nullptr)
    for (const SnapshotIndex& index : m_options.snapshots->list())
      response.snapshots.push_back(describe(index));
  return response;
}

Result<abci::LoadSnapshotChunkResponse> ReplicatedLedger::load_snapshot_chunk(
    abci::LoadSnapshotChunkRequest request) {
  abci::LoadSnapshotChunkResponse response;
  if (m_options.snapshots == nullptr || request.format != kSnapshotFormat) return response;
  auto chunk = m_options.snapshots->chunk(Height{request.height}, request.chunk);
  if (chunk) response.chunk = std::move(*chunk);
  return response;
}

Result<abci::OfferSnapshotResponse> ReplicatedLedger::offer_snapshot(
    abci::OfferSnapshotRequest request) {
  if (m_failure) return *m_failure;
  if (!m_receiver) return abci::OfferSnapshotResponse{OfferSnapshotResult::kAbort};
  // Of a snapshot that was restored there are no bodies: if CometBFT died before it knew, it begins
  // again, and so does this.
  const Height head = m_chain->head().height;
  if (head.value != 0 && m_chain->bodies_from() <= head)
    return {ErrorCode::kConflict,
            "this ledger has executed blocks up to height " + std::to_string(head.value) +
                ", and state synchronisation is for an empty one: set enable = false below "
                "[statesync] of CometBFT's config.toml, or move the folder ledger away"};
  if (const Status may = m_options.may_write ? m_options.may_write() : Status(); !may)
    return may.error();
  ASSAY_TRY(const OfferSnapshotResult result, m_receiver->offer(request));
  return abci::OfferSnapshotResponse{result};
}

Result<abci::ApplySnapshotChunkResponse> ReplicatedLedger::apply_snapshot_chunk(
    abci::ApplySnapshotChunkRequest request) {
  if (m_failure) return *m_failure;
  if (!m_receiver)
    return abci::ApplySnapshotChunkResponse{ApplySnapshotChunkResult::kAbort, {}, {}};
  if (const Status may = m_options.may_write ? m_options.may_write() : Status(); !may)
    return may.error();
  ASSAY_TRY(auto response, m_receiver->take(request));
  return m_receiver->is_whole() ? restore() : std::move(response);
}

Result<abci::ApplySnapshotChunkResponse> ReplicatedLedger::restore() {
  const auto start = std::chrono::steady_clock::now();
  Log& log = m_options.snapshots->log();
  const SnapshotIndex index = m_receiver->index();
  const std::string height = std::to_string(index.header.height.value);
  ASSAY_TRY(const host::MappedFile archive, host::MappedFile::open(m_receiver->file()));
  Status restored;
  {
    const std::unique_lock alone(m_in_use);
    const protocol::Genesis genesis = m_chain->genesis();
    restored = replace_by_archive(archive.bytes(), genesis, index.header, m_store);
    if (!restored && !is_refusal_of_archive(restored.error().code)) return failed(restored.error());
    auto chain = open_chain(m_store, genesis, m_options);
    if (!chain) return failed(chain.error());
    m_chain = std::move(*chain);
  }
  const std::vector<std::string> senders = m_receiver->senders();
  m_receiver->drop();
  if (!restored) {
    // Each chunk was what the index names, so whoever brought one offered the lie.
    log.write(LogLevel::kWarning, "snapshot.refused",
              {{"height", height}, {"why", restored.error().message}});
    return abci::ApplySnapshotChunkResponse{ApplySnapshotChunkResult::kRejectSnapshot, {}, senders};
  }
  log.write(LogLevel::kInfo, "snapshot.restored", {{"height", height}});
  const auto state = m_options.snapshot();
  // Not the file that came: the same content can stand in other pieces.
  m_options.snapshots->make(state);
  if (m_options.on_commit) m_options.on_commit({m_chain->head(), {}, state, microseconds(start)});
  return abci::ApplySnapshotChunkResponse{ApplySnapshotChunkResult::kAccept, {}, {}};
}

}  // namespace assay::node
