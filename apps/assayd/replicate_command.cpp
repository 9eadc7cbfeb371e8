#include "replicate_command.hpp"

#include <cstdio>

#include "assay/abci/server.hpp"
#include "assay/cli/genesis_file.hpp"
#include "assay/host/clock.hpp"
#include "assay/host/files.hpp"
#include "assay/host/log.hpp"
#include "assay/host/signals.hpp"
#include "assay/node/home.hpp"
#include "assay/node/replicated_ledger.hpp"

using assay::ErrorCode;
using assay::Status;

ReplicateCommand::ReplicateCommand(assay::cli::Command& root,
                                   const assay::node::StoreOpener& open_store)
    : m_open_store(open_store) {
  root.subcommand("replicate", "Execute the blocks that CometBFT orders, as its application")
      .option("home", m_home, "folder of the ledger")
      .option("genesis", m_genesis, "a record of `genesis create`, replicated; the first time")
      .option("abci", m_address, "unix:///SOCKET or tcp://HOST:PORT, CometBFT's proxy_app")
      .option("keep-versions", m_keep_versions, "heights of which the state can still be proven")
      .option("keep-blocks", m_keep_blocks,
              "last blocks of which transactions and receipts are kept; 0: all")
      .choice("log-format", m_log_format, {"text", "json"}, "of standard error")
      .examples(
          "  assayd replicate --home node --genesis chain.bin --abci unix:///run/assay.sock\n"
          "  cometbft start --proxy_app unix:///run/assay.sock")
      .action([this] { return run(); });
}

Status ReplicateCommand::run() {
  if (m_keep_versions == 0)
    return {ErrorCode::kInvalidArgument, "the ledger keeps at least one version of its state"};
  const assay::host::SystemClock clock;
  assay::host::LogOptions log_options;
  log_options.format =
      m_log_format == "json" ? assay::host::LogFormat::kJson : assay::host::LogFormat::kText;
  ASSAY_TRY(const auto log, assay::host::LineLog::open(log_options, clock));
  ASSAY_TRY(const auto stop, assay::host::StopSource::install());

  std::optional<assay::protocol::Genesis> given;
  if (!m_genesis.empty()) {
    ASSAY_TRY(given, assay::cli::read_genesis_record(m_genesis));
  }
  ASSAY_TRY(const auto lock, assay::host::FolderLock::acquire(m_home));
  ASSAY_TRY(const auto genesis, assay::node::replicated_home(m_home, given));
  ASSAY_TRY(const auto store,
            m_open_store(assay::node::ledger_path(m_home), assay::node::ledger_store_options()));
  assay::node::ChainOptions options;
  options.keep_versions = m_keep_versions;
  options.keep_bodies = m_keep_blocks;
  ASSAY_TRY(const auto ledger, assay::node::ReplicatedLedger::open(*store, genesis, options));
  assay::abci::ServerOptions serving;
  ASSAY_TRY(serving.address, assay::net::parse_stream_address(m_address));
  ASSAY_TRY(const auto server, assay::abci::Server::start(serving, *ledger, *log));
  log->write(assay::LogLevel::kInfo, "replicate.listening",
             {{"address", to_string(server->address())},
              {"height", std::to_string(ledger->chain().head().height.value)}});
  std::printf("%s\nCometBFT's chain %s\n", to_string(server->address()).c_str(),
              assay::node::comet_chain_id(ledger->chain().id()).c_str());
  std::fflush(stdout);
  while (!stop->wait_ms(60'000)) continue;
  server->stop();
  return store->flush();
}
