// One connection of the client, driven by the thread that has it.
#pragma once

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <optional>
#include <string>

#include "assay/net/client.hpp"
#include "internal/asio_tls.hpp"

namespace assay::net {

using Deadline = std::chrono::steady_clock::time_point;

class Connection {
 public:
  Connection(asio::ssl::context& context, std::string host, std::uint16_t port);

  // Name, TCP, TLS.
  [[nodiscard]] Status open(Deadline deadline);
  struct Failure {
    Error error;
    bool before_response = false;  // not a byte of it came
  };
  // One exchange. After a failure the connection is of no use.
  [[nodiscard]] std::optional<Failure> exchange(const HttpRequest& request,
                                                const HttpLimits& limits, Deadline deadline,
                                                HttpResponse& response);
  // May carry another exchange.
  [[nodiscard]] bool reusable() const noexcept { return m_reusable; }
  // The server closed it, or sent what nobody asked for.
  [[nodiscard]] bool is_stale();
  // From any thread; what runs returns kCancelled.
  void cancel();

  [[nodiscard]] const std::string& origin() const noexcept { return m_origin; }
  Deadline idle_since{};

 private:
  // Starts an operation and runs it to its end, to the deadline or to cancel().
  template <class Start>
  [[nodiscard]] error_code run(Deadline deadline, const Start& start);
  void close();
  [[nodiscard]] Error explain(const std::string& doing, const error_code& error);

  std::string m_host;
  std::uint16_t m_port;
  std::string m_origin;  // host:port
  std::atomic<bool> m_cancelled{false};
  asio::io_context m_io{1};
  TlsStream m_stream;
  bool m_reusable = false;
  Bytes m_buffer;
};

}  // namespace assay::net
