// What `run` and `replicate` have in common: where the node lies and listens, what it keeps, what
// it says, and the running itself.
#pragma once

#include "assay/cli/options.hpp"
#include "surface.hpp"

class NodeSettings {
 public:
  // This must outlive the program's run().
  void add_to(assay::cli::Command& command);

  // Starts the node of the home, whose configuration `finish` completes, prints where it listens,
  // and serves until it is told to stop.
  using Finish =
      std::function<assay::Status(const assay::node::Home& home, assay::node::NodeConfig& config)>;
  [[nodiscard]] assay::Status serve(const assay::node::StoreOpener& open_store,
                                    const Finish& finish);
  [[nodiscard]] const std::string& home() const { return m_home; }

 private:
  [[nodiscard]] assay::Result<assay::node::NodeConfig> config(
      const assay::node::Home& home, assay::host::LineLog& log,
      const assay::node::StoreOpener& open_store);
  std::string m_home = "assay-node";
  std::string m_listen = "127.0.0.1";
  std::uint64_t m_port = 8645;
  std::uint64_t m_keep_versions = assay::node::ChainOptions{}.keep_versions;
  std::uint64_t m_keep_blocks = assay::node::ChainOptions{}.keep_bodies;
  std::uint64_t m_disk_reserve_mib = assay::node::kDiskReserveBytes >> 20;
  bool m_skip_audit = false;
  std::string m_log_format = "text";
  std::string m_log_level = "info";
  SurfaceOptions m_surface;
};
