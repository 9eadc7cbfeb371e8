#include "assay/net/certificate.hpp"

#include <arpa/inet.h>
#include <openssl/bn.h>
#include <openssl/pem.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <ctime>

#include "assay/core/hex.hpp"
#include "internal/openssl.hpp"

namespace assay::net {

namespace {

Error openssl_error(const std::string& what) {
  return {ErrorCode::kInternal, what + ": " + openssl_words()};
}

Openssl<BIO> reading(const std::string& pem) {
  return Openssl<BIO>(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
}

template <class Write>
Result<std::string> to_pem(const Write& write) {
  const Openssl<BIO> out(BIO_new(BIO_s_mem()));
  if (!out || write(out.get()) != 1) return openssl_error("cannot write PEM");
  char* data = nullptr;
  const long size = BIO_get_mem_data(out.get(), &data);
  return std::string(data, static_cast<std::size_t>(size));
}

// Never asks on the terminal: an encrypted key is an error here.
int no_password(char*, int, int, void*) { return -1; }

Result<Openssl<X509>> parse_certificate(const std::string& pem) {
  Openssl<X509> certificate(PEM_read_bio_X509(reading(pem).get(), nullptr, no_password, nullptr));
  if (!certificate) {
    ERR_clear_error();
    return {ErrorCode::kMalformed, "there is no PEM certificate in the text given"};
  }
  return certificate;
}

Result<Openssl<EVP_PKEY>> parse_key(const std::string& pem) {
  Openssl<EVP_PKEY> key(PEM_read_bio_PrivateKey(reading(pem).get(), nullptr, no_password, nullptr));
  if (!key) {
    ERR_clear_error();
    return {ErrorCode::kMalformed, "there is no unencrypted PEM private key in the text given"};
  }
  return key;
}

Result<Openssl<EVP_PKEY>> key_or_new(const std::string& pem) {
  if (!pem.empty()) return parse_key(pem);
  Openssl<EVP_PKEY> key(EVP_EC_gen("P-256"));
  if (!key) return openssl_error("cannot make a key");
  return key;
}

bool is_address(const std::string& host) {
  std::array<unsigned char, 16> bytes{};
  return ::inet_pton(AF_INET, host.c_str(), bytes.data()) == 1 ||
         ::inet_pton(AF_INET6, host.c_str(), bytes.data()) == 1;
}

bool is_dns_name(const std::string& host) {
  return !host.empty() && host.size() <= 253 &&
         std::all_of(host.begin(), host.end(), [](unsigned char c) {
           return std::isalnum(c) != 0 || c == '.' || c == '-' || c == '_' || c == '*';
         });
}

bool set_random_serial(X509* certificate) {
  const Openssl<BIGNUM> number(BN_new());
  return number && BN_rand(number.get(), 127, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ANY) == 1 &&
         BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(certificate)) != nullptr;
}

bool add_extension(X509* certificate, X509* issuer, int id, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  const Openssl<X509_EXTENSION> extension(
      X509V3_EXT_conf_nid(nullptr, &context, id, value.c_str()));
  return extension && X509_add_ext(certificate, extension.get(), -1) == 1;
}

bool set_time(ASN1_TIME* to, std::uint64_t unix_s) {
  return ASN1_TIME_set(to, static_cast<time_t>(unix_s)) != nullptr;
}

// Everything that authorities and leaves have in common; `authority` is null for a self-signed one.
Result<Openssl<X509>> start_certificate(const std::string& common_name, const Validity& validity,
                                        EVP_PKEY* key, X509* authority) {
  if (common_name.empty() || common_name.size() > 64)
    return {ErrorCode::kInvalidArgument, "a certificate's name has 1 to 64 characters"};
  if (validity.not_before_unix_s >= validity.not_after_unix_s)
    return {ErrorCode::kInvalidArgument, "a certificate must end after it begins"};
  Openssl<X509> made(X509_new());
  if (!made) return openssl_error("cannot make a certificate");
  X509_NAME* name = X509_get_subject_name(made.get());
  const auto* text = reinterpret_cast<const unsigned char*>(common_name.data());
  const bool good =
      X509_set_version(made.get(), 2) == 1 && set_random_serial(made.get()) &&
      set_time(X509_getm_notBefore(made.get()), validity.not_before_unix_s) &&
      set_time(X509_getm_notAfter(made.get()), validity.not_after_unix_s) &&
      X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, text,
                                 static_cast<int>(common_name.size()), -1, 0) == 1 &&
      X509_set_issuer_name(made.get(), authority ? X509_get_subject_name(authority) : name) == 1 &&
      X509_set_pubkey(made.get(), key) == 1 &&
      add_extension(made.get(), made.get(), NID_subject_key_identifier, "hash");
  if (!good) return openssl_error("cannot make a certificate");
  return made;
}

Result<Certified> finish(X509* certificate, EVP_PKEY* key, EVP_PKEY* signer) {
  if (X509_sign(certificate, signer, EVP_sha256()) == 0)
    return openssl_error("cannot sign a certificate");
  Certified made;
  ASSAY_TRY(made.certificate_pem,
            to_pem([&](BIO* out) { return PEM_write_bio_X509(out, certificate); }));
  ASSAY_TRY(made.key_pem, to_pem([&](BIO* out) {
              return PEM_write_bio_PKCS8PrivateKey(out, key, nullptr, nullptr, 0, nullptr, nullptr);
            }));
  return made;
}

}  // namespace

