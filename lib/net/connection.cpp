#include "internal/connection.hpp"

#include <openssl/ssl.h>
#include <sys/socket.h>

#include <array>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/asio/write.hpp>

#include "internal/openssl.hpp"

namespace assay::net {

namespace {

constexpr std::size_t kReadBytes = 64 << 10;
const std::string kLoopback = "127.0.0.1";

bool is_alert_about_us(const error_code& error) {
  if (error.category() != asio::error::get_ssl_category()) return false;
  switch (ERR_GET_REASON(static_cast<unsigned long>(error.value()))) {
    case SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED:
    case SSL_R_TLSV1_ALERT_UNKNOWN_CA:
    case SSL_R_SSLV3_ALERT_BAD_CERTIFICATE:
    case SSL_R_SSLV3_ALERT_CERTIFICATE_EXPIRED:
    case SSL_R_SSLV3_ALERT_CERTIFICATE_UNKNOWN: return true;
    default: return false;
  }
}

}  // namespace

Connection::Connection(asio::ssl::context& context, std::string host, std::uint16_t port)
    : m_host(std::move(host)),
      m_port(port),
      m_origin(host_and_port(m_host, port)),
      m_stream(m_io, context),
      m_buffer(kReadBytes) {}

template <class Start>
error_code Connection::run(Deadline deadline, const Start& start) {
  if (m_cancelled.load()) return asio::error::operation_aborted;
  std::optional<error_code> result;
  m_io.restart();
  start([&result](const error_code& error, auto&&...) { result = error; });
  bool late = false;
  while (!result) {
    if (m_io.run_one_until(deadline) == 0 && !result) {
      late = true;
      close();
      m_io.restart();
      while (!result && m_io.run_one() != 0) {
      }
      break;
    }
  }
  return late ? error_code(asio::error::timed_out)
              : result.value_or(asio::error::operation_aborted);
}

void Connection::close() {
  error_code ignored;
  m_stream.next_layer().close(ignored);
  m_reusable = false;
}

void Connection::cancel() {
  m_cancelled.store(true);
  asio::post(m_io, [this] { close(); });
}

Error Connection::explain(const std::string& doing, const error_code& error) {
  const std::string what = doing + " " + m_origin;
  if (m_cancelled.load()) return {ErrorCode::kCancelled, what + ": cancelled"};
  if (error == asio::error::timed_out)
    return {ErrorCode::kTimeout, what + ": no answer in time; is it overloaded, or the network?"};
  const long verified = SSL_get_verify_result(m_stream.native_handle());
  if (verified != X509_V_OK)
    return {ErrorCode::kIntegrity,
            what + ": the server's certificate is not trusted (" +
                X509_verify_cert_error_string(verified) +
                "); use the authority's certificate that belongs to this network, and a host that "
                "the server's certificate names"};
  if (is_alert_about_us(error))
    return {ErrorCode::kPermission, what + ": the server does not accept our certificate (" +
                                        error.message() +
                                        "); ask its operator for one of its authority"};
  if (error == asio::error::connection_refused)
    return {ErrorCode::kUnavailable, what + ": connection refused; is it running there?"};
  if (error.category() == asio::error::get_ssl_category())
    return {ErrorCode::kUnavailable, what + ": TLS failed (" + error.message() +
                                         "); does an assay server of TLS 1.3 listen there?"};
  return {ErrorCode::kUnavailable, what + ": " + error.message() + "; try again"};
}

Status Connection::open(Deadline deadline) {
  error_code error;
  tcp::resolver resolver(m_io);
  // RFC 6761: this name is the loopback's, also where no resolver knows it.
  const std::string& name = m_host == "localhost" ? kLoopback : m_host;
  const auto found = resolver.resolve(name, std::to_string(m_port), error);
  if (error)
    return {ErrorCode::kUnavailable,
            "cannot find " + m_origin + ": " + error.message() + "; check the name"};
  error = asio::error::host_not_found;
  for (const auto& entry : found) {
    error_code ignored;
    m_stream.next_layer().close(ignored);
    error = run(deadline, [&](auto done) {
      m_stream.next_layer().async_connect(entry.endpoint(), std::move(done));
    });
    if (!error || error == asio::error::timed_out || m_cancelled.load()) break;
  }
  if (error) return explain("cannot connect to", error);
  m_stream.next_layer().set_option(tcp::no_delay(true), error);

  SSL* native = m_stream.native_handle();
  error_code not_address;
  asio::ip::make_address(m_host, not_address);
  if (not_address) {
    SSL_set_hostflags(native, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    if (SSL_set1_host(native, m_host.c_str()) != 1 ||
        SSL_ctrl(native, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, m_host.data()) !=
            1)
      return {ErrorCode::kInternal, "TLS: " + openssl_words()};
  } else if (X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(native), m_host.c_str()) != 1) {
    return {ErrorCode::kInternal, "TLS: " + openssl_words()};
  }
  error = run(deadline, [&](auto done) {
    m_stream.async_handshake(asio::ssl::stream_base::client, std::move(done));
  });
  if (error) return explain("cannot connect to", error);
  return {};
}

std::optional<Connection::Failure> Connection::exchange(const HttpRequest& request,
                                                        const HttpLimits& limits, Deadline deadline,
                                                        HttpResponse& response) {
  m_reusable = false;
  const auto head = request_head(request, m_port == 443 ? host_and_port(m_host, 443) : m_origin);
  if (!head) return Failure{head.error(), false};
  std::string first = *head;
  std::size_t with_head = 0;
  if (request.body.size() <= (8 << 10)) {  // one record for a small request
    with_head = request.body.size();
    first.append(reinterpret_cast<const char*>(request.body.data()), with_head);
  }
  error_code write_error =
      run(deadline, [&](auto done) { asio::async_write(m_stream, asio::buffer(first), done); });
  if (!write_error && with_head < request.body.size())
    write_error = run(deadline, [&](auto done) {
      asio::async_write(m_stream, asio::buffer(request.body), done);
    });
  if (write_error == asio::error::timed_out || m_cancelled.load())
    return Failure{explain("sending to", write_error), true};

  // A server may answer and close before it has read everything: its answer says more than our
  // error.
  ResponseParser parser(limits, request.method == "HEAD");
  while (parser.stage() != ParseStage::kDone) {
    std::size_t count = 0;
    const error_code error = run(deadline, [&](auto done) {
      m_stream.async_read_some(asio::buffer(m_buffer),
                               [&count, done](const error_code& e, std::size_t n) {
                                 count = n;
                                 done(e);
                               });
    });
    if (error == asio::error::eof && parser.started() && parser.feed_end()) break;
    if (error) {
      const bool nothing = !parser.started();
      const bool in_vain = error == asio::error::timed_out;
      return Failure{explain("reading from", write_error && nothing ? write_error : error),
                     nothing && !in_vain};
    }
    const auto used = parser.feed(ByteView(m_buffer.data(), count));
    if (!used) return Failure{with_context(used.error(), "the answer of " + m_origin), false};
    if (*used < count)
      return Failure{{ErrorCode::kMalformed, m_origin + " sent more than one answer"}, false};
  }
  m_reusable = parser.keep_alive() && !write_error;
  response = parser.take();
  if (response.status < 200)
    return Failure{{ErrorCode::kMalformed, m_origin + " sent an interim answer not asked for"},
                   false};
  return std::nullopt;
}

bool Connection::is_stale() {
  std::uint8_t byte = 0;
  const ssize_t n =
      ::recv(m_stream.next_layer().native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  return !(n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK));
}

}  // namespace assay::net
