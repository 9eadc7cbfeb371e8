// Snapshots of a replicated ledger, for nodes that join by state synchronisation and for rollback
// (docs/spec/node.md, "Snapshots"): archives without bodies, as files in a folder of the node, cut
// into chunks for CometBFT's peers. Equal chains have equal snapshots.
#pragma once

#include <atomic>
#include <condition_variable>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>

#include "assay/core/faces.hpp"
#include "assay/node/snapshot_index.hpp"

namespace assay::node {

// More are offered to nobody.
inline constexpr std::size_t kSnapshotsKeptMax = 10;

struct SnapshotOptions {
  std::uint64_t every = 1'000;  // blocks; 0: none is made, those that are there are served
  std::size_t keep = 2;         // of those that were made, the newest; 1 to kSnapshotsKeptMax
  // Of a chunk; equal on all nodes. For tests.
  std::uint32_t chunk_bytes = kSnapshotChunkBytes;
  // Asked before each chunk is written: an error, and this snapshot is left out.
  std::function<Status()> may_write = {};
};

// The folder and the thread that fills it. Thread-safe.
class Snapshots {
 public:
  // Removes what a crash left unfinished, and what is of blocks above `head`. `log` must outlive
  // this. Errors: kInvalidArgument (options), those of the disk.
  [[nodiscard]] static Result<std::unique_ptr<Snapshots>> open(const std::filesystem::path& folder,
                                                               Height head,
                                                               const SnapshotOptions& options,
                                                               Log& log);
  // Gives up what is being made.
  ~Snapshots();
  Snapshots(const Snapshots&) = delete;
  Snapshots& operator=(const Snapshots&) = delete;

  [[nodiscard]] bool is_due(Height height) const noexcept;
  // Makes one of a state that nobody changes, beside whatever the caller does next. Left out while
  // the one before is still being made.
  void make(std::shared_ptr<const KeyValueStore> state);
  // Until none is being made.
  void wait();

  // Ascending by height.
  [[nodiscard]] std::vector<SnapshotIndex> list() const;
  // Nothing if there is none, or if it is damaged: then that snapshot goes.
  [[nodiscard]] std::optional<Bytes> chunk(Height height, std::uint32_t chunk);
  // A name in the folder that the next open() clears.
  [[nodiscard]] std::filesystem::path incoming() const { return m_folder / "incoming.assay"; }
  [[nodiscard]] Log& log() const noexcept { return m_log; }

 private:
  Snapshots(std::filesystem::path folder, const SnapshotOptions& options, Log& log);
  [[nodiscard]] Status load(Height head);
  void work();
  [[nodiscard]] Result<SnapshotIndex> write(const KeyValueStore& state);
  [[nodiscard]] Status add(const SnapshotIndex& index);
  void forget(Height height);
  [[nodiscard]] std::filesystem::path path_of(Height height, const char* suffix) const;

  const std::filesystem::path m_folder;
  const SnapshotOptions m_options;
  Log& m_log;
  mutable std::mutex m_mutex;  // all below
  std::condition_variable m_changed;
  std::map<Height, SnapshotIndex> m_known;
  std::shared_ptr<const KeyValueStore> m_job;
  bool m_busy = false;
  std::atomic<bool> m_stopping = false;
  std::thread m_worker;  // last: it uses the others
};

// The newest whole snapshot in a folder at or below a height: its archive. kNotFound.
[[nodiscard]] Result<std::pair<SnapshotIndex, std::filesystem::path>> newest_snapshot(
    const std::filesystem::path& folder, Height at_most);

}  // namespace assay::node
