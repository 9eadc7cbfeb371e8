#include "assay/net/server.hpp"

#include <algorithm>
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

std::uint64_t monotonic_ms() {
  return static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::milliseconds>(
                                        std::chrono::steady_clock::now().time_since_epoch())
                                        .count());
}

}  // namespace

HttpsServer::HttpsServer(std::shared_ptr<State> state) : m_state(std::move(state)) {}

Result<std::unique_ptr<HttpsServer>> HttpsServer::start(const ServerOptions& options,
                                                        Handler handler, AcceptWebSocket accept) {
  ASSAY_EXPECTS(handler != nullptr);
  ASSAY_TRY(asio::ssl::context context,
            make_server_context(
                {options.certificate_pem, options.key_pem, options.client_authority_pem}));
  auto state =
      std::make_shared<State>(options, std::move(context), std::move(handler), std::move(accept));
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
  return {s.accepted,  s.refused,  s.handshake_failed, s.requests,   s.bad_requests,  s.timed_out,
          s.throttled, s.too_slow, s.sessions.size(),  s.websockets, s.buffered_bytes};
}

std::vector<AddressUse> HttpsServer::connections() const {
  State& s = *m_state;
  std::vector<AddressUse> all;
  {
    const std::lock_guard lock(s.mutex);
    for (const auto& [group, use] : s.by_address)
      all.push_back({group, use.connections, use.websockets});
  }
  std::sort(all.begin(), all.end(),
            [](const AddressUse& a, const AddressUse& b) { return a.address < b.address; });
  return all;
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
  const tcp::endpoint peer = socket.remote_endpoint(ignored);
  const std::string address = peer.address().to_string();
  const std::string name = host_and_port(address, peer.port());
  const bool trusted = std::find(options.trusted_addresses.begin(), options.trusted_addresses.end(),
                                 address) != options.trusted_addresses.end();
  if (!enter(address_group(name), trusted)) return;  // the socket closes itself
  const auto session = std::make_shared<Session>(*this, std::move(socket), name, trusted);
  {
    const std::lock_guard lock(mutex);
    sessions.emplace(session.get(), session);
  }
  session->start(weak_from_this());
}

bool HttpsServer::State::enter(const std::string& group, bool trusted) {
  if (!trusted && !connection_rate.take(group, 1, monotonic_ms())) {
    ++throttled;
    return false;
  }
  const std::lock_guard lock(mutex);
  const std::size_t places =
      options.max_connections - std::min(options.reserved_connections, options.max_connections);
  if (sessions.size() >= options.max_connections || (!trusted && strangers >= places)) {
    ++refused;
    return false;
  }
  const auto known = by_address.find(group);
  if (!trusted && known != by_address.end() &&
      known->second.connections >= options.max_connections_per_address) {
    ++throttled;
    return false;
  }
  ++by_address[group].connections;
  strangers += trusted ? 0 : 1;
  return true;
}

void HttpsServer::State::leave(const std::string& group, bool trusted) {
  strangers -= trusted ? 0 : 1;
  const auto known = by_address.find(group);
  if (--known->second.connections == 0) by_address.erase(known);
}

bool HttpsServer::State::enter_websocket(const std::string& group, bool trusted) {
  const std::lock_guard lock(mutex);
  Use& use = by_address[group];
  if (websockets >= options.max_websockets ||
      (!trusted && use.websockets >= options.max_websockets_per_address))
    return false;
  ++websockets;
  ++use.websockets;
  return true;
}

void HttpsServer::State::leave_websocket(const std::string& group) {
  const std::lock_guard lock(mutex);
  --websockets;
  --by_address[group].websockets;
}

}  // namespace assay::net
