#include "assay/roles/solver.hpp"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <mutex>
#include <set>

#include "assay/commit/transcript.hpp"
#include "assay/crypto/sha256.hpp"
#include "assay/dispute/claims.hpp"
#include "assay/economics/jackpot.hpp"
#include "assay/host/background_sink.hpp"
#include "assay/roles/names.hpp"
#include "assay/training/run.hpp"
#include "internal/forced_error.hpp"
#include "internal/sub_files.hpp"
#include "internal/supply.hpp"
#include "internal/taker_role.hpp"

namespace assay::roles {

namespace {

using protocol::ClaimStatus;
using protocol::ClaimView;
using protocol::TaskView;

constexpr std::uint64_t kReportSteps = 10;  // between two progress reports of a run, at least

struct Trained final : JobOutcome {
  std::vector<Hash256> state_roots;
  std::vector<std::uint64_t> checkpoints;
  std::uint64_t halted = 0;  // entries up to where the run diverged; 0: it did not
};

std::string run_folder(const ClaimId& claim) { return "runs/" + to_hex(claim.value).substr(0, 16); }

// What a run and its role tell each other.
class Watch {
 public:
  // Entries of a cancelled claim at which to stop, once they are kept; 0: it goes on to its end.
  std::atomic<std::uint64_t> enough = 0;

  // The transcript up to the newest kept checkpoint.
  void keep(const std::vector<Hash256>& roots, std::uint64_t entries) {
    const std::lock_guard lock(m_mutex);
    for (std::uint64_t i = m_kept.size(); i < entries; ++i) m_kept.push_back(roots[i]);
  }
  // The root of entry `entry`, if it is kept.
  [[nodiscard]] std::optional<Hash256> kept(std::uint64_t entry) const {
    const std::lock_guard lock(m_mutex);
    if (entry >= m_kept.size()) return std::nullopt;
    return m_kept[entry];
  }

