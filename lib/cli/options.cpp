#include "assay/cli/options.hpp"

#include <CLI/CLI.hpp>
#include <cstdio>
#include <cstdlib>
#include <map>

#include "internal/toml_file.hpp"

namespace assay::cli {

namespace {

std::string environment_name(std::string name) {
  for (char& c : name)
    c = c == '-' ? '_' : static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return "ASSAY_" + name;
}
std::string toml_name(std::string name) {
  for (char& c : name)
    if (c == '-') c = '_';
  return name;
}

}  // namespace

struct Command::Impl {
  explicit Impl(CLI::App* app_) : app(app_) {}
  CLI::App* app;
  std::map<std::string, CLI::Option*> by_toml_name;
  std::function<Status()> run;
  std::vector<std::unique_ptr<Command>> children;

  Command* chosen(Command* self) {
    for (auto& child : children)
      if (child->m_impl->app->parsed()) return child->m_impl->chosen(child.get());
    return self;
  }
  void remember(const std::string& name, CLI::Option* option) {
    option->envname(environment_name(name));
    by_toml_name[toml_name(name)] = option;
  }
};

Command::Command(std::unique_ptr<Impl> impl) : m_impl(std::move(impl)) {}
Command::~Command() = default;

Command& Command::option(const std::string& name, std::string& target, const std::string& help) {
  m_impl->remember(name, m_impl->app->add_option("--" + name, target, help)->capture_default_str());
  return *this;
}
Command& Command::option(const std::string& name, std::uint64_t& target, const std::string& help) {
  m_impl->remember(name, m_impl->app->add_option("--" + name, target, help)->capture_default_str());
  return *this;
}
Command& Command::option(const std::string& name, double& target, const std::string& help) {
  m_impl->remember(name, m_impl->app->add_option("--" + name, target, help)->capture_default_str());
  return *this;
}
Command& Command::option(const std::string& name, std::vector<std::string>& target,
                         const std::string& help) {
  m_impl->remember(name, m_impl->app->add_option("--" + name, target, help)->capture_default_str());
  return *this;
}
Command& Command::option(const std::string& name, std::vector<std::uint64_t>& target,
                         const std::string& help) {
  m_impl->remember(name, m_impl->app->add_option("--" + name, target, help)->capture_default_str());
  return *this;
}
Command& Command::flag(const std::string& name, bool& target, const std::string& help) {
  m_impl->remember(name, m_impl->app->add_flag("--" + name, target, help));
  return *this;
}
Command& Command::choice(const std::string& name, std::string& target,
                         const std::vector<std::string>& choices, const std::string& help) {
  m_impl->remember(name, m_impl->app->add_option("--" + name, target, help)
                             ->check(CLI::IsMember(choices))
                             ->capture_default_str());
  return *this;
}
Command& Command::argument(const std::string& name, std::string& target, const std::string& help,
                           bool required) {
  m_impl->app->add_option(name, target, help)->required(required);
  return *this;
}
Command& Command::examples(const std::string& text) {
  m_impl->app->footer("Examples:\n" + text);
  return *this;
}
Command& Command::subcommand(const std::string& name, const std::string& description) {
  CLI::App* app = m_impl->app->add_subcommand(name, description);
  m_impl->children.push_back(std::make_unique<Command>(std::make_unique<Impl>(app)));
  m_impl->app->require_subcommand(0, 1);
  return *m_impl->children.back();
}
bool Command::was_given(const std::string& name) const {
  const auto found = m_impl->by_toml_name.find(toml_name(name));
  ASSAY_EXPECTS(found != m_impl->by_toml_name.end());
  return found->second->count() != 0;
}
Command& Command::action(std::function<Status()> run) {
  m_impl->run = std::move(run);
  return *this;
}

struct Program::Impl {
  Impl(const std::string& name, const std::string& description) : app(description, name) {
    app.set_version_flag("--version", name + " " + version());
    app.set_help_all_flag("--help-all", "Print the help of every command");
    root = std::make_unique<Command>(std::make_unique<Command::Impl>(&app));
  }
  CLI::App app;
  std::unique_ptr<Command> root;
  std::string config_path;
};

Program::Program(const std::string& name, const std::string& description)
    : m_impl(std::make_unique<Impl>(name, description)) {
  m_impl->app
      .add_option("--config", m_impl->config_path, "TOML file with defaults for the options")
      ->envname("ASSAY_CONFIG");
  m_impl->app.fallthrough();
}
Program::~Program() = default;

Command& Program::root() { return *m_impl->root; }

int Program::run(int argc, const char* const* argv) {
  const auto fail = [&](ErrorCode code, const std::string& message) {
    std::fprintf(stderr, "%s: %s\n", m_impl->app.get_name().c_str(), message.c_str());
    return static_cast<int>(exit_code_of(code));
  };
  try {
    m_impl->app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    if (e.get_exit_code() == 0) return m_impl->app.exit(e);
    return fail(ErrorCode::kInvalidArgument, std::string(e.what()) + " (--help explains)");
  }
  Command* command = m_impl->root->m_impl->chosen(m_impl->root.get());
  if (!m_impl->config_path.empty()) {
    auto values = internal::read_toml_file(m_impl->config_path);
    if (!values) return fail(values.error().code, values.error().message);
    for (const auto& [key, texts] : *values) {
      const auto found = command->m_impl->by_toml_name.find(key);
      if (found == command->m_impl->by_toml_name.end())
        return fail(ErrorCode::kInvalidArgument,
                    m_impl->config_path + ": unknown key '" + key + "'");
      CLI::Option* option = found->second;
      if (option->count() != 0) continue;  // the command line or the environment has it
      try {
        option->add_result(texts);
        option->run_callback();
      } catch (const CLI::ParseError& e) {
        return fail(ErrorCode::kInvalidArgument,
                    m_impl->config_path + ": " + key + ": " + e.what());
      }
    }
  }
  if (!command->m_impl->run) {
    std::fputs(command->m_impl->app->help().c_str(), stderr);
    return static_cast<int>(ExitCode::kUsage);
  }
  if (const Status status = command->m_impl->run(); !status)
    return fail(status.error().code, status.error().message);
  return static_cast<int>(ExitCode::kOk);
}

const char* version() noexcept { return ASSAY_VERSION; }

ExitCode exit_code_of(ErrorCode code) noexcept {
  switch (code) {
    case ErrorCode::kInvalidArgument:
    case ErrorCode::kUnsupported:
    case ErrorCode::kAlreadyExists:
    case ErrorCode::kConflict:
    case ErrorCode::kLimit: return ExitCode::kUsage;
    case ErrorCode::kUnavailable:
    case ErrorCode::kTimeout: return ExitCode::kUnavailable;
    case ErrorCode::kMalformed:
    case ErrorCode::kIntegrity: return ExitCode::kIntegrity;
    case ErrorCode::kPermission: return ExitCode::kPermission;
    case ErrorCode::kIo:
    case ErrorCode::kNoSpace: return ExitCode::kStorage;
    case ErrorCode::kCancelled: return ExitCode::kInterrupted;
    case ErrorCode::kNotFound: return ExitCode::kFailed;
    case ErrorCode::kInternal: return ExitCode::kInternal;
  }
  return ExitCode::kInternal;
}

}  // namespace assay::cli
