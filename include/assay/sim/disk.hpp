// A machine's disk under the simulator (docs/spec/sim.md, "Disks"). What was not synced is gone
// after a crash, or there in part, in torn pages; a name that was not synced may be the old one; it
// runs full, and the power may go between any two operations. Not thread-safe.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "assay/core/hex.hpp"
#include "assay/core/memory_store.hpp"
#include "assay/sim/rng.hpp"

namespace assay::sim {

inline constexpr std::size_t kPageBytes = 512;

class SimDisk {
 public:
  explicit SimDisk(SimRng& rng) : m_rng(rng) {}

  // Errors: kIo when it is full or without power, kNotFound.
  [[nodiscard]] Status create(const std::string& name, ByteView bytes);  // or replaces it
  [[nodiscard]] Status append(const std::string& name, ByteView bytes);
  [[nodiscard]] Status sync(const std::string& name);
  [[nodiscard]] Status rename(const std::string& from, const std::string& to);
  [[nodiscard]] Status sync_folder();
  [[nodiscard]] Status remove(const std::string& name);
  [[nodiscard]] Result<ByteView> read(const std::string& name) const;
  [[nodiscard]] bool exists(const std::string& name) const { return m_folder.count(name) != 0; }
  [[nodiscard]] std::vector<std::string> list(const std::string& prefix) const;

  // Nothing more is taken; what is there stays.
  void set_full(bool full) { m_full = full; }
  [[nodiscard]] bool is_full() const { return m_full; }
  // So many more operations, and the power is gone: every later one fails until crash().
  void cut_power_after(std::uint64_t operations) { m_left = operations; }
  [[nodiscard]] bool is_powerless() const { return m_left == 0; }
  // The machine stops and starts: what was not synced is lost, whole or in part.
  void crash();

 private:
  struct File {
    Bytes bytes;
    std::size_t synced = 0;  // of them
  };
  using Folder = std::map<std::string, std::shared_ptr<File>>;
  [[nodiscard]] Status spend(bool writes);
  void tear(File& file);

  static constexpr std::uint64_t kNever = UINT64_MAX;
  SimRng& m_rng;
  Folder m_folder;
  Folder m_synced_folder;
  bool m_full = false;
  std::uint64_t m_left = kNever;
};

// Files over it, written as host::DiskFiles writes them: temporary name, sync, rename, sync of the
// folder.
class SimFiles final : public Files {
 public:
  explicit SimFiles(SimDisk& disk) : m_disk(disk) {}
  [[nodiscard]] Result<Bytes> read(const std::string& name) const override;
  [[nodiscard]] Status write_atomically(const std::string& name, ByteView bytes) override;
  [[nodiscard]] Status remove(const std::string& name) override;
  [[nodiscard]] bool exists(const std::string& name) const override { return m_disk.exists(name); }
  [[nodiscard]] Result<std::vector<std::string>> list(const std::string& folder) const override;

  // After a crash: every file is one that was written, whole, and none is gone that was written to
  // the end. Errors: kIntegrity.
  [[nodiscard]] Status check_whole();

 private:
  struct Written {
    std::vector<Hash256> versions;  // that may be there: the last whole one, and those tried since
    bool may_be_gone = true;
  };
  SimDisk& m_disk;
  std::map<std::string, Written> m_written;
};

// A store over it: a log of checked batches, each synced before write() returns, and the map that
// they make.
class SimStore final : public KeyValueStore {
 public:
  explicit SimStore(SimDisk& disk) : m_disk(disk) {}
  // What the log holds, up to the first batch that is not whole.
  [[nodiscard]] Status recover();
  [[nodiscard]] Result<std::optional<Bytes>> get(ByteView key) const override {
    return m_map.get(key);
  }
  [[nodiscard]] Status scan(
      ByteView prefix,
      const std::function<bool(ByteView key, ByteView value)>& visit) const override {
    return m_map.scan(prefix, visit);
  }
  [[nodiscard]] Status write(const WriteBatch& batch) override;

 private:
  SimDisk& m_disk;
  MemoryStore m_map;
};

}  // namespace assay::sim
