#include "replicate_command.hpp"

#include "assay/host/key_file.hpp"

using assay::Status;

ReplicateCommand::ReplicateCommand(assay::cli::Command& root,
                                   const assay::node::StoreOpener& open_store) {
  auto& command =
      root.subcommand("replicate", "Execute the blocks that CometBFT orders, as its application");
  m_node.add_to(command);
  command
      .option("abci", m_application,
              "unix:///SOCKET or tcp://HOST:PORT to listen on, CometBFT's proxy_app")
      .option("comet", m_comet, "where CometBFT's RPC listens: its rpc.laddr")
      .option("snapshot-every", m_snapshot_every,
              "blocks between snapshots for nodes that join and for rollback; 0: none")
      .option("keep-snapshots", m_keep_snapshots, "the newest, 1 to 10")
      .option("share-key", m_share_key_file,
              "key file of the validator's shares of the beacon, whose account carries them")
      .option("share-password-file", m_share_password_file,
              "its password's file; without it, ASSAY_PASSWORD")
      .examples(
          "  assayd init --home node --genesis chain.bin\n"
          "  assayd replicate --home node --abci unix:///run/assay.sock\n"
          "  cometbft start --proxy_app unix:///run/assay.sock")
      .action([this, &open_store] {
        return m_node.serve(
            open_store, [this](const auto& home, auto& config) { return finish(home, config); });
      });
}

Status ReplicateCommand::finish(const assay::node::Home& /*home*/,
                                assay::node::NodeConfig& config) {
  assay::node::CometConfig comet;
  ASSAY_TRY(comet.application, assay::net::parse_stream_address(m_application));
  ASSAY_TRY(comet.rpc, assay::net::parse_stream_address(m_comet));
  if (m_keep_snapshots == 0 || m_keep_snapshots > assay::node::kSnapshotsKeptMax)
    return {assay::ErrorCode::kInvalidArgument, "--keep-snapshots is 1 to 10"};
  comet.snapshots.every = m_snapshot_every;
  comet.snapshots.keep = m_keep_snapshots;
  ASSAY_TRY_STATUS(open_share_key(comet));
  config.comet = std::move(comet);
  return {};
}

Status ReplicateCommand::open_share_key(assay::node::CometConfig& comet) {
  if (m_share_key_file.empty()) return {};
  ASSAY_TRY(const std::string password,
            assay::host::read_password({.file = m_share_password_file}));
  ASSAY_TRY(auto account, assay::host::open_key_file(m_share_key_file, password));
  ASSAY_TRY(auto key, assay::host::open_share_key_file(m_share_key_file, password));
  comet.share_account = &m_share_account.emplace(std::move(account));
  comet.share_key = &m_share_key.emplace(std::move(key));
  return {};
}
