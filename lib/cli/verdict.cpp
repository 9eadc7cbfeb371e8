#include "assay/cli/verdict.hpp"

#include <cstdio>

#include "assay/cli/amounts.hpp"
#include "assay/cli/call.hpp"
#include "assay/host/clock.hpp"
#include "assay/host/read_file.hpp"
#include "assay/ledger/account.hpp"
#include "internal/state_proof.hpp"

namespace assay::cli {

using codec::Json;

namespace {

// A light block of 10,000 validators in hexadecimal, a record and its proof.
constexpr std::size_t kProofBytesMax = 2 * node::kMaxHeaderProofBytes + (std::size_t{1} << 20);

struct Line {
  const char* name;
  std::string words;
};
using Lines = std::vector<Line>;

Lines lines_of(const protocol::ClaimRecord& c) {
  Lines lines = {{"claim", to_hex(c.id.value)},      {"task", to_hex(c.task.value)},
                 {"solver", to_hex(c.solver.value)}, {"transcript", to_hex(c.transcript_root)},
                 {"status", to_string(c.status)},    {"reason", to_string(c.reason)}};
  if (c.status == protocol::ClaimStatus::kFallen && c.reason == protocol::CloseReason::kFallen)
    lines.push_back({"false entry", std::to_string(c.fallen_entry)});
  if (c.forced_entry != 0) lines.push_back({"forced entry", std::to_string(c.forced_entry)});
  return lines;
}

Lines lines_of(const protocol::TaskRecord& t) {
  return {{"task", to_hex(t.id.value)},
          {"submitter", to_hex(t.submitter.value)},
          {"claims", std::to_string(t.claims.size())},
          {"status", to_string(t.status)},
          {"reason", to_string(t.reason)}};
}

Lines lines_of(const protocol::GameRecord& g) {
  return {
      {"game", to_hex(g.id.value)},           {"claim", to_hex(g.claim.value)},
      {"defender", to_hex(g.defender.value)}, {"challenger", to_hex(g.challenger.value)},
      {"status", to_string(g.status)},        {"decided", g.by_clock ? "by a clock" : "by a move"}};
}

// Of money; whose it is stands in the key.
Lines lines_of(const ledger::AccountKey& key, const ledger::Account& a) {
  return {{"of", to_hex(key.owner)},
          {"holds", to_string(key.kind)},
          {"balance", format_tokens(a.balance)},
          {"available", format_tokens(a.available())},
          {"reserved", format_tokens(a.debits_pending)},
          {"expected", format_tokens(a.credits_pending)}};
}

Lines lines_of(const protocol::Profile& p) {
  Lines lines = {{"last nonce", std::to_string(p.last_nonce)},
                 {"url", p.url},
                 {"certificate", to_hex(p.certificate)}};
  for (const std::string& tag : p.capabilities) lines.push_back({"capability", tag});
  return lines;
}

struct Shown {
  const char* kind = "record";
  Lines lines;
};

template <class Record>
Shown shown(const char* kind, ByteView value) {
  const std::optional<Record> record = internal::decoded<Record>(value);
  if (!record) return {kind, {{"bytes", to_hex(value)}}};
  return {kind, lines_of(*record)};
}

Shown shown_money(ByteView key, ByteView value) {
  codec::Reader reader(key.subspan(1));
  const ledger::AccountKey whose = ledger::read_account_key(reader);
  const auto account = ledger::decode_account(value);
  if (!reader.finish() || !account) return {"account", {{"bytes", to_hex(value)}}};
  return {"account", lines_of(whose, *account)};
}

// Of a task that is over and was forgotten nothing is left but its id.
Shown shown_task(ByteView key, ByteView value) {
  if (!value.empty()) return shown<protocol::TaskRecord>("task", value);
  return {"task", {{"task", to_hex(key.subspan(1))}, {"status", "ended, and forgotten"}}};
}

// By the first byte of its key (docs/spec/protocol.md, "Keys").
Shown show(ByteView key, ByteView value) {
  switch (key.empty() ? 0 : key[0]) {
    case 'C': return shown<protocol::ClaimRecord>("claim", value);
    case 'T': return shown_task(key, value);
    case 'G': return shown<protocol::GameRecord>("game", value);
    case 'A': return shown_money(key, value);
    case 'N': return shown<protocol::Profile>("profile", value);
    default: return {"record", {{"bytes", to_hex(value)}}};
  }
}

std::string signers_of(const protocol::Genesis& genesis, const node::HeaderProof& proof) {
  const auto* const committed = std::get_if<node::CommittedHeader>(&proof);
  if (committed == nullptr)
    return to_hex(genesis.operator_key) + ", the operator of the genesis record";
  std::size_t count = 0;
  for (const comet::CommitSignature& s : committed->next.commit.signatures)
    count += s.flag == comet::VoteFlag::kCommit;
  return std::to_string(count) + " of " + std::to_string(committed->next.validators.size()) +
         " validators of CometBFT's chain " + committed->next.header.chain_id + ", at height " +
         std::to_string(committed->next.header.height);
}

Lines header_lines(const protocol::Genesis& genesis, const node::HeaderProof& proof) {
  const protocol::BlockHeader& header = header_of(proof);
  return {{"chain", to_hex(header.chain.value)},
          {"height", std::to_string(header.height.value)},
          {"state root", to_hex(header.state_root)},
          {"signed by", signers_of(genesis, proof)}};
}

void append(std::string& text, const Lines& lines) {
  for (const Line& line : lines) {
    std::string name = line.name;
    name.resize(14, ' ');
    text += "  " + name + line.words + "\n";
  }
}

Json object_of(const Lines& lines) {
  Json json = Json::object({});
  for (const Line& line : lines) json[line.name] = line.words;
  return json;
}

Verdict not_proven(const std::string& why) {
  return {ExitCode::kIntegrity, "NOT PROVEN: " + why + ".\n",
          Json::object({{"proven", false}, {"why", why}})};
}

}  // namespace

Result<Verdict> check_verdict(const protocol::Genesis& genesis, std::string_view text,
                              const VerdictTrust& trust) {
  const auto json = codec::parse_json(text, {.bytes_max = kProofBytesMax});
  if (!json) return json.error();
  ASSAY_TRY(const internal::StateProof p, internal::read_state_proof(*json));
  node::AskHeaderProof ask;
  if (trust.ask)
    ask = [&trust](Height height) -> Result<node::HeaderProof> {
      ASSAY_TRY(const Bytes header, trust.ask(height));
      return node::decode_header_proof(header);
    };
  const std::string fault = internal::fault_of(genesis, p, trust.now_ms, trust.comet_header, ask);
  if (!fault.empty()) return not_proven(fault);

  const Lines about = header_lines(genesis, p.header);
  const std::string height = std::to_string(header_of(p.header).height.value);
  Verdict verdict;
  verdict.exit_code = p.value ? ExitCode::kOk : ExitCode::kFailed;
  verdict.text = "The header\n";
  append(verdict.text, about);
  verdict.json = Json::object({{"proven", p.value.has_value()}, {"header", object_of(about)}});
  if (!p.value) {
    verdict.text += "PROVEN: at height " + height + " the ledger holds no record of that key.\n";
    return verdict;
  }
  const Shown record = show(p.key, *p.value);
  verdict.text += std::string("The ") + record.kind + "\n";
  append(verdict.text, record.lines);
  verdict.text += "PROVEN: " + std::to_string(p.proof.size()) +
                  " bytes lead from this record to the state root of height " + height + ".\n";
  verdict.json["kind"] = record.kind;
  verdict.json["record"] = object_of(record.lines);
  verdict.json["proof_bytes"] = p.proof.size();
  return verdict;
}

Result<Verdict> check_verdict_files(const VerdictSettings& settings) {
  constexpr std::uint64_t kGenesisBytesMax = std::uint64_t{1} << 20;
  // Exit codes 1 and 4 speak of the proof, so a mistaken name must give neither.
  const auto usage = [](Error error) {
    if (error.code == ErrorCode::kNotFound) error.code = ErrorCode::kInvalidArgument;
    return error;
  };
  const Result<Bytes> genesis_bytes = host::read_file(settings.genesis, kGenesisBytesMax);
  if (!genesis_bytes) return usage(genesis_bytes.error());
  ASSAY_TRY(const protocol::Genesis genesis, protocol::decode_genesis(*genesis_bytes));
  const Result<Bytes> proof = host::read_file(settings.file, kProofBytesMax);
  if (!proof) return usage(proof.error());
  VerdictTrust trust;
  trust.now_ms = host::SystemClock().unix_ms();
  if (!settings.comet_header.empty()) {
    ASSAY_TRY(trust.comet_header, hash_from_hex(settings.comet_header));
  }
  if (!settings.ledger.empty())
    trust.ask = [&settings](Height height) -> Result<Bytes> {
      ASSAY_TRY(const Json header, call_ledger(settings.ledger, settings.authority, "header_proof",
                                               Json::object({{"height", height.value}}).dump()));
      return codec::JsonRef(header)["signed_header"].hex();
    };
  const Result<Verdict> verdict =
      check_verdict(genesis, {reinterpret_cast<const char*>(proof->data()), proof->size()}, trust);
  if (!verdict) return with_context(verdict.error(), settings.file);
  return verdict;
}

void add_verdict_command(Command& root, VerdictSettings& settings, ExitCode& exit_code) {
  root.subcommand("verdict",
                  "Check what a ledger says of a claim or a balance, from one header alone")
      .argument("file", settings.file, "what `assay call proof` printed")
      .option("genesis", settings.genesis, "the chain's genesis record")
      .option("comet-header", settings.comet_header,
              "of a replicated ledger: the hash of CometBFT's next header, if you know it from "
              "elsewhere [the genesis record's validators are trusted]")
      .option("ledger", settings.ledger,
              "of a replicated ledger whose validators have changed: a node to ask for the headers "
              "between, which it cannot forge")
      .option("authority", settings.authority, "certificate that the node's must lead to")
      .flag("json", settings.json, "print JSON")
      .examples(
          "  assay call proof '{\"key\": \"43CLAIM\"}' > claim.proof\n"
          "  assay verdict claim.proof --genesis genesis.bin\n"
          "  assay call proof '{\"key\": \"4101ACCOUNT\", \"height\": 90}' > balance.proof\n"
          "43, 54 and 47 (hexadecimal) begin the keys of claims, tasks and games; 4101 an "
          "account's\n"
          "free money, 4102 its stake.\n"
          "Exit code: 0 the record is proven, 1 it is proven that there is none, 4 neither.")
      .action([&settings, &exit_code]() -> Status {
        ASSAY_TRY(const Verdict verdict, check_verdict_files(settings));
        const std::string text = settings.json ? verdict.json.dump(2) + "\n" : verdict.text;
        std::fputs(text.c_str(), stdout);
        exit_code = verdict.exit_code;
        return {};
      });
}

}  // namespace assay::cli
