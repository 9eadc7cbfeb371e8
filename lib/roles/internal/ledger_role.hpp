// What all roles share: submissions that are repeated until the ledger shows their effect, fetches
// and jobs that are tried again, tasks opened from blobs, and games.
#pragma once

#include <map>
#include <set>
#include <tuple>

#include "assay/player/player.hpp"
#include "assay/roles/role.hpp"

namespace assay::roles::internal {

inline constexpr std::uint64_t kRepeatSubmitMs = 3'000;
inline constexpr std::uint64_t kRepeatFetchMs = 1'000;
inline constexpr std::uint64_t kRepeatWrongMaxMs = 64'000;  // of what was wrong, doubled up to that
inline constexpr std::uint64_t kRepeatJobMs = 2'000;        // doubled with each failure
inline constexpr std::uint64_t kRepeatJobMaxMs = 64'000;
inline constexpr std::uint64_t kProgramBytesMax = std::uint64_t{32} << 20;
inline constexpr std::uint64_t kDataBytesMax = std::uint64_t{8} << 30;
// A checkpoint of the task, at most: what its slots hold, and their names. Whoever serves it must
// not choose how much is read into memory.
[[nodiscard]] std::uint64_t state_bytes_max(const training::Task& task);

// A hash that only the key's owner can compute, the same each time: Ed25519 signatures are
// deterministic, and the hash of one is as good as random to everybody else.
[[nodiscard]] Hash256 derive_secret(const crypto::KeyPair& key, std::string_view purpose);

// The opened task, shared with jobs.
using SharedTask = std::shared_ptr<const training::Task>;

// When what failed is tried again: after a wait that doubles with each failure.
struct Retry {
  std::uint64_t wait_ms;
  std::uint64_t at_ms = 0;

  void failed(std::uint64_t now_ms, std::uint64_t wait_max_ms) {
    at_ms = now_ms + wait_ms;
    wait_ms = std::min(2 * wait_ms, wait_max_ms);
  }
};

// The relays that said that they have all that the claim needs, one for each of their seats.
[[nodiscard]] std::vector<AccountId> attested_by(const protocol::ClaimView& claim);

class LedgerRole : public Role {
 public:
  explicit LedgerRole(RoleContext context);
  [[nodiscard]] Actions on(const Event& event, std::uint64_t now_ms) final;
  [[nodiscard]] std::optional<std::uint64_t> next_deadline() const final;

 protected:
  // The role's own part: what is still to be done about `view`.
  virtual void update(const protocol::View& view) = 0;
  // The ledger refused what was sent for this purpose, and will not take it later as it was.
  virtual void on_refused(const std::string& purpose);
  // Of this role's clock.
  [[nodiscard]] std::uint64_t now_ms() const noexcept { return m_now_ms; }
  void wake_at(std::uint64_t ms);
  // True while that time is to come; then the role is woken.
  [[nodiscard]] bool waits_until(std::uint64_t ms);
  // A finished job that is none of the shared ones.
  virtual void on_job(const std::string& job, JobResult outcome);

  // Sends the payload unless it was sent less than kRepeatSubmitMs ago. `purpose` names the intent
  // for ever: the client id is made of it.
  void submit(const std::string& purpose, protocol::Payload payload);
  // The ledger said that it made this once, too long ago to tell more of it.
  [[nodiscard]] bool exists(const std::string& purpose) const;
  // The client id of a purpose's present attempt.
  [[nodiscard]] protocol::ClientId client_id(const std::string& purpose) const;
  // The bytes if they have arrived (and are kept until release()); else sees to it that they come.
  [[nodiscard]] const Bytes* fetched(const std::string& name, const AccountId& from,
                                     std::uint64_t bytes_max);
  void release(const std::string& name, const AccountId& from);
  // Whom to ask: its publisher, and where that was in vain, others that have it; in turns once all
  // of them were asked in vain.
  [[nodiscard]] AccountId source_of(const std::string& name, const AccountId& publisher,
                                    const std::vector<AccountId>& others) const;
  // They were wrong: asked for again, but not at once, and the next source first.
  void release_wrong(const std::string& name, const AccountId& from);
  // Names that fetched() asked for and whose last try failed.
  [[nodiscard]] bool fetch_failed(const std::string& name, const AccountId& from) const;
  // Starts the job unless it runs, has finished or failed a moment ago.
  void start_job(const std::string& job, JobBody body, bool lengthy = false,
                 LedgerTimeMs due = kNeverDue);
  // This account, or one that it plays for.
  [[nodiscard]] bool plays_as(const AccountId& id) const;
  // As defender or as challenger.
  [[nodiscard]] bool plays_in(const protocol::GameRecord& game) const {
    return plays_as(game.defender) || plays_as(game.challenger);
  }
  // Until when what the claim's or the task's games need has to be there: the earliest deadline of
  // an open game of this role's.
  [[nodiscard]] LedgerTimeMs due_of(const protocol::ClaimView& claim) const;
  [[nodiscard]] LedgerTimeMs due_of(const protocol::TaskView& task) const;
  // A job's outcome, kept until forget_job().
  [[nodiscard]] JobOutcome* finished_job(const std::string& job) const;
  [[nodiscard]] bool job_under_way(const std::string& job) const;
  // It failed a moment ago: nothing need be fetched for it yet.
  [[nodiscard]] bool job_waits(const std::string& job);
  void forget_job(const std::string& job) { m_jobs.erase(job); }

