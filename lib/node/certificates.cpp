#include "assay/node/certificates.hpp"

#include "assay/core/faces.hpp"
#include "assay/host/read_file.hpp"
#include "assay/net/certificate.hpp"
#include "assay/node/home.hpp"

namespace assay::node {

namespace fs = std::filesystem;

namespace {

constexpr std::uint64_t kMaxPemBytes = 64 * 1024;
constexpr std::uint64_t kMaxGenesisBytes = 1024 * 1024;

struct Place {
  fs::path certificate, key;
};

net::Validity from_now(const Clock& clock, std::uint32_t days) {
  return net::valid_for_days(clock.unix_ms() / 1000, days);
}

Result<net::Certified> read_certified(const Place& place) {
  ASSAY_TRY(const Bytes certificate, host::read_file(place.certificate, kMaxPemBytes));
  ASSAY_TRY(const Bytes key, host::read_secret_file(place.key, kMaxPemBytes));
  return net::Certified{{certificate.begin(), certificate.end()}, {key.begin(), key.end()}};
}

// The key first: it is never overwritten, and without its certificate it does no harm.
Status write_certified(const Place& place, const net::Certified& certified) {
  ASSAY_TRY_STATUS(host::write_secret_file(place.key, as_bytes(certified.key_pem)));
  return host::write_file(place.certificate, as_bytes(certified.certificate_pem));
}

Result<CertificateFile> replace(const fs::path& path, const net::Certified& certified) {
  ASSAY_TRY(const net::CertificateInfo info, net::inspect_certificate(certified.certificate_pem));
  ASSAY_TRY_STATUS(host::write_file(path, as_bytes(certified.certificate_pem)));
  return CertificateFile{path, info.validity.not_after_unix_s};
}

// For the same key and name.
Result<CertificateFile> renew_leaf(const Place& place, const net::Certified& authority,
                                   const std::vector<std::string>& hosts, const Clock& clock) {
  ASSAY_TRY(const net::Certified old, read_certified(place));
  ASSAY_TRY(net::CertificateInfo info, net::inspect_certificate(old.certificate_pem));
  const net::LeafOptions leaf{info.common_name, hosts.empty() ? info.hosts : hosts,
                              from_now(clock, kCertificateDays)};
  ASSAY_TRY(const net::Certified renewed, net::issue_certificate(authority, leaf, old.key_pem));
  return replace(place.certificate, renewed);
}

// An authority and the one certificate of it that the home has.
Status renew_pair(const Place& authority, const Place& leaf, const std::vector<std::string>& hosts,
                  const Clock& clock, std::vector<CertificateFile>& renewed) {
  ASSAY_TRY(net::Certified issuer, read_certified(authority));
  ASSAY_TRY(const net::CertificateInfo info, net::inspect_certificate(issuer.certificate_pem));
  const std::uint64_t needed_s = from_now(clock, kCertificateDays).not_after_unix_s;
  if (info.validity.not_after_unix_s < needed_s) {
    ASSAY_TRY(issuer, net::make_authority(info.common_name, from_now(clock, kAuthorityDays),
                                          issuer.key_pem));
    ASSAY_TRY(renewed.emplace_back(), replace(authority.certificate, issuer));
  }
  ASSAY_TRY(renewed.emplace_back(), renew_leaf(leaf, issuer, hosts, clock));
  return {};
}

Place authority_of(const fs::path& home) {
  return {authority_path(home), authority_key_path(home)};
}
Place server_of(const fs::path& home) {
  return {server_certificate_path(home), server_key_path(home)};
}
Place operators_of(const fs::path& home) {
  return {operators_authority_path(home), operators_authority_key_path(home)};
}
Place operator_client_of(const fs::path& home) {
  return {operator_client_certificate_path(home), operator_client_key_path(home)};
}
Place party_of(const fs::path& folder) { return {folder / "tls.pem", folder / "tls-key.pem"}; }

// What everybody of the chain has a copy of.
Status copy_common(const fs::path& home, const fs::path& folder) {
  ASSAY_TRY(const Bytes authority, host::read_file(authority_path(home), kMaxPemBytes));
  ASSAY_TRY(const Bytes genesis, host::read_file(genesis_path(home), kMaxGenesisBytes));
  ASSAY_TRY_STATUS(host::write_file(folder / "authority.pem", authority));
  return host::write_file(folder / "genesis.bin", genesis);
}

}  // namespace

Status make_certificates(const fs::path& home, const std::string& chain,
                         const std::vector<std::string>& hosts, const Clock& clock) {
  const net::Validity long_time = from_now(clock, kAuthorityDays);
  const net::Validity validity = from_now(clock, kCertificateDays);
  ASSAY_TRY(const net::Certified authority,
            net::make_authority("assay " + chain + " authority", long_time));
  ASSAY_TRY(const net::Certified server,
            net::issue_certificate(authority, {"assayd " + chain, hosts, validity}));
  ASSAY_TRY(const net::Certified operators,
            net::make_authority("assay " + chain + " operators", long_time));
  ASSAY_TRY(const net::Certified client,
            net::issue_certificate(operators, {"operator of " + chain, {}, validity}));
  ASSAY_TRY_STATUS(write_certified(authority_of(home), authority));
  ASSAY_TRY_STATUS(write_certified(server_of(home), server));
  ASSAY_TRY_STATUS(write_certified(operators_of(home), operators));
  return write_certified(operator_client_of(home), client);
}

Result<std::vector<CertificateFile>> renew_certificates(const fs::path& home,
                                                        const std::vector<std::string>& hosts,
                                                        const Clock& clock) {
  std::vector<CertificateFile> renewed;
  ASSAY_TRY_STATUS(renew_pair(authority_of(home), server_of(home), hosts, clock, renewed));
  ASSAY_TRY_STATUS(renew_pair(operators_of(home), operator_client_of(home), {}, clock, renewed));
  return renewed;
}

Result<CertificateFile> issue_party_certificate(const fs::path& home, const fs::path& folder,
                                                const std::string& name,
                                                const std::vector<std::string>& hosts,
                                                const Clock& clock) {
  ASSAY_TRY(const net::Certified authority, read_certified(authority_of(home)));
  const net::LeafOptions leaf{name, hosts, from_now(clock, kCertificateDays)};
  ASSAY_TRY(const net::Certified issued, net::issue_certificate(authority, leaf));
  ASSAY_TRY_STATUS(make_private_folder(folder));
  ASSAY_TRY_STATUS(write_certified(party_of(folder), issued));
  ASSAY_TRY_STATUS(copy_common(home, folder));
  return CertificateFile{party_of(folder).certificate, leaf.validity.not_after_unix_s};
}

Result<CertificateFile> renew_party_certificate(const fs::path& home, const fs::path& folder,
                                                const std::vector<std::string>& hosts,
                                                const Clock& clock) {
  ASSAY_TRY(const net::Certified authority, read_certified(authority_of(home)));
  ASSAY_TRY(const CertificateFile renewed, renew_leaf(party_of(folder), authority, hosts, clock));
  ASSAY_TRY_STATUS(copy_common(home, folder));
  return renewed;
}

}  // namespace assay::node
