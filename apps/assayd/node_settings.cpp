#include "node_settings.hpp"

#include <cstdio>

#include "assay/host/clock.hpp"
#include "assay/host/signals.hpp"

using assay::ErrorCode;
using assay::Result;
using assay::Status;
using assay::node::Home;
using assay::node::NodeConfig;

void NodeSettings::add_to(assay::cli::Command& command) {
  command.option("home", m_home, "folder of the node")
      .option("listen", m_listen, "address to listen on")
      .option("port", m_port, "0: any free one, printed on standard output")
      .option("disk-reserve-mib", m_disk_reserve_mib,
              "the node takes nothing while the disk has less left")
      .flag("skip-audit", m_skip_audit, "do not recompute every balance at the start")
      .choice("log-format", m_log_format, {"text", "json"}, "of standard error")
      .choice("log-level", m_log_level, {"debug", "info", "warning", "error"}, "least level")
      .option("keep-versions", m_keep_versions, "heights of which the state can still be proven")
      .option("keep-blocks", m_keep_blocks,
              "last blocks of which transactions and receipts are kept; 0: all");
  m_surface.add_to(command);
}

Result<NodeConfig> NodeSettings::config(const Home& home, assay::host::LineLog& log,
                                        const assay::node::StoreOpener& open_store) {
  if (m_port > 65'535) return {ErrorCode::kInvalidArgument, "a port is at most 65535"};
  if (m_keep_versions == 0)
    return {ErrorCode::kInvalidArgument, "a ledger keeps at least one version of its state"};
  if (m_disk_reserve_mib > 1 << 20)
    return {ErrorCode::kInvalidArgument, "a reserve is at most a tebibyte"};
  NodeConfig config;
  config.home = m_home;
  config.genesis = home.genesis;
  config.certificate_pem = home.certificate_pem;
  config.key_pem = home.key_pem;
  config.listen_host = m_listen;
  config.listen_port = static_cast<std::uint16_t>(m_port);
  config.options.chain.keep_versions = m_keep_versions;
  config.options.chain.keep_bodies = m_keep_blocks;
  config.options.chain.audit_at_start = !m_skip_audit;
  config.disk_reserve_bytes = m_disk_reserve_mib << 20;
  config.open_store = open_store;
  ASSAY_TRY_STATUS(m_surface.apply(home, log, config));
  return config;
}

Status NodeSettings::serve(const assay::node::StoreOpener& open_store, const Finish& finish) {
  const assay::host::SystemClock clock;
  assay::host::LogOptions log_options;
  ASSAY_TRY(log_options.format, assay::host::parse_log_format(m_log_format));
  ASSAY_TRY(log_options.level, assay::host::parse_log_level(m_log_level));
  ASSAY_TRY(const auto log, assay::host::LineLog::open(log_options, clock));
  ASSAY_TRY(const Home home, assay::node::read_home(m_home));
  ASSAY_TRY(NodeConfig config, this->config(home, *log, open_store));
  ASSAY_TRY_STATUS(finish(home, config));
  ASSAY_TRY(const auto node, assay::node::NodeProcess::start(config, clock, *log));
  // After the node, so that it goes first: its callback uses the node.
  ASSAY_TRY(const auto stop, assay::host::StopSource::install());
  // For whoever started it with --port 0.
  std::printf("https://%s:%u\n", m_listen.c_str(), unsigned{node->port()});
  if (config.operators)
    std::printf("operator https://%s:%u\n", config.operators->host.c_str(),
                unsigned{node->operator_port()});
  if (config.comet) std::printf("comet %s\n", to_string(node->application()).c_str());
  std::fflush(stdout);
  stop->on_stop([&node] { node->stop(); });
  return node->run();
}
