// How much of its past a ledger keeps, as options of both commands that run one.
#pragma once

#include "assay/cli/options.hpp"
#include "assay/node/chain.hpp"

class ChainSettings {
 public:
  // This must outlive the program's run().
  void add_to(assay::cli::Command& command);
  // kInvalidArgument: no version is to be kept.
  [[nodiscard]] assay::Result<assay::node::ChainOptions> options() const;

 private:
  std::uint64_t m_keep_versions = assay::node::ChainOptions{}.keep_versions;
  std::uint64_t m_keep_blocks = assay::node::ChainOptions{}.keep_bodies;
};
