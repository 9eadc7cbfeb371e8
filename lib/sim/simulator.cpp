#include "assay/sim/simulator.hpp"

#include <map>
#include <queue>
#include <variant>

#include "assay/crypto/sha256.hpp"
#include "assay/protocol/apply.hpp"

namespace assay::sim {

namespace {

constexpr std::uint64_t kEpochMs = 1'700'000'000'000;  // Unix time at virtual 0
constexpr std::uint64_t kValidBlocks = 100'000;

class VirtualClock final : public Clock {
 public:
  [[nodiscard]] std::uint64_t unix_ms() const override { return kEpochMs + now_ms; }
  [[nodiscard]] std::uint64_t monotonic_ms() const override { return now_ms; }
  std::uint64_t now_ms = 0;
};

crypto::KeyPair key_from(std::uint64_t seed, const std::string& name) {
  std::uint8_t raw[8];
  store_le(raw, seed);
  const Hash256 secret =
      crypto::sha256({as_bytes("assay/sim-key/1"), ByteView(raw, 8), as_bytes(name)});
  return crypto::KeyPair(crypto::SecretKey(secret.bytes.data()));
}

}  // namespace

struct Simulator::World {
  explicit World(SimOptions o)
      : options(o), rng(o.seed), operator_key(key_from(o.seed, "operator")), log(*this) {}

  class WorldLog final : public Log {
   public:
    explicit WorldLog(World& w) : world(w) {}
    void write(LogLevel level, std::string_view event, const Fields& fields) override {
      world.note("", level, event, fields);
    }
    World& world;
  };

  struct Party {
    Party(PartyOptions o, crypto::KeyPair k) : options(std::move(o)), key(std::move(k)) {}
    PartyOptions options;
    crypto::KeyPair key;
    MemoryFiles files;
    std::map<std::string, Bytes> blobs;  // what it publishes stays, as on a disk
    std::unique_ptr<Log> log;
    std::unique_ptr<roles::Role> role;
    std::uint64_t life = 0;  // events of an earlier life are dropped
    std::uint64_t last_nonce = 0;
    std::uint64_t tick_ms = UINT64_MAX;
    std::map<std::string, bool> jobs;  // under way
    bool finished = false;
    bool endpoint_sent = false;
  };

  class PartyLog final : public Log {
   public:
    PartyLog(World& w, std::string n) : world(w), name(std::move(n)) {}
    void write(LogLevel level, std::string_view event, const Fields& fields) override {
      world.note(name, level, event, fields);
    }
    World& world;
    std::string name;
  };

  struct Scheduled {
    std::uint64_t at_ms;
    std::uint64_t order;
    std::function<void()> run;
    bool operator<(const Scheduled& other) const {
      return at_ms != other.at_ms ? at_ms > other.at_ms : order > other.order;
    }
  };

  void note(const std::string& who, LogLevel level, std::string_view event,
            const Log::Fields& fields) {
    if (level == LogLevel::kDebug) return;
    std::string line = std::to_string(clock.now_ms) + " " + (who.empty() ? "ledger" : who) + " " +
                       std::string(event);
    for (const auto& [key, value] : fields)
      if (key != "text") line += " " + key + "=" + value;
    report.log.push_back(std::move(line));
  }

  void at(std::uint64_t delay_ms, std::function<void()> run) {
    queue.push({clock.now_ms + delay_ms, next_order++, std::move(run)});
  }
  std::uint64_t delay() { return 1 + rng.below(options.faults.delay_ms_max + 1); }
  bool lost() {
    const bool gone = rng.chance(options.faults.lose);
    report.lost += gone ? 1 : 0;
    return gone;
  }

  Status open_node() {
    ASSAY_TRY(node, node::LedgerNode::open(store, genesis, operator_key, clock, log,
                                           {.block_interval_ms = options.block_interval_ms}));
    return {};
  }

  Status start() {
    genesis.name = "sim";
    genesis.operator_key = operator_key.public_key();
    genesis.time_ms = kEpochMs;
    for (const auto& [name, party] : parties)
      genesis.accounts.push_back({AccountId(party->key.public_key()),
                                  Amount(party->options.balance_atoms),
                                  Amount(party->options.staked_atoms)});
    chain = protocol::chain_id_of(genesis);
    ASSAY_TRY_STATUS(open_node());
    for (auto& [name, party] : parties) {
      revive(*party);
      poll(*party, party->life);
    }
    return {};
  }

  void revive(Party& party) {
    ++party.life;
    party.jobs.clear();
    party.endpoint_sent = false;
    party.role = party.options.make(
        {party.key, chain, party.files, pool, *party.log, party.options.execution});
  }

