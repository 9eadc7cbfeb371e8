// One connection: requests in, answers out, in their order.
#pragma once

#include <atomic>
#include <mutex>

#include "assay/abci/server.hpp"

namespace assay::abci {

// What all connections of a server share. Thread-safe.
class Calls {
 public:
  Calls(const ServerOptions& options, Application& application, Log& log)
      : m_policy(options.grammar), m_application(application), m_log(log) {}

  // The application's answer, in keeping with what may overlap.
  [[nodiscard]] Response answer(ConnectionId connection, Request request);
  // What ends a connection, as an answer.
  [[nodiscard]] Response refuse(ConnectionId connection, const std::string& why);

  std::atomic<std::uint64_t> requests{0};
  std::atomic<std::uint64_t> exceptions{0};
  std::atomic<std::uint64_t> grammar_breaks{0};

 private:
  // An answer instead of the application's, if the call is out of order and that is refused.
  [[nodiscard]] std::optional<Response> check_order(ConnectionId connection,
                                                    const Request& request);

  GrammarPolicy m_policy;
  Application& m_application;
  Log& m_log;
  std::mutex m_state_calls;  // those that change or propose state
  std::mutex m_settled;      // those that change what is durable, and Info
  std::mutex m_grammar_mutex;
  GrammarMonitor m_grammar;
};

class Session {
 public:
  Session(ConnectionId id, net::Stream stream, std::size_t message_bytes_max, Calls& calls)
      : m_id(id), m_stream(std::move(stream)), m_bytes_max(message_bytes_max), m_calls(calls) {}

  // Until the peer goes, an exception was sent or the session is stopped; why it ended.
  [[nodiscard]] std::string run();

  // From any thread: no request after the one that is answered; then not even its answer.
  void stop_reading();
  void stop();

 private:
  [[nodiscard]] std::string serve();
  [[nodiscard]] Status read_more();
  [[nodiscard]] Status send();
  // False: it was an exception, which is the last answer.
  [[nodiscard]] bool answer(ByteView message, bool& flush);
  void put(const Response& response);

  ConnectionId m_id;
  net::Stream m_stream;
  std::size_t m_bytes_max;
  Calls& m_calls;
  std::atomic<bool> m_stopping{false};
  Bytes m_in;
  std::size_t m_begin = 0;  // of what was not parsed yet
  std::size_t m_end = 0;
  Bytes m_out;
};

}  // namespace assay::abci
