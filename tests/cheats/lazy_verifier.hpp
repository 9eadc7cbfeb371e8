// A verifier that replays nothing: it seals, opens and attests what the transcript says.
#pragma once

#include "assay/roles/role.hpp"

namespace assay::cheats {

[[nodiscard]] std::unique_ptr<roles::Role> make_lazy_verifier(const roles::RoleContext& context);

}  // namespace assay::cheats
