#include "assay/roles/solver.hpp"

#include <algorithm>

#include "assay/commit/transcript.hpp"
#include "assay/crypto/sha256.hpp"
#include "assay/dispute/claims.hpp"
#include "assay/economics/jackpot.hpp"
#include "assay/host/background_sink.hpp"
#include "assay/roles/names.hpp"
#include "assay/training/run.hpp"
#include "internal/forced_error.hpp"
#include "internal/ledger_role.hpp"
#include "internal/sub_files.hpp"

namespace assay::roles {

namespace {

using protocol::ClaimStatus;
using protocol::TaskStatus;
using protocol::TaskView;

constexpr std::uint64_t kReportSteps = 10;  // between two progress reports of a run, at least

struct Trained final : JobOutcome {
  std::vector<Hash256> state_roots;
  std::vector<std::uint64_t> checkpoints;
};

std::string run_folder(const ClaimId& claim) { return "runs/" + to_hex(claim.value).substr(0, 16); }

// Runs the task to its end, reporting through the log as it goes.
JobResult train(const RoleContext& context, const training::Task& task, const ClaimId& claim,
                const std::function<bool()>& cancelled) {
  internal::SubFiles files(context.files, run_folder(claim));
  host::BackgroundSink sink(files);
  ASSAY_TRY(auto execution, context.execution(task, context.pool));
  ASSAY_TRY(
      auto run,
      training::TrainingRun::open(
          task, *execution, context.pool,
          {.files = &files, .sink = &sink, .log = &context.log, .halt_at_non_finite_loss = false}));
  const std::string id = to_hex(claim.value);
  const std::string total = std::to_string(task.header.steps);
  if (run->resumed_from() > 0)
    context.log.write(LogLevel::kInfo, "training.resumed",
                      {{"claim", id}, {"step", std::to_string(run->resumed_from())}});
  std::size_t committed = run->transcript().size();
  while (!run->finished()) {
    if (cancelled()) return Error{ErrorCode::kCancelled, "training was asked to stop; it resumes"};
    ASSAY_TRY_STATUS(run->advance(kReportSteps));
    Log::Fields fields{{"claim", id}, {"step", std::to_string(run->step())}, {"steps", total}};
    if (!run->losses().empty()) fields.emplace_back("loss", std::to_string(run->losses().back()));
    context.log.write(LogLevel::kInfo, "training.progress", fields);
    for (; committed < run->transcript().size(); ++committed)
      context.log.write(LogLevel::kInfo, "training.commit",
                        {{"claim", id},
                         {"entry", std::to_string(committed)},
                         {"step", std::to_string(commit::step_of_entry(task.header, committed))},
                         {"state_root", to_hex(run->transcript()[committed])}});
  }
  auto outcome = std::make_shared<Trained>();
  outcome->state_roots = run->transcript();
  outcome->checkpoints = run->checkpoints();
  return std::shared_ptr<JobOutcome>(std::move(outcome));
}

class Solver final : public internal::LedgerRole {
 public:
  Solver(RoleContext context, SolverOptions options)
      : LedgerRole(std::move(context)), m_options(options) {}

 private:
  void update(const protocol::View& view) override {
    std::size_t under_way = 0;
    for (const TaskView& task : view.tasks)
      if (task.claim && task.claim->record.solver == account()) {
        under_way += protocol::is_settled(task.claim->record.status) ? 0 : 1;
        follow(task);
      }
    for (const TaskView& task : view.tasks) {
      if (under_way >= m_options.tasks_max) break;
      if (task.record.status == TaskStatus::kOpen && wants(view, task) && accept(task)) ++under_way;
    }
  }

  [[nodiscard]] bool wants(const protocol::View& view, const TaskView& task) const {
    const protocol::PostTask& terms = task.record.terms;
    const bool mine =
        terms.reserved_solver ? *terms.reserved_solver == account() : m_options.take_open_tasks;
    return mine && task.record.submitter != account() &&
           terms.price.value >= m_options.price_min_atoms &&
           leaves_time(terms, m_options.replay_quote_ms) &&
           view.self.staked.value >= terms.solver_stake.value;
  }

  // Only a task whose programs validate and whose roots are right is taken.
  bool accept(const TaskView& task) {
    const internal::SharedTask opened = open_task(task);
    if (!opened) return false;
    if (task.record.terms.force_rate != 0 && !internal::can_force(*opened)) {
      const std::string id = to_hex(task.record.id.value);
      report_once(id, "task.refused", {{"task", id}, {"why", "no loss slot to force errors in"}});
      return false;
    }
    const std::string purpose = "accept/" + to_hex(task.record.id.value);
    submit(purpose, protocol::AcceptTask{
                        task.record.id, m_options.replay_quote_ms,
                        crypto::sha256(internal::derive_secret(context().key, purpose).view())});
    return true;
  }

