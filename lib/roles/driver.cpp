#include "assay/roles/driver.hpp"

#include <algorithm>
#include <atomic>
#include <deque>
#include <map>
#include <set>

#include "assay/blob/blob_client.hpp"
#include "assay/blob/blob_server.hpp"
#include "assay/blob/blob_store.hpp"
#include "assay/codec/json.hpp"
#include "assay/crypto/sha256.hpp"
#include "assay/host/files.hpp"
#include "assay/net/certificate.hpp"
#include "assay/net/client.hpp"
#include "assay/net/event_loop.hpp"
#include "assay/net/server.hpp"
#include "assay/roles/names.hpp"
#include "assay/rpc/client.hpp"
#include "assay/rpc/https.hpp"
#include "internal/proven_view.hpp"

namespace assay::roles {

namespace {

constexpr std::uint64_t kWaitBlockMs = 5'000;  // of one long poll
constexpr std::uint64_t kLedgerTimeoutMs = 20'000;
// Where there is another node to ask: how much longer than its wait a long poll may take, and how
// long a head may stay the same.
constexpr std::uint64_t kPollGraceMs = 4'000;
constexpr std::uint64_t kStillMs = 15'000;
// Of one call; twice the bytes of the largest must fit a request.
constexpr std::size_t kTransactionsPerCall = 32;
constexpr std::uint64_t kBlobTimeoutMs = 60'000;
constexpr std::uint64_t kRetryMs = 500;          // after the ledger could not be reached
constexpr std::uint64_t kValidBlocks = 100'000;  // how far ahead a transaction stays valid
constexpr std::size_t kTriesMax = 4096;          // whose count is remembered
constexpr unsigned kFetchThreads = 8;
constexpr std::size_t kLedgersMax = 16;
// A server that is slower than this is given up, so that a few of them cannot hold all threads.
constexpr std::uint64_t kFetchGraceMs = 60'000;
constexpr std::uint64_t kFetchBytesPerMs = 64;

using codec::Json;
using codec::JsonRef;

}  // namespace

struct Driver::State {
  State(const DriverOptions& o, const RoleContext& c) : options(o), context(c) {}

  DriverOptions options;
  RoleContext context;
  std::unique_ptr<net::HttpsClient> https;
  std::unique_ptr<blob::BlobStore> blobs;
  std::unique_ptr<net::HttpsServer> server;
  net::EventLoop loop;
  std::atomic<bool> stopping{false};

  // Only during run(), on the loop.
  Role* role = nullptr;
  Status outcome;
  std::uint64_t head_height = 0;
  std::uint64_t head_ms = 0;  // when it was seen first
  std::uint64_t last_nonce = 0;
  struct Outgoing {
    std::string kind;
    protocol::ClientId client_id{};
    Bytes bytes;
  };
  struct Node {
    std::string url;
    std::deque<Outgoing> outgoing;
    bool sending = false;  // one call at a time, so that transactions stay in order
  };
  std::vector<Node> nodes;
  std::size_t asked = 0;     // of the nodes
  std::size_t failures = 0;  // of polls, one after another
  std::size_t refusals = 0;  // of these, the last so many not to be trusted
  std::map<protocol::ClientId, std::size_t> tries;
  std::string own_url;
  Hash256 own_certificate;
  std::vector<std::string> capabilities;
  std::uint64_t endpoint_sent_ms = 0;
  net::TimerId timer = 0;
  protocol::ViewMemory memory;  // the poller's
  std::set<std::string> jobs_under_way;
  std::set<std::string> fetches_under_way;
  // Last: their threads end before what they use.
  std::unique_ptr<net::WorkerThread> poller, sender, fetchers, worker, lengthy_worker;

