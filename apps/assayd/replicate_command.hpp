// assayd replicate: the ledger as CometBFT's application.
#pragma once

#include "node_settings.hpp"

class ReplicateCommand {
 public:
  // `open_store` must outlive the program's run(), and so must this.
  ReplicateCommand(assay::cli::Command& root, const assay::node::StoreOpener& open_store);
  ReplicateCommand(const ReplicateCommand&) = delete;
  ReplicateCommand& operator=(const ReplicateCommand&) = delete;

 private:
  [[nodiscard]] assay::Status finish(const assay::node::Home& home,
                                     assay::node::NodeConfig& config);
  [[nodiscard]] assay::Status open_share_key(assay::node::CometConfig& comet);
  NodeSettings m_node;
  std::string m_application = "unix:///tmp/assay.sock";
  std::string m_comet = "tcp://127.0.0.1:26657";
  std::uint64_t m_snapshot_every = assay::node::SnapshotOptions{}.every;
  std::uint64_t m_keep_snapshots = assay::node::SnapshotOptions{}.keep;
  std::string m_share_key_file;
  std::string m_share_password_file;
  std::optional<assay::crypto::KeyPair> m_share_account;
  std::optional<assay::crypto::VrfKey> m_share_key;
};
