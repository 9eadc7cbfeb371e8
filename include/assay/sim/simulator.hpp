// The whole protocol in one process under virtual time, from one seed: a ledger node, roles, blobs,
// a network that delays, loses, repeats and parts, disks that lose what was not synced, clocks that
// drift, and processes that crash at any step and come back. What a run does is a function of its
// seed and options alone (docs/spec/sim.md).
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "assay/node/ledger_node.hpp"
#include "assay/roles/role.hpp"
#include "assay/sim/rng.hpp"

namespace assay::sim {

// Chances are of what stands beside them. Parties that need not keep it may suffer longer than the
// bound (Outages in sim/network.hpp), and for ever.
struct Faults {
  double lose = 0;    // a message: a submission, its answer, a view or a fetch
  double repeat = 0;  // a submission arrives twice
  std::uint64_t delay_ms_max = 20;
  double crash = 0;  // of a role, for each event that it handles, between any two of its actions
  double crash_node = 0;              // for each block, between any two steps of it
  double cut_job = 0;                 // a job is killed half-way with its process
  std::uint64_t down_ms_max = 3'000;  // until a crashed process is back
  double partition = 0;               // in each second: some parties are cut off
  double full_disk = 0;               // in each second: a party's disk, or the node's, runs full
  double clock_jump = 0;  // in each second: the node's Unix time is set, by a minute at most
  std::uint64_t outage_ms_max = 8'000;  // the longest of partitions, full disks and crashes
  std::int64_t drift_ppm_max = 0;       // each clock's rate is off by at most this
};

struct SimOptions {
  std::uint64_t seed = 1;
  Faults faults;
  std::uint64_t poll_ms = 200;  // between two views of a role
  std::uint64_t job_ms = 300;   // virtual duration of a job
  std::uint64_t block_interval_ms = 100;
  std::uint64_t limit_ms = 24ull * 3600 * 1000;
  std::uint64_t window_min_ms = 10'000;  // RoleContext's
  std::uint64_t keep_versions = 1024;    // ChainOptions'
  bool pauses_when_full = false;  // the node looks at its disk before it writes; else it fails
  bool keeps_log = true;
};

struct PartyOptions {
  std::string name;
  std::uint64_t balance_atoms = 0;
  std::uint64_t staked_atoms = 0;
  bool may_crash = true;
  bool within_bound = true;  // what it suffers keeps the bound (Outages)
  bool serves_blobs = true;  // false: nobody ever gets an answer from it
  // Whom it gives other bytes than were asked for, by name.
  std::function<bool(const std::string& who)> garbles = {};
  std::uint64_t leaves_ms = UINT64_MAX;  // from then on it is gone for ever
  std::vector<std::string> capabilities = {};
  std::optional<AccountId> delegate = std::nullopt;  // RoleContext's, as plays_for
  protocol::Principals plays_for = {};
  // Besides the faults: asked before every event that the role handles; true: it crashes there.
  std::function<bool(const roles::Event& event)> crash_before = {};
  roles::ExecutionFactory execution = roles::honest_execution();
  // Makes the role, at the start and after every crash.
  std::function<std::unique_ptr<roles::Role>(const roles::RoleContext&)> make;
};

struct SimReport {
  bool all_finished = false;  // `done` held before the limit
  std::uint64_t virtual_ms = 0;
  std::uint64_t blocks = 0;
  std::uint64_t events = 0;
  std::uint64_t crashes = 0;
  std::uint64_t lost = 0;
  std::vector<std::string> log;  // "12300 solver-1 game.position turn=3 ..."
};

class Simulator {
 public:
  explicit Simulator(SimOptions options);
  ~Simulator();

  // Before run(). Keys are made from the seed and the name. The account's id.
  AccountId add(PartyOptions party);
  [[nodiscard]] AccountId account_of(const std::string& name) const;
  [[nodiscard]] const crypto::KeyPair& key_of(const std::string& name) const;

  // Sees every block once, in order, as soon as it stands; an error ends the run. The genesis block
  // is the first.
  using BlockSeen = std::function<Status(const protocol::StateReader& reader, Height height)>;
  void on_block(BlockSeen seen);

  // Until `done` is true of the ledger's state (asked after every block and every second), or the
  // time limit.
  // Errors: an acknowledged block that is gone after a crash, what on_block() says, kIntegrity of
  // protocol::audit_money(), which is asked after every block.
  [[nodiscard]] Result<SimReport> run(
      const std::function<bool(const protocol::StateReader& reader)>& done);

  [[nodiscard]] std::uint64_t now_ms() const;  // virtual
  // The log so far, also of a run that failed.
  [[nodiscard]] const SimReport& report() const;
  [[nodiscard]] const protocol::StateReader& reader() const;
  [[nodiscard]] const KeyValueStore& store() const;
  [[nodiscard]] Files& files_of(const std::string& name);

 private:
  struct World;
  std::unique_ptr<World> m_world;
};

}  // namespace assay::sim