Validity valid_for_days(std::uint64_t now_unix_s, std::uint32_t days) {
  return {now_unix_s - std::min<std::uint64_t>(now_unix_s, 3600),
          now_unix_s + std::uint64_t{days} * 86'400};
}

Result<Certified> make_authority(const std::string& common_name, const Validity& validity,
                                 const std::string& key_pem) {
  ASSAY_TRY(const Openssl<EVP_PKEY> key, key_or_new(key_pem));
  ASSAY_TRY(const Openssl<X509> made, start_certificate(common_name, validity, key.get(), nullptr));
  if (!add_extension(made.get(), made.get(), NID_basic_constraints, "critical,CA:TRUE,pathlen:0") ||
      !add_extension(made.get(), made.get(), NID_key_usage, "critical,keyCertSign,cRLSign"))
    return openssl_error("cannot make an authority");
  return finish(made.get(), key.get(), key.get());
}

Result<Certified> issue_certificate(const Certified& authority, const LeafOptions& options,
                                    const std::string& key_pem) {
  std::string names;
  for (const std::string& host : options.hosts) {
    const bool address = is_address(host);
    if (!address && !is_dns_name(host))
      return {ErrorCode::kInvalidArgument,
              host.substr(0, 64) + ": neither a host name nor an address"};
    names.append(names.empty() ? "" : ",").append(address ? "IP:" : "DNS:").append(host);
  }
  ASSAY_TRY(const Openssl<X509> issuer, parse_certificate(authority.certificate_pem));
  ASSAY_TRY(const Openssl<EVP_PKEY> signer, parse_key(authority.key_pem));
  if (X509_check_private_key(issuer.get(), signer.get()) != 1) {
    ERR_clear_error();
    return {ErrorCode::kInvalidArgument, "the authority's key is not that of its certificate"};
  }
  ASSAY_TRY(const Openssl<EVP_PKEY> key, key_or_new(key_pem));
  ASSAY_TRY(const Openssl<X509> made,
            start_certificate(options.common_name, options.validity, key.get(), issuer.get()));
  const auto add = [&](int id, const std::string& value) {
    return add_extension(made.get(), issuer.get(), id, value);
  };
  if (!add(NID_basic_constraints, "critical,CA:FALSE") ||
      !add(NID_key_usage, "critical,digitalSignature") ||
      !add(NID_ext_key_usage, "serverAuth,clientAuth") ||
      !add(NID_authority_key_identifier, "keyid") ||
      (!names.empty() && !add(NID_subject_alt_name, names)))
    return openssl_error("cannot make a certificate");
  return finish(made.get(), key.get(), signer.get());
}

Result<CertificateInfo> inspect_certificate(const std::string& pem) {
  ASSAY_TRY(const Openssl<X509> certificate, parse_certificate(pem));
  CertificateInfo info;
  char name[128] = {};
  if (X509_NAME_get_text_by_NID(X509_get_subject_name(certificate.get()), NID_commonName, name,
                                sizeof name) > 0)
    info.common_name = name;
  const auto to_unix = [](const ASN1_TIME* time) -> std::uint64_t {
    std::tm parts{};
    if (ASN1_TIME_to_tm(time, &parts) != 1) return 0;
    const time_t seconds = ::timegm(&parts);
    return seconds < 0 ? 0 : static_cast<std::uint64_t>(seconds);
  };
  info.validity = {to_unix(X509_get0_notBefore(certificate.get())),
                   to_unix(X509_get0_notAfter(certificate.get()))};
  info.is_authority = X509_check_ca(certificate.get()) > 0;
  const Openssl<GENERAL_NAMES> names(static_cast<GENERAL_NAMES*>(
      X509_get_ext_d2i(certificate.get(), NID_subject_alt_name, nullptr, nullptr)));
  for (int i = 0; i < (names ? sk_GENERAL_NAME_num(names.get()) : 0); ++i) {
    const GENERAL_NAME* entry = sk_GENERAL_NAME_value(names.get(), i);
    if (entry->type == GEN_DNS) {
      const ASN1_STRING* text = entry->d.dNSName;
      info.hosts.emplace_back(reinterpret_cast<const char*>(ASN1_STRING_get0_data(text)),
                              static_cast<std::size_t>(ASN1_STRING_length(text)));
    } else if (entry->type == GEN_IPADD) {
      const ASN1_STRING* bytes = entry->d.iPAddress;
      char text[INET6_ADDRSTRLEN] = {};
      const int family = ASN1_STRING_length(bytes) == 4 ? AF_INET : AF_INET6;
      if ((family == AF_INET || ASN1_STRING_length(bytes) == 16) &&
          ::inet_ntop(family, ASN1_STRING_get0_data(bytes), text, sizeof text) != nullptr)
        info.hosts.emplace_back(text);
    }
  }
  std::array<std::uint8_t, EVP_MAX_MD_SIZE> digest{};
  unsigned length = 0;
  if (X509_digest(certificate.get(), EVP_sha256(), digest.data(), &length) != 1)
    return openssl_error("cannot hash a certificate");
  info.sha256_fingerprint = to_hex(ByteView(digest.data(), length));
  return info;
}

}  // namespace assay::net
