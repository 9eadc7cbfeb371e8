#include "surface.hpp"

#include <charconv>
#include <cstdio>

#include "assay/cli/doctor_command.hpp"
#include "assay/cli/genesis_file.hpp"
#include "assay/host/clock.hpp"
#include "assay/host/key_file.hpp"
#include "assay/host/read_file.hpp"
#include "assay/node/home.hpp"

using assay::ErrorCode;
using assay::Result;
using assay::Status;

namespace {

// "127.0.0.1:8646" or "[::1]:8646".
Result<std::pair<std::string, std::uint16_t>> parse_listen(const std::string& text) {
  const std::size_t colon = text.rfind(':');
  std::uint16_t port = 0;
  const char* const end = text.data() + text.size();
  if (colon != std::string::npos && colon > 0) {
    const auto [stop, error] = std::from_chars(text.data() + colon + 1, end, port);
    std::string host = text.substr(0, colon);
    if (host.size() > 2 && host.front() == '[' && host.back() == ']')
      host = host.substr(1, host.size() - 2);
    if (error == std::errc{} && stop == end) return std::pair(host, port);
  }
  return {ErrorCode::kInvalidArgument,
          "'" + text.substr(0, 100) + "' is no place to listen; write ADDRESS:PORT"};
}

Status write_genesis(const std::string& path, const assay::protocol::Genesis& genesis) {
  ASSAY_TRY(const auto summary, assay::cli::check_genesis(genesis));
  ASSAY_TRY_STATUS(assay::host::write_file(path, encode(genesis)));
  std::fputs(assay::cli::describe(genesis, summary, false).c_str(), stdout);
  return {};
}

}  // namespace

void SurfaceOptions::add_to(assay::cli::Command& run) {
  run.option("trusted-address", m_limits.trusted_addresses,
             "no stranger: limits on strangers do not concern it; repeatable")
      .option("calls-per-second", m_limits.calls.calls_per_s, "of a stranger's address")
      .option("call-burst", m_limits.calls.burst, "of a stranger's address, after a rest")
      .option("connections-per-second", m_limits.connections.calls_per_s,
              "new ones of a stranger's address")
      .option("connection-burst", m_limits.connections.burst, "of a stranger's address")
      .option("max-connections", m_max_connections, "of everybody")
      .option("reserved-connections", m_reserved_connections,
              "of these, for trusted addresses only")
      .option("connections-per-address", m_connections_per_address, "of a stranger's address")
      .option("buffered-mib", m_buffered_mib, "bodies of all requests that are being read")
      .option("operator-listen", m_operator_listen,
              "ADDRESS:PORT for the operator's calls, with a client certificate; empty: none")
      .option("faucet-key", m_faucet_key, "key file that a test network's faucet pays from")
      .option("faucet-password-file", m_faucet_password_file, "its password's file")
      .option("faucet-atoms", m_faucet_atoms, "that the faucet pays at once")
      .option("faucet-daily-payments", m_faucet_daily_payments, "that it makes at most");
}

Status SurfaceOptions::open_faucet(assay::node::NodeConfig& config) {
  if (m_faucet_key.empty()) return {};
  ASSAY_TRY(const std::string password,
            assay::host::read_password({.file = m_faucet_password_file}));
  ASSAY_TRY(auto key, assay::host::open_key_file(m_faucet_key, password));
  m_faucet.emplace(std::move(key));
  config.faucet_key = &*m_faucet;
  config.faucet = {assay::Amount{m_faucet_atoms}, m_faucet_daily_payments};
  return {};
}

Status SurfaceOptions::apply(const assay::node::Home& home, assay::host::LineLog& log,
                             assay::node::NodeConfig& config) {
  if (m_max_connections == 0 || m_max_connections > 65'536 ||
      m_reserved_connections >= m_max_connections)
    return {ErrorCode::kInvalidArgument,
            "--max-connections is 1 to 65536, and --reserved-connections less"};
  if (m_buffered_mib == 0 || m_buffered_mib > 65'536)
    return {ErrorCode::kInvalidArgument, "--buffered-mib is 1 to 65536"};
  config.limits = m_limits;
  config.limits.max_connections = m_max_connections;
  config.limits.reserved_connections = m_reserved_connections;
  config.limits.connections_per_address = m_connections_per_address;
  config.limits.buffered_bytes = m_buffered_mib << 20;
  config.version = assay::cli::version();
  ASSAY_TRY_STATUS(open_faucet(config));
  if (m_operator_listen.empty()) return {};
  assay::node::OperatorListener operators;
  ASSAY_TRY(auto listen, parse_listen(m_operator_listen));
  operators.host = std::move(listen.first);
  operators.port = listen.second;
  operators.authority_pem = home.operators_authority_pem;
  operators.log_level = [&log] { return log.level(); };
  operators.set_log_level = [&log](assay::LogLevel level) { log.set_level(level); };
  config.operators = std::move(operators);
  return {};
}

SurfaceCommands::SurfaceCommands(assay::cli::Command& root, assay::cli::ExitCode& exit_code) {
  auto& genesis = root.subcommand("genesis", "Make, extend and check a chain's genesis record");
  genesis.subcommand("create", "Make a record of a TOML file")
      .option("from", m_from, "TOML: name, operator, time_ms and [[accounts]]")
      .option("out", m_out, "file to write")
      .examples("  assayd genesis create --from genesis.toml --out genesis.bin")
      .action([this] { return create(); });
  genesis.subcommand("add", "Add accounts to a record; that makes another chain")
      .option("file", m_file, "the record")
      .option("account", m_accounts, "<64 hex digits>=<atoms>[:<staked atoms>], repeatable")
      .option("out", m_out, "file to write")
      .action([this] { return add_accounts(); });
  genesis.subcommand("show", "Check a record and print the chain's id")
      .option("file", m_file, "the record")
      .flag("accounts", m_list, "list every account, too")
      .examples("  assayd genesis show --file node/config/genesis.bin --accounts")
      .action([this] { return show(); });
  assay::cli::add_doctor_command(root, exit_code);
}

Status SurfaceCommands::create() const {
  ASSAY_TRY(const auto genesis,
            assay::cli::read_genesis_toml(m_from, assay::host::SystemClock().unix_ms()));
  return write_genesis(m_out, genesis);
}

Status SurfaceCommands::add_accounts() const {
  ASSAY_TRY(auto genesis, assay::node::read_genesis_record(m_file));
  std::vector<assay::protocol::GenesisAccount> accounts;
  for (const std::string& text : m_accounts) {
    ASSAY_TRY(accounts.emplace_back(), assay::node::parse_genesis_account(text));
  }
  ASSAY_TRY(genesis, assay::cli::with_accounts(std::move(genesis), accounts));
  return write_genesis(m_out, genesis);
}

Status SurfaceCommands::show() const {
  ASSAY_TRY(const auto genesis, assay::node::read_genesis_record(m_file));
  ASSAY_TRY(const auto summary, assay::cli::check_genesis(genesis));
  std::fputs(assay::cli::describe(genesis, summary, m_list).c_str(), stdout);
  return {};
}
