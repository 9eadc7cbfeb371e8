#include "program.hpp"

#include <cstdio>

#include "assay/cli/options.hpp"
#include "assay/cli/party.hpp"
#include "assay/crypto/random.hpp"
#include "assay/host/clock.hpp"
#include "assay/host/key_file.hpp"
#include "assay/node/home.hpp"
#include "certificate_commands.hpp"
#include "node_settings.hpp"
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

  NodeSettings node;
  std::uint64_t block_interval_ms = assay::node::NodeOptions{}.block_interval_ms;

  std::string genesis;
  std::string key;
};

Status init(const Options& options) {
  assay::node::HomeOptions home;
  home.home = options.home;
  home.chain_name = options.name;
  home.hosts = options.hosts;
  home.scrypt_n = options.scrypt_n;
  if (!options.genesis.empty()) {
    ASSAY_TRY(home.genesis, assay::node::read_genesis_record(options.genesis));
    home.key_file = options.key;
  }
  const bool replicated = home.genesis && assay::node::is_replicated(*home.genesis);
  if (!replicated) {
    ASSAY_TRY(home.password, assay::host::read_password({.file = options.password_file}));
  }
  for (const std::string& text : options.accounts) {
    ASSAY_TRY(const auto account, assay::node::parse_genesis_account(text));
    home.accounts.push_back(account);
  }
  assay::crypto::SystemRng rng;
  ASSAY_TRY(const assay::ChainId chain,
            assay::node::init_home(home, assay::host::SystemClock(), rng));
  std::printf("chain %s\nroles pin %s\nstart it with: assayd %s --home %s\n",
              to_hex(chain.value).c_str(), assay::node::authority_path(options.home).c_str(),
              replicated ? "replicate" : "run", options.home.c_str());
  return {};
}

Status run(Options& options, const assay::node::StoreOpener& open_store) {
  std::optional<assay::crypto::KeyPair> key;
  return options.node.serve(open_store, [&](const auto& home, auto& config) -> Status {
    if (assay::node::is_replicated(home.genesis))
      return {ErrorCode::kInvalidArgument,
              "this home's chain is replicated; start it with: assayd replicate --home " +
                  options.node.home()};
    ASSAY_TRY(const std::string password,
              assay::cli::read_home_password(options.node.home(), options.password_file));
    ASSAY_TRY(auto opened, assay::host::open_key_file(
                               assay::node::operator_key_path(options.node.home()), password));
    config.operator_key = &key.emplace(std::move(opened));
    config.options.block_interval_ms = options.block_interval_ms;
    return {};
  });
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
      .option("key", options.key,
              "key file of that record's operator, if it names one; it is copied")
      .option("host", options.hosts, "that the server's certificate names, repeatable")
      .option("scrypt-n", options.scrypt_n, "cost of guessing the password, a power of two")
      .examples(
          "  assayd init --home node --password-file node.password \\\n"
          "    --account $(assay keys show submitter.json)=1000000000")
      .action([&] { return init(options); });
  auto& run_command = root.subcommand("run", "Run the node until it is told to stop (Ctrl-C)");
  options.node.add_to(run_command);
  run_command.option("password-file", options.password_file, kPassword)
      .option("block-interval-ms", options.block_interval_ms, "least time between blocks")
      .examples(
          "  assayd run --home node --password-file node.password\n"
          "  curl --cacert node/tls/authority.pem https://127.0.0.1:8645/status")
      .action([&] { return run(options, open_store); });
  CertificateCommands certificates(root);
  ReplicateCommand replicate(root, open_store);
  StorageCommands storage(root, open_store);
  assay::cli::ExitCode exit_code = assay::cli::ExitCode::kOk;
  SurfaceCommands surface(root, exit_code);
  const int failed = program.run(argc, argv);
  return failed != 0 ? failed : static_cast<int>(exit_code);
}
