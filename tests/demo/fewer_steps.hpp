// A solver that claims a shorter training than the task asks for. Test-only.
#pragma once

#include <memory>

#include "assay/roles/role.hpp"

namespace assay::demo {

// Passes everything through, but commits to and reveals only the first half of the transcript.
[[nodiscard]] std::unique_ptr<roles::Role> make_fewer_steps(const roles::RoleContext& context,
                                                            std::unique_ptr<roles::Role> solver);

}  // namespace assay::demo