 private:
  mutable std::mutex m_mutex;
  std::vector<Hash256> m_kept;
};
using SharedWatch = std::shared_ptr<Watch>;

std::uint64_t entries_at(const commit::TaskHeader& header, std::uint64_t step) {
  return 1 + ceil_div(step, header.commit_interval);
}

// Entries of the transcript up to the first checkpoint whose loss is not finite: there the run
// halts, because what comes after it is not paid. 0: it goes on.
std::uint64_t halted_at(const commit::TaskHeader& header, const training::TrainingRun& run) {
  for (const std::uint64_t step : run.checkpoints())
    if (step < header.steps && commit::is_checkpoint(header, step) && step <= run.losses().size() &&
        !std::isfinite(run.losses()[step - 1]))
      return entries_at(header, step);
  return 0;
}

void log_progress(const RoleContext& context, const training::Task& task, const std::string& id,
                  const training::TrainingRun& run, std::size_t& committed) {
  Log::Fields fields{{"claim", id},
                     {"step", std::to_string(run.step())},
                     {"steps", std::to_string(task.header.steps)}};
  if (!run.losses().empty()) fields.emplace_back("loss", std::to_string(run.losses().back()));
  context.log.write(LogLevel::kInfo, "training.progress", fields);
  for (; committed < run.transcript().size(); ++committed)
    context.log.write(LogLevel::kInfo, "training.commit",
                      {{"claim", id},
                       {"entry", std::to_string(committed)},
                       {"step", std::to_string(commit::step_of_entry(task.header, committed))},
                       {"state_root", to_hex(run.transcript()[committed])}});
}

// Runs the task's first `entries` entries, reporting through the log as it goes.
JobResult train(const RoleContext& context, const training::Task& task, const ClaimId& claim,
                std::uint64_t entries, const SharedWatch& watch,
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
  if (run->resumed_from() > 0)
    context.log.write(LogLevel::kInfo, "training.resumed",
                      {{"claim", id}, {"step", std::to_string(run->resumed_from())}});
  const std::uint64_t last_step = commit::step_of_entry(task.header, entries - 1);
  std::size_t committed = run->transcript().size();
  const auto kept = [&] {
    const std::vector<std::uint64_t> steps = run->checkpoints();
    return entries_at(task.header, steps.empty() ? 0 : steps.back());
  };
  while (run->step() < last_step) {
    if (cancelled()) return Error{ErrorCode::kCancelled, "training was asked to stop; it resumes"};
    if (const std::uint64_t enough = watch->enough; enough != 0 && kept() >= enough) break;
    ASSAY_TRY_STATUS(run->advance(std::min(kReportSteps, last_step - run->step())));
    // Nothing after it is reported, because it will not be delivered.
    const std::uint64_t halted = halted_at(task.header, *run);
    watch->keep(run->transcript(),
                std::min<std::uint64_t>(halted != 0 ? halted : kept(), run->transcript().size()));
    log_progress(context, task, id, *run, committed);
    if (halted != 0) break;
  }
  ASSAY_TRY_STATUS(sink.flush());
  auto outcome = std::make_shared<Trained>();
  outcome->state_roots = run->transcript();
  outcome->checkpoints = run->checkpoints();
  outcome->halted = halted_at(task.header, *run);
  if (outcome->halted != 0)
    context.log.write(LogLevel::kWarning, "training.diverged",
                      {{"claim", id}, {"entries", std::to_string(outcome->halted)}});
  return std::shared_ptr<JobOutcome>(std::move(outcome));
}

// How much of a run its claim delivers: all that it has to; of a cancelled claim as much as a
// checkpoint holds. 0: nothing yet.
std::uint64_t delivered(const Trained& trained, const TaskView& task,
                        const protocol::ClaimRecord& claim) {
  if (claim.status != ClaimStatus::kTraining) return claim.entries;
  if (protocol::may_halt(task.record, claim, trained.halted)) return trained.halted;
  const commit::TaskHeader& header = task.record.terms.header;
  if (trained.state_roots.size() == commit::transcript_entries(header) && !claim.cancelled)
    return trained.state_roots.size();
  std::uint64_t entries = 0;
  for (const std::uint64_t step : trained.checkpoints)
    if (const std::uint64_t at = entries_at(header, step);
        claim.cancelled && at <= protocol::entries_max(task.record, claim))
      entries = at;
  return entries;
}

class Solver final : public internal::TakerRole {
 public:
  using TakerRole::TakerRole;

 private:
  void update(const protocol::View& view) override {
    for (const TaskView& task : view.tasks)
      if (const ClaimView* claim = own_claim(task)) follow(task, *claim);
    take(view);
  }

  void follow(const TaskView& task, const ClaimView& of) {
    const protocol::ClaimRecord& claim = of.record;
    const std::string id = to_hex(claim.id.value);
    const auto* trained = static_cast<Trained*>(finished_job("train/" + id));
    report_once(id, "claim.accepted",
                {{"claim", id},
                 {"task", to_hex(task.record.id.value)},
                 {"price", std::to_string(claim.price.value)}});
    if (protocol::is_settled(claim.status)) {
      report_once(id, "claim.settled",
                  {{"claim", id},
                   {"status", protocol::to_string(claim.status)},
                   {"reason", protocol::to_string(claim.reason)}});
      // The model stays on offer, also for a submitter that comes back after our restart.
      if (claim.status != ClaimStatus::kFinal || m_published.contains(claim.id)) {
        if (watch_others(task, trained)) return;
        forget(of);
        return forget(task);
      }
    }
    const internal::SharedTask opened = open_task(task);
    if (!opened) return;
    const SharedWatch watch = watch_of(claim.id);
    // What was reported before a crash has to be there again.
    const bool ends_early = claim.cancelled && claim.status == ClaimStatus::kTraining;
    watch->enough = ends_early ? protocol::entries_min(task.record, claim) : 0;
    watch_others(task, trained);
    if (trained == nullptr) {
      start_training(opened, claim, watch);
      report_progress(task, claim, *watch);
      return;
    }
    const std::uint64_t entries = delivered(*trained, task, claim);
    if (entries == 0 || entries > trained->state_roots.size()) return;
    const std::vector<Hash256> roots(
        trained->state_roots.begin(),
        trained->state_roots.begin() + static_cast<std::ptrdiff_t>(entries));
    if (!force(task, claim, opened, roots) || !halt(task, claim, opened, roots)) return;
    show(task, claim, roots);
    // Not earlier: others could commit to it first, and a submitter have the model and let the
    // claim expire.
    if (claim.status < ClaimStatus::kDrawing) return;
    publish(task, claim, *trained, roots);
    // It answers for what it was given, too: a submitter that serves nobody else must not cost it
    // its pay.
    if (task.record.terms.relays != 0) (void)publish_task(*opened);
    report_once(id, "transcript.revealed",
                {{"claim", id}, {"transcript_root", to_hex(claim.transcript_root)}});
    if (claim.status < ClaimStatus::kFinal) {
      defend(task, of, opened);
      supply(task, of, opened, roots);
    }
  }

