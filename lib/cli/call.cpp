#include "assay/cli/call.hpp"

#include "assay/host/read_file.hpp"
#include "assay/rpc/https.hpp"

namespace assay::cli {

namespace {

constexpr std::uint64_t kPemBytesMax = std::uint64_t{64} << 10;
constexpr std::uint64_t kTimeoutMs = 40'000;  // over the longest wait_block

}  // namespace

Result<codec::Json> call_ledger(const std::string& url, const std::string& authority_path,
                                const std::string& method, const std::string& params,
                                const ClientIdentity& identity) {
  auto parsed = codec::parse_json(params);
  if (!parsed)
    return {ErrorCode::kInvalidArgument,
            "the parameters are no JSON object: " + parsed.error().message};
  ASSAY_TRY(const Bytes authority, host::read_file(authority_path, kPemBytesMax));
  net::ClientOptions options;
  options.authority_pem.assign(authority.begin(), authority.end());
  if (!identity.certificate_path.empty()) {
    ASSAY_TRY(const Bytes certificate, host::read_file(identity.certificate_path, kPemBytesMax));
    ASSAY_TRY(const Bytes key, host::read_secret_file(identity.key_path, kPemBytesMax));
    options.certificate_pem.assign(certificate.begin(), certificate.end());
    options.key_pem.assign(key.begin(), key.end());
  }
  ASSAY_TRY(const auto https, net::HttpsClient::create(options));
  rpc::RpcClient client(rpc::make_post(*https, url, kTimeoutMs));
  return client.call(method, *parsed);
}

}  // namespace assay::cli
