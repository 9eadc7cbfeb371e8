#include "chain_settings.hpp"

void ChainSettings::add_to(assay::cli::Command& command) {
  command.option("keep-versions", m_keep_versions, "heights of which the state can still be proven")
      .option("keep-blocks", m_keep_blocks,
              "last blocks of which transactions and receipts are kept; 0: all");
}

assay::Result<assay::node::ChainOptions> ChainSettings::options() const {
  if (m_keep_versions == 0)
    return {assay::ErrorCode::kInvalidArgument, "a ledger keeps at least one version of its state"};
  assay::node::ChainOptions options;
  options.keep_versions = m_keep_versions;
  options.keep_bodies = m_keep_blocks;
  return options;
}
