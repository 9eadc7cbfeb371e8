#include "cheats/liars.hpp"

#include "cheats/cheats.hpp"
#include "cheats/lazy_verifier.hpp"
#include "cheats/unruly_solver.hpp"

namespace assay::cheats {

const sim::Liars& liars() {
  static const sim::Liars all{
      .execution = [](sim::SimRng& rng, std::uint64_t steps) -> roles::ExecutionFactory {
        const std::vector<std::string> kinds = names_of_lies();
        Lie lie;
        lie.kind = kinds[rng.below(kinds.size())];
        lie.step = rng.below(steps);
        lie.element = rng.below(4);
        lie.bit = static_cast<unsigned>(rng.below(31));
        return [lie](const training::Task& task, TaskPool& pool) {
          return make_lying_execution(task, pool, lie);
        };
      },
      .solver =
          [](sim::SimRng& rng, const roles::RoleContext& context,
             std::unique_ptr<roles::Role> solver) {
            return make_unruly_solver(context, std::move(solver), rng);
          },
      .lazy_verifier = make_lazy_verifier,
  };
  return all;
}

}  // namespace assay::cheats
