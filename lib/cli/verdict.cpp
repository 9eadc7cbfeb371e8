#include "assay/cli/verdict.hpp"

#include <cstdio>

#include "assay/host/read_file.hpp"
#include "assay/node/light_client.hpp"
#include "assay/protocol/records.hpp"

namespace assay::cli {

using codec::Json;

namespace {

struct Line {
  const char* name;
  std::string words;
};
using Lines = std::vector<Line>;

struct Proof {
  Bytes key, proof;
  std::optional<Bytes> value;
  node::SignedHeader header;
};

Result<Proof> read_proof(const Json& json) {
  const codec::JsonRef root(json);
  Proof p;
  ASSAY_TRY(p.key, root["key"].hex());
  ASSAY_TRY(p.proof, root["proof"].hex());
  if (root["value"].exists()) {
    ASSAY_TRY(p.value, root["value"].hex());
  }
  ASSAY_TRY(const Bytes header, root["signed_header"].hex());
  ASSAY_TRY(p.header, node::decode_signed_header(header));
  return p;
}

template <class Record>
std::optional<Record> decoded(ByteView value) {
  codec::Reader reader(value);
  Record record;
  read(reader, record);
  return reader.finish() ? std::optional(std::move(record)) : std::nullopt;
}

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

struct Shown {
  const char* kind = "record";
  Lines lines;
};

template <class Record>
Shown shown(const char* kind, ByteView value) {
  const std::optional<Record> record = decoded<Record>(value);
  if (!record) return {kind, {{"bytes", to_hex(value)}}};
  return {kind, lines_of(*record)};
}

// By the first byte of its key (docs/spec/protocol.md, "Keys").
Shown show(ByteView key, ByteView value) {
  switch (key.empty() ? 0 : key[0]) {
    case 'C': return shown<protocol::ClaimRecord>("claim", value);
    case 'T': return shown<protocol::TaskRecord>("task", value);
    case 'G': return shown<protocol::GameRecord>("game", value);
    default: return {"record", {{"bytes", to_hex(value)}}};
  }
}

Lines header_lines(const protocol::Genesis& genesis, const protocol::BlockHeader& header) {
  return {{"chain", to_hex(header.chain.value)},
          {"height", std::to_string(header.height.value)},
          {"state root", to_hex(header.state_root)},
          {"signed by", to_hex(genesis.operator_key) + ", the operator of the genesis record"}};
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

Result<Verdict> check_verdict(const protocol::Genesis& genesis, std::string_view text) {
  const auto json = codec::parse_json(text);
  if (!json) return json.error();
  const Result<Proof> read = read_proof(*json);
  if (!read) return codec::malformed_file(read.error());
  const Proof& p = *read;

  node::LightClient client(genesis);
  const node::HeaderVerdict header = client.follow(p.header);
  if (header != node::HeaderVerdict::kValid)
    return not_proven(std::string("the header: ") + to_string(header));
  const commit::MapProofVerdict proof = p.value ? client.check_present(p.key, *p.value, p.proof)
                                                : client.check_absent(p.key, p.proof);
  if (proof != commit::MapProofVerdict::kValid)
    return not_proven(std::string("the record: ") + to_string(proof));

  const Lines about = header_lines(genesis, p.header.header);
  const std::string height = std::to_string(p.header.header.height.value);
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
  constexpr std::uint64_t kFileBytesMax = std::uint64_t{1} << 20;
  // Exit codes 1 and 4 speak of the proof, so a mistaken name must give neither.
  const auto usage = [](Error error) {
    if (error.code == ErrorCode::kNotFound) error.code = ErrorCode::kInvalidArgument;
    return error;
  };
  const Result<Bytes> genesis_bytes = host::read_file(settings.genesis, kFileBytesMax);
  if (!genesis_bytes) return usage(genesis_bytes.error());
  ASSAY_TRY(const protocol::Genesis genesis, protocol::decode_genesis(*genesis_bytes));
  const Result<Bytes> proof = host::read_file(settings.file, kFileBytesMax);
  if (!proof) return usage(proof.error());
  const Result<Verdict> verdict =
      check_verdict(genesis, {reinterpret_cast<const char*>(proof->data()), proof->size()});
  if (!verdict) return with_context(verdict.error(), settings.file);
  return verdict;
}

void add_verdict_command(Command& root, VerdictSettings& settings, ExitCode& exit_code) {
  root.subcommand("verdict", "Check what a ledger says of a claim, from one block header alone")
      .argument("file", settings.file, "what `assay call proof` printed")
      .option("genesis", settings.genesis, "the chain's genesis record")
      .flag("json", settings.json, "print JSON")
      .examples(
          "  assay call proof '{\"key\": \"43CLAIM\"}' > claim.proof\n"
          "  assay verdict claim.proof --genesis genesis.bin\n"
          "43, 54 and 47 (hexadecimal) begin the keys of claims, tasks and games.\n"
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
