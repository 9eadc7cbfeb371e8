// A connection that has left HTTP for WebSocket: frames in, a bounded queue of frames out, pings in
// silence, and an end for those who do not take what they asked for.
#include <algorithm>
#include <atomic>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>
#include <deque>

#include "internal/session.hpp"
#include "internal/session_socket.hpp"

namespace assay::net {

namespace {

constexpr std::uint64_t kCloseGraceMs = 2'000;  // for the peer's answer to our close

std::chrono::steady_clock::time_point after_ms(std::uint64_t ms) {
  return std::chrono::steady_clock::now() + std::chrono::milliseconds(ms);
}

}  // namespace

bool Session::SocketSender::send(std::string_view text) {
  const auto server = m_server.lock();
  const auto session = m_session.lock();
  if (!server || !session || m_closing.load()) return false;
  Bytes frame = encode_frame(WebSocketMessage::Kind::kText, as_bytes(text));
  if (m_queued.fetch_add(frame.size()) + frame.size() > server->options.websocket_queue_bytes) {
    m_queued -= frame.size();
    return false;
  }
  asio::post(session->m_stream.get_executor(), [session, frame = std::move(frame)]() mutable {
    session->queue_frame(std::move(frame));
  });
  return true;
}

void Session::SocketSender::close(CloseCode code, std::string reason) {
  const auto server = m_server.lock();
  const auto session = m_session.lock();
  if (!server || !session || m_closing.exchange(true)) return;
  asio::post(session->m_stream.get_executor(), [session, code, reason = std::move(reason)] {
    session->close_websocket(code, reason);
  });
}

Session::SocketTicket::~SocketTicket() {
  const auto server = m_server.lock();
  if (!server) return;
  server->buffered_bytes -= m_bytes;
  const auto session = m_session.lock();
  if (!session) return;
  asio::post(session->m_stream.get_executor(), [session] {
    if (session->m_phase != Phase::kWebSocket) return;
    --session->m_websocket->unanswered;
    session->read_websocket();
  });
}

bool Session::upgrade(const HttpRequest& request) {
  const Upgrade asked = check_upgrade(request);
  const auto refuse = [this](HttpResponse response) {
    m_keep_alive = false;
    respond(m_request, std::move(response));
    return true;
  };
  ++m_request;
  if (asked.verdict == UpgradeVerdict::kNone) return false;
  if (asked.verdict == UpgradeVerdict::kMalformed)
    return refuse(make_response(400, "text/plain", "not a request for a WebSocket\n"));
  if (asked.verdict == UpgradeVerdict::kWrongVersion) {
    HttpResponse response = make_response(426, "text/plain", "WebSocket version 13 only\n");
    response.headers.set("Sec-WebSocket-Version", "13");
    return refuse(std::move(response));
  }
  auto answer = m_server.accept_websocket(request);
  if (auto* response = std::get_if<HttpResponse>(&answer)) return refuse(std::move(*response));
  if (m_closing || !m_server.enter_websocket(m_group, m_trusted))
    return refuse(make_response(503, "text/plain", "too many WebSockets; try again in a while\n"));
  open_websocket(asked.accept, std::get<WebSocketHandler>(std::move(answer)));
  return true;
}

void Session::open_websocket(const std::string& accept, WebSocketHandler handler) {
  release();
  m_phase = Phase::kWebSocket;
  m_websocket = std::make_unique<WebSocket>(m_server.options.websocket_message_bytes);
  m_websocket->handler = std::move(handler);
  m_websocket->sender = std::make_shared<SocketSender>(m_owner, weak_from_this(), m_peer);
  m_websocket->silent_until = after_ms(m_server.options.websocket_ping_ms);
  set_websocket_deadline();
  const std::string head =
      "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: "
      "websocket\r\nSec-WebSocket-Accept: " +
      accept + "\r\n\r\n";
  m_websocket->sender->m_queued += head.size();
  queue_frame(to_bytes(as_bytes(head)));
  m_websocket->handler.opened(m_websocket->sender);
  read_websocket();
}

void Session::read_websocket() {
  WebSocket& socket = *m_websocket;
  if (socket.reading || socket.close_received ||
      socket.unanswered >= m_server.options.websocket_unanswered)
    return;
  socket.reading = true;
  if (m_begin < m_end) return on_websocket_bytes();
  m_stream.async_read_some(asio::buffer(m_buffer),
                           [self = shared_from_this()](const error_code& error, std::size_t count) {
                             if (self->m_phase != Phase::kWebSocket) return;
                             if (error) return self->close();
                             self->m_begin = 0;
                             self->m_end = count;
                             self->on_websocket_bytes();
                           });
}

void Session::on_websocket_bytes() {
  WebSocket& socket = *m_websocket;
  socket.reading = false;
  socket.pinged = false;
  socket.silent_until = after_ms(m_server.options.websocket_ping_ms);
  set_websocket_deadline();
  while (m_begin < m_end && !socket.close_received &&
         socket.unanswered < m_server.options.websocket_unanswered) {
    const auto used = socket.reader.feed(ByteView(m_buffer.data() + m_begin, m_end - m_begin));
    if (!used) {
      ++m_server.bad_requests;
      // Nothing that follows can be read.
      socket.close_received = true;
      return close_websocket(socket.reader.error_code(), used.error().message);
    }
    m_begin += *used;
    if (!socket.reader.done()) continue;
    on_websocket_message(socket.reader.take());
    if (m_phase != Phase::kWebSocket) return;
  }
  read_websocket();
}

void Session::on_websocket_message(WebSocketMessage message) {
  using Kind = WebSocketMessage::Kind;
  WebSocket& socket = *m_websocket;
  switch (message.kind) {
    case Kind::kText: return on_websocket_text(message.payload);
    case Kind::kBinary: return close_websocket(CloseCode::kUnsupported, "texts only");
    case Kind::kPing: {
      Bytes pong = encode_frame(Kind::kPong, message.payload);
      // Pings that outrun our answers' departure need none of their own (section 5.5.3).
      if (socket.close_sent || socket.queue.size() > 4) return;
      socket.sender->m_queued += pong.size();
      return queue_frame(std::move(pong));
    }
    case Kind::kPong: return;
    case Kind::kClose: {
      socket.close_received = true;
      if (socket.close_sent && socket.queue.empty()) return drain();
      const auto reason = decode_close(message.payload);
      return close_websocket(reason ? CloseCode::kNormal : CloseCode::kProtocolError, "");
    }
  }
}

void Session::on_websocket_text(const Bytes& payload) {
  if (m_websocket->close_sent) return;
  ++m_server.requests;
  const std::size_t bytes = payload.size();
  const std::uint64_t all = m_server.buffered_bytes.fetch_add(bytes) + bytes;
  const auto ticket = std::make_shared<SocketTicket>(m_owner, weak_from_this(), bytes);
  ++m_websocket->unanswered;
  if (!m_trusted && all > m_server.options.buffered_bytes_max) {
    ++m_server.refused;
    return close_websocket(CloseCode::kTryAgainLater, "too much is being read; try again");
  }
  m_websocket->handler.text(std::string(payload.begin(), payload.end()), ticket);
}

void Session::queue_frame(Bytes frame) {
  if (m_phase != Phase::kWebSocket || m_websocket->close_sent) return;
  if (m_websocket->queue.empty())
    m_websocket->write_until = after_ms(m_server.options.write_timeout_ms);
  m_websocket->queue.push_back(std::move(frame));
  set_websocket_deadline();
  write_websocket();
}

void Session::write_websocket() {
  if (m_websocket->writing || m_websocket->queue.empty()) return;
  m_websocket->writing = true;
  asio::async_write(m_stream, asio::buffer(m_websocket->queue.front()),
                    [self = shared_from_this()](const error_code& error, std::size_t count) {
                      if (self->m_phase != Phase::kWebSocket) return;
                      if (error) return self->close();
                      self->on_websocket_written(count);
                    });
}

void Session::on_websocket_written(std::size_t count) {
  WebSocket& socket = *m_websocket;
  socket.writing = false;
  socket.sender->m_queued -= socket.queue.front().size();
  socket.queue.pop_front();
  const std::uint64_t rate = std::max<std::uint64_t>(m_server.options.slowest_bytes_per_s, 1);
  if (!socket.close_sent)
    socket.write_until =
        std::min(socket.write_until + std::chrono::microseconds(count * 1'000'000 / rate),
                 after_ms(m_server.options.write_timeout_ms));
  set_websocket_deadline();
  if (!socket.queue.empty()) return write_websocket();
  if (socket.close_sent && socket.close_received) return drain();
  if (!socket.close_sent && socket.handler.drained) socket.handler.drained();
}

void Session::close_websocket(CloseCode code, std::string_view reason) {
  if (m_phase != Phase::kWebSocket || m_websocket->close_sent) return;
  WebSocket& socket = *m_websocket;
  Bytes frame = encode_frame(WebSocketMessage::Kind::kClose, encode_close(code, reason));
  socket.sender->m_queued += frame.size();
  socket.sender->m_closing = true;
  socket.queue.push_back(std::move(frame));
  socket.close_sent = true;
  socket.write_until = after_ms(kCloseGraceMs);
  set_websocket_deadline();
  write_websocket();
}

void Session::on_websocket_timeout() {
  WebSocket& socket = *m_websocket;
  const auto now = std::chrono::steady_clock::now();
  if (socket.close_sent) return close();
  if (!socket.queue.empty() && now >= socket.write_until) {
    ++m_server.too_slow;
    // What is on its way cannot be taken back; the rest would come too late.
    while (socket.queue.size() > 1) {
      socket.sender->m_queued -= socket.queue.back().size();
      socket.queue.pop_back();
    }
    return close_websocket(CloseCode::kTooSlow,
                           "too slow: come back and resume after the last event that came");
  }
  if (now < socket.silent_until) return set_websocket_deadline();
  // Whoever waits for our answers need not speak.
  if (socket.pinged && socket.unanswered == 0) return close();
  socket.pinged = true;
  socket.silent_until = after_ms(m_server.options.websocket_ping_ms);
  Bytes ping = encode_frame(WebSocketMessage::Kind::kPing, {});
  socket.sender->m_queued += ping.size();
  queue_frame(std::move(ping));
}

void Session::set_websocket_deadline() {
  const WebSocket& socket = *m_websocket;
  const auto old_deadline = m_deadline;
  m_deadline = socket.close_sent      ? socket.write_until
               : socket.queue.empty() ? socket.silent_until
                                      : std::min(socket.silent_until, socket.write_until);
  if (m_deadline < old_deadline) m_timer.cancel();
}

void Session::end_websocket() {
  if (!m_websocket || m_websocket->ended) return;
  m_websocket->ended = true;
  m_websocket->sender->m_closing = true;
  m_server.leave_websocket(m_group);
  if (m_websocket->handler.closed) m_websocket->handler.closed();
}

}  // namespace assay::net
