// Replays the intervals that the beacon draws for it, attests or challenges.
#include "assay/cli/role_program.hpp"
#include "assay/roles/checkers.hpp"

int main(int argc, char** argv) {
  using namespace assay;
  cli::Program program("assay-verifier",
                       "Check drawn parts of others' training for a fee, with a stake");
  cli::RoleSettings role;
  std::uint64_t seats_max = 64;
  cli::add_role_options(program.root(), role);
  program.root()
      .option("seats-max", seats_max, "claims to check at a time")
      .examples("  assay-verifier --home verifier --ledger https://127.0.0.1:8645")
      .action([&] {
        return cli::run_role(
            role, [&](const roles::RoleContext& context) -> Result<std::unique_ptr<roles::Role>> {
              return roles::make_verifier(context, {.seats_max = seats_max});
            });
      });
  return program.run(argc, argv);
}
