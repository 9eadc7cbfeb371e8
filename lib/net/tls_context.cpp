#include <openssl/ssl.h>

#include "internal/asio_tls.hpp"
#include "internal/openssl.hpp"

namespace assay::net {

namespace {

asio::const_buffer buffer_of(const std::string& text) { return asio::buffer(text); }

Error unusable(const char* what, const error_code& error) {
  ERR_clear_error();
  return {ErrorCode::kInvalidArgument, std::string("TLS: ") + what + " cannot be used (" +
                                           error.message() + "); is it PEM text?"};
}

Result<asio::ssl::context> make_context(asio::ssl::context::method method,
                                        const TlsMaterial& material) {
  asio::ssl::context context(method);
  SSL_CTX* native = context.native_handle();
  if (SSL_CTX_set_min_proto_version(native, TLS1_3_VERSION) != 1)
    return {ErrorCode::kInternal, "TLS 1.3 is not available: " + openssl_words()};
  // An idle connection then holds no 34 KB of buffers.
  SSL_CTX_set_mode(native, SSL_MODE_RELEASE_BUFFERS);
  error_code error;
  if (!material.certificate_pem.empty()) {
    context.use_certificate_chain(buffer_of(material.certificate_pem), error);
    if (error) return unusable("the certificate", error);
    context.set_password_callback([](auto, auto) { return std::string(); }, error);
    context.use_private_key(buffer_of(material.key_pem), asio::ssl::context::pem, error);
    if (error) return unusable("the private key", error);
    if (SSL_CTX_check_private_key(native) != 1) {
      ERR_clear_error();
      return {ErrorCode::kInvalidArgument, "TLS: the private key is not that of the certificate"};
    }
  }
  if (!material.authority_pem.empty()) {
    context.add_certificate_authority(buffer_of(material.authority_pem), error);
    if (error) return unusable("the authority's certificate", error);
  }
  return context;
}

}  // namespace

Result<asio::ssl::context> make_server_context(const TlsMaterial& material) {
  if (material.certificate_pem.empty() || material.key_pem.empty())
    return {ErrorCode::kInvalidArgument, "TLS: a server needs a certificate and its key"};
  ASSAY_TRY(asio::ssl::context context, make_context(asio::ssl::context::tls_server, material));
  // No resumption: connections are kept instead, and no ticket key has to be kept secret.
  SSL_CTX_set_num_tickets(context.native_handle(), 0);
  SSL_CTX_set_session_cache_mode(context.native_handle(), SSL_SESS_CACHE_OFF);
  if (!material.authority_pem.empty())
    SSL_CTX_set_verify(context.native_handle(), SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT,
                       nullptr);
  return context;
}

Result<asio::ssl::context> make_client_context(const TlsMaterial& material) {
  if (material.authority_pem.empty())
    return {ErrorCode::kInvalidArgument,
            "TLS: a client needs the certificate of the authority that it trusts"};
  ASSAY_TRY(asio::ssl::context context, make_context(asio::ssl::context::tls_client, material));
  SSL_CTX_set_verify(context.native_handle(), SSL_VERIFY_PEER, nullptr);
  return context;
}

}  // namespace assay::net
