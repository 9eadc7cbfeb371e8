// Units: what the executor runs one after another. A unit is a kernel, or a region, or a product
// and the region that runs on its rows while they are in the cache.
//
// A region is a set of elementwise nodes and reductions over rows that see their tensors as the
// same rows: members are of all elements ("full") or of one element a row. It runs by tiles of a
// few rows, so that what only the region reads never leaves the cache. An element's bits depend on
// its own inputs alone, so nothing changes them.
#pragma once

#include "internal/flow.hpp"

namespace assay::exec {

inline constexpr std::size_t kMaxMembers = 96;
// Of searches for dependences and readers, over a whole program: a second or two, whatever
// strangers send.
inline constexpr std::uint64_t kMaxVisits = 100'000'000;

struct Unit {
  std::uint32_t kernel = kNone;        // a node that runs whole
  std::vector<std::uint32_t> members;  // of the region, by position
  std::uint64_t full = 0;              // elements of a full member
  std::uint64_t columns = 0;           // 0: any do; all members are full
  bool is_gone = false;                // merged into another, or nobody reads what it made

  [[nodiscard]] bool is_region() const { return !members.empty(); }
};

// Which outputs are computed again rather than kept.
struct LateCopyOptions {
  std::uint64_t bytes_min = 0;
  double time_share = 0;  // of a step's time that all copies together may take
};

// How a node could belong to a region.
struct Fit {
  std::uint64_t columns = 0;  // of the region with it
  bool per_row = false;       // its output is one element a row
};

class UnitGraph {
 public:
  explicit UnitGraph(Flow& flow) : m_flow(flow) {}

  // Regions of elementwise nodes and reductions, everything else kernels. `fuse`: none are made
  // otherwise.
  void make_units(bool fuse);
  // Cheap members that other regions read are computed again there where what they are made of is
  // read anyway.
  void recompute();
  // Gives regions to the products whose rows they read.
  void attach_to_products();
  // Outputs that lie in memory for long between two readers are computed again for the later ones.
  void make_late_copies(const LateCopyOptions& options);
  // Orders every reader of a slot before the unit that writes its new value; false where that
  // cannot be.
  [[nodiscard]] bool order_before(std::span<const std::uint32_t> readers, std::uint32_t writer);
  // Units in an order that respects all dependences: the program's as far as those allow, but what
  // frees memory, or takes next to none, runs as soon as it can.
  [[nodiscard]] std::vector<std::uint32_t> schedule() const;

  [[nodiscard]] const Unit& unit(std::uint32_t i) const { return m_units[i]; }
  [[nodiscard]] std::size_t unit_count() const { return m_units.size(); }
  [[nodiscard]] std::uint32_t unit_of(std::uint32_t node) const;
  [[nodiscard]] bool is_per_row(std::uint32_t node) const { return m_per_row[node] != 0; }
  // True if a region's member must stand in memory when its unit has run.
  [[nodiscard]] bool is_stored(std::uint32_t member) const;

 private:
  [[nodiscard]] std::optional<Fit> fit(std::uint32_t node, std::uint32_t unit) const;
  [[nodiscard]] std::optional<Fit> fit_reduction(std::uint32_t node, const Unit& unit) const;
  [[nodiscard]] bool operands_fit(std::uint32_t node, std::uint32_t unit, const Fit& fit) const;
  [[nodiscard]] bool is_member(std::uint32_t node, std::uint32_t unit) const;
  // Where a unit went.
  [[nodiscard]] std::uint32_t merged(std::uint32_t unit) const;
  // Whether `unit` needs `target` to run before it. True when searches have taken too long.
  [[nodiscard]] bool depends_on(std::uint32_t unit, std::uint32_t target) const;
  [[nodiscard]] bool inputs_depend_on(std::uint32_t node, std::uint32_t unit) const;
  [[nodiscard]] bool can_merge(std::uint32_t a, std::uint32_t b) const;
  void place(std::uint32_t node);
  [[nodiscard]] std::vector<std::uint32_t> candidates(std::uint32_t node) const;
  std::uint32_t new_unit(std::uint32_t node);
  void join(std::uint32_t node, std::uint32_t unit, const Fit& fit);
  void merge(std::uint32_t from, std::uint32_t into);
  void add_inputs(std::uint32_t node, std::uint32_t unit);
  void attach(std::uint32_t region);
  [[nodiscard]] bool waits_with(std::uint32_t region, std::uint32_t product) const;
  // Nodes of one unit once more, in a unit of their own: the last of them for these readers, of
  // which `before` is the first one's unit.
  void copy_for(std::span<const std::uint32_t> nodes, std::span<const std::uint32_t> readers,
                std::uint32_t before);
  std::uint32_t add_clone(std::uint32_t node, std::uint32_t unit);
  void sort_members(Unit& unit) const;
  void recompute_member(std::uint32_t node, std::uint32_t from);
  std::uint32_t clone_into(std::uint32_t node, std::uint32_t unit, int depth);
  [[nodiscard]] bool can_clone(std::uint32_t node, std::uint32_t unit, int depth,
                               unsigned& clones) const;
  void retire(std::uint32_t node);
  [[nodiscard]] bool reads(std::uint32_t unit, std::uint32_t storage,
                           std::uint32_t but = kNone) const;
  [[nodiscard]] bool is_kept(std::uint32_t member, std::uint32_t but) const;

  class Scheduler;
  class LateCopies;

  Flow& m_flow;
  std::vector<Unit> m_units;
  std::vector<std::vector<std::uint32_t>> m_before;   // per unit: units that it reads
  std::vector<std::uint32_t> m_first, m_last;         // per unit: positions of its nodes
  std::vector<std::uint32_t> m_into;                  // per unit: where it was merged, or itself
  std::vector<std::uint32_t> m_unit_of;               // per node
  std::vector<std::uint8_t> m_per_row;                // per node
  std::vector<std::vector<std::uint32_t>> m_reading;  // per storage: regions that read it
  mutable std::vector<std::uint32_t> m_visited;       // per unit: the search that met it last
  mutable std::uint32_t m_search = 0;
  mutable std::uint64_t m_visits = 0;
  std::size_t m_nodes_max = 0;  // with those that are computed twice
};

// Elementwise operators and reductions that tiles can hold.
[[nodiscard]] bool can_be_member(const numerics::NodeSpec& spec);
// One operation of a cycle or so an element.
[[nodiscard]] bool is_cheap(numerics::OpCode op);
// Whether the operator's strip may write over an operand of the output's size.
[[nodiscard]] bool works_in_place(const numerics::NodeSpec& spec);

}  // namespace assay::exec
