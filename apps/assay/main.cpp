// assay: what a person does by hand. Keys, transactions, quotes, audits of evidence, benches.
#include <cstdio>

#include "assay/cli/audit.hpp"
#include "assay/cli/bench_command.hpp"
#include "assay/cli/call.hpp"
#include "assay/cli/devnet.hpp"
#include "assay/cli/dispute_picture.hpp"
#include "assay/cli/doctor_command.hpp"
#include "assay/cli/possession.hpp"
#include "assay/cli/quote.hpp"
#include "assay/cli/send.hpp"
#include "assay/cli/verdict.hpp"
#include "assay/crypto/random.hpp"
#include "assay/host/key_file.hpp"

namespace {

using assay::Hash256;
using assay::Status;
using assay::cli::Command;
using assay::cli::ExitCode;

struct KeyOptions {
  std::string file;
  std::string password_file;
  std::string description;
  std::uint64_t scrypt_n = assay::crypto::KeystoreOptions{}.scrypt_n;
};

struct AuditOptions {
  std::string file;
  std::string program;
  bool json = false;
  bool moves = false;
};

void print_key(const Hash256& key) { std::printf("%s\n", assay::to_hex(key).c_str()); }

assay::Result<std::string> password_of(const KeyOptions& options) {
  return assay::host::read_password({.file = options.password_file});
}

Status new_key(const KeyOptions& options) {
  ASSAY_TRY(const std::string password, password_of(options));
  assay::crypto::SystemRng rng;
  assay::crypto::KeystoreOptions keystore;
  keystore.scrypt_n = options.scrypt_n;
  keystore.description = options.description;
  ASSAY_TRY(const Hash256 key, assay::host::create_key_file(options.file, password, rng, keystore));
  print_key(key);
  return {};
}

Status show_key(const KeyOptions& options) {
  ASSAY_TRY(const Hash256 key, assay::host::key_file_public_key(options.file));
  print_key(key);
  return {};
}

// Opens it, as a role would.
Status check_key(const KeyOptions& options) {
  ASSAY_TRY(const std::string password, password_of(options));
  ASSAY_TRY(const assay::crypto::KeyPair pair, assay::host::open_key_file(options.file, password));
  print_key(pair.public_key());
  return {};
}

Status audit(const AuditOptions& options, ExitCode& exit_code) {
  ASSAY_TRY(const assay::cli::Audit audit,
            assay::cli::audit_evidence_file(options.file, options.program));
  const std::string text = options.json    ? audit.json.dump(2) + "\n"
                           : options.moves ? audit.moves + audit.text
                                           : audit.text;
  std::fputs(text.c_str(), stdout);
  exit_code = audit.exit_code;
  return {};
}

void add_keys(Command& root, KeyOptions& options) {
  constexpr const char* kPasswordHelp =
      "file of mode 600 with the password on its one line; without it, ASSAY_PASSWORD";
  Command& keys = root.subcommand("keys", "Make and check key files");
  keys.subcommand("new", "Make a key and print its public key (the account's id)")
      .argument("file", options.file, "key file to write; never overwritten")
      .option("password-file", options.password_file, kPasswordHelp)
      .option("description", options.description, "a note that the file will carry in the open")
      .option("scrypt-n", options.scrypt_n, "cost of guessing the password, a power of two")
      .examples("  assay keys new solver.json --password-file solver.password")
      .action([&options] { return new_key(options); });
  keys.subcommand("show", "Print the public key that a key file names; needs no password")
      .argument("file", options.file, "key file")
      .action([&options] { return show_key(options); });
  keys.subcommand("check", "Open a key file with its password and print its public key")
      .argument("file", options.file, "key file")
      .option("password-file", options.password_file, kPasswordHelp)
      .action([&options] { return check_key(options); });
}

struct DevnetOptions {
  std::string folder;
  std::string chain = "devnet";
  std::uint64_t validators = 0;
  std::vector<std::string> parties;
  std::vector<std::string> stakes;
  std::uint64_t share_window_ms = 0;
};

Status make_devnet(const DevnetOptions& options) {
  assay::cli::DevnetSettings settings;
  settings.folder = options.folder;
  settings.chain = options.chain;
  settings.validators = options.validators;
  settings.share_window_ms = options.share_window_ms;
  for (const std::string& text : options.parties) {
    ASSAY_TRY(settings.parties.emplace_back(), assay::cli::parse_party(text));
  }
  for (const std::string& text : options.stakes) {
    ASSAY_TRY(settings.stakes.emplace_back(), assay::cli::parse_stake(text));
  }
  ASSAY_TRY(const auto accounts, assay::cli::make_devnet(settings));
  for (const auto& account : accounts)
    std::printf("%s %s\n", assay::to_hex(account.id.value).c_str(), account.name.c_str());
  return {};
}

void add_devnet(Command& root, DevnetOptions& options) {
  root.subcommand("devnet", "Make the folders of a local network: keys, certificates, genesis")
      .argument("folder", options.folder, "folder to make")
      .option("chain", options.chain, "the chain's name")
      .option("validators", options.validators,
              "homes of a replicated ledger's nodes, instead of one ledger's")
      .option("party", options.parties, "NAME=TOKENS:STAKED, repeated")
      .option("validator-stake", options.stakes,
              "PARTY=KEY:TOKENS behind the key of a CometBFT, repeated")
      .option("share-window-ms", options.share_window_ms,
              "for shares of the beacon, where there are such stakes; 0: the default")
      .examples(
          "  assay devnet net --party submitter=1000 --party solver=10:1000 --party "
          "verifier=10:500\n"
          "  assayd run --home net/ledger --password-file net/ledger/password &\n"
          "  assay-solver --home net/solver --take-open-tasks\n"
          "Prints one line for each account: its id and its name.")
      .action([&options] { return make_devnet(options); });
}

void add_audit(Command& root, AuditOptions& options, ExitCode& exit_code) {
  root.subcommand("audit", "Say what an evidence file proves, and whom it convicts")
      .argument("file", options.file, "evidence file")
      .option("program", options.program, "the task's program file, for the names of its nodes")
      .flag("json", options.json, "print JSON")
      .flag("moves", options.moves, "tell every move before")
      .examples(
          "  assay audit game.evidence\n"
          "  assay audit game.evidence --json | jq .convicted\n"
          "Exit code: 0 it convicts somebody, 1 it proves nothing, 4 it is no evidence.")
      .action([&options, &exit_code] { return audit(options, exit_code); });
}

}  // namespace

