// The certificates of a ledger node's folder: its authority, which roles pin, its server's, those
// of its operator's calls, and those of parties (docs/spec/node.md, "Certificates"). A renewed one
// keeps its name and its key, so what led to it still does.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "assay/core/result.hpp"

namespace assay {
class Clock;
}

namespace assay::node {

inline constexpr std::uint32_t kAuthorityDays = 3650;
inline constexpr std::uint32_t kCertificateDays = 365;

struct CertificateFile {
  std::filesystem::path path;
  std::uint64_t not_after_unix_s = 0;
};

// Those of a new home, whose server is reached under `hosts`. kInvalidArgument: a bad name or host.
[[nodiscard]] Status make_certificates(const std::filesystem::path& home, const std::string& chain,
                                       const std::vector<std::string>& hosts, const Clock& clock);

// Renews the home's own, an authority only where it would end before what it signs. `hosts`: of the
// server from now on; empty: those that it has. The node reads them at its next start.
[[nodiscard]] Result<std::vector<CertificateFile>> renew_certificates(
    const std::filesystem::path& home, const std::vector<std::string>& hosts, const Clock& clock);

// What a party on `hosts` needs of this chain, into `folder`: tls.pem and tls-key.pem, issued by
// the home's authority, authority.pem and genesis.bin. kAlreadyExists: it has a key already.
[[nodiscard]] Result<CertificateFile> issue_party_certificate(const std::filesystem::path& home,
                                                              const std::filesystem::path& folder,
                                                              const std::string& name,
                                                              const std::vector<std::string>& hosts,
                                                              const Clock& clock);
// Another for the key and the name in `folder`; `hosts` empty: those that it has. kNotFound: it has
// none.
[[nodiscard]] Result<CertificateFile> renew_party_certificate(const std::filesystem::path& home,
                                                              const std::filesystem::path& folder,
                                                              const std::vector<std::string>& hosts,
                                                              const Clock& clock);

}  // namespace assay::node
