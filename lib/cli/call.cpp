#include "assay/cli/call.hpp"

#include <cstdio>

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

void add_call_command(Command& root, CallSettings& s) {
  root.subcommand("call", "Ask a ledger node and print its answer as JSON")
      .argument("method", s.method, "a method of docs/spec/rpc.md; rpc_methods lists them")
      .argument("params", s.params, "its parameters, a JSON object", false)
      .option("ledger", s.ledger, "the ledger node's address")
      .option("authority", s.authority, "certificate that the node's must lead to")
      .option("certificate", s.identity.certificate_path, "to show, for operators' calls")
      .option("tls-key", s.identity.key_path, "its key's file")
      .examples(
          "  assay call chain_status --authority net/ledger/tls/authority.pem\n"
          "  assay call account '{\"account\": \"3b6a...\"}' | jq .account.available\n"
          "  assay call log_level '{\"level\": \"debug\"}' --ledger https://127.0.0.1:8646 \\\n"
          "    --authority tls/authority.pem --certificate tls/operator.pem --tls-key "
          "tls/operator.key")
      .action([&s]() -> Status {
        ASSAY_TRY(const codec::Json answer,
                  call_ledger(s.ledger, s.authority, s.method, s.params, s.identity));
        std::printf("%s\n", answer.dump(2).c_str());
        return {};
      });
}

}  // namespace assay::cli
