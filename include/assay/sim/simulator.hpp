// The whole protocol in one process under virtual time, from one seed: a ledger node, roles, blobs,
// and a network that delays, loses and repeats messages, with processes that crash and come back.
// What a run does is a function of its seed and options alone (docs/spec/sim.md).
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "assay/core/memory_files.hpp"
#include "assay/core/memory_store.hpp"
#include "assay/node/ledger_node.hpp"
#include "assay/roles/role.hpp"
#include "assay/sim/rng.hpp"

namespace assay::sim {

struct Faults {
  double lose = 0;    // a message: a submission, its answer, a view or a fetch
  double repeat = 0;  // a submission arrives twice
  std::uint64_t delay_ms_max = 20;
  double crash = 0;                   // of a role, for each event that it handles
  double crash_node = 0;              // for each block
  double cut_job = 0;                 // a job is killed half-way with its process
  std::uint64_t down_ms_max = 3'000;  // until a crashed process is back
};

struct SimOptions {
  std::uint64_t seed = 1;
  Faults faults;
  std::uint64_t poll_ms = 200;  // between two views of a role
  std::uint64_t job_ms = 300;   // virtual duration of a job
  std::uint64_t block_interval_ms = 100;
  std::uint64_t limit_ms = 24ull * 3600 * 1000;
};

struct PartyOptions {
  std::string name;
  std::uint64_t balance_atoms = 0;
  std::uint64_t staked_atoms = 0;
  bool may_crash = true;
  // Besides the faults: asked before every event that the role handles; true: it crashes there.
  std::function<bool(const roles::Event& event)> crash_before = {};
  roles::ExecutionFactory execution = roles::honest_execution();
  // Makes the role, at the start and after every crash.
  std::function<std::unique_ptr<roles::Role>(const roles::RoleContext&)> make;
};

struct SimReport {
  bool all_finished = false;  // every party that can finish did before the limit
  std::uint64_t virtual_ms = 0;
  std::uint64_t blocks = 0;
  std::uint64_t events = 0;
  std::uint64_t crashes = 0;
  std::uint64_t lost = 0;
  std::vector<std::string> log;  // "12.300 solver-1 game.position turn=3 ..."
};

class Simulator {
 public:
  explicit Simulator(SimOptions options);
  ~Simulator();

  // Before run(). Keys are made from the seed and the name. The account's id.
  AccountId add(PartyOptions party);
  [[nodiscard]] AccountId account_of(const std::string& name) const;

  // Until `done` is true of the ledger's state (asked after every block), or the time limit. Money
  // is audited after every block.
  [[nodiscard]] Result<SimReport> run(
      const std::function<bool(const protocol::StateReader& reader)>& done);

  [[nodiscard]] const protocol::StateReader& reader() const;
  [[nodiscard]] MemoryFiles& files_of(const std::string& name);

 private:
  struct World;
  std::unique_ptr<World> m_world;
};

}  // namespace assay::sim
