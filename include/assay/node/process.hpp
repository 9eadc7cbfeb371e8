// A ledger node as a process has it: RocksDB in a folder, HTTPS in front, one event loop in between
// (docs/spec/node.md). apps/assayd is a few lines around this; so is a node embedded in a test.
#pragma once

#include <filesystem>

#include "assay/node/ledger_node.hpp"

namespace assay::node {

struct NodeConfig {
  std::filesystem::path home;  // holds ledger/ and LOCK
  protocol::Genesis genesis;
  std::string certificate_pem;  // of the HTTPS server
  std::string key_pem;
  std::string listen_host = "127.0.0.1";
  std::uint16_t listen_port = 0;  // 0: any free one, see port()
  NodeOptions options;
};

class NodeProcess {
 public:
  // Takes the folder, opens the ledger and listens. All references must outlive the process.
  // Errors: kConflict (the folder or the port is in use), and those of LedgerNode::open.
  [[nodiscard]] static Result<std::unique_ptr<NodeProcess>> start(
      const NodeConfig& config, const crypto::KeyPair& operator_key, const Clock& clock, Log& log);
  ~NodeProcess();
  NodeProcess(const NodeProcess&) = delete;
  NodeProcess& operator=(const NodeProcess&) = delete;

  [[nodiscard]] std::uint16_t port() const noexcept;
  // Works until stop(), or until the ledger fails: then that error.
  [[nodiscard]] Status run();
  // From any thread.
  void stop();

 private:
  struct State;
  explicit NodeProcess(std::unique_ptr<State> state);
  std::unique_ptr<State> m_state;
};

}  // namespace assay::node
