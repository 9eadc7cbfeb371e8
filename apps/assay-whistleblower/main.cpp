// Replays what no verifier was drawn for, and challenges what does not match.
#include "assay/cli/role_program.hpp"
#include "assay/roles/checkers.hpp"

int main(int argc, char** argv) {
  using namespace assay;
  cli::Program program("assay-whistleblower", "Check everybody's work and live on bounties");
  cli::RoleSettings role;
  bool also_drawn = false;
  cli::add_role_options(program.root(), role);
  program.root()
      .flag("also-drawn", also_drawn, "replay what verifiers were drawn for too")
      .option("plays-for", role.plays_for,
              "account in whose games this party moves, repeated: as the delegate that it has "
              "named, else by openings where it is silent")
      .examples("  assay-whistleblower --home whistleblower --ledger https://127.0.0.1:8645")
      .action([&] {
        return cli::run_role(
            role, [&](const roles::RoleContext& context) -> Result<std::unique_ptr<roles::Role>> {
              return roles::make_whistleblower(context, {.also_drawn = also_drawn});
            });
      });
  return program.run(argc, argv);
}