int main(int argc, char** argv) {
  assay::cli::Program program(
      "assay", "Keys, transactions, quotes, audits, local networks and benches for assay");
  KeyOptions keys;
  AuditOptions audits;
  DevnetOptions devnet;
  assay::cli::CallSettings call;
  assay::cli::BenchSettings bench;
  assay::cli::QuoteSettings quote;
  assay::cli::PossessionSettings possession;
  assay::cli::SendSettings send;
  assay::cli::VerdictSettings verdict;
  assay::cli::DisputeSettings dispute;
  ExitCode exit_code = ExitCode::kOk;
  add_keys(program.root(), keys);
  add_audit(program.root(), audits, exit_code);
  assay::cli::add_dispute_command(program.root(), dispute, exit_code);
  assay::cli::add_verdict_command(program.root(), verdict, exit_code);
  add_devnet(program.root(), devnet);
  assay::cli::add_call_command(program.root(), call);
  assay::cli::add_send_command(program.root(), send, exit_code);
  assay::cli::add_possession_command(program.root(), possession);
  assay::cli::add_doctor_command(program.root(), exit_code);
  assay::cli::add_bench_commands(program.root(), bench);
  assay::cli::add_quote_command(program.root(), quote);
  const int failed = program.run(argc, argv);
  return failed != 0 ? failed : static_cast<int>(exit_code);
}
