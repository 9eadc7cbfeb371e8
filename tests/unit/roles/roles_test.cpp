// The contract between a role and its host (docs/spec/roles.md), event by event. What roles do
// together is tested in tests/sim.
#include <gtest/gtest.h>

#include <limits>

#include "assay/core/memory_files.hpp"
#include "assay/crypto/ed25519.hpp"
#include "assay/crypto/sha256.hpp"
#include "assay/roles/checkers.hpp"
#include "assay/roles/names.hpp"
#include "assay/roles/relay.hpp"
#include "assay/roles/solver.hpp"
#include "assay/roles/submitter.hpp"
#include "assay/tensor/safetensors.hpp"
#include "assay/training/metering.hpp"
#include "assay/training/run.hpp"
#include "support/tiny_programs.hpp"

namespace assay::roles {
namespace {

using protocol::ClaimStatus;
using protocol::TaskStatus;
using protocol::TxVerdict;
using protocol::View;

constexpr std::uint64_t kRepeatMs = 3'000;  // docs/spec/roles.md, "Repetition"

crypto::KeyPair key_of(std::string_view name) {
  return crypto::KeyPair(crypto::SecretKey(crypto::sha256(as_bytes(name)).bytes.data()));
}
AccountId id_of(const crypto::KeyPair& key) { return AccountId(key.public_key()); }

class SilentLog final : public Log {
 public:
  void write(LogLevel, std::string_view, const Fields&) override {}
};

const std::shared_ptr<const training::Task>& task() {
  static const auto made = [] {
    SerialTaskPool pool;
    const tiny::Programs programs = tiny::conv_net();
    return std::make_shared<const training::Task>(
        training::make_task({.seed = 7, .steps = 4, .commit_interval = 2, .checkpoint_interval = 2},
                            programs.init.program(), programs.step.program(), tiny::conv_net_data(),
                            pool)
            .value());
  }();
  return made;
}

protocol::PostTask terms() {
  protocol::PostTask terms;
  terms.header = task()->header;
  terms.price = Amount(100);
  terms.tax = Amount(2);
  terms.work_units = training::work_units(*task());
  terms.progress_entries = 3;
  terms.solver_stake = Amount(1'000);
  terms.verifier_stake = Amount(200);
  terms.seats = 2;
  terms.draws = 1;
  terms.windows = {.accept_ms = 60'000,
                   .train_ms = 60'000,
                   .enlist_ms = 60'000,
                   .reveal_ms = 60'000,
                   .seal_ms = 60'000,
                   .open_ms = 60'000,
                   .challenge_ms = 60'000,
                   .challenge_reveal_ms = 60'000,
                   .stand_up_ms = 60'000,
                   .move_ms = 60'000,
                   .replay_ms = 60'000};
  return terms;
}

// One role's surroundings, and a ledger that says whatever the test wants.
class Roles : public testing::Test {
 protected:
  Roles() {
    view.self.id = id_of(key);
    view.self.exists = true;
    view.self.staked = Amount(5'000);
    for (const crypto::KeyPair* other : {&submitter, &solver}) {
      protocol::AccountView account;
      account.id = id_of(*other);
      account.profile.url = "https://" + to_hex(account.id.value).substr(0, 8);
      view.accounts.push_back(account);
    }
  }

  [[nodiscard]] RoleContext context() { return {key, chain, files, pool, log}; }
  [[nodiscard]] LedgerUpdate update() const { return {std::make_shared<const View>(view)}; }

  // A task of the submitter's on the ledger, claimed by `by` if it is given.
  protocol::TaskView& add_task(const crypto::KeyPair* by = nullptr,
                               ClaimStatus status = ClaimStatus::kTraining) {
    protocol::TaskView& added = view.tasks.emplace_back();
    added.record.id = TaskId(crypto::sha256(as_bytes("task")));
    added.record.submitter = id_of(submitter);
    added.record.terms = terms();
    added.record.status = TaskStatus::kOpen;
    if (by != nullptr) {
      added.record.status = TaskStatus::kClaimed;
      protocol::ClaimRecord& claim = added.claims.emplace_back().record;
      claim.id = protocol::claim_id_of(added.record.id, id_of(*by));
      claim.solver = id_of(*by);
      claim.status = status;
      claim.entries = commit::transcript_entries(task()->header);
    }
    return added;
  }

  [[nodiscard]] std::unique_ptr<Role> make_poster() {
    return make_submitter(context(), {.postings = {{"one", task(), terms()}}, .accuracy = {}});
  }

  // What the submitter publishes of the task.
  [[nodiscard]] static Bytes blob(const std::string& name) {
    if (name == data_blob(task()->header.data_set))
      return tensor::write_safetensors(task()->data).value();
    const bool is_init = name == program_blob(task()->header.init_program);
    return graph::encode_program((is_init ? task()->init : task()->step)->program());
  }

  crypto::KeyPair key = key_of("this party");
  crypto::KeyPair submitter = key_of("a submitter");
  crypto::KeyPair solver = key_of("a solver");
  ChainId chain{crypto::sha256(as_bytes("a chain"))};
  MemoryFiles files;
  SerialTaskPool pool;
  SilentLog log;
  View view;
};

template <class T>
std::vector<T> only(const Actions& actions) {
  std::vector<T> found;
  for (const Action& action : actions)
    if (const T* wanted = std::get_if<T>(&action)) found.push_back(*wanted);
  return found;
}

// What a role submits where every job ends and `blob_of` says which blobs come from whom.
template <class BlobOf>
std::vector<Submit> submissions(Role& role, const Event& first, BlobOf&& blob_of,
                                std::uint64_t now = 0) {
  std::vector<Event> events{first};
  std::vector<Submit> submitted;
  for (std::size_t i = 0; i < events.size(); ++i) {
    const Actions actions = role.on(Event(events[i]), now);
    for (const Submit& s : only<Submit>(actions)) submitted.push_back(s);
    for (const Fetch& f : only<Fetch>(actions)) {
      const std::optional<Bytes> bytes = blob_of(f);
      events.push_back(FetchFinished{
          f.name, f.from,
          bytes ? Result<Bytes>(*bytes) : Result<Bytes>(ErrorCode::kUnavailable, "not there")});
    }
    for (const StartJob& j : only<StartJob>(actions))
      events.push_back(JobFinished{j.job, j.body([] { return false; })});
  }
  return submitted;
}
// How often a verifier enlists.
template <class BlobOf>
std::size_t enlistments(Role& role, const LedgerUpdate& update, BlobOf&& blob_of) {
  const auto all = submissions(role, update, [&](const Fetch& f) { return blob_of(f.name); });
  return static_cast<std::size_t>(std::count_if(all.begin(), all.end(), [](const Submit& s) {
    return protocol::kind_of(s.payload) == protocol::TxKind::kEnlistVerifier;
  }));
}

// INV-ROL-001.
TEST_F(Roles, TheSameViewTwiceSubmitsOnceUntilTheRepeatTime) {
  const auto role = make_poster();
  const Actions first = role->on(update(), 1'000);
  ASSERT_EQ(only<Submit>(first).size(), 1u);
  EXPECT_EQ(only<Publish>(first).size(), 3u);  // two programs and the data
  EXPECT_EQ(role->next_deadline(), 1'000 + kRepeatMs);

  for (const std::uint64_t now : {std::uint64_t{1'000}, 1'000 + kRepeatMs - 1}) {
    const Actions again = role->on(update(), now);
    EXPECT_TRUE(only<Submit>(again).empty());
    EXPECT_TRUE(only<Publish>(again).empty());
  }
  const auto repeated = only<Submit>(role->on(Tick{}, 1'000 + kRepeatMs));
  ASSERT_EQ(repeated.size(), 1u);
  EXPECT_EQ(repeated[0].client_id, only<Submit>(first)[0].client_id);
  EXPECT_EQ(protocol::encode_payload(repeated[0].payload),
            protocol::encode_payload(only<Submit>(first)[0].payload));
}

// INV-ROL-002.
TEST_F(Roles, ARoleMadeAnewSubmitsUnderTheSameClientId) {
  const auto before = only<Submit>(make_poster()->on(update(), 1'000));
  const auto after = only<Submit>(make_poster()->on(update(), 77'000));
  ASSERT_TRUE(before.size() == 1 && after.size() == 1);
  EXPECT_EQ(before[0].client_id, after[0].client_id);

  auto other = make_submitter(context(), {.postings = {{"two", task(), terms()}}, .accuracy = {}});
  EXPECT_NE(only<Submit>(other->on(update(), 1'000))[0].client_id, before[0].client_id);
}

TEST_F(Roles, ARecordedRefusalIsTriedAgainUnderAnotherClientId) {
  const auto role = make_poster();
  const protocol::ClientId first = only<Submit>(role->on(update(), 0))[0].client_id;
  // The ledger keeps no refusal of a nonce: the id is still good.
  ASSERT_FALSE(protocol::is_recorded(TxVerdict::kNonceTooHigh));
  (void)role->on(TransactionRefused{first, TxVerdict::kNonceTooHigh, 0}, 10);
  EXPECT_EQ(only<Submit>(role->on(Tick{}, kRepeatMs))[0].client_id, first);

  ASSERT_TRUE(protocol::is_recorded(TxVerdict::kInsufficientFunds));
  (void)role->on(TransactionRefused{first, TxVerdict::kInsufficientFunds, 0}, kRepeatMs + 10);
  const auto next = only<Submit>(role->on(Tick{}, 2 * kRepeatMs));
  ASSERT_EQ(next.size(), 1u);
  EXPECT_NE(next[0].client_id, first);
  // A refusal that somebody else's answer or an older attempt brings changes nothing.
  (void)role->on(TransactionRefused{first, TxVerdict::kInsufficientFunds, 0}, 2 * kRepeatMs + 10);
  EXPECT_EQ(only<Submit>(role->on(Tick{}, 3 * kRepeatMs))[0].client_id, next[0].client_id);
}

// Settings changed between two runs: the ledger knows the client id for another payload.
TEST_F(Roles, AChangedPayloadIsNotStuckUnderAnOldClientId) {
  const auto role = make_poster();
  const protocol::ClientId first = only<Submit>(role->on(update(), 0))[0].client_id;
  ASSERT_FALSE(protocol::is_recorded(TxVerdict::kClientIdReused));
  (void)role->on(TransactionRefused{first, TxVerdict::kClientIdReused, 0}, 10);
  const auto next = only<Submit>(role->on(Tick{}, kRepeatMs));
  ASSERT_EQ(next.size(), 1u);
  EXPECT_NE(next[0].client_id, first);
}

// A task whose clocks nobody can keep is a trap for stakes and bonds: an alias challenges, the
// honest solver has a millisecond to answer, and half of its stake is the alias's bounty.
TEST_F(Roles, NobodyRisksAStakeInATaskThatLeavesNoTimeToAnswer) {
  const auto fetches = [&] {
    const SolverOptions options{.take_open_tasks = true, .replay_quote_ms = 60'000};
    return only<Fetch>(make_solver(context(), options)->on(update(), 0)).size();
  };
  const auto enlists = [&] {
    return enlistments(*make_verifier(context(), {}), update(),
                       [](const std::string& name) { return std::optional(blob(name)); });
  };
  add_task();
  EXPECT_EQ(fetches(), 3u);
  view.tasks[0].record.terms.windows.move_ms = 1;
  EXPECT_EQ(fetches(), 0u);
  view.tasks[0].record.terms.windows = terms().windows;
  view.tasks[0].record.terms.windows.replay_ms = 59'999;
  EXPECT_EQ(fetches(), 0u) << "less than the solver's own quote";
  view.tasks.clear();
  add_task(&solver);
  EXPECT_EQ(enlists(), 1u);
  view.tasks[0].record.terms.windows.move_ms = 1;
  EXPECT_EQ(enlists(), 0u);
}

// INV-ROL-004.
TEST_F(Roles, AFinishedRoleSaysSoOnceAndIsSilent) {
  const auto role = make_poster();
  const protocol::ClientId client_id = only<Submit>(role->on(update(), 0))[0].client_id;
  protocol::TaskView& posted = add_task();
  posted.record.id = protocol::task_id_of(chain, id_of(key), client_id);
  EXPECT_TRUE(only<Finish>(role->on(update(), 100)).empty());
  view.tasks[0].record.status = TaskStatus::kUnclaimed;
  const auto finished = only<Finish>(role->on(update(), 200));
  ASSERT_EQ(finished.size(), 1u);
  EXPECT_TRUE(finished[0].status);
  EXPECT_EQ(role->next_deadline(), std::nullopt);
  EXPECT_TRUE(role->on(update(), 300).empty());
  EXPECT_TRUE(role->on(Tick{}, 90'000).empty());
}

// Its task ended so long ago that the ledger forgot it: another one would be paid for again.
TEST_F(Roles, ASubmitterPostsNoSecondTaskForOneThatTheLedgerForgot) {
  const auto role = make_poster();
  const protocol::ClientId first = only<Submit>(role->on(update(), 0))[0].client_id;
  const auto actions = role->on(TransactionRefused{first, TxVerdict::kAlreadyExists, 0}, 10);
  EXPECT_TRUE(only<Submit>(actions).empty());
  ASSERT_EQ(only<Finish>(actions).size(), 1u);
  EXPECT_TRUE(only<Finish>(actions)[0].status);
}

// Nor does one made anew, which knows nothing of the attempt that posted it; with other terms it is
// another posting.
TEST_F(Roles, ASubmitterMadeAnewKnowsWhatItPosted) {
  const auto role = make_poster();
  const protocol::ClientId first = only<Submit>(role->on(update(), 0))[0].client_id;
  (void)role->on(TransactionRefused{first, TxVerdict::kInsufficientFunds, 0}, 10);
  const auto again = only<Submit>(role->on(Tick{}, kRepeatMs));
  ASSERT_EQ(again.size(), 1u);
  add_task().record.id = protocol::task_id_of(chain, id_of(key), again[0].client_id);
  EXPECT_TRUE(only<Submit>(role->on(update(), kRepeatMs + 10)).empty());
  EXPECT_TRUE(only<Submit>(make_poster()->on(update(), 0)).empty());

  view.tasks.clear();
  const auto late = make_poster()->on(update(), 0);
  EXPECT_TRUE(only<Submit>(late).empty());
  EXPECT_EQ(only<Finish>(late).size(), 1u);
  protocol::PostTask dearer = terms();
  dearer.price = Amount(dearer.price.value + 1);
  const auto other =
      make_submitter(context(), {.postings = {{"one", task(), dearer}}, .accuracy = {}});
  EXPECT_EQ(only<Submit>(other->on(update(), 0)).size(), 1u);
}

// INV-ROL-005.
TEST_F(Roles, AWhistleblowerIgnoresItsOwnClaims) {
  const auto role = make_whistleblower(context(), {});
  add_task(&key, ClaimStatus::kChallenging);
  EXPECT_TRUE(role->on(update(), 0).empty());
  view.tasks.clear();
  add_task(&solver, ClaimStatus::kChallenging);
  EXPECT_FALSE(only<Fetch>(role->on(update(), 1)).empty());
}

// INV-ROL-005.
TEST_F(Roles, AVerifierEnlistsWhereItMayAndCanPay) {
  add_task(&solver);
  const auto enlists = [&] {
    return enlistments(*make_verifier(context(), {}), update(),
                       [](const std::string& name) { return std::optional(blob(name)); }) == 1;
  };
  EXPECT_TRUE(enlists());
  // A seat that it could not fill is a fault: the data is withheld.
  EXPECT_EQ(enlistments(*make_verifier(context(), {}), update(),
                        [](const std::string& name) -> std::optional<Bytes> {
                          if (name == data_blob(task()->header.data_set)) return std::nullopt;
                          return blob(name);
                        }),
            0u);
  view.self.staked = Amount(199);
  EXPECT_FALSE(enlists()) << "too little staked";
  view.self.staked = Amount(200);
  EXPECT_TRUE(enlists());
  view.tasks[0].claims[0].record.enlisted = 2;
  EXPECT_FALSE(enlists()) << "no seat is free";
  view.tasks.clear();
  add_task(&key);
  EXPECT_FALSE(enlists()) << "its own claim";
  view.tasks.clear();
  add_task(&solver).record.submitter = id_of(key);
  EXPECT_FALSE(enlists()) << "its own task";
}

// INV-ROL-003.
TEST_F(Roles, ASolverAcceptsOnlyWhatItCouldOpen) {
  add_task().record.terms.allow = {id_of(key)};
  for (const bool honest : {true, false}) {
    const auto role = make_solver(context(), {});
    std::set<std::string> fetches;
    const auto submitted = submissions(*role, update(), [&](const Fetch& fetch) {
      EXPECT_TRUE(fetches.insert(fetch.name).second) << "fetched twice at once: " << fetch.name;
      Bytes bytes = blob(fetch.name);
      if (!honest && fetch.name == data_blob(task()->header.data_set)) bytes.back() ^= 1;
      return std::optional(bytes);
    });
    EXPECT_EQ(fetches.size(), 3u);
    ASSERT_EQ(submitted.size(), honest ? 1u : 0u);
    if (!honest) continue;
    EXPECT_EQ(protocol::kind_of(submitted[0].payload), protocol::TxKind::kAcceptTask);
  }
}

// Where no quorum of relays can come together work is for nothing.
TEST_F(Roles, ASolverLooksAtThePoolOfRelays) {
  protocol::PostTask& terms = add_task().record.terms;
  terms.allow = {id_of(key)};
  terms.relays = 4;
  terms.relay_quorum = 3;
  terms.relay_stake = Amount(40);
  terms.windows.relay_ms = 60'000;
  const auto offers = [&] {
    const std::vector<std::string> before = files.list("offers").value();
    for (const std::string& name : before) (void)files.remove(name);
    const auto role = make_solver(context(), {});
    const auto blobs = [](const Fetch& fetch) { return std::optional(blob(fetch.name)); };
    const std::size_t first = submissions(*role, update(), blobs).size();
    const auto reports = only<Report>(role->on(update(), 1));
    for (const Report& r : reports) EXPECT_NE(r.event, "task.unattestable") << "once";
    return first;
  };
  EXPECT_EQ(offers(), 0u);
  view.pool = {{id_of(key), Amount(1'000), {}, 0}, {id_of(solver), Amount(119), {}, 0}};
  EXPECT_EQ(offers(), 0u) << "its own bond attests nothing";
  view.pool[1] = {id_of(solver), Amount(200), Amount(81), 0};
  EXPECT_EQ(offers(), 0u) << "what stands behind other words attests nothing";
  view.pool[1].held = Amount(80);
  EXPECT_EQ(offers(), 1u);
}

// A quote that is too short would lose games by the clock, so what the machine needs is quoted, and
// where a task leaves less, nothing.
TEST_F(Roles, ASolverQuotesWhatItsMachineTakes) {
  commit::TaskHeader header;
  header.steps = 10'000;
  header.commit_interval = 100;
  header.checkpoint_interval = 1'000;
  // A walk from a checkpoint and 16 roots; a level of 7 steps and 16 roots, and three traces, each
  // after 7 steps: each twice.
  training::StepTimes steps{.step_s = 1, .root_s = 0.1, .trace_s = 8, .state_bytes = 1'000};
  EXPECT_EQ(quoted_times(header, steps).interval_ms, 2 * (1'000'000u + 1'600u));
  EXPECT_EQ(quoted_times(header, steps).game_ms, 2 * (7'000u + 1'600u + 3 * 15'000u));
  // Where the states between are too large for memory: all 100 steps, should the disk be full, and
  // each point's state to it and back, in half a second and a root's time.
  steps.state_bytes = 50'000'000;
  EXPECT_EQ(quoted_times(header, steps).interval_ms, 2 * (1'000'000u + 1'600u + 16 * 600u));
  EXPECT_EQ(quoted_times(header, steps).game_ms,
            2 * (100'600u + 1'600u + 16 * 600u + 3 * 108'600u));
  EXPECT_EQ(quoted_times(header, {}), (protocol::ReplayTimes{1, 1}));

  add_task().record.terms.allow = {id_of(key)};
  const auto quoted = [&](const SolverOptions& options) {
    const std::vector<std::string> offers = files.list("offers").value();
    for (const std::string& name : offers) EXPECT_TRUE(files.remove(name));
    const auto all =
        submissions(*make_solver(context(), options), update(),
                    [](const Fetch& fetch) { return std::optional(blob(fetch.name)); });
    return all.empty() ? protocol::ReplayTimes{}
                       : std::get<protocol::AcceptTask>(all[0].payload).times;
  };
  EXPECT_EQ(quoted({.replay_quote_ms = 70, .game_quote_ms = 80}), (protocol::ReplayTimes{70, 80}));
  const protocol::ReplayTimes measured = quoted({});
  EXPECT_GE(measured.interval_ms, 1u);
  EXPECT_GE(measured.game_ms, 1u);
  const std::uint64_t least = view.tasks[0].record.terms.windows.move_ms + 1;
  EXPECT_EQ(quoted({.game_quote_ms = least}), protocol::ReplayTimes{});
}

// INV-ROL-006. Once the model is on offer others could commit to it first, and a submitter could
// have it and let the claim expire; and a signature under a second transcript would be a
// contradiction.
TEST_F(Roles, ASolverShowsItsWorkOnlyWhenTheLedgerHasIt) {
  add_task(&key);
  const auto role = make_solver(context(), {});
  std::vector<Submit> submitted;
  const auto drive = [&](const Event& event, std::uint64_t now) {
    std::vector<Event> events{event};
    std::size_t published = 0;
    submitted.clear();
    for (std::size_t i = 0; i < events.size(); ++i) {
      const Actions actions = role->on(Event(events[i]), now);
      published += only<Publish>(actions).size() + only<PublishFile>(actions).size();
      for (const Submit& s : only<Submit>(actions)) submitted.push_back(s);
      for (const Fetch& f : only<Fetch>(actions))
        events.push_back(FetchFinished{f.name, f.from, blob(f.name)});
      for (const StartJob& j : only<StartJob>(actions))
        events.push_back(JobFinished{j.job, j.body([] { return false; })});
    }
    return published;
  };
  EXPECT_EQ(drive(update(), 0), 0u);
  ASSERT_EQ(submitted.size(), 1u);
  const auto commit = std::get<protocol::CommitTranscript>(submitted[0].payload);

  protocol::ClaimRecord& claim = view.tasks[0].claims[0].record;
  claim.status = ClaimStatus::kRevealing;
  claim.commitment = crypto::sha256(as_bytes("of another transcript"));
  EXPECT_EQ(drive(update(), 10'000), 0u);
  EXPECT_TRUE(submitted.empty());
  claim.commitment = commit.commitment;
  EXPECT_EQ(drive(update(), 20'000), 0u);
  ASSERT_EQ(submitted.size(), 1u);
  EXPECT_EQ(protocol::kind_of(submitted[0].payload), protocol::TxKind::kRevealTranscript);

  claim.status = ClaimStatus::kDrawing;
  EXPECT_EQ(drive(update(), 30'000), 1 + 2u);  // the transcript, the states after steps 2 and 4
}

// The same with a learning rate that no run bears.
const std::shared_ptr<const training::Task>& diverging() {
  static const auto made = [] {
    SerialTaskPool pool;
    const tiny::Programs programs = tiny::conv_net(std::numeric_limits<float>::infinity());
    return std::make_shared<const training::Task>(
        training::make_task(
            {.seed = 7, .steps = 12, .commit_interval = 2, .checkpoint_interval = 4},
            programs.init.program(), programs.step.program(), tiny::conv_net_data(), pool)
            .value());
  }();
  return made;
}
std::optional<Bytes> diverging_blob(const Fetch& fetch) {
  for (const graph::ValidProgram* program : {diverging()->init.get(), diverging()->step.get()})
    if (fetch.name == program_blob(program->root()))
      return graph::encode_program(program->program());
  if (fetch.name == data_blob(diverging()->header.data_set))
    return tensor::write_safetensors(diverging()->data).value();
  return std::nullopt;
}

// INV-PRO-036: at the first checkpoint whose loss is not finite, which it shows.
TEST_F(Roles, ASolverHaltsWhereItsRunDiverges) {
  protocol::TaskView& task = add_task(&key);
  task.record.terms.header = diverging()->header;
  task.record.terms.work_units = training::work_units(*diverging());
  protocol::ClaimRecord& claim = task.claims[0].record;
  claim.entries = 7;
  const auto role = make_solver(context(), {});
  const auto commits = submissions(*role, update(), diverging_blob);
  ASSERT_EQ(commits.size(), 1u);
  const auto commit = std::get<protocol::CommitTranscript>(commits[0].payload);
  EXPECT_EQ(commit.entries, 3u);
  EXPECT_TRUE(protocol::may_halt(task.record, claim, commit.entries));
  claim.status = ClaimStatus::kRevealing;
  claim.commitment = commit.commitment;
  claim.entries = commit.entries;
  const auto reveals = submissions(*role, update(), diverging_blob, 10'000);
  ASSERT_EQ(reveals.size(), 1u);
  const auto& reveal = std::get<protocol::RevealTranscript>(reveals[0].payload);
  ASSERT_TRUE(reveal.loss);
  EXPECT_TRUE(protocol::is_not_finite(reveal.loss->loss_bits));
  Hash256 root;
  ASSERT_TRUE(protocol::state_root_with_loss(*reveal.loss, reveal.loss->loss_bits, root));
  EXPECT_EQ(root, reveal.final_state_root);
}

// Who goes on all the same is not paid for it: whoever replays shows where it diverged.
TEST_F(Roles, AWhistleblowerShowsWhereARunDiverged) {
  protocol::TaskView& task = add_task(&solver, ClaimStatus::kSealing);
  task.record.terms.header = diverging()->header;
  protocol::ClaimRecord& claim = task.claims[0].record;
  claim.entries = 7;
  auto execution = context().execution(*diverging(), pool).value();
  const auto run = training::TrainingRun::open(*diverging(), *execution, pool,
                                               {.halt_at_non_finite_loss = false})
                       .value();
  ASSERT_TRUE(run->advance(12));
  const commit::Transcript transcript(run->transcript());
  claim.transcript_root = transcript.root();
  Bytes list;
  for (const Hash256& root : run->transcript())
    list.insert(list.end(), root.bytes.begin(), root.bytes.end());
  const auto role = make_whistleblower(context(), {.also_drawn = true});
  const auto reports = submissions(*role, update(), [&](const Fetch& f) {
    return f.name == transcript_blob(claim.id) ? std::optional(list) : diverging_blob(f);
  });
  ASSERT_EQ(reports.size(), 1u);
  const auto& report = std::get<protocol::ReportDivergence>(reports[0].payload);
  EXPECT_EQ(report.entry, 2u);
  EXPECT_EQ(report.proof.state_root, transcript.state_root(2));
  EXPECT_TRUE(protocol::is_not_finite(report.proof.loss.loss_bits));
  claim.diverged_entry = 2;
  EXPECT_TRUE(submissions(*role, update(), diverging_blob, 10'000).empty());
}

// Its pieces of every kind, of the transcript as it stands: until the ledger has them.
TEST_F(Roles, ASolverShowsWhatIsDemanded) {
  using protocol::Piece;
  using protocol::PieceKind;
  add_task(&key);
  const auto role = make_solver(context(), {});
  std::uint64_t now = 0;
  const auto drive = [&] {
    return submissions(
        *role, update(), [&](const Fetch& f) { return std::optional(blob(f.name)); }, now += 5'000);
  };
  protocol::ClaimView& claim = view.tasks[0].claims[0];
  const auto commit = drive();
  ASSERT_EQ(commit.size(), 1u);
  claim.record.status = ClaimStatus::kRevealing;
  claim.record.commitment = std::get<protocol::CommitTranscript>(commit[0].payload).commitment;
  const auto reveal = drive();
  ASSERT_EQ(reveal.size(), 1u);
  const Hash256 root = std::get<protocol::RevealTranscript>(reveal[0].payload).transcript_root;
  claim.record.transcript_root = root;
  claim.record.status = ClaimStatus::kSealing;
  const Piece pieces[] = {
      {PieceKind::kTranscript, 0, 0, 0},  {PieceKind::kState, 1, 77, 5},
      {PieceKind::kState, 2, 1, 0},       {PieceKind::kDataSet, 0, 9, 9},
      {PieceKind::kInitProgram, 0, 3, 0}, {PieceKind::kStepProgram, 0, 1'000, 0}};
  for (const Piece& piece : pieces) {
    protocol::DemandRecord& demand = claim.demands.emplace_back();
    demand.id = protocol::demand_id_of(claim.record.id, piece);
    demand.claim = claim.record.id;
    demand.piece = piece;
  }
  std::map<protocol::DemandId, protocol::PieceOpening> shown;
  for (const Submit& s : drive()) {
    const auto& supply = std::get<protocol::SupplyChunk>(s.payload);
    shown.emplace(supply.demand, supply.opening);
  }
  const Sha256Function sha256 = crypto::sha256_function();
  const auto opened = [&](std::size_t i) { return shown.at(claim.demands[i].id); };
  const std::uint64_t entries = claim.record.entries;
  ASSERT_EQ(shown.size(), 6u);
  EXPECT_TRUE(
      commit::is_part(sha256, root, entries, 0, std::get<commit::TranscriptPart>(opened(0))));
  for (const std::size_t i : {1u, 2u}) {
    const auto state = std::get<protocol::StateChunk>(opened(i));
    const auto state_root = commit::root_over(sha256, commit::Tag::kState, pieces[i].item,
                                              pieces[i].chunk, state.chunk);
    ASSERT_TRUE(state_root);
    EXPECT_TRUE(commit::verify_entry(sha256, root, entries, pieces[i].entry, *state_root,
                                     state.entry_path));
  }
  EXPECT_EQ(commit::root_over(sha256, commit::Tag::kDataSet, 9, 9,
                              std::get<commit::TensorChunk>(opened(3))),
            task()->header.data_set);
  EXPECT_TRUE(commit::is_record(sha256, task()->header.init_program, 3,
                                std::get<commit::ProgramRecord>(opened(4))));
  EXPECT_TRUE(commit::is_record(sha256, task()->header.step_program, 1'000,
                                std::get<commit::ProgramRecord>(opened(5))));
  for (protocol::DemandRecord& demand : claim.demands)
    demand.status = protocol::DemandStatus::kSupplied;
  EXPECT_TRUE(drive().empty());
}

// What does not come for a while is demanded, once and if it can be paid; with what the ledger then
// has of it the check goes on.
TEST_F(Roles, AWhistleblowerDemandsTheTranscriptThatItIsNotGiven) {
  using protocol::Piece;
  using protocol::PieceKind;
  protocol::ClaimView& claim = add_task(&solver, ClaimStatus::kSealing).claims[0];
  const commit::Transcript made({crypto::sha256(as_bytes("0")), crypto::sha256(as_bytes("1")),
                                 crypto::sha256(as_bytes("2"))});
  claim.record.transcript_root = made.root();
  claim.record.price = Amount(1'000);
  view.self.available = Amount(1);
  const auto role = make_whistleblower(context(), {.also_drawn = true});
  const auto drive = [&](std::uint64_t now) {
    return submissions(
        *role, update(),
        [&](const Fetch& f) {
          return f.from == id_of(solver) ? std::nullopt : std::optional(blob(f.name));
        },
        now);
  };
  EXPECT_TRUE(drive(1'000).empty());
  EXPECT_TRUE(drive(15'000).empty());  // it may be an outage
  EXPECT_TRUE(drive(17'000).empty());  // there is no money for it
  view.self.available = Amount(2);
  const auto demanded = drive(19'000);
  ASSERT_EQ(demanded.size(), 1u);
  EXPECT_EQ(std::get<protocol::DemandChunk>(demanded[0].payload),
            (protocol::DemandChunk{claim.record.id, {PieceKind::kTranscript, 0, 0, 0}}));
  protocol::DemandRecord& record = claim.demands.emplace_back();
  record.piece = {PieceKind::kTranscript, 0, 0, 0};
  record.id = protocol::demand_id_of(claim.record.id, record.piece);
  EXPECT_TRUE(drive(25'000).empty());
  record.status = protocol::DemandStatus::kSupplied;
  claim.parts[0] = commit::open_part(made, 0).state_roots;
  // All of it is false: the first entry is challenged.
  const auto challenges = drive(35'000);
  ASSERT_EQ(challenges.size(), 1u);
  EXPECT_EQ(protocol::kind_of(challenges[0].payload), protocol::TxKind::kCommitChallenge);
}

// A checkpoint that does not come holds up no replay; a piece of it is demanded all the same.
TEST_F(Roles, AVerifierDemandsAPieceOfACheckpointThatItIsNotGiven) {
  using protocol::PieceKind;
  protocol::ClaimView& claim = add_task(&solver, ClaimStatus::kSealing).claims[0];
  auto execution = context().execution(*task(), pool).value();
  const auto run = training::TrainingRun::open(*task(), *execution, pool, {}).value();
  ASSERT_TRUE(run->advance(4));
  claim.record.transcript_root = commit::Transcript(run->transcript()).root();
  protocol::VerifierRecord& seat = claim.verifiers.emplace_back();
  seat.claim = claim.record.id;
  seat.verifier = id_of(key);
  seat.draws = {{2, 3}};
  view.self.available = Amount(100);
  Bytes list;
  for (const Hash256& root : run->transcript())
    list.insert(list.end(), root.bytes.begin(), root.bytes.end());
  const auto role = make_verifier(context(), {});
  std::vector<protocol::DemandChunk> demands;
  std::size_t seals = 0;
  for (std::uint64_t now = 0; now < 20'000; now += 1'000)
    for (const Submit& s : submissions(
             *role, update(),
             [&](const Fetch& f) -> std::optional<Bytes> {
               if (f.name == transcript_blob(claim.record.id)) return list;
               return f.from == id_of(solver) ? std::nullopt : std::optional(blob(f.name));
             },
             now)) {
      if (const auto* demand = std::get_if<protocol::DemandChunk>(&s.payload))
        demands.push_back(*demand);
      seals += std::holds_alternative<protocol::Seal>(s.payload) ? 1 : 0;
    }
  ASSERT_GE(demands.size(), 1u);
  EXPECT_EQ(demands[0].piece.kind, PieceKind::kState);
  EXPECT_EQ(demands[0].piece.entry, 1u);
  EXPECT_GE(seals, 1u);
}

// Nothing is attested before all of it is here; what the solver does not show is shown once half of
// the clock is over, and what one relay attested others fetch from it.
TEST_F(Roles, ARelayAttestsOnceItHasEverythingAndShowsIt) {
  protocol::TaskView& of = add_task(&solver, ClaimStatus::kRelaying);
  of.record.terms.relays = of.record.terms.relay_quorum = 1;
  of.record.terms.windows.relay_ms = 60'000;
  protocol::ClaimView& claim = of.claims[0];
  auto execution = context().execution(*task(), pool).value();
  const auto run = training::TrainingRun::open(*task(), *execution, pool, {}).value();
  std::map<std::string, Bytes> blobs;
  for (const std::uint64_t step : {2u, 4u}) {
    ASSERT_TRUE(run->advance(2));
    blobs[checkpoint_blob(claim.record.id, step)] = tensor::write_safetensors(run->state()).value();
  }
  for (const Hash256& root : run->transcript()) {
    Bytes& list = blobs[transcript_blob(claim.record.id)];
    list.insert(list.end(), root.bytes.begin(), root.bytes.end());
  }
  claim.record.transcript_root = commit::Transcript(run->transcript()).root();
  protocol::RelayRound round;
  round.claim = claim.record.id;
  round.number = 1;
  round.seats = {{id_of(key), false}};
  claim.relays = round;
  const auto role = make_relay(context(), {Amount(1'000)});
  bool has_last = false;
  std::uint64_t now = 0;
  const auto drive = [&] {
    std::vector<Submit> sent;
    for (unsigned i = 0; i < 12; ++i)
      for (Submit& s : submissions(
               *role, update(),
               [&](const Fetch& f) -> std::optional<Bytes> {
                 if (!blobs.contains(f.name)) return blob(f.name);
                 if (!has_last && f.name == checkpoint_blob(claim.record.id, 4))
                   return std::nullopt;
                 return blobs[f.name];
               },
               now += 1'000))
        sent.push_back(std::move(s));
    return sent;
  };
  for (const Submit& s : drive())
    EXPECT_EQ(std::get<protocol::BondRelay>(s.payload).amount, Amount(1'000));
  view.relay.bond = Amount(1'000);
  has_last = true;
  const auto attested = drive();
  ASSERT_GE(attested.size(), 1u);
  const auto& word = std::get<protocol::AttestData>(attested.back().payload);
  EXPECT_EQ(word.data, protocol::data_digest(chain, of.record, claim.record));
  claim.relays->seats[0].attested = true;
  claim.record.status = ClaimStatus::kChallenging;
  protocol::DemandRecord& demand = claim.demands.emplace_back();
  demand.piece = {protocol::PieceKind::kState, 2, 1, 0};
  demand.id = protocol::demand_id_of(claim.record.id, demand.piece);
  demand.claim = claim.record.id;
  demand.deadline = LedgerTimeMs{60'000};
  EXPECT_TRUE(drive().empty());  // the solver may still show it
  view.head.ledger_time = LedgerTimeMs{31'000};
  const auto shown = drive();
  ASSERT_GE(shown.size(), 1u);
  EXPECT_EQ(std::get<protocol::SupplyChunk>(shown[0].payload).demand, demand.id);
  // Made anew after another round was drawn, it drops what an earlier life fetched.
  EXPECT_EQ(files.list("relayed/" + to_hex(claim.record.id.value)).value().size(), 2u);
  claim.relays->seats = {{id_of(solver), false}};
  (void)make_relay(context(), {Amount(1'000)})->on(update(), now);
  EXPECT_TRUE(files.list("relayed/" + to_hex(claim.record.id.value)).value().empty());
}

TEST_F(Roles, WhatItsPublishersKeepBackIsFetchedFromRelays) {
  protocol::TaskView& of = add_task(&solver, ClaimStatus::kSealing);
  of.record.terms.relays = of.record.terms.relay_quorum = 1;
  protocol::ClaimView& claim = of.claims[0];
  const crypto::KeyPair relay = key_of("a relay");
  protocol::RelayRound round;
  round.seats = {{id_of(solver), false}, {id_of(relay), true}};
  claim.relays = round;
  std::set<std::string> from_relay;
  const auto role = make_whistleblower(context(), {.also_drawn = true});
  for (std::uint64_t now = 0; now < 10'000; now += 1'000)
    (void)submissions(
        *role, update(),
        [&](const Fetch& f) -> std::optional<Bytes> {
          if (f.from != id_of(relay)) return std::nullopt;
          from_relay.insert(f.name);
          return f.name.starts_with("transcript/") ? std::nullopt : std::optional(blob(f.name));
        },
        now);
  EXPECT_EQ(from_relay.size(), 4u);  // programs, data, transcript
}

// Who serves its solver alone and gives everybody else garbage, of all or of one blob, has no work
// for nothing: what is wrong is asked of the next source, until one gives what the root says.
TEST_F(Roles, WhatIsWrongIsAskedOfTheNextSource) {
  protocol::TaskView& of = add_task(&solver, ClaimStatus::kRelaying);
  of.record.terms.relays = of.record.terms.relay_quorum = 1;
  of.record.terms.windows.relay_ms = 60'000;
  protocol::RelayRound round;
  round.seats = {{id_of(key), false}};
  of.claims[0].relays = round;
  const commit::TaskHeader& header = task()->header;
  const std::string names[] = {program_blob(header.init_program), program_blob(header.step_program),
                               data_blob(header.data_set)};
  for (const std::string& garbled : names)
    for (const Bytes& garbage : {Bytes{}, Bytes(100'000, 7), blob(names[garbled == names[0]])}) {
      const auto role = make_relay(context(), {});
      std::multiset<std::pair<std::string, bool>> asked;  // of the solver
      bool wants_transcript = false;
      (void)submissions(*role, update(), [&](const Fetch& f) -> std::optional<Bytes> {
        wants_transcript |= f.name.starts_with("transcript/");
        if (f.name.starts_with("transcript/")) return std::nullopt;
        asked.emplace(f.name, f.from == id_of(solver));
        return f.name == garbled && f.from == id_of(submitter) ? garbage : blob(f.name);
      });
      EXPECT_TRUE(wants_transcript) << "it did not open";
      EXPECT_EQ(asked.size(), 4u) << "only what was wrong is asked for twice";
      EXPECT_EQ(asked.count({garbled, true}), 1u);
    }
}

// All sources are asked in turns: one that comes back is found, however often others lied.
TEST_F(Roles, SourcesThatFailedAreAskedInTurns) {
  protocol::TaskView& of = add_task(&solver, ClaimStatus::kSealing);
  of.record.terms.relays = of.record.terms.relay_quorum = 2;
  const crypto::KeyPair liar = key_of("a lying relay"), late = key_of("a late relay");
  protocol::RelayRound round;
  round.seats = {{id_of(liar), true}, {id_of(late), true}};
  of.claims[0].relays = round;
  const auto role = make_whistleblower(context(), {.also_drawn = true});
  bool is_open = false;
  std::map<AccountId, unsigned> lies;
  for (std::uint64_t now = 0; now < 60'000 && !is_open; now += 500)
    (void)submissions(
        *role, update(),
        [&](const Fetch& f) -> std::optional<Bytes> {
          is_open |= f.name.starts_with("transcript/");
          if (f.from == id_of(late) && now >= 20'000) return blob(f.name);
          if (f.from == id_of(late) || f.from == id_of(solver)) return std::nullopt;
          ++lies[f.from];
          return Bytes(10, 1);
        },
        now);
  EXPECT_TRUE(is_open);
  for (const AccountId& who : {id_of(submitter), id_of(liar)}) {
    EXPECT_GE(lies[who], 3u);
    EXPECT_LE(lies[who], 3 * 6u) << "who gave what was wrong is asked ever less often";
  }
}

// A task that does not open costs a try now and then, not one after another.
TEST_F(Roles, ATaskThatDoesNotOpenIsNotFetchedInALoop) {
  add_task().record.terms.allow = {id_of(key)};
  for (const bool is_garbage : {true, false}) {
    RoleContext small = context();
    small.execution = [](const auto&, auto&) -> Result<std::unique_ptr<training::Execution>> {
      return {ErrorCode::kLimit, "too large for this machine"};
    };
    const auto role = make_solver(small, {});
    std::vector<Event> events{update()};
    std::size_t fetches = 0;
    for (std::size_t i = 0; i < events.size() && i < 100; ++i) {
      const Actions actions = role->on(Event(events[i]), 1'000);
      for (const Fetch& f : only<Fetch>(actions)) {
        ++fetches;
        events.push_back(FetchFinished{f.name, f.from, is_garbage ? Bytes(3) : blob(f.name)});
      }
      for (const StartJob& j : only<StartJob>(actions))
        events.push_back(JobFinished{j.job, j.body([] { return false; })});
    }
    EXPECT_EQ(fetches, 3u);
    EXPECT_EQ(role->next_deadline(), 1'000 + (is_garbage ? 1'000u : 2'000u));
  }
}

// INV-ROL-007: two tasks of one program, whose first submitter keeps it back. Found by the
// simulator: whoever posted a copy of a task could keep everybody from its blobs.
TEST_F(Roles, WhoKeepsItsBlobsBackHoldsUpNobodyElse) {
  for (const crypto::KeyPair* from : {&submitter, &solver}) {
    protocol::TaskView& task = add_task();
    task.record.id = TaskId(crypto::sha256(from->public_key().view()));
    task.record.submitter = id_of(*from);
    task.record.terms.allow = {id_of(key)};
  }
  for (const crypto::KeyPair* keeps : {&submitter, &solver}) {
    const std::vector<std::string> offers = files.list("offers").value();
    for (const std::string& name : offers) ASSERT_TRUE(files.remove(name));
    const auto role = make_solver(context(), {});
    const auto submitted =
        submissions(*role, update(), [&](const Fetch& fetch) -> std::optional<Bytes> {
          if (fetch.from == id_of(*keeps)) return std::nullopt;
          return blob(fetch.name);
        });
    ASSERT_EQ(submitted.size(), 1u);
    EXPECT_NE(std::get<protocol::AcceptTask>(submitted[0].payload).task.value,
              crypto::sha256(keeps->public_key().view()));
  }
}

// INV-ROL-008: what was sent and is not seen yet promises its stake, also what an earlier life
// sent.
TEST_F(Roles, ASolverPromisesItsStakeOnce) {
  view.self.staked = Amount(1'500);
  for (const char* name : {"one", "two"}) {
    protocol::TaskView& task = add_task();
    task.record.id = TaskId(crypto::sha256(as_bytes(name)));
    task.record.terms.allow = {id_of(key)};
  }
  const auto offered = [&] {
    std::set<TaskId> tasks;
    const auto role = make_solver(context(), {.tasks_max = 8});
    for (const Submit& s : submissions(
             *role, update(), [](const Fetch& fetch) { return std::optional(blob(fetch.name)); }))
      tasks.insert(std::get<protocol::AcceptTask>(s.payload).task);
    return tasks;
  };
  const std::set<TaskId> first = offered();
  ASSERT_EQ(first.size(), 1u);
  EXPECT_EQ(offered(), first) << "after a restart";
  std::reverse(view.tasks.begin(), view.tasks.end());
  EXPECT_EQ(offered(), first);
  for (protocol::TaskView& task : view.tasks)
    if (task.record.id == *first.begin()) task.record.status = TaskStatus::kClaimed;
  EXPECT_EQ(offered().size(), 1u);  // another was faster there: the stake is free for the other
  EXPECT_NE(offered(), first);
}

// Whoever posts terms that the ledger lets nobody meet keeps no solver from other work.
TEST_F(Roles, ARefusedOfferGivesItsPlaceUp) {
  for (const char* name : {"one", "two"}) {
    protocol::TaskView& task = add_task();
    task.record.id = TaskId(crypto::sha256(as_bytes(name)));
    task.record.terms.allow = {id_of(key)};
  }
  const auto role = make_solver(context(), {.tasks_max = 1});
  const auto blobs = [](const Fetch& fetch) { return std::optional(blob(fetch.name)); };
  const auto first = submissions(*role, update(), blobs);
  ASSERT_EQ(first.size(), 1u);
  const TaskId refused = std::get<protocol::AcceptTask>(first[0].payload).task;
  const TransactionRefused answer{first[0].client_id, TxVerdict::kInsufficientFunds, 0};
  const auto next = submissions(*role, answer, blobs);
  ASSERT_EQ(next.size(), 1u);
  EXPECT_NE(std::get<protocol::AcceptTask>(next[0].payload).task, refused);
  EXPECT_EQ(files.list("offers").value().size(), 1u);
  // An auction whose deposit it has not is none for it.
  view.tasks.erase(view.tasks.begin(), view.tasks.end());
  protocol::TaskView& auction = add_task();
  auction.record.terms.allow = {id_of(key)};
  auction.record.terms.sale = protocol::Sale::kAuction;
  auction.record.terms.bid_deposit = Amount(view.self.available.value + 1);
  EXPECT_TRUE(submissions(*make_solver(context(), {}), update(), blobs).empty());
}

// INV-ROL-008: a bid that stands has locked its stake. What is left is free, and a lower bid needs
// none.
TEST_F(Roles, ABidThatStandsIsNotCountedTwice) {
  view.self.staked = Amount(1'000);
  for (const char* name : {"auction", "other"}) {
    protocol::TaskView& task = add_task();
    task.record.id = TaskId(crypto::sha256(as_bytes(name)));
    task.record.terms.allow = {id_of(key)};
  }
  view.tasks[0].record.terms.sale = protocol::Sale::kAuction;
  const SolverOptions options{
      .price_min_atoms = 10, .bid_floor_per_million_units = 1, .tasks_max = 8};
  const auto submitted = [&] {
    return submissions(*make_solver(context(), options), update(),
                       [](const Fetch& fetch) { return std::optional(blob(fetch.name)); });
  };
  const auto bid = [&](const crypto::KeyPair& of, std::uint64_t price) {
    protocol::Bid made;
    made.task = view.tasks[0].record.id;
    made.bidder = id_of(of);
    made.price = Amount(price);
    return made;
  };
  view.tasks[0].bids = {bid(key, 90)};
  const auto beside = submitted();
  ASSERT_EQ(beside.size(), 1u);
  EXPECT_EQ(protocol::kind_of(beside[0].payload), protocol::TxKind::kAcceptTask);
  // All is locked now, and the best bid another's.
  view.self.staked = Amount(0);
  view.tasks[1].record.status = TaskStatus::kClaimed;
  view.tasks[0].bids = {bid(solver, 80), bid(key, 90)};
  const auto lower = submitted();
  ASSERT_EQ(lower.size(), 1u);
  EXPECT_EQ(std::get<protocol::PlaceBid>(lower[0].payload).price, Amount(79));
}

TEST_F(Roles, ASolverLeavesOpenTasksAloneUnlessItIsTold) {
  add_task();
  EXPECT_TRUE(make_solver(context(), {})->on(update(), 0).empty());
  const auto taker = make_solver(context(), {.take_open_tasks = true});
  EXPECT_EQ(only<Fetch>(taker->on(update(), 0)).size(), 3u);
  const auto dear = make_solver(context(), {.take_open_tasks = true, .price_min_atoms = 101});
  EXPECT_TRUE(dear->on(update(), 0).empty());
  view.tasks[0].record.terms.allow = {id_of(solver)};
  EXPECT_TRUE(make_solver(context(), {.take_open_tasks = true})->on(update(), 0).empty());
}

TEST_F(Roles, AFailedFetchIsTriedAgainAfterAWhile) {
  add_task().record.terms.allow = {id_of(key)};
  const auto role = make_solver(context(), {});
  const auto [name, from, url, bytes_max] = only<Fetch>(role->on(update(), 0))[0];
  const auto asks_for_it = [&](const Actions& actions) {
    const auto fetches = only<Fetch>(actions);
    return std::any_of(fetches.begin(), fetches.end(),
                       [wanted = name](const Fetch& fetch) { return fetch.name == wanted; });
  };
  const Result<Bytes> gone(ErrorCode::kUnavailable, "nobody answers");
  EXPECT_FALSE(asks_for_it(role->on(FetchFinished{name, from, gone}, 100)));
  EXPECT_FALSE(asks_for_it(role->on(update(), 200)));
  ASSERT_TRUE(role->next_deadline());
  EXPECT_TRUE(asks_for_it(role->on(Tick{}, *role->next_deadline())));
}

// Where it may have to play, once: what was taken back by hand since is not named again.
TEST_F(Roles, ADelegateIsNamedWhereItsPartyMayHaveToPlay) {
  RoleContext with_delegate = context();
  with_delegate.delegate = id_of(key_of("a second machine"));
  const auto role = make_whistleblower(with_delegate, {});
  std::uint64_t now = 0;
  const auto named = [&] {
    std::vector<protocol::RegisterDelegate> all;
    for (const Submit& s : only<Submit>(role->on(update(), now += 5'000)))
      if (const auto* one = std::get_if<protocol::RegisterDelegate>(&s.payload))
        all.push_back(*one);
    return all;
  };
  protocol::TaskView& seen = add_task(&solver, ClaimStatus::kChallenging);
  EXPECT_TRUE(named().empty()) << "nothing of it is at stake";
  protocol::ChallengeRecord& challenge = seen.claims[0].challenges.emplace_back().record;
  challenge.claim = seen.claims[0].record.id;
  challenge.challenger = id_of(key);
  challenge.status = protocol::ChallengeStatus::kCommitted;
  const auto first = named();
  ASSERT_EQ(first.size(), 1u);
  EXPECT_EQ(first[0].task, seen.record.id);
  EXPECT_EQ(first[0].certificate.delegate, *with_delegate.delegate);
  EXPECT_TRUE(dispute::is_certified(crypto::sha256_function(), crypto::ed25519_verify, chain,
                                    seen.record.id, id_of(key), first[0].certificate));
  EXPECT_EQ(named(), first) << "until the ledger has it";
  seen.delegates = {{id_of(key), first[0].certificate}};
  EXPECT_TRUE(named().empty());
  seen.delegates.clear();
  EXPECT_TRUE(named().empty()) << "taken back by hand";
  EXPECT_TRUE(only<Submit>(make_whistleblower(context(), {})->on(update(), now)).empty());
}

TEST_F(Roles, EventsThatNobodyAskedForAreHarmless) {
  add_task(&solver, ClaimStatus::kSealing);
  for (const auto& role : {make_poster(), make_solver(context(), {}), make_verifier(context(), {}),
                           make_whistleblower(context(), {})}) {
    EXPECT_TRUE(only<Submit>(role->on(Tick{}, 0)).empty()) << "before any view";
    (void)role->on(TransactionRefused{{}, TxVerdict::kApplied, 0}, 1);
    (void)role->on(FetchFinished{"data/00", AccountId{}, Bytes(3)}, 2);
    (void)role->on(JobFinished{"train/00", JobResult(ErrorCode::kCancelled, "stopped")}, 3);
    (void)role->on(update(), 4);
  }
}

}  // namespace
}  // namespace assay::roles
