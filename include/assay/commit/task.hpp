// The task header: everything that decides a task's bits and what it is (docs/spec/commit.md). What
// it pays stands in the ledger's record beside it. Freestanding.
#pragma once

#include "assay/commit/roots.hpp"

namespace assay::commit {

enum class WorkKind : std::uint8_t { kTraining = 1 };
enum class AssuranceTier : std::uint8_t { kExact = 1 };

inline constexpr std::uint64_t kMaxSteps = std::uint64_t{1} << 32;
inline constexpr std::size_t kTaskHeaderBytes = 2 + 1 + 1 + 32 * 3 + 8 * 4;

struct TaskHeader {
  std::uint16_t profile = 1;
  WorkKind kind = WorkKind::kTraining;
  AssuranceTier tier = AssuranceTier::kExact;
  Hash256 init_program;  // program root: seed -> state
  Hash256 step_program;  // program root: (state, t) -> state
  Hash256 data_set;      // headed root of the named data tensors
  std::uint64_t seed = 0;
  std::uint64_t steps = 0;
  std::uint64_t commit_interval = 0;      // steps between entries of the transcript
  std::uint64_t checkpoint_interval = 0;  // steps between kept checkpoints, a multiple of it
  friend bool operator==(const TaskHeader&, const TaskHeader&) = default;
};

template <class Sink>
void write_task_header(codec::BasicWriter<Sink>& w, const TaskHeader& h) {
  w.u16(h.profile);
  w.u8(static_cast<std::uint8_t>(h.kind));
  w.u8(static_cast<std::uint8_t>(h.tier));
  w.hash(h.init_program);
  w.hash(h.step_program);
  w.hash(h.data_set);
  w.u64(h.seed);
  w.u64(h.steps);
  w.u64(h.commit_interval);
  w.u64(h.checkpoint_interval);
}
[[nodiscard]] inline TaskHeader read_task_header(codec::Reader& r) {
  TaskHeader h;
  h.profile = r.u16();
  h.kind = static_cast<WorkKind>(r.u8());
  h.tier = static_cast<AssuranceTier>(r.u8());
  h.init_program = r.hash();
  h.step_program = r.hash();
  h.data_set = r.hash();
  h.seed = r.u64();
  h.steps = r.u64();
  h.commit_interval = r.u64();
  h.checkpoint_interval = r.u64();
  return h;
}

// Profile, kind and tier known; 1 <= steps <= kMaxSteps; 1 <= commit_interval <= steps;
// checkpoint_interval a positive multiple of it.
[[nodiscard]] constexpr bool is_valid(const TaskHeader& h) noexcept {
  return h.profile == 1 && h.kind == WorkKind::kTraining && h.tier == AssuranceTier::kExact &&
         h.steps >= 1 && h.steps <= kMaxSteps && h.commit_interval >= 1 &&
         h.commit_interval <= h.steps && h.checkpoint_interval >= h.commit_interval &&
         h.checkpoint_interval % h.commit_interval == 0;
}

// H(0x02 || 'K' || header bytes): the root of the task's header.
[[nodiscard]] Hash256 task_root(Sha256Function sha256, const TaskHeader& header);

// Entries of the task's transcript: the initial state's root and one for each interval, the last of
// which may be shorter.
[[nodiscard]] constexpr std::uint64_t transcript_entries(const TaskHeader& h) noexcept {
  return 1 + ceil_div(h.steps, h.commit_interval);
}
// The step after which transcript entry `entry` stands.
[[nodiscard]] constexpr std::uint64_t step_of_entry(const TaskHeader& h,
                                                    std::uint64_t entry) noexcept {
  const std::uint64_t s = entry * h.commit_interval;
  return s < h.steps ? s : h.steps;
}
// The task keeps a checkpoint of the state after this step; it keeps the last one, too.
[[nodiscard]] constexpr bool is_checkpoint(const TaskHeader& h, std::uint64_t step) noexcept {
  return step != 0 && step % h.checkpoint_interval == 0;
}

}  // namespace assay::commit
