// TLS with bytes of the test's own choice inside.
#pragma once

#include <openssl/ssl.h>
#include <signal.h>

#include <cstdint>
#include <string>
#include <string_view>

namespace assay::net {

// A TLS connection on which the test writes what it likes.
class RawTls {
 public:
  explicit RawTls(std::uint16_t port, int max_version = TLS1_3_VERSION)
      : m_context(SSL_CTX_new(TLS_client_method())) {
    ::signal(SIGPIPE, SIG_IGN);  // OpenSSL's own sockets raise it; assay's do not
    SSL_CTX_set_max_proto_version(m_context, max_version);
    m_bio = BIO_new_ssl_connect(m_context);
    BIO_set_conn_hostname(m_bio, ("127.0.0.1:" + std::to_string(port)).c_str());
    m_ready = BIO_do_connect(m_bio) == 1 && BIO_do_handshake(m_bio) == 1;
  }
  ~RawTls() {
    BIO_free_all(m_bio);
    SSL_CTX_free(m_context);
  }
  RawTls(const RawTls&) = delete;
  RawTls& operator=(const RawTls&) = delete;
  [[nodiscard]] bool ready() const { return m_ready; }
  bool send(std::string_view text) {
    return BIO_write(m_bio, text.data(), static_cast<int>(text.size())) ==
           static_cast<int>(text.size());
  }
  // One read's worth; empty at the end.
  std::string receive() {
    char piece[16384];
    const int n = BIO_read(m_bio, piece, sizeof piece);
    return n > 0 ? std::string(piece, static_cast<std::size_t>(n)) : std::string();
  }
  std::string receive_all() {
    std::string all;
    char piece[4096];
    int n = 0;
    while ((n = BIO_read(m_bio, piece, sizeof piece)) > 0)
      all.append(piece, static_cast<std::size_t>(n));
    return all;
  }

 private:
  SSL_CTX* m_context;
  BIO* m_bio = nullptr;
  bool m_ready = false;
};

}  // namespace assay::net
