#include "internal/population.hpp"

#include "assay/economics/jackpot.hpp"
#include "assay/roles/checkers.hpp"
#include "assay/roles/relay.hpp"
#include "assay/roles/solver.hpp"
#include "assay/roles/submitter.hpp"
#include "assay/training/metering.hpp"
#include "assay/training/run.hpp"

namespace assay::sim {

namespace {

using roles::RoleContext;

constexpr std::uint64_t kReplayMs = 20'000;
// What the bound of docs/spec/sim.md asks of a window in which an honest party has to answer.
constexpr std::uint64_t kAnswerMs = 60'000;

class Populator {
 public:
  Populator(Simulator& simulator, SimRng& rng, const SeedOptions& options, TaskPool& pool)
      : m_simulator(simulator), m_rng(rng), m_options(options), m_pool(pool) {}

  Population run() {
    const std::uint64_t solvers = 1 + m_rng.below(3);
    for (std::uint64_t i = 1; i <= solvers; ++i) add_solver("solver-" + std::to_string(i));
    const std::uint64_t verifiers = m_rng.below(3);
    for (std::uint64_t i = 1; i <= verifiers; ++i) add_verifier("verifier-" + std::to_string(i));
    const std::uint64_t whistleblowers = m_rng.below(3);
    for (std::uint64_t i = 1; i <= whistleblowers; ++i)
      add_whistleblower("whistleblower-" + std::to_string(i));
    add_others();
    const std::uint64_t submitters = 1 + m_rng.below(2);
    for (std::uint64_t i = 1; i <= submitters; ++i) add_submitter("submitter-" + std::to_string(i));
    if (m_has_relays) add_relays();
    return std::move(m_population);
  }

 private:
  [[nodiscard]] bool one_in(std::uint64_t n) { return m_rng.below(n) == 0; }
  [[nodiscard]] std::shared_ptr<SimRng> own_rng() { return std::make_shared<SimRng>(m_rng.next()); }
  [[nodiscard]] bool lies(std::uint64_t one_of) {
    return m_options.liars != nullptr && one_in(one_of);
  }
  // Dice of their own: a seed without what they choose plays as it did before there was any.
  [[nodiscard]] SimRng other_dice(std::uint64_t which) const {
    SimRng ahead = m_rng;
    return SimRng(ahead.next() ^ which);
  }
  void join(PartyOptions party, bool honest) {
    if (honest) m_population.honest.insert(party.name);
    m_simulator.add(std::move(party));
  }

