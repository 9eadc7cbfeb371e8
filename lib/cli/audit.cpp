#include "assay/cli/audit.hpp"

#include <algorithm>

#include "assay/crypto/ed25519.hpp"
#include "assay/crypto/sha256.hpp"
#include "assay/dispute/levels.hpp"
#include "assay/host/read_file.hpp"

namespace assay::cli {

using codec::Json;
using dispute::EvidenceReport;
using dispute::EvidenceVerdict;
using dispute::LevelLine;
using dispute::Outcome;
using dispute::Position;
using dispute::Stage;

namespace {

// The file was taken apart, so its terms are known.
bool has_terms(const EvidenceReport& r) {
  return r.verdict > EvidenceVerdict::kUnknownVersion || r.verdict == EvidenceVerdict::kProven;
}
// Its claim binds the defender, so a game was played.
bool has_game(const EvidenceReport& r) {
  return r.verdict == EvidenceVerdict::kProven || r.verdict >= EvidenceVerdict::kInvalidMove;
}
bool has_node(const Position& p) { return p.node_leaf != Hash256{}; }
bool has_element(const Position& p) { return p.fold_high != 0; }

ExitCode exit_code_for(const EvidenceReport& report) {
  if (report.has_convicted) return ExitCode::kOk;
  const bool sound =
      report.verdict == EvidenceVerdict::kProven || report.verdict == EvidenceVerdict::kUnfinished;
  return sound ? ExitCode::kFailed : ExitCode::kIntegrity;
}

// Labels are not under the program's root: nothing of them may reach a terminal but plain text.
std::string printable(std::string text) {
  std::replace_if(
      text.begin(), text.end(), [](char c) { return c < ' ' || c > '~'; }, '?');
  return text;
}

std::string words_of(const std::vector<LevelLine>& levels, std::string_view level) {
  for (const LevelLine& line : levels)
    if (line.level == level) return line.words;
  return "";
}

std::string not_evidence(const EvidenceReport& report) {
  switch (report.verdict) {
    case EvidenceVerdict::kTooLong: return "it is longer than any evidence can be.";
    case EvidenceVerdict::kMalformed: return "its bytes are no evidence file, or were cut.";
    case EvidenceVerdict::kUnknownVersion:
      return "it is of a later version; audit it with a newer assay.";
    case EvidenceVerdict::kInvalidTerms:
      return "it names an impossible task, or an entry that the task does not have.";
    case EvidenceVerdict::kClaimNotOpened:
      return "the claim does not contain the states that the dispute is about.";
    case EvidenceVerdict::kClaimNotSigned:
      return "the account it accuses did not sign the claim, or the file was changed.";
    case EvidenceVerdict::kInvalidMove:
      return "move " + std::to_string(report.move) +
             " does not stand: " + dispute::to_string(report.move_verdict) + ".";
    case EvidenceVerdict::kProven:
    case EvidenceVerdict::kUnfinished: break;
  }
  return "";
}

std::string decided_at_source(const Position& p, bool defender_wins) {
  const bool slot = p.node.spec.op == numerics::OpCode::kStateSlot;
  const std::string what =
      std::string(slot ? "slot " : "data tensor ") + std::to_string(p.node.spec.attributes[0]);
  return defender_wins ? "the node's output is the tensor that it reads, " + what + "."
                       : "the node reads " + what + ", but its claimed output is another tensor.";
}

// Why the game ended as it did.
std::string reason(const EvidenceReport& report, const std::vector<LevelLine>& levels) {
  const Position& p = report.position;
  const bool defender_wins = p.outcome == Outcome::kDefenderWins;
  switch (p.ended_at) {
    case Stage::kScalar:
      return defender_wins ? "the claimed value " + words_of(levels, "claimed") +
                                 " is what the arithmetic gives there."
                           : "it claims " + words_of(levels, "claimed") +
                                 " where the arithmetic gives " + words_of(levels, "computed") +
                                 ", from operands that the same claim is bound to.";
    case Stage::kSource: return decided_at_source(p, defender_wins);
    case Stage::kStateLeaf:
      return "slot " + std::to_string(p.range.first) +
             (defender_wins ? " of the claimed state is" : " of the claimed state is not") +
             " the output of the node that the program binds it to.";
    default: return "decided at the " + std::string(dispute::to_string(p.ended_at)) + ".";
  }
}

const char* claim_name(const EvidenceReport& report) {
  return report.claim_kind == dispute::ClaimKind::kAttestation ? "attestation" : "claim";
}

std::string conclusion(const EvidenceReport& report, const std::vector<LevelLine>& levels) {
  if (report.verdict == EvidenceVerdict::kUnfinished)
    return "PROVES NOTHING: the moves stop before a verdict. Whose clock ran out, only the ledger "
           "can say.\n";
  if (report.verdict != EvidenceVerdict::kProven)
    return "NOT EVIDENCE: " + not_evidence(report) + "\n";
  if (!report.has_convicted)
    return "PROVES NOTHING: the game is void, since the task's program cannot be judged there.\n";
  const bool false_claim = report.position.outcome == Outcome::kChallengerWins;
  return (false_claim ? "PROVEN: the signed " + std::string(claim_name(report)) + " is false: "
                      : "PROVEN: the " + std::string(claim_name(report)) +
                            " was disputed without ground: ") +
         reason(report, levels) + "\nCONVICTED: " + to_hex(report.convicted.value) +
         (false_claim ? ", who signed the " + std::string(claim_name(report)) + " (the defender).\n"
                      : std::string(", who disputed it (the challenger).\n"));
}

std::string about(const EvidenceReport& report) {
  const dispute::GameTerms& terms = report.terms;
  const std::string who = to_hex(terms.defender.value);
  if (report.claim_kind == dispute::ClaimKind::kTranscript)
    return "the transcript that the solver " + who + " signed";
  if (terms.entry == 0) return "the initial state that the verifier " + who + " attested";
  return "an attestation of entry " + std::to_string(terms.entry) + " that the verifier " + who +
         " signed: the state after step " +
         std::to_string(commit::step_of_entry(terms.task, terms.entry));
}

void append_lines(std::string& text, const std::vector<LevelLine>& lines) {
  for (const LevelLine& line : lines) {
    text += "  " + line.level;
    text.append(line.level.size() < 12 ? 12 - line.level.size() : 1, ' ');
    text += line.words + "\n";
  }
}

std::vector<LevelLine> parties(const EvidenceReport& report) {
  const dispute::GameTerms& terms = report.terms;
  return {{"chain", to_hex(terms.chain.value)},
          {"game", to_hex(terms.game.value)},
          {"task", to_hex(commit::task_root(crypto::sha256_function(), terms.task))},
          {"defender", to_hex(terms.defender.value)},
          {"challenger", to_hex(terms.challenger.value)}};
}

// Who moved for others. That it might, only the ledger can say.
std::vector<LevelLine> others(const EvidenceReport& report) {
  std::vector<LevelLine> lines;
  for (const auto& [delegate, side] :
       {std::pair{&report.defender_delegate, "the defender's delegate "},
        std::pair{&report.challenger_delegate, "the challenger's delegate "}})
    if (*delegate)
      lines.push_back({"moved too", side + to_hex((*delegate)->value) +
                                        ", by a certificate that its party signed; whether it was "
                                        "registered then, only the ledger can say"});
  if (report.has_strangers)
    lines.push_back({"moved too", "strangers, who opened for the defender what its roots bind"});
  return lines;
}

std::string text_of(const EvidenceReport& report, const std::vector<LevelLine>& levels) {
  std::string text;
  if (has_terms(report)) {
    text += "Who disputes what\n";
    append_lines(text, {{"about", about(report)}});
    append_lines(text, parties(report));
    append_lines(text, others(report));
  }
  if (has_game(report)) {
    text += "\nWhere they part (" + std::to_string(report.move) + " signed moves)\n";
    append_lines(text, levels);
  }
  if (!text.empty()) text += "\n";
  return text + conclusion(report, levels);
}

Json place_of(const EvidenceReport& report, const graph::Program* program) {
  const Position& p = report.position;
  Json place = Json::object({{"entry", report.terms.entry}});
  if (report.terms.entry != 0) {
    place["step_agreed"] = p.step_low;
    place["step_disputed"] = p.step_high;
  }
  if (!has_node(p)) return place;
  place["node"] = p.node_index;
  place["operator"] = numerics::name_of(p.node.spec.op);
  if (program != nullptr && p.node_index < program->labels.size())
    place["label"] = printable(program->labels[p.node_index]);
  if (!has_element(p)) return place;
  const TensorType& type = p.node.spec.output;
  place["dtype"] = name_of(type.dtype);
  place["element"] = p.element;
  place["coordinates"] = dispute::coordinates(type.shape, p.element);
  place["fold_agreed"] = p.fold_low;
  place["fold_disputed"] = p.fold_high;
  place["fold_length"] = numerics::fold_length(p.node.spec);
  return place;
}

Json json_of(const EvidenceReport& report, const std::vector<LevelLine>& levels,
             const graph::Program* program) {
  Json json = Json::object({{"verdict", dispute::to_string(report.verdict)},
                            {"convicts", report.has_convicted},
                            {"convicted", nullptr}});
  if (report.has_convicted) {
    json["convicted"] = to_hex(report.convicted.value);
    json["convicted_role"] =
        report.position.outcome == Outcome::kChallengerWins ? "defender" : "challenger";
  }
  if (has_terms(report))
    for (const LevelLine& line : parties(report)) json[line.level] = line.words;
  if (has_terms(report))
    json["about"] =
        report.claim_kind == dispute::ClaimKind::kAttestation ? "attestation" : "transcript";
  if (report.defender_delegate) json["defender_delegate"] = to_hex(report.defender_delegate->value);
  if (report.challenger_delegate)
    json["challenger_delegate"] = to_hex(report.challenger_delegate->value);
  if (!has_game(report)) return json;
  json["moves"] = report.move;
  json["outcome"] = dispute::to_string(report.position.outcome);
  if (report.verdict == EvidenceVerdict::kInvalidMove)
    json["move_verdict"] = dispute::to_string(report.move_verdict);
  json["place"] = place_of(report, program);
  for (const char* value : {"claimed", "computed"})
    if (const std::string words = words_of(levels, value); !words.empty()) json[value] = words;
  for (const LevelLine& line : levels)
    json["levels"].push_back(Json::object({{"level", line.level}, {"words", line.words}}));
  return json;
}

const char* signer_words(const dispute::Signer& by) {
  return by.delegate ? "delegate" : by.stranger ? "stranger" : "party";
}

std::string text_of(const std::vector<dispute::Chapter>& chapters) {
  std::string text = "Move by move\n";
  for (const dispute::Chapter& c : chapters) {
    const std::string turn = std::to_string(c.turn), bytes = std::to_string(c.bytes);
    text += std::string(turn.size() < 4 ? 4 - turn.size() : 0, ' ') + turn + "  ";
    text += dispute::to_string(c.role);
    text.append(c.role == dispute::Role::kDefender ? 4 : 2, ' ');
    if (c.by.delegate) text += "(by its delegate) ";
    if (c.by.stranger) text += "(by a stranger) ";
    text +=
        std::string(bytes.size() < 6 ? 6 - bytes.size() : 0, ' ') + bytes + " B  " + c.words + "\n";
  }
  return text + "\n";
}

Json json_of(const std::vector<dispute::Chapter>& chapters) {
  Json list = Json::array();
  for (const dispute::Chapter& c : chapters)
    list.push_back(Json::object({{"turn", c.turn},
                                 {"by", dispute::to_string(c.role)},
                                 {"signer", signer_words(c.by)},
                                 {"stage", dispute::to_string(c.stage)},
                                 {"bytes", c.bytes},
                                 {"words", c.words}}));
  return list;
}

}  // namespace

Result<Audit> audit_evidence(ByteView file, const graph::Program* program) {
  Audit audit;
  audit.report = dispute::judge_evidence(crypto::sha256_function(), crypto::ed25519_verify, file);
  const EvidenceReport& report = audit.report;
  audit.exit_code = exit_code_for(report);
  if (program != nullptr && has_game(report)) {
    const commit::TaskHeader& task = report.terms.task;
    if (graph::root_of(*program) !=
        (report.terms.entry == 0 ? task.init_program : task.step_program))
      return {ErrorCode::kInvalidArgument,
              std::string("that program is not the task's ") +
                  (report.terms.entry == 0 ? "init" : "step") +
                  " program, which the dispute is about; name the other, or none"};
  }
  const dispute::NodeLabel label = [&](std::uint32_t node) {
    const bool named = program != nullptr && node < program->labels.size();
    return named ? printable(program->labels[node]) : std::string();
  };
  std::vector<LevelLine> levels;
  if (has_game(report)) {
    levels = dispute::explain_levels(report.terms, report.position, label);
    // What was judged stands; the moves before one that does not are told all the same.
    ASSAY_TRY(audit.story,
              dispute::tell(report.terms, file.subspan(report.moves_at), report.move, label));
  }
  if (has_terms(report)) audit.about = about(report);
  audit.text = text_of(report, levels);
  audit.json = json_of(report, levels, program);
  if (audit.story) {
    audit.moves = text_of(audit.story->chapters);
    audit.json["chapters"] = json_of(audit.story->chapters);
  }
  return audit;
}

Result<Audit> audit_evidence_file(const std::string& path, const std::string& program_path) {
  // Exit codes 1 and 4 speak of the evidence, so a mistaken name must give neither.
  const auto usage = [](Error error) {
    if (error.code == ErrorCode::kNotFound || error.code == ErrorCode::kMalformed ||
        error.code == ErrorCode::kLimit)
      error.code = ErrorCode::kInvalidArgument;
    return error;
  };
  // One byte more than allowed is read, so that the judge says "too long" and not the disk.
  Result<Bytes> file = host::read_file(path, dispute::kMaxEvidenceBytes + 1);
  if (!file && file.error().code != ErrorCode::kLimit) return usage(file.error());
  const Bytes bytes = file ? std::move(*file) : Bytes(dispute::kMaxEvidenceBytes + 1);
  if (program_path.empty()) return audit_evidence(bytes);
  const Result<Bytes> program_bytes = host::read_file(program_path, graph::kMaxProgramBytes);
  if (!program_bytes) return usage(program_bytes.error());
  const Result<graph::Program> program = graph::decode_program(*program_bytes);
  if (!program) return usage(with_context(program.error(), program_path));
  return audit_evidence(bytes, &*program);
}

}  // namespace assay::cli
