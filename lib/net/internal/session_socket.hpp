// What a session has while it is a WebSocket.
#pragma once

#include <atomic>
#include <deque>

#include "internal/session.hpp"

namespace assay::net {

class Session::SocketSender final : public WebSocketSender {
 public:
  SocketSender(std::weak_ptr<Server> server, std::weak_ptr<Session> session, std::string peer)
      : m_server(std::move(server)), m_session(std::move(session)), m_peer(std::move(peer)) {}
  bool send(std::string_view text) override;
  void close(CloseCode code, std::string reason) override;
  [[nodiscard]] std::size_t queued_bytes() const override { return m_queued.load(); }
  [[nodiscard]] const std::string& peer() const override { return m_peer; }

 private:
  friend class Session;
  std::weak_ptr<Server> m_server;
  std::weak_ptr<Session> m_session;
  std::string m_peer;
  std::atomic<std::size_t> m_queued{0};
  std::atomic<bool> m_closing{false};
};

// A message that has not been answered.
class Session::SocketTicket {
 public:
  // `bytes` are already counted among the server's.
  SocketTicket(std::weak_ptr<Server> server, std::weak_ptr<Session> session, std::size_t bytes)
      : m_server(std::move(server)), m_session(std::move(session)), m_bytes(bytes) {}
  ~SocketTicket();
  SocketTicket(const SocketTicket&) = delete;
  SocketTicket& operator=(const SocketTicket&) = delete;

 private:
  std::weak_ptr<Server> m_server;
  std::weak_ptr<Session> m_session;
  std::size_t m_bytes;
};

struct Session::WebSocket {
  explicit WebSocket(std::size_t message_bytes) : reader(WebSocketSide::kServer, message_bytes) {}

  WebSocketReader reader;
  WebSocketHandler handler;
  std::shared_ptr<SocketSender> sender;
  std::deque<Bytes> queue;  // the first is being written
  std::size_t unanswered = 0;
  bool reading = false;
  bool writing = false;
  bool pinged = false;
  bool close_sent = false;  // or queued
  bool close_received = false;
  bool ended = false;
  std::chrono::steady_clock::time_point write_until;   // while something is queued
  std::chrono::steady_clock::time_point silent_until;  // of the peer
};

}  // namespace assay::net