  Status start(host::DiskFiles& files);
  void poll();
  void polled(const Result<std::shared_ptr<const protocol::View>>& view, bool waited);
  void poll_failed(const Error& error);
  void handle(const Event& event);
  void perform(Action action);
  void submit(Submit submission);
  void send(std::size_t to);
  void answered(const Outgoing& sent, const JsonRef& told);
  void start_job(StartJob job);
  void fetch(Fetch fetch);
  void publish(const std::string& name, Result<blob::BlobId> id);
  void keep_endpoint(const protocol::View& view);
  void log(LogLevel level, std::string_view event, const Log::Fields& fields) {
    context.log.write(level, event, fields);
  }
};

Status Driver::State::start(host::DiskFiles& files) {
  if (options.ledger_urls.empty() || options.ledger_urls.size() > kLedgersMax)
    return {ErrorCode::kInvalidArgument,
            "name 1 to " + std::to_string(kLedgersMax) + " nodes of the ledger"};
  for (const std::string& url : options.ledger_urls) nodes.push_back({url, {}, false});
  ASSAY_TRY(https,
            net::HttpsClient::create(
                {.authority_pem = options.authority_pem, .certificate_pem = {}, .key_pem = {}}));
  ASSAY_TRY(blobs, blob::BlobStore::open(files));
  net::ServerOptions server_options;
  server_options.host = options.listen_host;
  server_options.port = options.listen_port;
  server_options.certificate_pem = options.certificate_pem;
  server_options.key_pem = options.key_pem;
  ASSAY_TRY(server,
            net::HttpsServer::start(
                server_options, [store = blobs.get()](net::HttpRequest request, const auto& reply) {
                  reply(blob::serve(*store, request));
                }));
  capabilities = options.capabilities;
  own_url = "https://" + options.advertise_host + ":" + std::to_string(server->port());
  ASSAY_TRY(const net::CertificateInfo certificate,
            net::inspect_certificate(options.certificate_pem));
  ASSAY_TRY(own_certificate, hash_from_hex(certificate.sha256_fingerprint));
  return {};
}

// One long poll after another: what the ledger holds now, after every block and every few seconds.
// The node need not be believed.
void Driver::State::poll() {
  if (stopping) return;
  // A ledger where too many wait for blocks already still tells what it holds.
  const auto waited = std::make_shared<bool>(true);
  const std::uint64_t timeout_ms =
      nodes.size() > 1 ? kWaitBlockMs + kPollGraceMs : kLedgerTimeoutMs;
  const auto ask = [this, waited, timeout_ms, url = nodes[asked].url,
                    after = head_height]() -> Result<std::shared_ptr<const protocol::View>> {
    rpc::RpcClient client(rpc::make_post(*https, url, timeout_ms));
    if (after > 0) {
      const auto head = client.call(
          "wait_block", Json::object({{"after", Json(after)}, {"timeout_ms", Json(kWaitBlockMs)}}));
      *waited = head.has_value();
      if (!head && nodes.size() > 1) return head.error();
    }
    ASSAY_TRY(protocol::View view,
              internal::ask_view(client, options.follow_header, context.account(),
                                 context.plays_for, memory));
    return std::make_shared<const protocol::View>(std::move(view));
  };
  poller->call(ask, [this, waited](const Result<std::shared_ptr<const protocol::View>>& view) {
    polled(view, *waited);
  });
}

void Driver::State::polled(const Result<std::shared_ptr<const protocol::View>>& view, bool waited) {
  if (stopping) return;
  if (!view) return poll_failed(view.error());
  const std::uint64_t height = (*view)->head.height.value;
  const std::uint64_t now = loop.now_ms();
  if (height != head_height || head_ms == 0) head_ms = now;
  if (nodes.size() > 1 && (height < head_height || now > head_ms + kStillMs)) {
    const std::string seen = std::to_string(head_height);
    const bool behind = height < head_height;
    if (!behind) head_ms = now;  // the next has its time, too; perhaps they all stand still
    return poll_failed(
        {ErrorCode::kUnavailable, behind ? "it is behind another node, which had " + seen
                                         : "it stands still at height " + seen});
  }
  if (failures > 0) log(LogLevel::kInfo, "ledger.reached", {{"url", nodes[asked].url}});
  failures = refusals = 0;
  head_height = height;
  last_nonce = std::max(last_nonce, (*view)->self.profile.last_nonce);
  keep_endpoint(**view);
  handle(LedgerUpdate{*view});
  if (waited) return poll();
  loop.call_after(kRetryMs, [this] { poll(); });
}

// On to the next node; after a round without any, a pause.
void Driver::State::poll_failed(const Error& error) {
  const bool is_untrue = error.code == ErrorCode::kIntegrity || error.code == ErrorCode::kMalformed;
  if (failures++ < nodes.size())
    log(is_untrue ? LogLevel::kError : LogLevel::kWarning,
        is_untrue ? "ledger.untrue" : "ledger.unreachable",
        {{"url", nodes[asked].url}, {"error", error.message}});
  refusals = error.code == ErrorCode::kIntegrity ? refusals + 1 : 0;
  if (refusals == nodes.size()) {
    outcome = error;
    stopping = true;
    return loop.stop();
  }
  asked = (asked + 1) % nodes.size();
  if (failures % nodes.size() != 0) return poll();
  loop.call_after(kRetryMs, [this] { poll(); });
}

// Others look up on the ledger where this party's blobs are.
void Driver::State::keep_endpoint(const protocol::View& view) {
  const std::uint64_t now = loop.now_ms();
  if (!view.self.exists ||
      (view.self.profile.url == own_url && view.self.profile.certificate == own_certificate &&
       view.self.profile.capabilities == capabilities) ||
      (endpoint_sent_ms != 0 && now < endpoint_sent_ms + kWaitBlockMs))
    return;
  endpoint_sent_ms = now;
  const Hash256 id = crypto::sha256({as_bytes("assay/endpoint/1"), as_bytes(own_url),
                                     own_certificate.view(), as_bytes(std::to_string(last_nonce))});
  Submit submission;
  std::copy_n(id.bytes.begin(), submission.client_id.size(), submission.client_id.begin());
  submission.payload = protocol::RegisterProfile{own_url, own_certificate, capabilities};
  submit(std::move(submission));
}

void Driver::State::handle(const Event& event) {
  if (stopping) return;
  for (Action& action : role->on(event, loop.now_ms())) perform(std::move(action));
  if (timer != 0) loop.cancel(timer);
  timer = 0;
  if (const auto wake = role->next_deadline(); wake && !stopping)
    timer = loop.call_at(*wake, [this] {
      timer = 0;
      handle(Tick{});
    });
}

void Driver::State::perform(Action action) {
  if (auto* submission = std::get_if<Submit>(&action)) {
    submit(std::move(*submission));
  } else if (auto* job = std::get_if<StartJob>(&action)) {
    start_job(std::move(*job));
  } else if (auto* wanted = std::get_if<Fetch>(&action)) {
    fetch(std::move(*wanted));
  } else if (const auto* bytes = std::get_if<Publish>(&action)) {
    publish(bytes->name, blobs->put(bytes->bytes));
  } else if (const auto* file = std::get_if<PublishFile>(&action)) {
    auto read = context.files.read(file->file);
    publish(file->name, read ? blobs->put(*read) : Result<blob::BlobId>(read.error()));
  } else if (const auto* report = std::get_if<Report>(&action)) {
    log(report->level, report->event, report->fields);
  } else if (auto* finish = std::get_if<Finish>(&action)) {
    outcome = std::move(finish->status);
    stopping = true;
    loop.stop();
  }
}

void Driver::State::publish(const std::string& name, Result<blob::BlobId> id) {
  Status named = id ? blobs->set_name(name, *id) : Status(id.error());
  if (!named)
    log(LogLevel::kError, "blob.not_published", {{"name", name}, {"error", named.error().message}});
}

void Driver::State::submit(Submit submission) {
  protocol::Envelope envelope;
  envelope.chain = context.chain;
  envelope.sender = context.account();
  envelope.nonce = ++last_nonce;
  envelope.client_id = submission.client_id;
  envelope.valid_until = Height(head_height + kValidBlocks);
  envelope.payload = std::move(submission.payload);
  // What has to be sent again goes to the next node: the one before may keep it to itself.
  if (tries.size() >= kTriesMax) tries.clear();
  const std::size_t to = (asked + tries[envelope.client_id]++) % nodes.size();
  nodes[to].outgoing.push_back({protocol::to_string(protocol::kind_of(envelope.payload)),
                                envelope.client_id,
                                protocol::sign_transaction(envelope, context.key)});
  send(to);
}

// What waits for a node goes together, once the call before has come back.
void Driver::State::send(std::size_t to) {
  std::deque<Outgoing>& outgoing = nodes[to].outgoing;
  if (stopping || nodes[to].sending || outgoing.empty()) return;
  nodes[to].sending = true;
  const std::size_t count = std::min(outgoing.size(), kTransactionsPerCall);
  const auto sent = std::make_shared<const std::vector<Outgoing>>(
      std::make_move_iterator(outgoing.begin()),
      std::make_move_iterator(outgoing.begin() + static_cast<std::ptrdiff_t>(count)));
  outgoing.erase(outgoing.begin(), outgoing.begin() + static_cast<std::ptrdiff_t>(count));
  const auto call = [this, url = nodes[to].url, sent]() -> Result<Json> {
    rpc::RpcClient client(rpc::make_post(*https, url, kLedgerTimeoutMs));
    Json txs = Json::array();
    for (const Outgoing& one : *sent) txs.push_back(to_hex(one.bytes));
    return client.call("submit_transactions", Json::object({{"txs", std::move(txs)}}));
  };
  sender->call(call, [this, to, sent](Result<Json> answer) {
    nodes[to].sending = false;
    const auto outcomes = answer ? JsonRef(*answer)["outcomes"].items()
                                 : Result<std::vector<JsonRef>>(answer.error());
    for (std::size_t i = 0; i < sent->size(); ++i) {
      // A lost answer is no answer: the role sends again, under the same client id.
      if (outcomes && i < outcomes->size())
        answered((*sent)[i], (*outcomes)[i]);
      else
        log(LogLevel::kDebug, "transaction.unanswered",
            {{"kind", (*sent)[i].kind},
             {"error", outcomes ? "no outcome" : outcomes.error().message}});
    }
    send(to);
  });
}

void Driver::State::answered(const Outgoing& sent, const JsonRef& told) {
  const auto code = told["verdict_code"].u64();
  const auto detail = told["detail"].u64();
  if (!code || *code > protocol::kTxVerdictLast) {
    const auto why = told["error"]["message"].string();
    return log(LogLevel::kDebug, "transaction.unanswered",
               {{"kind", sent.kind}, {"error", why ? *why : "no verdict"}});
  }
  const auto verdict = static_cast<protocol::TxVerdict>(*code);
  log(LogLevel::kDebug, "transaction.answered",
      {{"kind", sent.kind}, {"verdict", protocol::to_string(verdict)}});
  if (verdict != protocol::TxVerdict::kApplied)
    handle(TransactionRefused{sent.client_id, verdict,
                              detail ? static_cast<std::uint8_t>(*detail) : std::uint8_t{0}});
}

void Driver::State::start_job(StartJob job) {
  if (!jobs_under_way.insert(job.job).second) return;
  net::WorkerThread& thread = job.lengthy ? *lengthy_worker : *worker;
  const bool queued = thread.call(
      [this, &thread, body = std::move(job.body), due = job.due.value, lengthy = job.lengthy] {
        return body([&] { return stopping || (!lengthy && thread.has_earlier(due)); });
      },
      [this, name = job.job](JobResult outcome_of_job) {
        jobs_under_way.erase(name);
        handle(JobFinished{name, std::move(outcome_of_job)});
      },
      job.due.value);
  if (queued) return;
  jobs_under_way.erase(job.job);
  loop.post([this, name = job.job] {
    handle(JobFinished{name, Error{ErrorCode::kUnavailable, "too many jobs wait"}});
  });
}

namespace {

// Stops a fetch that is too slow, or not wanted any more.
class FetchLimit final : public Progress {
 public:
  FetchLimit(const net::EventLoop& loop, const std::atomic<bool>& stopping)
      : m_loop(loop), m_stopping(stopping), m_started_ms(loop.now_ms()) {}
  [[nodiscard]] bool advance(std::uint64_t done, std::uint64_t) override {
    if (m_from == kUnset) m_from = done;  // an earlier fetch's
    return !m_stopping &&
           m_loop.now_ms() - m_started_ms <= kFetchGraceMs + (done - m_from) / kFetchBytesPerMs;
  }

