#include "assay/cli/solver_program.hpp"

namespace assay::cli {

void add_solver_options(Command& command, roles::SolverOptions& options) {
  command
      .flag("take-open-tasks", options.take_open_tasks,
            "take tasks that are reserved for nobody too")
      .option("price-min-atoms", options.price_min_atoms, "take no task that pays less")
      .option("replay-quote-ms", options.replay_quote_ms,
              "longest replay of one interval on this machine")
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
