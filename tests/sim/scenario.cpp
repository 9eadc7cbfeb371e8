#include "sim/scenario.hpp"

#include <set>

#include "assay/dispute/moves.hpp"
#include "assay/dispute/signed_move.hpp"
#include "assay/roles/checkers.hpp"
#include "assay/roles/solver.hpp"
#include "assay/roles/submitter.hpp"
#include "assay/training/metering.hpp"
#include "cheats/lazy_verifier.hpp"
#include "demo/fewer_steps.hpp"
#include "support/edited_role.hpp"
#include "support/tiny_programs.hpp"

namespace assay::scenario {

namespace {

dispute::Stage kind_of_move(const Bytes& signed_move) {
  codec::Reader reader(signed_move);
  dispute::Move move;
  if (!dispute::read_move(dispute::read_signed_move(reader).body, move)) return {};
  return move.kind;
}

// Without the moves of these kinds.
void be_silent_at(roles::Actions& actions, const std::set<dispute::Stage>& stages) {
  std::erase_if(actions, [&](const roles::Action& action) {
    const auto* submit = std::get_if<roles::Submit>(&action);
    const auto* move =
        submit != nullptr ? std::get_if<protocol::PlayMove>(&submit->payload) : nullptr;
    return move != nullptr && stages.contains(kind_of_move(move->signed_move));
  });
}

using dispute::Stage;
const std::set<Stage> kLastOpenings{Stage::kStateLeaf, Stage::kSource, Stage::kScalar};
const std::set<Stage> kOpenings{Stage::kStateLeaf,  Stage::kSource,      Stage::kScalar,
                                Stage::kStateOffer, Stage::kTensorOffer, Stage::kChunkReveal};
const std::set<Stage> kDefences{Stage::kStateLeaf,  Stage::kSource,      Stage::kScalar,
                                Stage::kStateOffer, Stage::kTensorOffer, Stage::kChunkReveal,
                                Stage::kChainOffer, Stage::kTraceOffer,  Stage::kFoldOffer};

// No move that the other side may make as well.
void be_silent_at_the_end(roles::Actions& actions) { be_silent_at(actions, kLastOpenings); }

// Attests, and leaves the game about it to the solver.
void stand_up_for_nobody(roles::Actions& actions) {
  std::erase_if(actions, [](const roles::Action& action) {
    const auto* submit = std::get_if<roles::Submit>(&action);
    return submit != nullptr && std::holds_alternative<protocol::StandUp>(submit->payload);
  });
}

// True before the first view that shows an open game of `challenger`'s at turn `at` or beyond,
// which a view may skip; for kEveryTurn, before the first of each turn.
std::function<bool(const roles::Event&)> crash_before_turn(const AccountId& challenger,
                                                           std::uint32_t at) {
  return [challenger, at,
          done = std::set<std::pair<GameId, std::uint32_t>>()](const roles::Event& event) mutable {
    const auto* update = std::get_if<roles::LedgerUpdate>(&event);
    if (update == nullptr) return false;
    for (const protocol::TaskView& task : update->view->tasks) {
      for (const auto& claim : task.claims)
        for (const auto& challenge : claim.challenges)
          for (const protocol::GameView& game : challenge.games)
            if (game.record.challenger == challenger &&
                game.record.status == protocol::GameStatus::kOpen &&
                (game.record.turn >= at || at == Setting::kEveryTurn) &&
                done.insert({game.record.id, at == Setting::kEveryTurn ? game.record.turn : at})
                    .second)
              return true;
    }
    return false;
  };
}

Result<std::map<std::string, std::uint64_t>> owned(const sim::Simulator& simulator) {
  std::map<std::string, std::uint64_t> atoms;
  for (const char* name :
       {"submitter", "solver-1", "solver-2", "verifier", "whistleblower", "second"}) {
    ASSAY_TRY(const protocol::AccountView account,
              simulator.reader().account(simulator.account_of(name)));
    atoms[name] = account.available.value + account.reserved.value + account.staked.value +
                  account.unbonding.value;
  }
  return atoms;
}

}  // namespace

const training::Task& task() {
  static const training::Task made = [] {
    SerialTaskPool pool;
    const tiny::Programs programs = tiny::conv_net();
    auto result = training::make_task({.seed = 7,
                                       .steps = kSteps,
                                       .commit_interval = kInterval,
                                       .checkpoint_interval = kInterval},
                                      programs.init.program(), programs.step.program(),
                                      tiny::conv_net_data(), pool);
    return std::move(*result);
  }();
  return made;
}

protocol::PostTask terms_for(std::vector<AccountId> solvers, bool forces) {
  protocol::PostTask terms;
  terms.header = task().header;
  terms.copies = static_cast<std::uint32_t>(solvers.size());
  terms.allow = std::move(solvers);
  terms.price = Amount(kPrice);
  terms.verification_fee = Amount(kFee);
  terms.tax = Amount(kTax);
  terms.work_units = training::work_units(task());
  terms.progress_entries = 2;
  terms.solver_stake = Amount(kSolverStake);
  terms.verifier_stake = Amount(200 * kToken);
  terms.challenger_bond = Amount(kBond);
  terms.seats = 1;
  terms.draws = kDraws;
  terms.windows = {.accept_ms = 600'000,
                   .train_ms = 600'000,
                   .enlist_ms = 60'000,
                   .reveal_ms = 600'000,
                   .seal_ms = 600'000,
                   .open_ms = 600'000,
                   .challenge_ms = 300'000,
                   .challenge_reveal_ms = 600'000,
                   .stand_up_ms = 60'000,
                   .move_ms = 600'000,
                   .replay_ms = 60'000};
  if (forces) {
    terms.force_rate = UINT32_MAX;
    terms.windows.disclose_ms = 600'000;
  }
  return terms;
}

Result<Ending> play(const Setting& setting) {
  sim::Simulator simulator(setting.sim);
  const auto shared = std::make_shared<const training::Task>(task());
  const AccountId honest = simulator.account_of("solver-1");
  const AccountId lying = simulator.account_of("solver-2");

  const auto solver = [](const roles::RoleContext& context) {
    return roles::make_solver(context, {.replay_quote_ms = 30'000, .game_quote_ms = 1'000});
  };
  Ending ending;
  const auto add = [&](sim::PartyOptions party) {
    ending.before[party.name] = party.balance_atoms + party.staked_atoms;
    simulator.add(std::move(party));
  };
  const auto lies = [](const cheats::Lie& lie) {
    return [lie](const training::Task& t, TaskPool& pool) {
      return cheats::make_lying_execution(t, pool, lie);
    };
  };
  add({.name = "submitter",
       .balance_atoms = 1'000 * kToken,
       .leaves_ms = setting.submitter_leaves_ms,
       .make = [shared, honest = terms_for({honest}, setting.forces),
                lying = terms_for({lying}, setting.forces)](const roles::RoleContext& context) {
         return roles::make_submitter(
             context,
             {.postings = {{"honest", shared, honest}, {"lying", shared, lying}}, .accuracy = {}});
       }});
  sim::PartyOptions first{
      .name = "solver-1", .balance_atoms = kToken, .staked_atoms = kSolverStake, .make = solver};
  if (setting.second != Setting::Second::kNone) {
    const bool opens = setting.second == Setting::Second::kStranger;
    if (setting.second == Setting::Second::kDelegate)
      first.delegate = simulator.account_of("second");
    first.make = [solver, opens](const roles::RoleContext& context) {
      return std::make_unique<EditedRole>(solver(context), [opens](roles::Actions& actions) {
        be_silent_at(actions, opens ? kOpenings : kDefences);
      });
    };
    add({.name = "second",
         .balance_atoms = kToken,
         .plays_for = {honest},
         .make = [](const roles::RoleContext& context) {
           return roles::make_whistleblower(context, {});
         }});
  }
  add(std::move(first));
  sim::PartyOptions second{
      .name = "solver-2", .balance_atoms = kToken, .staked_atoms = kSolverStake, .make = solver};
  if (setting.lie) second.execution = lies(*setting.lie);
  if (setting.fewer_steps)
    second.make = [solver](const roles::RoleContext& context) {
      return demo::make_fewer_steps(context, solver(context));
    };
  if (setting.silent_at_the_end)
    second.make = [solver](const roles::RoleContext& context) {
      return std::make_unique<EditedRole>(solver(context), be_silent_at_the_end);
    };
  add(std::move(second));
  sim::PartyOptions verifier{
      .name = "verifier",
      .balance_atoms = 500 * kToken,
      .staked_atoms = 1'000 * kToken,
      .make = [](const roles::RoleContext& context) { return roles::make_verifier(context, {}); }};
  if (setting.lazy_verifier) verifier.make = cheats::make_lazy_verifier;
  // An attestor that wins first would end the games that this is about.
  if (setting.second != Setting::Second::kNone)
    verifier.make = [](const roles::RoleContext& context) {
      return std::make_unique<EditedRole>(roles::make_verifier(context, {}), stand_up_for_nobody);
    };
  sim::PartyOptions whistleblower{
      .name = "whistleblower",
      .balance_atoms = 500 * kToken,
      .staked_atoms = kToken,
      .make = [also_drawn = setting.false_alarm ||
                            setting.lazy_verifier](const roles::RoleContext& context) {
        return roles::make_whistleblower(context, {.also_drawn = also_drawn});
      }};
  if (setting.false_alarm) whistleblower.execution = lies(*setting.false_alarm);
  for (sim::PartyOptions* checker : {&verifier, &whistleblower}) {
    if (setting.crash_challenger_at)
      checker->crash_before =
          crash_before_turn(simulator.account_of(checker->name), *setting.crash_challenger_at);
    add(std::move(*checker));
  }

  const AccountId submitter = simulator.account_of("submitter");
  const auto ended = [&](const protocol::StateReader& reader) {
    const auto ids = reader.tasks_of(submitter);
    if (!ids || ids->size() != 2) return false;
    for (const TaskId& id : *ids) {
      const auto view = reader.task(id);
      if (!view || !*view || (*view)->record.status < protocol::TaskStatus::kCancelled)
        return false;
    }
    return true;
  };
  ASSAY_TRY(ending.report, simulator.run(ended));
  ASSAY_TRY(ending.totals, simulator.reader().totals());
  ASSAY_TRY(ending.after, owned(simulator));
  ASSAY_TRY(const auto ids, simulator.reader().tasks_of(submitter));
  for (const TaskId& id : ids) {
    ASSAY_TRY(auto view, simulator.reader().task(id));
    if (!view || view->record.terms.allow.empty())
      return Error{ErrorCode::kInternal, "a task is gone, or anybody's"};
    (view->record.terms.allow.front() == honest ? ending.honest : ending.lying) = std::move(*view);
  }
  if (auto model = simulator.files_of("submitter").read("models/honest.safetensors"); model)
    ending.model = std::move(*model);
  for (const auto& claim : ending.lying.claims)
    for (const auto& challenge : claim.challenges)
      for (const auto& game : challenge.games)
        if (game.record.status == protocol::GameStatus::kChallengerWon) {
          ASSAY_TRY(const protocol::Genesis genesis, simulator.reader().genesis());
          const auto terms =
              protocol::terms_of(protocol::chain_id_of(genesis), ending.lying, challenge, game);
          ending.disputed_entry = challenge.record.entry;
          ending.last_position = protocol::position_of(terms, game);
        }
  return ending;
}

}  // namespace assay::scenario
