// Options of a program: flags over environment over a TOML file over defaults.
//
// An option `block-interval-ms` is `--block-interval-ms` on the command line,
// ASSAY_BLOCK_INTERVAL_MS in the environment and `block_interval_ms` in the file that --config (or
// ASSAY_CONFIG) names. Unknown flags and unknown keys are errors that name them. Not thread-safe.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "assay/core/result.hpp"

namespace assay::cli {

// Stable exit codes, the same for every program (docs/spec/cli.md).
enum class ExitCode : int {
  kOk = 0,
  kFailed = 1,  // it ran and the answer is no (an audit that convicts nobody, a task that fell)
  kUsage = 2,   // flags, environment or configuration
  kUnavailable = 3,  // a peer or the ledger cannot be reached: try again
  kIntegrity = 4,    // bytes that do not match their digest or signature, or do not parse
  kPermission = 5,   // a key file that others can read, a folder we may not write
  kStorage = 6,      // disk full or failing
  kInternal = 70,
  kInterrupted = 130,
};
[[nodiscard]] ExitCode exit_code_of(ErrorCode code) noexcept;

[[nodiscard]] const char* version() noexcept;  // of this build, as --version prints it

class Command {
 public:
  // The targets hold the defaults and must outlive the parse.
  Command& option(const std::string& name, std::string& target, const std::string& help);
  Command& option(const std::string& name, std::uint64_t& target, const std::string& help);
  Command& option(const std::string& name, double& target, const std::string& help);
  Command& option(const std::string& name, std::vector<std::string>& target,
                  const std::string& help);
  Command& option(const std::string& name, std::vector<std::uint64_t>& target,
                  const std::string& help);
  Command& flag(const std::string& name, bool& target, const std::string& help);
  // A value that must be one of `choices`.
  Command& choice(const std::string& name, std::string& target,
                  const std::vector<std::string>& choices, const std::string& help);
  // A positional argument.
  Command& argument(const std::string& name, std::string& target, const std::string& help,
                    bool required = true);
  Command& examples(const std::string& text);
  Command& subcommand(const std::string& name, const std::string& description);
  // Whether an option was given, on the command line, in the environment or in the file. Of a name
  // that option() or flag() knows; while the action runs.
  [[nodiscard]] bool was_given(const std::string& name) const;
  // What runs when this command was chosen.
  Command& action(std::function<Status()> run);

  struct Impl;
  explicit Command(std::unique_ptr<Impl> impl);
  ~Command();

 private:
  friend class Program;
  std::unique_ptr<Impl> m_impl;
};

class Program {
 public:
  Program(const std::string& name, const std::string& description);
  ~Program();
  [[nodiscard]] Command& root();

  // Parses and runs the chosen command's action. Prints help, the version or the error (to standard
  // error, with what to do). Returns the exit code for main().
  [[nodiscard]] int run(int argc, const char* const* argv);

 private:
  struct Impl;
  std::unique_ptr<Impl> m_impl;
};

}  // namespace assay::cli
