// A party's side of a dispute game: the next move's body, from the position and an execution of its
// own (docs/spec/player.md). The honest party is the one whose execution is; a player never argues
// against its own execution, whatever that computed.
//
// Sans-I/O and resumable: a move is a function of position and execution; what a Player and its
// Interval keep is a cache. One exception: to open the scalar step a challenger needs the subtree
// roots that the defender offered on the walk through the trace, which a later position does not
// keep. It notes them at its own turns; one that was made anew in between must see() the earlier
// positions again, or it leaves that opening to the defender, whose clock runs. Not thread-safe.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "assay/dispute/game.hpp"
#include "assay/training/checkpoints.hpp"
#include "assay/training/execution.hpp"

namespace assay::player {

// The nearest state of the player's own execution at or before `step` that it has kept (a
// checkpoint); nothing if there is none, and the initial state is computed instead.
using StateProvider =
    std::function<Result<std::optional<training::KnownState>>(std::uint64_t step)>;

// True asks a computation to stop.
using StopRequest = std::function<bool()>;

// What all intervals of a party may hold on its disk together. Thread-safe.
class SpareDisk {
 public:
  SpareDisk(Files& files, std::uint64_t bytes_max) : m_files(files), m_left(bytes_max) {}
  [[nodiscard]] Files& files() const noexcept { return m_files; }
  // Takes so much of what is left, if that is enough.
  [[nodiscard]] bool take(std::uint64_t bytes) noexcept;
  void give_back(std::uint64_t bytes) noexcept { m_left += bytes; }

 private:
  Files& m_files;
  std::atomic<std::uint64_t> m_left;
};

struct IntervalOptions {
  StateProvider states = {};  // none: everything from the initial state
  // Of states inside the interval; two are kept however large they are, beside the one that is
  // worked on and, while it is written to the disk, its file.
  std::size_t state_cache_bytes = std::size_t{512} << 20;
  // For states that memory has no room for: a folder of it that nothing else uses, and so many of
  // them, states_on_disk(), say. None: only memory.
  SpareDisk* disk = nullptr;
  std::string disk_folder = {};  // not empty, if there is a disk
  unsigned states_on_disk_max = 0;
  std::size_t output_cache_bytes = std::size_t{512} << 20;  // of disputed outputs and operands
};

// How many of an interval's states a side wants on disk where memory is short: the square root of
// the steps, and no fewer than an offer of the chain has segments (INV-PLR-008).
[[nodiscard]] unsigned states_on_disk(std::uint64_t steps);

// What one execution knows of one interval of a run: whatever a game about it makes it compute, all
// the others find. Not thread-safe, nor are players of one interval beside each other.
class Interval {
 public:
  // The interval that ends at transcript entry `entry`. Everything passed in must outlive it.
  // `task` is the committed one, whatever `execution` does.
  Interval(const training::Task& task, training::Execution& execution, std::uint64_t entry,
           TaskPool& pool, IntervalOptions options = {});
  ~Interval();

  struct State;

 private:
  friend class Player;
  std::unique_ptr<State> m_state;
};

class Player {
 public:
  // The terms' entry is the interval's.
  Player(std::shared_ptr<Interval> interval, dispute::GameTerms terms, dispute::Role role);
  ~Player();

  // The body of the next move (dispute/moves.hpp); nothing if it is not this role's to move.
  // Errors: kConflict if the player's own execution agrees with all that it could dispute, so that
  // a challenger has no case; kUnavailable if its own state at the interval's start is not the
  // agreed one, so that a state provider must give that; kInvalidArgument if the position is not
  // one of these terms and this task; kCancelled if `stop`, asked between steps, said so: what was
  // computed until then stays for the next call; those of the execution and the state provider.
  [[nodiscard]] Result<std::optional<Bytes>> next_move(const dispute::Position& position,
                                                       const StopRequest& stop = {});

  // Shows a position of this game without asking for a move; next_move() does it for its own.
  // Showing a player that was made anew every position since the start of the trace makes it whole
  // again.
  void see(const dispute::Position& position);

  // The root of this execution's state after `step` steps.
  [[nodiscard]] Result<Hash256> state_root(std::uint64_t step);

  // True if this execution's root at the terms' entry is the claimed one: nothing to dispute.
  [[nodiscard]] Result<bool> agrees_with_claim();

 private:
  struct Parts;
  std::unique_ptr<Parts> m_parts;
};

}  // namespace assay::player
