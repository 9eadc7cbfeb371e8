#include "internal/ledger_role.hpp"

#include <algorithm>
#include <mutex>

#include "assay/core/planted.hpp"
#include "assay/crypto/sha256.hpp"
#include "assay/dispute/evidence_file.hpp"
#include "assay/dispute/levels.hpp"
#include "assay/host/thread_pool.hpp"
#include "assay/protocol/offer.hpp"

namespace assay::roles {

ExecutionFactory honest_execution(training::ExecutionOptions options) {
  // A stranger's task must not take the machine down, nor hold it for ever.
  options.memory_bytes_max = std::min(options.memory_bytes_max, host::physical_memory_bytes() / 2);
  return [options](const training::Task& task,
                   TaskPool& pool) -> Result<std::unique_ptr<training::Execution>> {
    // A minute or two of products; by the scalar definitions, days.
    constexpr std::uint64_t kStepOperationsOfAThread = std::uint64_t{1} << 42;
    training::ExecutionOptions bounded = options;
    bounded.step_operations_max =
        std::min(options.step_operations_max, kStepOperationsOfAThread * pool.thread_count());
    ASSAY_TRY(auto execution, training::ProgramExecution::create(task, pool, bounded));
    return std::unique_ptr<training::Execution>(std::move(execution));
  };
}

}  // namespace assay::roles

