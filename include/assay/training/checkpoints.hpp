// A run's files (docs/spec/training.md): checkpoints/<step>.safetensors, and journal/<step> with
// the state roots and losses since the checkpoint before. A checkpoint counts once its journal
// stands, and only with the root that the journal names.
#pragma once

#include <optional>

#include "assay/training/state.hpp"

namespace assay::training {

// Takes whole files, in order, and may return before they are on disk, so that writing overlaps
// training (hashing never does: it stays on the executor's threads). A failed write is reported by
// a later call; flush() returns once everything stands. Not thread-safe on the caller's side.
class CheckpointSink {
 public:
  virtual ~CheckpointSink() = default;
  [[nodiscard]] virtual Status write(const std::string& name, Bytes bytes) = 0;
  [[nodiscard]] virtual Status remove(const std::string& name) = 0;
  [[nodiscard]] virtual Status flush() = 0;
};

// The plain one: on disk when it returns.
class FilesSink final : public CheckpointSink {
 public:
  explicit FilesSink(Files& files) : m_files(files) {}
  [[nodiscard]] Status write(const std::string& name, Bytes bytes) override {
    return m_files.write_atomically(name, bytes);
  }
  [[nodiscard]] Status remove(const std::string& name) override { return m_files.remove(name); }
  [[nodiscard]] Status flush() override { return {}; }

 private:
  Files& m_files;
};

[[nodiscard]] std::string checkpoint_name(std::uint64_t step);
[[nodiscard]] std::string journal_name(std::uint64_t step);

// What one checkpoint adds to the record of the run.
struct JournalSegment {
  Hash256 task;
  std::uint64_t after = 0;  // the checkpoint before it; 0 for the first
  std::uint64_t step = 0;
  std::vector<Hash256>
      roots;  // transcript entries in (after, step]; the first segment's start with entry 0
  std::vector<float> losses;  // of steps (after, step], or none
  friend bool operator==(const JournalSegment&, const JournalSegment&) = default;
};
[[nodiscard]] Bytes encode_segment(const JournalSegment& segment);
// Errors: kMalformed; kIntegrity for a digest that does not match.
[[nodiscard]] Result<JournalSegment> decode_segment(ByteView bytes);

// The record of a run as far as it is sound.
struct Journal {
  std::vector<Hash256> roots;  // transcript entries from 0 on
  std::vector<float> losses;
  struct Mark {
    std::uint64_t step = 0;
    std::size_t roots = 0;  // how many of the above stand at this checkpoint; the last is its root
    std::size_t losses = 0;
  };
  std::vector<Mark> marks;  // checkpoints, ascending
  // Forgets what came after the mark; none: everything.
  void cut_after(std::size_t mark_count);
};

struct KnownState {
  std::uint64_t step = 0;
  NamedTensors state;
};

// Reads a run's files. `log` may be null.
class CheckpointReader {
 public:
  CheckpointReader(const Files& files, const Hash256& task, TaskPool& pool, Log* log)
      : m_files(files), m_task(task), m_pool(pool), m_log(log) {}

  // The longest sound beginning; damaged and foreign segments end it, with a warning.
  [[nodiscard]] Result<Journal> journal() const;
  // Errors: kNotFound, and as verify_state_bytes().
  [[nodiscard]] Result<NamedTensors> load(std::uint64_t step, const Hash256& root) const;
  // The newest sound checkpoint at or before `step`; damaged ones are passed over with a warning.
  [[nodiscard]] Result<std::optional<KnownState>> nearest(const Journal& journal,
                                                          std::uint64_t step) const;

 private:
  void warn(const std::string& name, const std::string& why) const;

  const Files& m_files;
  Hash256 m_task;
  TaskPool& m_pool;
  Log* m_log;
};

}  // namespace assay::training
