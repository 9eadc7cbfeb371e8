#include "assay/node/process.hpp"

#include "assay/abci/server.hpp"
#include "assay/host/files.hpp"
#include "assay/host/thread_pool.hpp"
#include "assay/node/comet_client.hpp"
#include "assay/node/comet_headers.hpp"
#include "assay/node/event_feed.hpp"
#include "assay/node/metrics.hpp"
#include "assay/node/operator_service.hpp"
#include "assay/node/replicated_ledger.hpp"
#include "assay/node/service.hpp"
#include "assay/node/share_maker.hpp"
#include "assay/rpc/https.hpp"
#include "assay/store/rocks_store.hpp"

namespace assay::node {

namespace {

constexpr std::uint64_t kStopGraceMs = 2000;
// A pool that is this full is no place to send more to.
constexpr std::size_t kReadyWaitingMax = kMempoolTransactionsMax / 2 - kMempoolTransactionsMax / 8;

// A replicated ledger makes blocks always: one that does not is behind the others, or they stand
// still.
constexpr std::uint64_t kStaleMs = 30'000;

constexpr char kPublicDescription[] =
    "A ledger node. Amounts are decimal strings of atoms; docs/spec/rpc.md has the rules.";
constexpr char kOperatorDescription[] = "What the operator of a ledger node may ask of it.";

std::uint64_t microseconds_since(std::chrono::steady_clock::time_point start) {
  return static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::microseconds>(
                                        std::chrono::steady_clock::now() - start)
                                        .count());
}

}  // namespace

// In order of construction. The servers go first, so that no request finds the rest gone; what
// answers calls goes last, since whoever drops a call answers it.
struct NodeProcess::State {
  State(host::FolderLock held, const Clock& the_clock, const NodeConfig& config)
      : lock(std::move(held)),
        clock(the_clock),
        dispatcher({config.genesis.name, config.version, kPublicDescription}),
        operator_dispatcher({config.genesis.name, config.version, kOperatorDescription}),
        limiter(config.limits.calls) {}

  host::FolderLock lock;
  const Clock& clock;
  std::unique_ptr<store::RocksStore> store;
  std::unique_ptr<Snapshots> snapshots;  // of a replicated node, as the three below
  NodeMetrics metrics;
  rpc::Dispatcher dispatcher;
  rpc::Dispatcher operator_dispatcher;
  net::RateLimiter limiter;
  net::EventLoop loop;
  std::unique_ptr<CometClient> comet;
  std::unique_ptr<CometHeaders> comet_headers;
  std::unique_ptr<ReplicatedLedger> application;
  std::unique_ptr<Ledger> node;
  std::unique_ptr<Intake> intake;
  std::unique_ptr<NodeService> service;
  std::unique_ptr<EventFeed> feed;
  std::unique_ptr<Faucet> faucet;
  std::optional<ShareMaker> shares;  // of a replicated node's validator
  net::TimerId timer = 0;
  bool feed_posted = false;
  Status outcome;
  std::unique_ptr<net::HttpsServer> server;
  std::unique_ptr<net::HttpsServer> operator_server;
  std::unique_ptr<net::WorkerThread> checkers;  // of signatures
  std::unique_ptr<abci::Server> abci;           // its threads call the application

  [[nodiscard]] Status open_embedded(const NodeConfig& config, Log& log);
  [[nodiscard]] Status open_replicated(const NodeConfig& config, Log& log);
  void register_methods(const NodeConfig& config);
  void work();
  void pump_feed();
  void send_share(Log& log);
  void write_beacon_metrics(MetricsPage& page) const;
  [[nodiscard]] rpc::HttpsFace face();
  [[nodiscard]] std::string trouble() const;
  [[nodiscard]] std::string not_ready() const;
  [[nodiscard]] std::string metrics_page() const;
  [[nodiscard]] Status listen(const NodeConfig& config);
  [[nodiscard]] Status listen_to_operators(const NodeConfig& config);
};

// Makes what blocks are due and sets the timer for the next; after every call, since it may have
// brought a transaction.
void NodeProcess::State::work() {
  if (timer != 0) loop.cancel(timer);
  timer = 0;
  const auto start = std::chrono::steady_clock::now();
  const auto made = node->tick();
  if (!made) {
    outcome = made.error();
    loop.stop();
    return;
  }
  if (*made) metrics.block.observe(microseconds_since(start));
  if (feed->size() > 0) pump_feed();
  if (const auto wake = node->next_wake_ms())
    timer = loop.call_at(*wake, [this] {
      timer = 0;
      work();
    });
}

// Subscribers that are far behind read on after whatever else waits.
void NodeProcess::State::pump_feed() {
  if (feed_posted || !feed->pump()) return;
  feed_posted = true;
  loop.post([this] {
    feed_posted = false;
    pump_feed();
  });
}