  void add_solver(const std::string& name) {
    PartyOptions party;
    party.name = name;
    party.balance_atoms = 2'000 + m_rng.below(2'000);
    party.staked_atoms = 5'000 * (1 + m_rng.below(3));
    const roles::SolverOptions solver{.take_open_tasks = true,
                                      .price_min_atoms = 500 + m_rng.below(500),
                                      .replay_quote_ms = 1'000 + m_rng.below(kReplayMs - 1'000),
                                      .game_quote_ms = 1'000,
                                      .tasks_max = 1 + m_rng.below(2)};
    party.make = [solver](const RoleContext& context) {
      return roles::make_solver(context, solver);
    };
    // It keeps its word but not its claims: that costs it nothing but its reputation.
    if (one_in(6))
      party.make = [solver, rng = own_rng()](const RoleContext& context) {
        return make_meddler(context, roles::make_solver(context, solver), rng,
                            {.chance = 0.1, .gives_up = true, .until_ms = 90'000});
      };
    const bool false_run = lies(3);
    const bool breaks_rules = !false_run && lies(6);
    const bool bad_host = !false_run && !breaks_rules && lies(6);
    if (false_run) {
      party.execution = m_options.liars->execution(m_rng, 4);
      party.within_bound = !one_in(3);
      party.serves_blobs = !one_in(4);
    } else if (breaks_rules) {
      party.make = [solver, rng = m_rng.next(),
                    liars = m_options.liars](const RoleContext& context) {
        SimRng own(rng);
        return liars->solver(own, context, roles::make_solver(context, solver));
      };
    } else if (bad_host) {
      // It vanishes, or keeps its blobs for itself, or is hardly ever there.
      const std::uint64_t how = m_rng.below(3);
      if (how == 0) party.leaves_ms = m_rng.below(150'000);
      party.serves_blobs = how != 1;
      party.within_bound = false;
    }
    if (!false_run && !breaks_rules) m_population.truthful.insert(name);
    const bool honest = !false_run && !breaks_rules && !bad_host;
    if (honest) m_quoters.push_back(name);
    if (honest && other_dice(28).below(4) == 0) add_second(party);
    if (breaks_rules) m_careless.push_back(name);
    join(std::move(party), honest);
  }

  // A machine with a key of its own that moves for the party: its delegate.
  void add_second(PartyOptions& first) {
    PartyOptions second;
    second.name = "second-of-" + first.name;
    second.balance_atoms = 1'000;
    second.plays_for = {m_simulator.account_of(first.name)};
    second.make = [](const RoleContext& context) {
      return roles::make_whistleblower(context, {.also_drawn = false});
    };
    first.delegate = m_simulator.account_of(second.name);
    join(std::move(second), true);
  }

  void add_verifier(const std::string& name) {
    PartyOptions party;
    party.name = name;
    party.balance_atoms = 5'000 + m_rng.below(1'000);
    party.staked_atoms = 2'500 * (2 + m_rng.below(4));
    party.make = [](const RoleContext& context) { return roles::make_verifier(context, {}); };
    const bool lazy = lies(4);
    const bool false_run = !lazy && lies(6);
    if (lazy) party.make = m_options.liars->lazy_verifier;
    if (lazy) m_population.lazy.insert(name);
    if (false_run) party.execution = m_options.liars->execution(m_rng, 4);
    const bool leaves = !lazy && !false_run && lies(8);
    if (leaves) party.leaves_ms = m_rng.below(150'000);
    party.within_bound = !lazy && !false_run && !leaves;
    join(std::move(party), !lazy && !false_run && !leaves);
  }

  void add_whistleblower(const std::string& name) {
    PartyOptions party;
    party.name = name;
    party.balance_atoms = 20'000;
    party.staked_atoms = 1;
    const bool also_drawn = !one_in(4);
    party.make = [also_drawn](const RoleContext& context) {
      return roles::make_whistleblower(context, {.also_drawn = also_drawn});
    };
    const bool false_alarm = lies(4);
    if (false_alarm) party.execution = m_options.liars->execution(m_rng, 4);
    m_population.watched |= also_drawn && !false_alarm;
    join(std::move(party), !false_alarm);
  }

  // Three that are honest, one that is silent after a while, and one that attests and gives
  // everybody garbage.
  void add_relays() {
    for (unsigned i = 1; i <= 5; ++i) {
      const bool leaves = i == 4;
      const bool garbles = i == 5;
      PartyOptions party;
      party.name = "relay-" + std::to_string(i);
      party.balance_atoms = 1'000;
      party.staked_atoms = 20'000;
      party.make = [bond = Amount{leaves || garbles ? 3'000u : 15'000u}](
                       const RoleContext& context) { return roles::make_relay(context, {bond}); };
      if (leaves) party.leaves_ms = 30'000;
      if (garbles) party.garbles = [](const std::string&) { return true; };
      party.within_bound = !leaves && !garbles;
      join(std::move(party), !leaves && !garbles);
    }
  }

  // A trader, who is honest and gives; and a pest.
  void add_others() {
    PartyOptions trader;
    trader.name = "trader";
    trader.balance_atoms = 20'000;
    trader.staked_atoms = 1'000;
    trader.make = [rng = own_rng()](const RoleContext& context) {
      return make_meddler(context, nullptr, rng,
                          {.chance = 0.2, .moves_money = true, .stakes = true, .funds = true});
    };
    join(std::move(trader), true);
    if (m_options.liars == nullptr || one_in(2)) return;
    PartyOptions pest;
    pest.name = "pest";
    pest.balance_atoms = 10'000;
    pest.staked_atoms = 7'000;
    pest.within_bound = false;
    MeddlerOptions meddler{.chance = 0.3,
                           .moves_money = true,
                           .stakes = true,
                           .funds = true,
                           .pesters = true,
                           .until_ms = 150'000};
    for (const std::string& name : m_careless)
      meddler.careless.push_back(&m_simulator.key_of(name));
    pest.make = [meddler, rng = own_rng()](const RoleContext& context) {
      return make_meddler(context, nullptr, rng, meddler);
    };
    join(std::move(pest), false);
  }

  void add_submitter(const std::string& name) {
    PartyOptions party;
    party.name = name;
    party.balance_atoms = 20'000;
    const bool vanishes = lies(6);
    const bool withholds = !vanishes && lies(10);
    const bool honest = !vanishes && !withholds;
    if (vanishes) party.leaves_ms = m_rng.below(120'000);
    party.serves_blobs = !withholds;
    party.within_bound = honest;
    if (vanishes) m_population.gone.insert(name);
    // Whoever serves its solvers well and relays garbage has no work for nothing.
    if (m_options.liars != nullptr && other_dice(29).below(4) == 0)
      party.garbles = [](const std::string& who) { return who.starts_with("relay-"); };
    std::vector<roles::Posting> postings;
    const std::uint64_t count = 1 + m_rng.below(2);
    for (std::uint64_t i = 1; i <= count; ++i)
      postings.push_back(posting(name, "task-" + std::to_string(i)));
    MeddlerOptions meddler{.chance = 0.1,
                           .moves_money = one_in(2),
                           .cancels = one_in(2),
                           .awards = one_in(2),
                           .until_ms = 90'000};
    for (const std::string& quoter : m_quoters)
      meddler.quoters.push_back(&m_simulator.key_of(quoter));
    party.make = [postings, meddler, rng = own_rng()](const RoleContext& context) {
      return make_meddler(context, roles::make_submitter(context, {postings, {}}), rng, meddler);
    };
    join(std::move(party), honest);
  }

  roles::Posting posting(const std::string& submitter, const std::string& label) {
    const std::uint64_t steps = 4 + 2 * m_rng.below(3);
    const std::uint64_t apart = one_in(3) ? 4 : 2;
    auto task = std::make_shared<const training::Task>(
        make_toy_task({m_rng.next(), steps, 2, apart}, m_pool));
    m_population.postings.push_back({submitter, label, task, true_roots(*task)});
    return {label, task, terms(*task)};
  }

  [[nodiscard]] std::vector<Hash256> true_roots(const training::Task& task) {
    auto execution = roles::honest_execution()(task, m_pool);
    ASSAY_ENSURES(execution.has_value());
    auto run = training::TrainingRun::open(task, **execution, m_pool, {});
    ASSAY_ENSURES(run.has_value() && (*run)->advance(task.header.steps));
    return (*run)->transcript();
  }

  protocol::PostTask terms(const training::Task& task) {
    protocol::PostTask t;
    t.header = task.header;
    t.price = Amount{900 + m_rng.below(300)};
    t.verification_fee = Amount{200 + m_rng.below(20)};
    t.tax = Amount{economics::least_tax(t.price.value) + m_rng.below(6)};
    t.copies = one_in(3) ? 2 : 1;
    t.solver_stake = Amount{5'000};
    t.verifier_stake = Amount{2'500};
    t.challenger_bond = Amount{1'200 + m_rng.below(2)};
    t.seats = static_cast<std::uint32_t>(1 + m_rng.below(2));
    t.draws = static_cast<std::uint32_t>(1 + m_rng.below(2));
    t.work_units = training::work_units(task);
    t.progress_entries = task.header.checkpoint_interval / task.header.commit_interval;
    t.pays_partial = one_in(2);
    if (one_in(4)) t.sought = Amount{1 + m_rng.below(t.copies * (t.price.value + 200))};
    if (one_in(8) && !m_quoters.empty())
      t.allow = {m_simulator.account_of(m_quoters[m_rng.below(m_quoters.size())])};
    else if (one_in(8) && !m_quoters.empty())
      t.deny = {m_simulator.account_of(m_quoters[m_rng.below(m_quoters.size())])};
    if (one_in(12)) t.reputation_min = 1 + m_rng.below(30);  // what a paid claim or two earn
    if (one_in(4)) t.declared_harm = Amount{m_rng.below(5'000)};
    t.windows = {.accept_ms = 20'000,
                 .train_ms = kAnswerMs,
                 .enlist_ms = 10'000,
                 .reveal_ms = kAnswerMs,
                 .seal_ms = kAnswerMs,
                 .open_ms = kAnswerMs,
                 .challenge_ms = kAnswerMs,
                 .challenge_reveal_ms = kAnswerMs,
                 .stand_up_ms = kAnswerMs,
                 .move_ms = kAnswerMs,
                 .replay_ms = kReplayMs};
    if (one_in(2)) {
      t.sale = protocol::Sale::kAuction;
      t.bid_deposit = Amount{20 + m_rng.below(50)};
      t.windows.bid_ms = 15'000;
    }
    if (one_in(2)) {
      t.force_rate = one_in(2) ? UINT32_MAX : UINT32_MAX / 2;
      t.windows.disclose_ms = kAnswerMs;
    }
    if (other_dice(27).below(4) == 0) {
      m_has_relays = true;
      t.relays = 8;
      t.relay_quorum = 5;
      t.relay_fee = Amount{80};
      t.relay_stake = Amount{300};
      t.windows.relay_ms = kAnswerMs;
    }
    return t;
  }

  Simulator& m_simulator;
  SimRng& m_rng;
  const SeedOptions& m_options;
  TaskPool& m_pool;
  Population m_population;
  std::vector<std::string> m_quoters;
  std::vector<std::string> m_careless;
  bool m_has_relays = false;
};

}  // namespace

Population populate(Simulator& simulator, SimRng& rng, const SeedOptions& options, TaskPool& pool) {
  return Populator(simulator, rng, options, pool).run();
}

}  // namespace assay::sim
