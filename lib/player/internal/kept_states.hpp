// States of one interval at which a walk can begin: some in memory and, where there is a disk, some
// more there (docs/spec/player.md, "What a game costs a side").
#pragma once

#include <map>

#include "assay/player/player.hpp"

namespace assay::player {

class KeptStates {
 public:
  // Of the steps [start, end]. What an earlier process left in the folder is removed.
  KeptStates(std::uint64_t start, std::uint64_t end, const IntervalOptions& options,
             TaskPool& pool);
  ~KeptStates();
  KeptStates(const KeptStates&) = delete;
  KeptStates& operator=(const KeptStates&) = delete;

  // The step of the nearest at or before `step`.
  [[nodiscard]] std::optional<std::uint64_t> nearest(std::uint64_t step) const;
  // A state that nearest() named. None if its file is gone or is not what was written: it is
  // forgotten then.
  [[nodiscard]] std::optional<NamedTensors> take(std::uint64_t step);

  // The segment that the next walk is about. Its start is kept, and what is far from it goes first.
  void focus(std::uint64_t low, std::uint64_t high);
  [[nodiscard]] std::uint64_t focus() const { return m_focus; }
  // Keeps it if it is worth more than what would have to go for it. Only a state whose root is
  // known may go to the disk, since that is how it is known again.
  void keep(const training::KnownState& state, const std::optional<Hash256>& root);
  // The place of a walk that was stopped and gives way to another.
  void keep_interrupted(const training::KnownState& state, const Hash256& root);
  [[nodiscard]] bool has_disk() const { return m_disk_places > 0; }

 private:
  struct Kept {
    NamedTensors state;           // in memory
    std::optional<Hash256> root;  // on disk
    std::uint64_t bytes = 0;      // of the file
    bool of_first_walk = false;   // one of those that are spread over the whole interval
    bool of_interrupted = false;  // where a stopped walk goes on
  };
  using Place = std::map<std::uint64_t, Kept>::iterator;

  [[nodiscard]] std::size_t places() const { return m_memory_places + m_disk_places; }
  void learn_size(const NamedTensors& state);
  [[nodiscard]] bool is_wanted(std::uint64_t step) const;
  [[nodiscard]] std::optional<Place> farthest();
  [[nodiscard]] bool may_replace(std::uint64_t step, const Place& other) const;
  [[nodiscard]] bool put(const training::KnownState& state, const std::optional<Hash256>& root,
                         bool of_first_walk);
  [[nodiscard]] bool write(const training::KnownState& state, Kept& kept);
  void forget(Place place);
  [[nodiscard]] std::string name_of(std::uint64_t step) const;

  const std::uint64_t m_start;
  const std::uint64_t m_end;
  const std::size_t m_memory_bytes;
  SpareDisk* m_disk;
  const std::string m_folder;
  std::size_t m_disk_places;
  TaskPool& m_pool;

  std::map<std::uint64_t, Kept> m_kept;
  std::size_t m_memory_places = 0;  // known with the first state
  std::size_t m_on_disk = 0;
  std::uint64_t m_focus;
  bool m_first_walk = true;  // the segment is the whole interval
};

}  // namespace assay::player