  // Also after a restart: the run finds its checkpoints and only repeats what came after them.
  void start_training(const internal::SharedTask& opened, const protocol::ClaimRecord& claim,
                      const SharedWatch& watch) {
    start_job(
        "train/" + to_hex(claim.id.value),
        [context = context(), opened, watch, id = claim.id,
         entries = claim.entries](const auto& cancelled) {
          return train(context, *opened, id, entries, watch, cancelled);
        },
        /*lengthy=*/true);
  }

  [[nodiscard]] SharedWatch watch_of(const ClaimId& claim) {
    SharedWatch& watch = m_watches[claim];
    if (!watch) watch = std::make_shared<Watch>();
    return watch;
  }

  // When what is kept has left what would be paid behind.
  void report_progress(const TaskView& task, const protocol::ClaimRecord& claim,
                       const Watch& watch) {
    if (claim.status != ClaimStatus::kTraining || claim.cancelled) return;
    const std::uint64_t next = claim.reported + task.record.terms.progress_entries;
    const std::optional<Hash256> root = watch.kept(next - 1);
    if (!root) return;
    submit("progress/" + to_hex(claim.id.value) + "/" + std::to_string(next),
           protocol::ReportProgress{
               claim.id, next,
               protocol::progress_commitment(claim.id, next, *root, transcript_salt(claim.id))});
  }

  [[nodiscard]] Hash256 transcript_salt(const ClaimId& claim) const {
    return internal::derive_secret(context().key, "transcript/" + to_hex(claim.value));
  }
  // Of what was reported, in the true transcript.
  [[nodiscard]] static std::optional<protocol::ProgressProof> progress_of(
      const protocol::ClaimRecord& claim, const commit::Transcript& transcript) {
    if (claim.progress == Hash256{}) return std::nullopt;
    return protocol::ProgressProof{transcript.state_root(claim.reported - 1),
                                   transcript.path(claim.reported - 1)};
  }

  // Commits to the transcript, reveals it, and discloses what was forced.
  void show(const TaskView& task, const protocol::ClaimRecord& claim,
            const std::vector<Hash256>& roots) {
    const std::string id = to_hex(claim.id.value);
    const commit::Transcript transcript(roots);
    const Hash256 salt = transcript_salt(claim.id);
    const Hash256 commitment = protocol::transcript_commitment(claim.id, transcript.root(), salt);
    if (claim.status == ClaimStatus::kTraining) {
      report_once(id, "training.finished",
                  {{"claim", id},
                   {"entries", std::to_string(transcript.size())},
                   {"transcript_root", to_hex(transcript.root())}});
      submit("commit/" + id + (claim.cancelled ? "/" + std::to_string(transcript.size()) : ""),
             protocol::CommitTranscript{claim.id, commitment, transcript.size()});
    } else if (claim.status == ClaimStatus::kRevealing) {
      report_once(id, "transcript.committed",
                  {{"claim", id}, {"commitment", to_hex(claim.commitment)}});
      // A signature under a second transcript would be a contradiction, whatever made them differ.
      if (commitment != claim.commitment) {
        report_once(id, "transcript.differs",
                    {{"claim", id}, {"transcript_root", to_hex(transcript.root())}});
        return;
      }
      reveal_posted(task, claim, commit::Transcript(posted_roots(claim, roots)), salt);
    } else if (claim.status == ClaimStatus::kDisclosing) {
      disclose(task, claim, transcript, salt);
    }
  }

