// A ledger node as a process has it: RocksDB in a folder, HTTPS in front, one event loop in
// between, and in replicated mode CometBFT beside it (docs/spec/node.md). apps/assayd is a few
// lines around this; so is a node embedded in a test.
#pragma once

#include <filesystem>

#include "assay/net/rate_limit.hpp"
#include "assay/net/stream.hpp"
#include "assay/node/faucet.hpp"
#include "assay/node/ledger_node.hpp"
#include "assay/node/snapshots.hpp"
#include "assay/node/storage.hpp"
#include "assay/rpc/dispatcher.hpp"

namespace assay::node {

// What strangers may cost the node: docs/spec/node.md, "Strangers".
struct NodeLimits {
  std::vector<std::string> trusted_addresses{"127.0.0.1", "::1"};  // of one's own: no strangers
  net::RateLimits calls{.calls_per_s = 50, .burst = rpc::kMaxBatch};
  net::RateLimits connections{.calls_per_s = 10, .burst = 64};
  std::size_t max_connections = 256;
  std::size_t reserved_connections = 32;  // of these, for trusted addresses
  std::size_t connections_per_address = 32;
  std::uint64_t buffered_bytes = std::uint64_t{64} << 20;  // of all requests that are being read
};

// The listener for the operator's calls; without it there are none.
struct OperatorListener {
  std::string host = "127.0.0.1";
  std::uint16_t port = 0;     // 0: any free one, see operator_port()
  std::string authority_pem;  // clients need a certificate that it signed
  std::function<LogLevel()> log_level;
  std::function<void(LogLevel)> set_log_level;
};

// Of a node whose transactions CometBFT's validators order.
struct CometConfig {
  net::StreamAddress application;  // where CometBFT finds this node: its proxy_app
  net::StreamAddress rpc;          // where CometBFT's RPC listens: its rpc.laddr
  SnapshotOptions snapshots;       // may_write is the process's own
  // Of its validator, where validators are by stake: both, or neither, and no share is made.
  const crypto::KeyPair* share_account = nullptr;  // carries the shares
  const crypto::VrfKey* share_key = nullptr;
};

struct NodeConfig {
  std::filesystem::path home;  // holds ledger/ and LOCK
  protocol::Genesis genesis;
  std::string certificate_pem;  // of the HTTPS server
  std::string key_pem;
  std::string listen_host = "127.0.0.1";
  std::uint16_t listen_port = 0;                  // 0: any free one, see port()
  const crypto::KeyPair* operator_key = nullptr;  // of an embedded node: orders and signs
  std::optional<CometConfig> comet;               // of a replicated one
  // may_write is the process's own: see disk_reserve_bytes. A replicated node has no interval.
  NodeOptions options;
  std::uint64_t disk_reserve_bytes = kDiskReserveBytes;
  StoreOpener open_store = store::RocksStore::open;
  NodeLimits limits;
  std::optional<OperatorListener> operators;
  const crypto::KeyPair* faucet_key = nullptr;  // pays; none: no faucet
  FaucetOptions faucet;
  std::string version = "0";  // of the program, for rpc.discover
};

class NodeProcess {
 public:
  // Takes the folder, opens the ledger and listens; one of `operator_key` and `comet` must be
  // there. All references must outlive the process. Errors: kConflict (the folder or the port is in
  // use), and those of LedgerNode::open or ReplicatedLedger::open.
  [[nodiscard]] static Result<std::unique_ptr<NodeProcess>> start(const NodeConfig& config,
                                                                  const Clock& clock, Log& log);
  ~NodeProcess();
  NodeProcess(const NodeProcess&) = delete;
  NodeProcess& operator=(const NodeProcess&) = delete;

  [[nodiscard]] std::uint16_t port() const noexcept;
  // 0 without such a listener.
  [[nodiscard]] std::uint16_t operator_port() const noexcept;
  // Where CometBFT finds it, with the port that was chosen. Only of a replicated node.
  [[nodiscard]] const net::StreamAddress& application() const noexcept;
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
