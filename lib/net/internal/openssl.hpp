// Owners of OpenSSL's objects, and its error queue as words.
#pragma once

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <memory>
#include <string>

namespace assay::net {

struct OpensslFree {
  void operator()(BIO* p) const noexcept { BIO_free_all(p); }
  void operator()(X509* p) const noexcept { X509_free(p); }
  void operator()(EVP_PKEY* p) const noexcept { EVP_PKEY_free(p); }
  void operator()(X509_EXTENSION* p) const noexcept { X509_EXTENSION_free(p); }
  void operator()(GENERAL_NAMES* p) const noexcept { GENERAL_NAMES_free(p); }
  void operator()(ASN1_INTEGER* p) const noexcept { ASN1_INTEGER_free(p); }
  void operator()(BIGNUM* p) const noexcept { BN_free(p); }
};
template <class T>
using Openssl = std::unique_ptr<T, OpensslFree>;

// The last error of this thread, and forgets them all: a stale one would confuse a later TLS call.
[[nodiscard]] inline std::string openssl_words() {
  const unsigned long code = ERR_peek_last_error();
  const char* reason = code == 0 ? nullptr : ERR_reason_error_string(code);
  ERR_clear_error();
  return reason != nullptr ? reason : "no further reason";
}

}  // namespace assay::net
