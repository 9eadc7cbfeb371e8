#include "assay/roles/driver.hpp"

#include <algorithm>
#include <atomic>
#include <map>
#include <set>

#include "assay/blob/blob_client.hpp"
#include "assay/blob/blob_server.hpp"
#include "assay/blob/blob_store.hpp"
#include "assay/crypto/sha256.hpp"
#include "assay/host/files.hpp"
#include "assay/net/certificate.hpp"
#include "assay/net/client.hpp"
#include "assay/net/event_loop.hpp"
#include "assay/net/server.hpp"
#include "assay/roles/names.hpp"
#include "assay/rpc/https.hpp"
#include "internal/ledger_link.hpp"

namespace assay::roles {

namespace {

constexpr std::uint64_t kEndpointAgainMs = 5'000;
constexpr std::uint64_t kBlobTimeoutMs = 60'000;
constexpr std::uint64_t kValidBlocks = 100'000;  // how far ahead a transaction stays valid
constexpr unsigned kFetchThreads = 8;
// A server that is slower than this is given up, so that a few of them cannot hold all threads.
constexpr std::uint64_t kFetchGraceMs = 60'000;
constexpr std::uint64_t kFetchBytesPerMs = 64;

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
  std::uint64_t last_nonce = 0;
  std::string own_url;
  Hash256 own_certificate;
  std::vector<std::string> capabilities;
  std::uint64_t endpoint_sent_ms = 0;
  net::TimerId timer = 0;
  std::set<std::string> jobs_under_way;
  std::set<std::string> fetches_under_way;
  // Last: their threads end before what they use.
  std::unique_ptr<net::WorkerThread> fetchers, worker, lengthy_worker;
  std::unique_ptr<internal::LedgerLink> ledger;

  Status start(host::DiskFiles& files);
  void link();
  void handle(const Event& event);
  void perform(Action action);
  void submit(Submit submission);
  void start_job(StartJob job);
  void fetch(Fetch fetch);
  void publish(const std::string& name, Result<blob::BlobId> id);
  void keep_endpoint(const protocol::View& view);
  void log(LogLevel level, std::string_view event, const Log::Fields& fields) {
    context.log.write(level, event, fields);
  }
};

Status Driver::State::start(host::DiskFiles& files) {
  if (options.ledger_urls.empty() || options.ledger_urls.size() > internal::kLedgersMax)
    return {ErrorCode::kInvalidArgument,
            "name 1 to " + std::to_string(internal::kLedgersMax) + " nodes of the ledger"};
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
  link();
  return {};
}

void Driver::State::link() {
  internal::LedgerLinkOptions to;
  to.urls = options.ledger_urls;
  to.follow_header = options.follow_header;
  to.chain = context.chain;
  to.self = context.account();
  to.principals = context.plays_for;
  to.make_post = [this](const std::string& url, std::uint64_t timeout_ms) {
    return rpc::make_post(*https, url, timeout_ms);
  };
  internal::LedgerLinkEvents events;
  events.on_view = [this](const std::shared_ptr<const protocol::View>& view) {
    last_nonce = std::max(last_nonce, view->self.profile.last_nonce);
    keep_endpoint(*view);
    handle(LedgerUpdate{view});
  };
  events.on_refused = [this](const TransactionRefused& refused) { handle(refused); };
  events.on_lost = [this](const Error& error) {
    outcome = error;
    stopping = true;
    loop.stop();
  };
  ledger =
      std::make_unique<internal::LedgerLink>(loop, std::move(to), std::move(events), context.log);
}

// Others look up on the ledger where this party's blobs are.
void Driver::State::keep_endpoint(const protocol::View& view) {
  const std::uint64_t now = loop.now_ms();
  if (!view.self.exists ||
      (view.self.profile.url == own_url && view.self.profile.certificate == own_certificate &&
       view.self.profile.capabilities == capabilities) ||
      (endpoint_sent_ms != 0 && now < endpoint_sent_ms + kEndpointAgainMs))
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
  envelope.valid_until = Height(ledger->head().value + kValidBlocks);
  envelope.payload = std::move(submission.payload);
  ledger->send(protocol::sign_transaction(envelope, context.key));
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
  s.fetchers = std::make_unique<net::WorkerThread>(s.loop, kFetchThreads);
  s.worker = std::make_unique<net::WorkerThread>(s.loop);
  s.lengthy_worker = std::make_unique<net::WorkerThread>(s.loop);
  s.log(LogLevel::kInfo, "role.started",
        {{"account", to_hex(s.context.account().value)},
         {"ledger", s.options.ledger_urls.front()},
         {"blobs", s.own_url}});
  s.ledger->start();
  if (!s.stopping) s.loop.run();
  s.stopping = true;
  s.https->cancel();
  s.lengthy_worker.reset();
  s.worker.reset();
  s.fetchers.reset();
  s.ledger->stop();
  return s.outcome;
}

void Driver::stop() {
  m_state->stopping = true;
  m_state->loop.stop();
}

std::uint16_t Driver::port() const { return m_state->server->port(); }

}  // namespace assay::roles