// What its validator owes the open round, until it stands in the state.
void NodeProcess::State::send_share(Log& log) {
  if (!shares) return;
  auto made = shares->after_block(node->reader());
  if (!made) {
    log.write(LogLevel::kWarning, "beacon.share", {{"error", made.error().message}});
  } else if (*made) {
    log.write(LogLevel::kDebug, "beacon.share",
              {{"height", std::to_string(node->head().height.value)}});
    node->submit(ByteView(**made), [&log](const Result<TxOutcome>& answer) {
      const bool shown = answer && (answer->verdict == protocol::TxVerdict::kApplied ||
                                    answer->verdict == protocol::TxVerdict::kAlreadyShown);
      if (!shown)
        log.write(LogLevel::kWarning, "beacon.share",
                  {{"error", answer ? to_string(answer->verdict) : answer.error().message}});
    });
  }
}

void NodeProcess::State::write_beacon_metrics(MetricsPage& page) const {
  const auto round = node->reader().beacon_round();
  if (!application || !round) return;
  const bool open = round->has_value();
  const std::uint64_t age_ms = open ? node->head().ledger_time.value - (*round)->opened.value : 0;
  page.gauge("assay_beacon_round", "The open round of the beacon; 0: none is.",
             open ? (*round)->number : 0);
  page.heading("assay_beacon_round_age_seconds", "gauge", "Ledger time since it opened.");
  page.sample("assay_beacon_round_age_seconds", {}, static_cast<double>(age_ms) / 1000);
  page.gauge("assay_beacon_shares_missing", "Of the open round, of all holders.",
             open ? protocol::missing_shares(**round) : 0);
  if (!shares) return;
  page.gauge("assay_beacon_share_owed", "1 while this node's own is missing.",
             shares->owes() ? 1 : 0);
  page.gauge("assay_beacon_share_key_bonded", "1 while a validator has this node's share key.",
             shares->is_bonded() ? 1 : 0);
}

void NodeProcess::State::register_methods(const NodeConfig& config) {
  checkers = std::make_unique<net::WorkerThread>(loop, host::usable_processors());
  // After a piece the node may have enough for a block.
  intake = std::make_unique<Intake>(*node, [this](auto job, auto done) {
    return checkers->submit(std::move(job), [this, done = std::move(done)] {
      done();
      work();
    });
  });
  service = std::make_unique<NodeService>(*node, *intake, clock);
  service->register_methods(dispatcher);
  feed = std::make_unique<EventFeed>(*node);
  feed->register_methods(dispatcher);
  faucet = std::make_unique<Faucet>(*node, config.faucet_key, clock, config.faucet);
  faucet->register_methods(dispatcher);
  service->observe([this](const TxOutcome& tx, std::uint64_t milliseconds) {
    ++metrics.verdicts[tx.verdict];
    metrics.submit.observe(milliseconds * 1000);
  });
  dispatcher.observe([this](std::string_view method, int code, std::uint64_t microseconds) {
    if (!method.empty()) metrics.calls[std::string(method)].observe(microseconds);
    if (code != 0) ++metrics.call_errors[{std::string(method), code}];
  });
}

std::string NodeProcess::State::trouble() const {
  if (node->failure()) return node->failure()->message;
  return node->pause() ? node->pause()->message : std::string();
}

std::string NodeProcess::State::not_ready() const {
  if (std::string why = trouble(); !why.empty()) return why;
  if (application && clock.unix_ms() > node->head().time_ms + kStaleMs)
    return "the last block is of " +
           std::to_string((clock.unix_ms() - node->head().time_ms) / 1000) +
           " s ago: is CometBFT catching up, or are too many validators away?";
  return node->waiting() > kReadyWaitingMax ? "too many transactions are waiting" : "";
}

std::string NodeProcess::State::metrics_page() const {
  MetricsPage page;
  page.gauge("assay_ledger_height", "Height of the last block.", node->head().height.value);
  page.heading("assay_ledger_time_seconds", "gauge", "Ledger time.");
  page.sample("assay_ledger_time_seconds", {},
              static_cast<double>(node->head().ledger_time.value) / 1000);
  page.heading("assay_ledger_head_timestamp_seconds", "gauge", "Unix time of the last block.");
  page.sample("assay_ledger_head_timestamp_seconds", {},
              static_cast<double>(node->head().time_ms) / 1000);
  page.gauge("assay_mempool_transactions", "Transactions without a block.", node->waiting());
  page.gauge("assay_healthy", "1 while /healthz says ok.", trouble().empty() ? 1 : 0);
  page.gauge("assay_ready", "1 while /readyz says ok.", not_ready().empty() ? 1 : 0);
  page.gauge("assay_subscriptions", "Subscriptions to events.", feed->size());
  write_beacon_metrics(page);
  metrics.write(page);
  write_store_metrics(page, *store);
  write_http_metrics(page, server->counters());
  page.gauge("assay_rate_limited_addresses", "Strangers' addresses that are remembered.",
             limiter.addresses());
  write_process_metrics(page);
  return page.text();
}

