// Takes tasks, trains for pay, commits to every interval and defends its claims.
#include "assay/cli/solver_program.hpp"

int main(int argc, char** argv) {
  return assay::cli::solver_main(argc, argv, assay::roles::honest_execution());
}