  void follow(const TaskView& task) {
    const protocol::ClaimRecord& claim = task.claim->record;
    const std::string id = to_hex(claim.id.value);
    report_once(id, "claim.accepted", {{"claim", id}, {"task", to_hex(task.record.id.value)}});
    if (protocol::is_settled(claim.status)) {
      report_once(id, "claim.settled",
                  {{"claim", id}, {"status", protocol::to_string(claim.status)}});
      // The model stays on offer, also for a submitter that comes back after our restart.
      if (claim.status != ClaimStatus::kFinal || m_published.contains(claim.id))
        return forget(task);
    }
    const internal::SharedTask opened = open_task(task);
    if (!opened) return;
    const std::string job = "train/" + id;
    auto* trained = static_cast<Trained*>(finished_job(job));
    if (trained == nullptr) {
      // Also after a restart: the run finds its checkpoints and only repeats what came after them.
      start_job(
          job,
          [context = context(), opened, claim_id = claim.id](const auto& cancelled) {
            return train(context, *opened, claim_id, cancelled);
          },
          /*lengthy=*/true);
      return;
    }
    if (!force(task, opened, *trained)) return;
    const commit::Transcript transcript(trained->state_roots);
    const Hash256 salt = internal::derive_secret(context().key, "transcript/" + id);
    if (claim.status == ClaimStatus::kTraining) {
      report_once(id, "training.finished",
                  {{"claim", id},
                   {"entries", std::to_string(transcript.size())},
                   {"transcript_root", to_hex(transcript.root())}});
      submit("commit/" + id,
             protocol::CommitTranscript{
                 claim.id, protocol::transcript_commitment(claim.id, transcript.root(), salt)});
    } else if (claim.status == ClaimStatus::kRevealing) {
      report_once(id, "transcript.committed",
                  {{"claim", id}, {"commitment", to_hex(claim.commitment)}});
      // A signature under a second transcript would be a contradiction, whatever made them differ.
      if (protocol::transcript_commitment(claim.id, transcript.root(), salt) != claim.commitment) {
        report_once(id, "transcript.differs",
                    {{"claim", id}, {"transcript_root", to_hex(transcript.root())}});
        return;
      }
      reveal(task, posted_roots(task, *trained), salt);
    } else if (claim.status == ClaimStatus::kDisclosing) {
      disclose(task, transcript.root(), salt);
    }
    // Not earlier: others could commit to it first, and a submitter have the model and let the
    // claim expire.
    if (claim.status >= ClaimStatus::kDrawing) publish(task, *trained);
    if (claim.status >= ClaimStatus::kDrawing && claim.status < ClaimStatus::kFinal) {
      report_once(id, "transcript.revealed",
                  {{"claim", id}, {"transcript_root", to_hex(claim.transcript_root)}});
      defend(task, opened);
    }
  }

  // r, of which the acceptance carries the hash.
  [[nodiscard]] Hash256 random_bits(const TaskView& task) const {
    return internal::derive_secret(context().key, "accept/" + to_hex(task.record.id.value));
  }
  [[nodiscard]] static std::string force_job(const ClaimId& claim) {
    return "force/" + to_hex(claim.value);
  }
  // False while it is not known, or not yet made, what to post. Nothing is left to do once the
  // claim's true transcript stands.
  [[nodiscard]] bool force(const TaskView& task, const internal::SharedTask& opened,
                           const Trained& trained) {
    const protocol::ClaimRecord& claim = task.claim->record;
    if (task.record.terms.force_rate == 0 || claim.status < ClaimStatus::kRevealing ||
        claim.status > ClaimStatus::kDisclosing)
      return true;
    if (claim.force_beacon == Hash256{}) return false;
    const economics::Force due = economics::draw_force(
        crypto::sha256_function(), {random_bits(task), claim.force_beacon, claim.id,
                                    trained.state_roots.size(), task.record.terms.force_rate});
    const std::string job = force_job(claim.id);
    if (!due.is_due || finished_job(job) != nullptr) return true;
    start_job(
        job,
        [context = context(), opened, roots = trained.state_roots, id = claim.id,
         entry = due.entry](const auto&) -> JobResult {
          internal::SubFiles files(context.files, run_folder(id));
          ASSAY_TRY(auto forced,
                    internal::make_forced_error(context, *opened, files, roots, entry));
          return std::shared_ptr<JobOutcome>(std::move(forced));
        },
        /*lengthy=*/true);
    return false;
  }
  // Null where none is due, and once it is disclosed.
  [[nodiscard]] const internal::ForcedError* forced(const TaskView& task) const {
    if (task.claim->record.status > ClaimStatus::kDisclosing) return nullptr;
    return static_cast<const internal::ForcedError*>(
        finished_job(force_job(task.claim->record.id)));
  }
  [[nodiscard]] std::vector<Hash256> posted_roots(const TaskView& task,
                                                  const Trained& trained) const {
    std::vector<Hash256> roots = trained.state_roots;
    if (const internal::ForcedError* error = forced(task))
      roots[error->entry] = error->posted_state_root;
    return roots;
  }
  [[nodiscard]] crypto::Signature sign_claim(const TaskView& task, const Hash256& root) const {
    return context().key.sign(dispute::claim_digest(crypto::sha256_function(), context().chain,
                                                    task.record.id, task.record.terms.header, root)
                                  .view());
  }

