#include "assay/node/certificates.hpp"

#include <gtest/gtest.h>

#include "assay/crypto/random.hpp"
#include "assay/host/read_file.hpp"
#include "assay/net/certificate.hpp"
#include "assay/node/home.hpp"
#include "node_world.hpp"
#include "support/temporary_folder.hpp"

namespace assay::node::test {
namespace {

constexpr std::uint64_t kDayMs = 86'400'000;
constexpr std::uint64_t kStartMs = 1'800'000'000'000;

class Moment final : public Clock {
 public:
  explicit Moment(std::uint64_t days) : m_ms(kStartMs + days * kDayMs) {}
  [[nodiscard]] std::uint64_t monotonic_ms() const override { return m_ms; }
  [[nodiscard]] std::uint64_t unix_ms() const override { return m_ms; }

 private:
  std::uint64_t m_ms;
};

class Certificates : public ::testing::Test {
 protected:
  Certificates() {
    crypto::SystemRng rng;
    HomeOptions options;
    options.home = home;
    options.password = "a password for tests";
    options.scrypt_n = 2;
    const auto made = init_home(options, Moment(0), rng);
    EXPECT_TRUE(made) << made.error().message;
  }
  static std::string read(const std::filesystem::path& path) {
    const Bytes bytes = *host::read_file(path, 65536);
    return {bytes.begin(), bytes.end()};
  }
  static net::CertificateInfo inspect(const std::filesystem::path& path) {
    return *net::inspect_certificate(read(path));
  }
  // Days from the start on.
  static std::uint64_t ends(const std::filesystem::path& path) {
    return (inspect(path).validity.not_after_unix_s * 1000 - kStartMs) / kDayMs;
  }

  assay::test::TemporaryFolder folder;
  const std::filesystem::path home = folder.path() / "node";
  const std::filesystem::path party = folder.path() / "solver";
};

TEST_F(Certificates, AnAuthorityOutlivesWhatItSigns) {
  EXPECT_EQ(ends(authority_path(home)), kAuthorityDays);
  EXPECT_EQ(ends(server_certificate_path(home)), kCertificateDays);
  EXPECT_EQ(ends(operator_client_certificate_path(home)), kCertificateDays);
}

TEST_F(Certificates, RenewedOnesKeepNameHostsAndKey) {
  const std::string key = read(server_key_path(home)), authority = read(authority_path(home));
  const net::CertificateInfo before = inspect(server_certificate_path(home));
  const auto renewed = renew_certificates(home, {}, Moment(300));
  ASSERT_TRUE(renewed) << renewed.error().message;
  EXPECT_EQ(renewed->size(), 2u);
  const net::CertificateInfo after = inspect(server_certificate_path(home));
  EXPECT_EQ(after.hosts, before.hosts);
  EXPECT_EQ(after.common_name, before.common_name);
  EXPECT_NE(after.sha256_fingerprint, before.sha256_fingerprint);
  EXPECT_EQ(ends(server_certificate_path(home)), 300 + kCertificateDays);
  EXPECT_EQ(ends(operator_client_certificate_path(home)), 300 + kCertificateDays);
  EXPECT_EQ(read(server_key_path(home)), key);
  EXPECT_EQ(read(authority_path(home)), authority) << "it lasts long enough";
  ASSERT_TRUE(renew_certificates(home, {"ledger.example", "192.0.2.7"}, Moment(301)));
  EXPECT_EQ(inspect(server_certificate_path(home)).hosts,
            (std::vector<std::string>{"ledger.example", "192.0.2.7"}));
  EXPECT_EQ(renew_certificates(home, {"no host"}, Moment(301)).error().code,
            ErrorCode::kInvalidArgument);
}

// One that would end before what it signs is renewed first, for the same key.
TEST_F(Certificates, AnAuthorityIsRenewedInTime) {
  const std::string key = read(authority_key_path(home));
  const auto renewed = renew_certificates(home, {}, Moment(kAuthorityDays - 30));
  ASSERT_TRUE(renewed) << renewed.error().message;
  EXPECT_EQ(renewed->size(), 4u);
  EXPECT_EQ(ends(authority_path(home)), 2 * kAuthorityDays - 30);
  EXPECT_EQ(read(authority_key_path(home)), key);
  EXPECT_TRUE(inspect(authority_path(home)).is_authority);
}

TEST_F(Certificates, APartyHasWhatItNeeds) {
  const auto issued = issue_party_certificate(home, party, "solver", {"solver.example"}, Moment(5));
  ASSERT_TRUE(issued) << issued.error().message;
  EXPECT_EQ(issued->path, party / "tls.pem");
  EXPECT_EQ(inspect(party / "tls.pem").hosts, std::vector<std::string>{"solver.example"});
  EXPECT_EQ(read(party / "authority.pem"), read(authority_path(home)));
  EXPECT_EQ(read(party / "genesis.bin"), read(genesis_path(home)));
  const std::string key = read(party / "tls-key.pem");
  ASSERT_TRUE(host::read_secret_file(party / "tls-key.pem", 65536)) << "its owner's alone";
  EXPECT_EQ(issue_party_certificate(home, party, "solver", {"x"}, Moment(5)).error().code,
            ErrorCode::kAlreadyExists);
  const auto renewed = renew_party_certificate(home, party, {}, Moment(360));
  ASSERT_TRUE(renewed) << renewed.error().message;
  EXPECT_EQ(ends(party / "tls.pem"), 360 + kCertificateDays);
  EXPECT_EQ(inspect(party / "tls.pem").hosts, std::vector<std::string>{"solver.example"});
  EXPECT_EQ(inspect(party / "tls.pem").common_name, "solver");
  EXPECT_EQ(read(party / "tls-key.pem"), key);
  EXPECT_EQ(renew_party_certificate(home, folder.path() / "none", {}, Moment(1)).error().code,
            ErrorCode::kNotFound);
}

}  // namespace
}  // namespace assay::node::test
