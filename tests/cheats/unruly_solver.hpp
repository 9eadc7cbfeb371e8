// A solver that trains honestly and then does not keep the rules: it drops the transactions of some
// stages, for good, or what anybody may play for it.
#pragma once

#include "assay/roles/role.hpp"
#include "assay/sim/rng.hpp"

namespace assay::cheats {

[[nodiscard]] std::unique_ptr<roles::Role> make_unruly_solver(const roles::RoleContext& context,
                                                              std::unique_ptr<roles::Role> solver,
                                                              sim::SimRng& rng);

}  // namespace assay::cheats
