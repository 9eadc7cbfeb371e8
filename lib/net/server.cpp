#include "assay/net/server.hpp"

#include <boost/asio/post.hpp>
#include <boost/asio/strand.hpp>

#include "internal/session.hpp"

namespace assay::net {

namespace {

Error listen_error(const ServerOptions& options, const error_code& error) {
  const std::string what = "cannot listen on " + host_and_port(options.host, options.port) + " (" +
                           error.message() + "); ";
  if (error == asio::error::address_in_use)
    return {ErrorCode::kConflict,
            what + "another process uses that port: stop it or choose another"};
  if (error == asio::error::access_denied)
    return {ErrorCode::kPermission, what + "choose a port above 1023"};
  return {ErrorCode::kUnavailable, what + "is that an address of this machine?"};
}

}  // namespace

HttpsServer::HttpsServer(std::shared_ptr<State> state) : m_state(std::move(state)) {}

Result<std::unique_ptr<HttpsServer>> HttpsServer::start(const ServerOptions& options,
                                                        Handler handler) {
  ASSAY_EXPECTS(handler != nullptr);
  ASSAY_TRY(asio::ssl::context context,
            make_server_context(
                {options.certificate_pem, options.key_pem, options.client_authority_pem}));
  auto state = std::make_shared<State>(options, std::move(context), std::move(handler));
  error_code error;
  tcp::resolver resolver(state->io);
  const auto found =
      resolver.resolve(options.host, std::to_string(options.port), tcp::resolver::passive, error);
  if (error || found.empty()) return listen_error(options, error);
  const tcp::endpoint endpoint = found.begin()->endpoint();
  tcp::acceptor& acceptor = state->acceptor;
  acceptor.open(endpoint.protocol(), error);
  if (!error) acceptor.set_option(asio::socket_base::reuse_address(true), error);
  if (!error) acceptor.bind(endpoint, error);
  if (!error) acceptor.listen(asio::socket_base::max_listen_connections, error);
  if (error) return listen_error(options, error);
  state->port = acceptor.local_endpoint(error).port();
  state->accept();
  for (unsigned i = 0; i < std::max(1u, options.threads); ++i)
    state->threads.emplace_back([raw = state.get()] { raw->io.run(); });
  return std::unique_ptr<HttpsServer>(new HttpsServer(std::move(state)));
}

HttpsServer::~HttpsServer() { stop(0); }

std::uint16_t HttpsServer::port() const noexcept { return m_state->port; }

ServerCounters HttpsServer::counters() const {
  State& s = *m_state;
  const std::lock_guard lock(s.mutex);
  return {s.accepted,     s.refused,   s.handshake_failed, s.requests,
          s.bad_requests, s.timed_out, s.sessions.size()};
}

void HttpsServer::stop(std::uint64_t grace_ms) {
  State& s = *m_state;
  if (s.stopping.exchange(true)) return;
  asio::post(s.io, [&s] {
    error_code ignored;
    s.acceptor.close(ignored);
    s.accept_pause.cancel();
  });
  const auto ended_within = [&s](std::uint64_t ms) {
    std::unique_lock lock(s.mutex);
    return s.session_ended.wait_for(lock, std::chrono::milliseconds(ms),
                                    [&] { return s.sessions.empty(); });
  };
  for (const auto& session : s.live_sessions()) session->close_soon();
  if (!ended_within(grace_ms))
    for (const auto& session : s.live_sessions()) session->close_now();
  // Sessions whose handler holds the reply end with the io_context.
  ended_within(100);
  s.io.stop();
  for (std::thread& thread : s.threads) thread.join();
  s.threads.clear();
}

std::vector<std::shared_ptr<Session>> HttpsServer::State::live_sessions() {
  std::vector<std::shared_ptr<Session>> live;
  const std::lock_guard lock(mutex);
  for (const auto& [raw, weak] : sessions)
    if (auto session = weak.lock()) live.push_back(std::move(session));
  return live;
}

void HttpsServer::State::accept() {
  acceptor.async_accept(asio::make_strand(io), [this](const error_code& error, tcp::socket socket) {
    if (stopping.load()) return;
    if (!error) {
      start_session(std::move(socket));
      return accept();
    }
    if (error == asio::error::operation_aborted) return;
    // Out of descriptors, say: connections will end, so try again a little later.
    accept_pause.expires_after(std::chrono::milliseconds(50));
    accept_pause.async_wait([this](const error_code& cancelled) {
      if (!cancelled && !stopping.load()) accept();
    });
  });
}

// Called where the io_context runs, so the state is alive; sessions keep it so for late replies
// only.
void HttpsServer::State::start_session(tcp::socket socket) {
  ++accepted;
  error_code ignored;
  socket.set_option(tcp::no_delay(true), ignored);
  std::shared_ptr<Session> session;
  {
    const std::lock_guard lock(mutex);
    if (sessions.size() >= options.max_connections) {
      ++refused;
      return;  // the socket closes itself
    }
  }
  session = std::make_shared<Session>(*this, std::move(socket));
  {
    const std::lock_guard lock(mutex);
    sessions.emplace(session.get(), session);
  }
  session->start(weak_from_this());
}

}  // namespace assay::net
