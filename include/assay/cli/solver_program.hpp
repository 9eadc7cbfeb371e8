// The solver's program, but for how it executes: assay-solver trains honestly, and a test-only twin
// under tests/ lies, with the same options and the same role.
#pragma once

#include "assay/cli/role_program.hpp"
#include "assay/roles/solver.hpp"

namespace assay::cli {

void add_solver_options(Command& command, roles::SolverOptions& options);

// Puts a role around the solver's.
using WrapRole = std::function<std::unique_ptr<roles::Role>(const roles::RoleContext& context,
                                                            std::unique_ptr<roles::Role> solver)>;

// Parses the command line and runs the role; the exit code.
[[nodiscard]] int solver_main(int argc, const char* const* argv,
                              const roles::ExecutionFactory& execution, const WrapRole& wrap = {});

}  // namespace assay::cli
