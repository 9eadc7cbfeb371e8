#include "assay/cli/solver_program.hpp"

namespace assay::cli {

void add_solver_options(Command& command, roles::SolverOptions& options) {
  command.flag("take-open-tasks", options.take_open_tasks, "take tasks that name no solvers too")
      .option("price-min-atoms", options.price_min_atoms, "take no task that pays less")
      .option("price-per-million-units", options.price_per_million_units_min,
              "atoms for 10^6 units of work: the least fixed price, and what is bid in auctions")
      .option("bid-floor-per-million-units", options.bid_floor_per_million_units,
              "follow lower bids of others down to this; 0: bid once")
      .option("replay-quote-ms", options.replay_quote_ms,
              "longest replay of one interval on this machine; 0: measured for each task")
      .option("game-quote-ms", options.game_quote_ms,
              "longest time for the traces of a game; 0: measured for each task")
      .option("tasks-max", options.tasks_max, "tasks under way at a time");
}

int solver_main(int argc, const char* const* argv, const roles::ExecutionFactory& execution,
                const WrapRole& wrap) {
  Program program("assay-solver", "Train models for pay, with a stake behind every claim");
  RoleSettings role;
  roles::SolverOptions options;
  add_role_options(program.root(), role);
  add_solver_options(program.root(), options);
  program.root()
      .examples(
          "  assay-solver --home solver --ledger https://127.0.0.1:8645 --take-open-tasks\n"
          "  assay-solver --config solver.toml --threads 2")
      .action([&] {
        return run_role(
            role,
            [&](const roles::RoleContext& context) -> Result<std::unique_ptr<roles::Role>> {
              auto solver = roles::make_solver(context, options);
              return wrap ? wrap(context, std::move(solver)) : std::move(solver);
            },
            execution);
      });
  return program.run(argc, argv);
}

}  // namespace assay::cli