  // The task with its programs and data, opened and checked, once that has happened.
  [[nodiscard]] SharedTask open_task(const protocol::TaskView& task);
  // Offers its programs and data under their names, each name once. Errors: of writing the data.
  [[nodiscard]] Status publish_task(const training::Task& task);
  // Frees what is held of a task that is of no more use: its data.
  void forget(const protocol::TaskView& task);
  // The outcomes of a claim's jobs, and what was fetched of it.
  void forget(const protocol::ClaimView& claim);
  void adopt_task(const TaskId& id, SharedTask task) { m_tasks[id] = std::move(task); }

  // A game in which this role defends or challenges by an execution of its own. `start`: the state
  // before the disputed entry and its step, if known.
  struct Known {
    SharedTask task;
    player::StateProvider states;
    bool start_given = true;  // `states` has the state that the interval starts from
  };
  // The task leaves time enough to answer moves, and to replay and to play so long.
  [[nodiscard]] bool leaves_time(const protocol::PostTask& terms,
                                 const protocol::ReplayTimes& times) const;
  void play(const protocol::TaskView& task, const protocol::ChallengeView& challenge,
            const protocol::GameView& game, const Known& known);

  void report(LogLevel level, std::string event, Log::Fields fields);
  void report(std::string event, Log::Fields fields) {
    report(LogLevel::kInfo, std::move(event), std::move(fields));
  }
  // Once for each `key`.
  void report_once(const std::string& key, std::string event, Log::Fields fields);
  void act(Action action) { m_actions.push_back(std::move(action)); }
  void finish(Status status);

  [[nodiscard]] const RoleContext& context() const { return m_context; }
  [[nodiscard]] AccountId account() const { return m_context.account(); }
  [[nodiscard]] const protocol::View& view() const { return *m_view; }
  [[nodiscard]] std::string url_of(const AccountId& id) const;

 private:
  struct Submission {
    std::uint32_t attempt = 0;
    std::uint64_t sent_ms = 0;
    bool sent = false;
    bool exists = false;  // what it asks for, though its first result is forgotten
    protocol::ClientId client_id{};
  };
  struct Fetching {
    std::optional<Bytes> bytes;
    bool under_way = false;
    bool failed = false;
    std::uint64_t retry_ms = 0;
    Retry wrong{kRepeatFetchMs};
  };
  struct Job {
    bool under_way = false;
    std::shared_ptr<JobOutcome> outcome;
    Retry retry{kRepeatJobMs};
  };
  struct Seat;
  struct Replay;
  // A program or the data of a task: fetched, and held to its root by a job.
  struct CheckedBlob;
  enum class BlobKind : std::uint8_t { kProgram, kDataSet };
  [[nodiscard]] std::shared_ptr<CheckedBlob> checked_blob(const protocol::TaskView& task,
                                                          BlobKind kind, const Hash256& root);
  // On whose side this role moves in a game, and as whom it signs.
  struct Side {
    dispute::Role role = dispute::Role::kDefender;
    dispute::Signer by;

    [[nodiscard]] dispute::Mover mover() const {
      return by.stranger ? dispute::Mover::stranger() : dispute::Mover(role);
    }
  };
  [[nodiscard]] Side side_in(const protocol::TaskView& task,
                             const protocol::GameRecord& game) const;
  // A party's own clock is its own to use: strangers wait for the half of its window.
  [[nodiscard]] bool is_silent(const protocol::TaskView& task,
                               const protocol::GameRecord& game) const;
  // Where this role may have to play, if it has a delegate.
  void name_delegates();
  void name_delegate(const protocol::TaskView& task);
  // Of a claim, an entry and where its start is from: the games about it share what they compute.
  using ReplayKey = std::tuple<ClaimId, std::uint64_t, bool>;
  [[nodiscard]] std::shared_ptr<Replay> replay_of(const ReplayKey& key, const Known& known);

  RoleContext m_context;
  std::shared_ptr<player::SpareDisk> m_spare_disk;  // jobs may come after the role
  std::uint64_t m_replays_made = 0;
  std::shared_ptr<const protocol::View> m_view;
  Actions m_actions;
  std::uint64_t m_now_ms = 0;
  std::optional<std::uint64_t> m_wake_ms;
  bool m_finished = false;
  std::map<std::string, Submission> m_submissions;
  // By name and publisher: one that keeps its blobs back holds up nobody else's of the same names.
  std::map<std::pair<std::string, AccountId>, Fetching> m_fetches;
  std::map<std::string, Job> m_jobs;
  std::map<TaskId, SharedTask> m_tasks;
  std::set<std::string> m_task_blobs;  // names that were published
  std::map<GameId, std::shared_ptr<Seat>> m_seats;
  std::map<ReplayKey, std::weak_ptr<Replay>> m_replays;
  std::set<std::string> m_reported;
  std::set<TaskId> m_named;  // where the ledger has shown the delegate once
};

}  // namespace assay::roles::internal
