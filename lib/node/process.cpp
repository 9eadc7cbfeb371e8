#include "assay/node/process.hpp"

#include "assay/host/files.hpp"
#include "assay/node/service.hpp"
#include "assay/rpc/https.hpp"
#include "assay/store/rocks_store.hpp"

namespace assay::node {

namespace {

constexpr std::uint64_t kStopGraceMs = 2000;

}  // namespace

// In order of construction; the server goes first, so that no request finds the rest gone.
struct NodeProcess::State {
  State(host::FolderLock held, const Clock& the_clock) : lock(std::move(held)), clock(the_clock) {}

  host::FolderLock lock;
  const Clock& clock;
  std::unique_ptr<store::RocksStore> store;
  std::unique_ptr<LedgerNode> node;
  std::unique_ptr<NodeService> service;
  rpc::Dispatcher dispatcher;
  net::EventLoop loop;
  net::TimerId timer = 0;
  Status outcome;
  std::unique_ptr<net::HttpsServer> server;

  void work();
  [[nodiscard]] std::string metrics() const;
};

// Makes what blocks are due and sets the timer for the next; after every call, since it may have
// brought a transaction.
void NodeProcess::State::work() {
  if (timer != 0) loop.cancel(timer);
  timer = 0;
  const auto made = node->tick();
  if (!made) {
    outcome = made.error();
    loop.stop();
    return;
  }
  if (const auto wake = node->next_wake_ms())
    timer = loop.call_at(*wake, [this] {
      timer = 0;
      work();
    });
}

std::string NodeProcess::State::metrics() const {
  std::string text;
  const auto line = [&](const char* name, const char* type, const char* help, std::uint64_t value) {
    text += std::string("# HELP ") + name + " " + help + "\n# TYPE " + name + " " + type + "\n" +
            name + " " + std::to_string(value) + "\n";
  };
  line("assay_ledger_height", "gauge", "Height of the last block.", node->head().height.value);
  line("assay_ledger_time_ms", "gauge", "Ledger time in milliseconds.",
       node->head().ledger_time.value);
  line("assay_mempool_transactions", "gauge", "Transactions without a block.", node->waiting());
  line("assay_healthy", "gauge", "1 while the node takes transactions.", node->failure() ? 0 : 1);
  const net::ServerCounters http = server->counters();
  line("assay_http_requests_total", "counter", "Requests received.", http.requests);
  line("assay_http_bad_requests_total", "counter", "Requests that were no HTTP or over a limit.",
       http.bad_requests);
  line("assay_http_connections", "gauge", "Open connections.", http.open_connections);
  return text;
}

Result<std::unique_ptr<NodeProcess>> NodeProcess::start(const NodeConfig& config,
                                                        const crypto::KeyPair& operator_key,
                                                        const Clock& clock, Log& log) {
  ASSAY_TRY(host::FolderLock lock, host::FolderLock::acquire(config.home));
  auto state = std::make_unique<State>(std::move(lock), clock);
  store::RocksOptions rocks;
  rocks.content = "ledger";
  ASSAY_TRY(state->store, store::RocksStore::open(config.home / "ledger", rocks));
  ASSAY_TRY(state->node, LedgerNode::open(*state->store, config.genesis, operator_key, clock, log,
                                          config.options));
  state->service = std::make_unique<NodeService>(*state->node, clock);
  state->service->register_methods(state->dispatcher);

  State* const s = state.get();
  rpc::HttpsFace face;
  face.dispatcher = &s->dispatcher;
  face.after_call = [s] { s->work(); };
  face.status = [s] { return s->service->status(); };
  face.trouble = [s] { return s->node->failure() ? s->node->failure()->message : std::string(); };
  face.metrics = [s] { return s->metrics(); };
  net::ServerOptions server;
  server.host = config.listen_host;
  server.port = config.listen_port;
  server.certificate_pem = config.certificate_pem;
  server.key_pem = config.key_pem;
  server.limits.body_bytes = rpc::kMaxRequestBytes;
  ASSAY_TRY(state->server,
            net::HttpsServer::start(server, rpc::make_handler(state->loop, std::move(face))));
  log.write(LogLevel::kInfo, "node.listen",
            {{"url", "https://" + net::host_and_port(config.listen_host, state->server->port())}});
  return std::unique_ptr<NodeProcess>(new NodeProcess(std::move(state)));
}

NodeProcess::NodeProcess(std::unique_ptr<State> state) : m_state(std::move(state)) {}
NodeProcess::~NodeProcess() { m_state->server.reset(); }

std::uint16_t NodeProcess::port() const noexcept { return m_state->server->port(); }

Status NodeProcess::run() {
  m_state->loop.post([this] { m_state->work(); });
  m_state->loop.run();
  m_state->node->shut_down();
  m_state->server->stop(m_state->outcome ? kStopGraceMs : 0);
  return m_state->outcome;
}

void NodeProcess::stop() {
  m_state->loop.post([this] { m_state->loop.stop(); });
}

}  // namespace assay::node