  [[nodiscard]] static std::string force_job(const ClaimId& claim) {
    return "force/" + to_hex(claim.value);
  }
  // False while it is not known, or not yet made, what to post. Nothing is left to do once the
  // claim's true transcript stands.
  [[nodiscard]] bool force(const TaskView& task, const protocol::ClaimRecord& claim,
                           const internal::SharedTask& opened, const std::vector<Hash256>& roots) {
    if (task.record.terms.force_rate == 0 || claim.status < ClaimStatus::kRevealing ||
        claim.status > ClaimStatus::kDisclosing)
      return true;
    if (claim.force_beacon == Hash256{}) return false;
    const economics::Force due = economics::draw_force(
        crypto::sha256_function(), {random_bits(task, claim), claim.force_beacon, claim.id,
                                    roots.size(), task.record.terms.force_rate});
    const std::string job = force_job(claim.id);
    if (!due.is_due || finished_job(job) != nullptr) return true;
    start_job(
        job,
        [context = context(), opened, roots, id = claim.id,
         entry = due.entry](const auto&) -> JobResult {
          internal::SubFiles files(context.files, run_folder(id));
          ASSAY_TRY(auto forced,
                    internal::make_forced_error(context, *opened, files, roots, entry));
          return std::shared_ptr<JobOutcome>(std::move(forced));
        },
        /*lengthy=*/true);
    return false;
  }
  [[nodiscard]] static std::string halt_job(const ClaimId& claim) {
    return "halt/" + to_hex(claim.value);
  }
  // False while what a run that halted has to show is not there.
  [[nodiscard]] bool halt(const TaskView& task, const protocol::ClaimRecord& claim,
                          const internal::SharedTask& opened, const std::vector<Hash256>& roots) {
    if (claim.status != ClaimStatus::kRevealing || !protocol::has_halted(task.record, claim) ||
        finished_job(halt_job(claim.id)) != nullptr)
      return true;
    start_job(
        halt_job(claim.id),
        [context = context(), opened, roots, id = claim.id](const auto&) -> JobResult {
          const internal::SubFiles files(context.files, run_folder(id));
          ASSAY_TRY(auto proof, internal::prove_halt(context, *opened, files, roots));
          return std::shared_ptr<JobOutcome>(std::move(proof));
        },
        /*lengthy=*/true);
    return false;
  }
  // Null where none is due, and once it is disclosed.
  [[nodiscard]] const internal::ForcedError* forced(const protocol::ClaimRecord& claim) const {
    if (claim.status > ClaimStatus::kDisclosing) return nullptr;
    return static_cast<const internal::ForcedError*>(finished_job(force_job(claim.id)));
  }
  [[nodiscard]] std::vector<Hash256> posted_roots(const protocol::ClaimRecord& claim,
                                                  std::vector<Hash256> roots) const {
    if (const internal::ForcedError* error = forced(claim))
      roots[error->entry] = error->posted_state_root;
    return roots;
  }
  [[nodiscard]] crypto::Signature sign_claim(const TaskView& task,
                                             const protocol::ClaimRecord& claim,
                                             const Hash256& root) const {
    return context().key.sign(dispute::claim_digest(crypto::sha256_function(), context().chain,
                                                    task.record.id,
                                                    protocol::header_of(task.record, claim), root)
                                  .view());
  }

  void reveal_posted(const TaskView& task, const protocol::ClaimRecord& claim,
                     const commit::Transcript& posted, const Hash256& salt) {
    protocol::RevealTranscript payload;
    payload.claim = claim.id;
    payload.transcript_root = posted.root();
    if (task.record.terms.force_rate == 0) {
      payload.salt = salt;
      payload.progress = progress_of(claim, posted);
    }
    payload.final_state_root = posted.state_root(posted.size() - 1);
    payload.final_path = posted.path(posted.size() - 1);
    payload.signature = sign_claim(task, claim, posted.root());
    if (const auto* halted =
            static_cast<const internal::HaltProof*>(finished_job(halt_job(claim.id)))) {
      payload.loss = halted->loss;
      const internal::ForcedError* error = forced(claim);
      if (error != nullptr && error->entry == posted.size() - 1) payload.loss->loss_bits ^= 1;
    }
    submit("reveal/" + to_hex(claim.id.value), std::move(payload));
  }

