#include "certificate_commands.hpp"

#include <cstdio>

#include "assay/host/clock.hpp"
#include "assay/host/log.hpp"
#include "assay/node/certificates.hpp"

using assay::ErrorCode;
using assay::Status;
using assay::node::CertificateFile;

namespace {

void print(const CertificateFile& file) {
  std::printf("%s good until %s\n", file.path.c_str(),
              assay::host::rfc3339(file.not_after_unix_s * 1000).c_str());
}

}  // namespace

CertificateCommands::CertificateCommands(assay::cli::Command& root) {
  constexpr const char* kHome = "folder of the node, whose authority signs";
  auto& certificate =
      root.subcommand("certificate", "Issue and renew TLS certificates of the node's authority");
  certificate
      .subcommand("issue", "Make a party's certificate: tls.pem, tls-key.pem and what it pins")
      .option("home", m_home, kHome)
      .option("out", m_out, "the party's folder")
      .option("name", m_name, "of the party")
      .option("host", m_hosts, "under which others reach it: a name or an address, repeatable")
      .examples(
          "  assayd certificate issue --home node --out solver --name solver \\\n"
          "    --host solver.example --host 192.0.2.7\n"
          "  assay-solver --home solver --advertise-host solver.example --listen-host 0.0.0.0")
      .action([this] { return issue(); });
  certificate
      .subcommand("renew",
                  "Make certificates anew, for a year, with the names and keys that they have")
      .option("home", m_home, kHome)
      .option("out", m_out, "a party's folder; without it the node's own are renewed")
      .option("host", m_hosts, "hosts from now on, instead of those that it names; repeatable")
      .examples(
          "  assayd certificate renew --home node\n"
          "  assayd certificate renew --home node --out solver\n"
          "Programs read their certificates at their next start.")
      .action([this] { return renew(); });
}

Status CertificateCommands::issue() const {
  if (m_out.empty() || m_name.empty() || m_hosts.empty())
    return {ErrorCode::kInvalidArgument, "say --out, --name and --host"};
  ASSAY_TRY(const CertificateFile file,
            assay::node::issue_party_certificate(m_home, m_out, m_name, m_hosts,
                                                 assay::host::SystemClock()));
  print(file);
  return {};
}

Status CertificateCommands::renew() const {
  const assay::host::SystemClock clock;
  if (!m_out.empty()) {
    ASSAY_TRY(const CertificateFile file,
              assay::node::renew_party_certificate(m_home, m_out, m_hosts, clock));
    print(file);
    return {};
  }
  ASSAY_TRY(const auto files, assay::node::renew_certificates(m_home, m_hosts, clock));
  for (const CertificateFile& file : files) print(file);
  return {};
}