namespace assay::roles::internal {

namespace {

// What games keep of their intervals: a cache of this process, so that what another one left has no
// use.
constexpr const char* kReplayFolder = "replays";

}  // namespace

Hash256 derive_secret(const crypto::KeyPair& key, std::string_view purpose) {
  Bytes message = to_bytes(as_bytes("assay/secret/1"));
  message.insert(message.end(), purpose.begin(), purpose.end());
  const crypto::Signature signature = key.sign(message);
  return crypto::sha256(signature);
}

std::uint64_t state_bytes_max(const training::Task& task) {
  constexpr std::uint64_t kHeader = 4096;
  constexpr std::uint64_t kSlotHeader =
      4096;  // a name of 255 bytes, each escaped, dtype, shape, offsets
  std::uint64_t bytes = kHeader;
  for (const graph::Slot& slot : task.step->program().slots)
    bytes += slot.type.byte_count() + kSlotHeader;
  return bytes;
}

LedgerRole::LedgerRole(RoleContext context)
    : m_context(std::move(context)),
      m_spare_disk(
          std::make_shared<player::SpareDisk>(m_context.files, m_context.replay_disk_bytes)) {
  if (const auto left = m_context.files.list(kReplayFolder))
    for (const std::string& name : *left) static_cast<void>(m_context.files.remove(name));
}

void LedgerRole::wake_at(std::uint64_t ms) {
  if (!m_wake_ms || ms < *m_wake_ms) m_wake_ms = ms;
}

bool LedgerRole::waits_until(std::uint64_t ms) {
  if (m_now_ms >= ms) return false;
  wake_at(ms);
  return true;
}

std::optional<std::uint64_t> LedgerRole::next_deadline() const {
  return m_finished ? std::nullopt : m_wake_ms;
}

Actions LedgerRole::on(const Event& event, std::uint64_t now_ms) {
  m_now_ms = now_ms;
  m_wake_ms.reset();
  if (const auto* update = std::get_if<LedgerUpdate>(&event)) {
    m_view = update->view;
  } else if (const auto* refused = std::get_if<TransactionRefused>(&event)) {
    for (auto& [purpose, submission] : m_submissions) {
      if (submission.client_id != refused->client_id) continue;
      // The ledger remembers a refusal under its client id, so the next try needs another one.
      // So does a payload that changed since, with the settings perhaps. But not what was done: it
      // would be done twice.
      if (refused->verdict == protocol::TxVerdict::kAlreadyExists)
        submission.exists = true;
      else if (protocol::is_recorded(refused->verdict) ||
               refused->verdict == protocol::TxVerdict::kClientIdReused) {
        ++submission.attempt;
        on_refused(purpose);
      }
      // What another party did first needs no doing.
      const bool harmless = refused->verdict == protocol::TxVerdict::kGameFinished ||
                            refused->verdict == protocol::TxVerdict::kWrongPhase ||
                            refused->verdict == protocol::TxVerdict::kMoveRefused;
      report(harmless ? LogLevel::kDebug : LogLevel::kWarning, "transaction.refused",
             {{"purpose", purpose},
              {"verdict", protocol::to_string(refused->verdict)},
              {"detail", std::to_string(refused->detail)}});
    }
  } else if (const auto* job = std::get_if<JobFinished>(&event)) {
    Job& entry = m_jobs[job->job];
    entry.under_way = false;
    if (job->outcome) {
      entry.outcome = *job->outcome;
    } else if (job->outcome.error().code != ErrorCode::kCancelled) {
      entry.retry.failed(now_ms, kRepeatJobMaxMs);
      report(LogLevel::kError, "job.failed",
             {{"job", job->job}, {"error", job->outcome.error().message}});
    }
    on_job(job->job, job->outcome);
  } else if (const auto* fetch = std::get_if<FetchFinished>(&event)) {
    const auto found = m_fetches.find({fetch->name, fetch->from});
    if (found != m_fetches.end()) {
      found->second.under_way = false;
      found->second.failed = !fetch->bytes;
      if (fetch->bytes) {
        found->second.bytes = *fetch->bytes;
      } else {
        found->second.retry_ms = now_ms + kRepeatFetchMs;
        report(LogLevel::kDebug, "fetch.failed",
               {{"name", fetch->name}, {"error", fetch->bytes.error().message}});
      }
    }
  }
  if (m_view && !m_finished) {
    if (m_context.delegate) name_delegates();
    update(*m_view);
  }
  return std::exchange(m_actions, {});
}

void LedgerRole::on_refused(const std::string& /*purpose*/) {}

void LedgerRole::on_job(const std::string& /*job*/, JobResult /*outcome*/) {}

protocol::ClientId LedgerRole::client_id(const std::string& purpose) const {
  const auto found = m_submissions.find(purpose);
  const std::uint32_t attempt = found == m_submissions.end() ? 0 : found->second.attempt;
  const Hash256 id = crypto::sha256({as_bytes("assay/client-id/1"), account().value.view(),
                                     as_bytes(purpose), as_bytes("#" + std::to_string(attempt))});
  protocol::ClientId client_id;
  std::copy_n(id.bytes.begin(), client_id.size(), client_id.begin());
  return client_id;
}

void LedgerRole::submit(const std::string& purpose, protocol::Payload payload) {
  Submission& submission = m_submissions[purpose];
  const std::uint64_t again_ms = submission.sent_ms + kRepeatSubmitMs;
  if (submission.sent &&
      (m_now_ms < again_ms || testing::planted(testing::Planted::kDroppedResend))) {
    wake_at(again_ms);
    return;
  }
  submission.client_id = client_id(purpose);
  submission.sent = true;
  submission.sent_ms = m_now_ms;
  wake_at(m_now_ms + kRepeatSubmitMs);
  act(Submit{submission.client_id, std::move(payload)});
}

bool LedgerRole::exists(const std::string& purpose) const {
  const auto found = m_submissions.find(purpose);
  return found != m_submissions.end() && found->second.exists;
}

const Bytes* LedgerRole::fetched(const std::string& name, const AccountId& from,
                                 std::uint64_t bytes_max) {
  Fetching& fetching = m_fetches[{name, from}];
  if (fetching.bytes) return &*fetching.bytes;
  if (fetching.under_way) return nullptr;
  if (waits_until(fetching.retry_ms)) return nullptr;
  fetching.under_way = true;
  act(Fetch{name, from, url_of(from), bytes_max});
  return nullptr;
}

// Who was wrong before may be so again.
void LedgerRole::release(const std::string& name, const AccountId& from) {
  const auto found = m_fetches.find({name, from});
  if (found == m_fetches.end()) return;
  if (found->second.wrong.at_ms == 0)
    m_fetches.erase(found);
  else
    found->second.bytes.reset();
}

void LedgerRole::release_wrong(const std::string& name, const AccountId& from) {
  Fetching& fetching = m_fetches[{name, from}];
  fetching.bytes.reset();
  fetching.failed = true;  // as if it had not come: others are asked, and pieces demanded
  fetching.wrong.failed(m_now_ms, kRepeatWrongMaxMs);
  fetching.retry_ms = fetching.wrong.at_ms;
  wake_at(fetching.retry_ms);
}

bool LedgerRole::fetch_failed(const std::string& name, const AccountId& from) const {
  const auto found = m_fetches.find({name, from});
  return found != m_fetches.end() && found->second.failed;
}

void LedgerRole::start_job(const std::string& job, JobBody body, bool lengthy, LedgerTimeMs due) {
  Job& entry = m_jobs[job];
  if (entry.under_way || entry.outcome) return;
  if (waits_until(entry.retry.at_ms)) return;
  entry.under_way = true;
  act(StartJob{job, std::move(body), lengthy, due});
}

LedgerTimeMs LedgerRole::due_of(const protocol::ClaimView& claim) const {
  LedgerTimeMs due = kNeverDue;
  for (const protocol::ChallengeView& challenge : claim.challenges)
    for (const protocol::GameView& game : challenge.games)
      if (game.record.status == protocol::GameStatus::kOpen && plays_in(game.record))
        due = std::min(due, game.record.deadline);
  return due;
}

LedgerTimeMs LedgerRole::due_of(const protocol::TaskView& task) const {
  LedgerTimeMs due = kNeverDue;
  for (const protocol::ClaimView& claim : task.claims) due = std::min(due, due_of(claim));
  return due;
}

bool LedgerRole::job_under_way(const std::string& job) const {
  const auto found = m_jobs.find(job);
  return found != m_jobs.end() && found->second.under_way;
}

bool LedgerRole::job_waits(const std::string& job) {
  const auto found = m_jobs.find(job);
  return found != m_jobs.end() && waits_until(found->second.retry.at_ms);
}

JobOutcome* LedgerRole::finished_job(const std::string& job) const {
  const auto found = m_jobs.find(job);
  return found == m_jobs.end() ? nullptr : found->second.outcome.get();
}

std::string LedgerRole::url_of(const AccountId& id) const {
  for (const protocol::AccountView& account : view().accounts)
    if (account.id == id) return account.profile.url;
  return id == account() ? view().self.profile.url : std::string();
}

namespace {

struct Move final : JobOutcome {
  std::optional<dispute::RecordedMove> move;
  bool nothing_to_dispute = false;
};

}  // namespace

bool LedgerRole::leaves_time(const protocol::PostTask& terms,
                             const protocol::ReplayTimes& times) const {
  const protocol::Windows& w = terms.windows;
  return std::min({w.reveal_ms, w.seal_ms, w.open_ms, w.challenge_ms, w.challenge_reveal_ms,
                   w.move_ms}) >= m_context.window_min_ms &&
         (terms.force_rate == 0 || w.disclose_ms >= m_context.window_min_ms) &&
         (terms.relays == 0 || w.relay_ms >= m_context.window_min_ms) &&
         protocol::are_allowed(times, w);
}

void LedgerRole::forget(const protocol::ClaimView& settled) {
  const std::string claim = to_hex(settled.record.id.value);
  std::erase_if(m_jobs, [&](const auto& job) {
    return !job.second.under_way && job.first.find(claim) != std::string::npos;
  });
  std::erase_if(m_fetches, [&](const auto& fetch) {
    return !fetch.second.under_way && fetch.first.first.find(claim) != std::string::npos;
  });
}

// An interval that one or more games are about. Used by one job at a time.
struct LedgerRole::Replay {
  std::mutex mutex;
  SharedTask task;
  std::uint64_t entry = 0;
  std::shared_ptr<player::SpareDisk> disk;  // for states that memory has no room for
  std::string folder;
  player::StateProvider states;
  std::unique_ptr<training::Execution> execution;
  std::shared_ptr<player::Interval> interval;

