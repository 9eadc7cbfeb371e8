// What assayd shows besides the ledger: limits on strangers, the operator's listener and the faucet
// as options of `run`; genesis files and the doctor as commands.
#pragma once

#include <optional>

#include "assay/cli/doctor.hpp"
#include "assay/cli/options.hpp"
#include "assay/host/log.hpp"
#include "assay/node/home.hpp"
#include "assay/node/process.hpp"

class SurfaceOptions {
 public:
  void add_to(assay::cli::Command& run);
  // `log` must outlive the node that `config` starts, and so must this.
  [[nodiscard]] assay::Status apply(const assay::node::Home& home, assay::host::LineLog& log,
                                    assay::node::NodeConfig& config);

 private:
  [[nodiscard]] assay::Status open_faucet(assay::node::NodeConfig& config);
  assay::node::NodeLimits m_limits;
  std::uint64_t m_max_connections = m_limits.max_connections;
  std::uint64_t m_reserved_connections = m_limits.reserved_connections;
  std::uint64_t m_connections_per_address = m_limits.connections_per_address;
  std::uint64_t m_buffered_mib = m_limits.buffered_bytes >> 20;
  std::string m_operator_listen;
  std::string m_faucet_key;
  std::string m_faucet_password_file;
  std::uint64_t m_faucet_atoms = assay::node::FaucetOptions{}.amount.value;
  std::uint64_t m_faucet_daily_payments = assay::node::FaucetOptions{}.daily_payments_max;
  std::optional<assay::crypto::KeyPair> m_faucet;
};

class SurfaceCommands {
 public:
  // `exit_code`: of a doctor that found something; both must outlive the program's run().
  SurfaceCommands(assay::cli::Command& root, assay::cli::ExitCode& exit_code);
  SurfaceCommands(const SurfaceCommands&) = delete;
  SurfaceCommands& operator=(const SurfaceCommands&) = delete;

 private:
  [[nodiscard]] assay::Status create() const;
  [[nodiscard]] assay::Status add_accounts() const;
  [[nodiscard]] assay::Status show() const;
  std::string m_from;
  std::string m_file = "genesis.bin";
  std::string m_out = "genesis.bin";
  std::vector<std::string> m_accounts;
  bool m_list = false;
};
