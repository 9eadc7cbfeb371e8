#include "replicate_command.hpp"

#include <cstdio>

#include "assay/abci/server.hpp"
#include "assay/host/clock.hpp"
#include "assay/host/files.hpp"
#include "assay/host/log.hpp"
#include "assay/host/signals.hpp"
#include "assay/node/home.hpp"
#include "assay/node/replicated_ledger.hpp"

using assay::Status;

ReplicateCommand::ReplicateCommand(assay::cli::Command& root,
                                   const assay::node::StoreOpener& open_store)
    : m_open_store(open_store) {
  auto& command =
      root.subcommand("replicate", "Execute the blocks that CometBFT orders, as its application");
  command.option("home", m_home, "folder of the ledger")
      .option("genesis", m_genesis, "a record of `genesis create`, replicated; the first time")
      .option("abci", m_address, "unix:///SOCKET or tcp://HOST:PORT, CometBFT's proxy_app")
      .choice("log-format", m_log_format, {"text", "json"}, "of standard error")
      .examples(
          "  assayd replicate --home node --genesis chain.bin --abci unix:///run/assay.sock\n"
          "  cometbft start --proxy_app unix:///run/assay.sock")
      .action([this] { return run(); });
  m_chain.add_to(command);
}

Status ReplicateCommand::run() {
  ASSAY_TRY(const assay::node::ChainOptions chain, m_chain.options());
  const assay::host::SystemClock clock;
  assay::host::LogOptions log_options;
  ASSAY_TRY(log_options.format, assay::host::parse_log_format(m_log_format));
  ASSAY_TRY(const auto log, assay::host::LineLog::open(log_options, clock));
  ASSAY_TRY(const auto stop, assay::host::StopSource::install());

  std::optional<assay::protocol::Genesis> given;
  if (!m_genesis.empty()) {
    ASSAY_TRY(given, assay::node::read_genesis_record(m_genesis));
  }
  ASSAY_TRY(const auto lock, assay::host::FolderLock::acquire(m_home));
  ASSAY_TRY(const auto genesis, assay::node::replicated_home(m_home, given));
  ASSAY_TRY(const auto store,
            m_open_store(assay::node::ledger_path(m_home), assay::node::ledger_store_options()));
  ASSAY_TRY(const auto ledger, assay::node::ReplicatedLedger::open(*store, genesis, chain));
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
