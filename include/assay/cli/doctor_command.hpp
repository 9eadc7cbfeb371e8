// The command `doctor`, the same in every program that has it.
#pragma once

#include "assay/cli/doctor.hpp"
#include "assay/cli/options.hpp"

namespace assay::cli {

// `exit_code` becomes kFailed if a check failed; warnings leave it. It must outlive the program.
void add_doctor_command(Command& root, ExitCode& exit_code);

}  // namespace assay::cli
