// The Asio names that this room uses, and TLS contexts made from PEM text.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <string>

#include "assay/core/result.hpp"

namespace assay::net {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;
using TlsStream = asio::ssl::stream<tcp::socket>;

struct TlsMaterial {
  std::string certificate_pem;  // may be empty for a client
  std::string key_pem;
  std::string authority_pem;  // may be empty for a server: then clients need no certificate
};

// TLS 1.3 only. kInvalidArgument, saying which text cannot be used and why.
[[nodiscard]] Result<asio::ssl::context> make_server_context(const TlsMaterial& material);
[[nodiscard]] Result<asio::ssl::context> make_client_context(const TlsMaterial& material);

}  // namespace assay::net