rpc::HttpsFace NodeProcess::State::face() {
  rpc::HttpsFace face;
  face.dispatcher = &dispatcher;
  face.after_call = [this] {
    intake->flush();
    work();
  };
  face.status = [this] { return service->status(); };
  face.trouble = [this] { return trouble(); };
  face.not_ready = [this] { return not_ready(); };
  face.metrics = [this] { return metrics_page(); };
  face.limiter = &limiter;
  face.drained = [this](const auto& subscriber) {
    feed->resume(subscriber);
    pump_feed();
  };
  face.gone = [this](const auto& subscriber) { feed->drop(subscriber); };
  return face;
}

Status NodeProcess::State::listen(const NodeConfig& config) {
  net::ServerOptions options;
  options.host = config.listen_host;
  options.port = config.listen_port;
  options.certificate_pem = config.certificate_pem;
  options.key_pem = config.key_pem;
  options.limits.body_bytes = rpc::kMaxRequestBytes;
  options.trusted_addresses = config.limits.trusted_addresses;
  options.max_connections = config.limits.max_connections;
  options.reserved_connections = config.limits.reserved_connections;
  options.max_connections_per_address = config.limits.connections_per_address;
  options.connection_rate = config.limits.connections;
  options.buffered_bytes_max = config.limits.buffered_bytes;
  ASSAY_TRY(server, net::HttpsServer::start(options, rpc::make_handler(loop, face()),
                                            rpc::make_websocket_accept(loop, face())));
  return {};
}

Status NodeProcess::State::listen_to_operators(const NodeConfig& config) {
  const OperatorListener& listener = *config.operators;
  // Without an authority a server would ask for no certificate.
  if (listener.authority_pem.empty())
    return {ErrorCode::kInvalidArgument, "a listener for operators needs their authority"};
  register_operator_methods(
      operator_dispatcher,
      {[this] { loop.post([this] { loop.stop(); }); }, listener.log_level, listener.set_log_level,
       &limiter, [this] { return server->connections(); }});
  net::ServerOptions options;
  options.host = listener.host;
  options.port = listener.port;
  options.certificate_pem = config.certificate_pem;
  options.key_pem = config.key_pem;
  options.client_authority_pem = listener.authority_pem;
  options.limits.body_bytes = std::uint64_t{64} << 10;
  options.max_connections = 16;
  rpc::HttpsFace operators = face();
  operators.dispatcher = &operator_dispatcher;
  operators.limiter = nullptr;
  ASSAY_TRY(operator_server,
            net::HttpsServer::start(options, rpc::make_handler(loop, std::move(operators))));
  return {};
}

Status NodeProcess::State::open_embedded(const NodeConfig& config, Log& log) {
  NodeOptions options = config.options;
  options.may_write = reserve_space(*store, config.disk_reserve_bytes);
  ASSAY_TRY(node,
            LedgerNode::open(*store, config.genesis, *config.operator_key, clock, log, options));
  return {};
}

