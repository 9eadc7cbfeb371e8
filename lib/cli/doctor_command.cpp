#include "assay/cli/doctor_command.hpp"

#include <cstdio>

#include "assay/codec/json.hpp"

namespace assay::cli {

void add_doctor_command(Command& root, ExitCode& exit_code) {
  struct Options {
    DoctorSettings settings;
    bool json = false;
  };
  const auto options = std::make_shared<Options>();
  DoctorSettings& s = options->settings;
  root.subcommand("doctor", "Check program, arithmetic, disk, clock, ports, keys, certificates")
      .option("home", s.home, "folder of a role or a node; empty: no checks of files")
      .option("ledger", s.ledger, "a node to compare clocks with; empty: none")
      .option("authority", s.authority, "certificate that the node's must lead to")
      .option("program", s.program, "file to hash; empty: this program's")
      .option("program-sha256", s.program_sha256, "that it should have")
      .option("check-port", s.ports, "that should be free, repeatable")
      .option("listen", s.listen, "address of the ports")
      .flag("json", options->json, "print JSON")
      .examples(
          "  assayd doctor --home node --check-port 8645\n"
          "  assay doctor --home net/solver --ledger https://127.0.0.1:8645\n"
          "Exit code: 0 nothing failed (warnings or none), 1 something did.")
      .action([options, &exit_code]() -> Status {
        const std::vector<Finding> findings = run_doctor(options->settings);
        if (options->json) {
          codec::Json list = codec::Json::array();
          for (const Finding& f : findings)
            list.push_back(codec::Json::object(
                {{"health", to_string(f.health)}, {"check", f.check}, {"found", f.detail}}));
          std::printf("%s\n", list.dump(2).c_str());
        } else {
          std::fputs(table_of(findings).c_str(), stdout);
        }
        if (worst_of(findings) == Health::kFail) exit_code = ExitCode::kFailed;
        return {};
      });
}

}  // namespace assay::cli
