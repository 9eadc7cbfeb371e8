#include "assay/cli/send.hpp"

#include <algorithm>
#include <cstdio>

#include "assay/cli/amounts.hpp"
#include "assay/core/hex.hpp"
#include "assay/crypto/random.hpp"
#include "assay/crypto/sha256.hpp"
#include "assay/node/json.hpp"

namespace assay::cli {

namespace {

using codec::Json;
using codec::JsonRef;
using protocol::TxKind;
using protocol::TxVerdict;

constexpr int kTries = 4;  // where others of the same account take the nonce first

Result<protocol::ClientId> client_id_of(const std::string& text) {
  if (text.empty()) {
    protocol::ClientId id{};
    crypto::SystemRng().fill(id);
    return id;
  }
  const auto id = array_from_hex<16>(text);
  if (!id)
    return {ErrorCode::kInvalidArgument, "--id is 32 hexadecimal digits, new for each transaction"};
  return *id;
}

// What the sender has, where that is what was missing.
Result<std::string> hint_of(TxVerdict verdict, TxKind kind, const JsonRef& account) {
  if (verdict == TxVerdict::kUnknownAccount)
    return std::string("nobody has paid this account anything yet");
  const bool of_stake = verdict == TxVerdict::kInsufficientStake && kind == TxKind::kUnstake;
  if (verdict != TxVerdict::kInsufficientFunds && !of_stake) return std::string();
  ASSAY_TRY(const std::string atoms, account[of_stake ? "staked" : "available"].string());
  ASSAY_TRY(const Amount amount, parse_atoms(atoms));
  return format_tokens(amount) +
         (of_stake ? " are staked and back no claim" : " are free in this account");
}

struct Answer {
  TxVerdict verdict{};
  std::string words;  // the verdict in full
  std::string height;
  std::string tx;
  bool repeated = false;
};

Result<Answer> read_answer(const Json& json, TxKind kind, const JsonRef& account) {
  const JsonRef root(json);
  Answer answer;
  ASSAY_TRY(const std::uint64_t code, root["verdict_code"].u64());
  ASSAY_TRY(const std::uint64_t detail, root["detail"].u64());
  ASSAY_TRY(const std::uint64_t height, root["height"].u64());
  ASSAY_TRY(answer.repeated, root["repeated"].boolean());
  ASSAY_TRY(const Hash256 tx, root["tx"].hash());
  if (code > protocol::kTxVerdictLast || detail > 255)
    return {ErrorCode::kMalformed, "the ledger gave a result that this version does not know"};
  answer.verdict = static_cast<TxVerdict>(code);
  answer.height = std::to_string(height);
  answer.tx = to_hex(tx);
  answer.words = protocol::to_string(answer.verdict);
  ASSAY_TRY(const std::string hint, hint_of(answer.verdict, kind, account));
  for (const std::string& more :
       {node::detail_text(answer.verdict, static_cast<std::uint8_t>(detail)), hint})
    if (!more.empty()) answer.words += ": " + more;
  return answer;
}

std::string to_text(const Answer& answer, TxKind kind) {
  const std::string name = command_name(kind);
  const std::string result =
      answer.verdict == TxVerdict::kApplied
          ? "applied" + (answer.height == "0" ? "" : " in block " + answer.height)
          : "refused, " + answer.words;
  return name + " " + result + (answer.repeated ? " (what became of this id before)" : "") +
         "\ntransaction " + answer.tx + "\n";
}

// The answer to one try.
Result<Json> submit(const SendSettings& s, const crypto::KeyPair& key, protocol::Envelope envelope,
                    const JsonRef& account) {
  ASSAY_TRY(const std::string nonce, account["nonce"].string());
  ASSAY_TRY(const Amount last, parse_atoms(nonce));
  envelope.nonce = last.value + 1;
  auto answer =
      ask_ledger(s.party, "submit_transaction",
                 Json::object({{"tx", to_hex(protocol::sign_transaction(envelope, key))}}));
  const bool is_lost = !answer && (answer.error().code == ErrorCode::kUnavailable ||
                                   answer.error().code == ErrorCode::kTimeout);
  if (is_lost)
    return with_context(answer.error(), "send it again with --id " + to_hex(envelope.client_id) +
                                            ", then it happens once at most");
  return answer;
}

}  // namespace

Result<Sent> send_payload(const SendSettings& s, const protocol::ClientId& client_id,
                          const protocol::Payload& payload) {
  ASSAY_TRY(const crypto::KeyPair key, open_party_key(s.party));
  ASSAY_TRY(const LedgerHead head, read_ledger_head(s.party));
  protocol::Envelope envelope;
  envelope.chain = head.chain;
  envelope.sender = AccountId(key.public_key());
  envelope.client_id = client_id;
  envelope.valid_until = Height(head.height.value + s.valid_blocks);
  envelope.payload = payload;
  if (auto* named = std::get_if<protocol::RegisterDelegate>(&envelope.payload))
    named->certificate = dispute::make_certificate(
        crypto::sha256_function(), head.chain, named->task, envelope.sender,
        named->certificate.delegate, named->certificate.valid_until,
        [&](const Hash256& digest) { return key.sign(digest.view()); });
  const TxKind kind = protocol::kind_of(payload);
  for (int tries = 1;; ++tries) {
    ASSAY_TRY(
        const Json account,
        ask_ledger(s.party, "account", Json::object({{"account", to_hex(envelope.sender.value)}})));
    const JsonRef record = JsonRef(account)["account"];
    ASSAY_TRY(Json json, submit(s, key, envelope, record));
    ASSAY_TRY(const Answer answer, read_answer(json, kind, record));
    if (answer.verdict == TxVerdict::kNonceTooLow && tries < kTries) continue;
    json["kind"] = protocol::to_string(kind);
    json["client_id"] = to_hex(client_id);
    json["words"] = answer.words;
    return Sent{answer.verdict == TxVerdict::kApplied, to_text(answer, kind), std::move(json)};
  }
}

namespace {

Status run_send(const SendSettings& s, const SendRow& row, ExitCode& exit_code) {
  constexpr std::uint64_t kBlocksMax = protocol::kMaxValidityBlocks;
  if (s.valid_blocks == 0 || s.valid_blocks > kBlocksMax)
    return {ErrorCode::kInvalidArgument, "--valid-blocks is 1 to " + std::to_string(kBlocksMax)};
  ASSAY_TRY(const protocol::Payload payload, row.build(s.values));
  ASSAY_TRY(const protocol::ClientId id, client_id_of(s.id));
  // Before it is sent: whoever is cut off here can send it again without doing it twice.
  std::fprintf(stderr, "id %s\n", to_hex(id).c_str());
  ASSAY_TRY(const Sent sent, send_payload(s, id, payload));
  std::fputs((s.json ? sent.json.dump(2) + "\n" : sent.text).c_str(), stdout);
  exit_code = sent.applied ? ExitCode::kOk : ExitCode::kFailed;
  return {};
}

}  // namespace

void add_send_command(Command& root, SendSettings& s, ExitCode& exit_code) {
  Command& send = root.subcommand("send", "Sign one transaction and send it to the ledger");
  send.examples(
      "  assay send stake --home solver --tokens 1000\n"
      "  assay send transfer --home submitter --to 3b6a... --tokens 2.5\n"
      "  assay send award-quote --home submitter --task 91c4... --quote quote.json\n"
      "Exit code: 0 applied, 1 refused by the ledger.");
  for (const SendRow& row : send_table()) {
    Command& command = send.subcommand(command_name(row.kind), row.help);
    for (const SendField& field : row.fields)
      command.option(field.name, s.values.text(field.name), field.help);
    add_party_options(command, s.party);
    command
        .option("id", s.id,
                "client id, 32 hexadecimal digits: what was sent under it is not done again; "
                "without it a random one")
        .option("valid-blocks", s.valid_blocks, "blocks for which the transaction is good")
        .flag("json", s.json, "print JSON")
        .action([&s, &row, &exit_code] { return run_send(s, row, exit_code); });
  }
}

}  // namespace assay::cli