  void reveal(const TaskView& task, std::vector<Hash256> roots, const Hash256& salt) {
    const commit::Transcript posted(std::move(roots));
    const ClaimId& claim = task.claim->record.id;
    protocol::RevealTranscript reveal;
    reveal.claim = claim;
    reveal.transcript_root = posted.root();
    if (task.record.terms.force_rate == 0) reveal.salt = salt;
    reveal.final_state_root = posted.state_root(posted.size() - 1);
    reveal.final_path = posted.path(posted.size() - 1);
    reveal.signature = sign_claim(task, posted.root());
    submit("reveal/" + to_hex(claim.value), std::move(reveal));
  }

  void disclose(const TaskView& task, const Hash256& true_root, const Hash256& salt) {
    const std::string id = to_hex(task.claim->record.id.value);
    protocol::Disclose payload{task.claim->record.id,       random_bits(task), salt, true_root,
                               sign_claim(task, true_root), std::nullopt};
    const internal::ForcedError* error = forced(task);
    if (error != nullptr) payload.forced = error->proof;
    report_once(id, "transcript.disclosed",
                {{"claim", id}, {"forced_entry", std::to_string(error ? error->entry : 0)}});
    submit("disclose/" + id, std::move(payload));
  }

  void defend(const TaskView& task, const internal::SharedTask& opened) {
    const ClaimId claim = task.claim->record.id;
    const Known known{opened,
                      [context = context(), opened,
                       claim](std::uint64_t step) -> Result<std::optional<training::KnownState>> {
                        internal::SubFiles files(context.files, run_folder(claim));
                        const training::CheckpointReader reader(files, opened->root(), context.pool,
                                                                &context.log);
                        ASSAY_TRY(const training::Journal journal, reader.journal());
                        return reader.nearest(journal, step);
                      }};
    for (const protocol::ChallengeView& challenge : task.claim->challenges)
      for (const protocol::GameView& game : challenge.games)
        if (game.record.defender == account()) play(task, challenge, game, known);
  }

  // A forced error is served as it was posted, its checkpoint too: a missing one would tell where
  // it is. From the disclosure on what is true takes their names.
  void publish(const TaskView& task, const Trained& trained) {
    const ClaimId& claim = task.claim->record.id;
    const internal::ForcedError* error = forced(task);
    if (error == nullptr ? !m_published.insert(claim).second : !m_forced.insert(claim).second)
      return;
    Bytes list;
    for (const Hash256& root : posted_roots(task, trained))
      list.insert(list.end(), root.bytes.begin(), root.bytes.end());
    act(Publish{transcript_blob(claim), std::move(list)});
    const std::uint64_t forced_step =
        error ? commit::step_of_entry(task.record.terms.header, error->entry) : 0;
    for (const std::uint64_t step : trained.checkpoints) {
      if (error != nullptr && step == forced_step)
        act(Publish{checkpoint_blob(claim, step), error->checkpoint});
      else
        act(PublishFile{checkpoint_blob(claim, step),
                        run_folder(claim) + "/" + training::checkpoint_name(step)});
    }
  }

  SolverOptions m_options;
  std::set<ClaimId> m_published;  // the true transcript
  std::set<ClaimId> m_forced;     // one with a forced error
};

}  // namespace

std::unique_ptr<Role> make_solver(RoleContext context, SolverOptions options) {
  return std::make_unique<Solver>(std::move(context), options);
}

}  // namespace assay::roles
