#include "sim/scenario.hpp"

#include "assay/roles/checkers.hpp"
#include "assay/roles/solver.hpp"
#include "assay/roles/submitter.hpp"
#include "support/tiny_programs.hpp"

namespace assay::scenario {

namespace {

constexpr std::uint64_t kToken = kAtomsPerToken;

protocol::PostTask terms_for(const AccountId& solver) {
  protocol::PostTask terms;
  terms.header = task().header;
  terms.reserved_solver = solver;
  terms.price = Amount(100 * kToken);
  terms.verification_fee = Amount(20 * kToken);
  terms.solver_stake = Amount(1'000 * kToken);
  terms.verifier_stake = Amount(200 * kToken);
  terms.challenger_bond = Amount(100 * kToken);
  terms.seats = 1;
  terms.draws = 3;
  terms.windows = {.accept_ms = 600'000, .train_ms = 600'000, .enlist_ms = 60'000, .reveal_ms = 600'000,
                   .seal_ms = 600'000, .open_ms = 600'000, .challenge_ms = 300'000,
                   .challenge_reveal_ms = 600'000, .stand_up_ms = 60'000, .move_ms = 600'000,
                   .replay_ms = 60'000};
  return terms;
}

}  // namespace

const training::Task& task() {
  static const training::Task made = [] {
    SerialTaskPool pool;
    const tiny::Programs programs = tiny::conv_net();
    auto result = training::make_task({.seed = 7, .steps = kSteps, .commit_interval = kInterval,
                                       .checkpoint_interval = kInterval},
                                      programs.init.program(), programs.step.program(),
                                      tiny::conv_net_data(), pool);
    return std::move(*result);
  }();
  return made;
}

Result<Ending> play(const Setting& setting) {
  sim::Simulator simulator(setting.sim);
  const auto shared = std::make_shared<const training::Task>(task());
  const AccountId honest = simulator.account_of("solver-1");
  const AccountId lying = simulator.account_of("solver-2");

  const auto solver = [](const roles::RoleContext& context) {
    return roles::make_solver(context, {.replay_quote_ms = 30'000});
  };
  simulator.add({.name = "submitter", .balance_atoms = 1'000 * kToken,
                 .make = [shared, honest, lying](const roles::RoleContext& context) {
                   return roles::make_submitter(
                       context, {.postings = {{"honest", shared, terms_for(honest)},
                                              {"lying", shared, terms_for(lying)}},
                                 .accuracy = {}});
                 }});
  simulator.add({.name = "solver-1", .balance_atoms = kToken, .staked_atoms = 1'000 * kToken, .make = solver});
  sim::PartyOptions second{.name = "solver-2", .balance_atoms = kToken, .staked_atoms = 1'000 * kToken, .make = solver};
  if (setting.lie)
    second.execution = [lie = *setting.lie](const training::Task& t, TaskPool& pool) {
      return cheats::make_lying_execution(t, pool, lie);
    };
  simulator.add(std::move(second));
  simulator.add({.name = "verifier", .balance_atoms = 500 * kToken, .staked_atoms = 1'000 * kToken,
                 .make = [](const roles::RoleContext& context) { return roles::make_verifier(context, {}); }});
  simulator.add({.name = "whistleblower", .balance_atoms = 500 * kToken, .staked_atoms = kToken,
                 .make = [](const roles::RoleContext& context) { return roles::make_whistleblower(context, {}); }});

  const AccountId submitter = simulator.account_of("submitter");
  const auto ended = [&](const protocol::StateReader& reader) {
    const auto ids = reader.tasks_of(submitter);
    if (!ids || ids->size() != 2) return false;
    for (const TaskId& id : *ids) {
      const auto view = reader.task(id);
      if (!view || !*view || (*view)->record.status < protocol::TaskStatus::kCancelled) return false;
    }
    return true;
  };
  Ending ending;
  ASSAY_TRY(ending.report, simulator.run(ended));
  ASSAY_TRY(ending.totals, simulator.reader().totals());
  ASSAY_TRY(const auto ids, simulator.reader().tasks_of(submitter));
  for (const TaskId& id : ids) {
    ASSAY_TRY(auto view, simulator.reader().task(id));
    (view->record.terms.reserved_solver == honest ? ending.honest : ending.lying) = std::move(*view);
  }
  if (auto model = simulator.files_of("submitter").read("models/honest.safetensors"); model)
    ending.model = std::move(*model);
  if (ending.lying.claim)
    for (const auto& challenge : ending.lying.claim->challenges)
      for (const auto& game : challenge.games)
        if (game.record.status == protocol::GameStatus::kChallengerWon) {
          ASSAY_TRY(const protocol::Genesis genesis, simulator.reader().genesis());
          const auto terms = protocol::terms_of(protocol::chain_id_of(genesis), ending.lying, challenge, game);
          ending.disputed_entry = challenge.record.entry;
          ending.last_position = protocol::position_of(terms, game);
        }
  return ending;
}

}  // namespace assay::scenario
