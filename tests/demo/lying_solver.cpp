// assay-solver with a lie: `--lie KIND:STEP` before the solver's own options. Test-only.
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "assay/cli/solver_program.hpp"
#include "cheats/cheats.hpp"
#include "demo/fewer_steps.hpp"

int main(int argc, char** argv) {
  using namespace assay;
  std::vector<const char*> arguments(argv, argv + argc);
  std::string given;
  if (arguments.size() >= 3 && std::string(arguments[1]) == "--lie") {
    given = arguments[2];
    arguments.erase(arguments.begin() + 1, arguments.begin() + 3);
  }
  const std::size_t colon = given.find(':');
  cheats::Lie lie;
  lie.kind = given.substr(0, colon);
  if (colon != std::string::npos) lie.step = std::strtoull(given.c_str() + colon + 1, nullptr, 10);

  const int count = static_cast<int>(arguments.size());
  if (lie.kind == "fewer-steps")
    return cli::solver_main(count, arguments.data(), roles::honest_execution(),
                            demo::make_fewer_steps);
  for (const std::string& known : cheats::names_of_lies())
    if (known == lie.kind)
      return cli::solver_main(count, arguments.data(),
                              [lie](const training::Task& task, TaskPool& pool) {
                                return cheats::make_lying_execution(task, pool, lie);
                              });
  std::fprintf(stderr, "usage: %s --lie KIND:STEP [options of assay-solver]\nkinds: fewer-steps",
               argv[0]);
  for (const std::string& known : cheats::names_of_lies())
    std::fprintf(stderr, " %s", known.c_str());
  std::fputs("\n", stderr);
  return 2;
}
