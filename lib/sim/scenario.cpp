#include "assay/sim/scenario.hpp"

#include <algorithm>

#include "assay/commit/transcript.hpp"
#include "assay/core/memory_store.hpp"
#include "assay/protocol/layout.hpp"
#include "assay/sim/auditor.hpp"
#include "internal/population.hpp"

namespace assay::sim {

namespace {

constexpr std::uint64_t kQuietMs = 60'000;       // of virtual time: until then parties may post
constexpr std::uint64_t kLimitMs = 60 * 60'000;  // of virtual time: whatever lives has ended
constexpr std::uint64_t kRebuildEvery = 64;      // blocks

Faults faults_of(FaultLevel level, SimRng& rng) {
  Faults f;
  if (level == FaultLevel::kNone) return f;
  f.lose = static_cast<double>(rng.below(level == FaultLevel::kAll ? 15 : 4)) / 100;
  f.repeat = static_cast<double>(rng.below(15)) / 100;
  f.delay_ms_max = 20 + rng.below(1'500);
  if (level == FaultLevel::kSome) return f;
  f.crash = static_cast<double>(rng.below(30)) / 1'000;
  f.crash_node = static_cast<double>(rng.below(60)) / 1'000;
  f.cut_job = static_cast<double>(rng.below(20)) / 100;
  f.partition = static_cast<double>(rng.below(10)) / 100;
  f.full_disk = static_cast<double>(rng.below(5)) / 100;
  f.clock_jump = static_cast<double>(rng.below(3)) / 100;
  f.drift_ppm_max = static_cast<std::int64_t>(rng.below(50'001));
  return f;
}

// INV-SIM-007: the state root is that of a tree made anew from the records, in another order.
Status check_root(const protocol::StateReader& reader, const KeyValueStore& store) {
  std::vector<commit::MapChange> changes;
  const Bytes prefix{protocol::kStatePrefix};
  ASSAY_TRY_STATUS(store.scan(prefix, [&](ByteView key, ByteView value) {
    changes.push_back({to_bytes(key.subspan(1)), to_bytes(value)});
    return true;
  }));
  std::reverse(changes.begin(), changes.end());
  const MemoryStore empty;
  WriteBatch batch;
  ASSAY_TRY(const Hash256 root, protocol::state_map(empty).apply(0, changes, batch));
  ASSAY_TRY(const protocol::BlockHeader head, reader.head());
  if (root == head.state_root) return {};
  return {ErrorCode::kIntegrity, "block " + std::to_string(head.height.value) +
                                     " has another state root than a tree made anew"};
}

class Run {
 public:
  explicit Run(const SeedOptions& options)
      : m_options(options), m_rng(options.seed ^ 0x5eed5eed5eed5eed), m_simulator(sim_options()) {
    m_population = populate(m_simulator, m_rng, options, m_pool);
    m_simulator.on_block(
        [this](const protocol::StateReader& reader, Height height) { return see(reader, height); });
  }

  SeedReport play() {
    SeedReport report;
    report.seed = m_options.seed;
    const auto done = [this](const protocol::StateReader& reader) { return is_over(reader); };
    const auto ran = m_simulator.run(done);
    Status verdict = ran ? Status{} : Status(ran.error());
    if (verdict && !ran->all_finished)
      verdict = {ErrorCode::kIntegrity, "a live task did not end: INV-SIM-005"};
    if (verdict) verdict = check_end();
    if (!verdict) report.failure = verdict.error().message;
    const Auditor::Counts counts = m_auditor.counts();
    report.tasks = counts.tasks;
    report.claims_paid = counts.paid;
    report.claims_fallen = counts.fallen;
    report.games = counts.games;
    report.errors_found = counts.found;
    report.demands = counts.demands;
    report.withheld = counts.withheld;
    report.transactions = counts.transactions;
    report.forgotten = counts.forgotten;
    report.sim = m_simulator.report();
    if (const auto head = m_simulator.reader().head()) report.digest = protocol::hash_of(*head);
    return report;
  }

 private:
  SimOptions sim_options() {
    SimOptions o;
    o.seed = m_options.seed;
    o.faults = faults_of(m_options.faults, m_rng);
    o.poll_ms = 600;
    o.job_ms = 100 + m_rng.below(1'500);
    o.block_interval_ms = 500;
    o.limit_ms = kLimitMs;
    o.keep_versions = m_rng.below(4) == 0 ? 8 : 1024;  // so that old ones are pruned
    o.pauses_when_full = m_rng.below(2) == 0;
    o.keeps_log = m_options.keeps_log;
    return o;
  }

  Status see(const protocol::StateReader& reader, Height height) {
    ASSAY_TRY_STATUS(m_auditor.see(reader, height));
    if (height.value % kRebuildEvery != 0) return {};
    ASSAY_TRY(const protocol::BlockHeader head, reader.head());
    return head.height == height ? check_root(reader, m_simulator.store()) : Status{};
  }

  [[nodiscard]] bool is_over(const protocol::StateReader& reader) const {
    if (m_simulator.now_ms() < kQuietMs) return false;
    const auto live = reader.live_tasks();
    if (!live || !live->empty()) return false;
    std::map<std::string, std::size_t> wanted;
    for (const Population::Posted& posted : m_population.postings)
      if (!m_population.gone.contains(posted.submitter)) ++wanted[posted.submitter];
    for (const auto& [name, count] : wanted) {
      if (m_auditor.posted_by(m_simulator.account_of(name)) < count) return false;
    }
    return true;
  }

  Status check_end() {
    const protocol::StateReader& reader = m_simulator.reader();
    ASSAY_TRY_STATUS(m_auditor.see_end(reader));
    ASSAY_TRY_STATUS(check_root(reader, m_simulator.store()));
    for (const std::string& name : m_population.honest) {
      const Tally tally = m_auditor.tally_of(m_simulator.account_of(name));
      if (tally.loss() > 0)
        return {ErrorCode::kIntegrity,
                "honest " + name + " lost " + std::to_string(tally.loss()) + " atoms: INV-SIM-004"};
    }
    for (const Population::Posted& posted : m_population.postings)
      ASSAY_TRY_STATUS(check_claims(reader, posted));
    return {};
  }

  // INV-SIM-001 and 008: no true claim of an honest solver falls, and no false one stands where an
  // honest whistleblower looked at all of it.
  Status check_claims(const protocol::StateReader& reader, const Population::Posted& posted) {
    ASSAY_TRY(const auto ids, reader.tasks_of(m_simulator.account_of(posted.submitter)));
    for (const TaskId& id : ids) {
      ASSAY_TRY(const auto task, reader.task(id));
      if (!task || task->record.terms.header != posted.task->header) continue;
      for (const protocol::ClaimView& view : task->claims) {
        const protocol::ClaimRecord& claim = view.record;
        const std::string solver = name_of(claim.solver);
        if (m_population.honest.contains(solver) && claim.solver_lost)
          return {ErrorCode::kIntegrity, "honest " + solver + " lost a game: INV-SIM-001"};
        if (claim.status != protocol::ClaimStatus::kFinal || !m_population.watched ||
            !m_population.honest.contains(posted.submitter))
          continue;
        ASSAY_TRY_STATUS(check_words(*task, view));
        if (m_population.truthful.contains(solver)) continue;
        const std::vector<Hash256> prefix(
            posted.true_roots.begin(),
            posted.true_roots.begin() + static_cast<std::ptrdiff_t>(claim.entries));
        if (commit::Transcript(prefix).root() != claim.transcript_root)
          return {ErrorCode::kIntegrity,
                  "a false claim of " + solver + " stands that was watched: INV-SIM-008"};
      }
    }
    return {};
  }

  // INV-SIM-010: nor does a root that a verifier copied for what the state was in between.
  Status check_words(const protocol::TaskView& task, const protocol::ClaimView& view) {
    const commit::TaskHeader header = protocol::header_of(task.record, view.record);
    for (const std::string& name : m_population.lazy)
      for (const protocol::VerifierRecord& verifier : view.verifiers) {
        if (verifier.verifier != m_simulator.account_of(name) || verifier.lost) continue;
        for (std::size_t i = 0; i < verifier.opened.size(); ++i) {
          const economics::Draw& draw = verifier.draws[i];
          const bool has_interior = draw.interior_step != commit::step_of_entry(header, draw.entry);
          if (verifier.opened[i] && has_interior && draw.entry != view.record.forced_entry)
            return {ErrorCode::kIntegrity,
                    "lazy " + name + " keeps its stake though it was watched: INV-SIM-010"};
        }
      }
    return {};
  }

  [[nodiscard]] std::string name_of(const AccountId& id) const {
    for (const char* kind : {"solver-1", "solver-2", "solver-3", "pest"})
      if (m_simulator.account_of(kind) == id) return kind;
    return "";
  }

  SeedOptions m_options;
  SimRng m_rng;
  SerialTaskPool m_pool;
  Simulator m_simulator;
  Population m_population;
  Auditor m_auditor;
};

}  // namespace

SeedReport run_seed(const SeedOptions& options) { return Run(options).play(); }

}  // namespace assay::sim
