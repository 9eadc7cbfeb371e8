#include "internal/session_socket.hpp"

#include <boost/asio/dispatch.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>

namespace assay::net {

namespace {

constexpr std::uint64_t kDrainMs = 1000;
constexpr std::size_t kWriteBytes = 256 << 10;

}  // namespace

// The answer to one request: used once, or 500 when it is dropped.
class Session::ReplyOnce {
 public:
  ReplyOnce(std::shared_ptr<Session> session, std::uint64_t request)
      : m_server(session->m_owner.lock()), m_session(session), m_request(request) {}
  ReplyOnce(const ReplyOnce&) = delete;
  ReplyOnce& operator=(const ReplyOnce&) = delete;
  ~ReplyOnce() {
    if (!m_used.load()) answer(make_response(500, "text/plain", "no answer was given\n"));
  }

  void answer(HttpResponse response) {
    if (m_used.exchange(true)) return;
    const std::shared_ptr<Session> session = m_session.lock();
    if (!session) return;
    asio::post(session->m_stream.get_executor(),
               [session, request = m_request, response = std::move(response)]() mutable {
                 session->respond(request, std::move(response));
               });
  }

 private:
  std::shared_ptr<Server> m_server;  // first, so destroyed last: its io_context takes the post
  std::weak_ptr<Session> m_session;
  std::uint64_t m_request;
  std::atomic<bool> m_used{false};
};

Session::Session(Server& server, tcp::socket socket, std::string peer, bool trusted)
    : m_server(server),
      m_stream(std::move(socket), server.context),
      m_timer(m_stream.get_executor()),
      m_parser(server.options.limits),
      m_peer(std::move(peer)),
      m_group(address_group(m_peer)),
      m_trusted(trusted) {}

Session::~Session() {
  release();
  const std::lock_guard lock(m_server.mutex);
  m_server.leave(m_group, m_trusted);
  m_server.sessions.erase(this);
  m_server.session_ended.notify_all();
}

void Session::start(std::weak_ptr<Server> server) {
  m_owner = std::move(server);
  asio::dispatch(m_stream.get_executor(), [self = shared_from_this()] {
    self->enter(Phase::kHandshake, self->m_server.options.handshake_timeout_ms);
    self->watch();
    self->m_stream.async_handshake(asio::ssl::stream_base::server, [self](const error_code& error) {
      if (!error) return self->next_request();
      ++self->m_server.handshake_failed;
      self->close();
    });
  });
}

void Session::close_soon() {
  asio::post(m_stream.get_executor(), [self = shared_from_this()] {
    self->m_closing = true;
    const Phase phase = self->m_phase;
    if (phase == Phase::kWebSocket)
      return self->close_websocket(CloseCode::kGoingAway, "the node is being stopped");
    // A request that is being read, handled or answered is finished first.
    if (phase == Phase::kHandshake || phase == Phase::kIdle || phase == Phase::kDrain)
      self->close();
  });
}

void Session::close_now() {
  asio::post(m_stream.get_executor(), [self = shared_from_this()] { self->close(); });
}

void Session::enter(Phase phase, std::uint64_t timeout_ms) {
  m_phase = phase;
  m_phase_timeout = std::chrono::milliseconds(timeout_ms);
  const auto old_deadline = m_deadline;
  m_deadline = std::chrono::steady_clock::now() + m_phase_timeout;
  // The waiting timer looks at the deadline when it fires; only an earlier one needs to wake it.
  if (m_deadline < old_deadline) m_timer.cancel();
}

// Those who move bytes get the time that the slowest allowed rate takes, so a sender of single
// bytes gains nothing and a slow line is not cut off; it cannot be saved up, so a stall ends in
// time too.
void Session::credit(std::size_t bytes) {
  const std::uint64_t rate = std::max<std::uint64_t>(m_server.options.slowest_bytes_per_s, 1);
  const auto latest = std::chrono::steady_clock::now() + m_phase_timeout;
  m_deadline = std::min(m_deadline + std::chrono::microseconds(bytes * 1'000'000 / rate), latest);
}

void Session::watch() {
  if (m_phase == Phase::kClosed) return;
  m_timer.expires_at(m_deadline);
  m_timer.async_wait([self = shared_from_this()](const error_code&) {
    if (self->m_phase == Phase::kClosed) return;
    if (std::chrono::steady_clock::now() >= self->m_deadline) self->on_timeout();
    self->watch();
  });
}

void Session::on_timeout() {
  if (m_phase == Phase::kWebSocket) return on_websocket_timeout();
  if (m_phase != Phase::kIdle && m_phase != Phase::kDrain) ++m_server.timed_out;
  if (m_phase == Phase::kHandler) {
    m_keep_alive = false;
    return respond(m_request, make_response(503, "text/plain", "the answer took too long\n"));
  }
  close();
}

void Session::next_request() {
  if (m_closing) return close();
  m_continued = false;
  enter(Phase::kIdle, m_server.options.idle_timeout_ms);
  if (m_begin < m_end) return on_bytes();
  read();
}

void Session::read() {
  m_stream.async_read_some(asio::buffer(m_buffer),
                           [self = shared_from_this()](const error_code& error, std::size_t count) {
                             if (self->m_phase == Phase::kClosed) return;
                             if (error) return self->close();
                             self->m_begin = 0;
                             self->m_end = count;
                             self->credit(count);
                             self->on_bytes();
                           });
}

void Session::on_bytes() {
  const ParseStage before = m_parser.stage();
  if (m_phase == Phase::kIdle) enter(Phase::kHeader, m_server.options.header_timeout_ms);
  const auto used = m_parser.feed(ByteView(m_buffer.data() + m_begin, m_end - m_begin));
  if (!used) {
    ++m_server.bad_requests;
    return fail_request(m_parser.error_status(), used.error().message);
  }
  m_begin += *used;
  const ParseStage stage = m_parser.stage();
  if (stage != ParseStage::kHeader && !hold(*used)) {
    ++m_server.refused;
    return fail_request(503, "too many requests are being read; try again in a while");
  }
  if (stage == ParseStage::kDone) return dispatch();
  if (stage == ParseStage::kBody && before == ParseStage::kHeader)
    enter(Phase::kBody, m_server.options.body_timeout_ms);
  if (m_parser.expects_continue() && !m_continued) return send_continue();
  read();
}

void Session::send_continue() {
  static constexpr char kContinue[] = "HTTP/1.1 100 Continue\r\n\r\n";
  m_continued = true;
  asio::async_write(m_stream, asio::buffer(kContinue, sizeof kContinue - 1),
                    [self = shared_from_this()](const error_code& error, std::size_t) {
                      if (self->m_phase == Phase::kClosed) return;
                      if (error) return self->close();
                      self->read();
                    });
}

void Session::dispatch() {
  ++m_server.requests;
  m_keep_alive = m_parser.keep_alive();
  HttpRequest request = m_parser.take();
  request.peer = m_peer;
  request.trusted = m_trusted;
  m_to_head = request.method == "HEAD";
  enter(Phase::kHandler, m_server.options.handler_timeout_ms);
  if (m_server.accept_websocket && upgrade(request)) return;
  const auto once = std::make_shared<ReplyOnce>(shared_from_this(), ++m_request);
  try {
    m_server.handler(std::move(request),
                     [once](HttpResponse response) { once->answer(std::move(response)); });
  } catch (...) {
    once->answer(make_response(500, "text/plain", "the request's handler failed\n"));
  }
}

void Session::respond(std::uint64_t request, HttpResponse response) {
  if (m_phase != Phase::kHandler || request != m_request) return;  // closed, or timed out before
  if (m_closing || m_server.stopping.load()) m_keep_alive = false;
  release();
  if (!hold(response.body.size())) {
    ++m_server.refused;
    m_keep_alive = false;
    response = make_response(503, "text/plain", "too many answers are being sent; try again\n");
  }
  auto head = response_head(response, m_keep_alive);
  if (!head) {
    m_keep_alive = false;
    response = make_response(500, "text/plain", "the answer cannot be sent\n");
    head = response_head(response, false);
  }
  m_head = *std::move(head);
  m_body = m_to_head || response.status == 204 || response.status == 304 ? Bytes()
                                                                         : std::move(response.body);
  m_sent = 0;
  enter(Phase::kWrite, m_server.options.write_timeout_ms);
  const std::size_t first = std::min(m_body.size(), kWriteBytes);
  // One record for a small answer; a large one goes without being copied.
  if (first <= (8 << 10)) {
    m_head.append(reinterpret_cast<const char*>(m_body.data()), first);
    m_sent = first;
  }
  asio::async_write(m_stream, asio::buffer(m_head),
                    [self = shared_from_this()](const error_code& error, std::size_t) {
                      if (self->m_phase == Phase::kClosed) return;
                      if (error) return self->close();
                      self->write_more();
                    });
}

void Session::write_more() {
  if (m_sent == m_body.size()) {
    m_body = {};
    release();
    return m_keep_alive ? next_request() : drain();
  }
  const std::size_t count = std::min(m_body.size() - m_sent, kWriteBytes);
  asio::async_write(m_stream, asio::buffer(m_body.data() + m_sent, count),
                    [self = shared_from_this()](const error_code& error, std::size_t written) {
                      if (self->m_phase == Phase::kClosed) return;
                      if (error) return self->close();
                      self->m_sent += written;
                      self->credit(written);
                      self->write_more();
                    });
}

void Session::fail_request(unsigned status, const std::string& why) {
  m_keep_alive = false;
  m_to_head = false;
  enter(Phase::kHandler, m_server.options.handler_timeout_ms);
  respond(++m_request, make_response(status, "text/plain", why + "\n"));
}

// A socket closed with unread bytes is reset, and the reset may overtake the answer: so say that no
// more comes, and read on for a moment.
void Session::drain() {
  enter(Phase::kDrain, kDrainMs);
  m_stream.async_shutdown([self = shared_from_this()](const error_code&) {
    if (self->m_phase == Phase::kClosed) return;
    error_code ignored;
    self->m_stream.next_layer().shutdown(tcp::socket::shutdown_send, ignored);
    const auto discard = [](const auto& again, const std::shared_ptr<Session>& session) -> void {
      session->m_stream.next_layer().async_read_some(
          asio::buffer(session->m_buffer), [again, session](const error_code& error, std::size_t) {
            if (session->m_phase == Phase::kClosed) return;
            if (error) return session->close();
            again(again, session);
          });
    };
    discard(discard, self);
  });
}

bool Session::hold(std::size_t bytes) {
  m_held_bytes += bytes;
  const std::uint64_t all = m_server.buffered_bytes.fetch_add(bytes) + bytes;
  return m_trusted || all <= m_server.options.buffered_bytes_max;
}

void Session::release() {
  m_server.buffered_bytes -= m_held_bytes;
  m_held_bytes = 0;
}

void Session::close() {
  if (m_phase == Phase::kClosed) return;
  m_phase = Phase::kClosed;
  end_websocket();
  error_code ignored;
  m_stream.next_layer().close(ignored);
  m_timer.cancel();
}

}  // namespace assay::net
