// A role, sans-I/O: events in, actions out, a deadline. It opens no socket, reads no clock and
// starts no thread, so the same class runs in a program, in somebody else's event loop and in the
// simulator.
//
// Roles are *level-triggered* (docs/adr/0003): each LedgerUpdate carries the whole view of the
// ledger that concerns the role, and the role answers with what is still to be done about it. Lost
// messages, repeated events and crashes need no treatment of their own: what is not on the ledger
// yet is sent again under the same client id, which the ledger applies at most once. Secrets
// (salts) are derived from the role's key and the object, never drawn, so nothing is lost when a
// process dies.
//
// Not thread-safe: one caller at a time. Jobs run wherever the driver likes and touch no member.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "assay/core/faces.hpp"
#include "assay/protocol/view.hpp"
#include "assay/training/execution.hpp"

namespace assay::roles {

// What a job computed; each role has its own kinds.
class JobOutcome {
 public:
  virtual ~JobOutcome() = default;
};
using JobResult = Result<std::shared_ptr<JobOutcome>>;

// A long computation, run once, off the role's thread. `cancelled` may be polled.
using JobBody = std::function<JobResult(const std::function<bool()>& cancelled)>;

// Events.
struct LedgerUpdate {
  std::shared_ptr<const protocol::View> view;
};
struct TransactionRefused {  // the ledger's answer to a submission that did not apply
  protocol::ClientId client_id{};
  protocol::TxVerdict verdict{};
  std::uint8_t detail = 0;
};
struct JobFinished {
  std::string job;
  JobResult outcome;
};
struct FetchFinished {  // of the Fetch with this name and publisher
  std::string name;
  AccountId from;
  Result<Bytes> bytes;
};
struct Tick {};  // next_deadline() has come
using Event = std::variant<LedgerUpdate, TransactionRefused, JobFinished, FetchFinished, Tick>;

// Actions.
struct Submit {  // the driver wraps it in an envelope with a fresh nonce, signs and sends it
  protocol::ClientId client_id{};
  protocol::Payload payload;
};
inline constexpr LedgerTimeMs kNeverDue{UINT64_MAX};
struct StartJob {  // does nothing while a job of that name is under way
  std::string job;
  JobBody body;
  // Trains or replays, for hours maybe. Jobs of one kind run one after another; a lengthy one must
  // not hold up the others, because games have clocks.
  bool lengthy = false;
  // Ledger time at which it is too late. Of those that wait the earliest runs first: whatever
  // somebody can have us do is behind a game of ours.
  LedgerTimeMs due = kNeverDue;
};
struct Fetch {  // a blob by the name its publisher gave it; the bytes are not trusted
  std::string name;
  AccountId from;   // the publisher: others may give the same name to something else
  std::string url;  // of its end point, from the ledger; empty: not known, but it may be kept
  std::uint64_t bytes_max = 0;
};
struct Publish {  // bytes under a name
  std::string name;
  Bytes bytes;
};
struct PublishFile {  // one of the role's own files under a name
  std::string name;
  std::string file;
};
struct Report {  // for people and logs: a stable event id and its fields
  LogLevel level = LogLevel::kInfo;
  std::string event;
  Log::Fields fields;
};
struct Finish {  // nothing is left to do: a program may end
  Status status;
};
using Action = std::variant<Submit, StartJob, Fetch, Publish, PublishFile, Report, Finish>;
using Actions = std::vector<Action>;

// How the party executes tasks. The honest way is training::ProgramExecution.
using ExecutionFactory = std::function<Result<std::unique_ptr<training::Execution>>(
    const training::Task& task, TaskPool& pool)>;
[[nodiscard]] ExecutionFactory honest_execution(training::ExecutionOptions options = {});

// What a role is given; everything must outlive it. Files, pool and log are used by jobs too.
struct RoleContext {
  const crypto::KeyPair& key;
  ChainId chain;
  Files& files;
  TaskPool& pool;
  Log& log;  // thread-safe
  ExecutionFactory execution = honest_execution();
  // No stake and no bond is put at risk in a task that leaves less time than this for an answer:
  // whoever posts it may be out for them.
  std::uint64_t window_min_ms = 10'000;
  // Of `files`, for states that games keep where memory is short (docs/spec/player.md): all games
  // together.
  std::uint64_t replay_disk_bytes = std::uint64_t{8} << 30;
  // Who moves for this party too, where it may have to play: named in each such task.
  std::optional<AccountId> delegate = std::nullopt;
  // In whose games this party moves: as the delegate that they named, else where they are silent by
  // openings that anybody may make. For a whistleblower; at most protocol::kMaxPrincipals.
  protocol::Principals plays_for = {};

  [[nodiscard]] AccountId account() const { return AccountId(key.public_key()); }
};

class Role {
 public:
  virtual ~Role() = default;
  // `now_ms` is monotonic; any origin.
  [[nodiscard]] virtual Actions on(const Event& event, std::uint64_t now_ms) = 0;
  // When a Tick is wanted, if ever, on the same clock.
  [[nodiscard]] virtual std::optional<std::uint64_t> next_deadline() const = 0;
};

}  // namespace assay::roles
