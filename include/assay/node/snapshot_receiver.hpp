// Takes a snapshot that CometBFT brings from strangers, chunk by chunk, and believes nothing but
// the app hash (docs/spec/node.md, "Snapshots"). What the whole holds, its caller checks.
#pragma once

#include <filesystem>
#include <optional>
#include <set>

#include "assay/abci/request.hpp"
#include "assay/abci/response.hpp"
#include "assay/host/file_writer.hpp"
#include "assay/node/snapshots.hpp"

namespace assay::node {

// Not thread-safe. Errors: those of the disk.
class SnapshotReceiver {
 public:
  // Writes to `file`, whose folder is there. `log` must outlive this.
  SnapshotReceiver(std::filesystem::path file, const ChainId& chain, Log& log)
      : m_file(std::move(file)), m_chain(chain), m_log(log) {}
  ~SnapshotReceiver() { drop(); }
  SnapshotReceiver(const SnapshotReceiver&) = delete;
  SnapshotReceiver& operator=(const SnapshotReceiver&) = delete;

  // Accepted: it takes the place of the one before. Rejected: nothing changes.
  [[nodiscard]] Result<abci::OfferSnapshotResult> offer(const abci::OfferSnapshotRequest& request);
  // Chunks come in their order; a known one may come again. Another than the index names is asked
  // for again, from somebody else; one too early begins the snapshot anew.
  [[nodiscard]] Result<abci::ApplySnapshotChunkResponse> take(
      const abci::ApplySnapshotChunkRequest& request);
  // All chunks are in the file.
  [[nodiscard]] bool is_whole() const noexcept {
    return m_index && m_taken == m_index->chunks.size();
  }
  // Of the snapshot that was accepted and not dropped.
  [[nodiscard]] const SnapshotIndex& index() const noexcept { return *m_index; }
  [[nodiscard]] const std::filesystem::path& file() const noexcept { return m_file; }
  // Whoever brought chunks of it.
  [[nodiscard]] std::vector<std::string> senders() const {
    return {m_senders.begin(), m_senders.end()};
  }
  // Forgets it, and its file if that is still there.
  void drop();

 private:
  [[nodiscard]] std::string fault_of(const abci::OfferSnapshotRequest& request,
                                     const Result<SnapshotIndex>& index) const;

  const std::filesystem::path m_file;
  const ChainId m_chain;
  Log& m_log;
  std::optional<SnapshotIndex> m_index;
  std::optional<host::FileWriter> m_out;  // until it is whole
  std::size_t m_taken = 0;                // chunks
  std::set<std::string> m_senders;
};

}  // namespace assay::node
