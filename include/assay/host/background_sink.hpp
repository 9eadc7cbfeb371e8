// Checkpoint writing that overlaps training: files go to disk on a thread of their own, in order,
// one at a time. What a process that dies had not yet written is simply trained again.
#pragma once

#include <memory>

#include "assay/training/checkpoints.hpp"

namespace assay::host {

class BackgroundSink final : public training::CheckpointSink {
 public:
  // More than this many waiting writes hold the training up, so that memory stays bounded.
  static constexpr std::size_t kMaxQueued = 2;

  // `files` must be usable from another thread and outlive the sink.
  explicit BackgroundSink(Files& files);
  // Waits for what is queued.
  ~BackgroundSink() override;

  // An earlier write's failure is returned by the next call, and everything after it is dropped.
  [[nodiscard]] Status write(const std::string& name, Bytes bytes) override;
  [[nodiscard]] Status remove(const std::string& name) override;
  [[nodiscard]] Status flush() override;

 private:
  struct State;
  std::unique_ptr<State> m_state;
};

}  // namespace assay::host
