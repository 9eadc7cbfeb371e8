// A disk with a volatile cache: what was written but not synced lives in this process alone, so
// killing the process is a power cut. A file that was never synced does not exist on the real disk;
// the rest of a file is what its last sync left. Renames, removals and folders take effect at once.
// It can cut the power by itself, in the middle of a sync.
#pragma once

#include <rocksdb/env.h>
#include <rocksdb/file_system.h>
#include <signal.h>

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace assay::test {

struct LossyState {
  std::atomic<std::uint64_t> unsynced_bytes{0};
  std::atomic<std::int64_t> syncs_left{-1};  // until the power is cut; negative: never
};

// The unsynced tail of one file. It outlives the handle, as a page cache does.
class LossyFile final : public rocksdb::FSWritableFile {
 public:
  using IOStatus = rocksdb::IOStatus;
  using Options = rocksdb::IOOptions;
  using Debug = rocksdb::IODebugContext;

  LossyFile(std::shared_ptr<rocksdb::FileSystem> disk, std::string name,
            rocksdb::FileOptions file_options, LossyState* state)
      : m_disk(std::move(disk)),
        m_name(std::move(name)),
        m_file_options(file_options),
        m_state(state) {}

  using rocksdb::FSWritableFile::Append;
  using rocksdb::FSWritableFile::PositionedAppend;
  IOStatus Append(const rocksdb::Slice& data, const Options&, Debug*) override {
    const std::lock_guard lock(m_mutex);
    m_pending.append(data.data(), data.size());
    m_state->unsynced_bytes += data.size();
    return IOStatus::OK();
  }
  IOStatus Truncate(std::uint64_t size, const Options&, Debug*) override {
    const std::lock_guard lock(m_mutex);
    if (size != m_durable_bytes + m_pending.size())
      return IOStatus::NotSupported("the lossy disk does not cut files");
    return IOStatus::OK();
  }
  IOStatus Flush(const Options&, Debug*) override { return IOStatus::OK(); }
  IOStatus RangeSync(std::uint64_t, std::uint64_t, const Options&, Debug*) override {
    return IOStatus::OK();
  }
  IOStatus Allocate(std::uint64_t, std::uint64_t, const Options&, Debug*) override {
    return IOStatus::OK();
  }
  IOStatus Close(const Options&, Debug*) override { return IOStatus::OK(); }
  IOStatus Fsync(const Options& options, Debug* debug) override { return Sync(options, debug); }
  IOStatus Sync(const Options& options, Debug* debug) override {
    const std::lock_guard lock(m_mutex);
    if (!m_real) {
      IOStatus made = m_disk->NewWritableFile(m_name, m_file_options, &m_real, debug);
      if (!made.ok()) return made;
    }
    if (m_state->syncs_left >= 0 && m_state->syncs_left-- == 0) {
      // Half of it reaches the disk.
      (void)m_real->Append(rocksdb::Slice(m_pending.data(), m_pending.size() / 2), options, debug);
      (void)m_real->Flush(options, debug);
      ::raise(SIGKILL);
    }
    IOStatus status = m_real->Append(m_pending, options, debug);
    if (status.ok()) status = m_real->Flush(options, debug);
    if (!status.ok()) return status;
    m_state->unsynced_bytes -= m_pending.size();
    m_durable_bytes += m_pending.size();
    m_pending.clear();
    return IOStatus::OK();
  }
  bool IsSyncThreadSafe() const override { return true; }
  std::uint64_t GetFileSize(const Options&, Debug*) override {
    const std::lock_guard lock(m_mutex);
    return m_durable_bytes + m_pending.size();
  }

 private:
  std::shared_ptr<rocksdb::FileSystem> m_disk;
  std::string m_name;
  rocksdb::FileOptions m_file_options;
  LossyState* m_state;
  std::mutex m_mutex;
  std::unique_ptr<rocksdb::FSWritableFile> m_real;
  std::string m_pending;
  std::uint64_t m_durable_bytes = 0;
};

class LossyFileSystem final : public rocksdb::FileSystemWrapper {
 public:
  LossyFileSystem() : rocksdb::FileSystemWrapper(rocksdb::FileSystem::Default()) {}
  const char* Name() const override { return "assay-lossy"; }

  rocksdb::IOStatus NewWritableFile(const std::string& name, const rocksdb::FileOptions& options,
                                    std::unique_ptr<rocksdb::FSWritableFile>* result,
                                    rocksdb::IODebugContext*) override {
    result->reset(new LossyFile(target_, name, options, &m_state));
    return rocksdb::IOStatus::OK();
  }
  // How much a power cut would lose now.
  [[nodiscard]] std::uint64_t unsynced_bytes() const { return m_state.unsynced_bytes; }
  // From now on so many syncs succeed; the next is cut, and the process with it.
  void cut_after(std::int64_t syncs) { m_state.syncs_left = syncs; }

 private:
  LossyState m_state;
};

}  // namespace assay::test