  // With the mutex held.
  [[nodiscard]] Status prepare(const RoleContext& context) {
    if (interval) return {};
    ASSAY_TRY(execution, context.execution(*task, context.pool));
    player::IntervalOptions options;
    options.states = states;
    options.disk = disk.get();
    options.disk_folder = folder;
    options.states_on_disk_max = player::states_on_disk(task->header.commit_interval);
    interval = std::make_shared<player::Interval>(*task, *execution, entry, context.pool,
                                                  std::move(options));
    return {};
  }
};

std::shared_ptr<LedgerRole::Replay> LedgerRole::replay_of(const ReplayKey& key,
                                                          const Known& known) {
  std::erase_if(m_replays, [](const auto& replay) { return replay.second.expired(); });
  std::weak_ptr<Replay>& shared = m_replays[key];
  std::shared_ptr<Replay> replay = shared.lock();
  if (replay) return replay;
  replay = std::make_shared<Replay>();
  replay->task = known.task;
  replay->entry = std::get<1>(key);
  replay->disk = m_spare_disk;
  replay->folder = std::string(kReplayFolder) + "/" + std::to_string(m_replays_made++);
  replay->states = known.states;
  shared = replay;
  return replay;
}

// One side of one game.
struct LedgerRole::Seat {
  std::shared_ptr<Replay> replay;
  std::unique_ptr<player::Player> player;
  std::uint32_t explained_turn = UINT32_MAX;
  bool start_given = true;
};

bool LedgerRole::plays_as(const AccountId& id) const {
  const protocol::Principals& others = m_context.plays_for;
  return id == account() || std::find(others.begin(), others.end(), id) != others.end();
}

LedgerRole::Side LedgerRole::side_in(const protocol::TaskView& task,
                                     const protocol::GameRecord& game) const {
  using dispute::Role;
  if (game.defender == account()) return {Role::kDefender, {}};
  if (game.challenger == account()) return {Role::kChallenger, {}};
  const Role role = plays_as(game.defender) ? Role::kDefender : Role::kChallenger;
  const AccountId& party = role == Role::kDefender ? game.defender : game.challenger;
  const dispute::Certificate* const named = protocol::find_delegate(task, party);
  if (named != nullptr && named->delegate == account() &&
      view().head.ledger_time < named->valid_until)
    return {role, {*named, {}}};
  return {role, {{}, account()}};
}

bool LedgerRole::is_silent(const protocol::TaskView& task, const protocol::GameRecord& game) const {
  const std::uint64_t half = task.record.terms.windows.move_ms / 2;
  return game.on_turn == dispute::Role::kDefender &&
         view().head.ledger_time.value >= game.turn_started.value + half;
}

void LedgerRole::name_delegates() {
  const auto plays = [&](const protocol::ClaimView& claim) {
    return !protocol::is_settled(claim.record.status) &&
           (claim.record.solver == account() ||
            std::any_of(claim.verifiers.begin(), claim.verifiers.end(),
                        [&](const auto& v) { return v.verifier == account(); }) ||
            std::any_of(claim.challenges.begin(), claim.challenges.end(),
                        [&](const auto& c) { return c.record.challenger == account(); }));
  };
  for (const protocol::TaskView& task : view().tasks)
    if (std::any_of(task.claims.begin(), task.claims.end(), plays)) name_delegate(task);
}

// What was taken back since, by hand, is not named again.
void LedgerRole::name_delegate(const protocol::TaskView& task) {
  const TaskId& id = task.record.id;
  const dispute::Certificate* const named = protocol::find_delegate(task, account());
  if (named != nullptr && named->delegate == *m_context.delegate) m_named.insert(id);
  if (m_named.contains(id)) return;
  const dispute::Certificate certificate = dispute::make_certificate(
      crypto::sha256_function(), m_context.chain, id, account(), *m_context.delegate, kNeverDue,
      [&](const Hash256& digest) { return m_context.key.sign(digest.view()); });
  submit("delegate/" + to_hex(id.value) + "/" + to_hex(certificate.delegate.value),
         protocol::RegisterDelegate{id, certificate});
}

void LedgerRole::play(const protocol::TaskView& task, const protocol::ChallengeView& challenge,
                      const protocol::GameView& game, const Known& known) {
  if (game.moves.size() < game.record.turn) return;  // the next view has more of them
  const Side side = side_in(task, game.record);
  const dispute::GameTerms terms = protocol::terms_of(m_context.chain, task, challenge, game);
  const dispute::Position position = protocol::position_of(terms, game);
  const std::string id = to_hex(game.record.id.value);

  // A job may still hold an old seat; what it computed is no longer wanted.
  std::shared_ptr<Seat>& seat = m_seats[game.record.id];
  const auto sit_down = [&] {
    const std::uint32_t explained_turn = seat ? seat->explained_turn : UINT32_MAX;
    seat = std::make_shared<Seat>();
    seat->explained_turn = explained_turn;
    seat->start_given = known.start_given;
  };
  if (!seat || seat->start_given != known.start_given) sit_down();
  if (seat->explained_turn != position.turn) {
    seat->explained_turn = position.turn;
    const graph::Program& program = known.task->program_of(terms.entry).program();
    const auto label = [&](std::uint32_t node) {
      return node < program.labels.size() ? program.labels[node] : std::string();
    };
    report("game.position", {{"game", id},
                             {"turn", std::to_string(position.turn)},
                             {"stage", dispute::to_string(position.stage)},
                             {"status", protocol::to_string(game.record.status)},
                             {"text", dispute::explain(terms, position, label)}});
  }
  if (game.record.status != protocol::GameStatus::kOpen) {
    sit_down();
    return;
  }
  if (!dispute::may_move(position, side.mover())) return;
  if (side.by.stranger && !is_silent(task, game.record)) return;
  // Stages that anyone may decide: the side whose duty it is goes first, the other helps out.
  const std::string purpose = "move/" + id + "/" + std::to_string(position.turn);
  const std::string job = known.start_given ? purpose : purpose + "/own-start";
  if (auto* computed = static_cast<Move*>(finished_job(job))) {
    if (computed->move) {
      codec::BytesSink sink;
      codec::Writer writer(sink);
      dispute::write_signed_move(writer, computed->move->view());
      submit(purpose, protocol::PlayMove{game.record.id, sink.take()});
    } else if (computed->nothing_to_dispute) {
      report_once(purpose, "game.no_case", {{"game", id}, {"turn", std::to_string(position.turn)}});
    }
    return;
  }
  if (!seat->replay)
    seat->replay = replay_of({game.record.claim, terms.entry, known.start_given}, known);
  start_job(
      job,
      [seat, terms, position, side, context = m_context,
       moves = game.moves](const std::function<bool()>& cancelled) -> JobResult {
        Replay& replay = *seat->replay;
        const std::lock_guard one_at_a_time(replay.mutex);
        ASSAY_TRY_STATUS(replay.prepare(context));
        if (!seat->player)
          seat->player = std::make_unique<player::Player>(replay.interval, terms, side.role);
        // A player opens operands against what was offered on the way, also before it sat
        // down here.
        dispute::Position earlier = dispute::start(terms);
        for (const Bytes& bytes : moves) {
          seat->player->see(earlier);
          codec::Reader reader(bytes);
          const dispute::SignedMove move = dispute::read_signed_move(reader);
          if (dispute::apply(crypto::sha256_function(), terms, earlier, move.mover(), move.body) !=
              dispute::MoveVerdict::kAccepted)
            return {ErrorCode::kIntegrity,
                    "the ledger shows a move that the game's rules do not accept"};
        }
        auto outcome = std::make_shared<Move>();
        auto body = seat->player->next_move(position, cancelled);
        if (!body) {
          if (body.error().code != ErrorCode::kConflict) return std::move(body).error();
          outcome->nothing_to_dispute = true;
        } else if (*body) {
          outcome->move = dispute::record_move(
              crypto::sha256_function(), terms, position, side.role, std::move(**body),
              [&](const Hash256& digest) { return context.key.sign(digest.view()); }, side.by);
        }
        return std::shared_ptr<JobOutcome>(std::move(outcome));
      },
      /*lengthy=*/false, game.record.deadline);
}

void LedgerRole::report(LogLevel level, std::string event, Log::Fields fields) {
  act(Report{level, std::move(event), std::move(fields)});
}

void LedgerRole::report_once(const std::string& key, std::string event, Log::Fields fields) {
  if (m_reported.insert(event + "|" + key).second) report(std::move(event), std::move(fields));
}

void LedgerRole::finish(Status status) {
  m_finished = true;
  act(Finish{std::move(status)});
}

}  // namespace assay::roles::internal