  void crash(Party& party) {
    ++report.crashes;
    note(party.options.name, LogLevel::kInfo, "sim.crash", {});
    ++party.life;
    party.role.reset();
    party.tick_ms = UINT64_MAX;
    at(1 + rng.below(options.faults.down_ms_max + 1), [this, &party] {
      revive(party);
      poll(party, party.life);
    });
  }

  // A view every poll_ms, for one life.
  void poll(Party& party, std::uint64_t life) {
    at(options.poll_ms / 2 + rng.below(options.poll_ms), [this, &party, life] {
      if (party.life != life || party.finished) return;
      if (!lost() && node) {
        auto view = node->reader().view(AccountId(party.key.public_key()));
        if (view) {
          party.last_nonce = std::max(party.last_nonce, view->self.profile.last_nonce);
          register_endpoint(party, *view);
          deliver(party, life,
                  roles::LedgerUpdate{std::make_shared<const protocol::View>(std::move(*view))});
        }
      }
      poll(party, life);
    });
  }

  void register_endpoint(Party& party, const protocol::View& view) {
    const std::string url = "https://" + party.options.name;
    if (party.endpoint_sent || view.self.profile.url == url) return;
    party.endpoint_sent = true;
    at(2'000, [&party] { party.endpoint_sent = false; });
    const Hash256 id = crypto::sha256({as_bytes(url), as_bytes(std::to_string(rng.next()))});
    protocol::ClientId client_id;
    std::copy_n(id.bytes.begin(), client_id.size(), client_id.begin());
    submit(party, {client_id, protocol::RegisterProfile{url, crypto::sha256(as_bytes(url)), {}}});
  }

  void deliver(Party& party, std::uint64_t life, roles::Event event) {
    at(delay(), [this, &party, life, event = std::move(event)] {
      if (party.life != life || !party.role || party.finished) return;
      handle(party, event);
    });
  }

  void handle(Party& party, const roles::Event& event) {
    ++report.events;
    if (party.options.may_crash && rng.chance(options.faults.crash)) return crash(party);
    if (party.options.crash_before && party.options.crash_before(event)) return crash(party);
    const std::uint64_t life = party.life;
    for (roles::Action& action : party.role->on(event, clock.now_ms)) {
      perform(party, std::move(action));
      if (party.life != life) return;
    }
    const auto wake = party.role->next_deadline();
    if (wake && *wake < party.tick_ms) {
      party.tick_ms = *wake;
      const std::uint64_t in_ms = *wake > clock.now_ms ? *wake - clock.now_ms : 1;
      at(in_ms, [this, &party, life, due = *wake] {
        if (party.life != life || party.tick_ms != due) return;
        party.tick_ms = UINT64_MAX;
        if (party.role && !party.finished) handle(party, roles::Tick{});
      });
    }
  }

  void perform(Party& party, roles::Action action) {
    if (auto* submission = std::get_if<roles::Submit>(&action)) {
      submit(party, std::move(*submission));
    } else if (auto* job = std::get_if<roles::StartJob>(&action)) {
      start_job(party, std::move(*job));
    } else if (auto* fetch = std::get_if<roles::Fetch>(&action)) {
      this->fetch(party, std::move(*fetch));
    } else if (auto* publish = std::get_if<roles::Publish>(&action)) {
      party.blobs[publish->name] = std::move(publish->bytes);
    } else if (auto* file = std::get_if<roles::PublishFile>(&action)) {
      if (auto bytes = party.files.read(file->file)) party.blobs[file->name] = std::move(*bytes);
    } else if (auto* report_action = std::get_if<roles::Report>(&action)) {
      note(party.options.name, report_action->level, report_action->event, report_action->fields);
    } else if (auto* finish = std::get_if<roles::Finish>(&action)) {
      party.finished = true;
      note(party.options.name, LogLevel::kInfo, "sim.finished",
           {{"status", finish->status ? "ok" : finish->status.error().message}});
    }
  }

  void submit(Party& party, roles::Submit submission) {
    protocol::Envelope envelope;
    envelope.chain = chain;
    envelope.sender = AccountId(party.key.public_key());
    envelope.nonce = ++party.last_nonce;
    envelope.client_id = submission.client_id;
    envelope.valid_until = Height((node ? node->head().height.value : 0) + kValidBlocks);
    envelope.payload = std::move(submission.payload);
    const Bytes bytes = protocol::sign_transaction(envelope, party.key);
    const unsigned copies = rng.chance(options.faults.repeat) ? 2 : 1;
    for (unsigned i = 0; i < copies; ++i) {
      if (lost()) continue;
      at(delay(), [this, &party, life = party.life, bytes, client_id = envelope.client_id] {
        if (!node) return;
        node->submit(
            bytes, [this, &party, life, client_id](const Result<node::TxOutcome>& outcome) {
              if (!outcome || outcome->verdict == protocol::TxVerdict::kApplied || lost()) return;
              deliver(party, life,
                      roles::TransactionRefused{client_id, outcome->verdict, outcome->detail});
            });
      });
    }
  }

  void start_job(Party& party, roles::StartJob job) {
    if (party.jobs[job.job]) return;
    party.jobs[job.job] = true;
    const bool cut = party.options.may_crash && rng.chance(options.faults.cut_job);
    std::uint64_t polls_left = cut ? rng.below(6) : UINT64_MAX;
    auto outcome = job.body([&] { return polls_left == 0 || polls_left-- == 0; });
    if (cut) return crash(party);  // its files are what the job had written by then
    at(1 + rng.below(2 * options.job_ms),
       [this, &party, life = party.life, name = job.job, outcome = std::move(outcome)] {
         if (party.life != life) return;
         party.jobs[name] = false;
         deliver(party, life, roles::JobFinished{name, outcome});
       });
  }

  void fetch(Party& party, roles::Fetch fetch) {
    Result<Bytes> result(ErrorCode::kUnavailable, "nobody answers at " + fetch.url);
    for (const auto& [name, other] : parties) {
      if ("https://" + name != fetch.url || !other->role || lost()) continue;
      const auto blob = other->blobs.find(fetch.name);
      result = blob == other->blobs.end()
                   ? Result<Bytes>(ErrorCode::kNotFound, "no blob " + fetch.name)
               : blob->second.size() > fetch.bytes_max
                   ? Result<Bytes>(ErrorCode::kLimit, "blob " + fetch.name + " is too long")
                   : Result<Bytes>(blob->second);
    }
    deliver(party, party.life, roles::FetchFinished{fetch.name, std::move(result)});
  }

  // Blocks that are due now; the audit after each.
  Status run_node(const std::function<bool(const protocol::StateReader&)>& done, bool& is_done) {
    for (;;) {
      ASSAY_TRY(const bool made, node->tick());
      if (!made) return {};
      ++report.blocks;
      ASSAY_TRY_STATUS(protocol::audit_money(store));
      is_done = is_done || done(node->reader());
      if (rng.chance(options.faults.crash_node)) {
        note("", LogLevel::kInfo, "sim.crash", {});
        ++report.crashes;
        node.reset();
        ASSAY_TRY_STATUS(open_node());
      }
    }
  }

  SimOptions options;
  SimRng rng;
  VirtualClock clock;
  crypto::KeyPair operator_key;
  WorldLog log;
  SerialTaskPool pool;
  MemoryStore store;
  protocol::Genesis genesis;
  ChainId chain;
  std::unique_ptr<node::LedgerNode> node;
  std::map<std::string, std::unique_ptr<Party>> parties;
  std::priority_queue<Scheduled> queue;
  std::uint64_t next_order = 0;
  SimReport report;
};

Simulator::Simulator(SimOptions options) : m_world(std::make_unique<World>(options)) {}
Simulator::~Simulator() = default;

AccountId Simulator::add(PartyOptions party) {
  World& w = *m_world;
  const std::string name = party.name;
  ASSAY_EXPECTS(w.parties.count(name) == 0 && party.make);
  auto added = std::make_unique<World::Party>(std::move(party), key_from(w.options.seed, name));
  added->log = std::make_unique<World::PartyLog>(w, name);
  const AccountId id(added->key.public_key());
  w.parties.emplace(name, std::move(added));
  return id;
}

AccountId Simulator::account_of(const std::string& name) const {
  return AccountId(key_from(m_world->options.seed, name).public_key());
}

const protocol::StateReader& Simulator::reader() const { return m_world->node->reader(); }

MemoryFiles& Simulator::files_of(const std::string& name) {
  return m_world->parties.at(name)->files;
}

Result<SimReport> Simulator::run(
    const std::function<bool(const protocol::StateReader& reader)>& done) {
  World& w = *m_world;
  ASSAY_TRY_STATUS(w.start());
  bool is_done = false;
  while (!is_done && w.clock.now_ms < w.options.limit_ms) {
    // The earlier of the next message and the node's next block.
    const auto wake = w.node->next_wake_ms();
    std::uint64_t next = w.queue.empty() ? UINT64_MAX : w.queue.top().at_ms;
    if (wake && *wake < next) next = std::max(*wake, w.clock.now_ms);
    if (next == UINT64_MAX) break;
    w.clock.now_ms = std::max(w.clock.now_ms, next);
    while (!w.queue.empty() && w.queue.top().at_ms <= w.clock.now_ms) {
      const auto run = w.queue.top().run;
      w.queue.pop();
      run();
    }
    ASSAY_TRY_STATUS(w.run_node(done, is_done));
  }
  w.report.all_finished = is_done;
  w.report.virtual_ms = w.clock.now_ms;
  return w.report;
}

}  // namespace assay::sim
