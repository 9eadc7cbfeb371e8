// Fetches, attests and serves what claims are checked with, where it is drawn.
#include "assay/cli/role_program.hpp"
#include "assay/cli/task_settings.hpp"
#include "assay/roles/relay.hpp"

int main(int argc, char** argv) {
  using namespace assay;
  cli::Program program("assay-relay", "Keep what claims are checked with, and live on relay fees");
  cli::RoleSettings role;
  double bond = 1'000;
  cli::add_role_options(program.root(), role);
  program.root()
      .option("bond", bond, "tokens of the stake in the pool from which relays are drawn")
      .examples("  assay-relay --home relay --ledger https://127.0.0.1:8645 --bond 500")
      .action([&] {
        return cli::run_role(
            role, [&](const roles::RoleContext& context) -> Result<std::unique_ptr<roles::Role>> {
              ASSAY_TRY(const Amount atoms, cli::amount_of_tokens(bond, "bond"));
              return roles::make_relay(context, {atoms});
            });
      });
  return program.run(argc, argv);
}