 private:
  static constexpr std::uint64_t kUnset = UINT64_MAX;
  const net::EventLoop& m_loop;
  const std::atomic<bool>& m_stopping;
  std::uint64_t m_started_ms;
  std::uint64_t m_from = kUnset;
};

}  // namespace

void Driver::State::fetch(Fetch wanted) {
  const std::string kept_as = kept_blob(wanted.name, wanted.from);
  if (!fetches_under_way.insert(kept_as).second) return;
  const auto get = [this, wanted, kept_as]() -> Result<Bytes> {
    blob::BlobClient client(*blobs, blob::make_get(*https, kBlobTimeoutMs));
    FetchLimit limit(loop, stopping);
    auto entry = client.fetch_by_name(wanted.name, {wanted.url}, wanted.bytes_max, &limit);
    if (entry) {
      ASSAY_TRY_STATUS(blobs->set_name(kept_as, entry->id));
    } else {
      // Who served it may be gone for good: what was got once is still here, also for a role that
      // was made anew.
      const auto kept = blobs->find_name(kept_as);
      if (!kept || !*kept) return std::move(entry).error();
      entry = **kept;
    }
    ASSAY_TRY(Bytes bytes, blobs->read_all(entry->id, wanted.bytes_max));
    return bytes;
  };
  fetchers->call(get, [this, name = wanted.name, from = wanted.from, kept_as](Result<Bytes> bytes) {
    fetches_under_way.erase(kept_as);
    handle(FetchFinished{name, from, std::move(bytes)});
  });
}

Driver::Driver(std::unique_ptr<State> state) : m_state(std::move(state)) {}
Driver::~Driver() = default;

Result<std::unique_ptr<Driver>> Driver::create(const DriverOptions& options,
                                               const RoleContext& context, host::DiskFiles& files) {
  auto state = std::make_unique<State>(options, context);
  ASSAY_TRY_STATUS(state->start(files));
  return std::unique_ptr<Driver>(new Driver(std::move(state)));
}

Status Driver::run(Role& role) {
  State& s = *m_state;
  s.role = &role;
  s.outcome = Status(ErrorCode::kCancelled, "stopped");
  s.poller = std::make_unique<net::WorkerThread>(s.loop);
  s.sender = std::make_unique<net::WorkerThread>(s.loop, static_cast<unsigned>(s.nodes.size()));
  s.fetchers = std::make_unique<net::WorkerThread>(s.loop, kFetchThreads);
  s.worker = std::make_unique<net::WorkerThread>(s.loop);
  s.lengthy_worker = std::make_unique<net::WorkerThread>(s.loop);
  s.log(LogLevel::kInfo, "role.started",
        {{"account", to_hex(s.context.account().value)},
         {"ledger", s.nodes.front().url},
         {"blobs", s.own_url}});
  s.poll();
  if (!s.stopping) s.loop.run();
  s.stopping = true;
  s.https->cancel();
  s.lengthy_worker.reset();
  s.worker.reset();
  s.fetchers.reset();
  s.sender.reset();
  s.poller.reset();
  return s.outcome;
}

void Driver::stop() {
  m_state->stopping = true;
  m_state->loop.stop();
}

std::uint16_t Driver::port() const { return m_state->server->port(); }

}  // namespace assay::roles
