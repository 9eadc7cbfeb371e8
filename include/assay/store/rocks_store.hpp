// A KeyValueStore on disk (RocksDB). A write that returned is there after a power cut; a write that
// did not return is there whole or not at all. Layout, options and why: docs/spec/store.md.
#pragma once

#include <filesystem>
#include <memory>

#include "assay/core/faces.hpp"

namespace assay::store {

inline constexpr std::size_t kMaxFamilies = 16;
inline constexpr std::size_t kMaxKeyBytes = 4096;
inline constexpr std::size_t kMaxBatchBytes = std::size_t{1} << 30;

// Keys that begin with `prefix` stand in the named column family, which several prefixes may share:
// they are compacted apart from the others, and still written with them in one atomic batch.
struct KeyFamily {
  std::string name;  // [a-z0-9-]{1,32}
  Bytes prefix;      // not empty; of two that fit a key the longer counts
  // Keys come in no order, so each merge rewrites all that is there: twice the memory, fewer
  // merges.
  bool scattered = false;
};

// Of logs before the oldest is let go, in write buffers. Opening writes out what they hold, so that
// much must be free, and a half again for filters and indices.
inline constexpr std::size_t kLogBuffers = 16;
inline constexpr std::size_t kWriteBufferBytes = std::size_t{16} << 20;

struct RocksOptions {
  // What the folder holds ("ledger", "blobs"): kept in the format record and checked at open, so
  // that one program does not open another's folder. [a-z0-9-]{1,32}.
  std::string content = "store";
  // Of the layout of keys and values, in the same record: a store of another is refused.
  std::uint32_t version = 1;
  // Kept in the format record too, in this order: a store's table never changes.
  std::vector<KeyFamily> families;
  bool create_if_missing = true;
  // Opens without changing a byte; every write is kPermission then. Whoever opens so sees to it
  // that no other process has the folder open.
  bool read_only = false;
  std::size_t write_buffer_bytes = kWriteBufferBytes;  // of each family
  std::size_t block_cache_bytes = std::size_t{16} << 20;
  int max_open_files = 256;
};

// Thread-safe. Errors of all members name the folder and say what to do: kNoSpace (free some, start
// again), kIntegrity (bytes on disk are not those written), kConflict (another process holds it),
// kPermission, kUnsupported (another format or content), kNotFound (create_if_missing is off), kIo.
// After a failed write no later write succeeds until the store is opened again.
class RocksStore final : public KeyValueStore {
 public:
  [[nodiscard]] static Result<std::unique_ptr<RocksStore>> open(const std::filesystem::path& folder,
                                                                const RocksOptions& options = {});
  ~RocksStore() override;
  RocksStore(const RocksStore&) = delete;
  RocksStore& operator=(const RocksStore&) = delete;

  [[nodiscard]] Result<std::optional<Bytes>> get(ByteView key) const override;
  // A consistent view: writes made meanwhile are not seen. `visit` may read and write the store.
  [[nodiscard]] Status scan(
      ByteView prefix,
      const std::function<bool(ByteView key, ByteView value)>& visit) const override;
  // kInvalidArgument or kLimit for a key or a batch over the limits above; nothing is written then.
  [[nodiscard]] Status write(const WriteBatch& batch) override;

  // The store as it stands now, for readers beside whoever writes; its own write() is kPermission.
  // The store must outlive it.
  [[nodiscard]] std::shared_ptr<const KeyValueStore> snapshot() const;

  // Reads every table file and compares its checksum with the one recorded. Slow.
  [[nodiscard]] Status verify() const;
  // What the disk has left for this user.
  [[nodiscard]] Result<std::uint64_t> free_bytes() const;
  // Bytes of the live files of each family, "default" first.
  [[nodiscard]] std::vector<std::pair<std::string, std::uint64_t>> family_bytes() const;
  // Moves what is in the log into a table file, so that the next open replays nothing.
  [[nodiscard]] Status flush();

 private:
  friend struct RocksAccess;
  struct State;
  class Snapshot;
  explicit RocksStore(std::unique_ptr<State> state);
  std::unique_ptr<State> m_state;
};

}  // namespace assay::store
