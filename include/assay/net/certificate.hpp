// X.509 certificates (ECDSA on P-256) for a development network: an authority of one's own, and
// certificates that it issues for names and addresses. Everything is PEM text.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "assay/core/result.hpp"

namespace assay::net {

struct Certified {
  std::string certificate_pem;
  std::string key_pem;  // PKCS #8, not encrypted: keep it in a file of mode 0600
};

struct Validity {
  std::uint64_t not_before_unix_s = 0;
  std::uint64_t not_after_unix_s = 0;
};

// From an hour before `now` (clocks differ) to `days` after it.
[[nodiscard]] Validity valid_for_days(std::uint64_t now_unix_s, std::uint32_t days);

// A self-signed authority that may sign end certificates only. `key_pem`: the key that it is for;
// empty: a new one. What an authority of the same name and key has signed leads to this one, too.
[[nodiscard]] Result<Certified> make_authority(const std::string& common_name,
                                               const Validity& validity,
                                               const std::string& key_pem = {});

struct LeafOptions {
  std::string common_name;
  std::vector<std::string> hosts;  // DNS names and IP addresses; may be empty for a client
  Validity validity;
};
// A certificate for a server and a client, signed by `authority`; `key_pem` as above.
// kInvalidArgument: PEM that cannot be used, a host that is neither a name nor an address.
[[nodiscard]] Result<Certified> issue_certificate(const Certified& authority,
                                                  const LeafOptions& options,
                                                  const std::string& key_pem = {});

struct CertificateInfo {
  std::string common_name;
  std::vector<std::string> hosts;
  Validity validity;
  bool is_authority = false;
  std::string sha256_fingerprint;  // of the DER, in lower-case hexadecimal
};
// The first certificate in `pem`. kMalformed if there is none.
[[nodiscard]] Result<CertificateInfo> inspect_certificate(const std::string& pem);

}  // namespace assay::net