  void disclose(const TaskView& task, const protocol::ClaimRecord& claim,
                const commit::Transcript& transcript, const Hash256& salt) {
    const std::string id = to_hex(claim.id.value);
    protocol::Disclose payload{claim.id,
                               random_bits(task, claim),
                               salt,
                               transcript.root(),
                               sign_claim(task, claim, transcript.root()),
                               std::nullopt,
                               progress_of(claim, transcript)};
    const internal::ForcedError* error = forced(claim);
    if (error != nullptr) payload.forced = error->proof;
    report_once(id, "transcript.disclosed",
                {{"claim", id}, {"forced_entry", std::to_string(error ? error->entry : 0)}});
    submit("disclose/" + id, std::move(payload));
  }

  [[nodiscard]] Known run_of(const ClaimId& claim, const internal::SharedTask& opened) const {
    return {opened,
            [context = context(), opened,
             claim](std::uint64_t step) -> Result<std::optional<training::KnownState>> {
              internal::SubFiles files(context.files, run_folder(claim));
              const training::CheckpointReader reader(files, opened->root(), context.pool,
                                                      &context.log);
              ASSAY_TRY(const training::Journal journal, reader.journal());
              return reader.nearest(journal, step);
            }};
  }

  // Of others' copies: what both runs have in common comes before the disputed entry.
  [[nodiscard]] std::optional<Known> own_run(const TaskView& task,
                                             const internal::SharedTask& opened) override {
    const ClaimView* claim = own_claim(task);
    if (claim == nullptr) return std::nullopt;
    return run_of(claim->record.id, opened);
  }

  void defend(const TaskView& task, const ClaimView& claim, const internal::SharedTask& opened) {
    for (const protocol::ChallengeView& challenge : claim.challenges)
      for (const protocol::GameView& game : challenge.games)
        if (game.record.defender == account())
          play(task, challenge, game, run_of(claim.record.id, opened));
  }

  // What is demanded on the ledger, as it was posted: whoever keeps it back loses the claim.
  void supply(const TaskView& task, const ClaimView& claim, const internal::SharedTask& opened,
              const std::vector<Hash256>& roots) {
    for (const protocol::DemandRecord& demand : claim.demands) {
      if (demand.status != protocol::DemandStatus::kOpen) continue;
      const std::string id = to_hex(demand.id.value);
      // After the disclosure another transcript stands, in which the same piece is opened anew.
      const std::string job = "supply/" + to_hex(demand.claim.value) + "/" + id + "/" +
                              to_hex(claim.record.transcript_root);
      const auto* opening = static_cast<const internal::Supply*>(finished_job(job));
      if (opening == nullptr) {
        start_supply(job, task, claim.record, opened, posted_roots(claim.record, roots), demand);
        continue;
      }
      report_once(id, "chunk.supplied",
                  {{"claim", to_hex(demand.claim.value)},
                   {"piece", protocol::to_string(demand.piece.kind)},
                   {"entry", std::to_string(demand.piece.entry)}});
      submit("supply/" + id, protocol::SupplyChunk{demand.id, opening->opening});
    }
  }