// CometBFT's calls come on threads of their own; what the loop has to know of them is posted.
Status NodeProcess::State::open_replicated(const NodeConfig& config, Log& log) {
  const auto may_write = reserve_space(*store, config.disk_reserve_bytes);
  SnapshotOptions snapshot_options = config.comet->snapshots;
  snapshot_options.may_write = may_write;
  const auto stored = protocol::StateReader(*store).head();
  if (!stored && stored.error().code != ErrorCode::kNotFound) return stored.error();
  ASSAY_TRY(snapshots, Snapshots::open(snapshots_path(config.home),
                                       stored ? stored->height : Height{0}, snapshot_options, log));
  const auto tell = [this](auto what) {
    loop.post([this, what = std::move(what)] {
      what(static_cast<ReplicatedNode&>(*node));
      work();
    });
  };
  ReplicatedOptions options;
  options.chain = config.options.chain;
  options.verified = std::make_shared<VerifiedTransactions>(chain_id_of(config.genesis));
  options.may_write = may_write;
  options.snapshot = [this] { return store->snapshot(); };
  options.snapshots = snapshots.get();
  options.on_commit = [this, tell, &log](CommittedBlock committed) {
    const auto block = std::make_shared<const CommittedBlock>(std::move(committed));
    tell([this, block, &log](ReplicatedNode& replicated) {
      metrics.block.observe(block->microseconds);
      replicated.committed(*block);
      send_share(log);
    });
  };
  if (config.comet->share_key != nullptr)
    shares.emplace(*config.comet->share_account, *config.comet->share_key, log);
  options.on_refused = [tell](const protocol::Receipt& receipt) {
    tell([receipt](ReplicatedNode& replicated) { replicated.refused(receipt); });
  };
  options.on_no_room = [tell](const TxId& id, MempoolVerdict why) {
    tell([id, why](ReplicatedNode& replicated) { replicated.no_room(id, why); });
  };
  options.on_pause = [tell] { tell([](ReplicatedNode& replicated) { replicated.paused(); }); };
  options.on_failure = [tell, &log](const Error& error) {
    log.write(LogLevel::kError, "node.failed", {{"error", error.message}});
    tell([error](ReplicatedNode& replicated) { replicated.failed(error); });
  };
  ASSAY_TRY(application, ReplicatedLedger::open(*store, config.genesis, options));
  comet = std::make_unique<CometClient>(loop, config.comet->rpc, log);
  comet_headers = std::make_unique<CometHeaders>(loop, config.comet->rpc);
  node = std::make_unique<ReplicatedNode>(
      config.genesis, CommittedBlock{application->chain().head(), {}, store->snapshot(), 0}, clock,
      log,
      ReplicatedNodeOptions{[this](Bytes transaction, CometClient::Done done) {
                              comet->broadcast(std::move(transaction), std::move(done));
                            },
                            may_write,
                            [this](std::int64_t height, CometHeaders::Done done) {
                              comet_headers->at(height, std::move(done));
                            },
                            options.verified});
  return {};
}

Result<std::unique_ptr<NodeProcess>> NodeProcess::start(const NodeConfig& config,
                                                        const Clock& clock, Log& log) {
  if ((config.operator_key != nullptr) == config.comet.has_value())
    return {ErrorCode::kInvalidArgument, "a node has an operator's key or CometBFT's addresses"};
  ASSAY_TRY(host::FolderLock lock, host::FolderLock::acquire(config.home));
  ASSAY_TRY_STATUS(remove_unfinished(config.home));
  auto state = std::make_unique<State>(std::move(lock), clock, config);
  ASSAY_TRY(state->store, config.open_store(ledger_path(config.home), ledger_store_options()));
  ASSAY_TRY_STATUS(config.comet ? state->open_replicated(config, log)
                                : state->open_embedded(config, log));
  const protocol::BlockHeader& head = state->node->head();
  log.write(LogLevel::kInfo, "node.start",
            {{"mode", state->node->mode()},
             {"chain", to_hex(head.chain.value)},
             {"height", std::to_string(head.height.value)},
             {"state_root", to_hex(head.state_root)}});
  state->register_methods(config);
  ASSAY_TRY_STATUS(state->listen(config));
  const auto listens = [&log](const char* event, const std::string& host, std::uint16_t port) {
    log.write(LogLevel::kInfo, event, {{"url", "https://" + net::host_and_port(host, port)}});
  };
  listens("node.listen", config.listen_host, state->server->port());
  if (config.operators) {
    ASSAY_TRY_STATUS(state->listen_to_operators(config));
    listens("node.listen_operators", config.operators->host, state->operator_server->port());
  }
  if (config.comet) {
    abci::ServerOptions serving;
    serving.address = config.comet->application;
    ASSAY_TRY(state->abci, abci::Server::start(serving, *state->application, log));
    log.write(LogLevel::kInfo, "node.listen_comet",
              {{"address", to_string(state->abci->address())}});
  }
  return std::unique_ptr<NodeProcess>(new NodeProcess(std::move(state)));
}

NodeProcess::NodeProcess(std::unique_ptr<State> state) : m_state(std::move(state)) {}
NodeProcess::~NodeProcess() {
  m_state->abci.reset();
  m_state->operator_server.reset();
  m_state->server.reset();
}

std::uint16_t NodeProcess::port() const noexcept { return m_state->server->port(); }

std::uint16_t NodeProcess::operator_port() const noexcept {
  return m_state->operator_server ? m_state->operator_server->port() : std::uint16_t{0};
}

const net::StreamAddress& NodeProcess::application() const noexcept {
  return m_state->abci->address();
}

Status NodeProcess::run() {
  m_state->loop.post([this] { m_state->work(); });
  m_state->loop.run();
  if (m_state->abci) m_state->abci->stop();
  m_state->intake->shut_down();
  m_state->node->shut_down();
  if (m_state->operator_server) m_state->operator_server->stop(kStopGraceMs);
  m_state->server->stop(m_state->outcome ? kStopGraceMs : 0);
  return m_state->outcome;
}

void NodeProcess::stop() {
  m_state->loop.post([this] { m_state->loop.stop(); });
}

}  // namespace assay::node
