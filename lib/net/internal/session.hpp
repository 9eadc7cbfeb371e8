// One connection of the server: handshake, then requests one after the other. All members but the
// constructor, close_soon() and close_now() run on the connection's strand.
#pragma once

#include <array>
#include <chrono>
#include <string>

#include "internal/server_state.hpp"

namespace assay::net {

class Session : public std::enable_shared_from_this<Session> {
 public:
  using Server = HttpsServer::State;
  // The server outlives its sessions' handlers (they live in its io_context).
  Session(Server& server, tcp::socket socket, std::string peer, bool trusted);
  ~Session();

  void start(std::weak_ptr<Server> server);
  void close_soon();  // after the request that runs, if any; from any thread
  void close_now();   // from any thread

 private:
  class ReplyOnce;
  class SocketSender;
  class SocketTicket;
  enum class Phase {
    kHandshake,
    kIdle,
    kHeader,
    kBody,
    kHandler,
    kWrite,
    kWebSocket,
    kDrain,
    kClosed
  };
  // What a connection has once it left HTTP; session_websocket.cpp.
  struct WebSocket;

  void enter(Phase phase, std::uint64_t timeout_ms);
  void credit(std::size_t bytes);
  void watch();
  void on_timeout();
  void next_request();
  void read();
  void on_bytes();
  void send_continue();
  void dispatch();
  void respond(std::uint64_t request, HttpResponse response);
  void write_more();
  void fail_request(unsigned status, const std::string& why);
  void drain();
  void close();
  // Counts what is held of a body among all connections'; false if that is too much.
  [[nodiscard]] bool hold(std::size_t bytes);
  void release();

  // True if the request was for a WebSocket, and it has been answered.
  [[nodiscard]] bool upgrade(const HttpRequest& request);
  void open_websocket(const std::string& accept, WebSocketHandler handler);
  void read_websocket();
  void on_websocket_bytes();
  void on_websocket_message(WebSocketMessage message);
  void on_websocket_text(const Bytes& payload);
  void queue_frame(Bytes frame);
  void write_websocket();
  void on_websocket_written(std::size_t count);
  void close_websocket(CloseCode code, std::string_view reason);
  void on_websocket_timeout();
  void set_websocket_deadline();
  void end_websocket();

  Server& m_server;
  std::weak_ptr<Server> m_owner;
  TlsStream m_stream;
  asio::steady_timer m_timer;
  std::chrono::steady_clock::time_point m_deadline;
  std::chrono::milliseconds m_phase_timeout{0};
  Phase m_phase = Phase::kHandshake;

  RequestParser m_parser;
  std::array<std::uint8_t, 32 << 10> m_buffer;
  std::size_t m_begin = 0;  // of what was read and not yet parsed
  std::size_t m_end = 0;
  bool m_continued = false;

  std::string m_peer;
  std::string m_group;
  bool m_trusted;
  std::uint64_t m_held_bytes = 0;
  std::unique_ptr<WebSocket> m_websocket;
  std::uint64_t m_request = 0;  // number of the request that is answered
  bool m_keep_alive = true;
  bool m_to_head = false;
  bool m_closing = false;
  std::string m_head;
  Bytes m_body;
  std::size_t m_sent = 0;
};

}  // namespace assay::net
