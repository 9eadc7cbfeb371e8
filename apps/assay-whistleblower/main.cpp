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
      .examples("  assay-whistleblower --home whistleblower --ledger https://127.0.0.1:8645")
      .action([&] {
        return cli::run_role(
            role, [&](const roles::RoleContext& context) -> Result<std::unique_ptr<roles::Role>> {
              return roles::make_whistleblower(context, {.also_drawn = also_drawn});
            });
      });
  return program.run(argc, argv);
}
