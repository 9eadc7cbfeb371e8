#include "assay/cli/role_program.hpp"

#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <mutex>

#include "assay/cli/terminal.hpp"
#include "assay/host/clock.hpp"
#include "assay/host/files.hpp"
#include "assay/host/log.hpp"
#include "assay/host/read_file.hpp"
#include "assay/host/signals.hpp"
#include "assay/host/thread_pool.hpp"
#include "assay/numerics/kernels.hpp"
#include "assay/protocol/offer.hpp"
#include "assay/roles/driver.hpp"
#include "internal/follow_chain.hpp"

namespace assay::cli {

namespace {

constexpr std::uint64_t kPemBytesMax = std::uint64_t{64} << 10;

// On a terminal, training is a line that is redrawn; everything else stays a log line.
class TerminalLog final : public Log {
 public:
  TerminalLog(Log& log, const Clock& clock)
      : m_log(log), m_clock(clock), m_on_terminal(isatty(STDERR_FILENO) != 0) {}
  void write(LogLevel level, std::string_view event, const Fields& fields) override {
    const std::lock_guard lock(m_mutex);
    if (!m_on_terminal || event != "training.progress") {
      if (m_on_terminal && event == "training.finished") m_line.reset();
      return m_log.write(level, event, fields);
    }
    if (!m_line) m_line = std::make_unique<ProgressLine>(stderr, "training", "steps", m_clock);
    std::uint64_t step = 0, steps = 0;
    for (const auto& [key, value] : fields) {
      if (key == "step") step = std::stoull(value);
      if (key == "steps") steps = std::stoull(value);
      if (key == "loss") m_line->note("loss " + value);
    }
    m_line->advance(step, steps);
  }

 private:
  Log& m_log;
  const Clock& m_clock;
  bool m_on_terminal;
  std::mutex m_mutex;
  std::unique_ptr<ProgressLine> m_line;
};

Result<std::string> read_text(const std::filesystem::path& path) {
  ASSAY_TRY(const Bytes bytes, host::read_file(path, kPemBytesMax));
  return std::string(bytes.begin(), bytes.end());
}

Result<AccountId> account_of(const std::string& option, const std::string& text) {
  const auto id = hash_from_hex(text);
  if (!id)
    return {ErrorCode::kInvalidArgument, "--" + option + " is an account, 64 hexadecimal digits"};
  return AccountId(*id);
}

}  // namespace

void add_role_options(Command& command, RoleSettings& s) {
  add_party_options(command, s);
  command.option("certificate", s.certificate, "own certificate [HOME/tls.pem]")
      .option("tls-key", s.tls_key, "and its key [HOME/tls-key.pem]")
      .option("listen-host", s.listen_host, "address for serving blobs")
      .option("listen-port", s.listen_port, "its port; 0: any free one")
      .option("advertise-host", s.advertise_host, "host under which others reach it")
      .option("capability", s.capabilities,
              "what this party can do, a tag of a-z, 0-9 and -, repeated; its profile lists them")
      .option("delegate", s.delegate,
              "account that moves for this party too, named in each task where it may have to play")
      .option("trust-header", s.trust.header,
              "HEIGHT:HASH of a header of CometBFT's that others whom you trust know of: the role "
              "begins from it, unless it has followed a later one")
      .flag("trust-old", s.trust.old,
            "begin also from a header so old that its validators may have their stakes back")
      .flag("trust-genesis", s.trust.genesis,
            "begin from the genesis record or --trust-header, whatever was followed before")
      .option("threads", s.threads, "threads for training and replay; 0: one a core")
      .choice("log-format", s.log_format, {"text", "json"}, "log lines for people or for scripts")
      .option("log-level", s.log_level, "debug, info, warning or error")
      .option("log-file", s.log_file, "append the log there instead of standard error");
}

Status run_role(const RoleSettings& s, const MakeRole& make,
                const roles::ExecutionFactory& execution) {
  if (!numerics::floating_point_mode_is_sound())
    return {ErrorCode::kUnsupported,
            "this process flushes subnormal numbers or rounds otherwise than to nearest; a library "
            "built with "
            "-ffast-math does that: remove it from LD_PRELOAD"};
  if (s.listen_port > 65'535)
    return {ErrorCode::kInvalidArgument, "--listen-port is at most 65535"};
  const host::SystemClock clock;
  ASSAY_TRY(const LogLevel level, host::parse_log_level(s.log_level));
  ASSAY_TRY(const host::LogFormat format, host::parse_log_format(s.log_format));
  ASSAY_TRY(const auto lines, host::LineLog::open({format, level, s.log_file}, clock));
  TerminalLog log(*lines, clock);
  ASSAY_TRY(const auto stop, host::StopSource::install());
  ASSAY_TRY(const auto lock, host::FolderLock::acquire(s.home));
  ASSAY_TRY(const crypto::KeyPair key, open_party_key(s));
  ASSAY_TRY(const protocol::Genesis genesis, read_party_genesis(s));

  ASSAY_TRY(const auto files, host::DiskFiles::open(std::filesystem::path(s.home) / "data"));
  host::ThreadTaskPool pool(static_cast<unsigned>(s.threads));
  roles::RoleContext context{key, protocol::chain_id_of(genesis), *files, pool, log, execution};
  if (!s.delegate.empty()) {
    ASSAY_TRY(context.delegate, account_of("delegate", s.delegate));
  }
  for (const std::string& principal : s.plays_for) {
    ASSAY_TRY(const AccountId id, account_of("plays-for", principal));
    context.plays_for.push_back(id);
  }
  if (context.plays_for.size() > protocol::kMaxPrincipals)
    return {ErrorCode::kInvalidArgument,
            "--plays-for names at most " + std::to_string(protocol::kMaxPrincipals) + " accounts"};

  roles::DriverOptions options;
  options.ledger_urls = s.ledgers;
  ASSAY_TRY(options.follow_header, internal::follow_chain(genesis, s.trust, *files, clock, log));
  ASSAY_TRY(options.authority_pem, read_text(path_or(s.authority, s.home, "authority.pem")));
  ASSAY_TRY(options.certificate_pem, read_text(path_or(s.certificate, s.home, "tls.pem")));
  ASSAY_TRY(const Bytes tls_key,
            host::read_secret_file(path_or(s.tls_key, s.home, "tls-key.pem"), kPemBytesMax));
  options.key_pem.assign(tls_key.begin(), tls_key.end());
  options.listen_host = s.listen_host;
  options.listen_port = static_cast<std::uint16_t>(s.listen_port);
  options.advertise_host = s.advertise_host;
  options.capabilities = s.capabilities;
  if (options.capabilities.size() > protocol::kMaxCapabilities ||
      !std::all_of(s.capabilities.begin(), s.capabilities.end(), protocol::is_tag))
    return {ErrorCode::kInvalidArgument,
            "--capability is a tag of a-z, 0-9 and -, at most 16 long"};

  ASSAY_TRY(const std::unique_ptr<roles::Role> role, make(context));
  ASSAY_TRY(const auto driver, roles::Driver::create(options, context, *files));
  stop->on_stop([&driver = *driver] { driver.stop(); });
  const Status outcome = driver->run(*role);
  log.write(LogLevel::kInfo, "role.stopped",
            {{"status", outcome ? "finished" : outcome.error().message}});
  return outcome;
}

}  // namespace assay::cli
