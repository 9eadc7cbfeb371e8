#include "program.hpp"

#include <cstdio>

#include "assay/cli/options.hpp"
#include "assay/cli/party.hpp"
#include "assay/crypto/random.hpp"
#include "assay/host/clock.hpp"
#include "assay/host/key_file.hpp"
#include "assay/host/log.hpp"
#include "assay/host/signals.hpp"
#include "assay/node/home.hpp"
#include "assay/node/process.hpp"
#include "certificate_commands.hpp"
#include "chain_settings.hpp"
#include "replicate_command.hpp"
#include "storage_commands.hpp"
#include "surface.hpp"

namespace {

using assay::ErrorCode;
using assay::Status;

struct Options {
  std::string home = "assay-node";
  std::string password_file;

  std::string name = "devnet";
  std::vector<std::string> accounts;
  std::vector<std::string> hosts{"127.0.0.1", "localhost"};
  std::uint64_t scrypt_n = assay::crypto::KeystoreOptions{}.scrypt_n;

  std::string listen = "127.0.0.1";
  std::uint64_t port = 8645;
  std::uint64_t block_interval_ms = 200;
  ChainSettings chain;
  std::uint64_t disk_reserve_mib = assay::node::kDiskReserveBytes >> 20;
  bool skip_audit = false;
  std::string log_format = "text";
  std::string log_level = "info";
  SurfaceOptions surface;

  std::string genesis;
  std::string key;
};

Status init(const Options& options) {
  ASSAY_TRY(const std::string password,
            assay::host::read_password({.file = options.password_file}));
  assay::node::HomeOptions home;
  home.home = options.home;
  home.chain_name = options.name;
  home.hosts = options.hosts;
  home.password = password;
  home.scrypt_n = options.scrypt_n;
  if (!options.genesis.empty()) {
    ASSAY_TRY(home.genesis, assay::node::read_genesis_record(options.genesis));
    home.key_file = options.key;
  }
  for (const std::string& text : options.accounts) {
    ASSAY_TRY(const auto account, assay::node::parse_genesis_account(text));
    home.accounts.push_back(account);
  }
  assay::crypto::SystemRng rng;
  ASSAY_TRY(const assay::ChainId chain,
            assay::node::init_home(home, assay::host::SystemClock(), rng));
  std::printf("chain %s\nroles pin %s\nstart it with: assayd run --home %s\n",
              to_hex(chain.value).c_str(), assay::node::authority_path(options.home).c_str(),
              options.home.c_str());
  return {};
}

Status run(Options& options, const assay::node::StoreOpener& open_store) {
  if (options.port > 65'535) return {ErrorCode::kInvalidArgument, "a port is at most 65535"};
  const assay::host::SystemClock clock;
  assay::host::LogOptions log_options;
  ASSAY_TRY(log_options.format, assay::host::parse_log_format(options.log_format));
  ASSAY_TRY(log_options.level, assay::host::parse_log_level(options.log_level));
  ASSAY_TRY(const auto log, assay::host::LineLog::open(log_options, clock));

  ASSAY_TRY(const auto home, assay::node::read_home(options.home));
  ASSAY_TRY(const std::string password,
            assay::cli::read_home_password(options.home, options.password_file));
  ASSAY_TRY(const assay::crypto::KeyPair key,
            assay::host::open_key_file(assay::node::operator_key_path(options.home), password));

  assay::node::NodeConfig config;
  config.home = options.home;
  config.genesis = home.genesis;
  config.certificate_pem = home.certificate_pem;
  config.key_pem = home.key_pem;
  config.listen_host = options.listen;
  config.listen_port = static_cast<std::uint16_t>(options.port);
  config.options.block_interval_ms = options.block_interval_ms;
  ASSAY_TRY(config.options.chain, options.chain.options());
  config.options.chain.audit_at_start = !options.skip_audit;
  if (options.disk_reserve_mib > 1 << 20)
    return {ErrorCode::kInvalidArgument, "a reserve is at most a tebibyte"};
  config.disk_reserve_bytes = options.disk_reserve_mib << 20;
  config.open_store = open_store;
  ASSAY_TRY_STATUS(options.surface.apply(home, *log, config));
  ASSAY_TRY(const auto node, assay::node::NodeProcess::start(config, key, clock, *log));
  // After the node, so that it goes first: its callback uses the node.
  ASSAY_TRY(const auto stop, assay::host::StopSource::install());
  // For whoever started it with --port 0.
  std::printf("https://%s:%u\n", options.listen.c_str(), unsigned{node->port()});
  if (config.operators)
    std::printf("operator https://%s:%u\n", config.operators->host.c_str(),
                unsigned{node->operator_port()});
  std::fflush(stdout);
  stop->on_stop([&node] { node->stop(); });
  return node->run();
}

}  // namespace

int assayd_main(int argc, char** argv, const assay::node::StoreOpener& open_store) {
  Options options;
  assay::cli::Program program("assayd",
                              "The ledger node. `run` orders transactions itself, so its users "
                              "trust its operator for order,\n"
                              "time and beacon, and for nothing else; `replicate` executes what "
                              "CometBFT's validators order.");
  auto& root = program.root();
  constexpr const char* kHome = "folder of the node";
  constexpr const char* kPassword =
      "file of mode 600 with the operator key's password; without it, ASSAY_PASSWORD";
  root.subcommand("init", "Make a node's folder: genesis record, operator's key, TLS authority")
      .option("home", options.home, kHome)
      .option("password-file", options.password_file, kPassword)
      .option("name", options.name, "of the chain")
      .option("account", options.accounts, "<64 hex digits>=<atoms>[:<staked atoms>], repeatable")
      .option("genesis", options.genesis,
              "a record of `genesis create`, instead of name and account")
      .option("key", options.key, "key file of that record's operator; it is copied")
      .option("host", options.hosts, "that the server's certificate names, repeatable")
      .option("scrypt-n", options.scrypt_n, "cost of guessing the password, a power of two")
      .examples(
          "  assayd init --home node --password-file node.password \\\n"
          "    --account $(assay keys show submitter.json)=1000000000")
      .action([&] { return init(options); });
  auto& run_command = root.subcommand("run", "Run the node until it is told to stop (Ctrl-C)");
  run_command.option("home", options.home, kHome)
      .option("password-file", options.password_file, kPassword)
      .option("listen", options.listen, "address to listen on")
      .option("port", options.port, "0: any free one, printed on standard output")
      .option("block-interval-ms", options.block_interval_ms, "least time between blocks")
      .option("disk-reserve-mib", options.disk_reserve_mib,
              "the node takes nothing while the disk has less left")
      .flag("skip-audit", options.skip_audit, "do not recompute every balance at the start")
      .choice("log-format", options.log_format, {"text", "json"}, "of standard error")
      .choice("log-level", options.log_level, {"debug", "info", "warning", "error"}, "least level")
      .examples(
          "  assayd run --home node --password-file node.password\n"
          "  curl --cacert node/tls/authority.pem https://127.0.0.1:8645/status")
      .action([&] { return run(options, open_store); });
  options.chain.add_to(run_command);
  options.surface.add_to(run_command);
  CertificateCommands certificates(root);
  ReplicateCommand replicate(root, open_store);
  StorageCommands storage(root, open_store);
  assay::cli::ExitCode exit_code = assay::cli::ExitCode::kOk;
  SurfaceCommands surface(root, exit_code);
  const int failed = program.run(argc, argv);
  return failed != 0 ? failed : static_cast<int>(exit_code);
}
