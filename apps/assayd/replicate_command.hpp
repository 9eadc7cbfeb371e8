// assayd replicate: the ledger as CometBFT's application.
#pragma once

#include "assay/cli/options.hpp"
#include "assay/node/storage.hpp"
#include "chain_settings.hpp"

class ReplicateCommand {
 public:
  ReplicateCommand(assay::cli::Command& root, const assay::node::StoreOpener& open_store);

 private:
  assay::Status run();

  const assay::node::StoreOpener& m_open_store;
  std::string m_home = "assay-node";
  std::string m_genesis;
  std::string m_address = "unix:///tmp/assay.sock";
  ChainSettings m_chain;
  std::string m_log_format = "text";
};
