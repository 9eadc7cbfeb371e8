#include "assay/net/certificate.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace assay::net {
namespace {

constexpr std::uint64_t kNow = 1'800'000'000;

TEST(Certificate, AuthorityAndLeafSayWhatTheyAre) {
  const auto authority = make_authority("assay devnet", valid_for_days(kNow, 30));
  ASSERT_TRUE(authority) << authority.error().message;
  const auto root = inspect_certificate(authority->certificate_pem);
  ASSERT_TRUE(root);
  EXPECT_EQ(root->common_name, "assay devnet");
  EXPECT_TRUE(root->is_authority);
  EXPECT_EQ(root->validity.not_before_unix_s, kNow - 3600);
  EXPECT_EQ(root->validity.not_after_unix_s, kNow + 30 * 86'400);
  EXPECT_EQ(root->sha256_fingerprint.size(), 64u);

  LeafOptions options;
  options.common_name = "assayd";
  options.hosts = {"localhost", "127.0.0.1", "::1", "node-1.example"};
  options.validity = valid_for_days(kNow, 7);
  const auto leaf = issue_certificate(*authority, options);
  ASSERT_TRUE(leaf) << leaf.error().message;
  const auto info = inspect_certificate(leaf->certificate_pem);
  ASSERT_TRUE(info);
  EXPECT_FALSE(info->is_authority);
  EXPECT_EQ(info->hosts, options.hosts);
  EXPECT_NE(info->sha256_fingerprint, root->sha256_fingerprint);
  EXPECT_THAT(leaf->key_pem, testing::StartsWith("-----BEGIN PRIVATE KEY-----"));
}

TEST(Certificate, RefusesWhatCannotBe) {
  const auto authority = *make_authority("a", valid_for_days(kNow, 1));
  const auto other = *make_authority("b", valid_for_days(kNow, 1));
  EXPECT_EQ(make_authority("", valid_for_days(kNow, 1)).error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(make_authority("x", {2, 1}).error().code, ErrorCode::kInvalidArgument);
  LeafOptions options;
  options.common_name = "x";
  options.validity = valid_for_days(kNow, 1);
  for (const char* host : {"", "a b", "a,DNS:evil", "a\nb", "[::1]"}) {
    options.hosts = {host};
    EXPECT_EQ(issue_certificate(authority, options).error().code, ErrorCode::kInvalidArgument)
        << host;
  }
  options.hosts = {"ok"};
  EXPECT_EQ(issue_certificate({authority.certificate_pem, other.key_pem}, options).error().code,
            ErrorCode::kInvalidArgument);
  EXPECT_EQ(issue_certificate({"junk", authority.key_pem}, options).error().code,
            ErrorCode::kMalformed);
  EXPECT_EQ(issue_certificate({authority.certificate_pem, ""}, options).error().code,
            ErrorCode::kMalformed);
  EXPECT_EQ(inspect_certificate("").error().code, ErrorCode::kMalformed);
}

}  // namespace
}  // namespace assay::net