  void start_supply(const std::string& job, const TaskView& task,
                    const protocol::ClaimRecord& claim, const internal::SharedTask& opened,
                    std::vector<Hash256> roots, const protocol::DemandRecord& demand) {
    const internal::ForcedError* error = forced(claim);
    const bool is_forced = error != nullptr && demand.piece.kind == protocol::PieceKind::kState &&
                           demand.piece.entry == error->entry;
    start_job(
        job,
        [context = context(), opened, roots = std::move(roots), piece = demand.piece, id = claim.id,
         header = task.record.terms.header,
         flipped = is_forced ? error->checkpoint : Bytes()](const auto&) -> JobResult {
          const internal::SubFiles files(context.files, run_folder(id));
          const auto checkpoint = [&](std::uint64_t entry) {
            return flipped.empty()
                       ? files.read(training::checkpoint_name(commit::step_of_entry(header, entry)))
                       : Result<Bytes>(flipped);
          };
          auto outcome = std::make_shared<internal::Supply>();
          ASSAY_TRY(outcome->opening,
                    internal::open_piece({*opened, roots, checkpoint}, piece, context.pool));
          return std::shared_ptr<JobOutcome>(std::move(outcome));
        },
        /*lengthy=*/false, demand.deadline);
  }

  // Challenges the first entry in which another copy differs. A single entry that differs, where
  // errors are forced, may be one; a lie might hide behind it.
  void compare(const TaskView& task, const ClaimView& other, const commit::Transcript& roots,
               const std::vector<Hash256>& own) {
    const bool forces = task.record.terms.force_rate != 0;
    const std::uint64_t common = std::min<std::uint64_t>(roots.size(), own.size());
    const auto differs = [&](std::uint64_t entry) { return roots.state_root(entry) != own[entry]; };
    for (std::uint64_t entry = 0; entry < common; ++entry) {
      if (!differs(entry)) continue;
      const bool alone = entry + 1 == common || !differs(entry + 1);
      const bool may_be_forced =
          forces && alone && entry > 0 && other.record.status <= ClaimStatus::kDisclosing;
      if (!may_be_forced) return challenge(task, other, entry);
      challenge_forced(task, other, entry);
    }
  }

  // The same task, the same bits: where a copy's transcript first differs from ours, one of the two
  // is false. What an earlier life challenged goes on without our transcript, from the checkpoints
  // that are kept: a claim that we gave up is not trained again. True while there is something to
  // watch.
  bool watch_others(const TaskView& task, const Trained* trained) {
    bool busy = false;
    for (const ClaimView& other : task.claims) {
      const ClaimStatus status = other.record.status;
      if (other.record.solver == account()) continue;
      const bool can_end = trained == nullptr || protocol::is_settled(status);
      if (can_end && !has_challenged(other)) continue;
      busy |= !protocol::is_settled(status);
      if (status < ClaimStatus::kDrawing) continue;
      const commit::Transcript* roots = transcript(other);
      const internal::SharedTask opened = open_task(task);
      if (roots == nullptr || !opened) continue;
      if (trained != nullptr && protocol::is_challengeable(task.record.terms, status))
        compare(task, other, *roots, trained->state_roots);
      carry_on(task, other, opened, *roots);
    }
    return busy;
  }

  // A forced error is served as it was posted, its checkpoint too: a missing one would tell where
  // it is. From the disclosure on what is true takes their names.
  void publish(const TaskView& task, const protocol::ClaimRecord& claim, const Trained& trained,
               const std::vector<Hash256>& roots) {
    const internal::ForcedError* error = forced(claim);
    if (error == nullptr ? !m_published.insert(claim.id).second : !m_forced.insert(claim.id).second)
      return;
    const commit::Transcript posted(posted_roots(claim, roots));
    act(Publish{transcript_blob(claim.id), posted.state_roots(0, posted.size())});
    const std::uint64_t forced_step =
        error ? commit::step_of_entry(task.record.terms.header, error->entry) : 0;
    for (const std::uint64_t step : trained.checkpoints) {
      if (error != nullptr && step == forced_step)
        act(Publish{checkpoint_blob(claim.id, step), error->checkpoint});
      else
        act(PublishFile{checkpoint_blob(claim.id, step),
                        run_folder(claim.id) + "/" + training::checkpoint_name(step)});
    }
  }

  std::set<ClaimId> m_published;  // the true transcript
  std::set<ClaimId> m_forced;     // one with a forced error
  std::map<ClaimId, SharedWatch> m_watches;
};

}  // namespace

std::unique_ptr<Role> make_solver(RoleContext context, SolverOptions options) {
  return std::make_unique<Solver>(std::move(context), options);
}

}  // namespace assay::roles
