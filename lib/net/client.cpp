#include "assay/net/client.hpp"

#include <algorithm>
#include <condition_variable>
#include <map>
#include <mutex>
#include <set>

#include "internal/connection.hpp"

namespace assay::net {

struct HttpsClient::State {
  State(const ClientOptions& o, asio::ssl::context c) : options(o), context(std::move(c)) {}

  ClientOptions options;
  asio::ssl::context context;
  mutable std::mutex mutex;
  std::condition_variable call_ended;
  std::map<std::string, std::vector<std::unique_ptr<Connection>>> idle;  // by origin, latest last
  std::set<Connection*> active;
  std::size_t calls = 0;
  bool cancelled = false;
  ClientCounters counters;

  std::unique_ptr<Connection> take_idle(const std::string& origin);
  void keep(std::unique_ptr<Connection> connection);
  // Makes cancel() reach the connection; false if it was called already.
  bool enlist(Connection* connection);
  void discharge(Connection* connection);
};

std::unique_ptr<Connection> HttpsClient::State::take_idle(const std::string& origin) {
  const auto too_old =
      std::chrono::steady_clock::now() - std::chrono::milliseconds(options.idle_keep_ms);
  std::vector<std::unique_ptr<Connection>> dropped;  // closed outside the lock
  const std::lock_guard lock(mutex);
  const auto found = idle.find(origin);
  if (found == idle.end()) return nullptr;
  auto& kept = found->second;
  while (!kept.empty()) {
    std::unique_ptr<Connection> connection = std::move(kept.back());
    kept.pop_back();
    if (connection->idle_since >= too_old && !connection->is_stale()) return connection;
    dropped.push_back(std::move(connection));
  }
  return nullptr;
}

void HttpsClient::State::keep(std::unique_ptr<Connection> connection) {
  if (!connection->reusable()) return;
  connection->idle_since = std::chrono::steady_clock::now();
  const std::lock_guard lock(mutex);
  auto& kept = idle[connection->origin()];
  if (!cancelled && kept.size() < options.max_idle_per_origin)
    kept.push_back(std::move(connection));
}

bool HttpsClient::State::enlist(Connection* connection) {
  const std::lock_guard lock(mutex);
  if (cancelled) return false;
  active.insert(connection);
  return true;
}

void HttpsClient::State::discharge(Connection* connection) {
  const std::lock_guard lock(mutex);
  active.erase(connection);
}

HttpsClient::HttpsClient(std::shared_ptr<State> state) : m_state(std::move(state)) {}

Result<std::unique_ptr<HttpsClient>> HttpsClient::create(const ClientOptions& options) {
  ASSAY_TRY(asio::ssl::context context,
            make_client_context({options.certificate_pem, options.key_pem, options.authority_pem}));
  return std::unique_ptr<HttpsClient>(
      new HttpsClient(std::make_shared<State>(options, std::move(context))));
}

HttpsClient::~HttpsClient() {
  cancel();
  std::unique_lock lock(m_state->mutex);
  m_state->call_ended.wait(lock, [&] { return m_state->calls == 0; });
}

void HttpsClient::cancel() {
  const std::lock_guard lock(m_state->mutex);
  m_state->cancelled = true;
  for (Connection* connection : m_state->active) connection->cancel();
}

ClientCounters HttpsClient::counters() const {
  const std::lock_guard lock(m_state->mutex);
  return m_state->counters;
}

Result<HttpResponse> HttpsClient::request(const Url& url, const HttpRequest& original,
                                          const CallOptions& options) {
  State& s = *m_state;
  const std::string origin = host_and_port(url.host, url.port);
  const Error cancelled{ErrorCode::kCancelled, "request to " + origin + ": cancelled"};
  struct Call {
    State& state;
    ~Call() {
      const std::lock_guard lock(state.mutex);
      --state.calls;
      state.call_ended.notify_all();
    }
  };
  {
    const std::lock_guard lock(s.mutex);
    if (s.cancelled) return cancelled;
    ++s.calls;
    ++s.counters.requests;
  }
  const Call call{s};

  const HttpRequest* request = &original;
  HttpRequest aimed;
  if (original.target == "/" && url.target != "/") {
    aimed = original;
    aimed.target = url.target;
    request = &aimed;
  }
  const auto now = std::chrono::steady_clock::now();
  const Deadline deadline = now + std::chrono::milliseconds(options.timeout_ms);
  const bool repeatable =
      options.idempotent || request->method == "GET" || request->method == "HEAD";

  for (bool allow_kept = true;; allow_kept = false) {
    std::unique_ptr<Connection> connection = allow_kept ? s.take_idle(origin) : nullptr;
    const bool kept = connection != nullptr;
    if (!kept) connection = std::make_unique<Connection>(s.context, url.host, url.port);
    if (!s.enlist(connection.get())) return cancelled;
    std::optional<Connection::Failure> failure;
    HttpResponse response;
    if (!kept) {
      const Deadline connected = std::chrono::steady_clock::now() +
                                 std::chrono::milliseconds(s.options.connect_timeout_ms);
      auto opened = connection->open(std::min(connected, deadline));
      if (!opened) failure = Connection::Failure{std::move(opened).error(), false};
      const std::lock_guard lock(s.mutex);
      ++s.counters.connections;
    }
    if (!failure) failure = connection->exchange(*request, s.options.limits, deadline, response);
    s.discharge(connection.get());
    if (!failure) {
      s.keep(std::move(connection));
      return response;
    }
    const bool stale =
        kept && failure->before_response && failure->error.code == ErrorCode::kUnavailable;
    if (!stale || !repeatable) return std::move(failure->error);
    const std::lock_guard lock(s.mutex);
    ++s.counters.retries;
  }
}

}  // namespace assay::net
