#include "assay/cli/party.hpp"

#include <cstdlib>

#include "assay/cli/call.hpp"
#include "assay/host/key_file.hpp"
#include "assay/node/home.hpp"

namespace assay::cli {

void add_party_options(Command& command, PartySettings& s) {
  command.option("home", s.home, "this party's folder: keys, certificates and everything it keeps")
      .option("ledger", s.ledgers,
              "a ledger node's address; repeated: the next is asked where one fails")
      .option("key", s.key, "key file [HOME/key.json]")
      .option("password-file", s.password_file,
              "its password [$ASSAY_PASSWORD, else HOME/password]")
      .option("genesis", s.genesis, "the chain's genesis record [HOME/genesis.bin]")
      .option("authority", s.authority,
              "certificate that the others' must lead to [HOME/authority.pem]");
}

std::filesystem::path path_or(const std::string& given, const std::string& home,
                              const char* usual) {
  return given.empty() ? std::filesystem::path(home) / usual : std::filesystem::path(given);
}

Result<std::string> read_home_password(const std::string& home, const std::string& password_file) {
  host::PasswordSource source;
  source.file = password_file;
  const std::filesystem::path usual = std::filesystem::path(home) / "password";
  if (password_file.empty() && std::getenv(source.environment.c_str()) == nullptr &&
      std::filesystem::exists(usual))
    source.file = usual;
  return host::read_password(source);
}

Result<crypto::KeyPair> open_party_key(const PartySettings& s) {
  ASSAY_TRY(const std::string password, read_home_password(s.home, s.password_file));
  return host::open_key_file(path_or(s.key, s.home, "key.json"), password);
}

Result<protocol::Genesis> read_party_genesis(const PartySettings& s) {
  return node::read_genesis_record(path_or(s.genesis, s.home, "genesis.bin"));
}

Result<codec::Json> ask_ledger(const PartySettings& s, const std::string& method,
                               const codec::Json& params) {
  const std::string authority = path_or(s.authority, s.home, "authority.pem").string();
  Result<codec::Json> answer = Error{ErrorCode::kInvalidArgument, "no ledger is named: --ledger"};
  for (const std::string& url : s.ledgers) {
    answer = call_ledger(url, authority, method, params.dump());
    // A refusal is an answer; silence is not, and neither is a node that takes nothing now.
    if (answer || (answer.error().code != ErrorCode::kUnavailable &&
                   answer.error().code != ErrorCode::kTimeout))
      break;
  }
  return answer;
}

std::string name_ledgers(const PartySettings& s) {
  std::string names;
  for (const std::string& url : s.ledgers) names += (names.empty() ? "" : " and ") + url;
  return names;
}

Result<LedgerHead> read_ledger_head(const PartySettings& s) {
  ASSAY_TRY(const protocol::Genesis genesis, read_party_genesis(s));
  ASSAY_TRY(const codec::Json status, ask_ledger(s, "chain_status", codec::Json::object()));
  const codec::JsonRef head = codec::JsonRef(status)["head"];
  ASSAY_TRY(const Hash256 chain, head["chain"].hash());
  ASSAY_TRY(const std::uint64_t height, head["height"].u64());
  if (ChainId(chain) != protocol::chain_id_of(genesis))
    return {ErrorCode::kIntegrity,
            "the ledger at " + name_ledgers(s) + " runs another chain: check the genesis record"};
  return LedgerHead{ChainId(chain), Height(height)};
}

}  // namespace assay::cli
