#include <algorithm>

#include "assay/cli/amounts.hpp"
#include "assay/cli/send.hpp"
#include "assay/core/hex.hpp"
#include "assay/host/read_file.hpp"

namespace assay::cli {

namespace {

using protocol::Payload;
using protocol::TxKind;

constexpr std::uint64_t kQuoteFileBytesMax = std::uint64_t{1} << 20;

// `assay quote --sign --json` prints it, in its member `signed`.
Result<Payload> award_quote(const SendValues& v) {
  protocol::AwardQuote award;
  ASSAY_TRY(award.task.value, v.hash("task"));
  ASSAY_TRY(const std::string path, v.need("quote"));
  ASSAY_TRY(const Bytes file, host::read_file(path, kQuoteFileBytesMax));
  auto json = codec::parse_json({reinterpret_cast<const char*>(file.data()), file.size()});
  if (!json) return with_context(json.error(), path);
  const codec::JsonRef root(*json);
  const codec::JsonRef sealed = root["signed"].exists() ? root["signed"] : root;
  auto quote = sealed["quote"].hex();
  auto signature = sealed["signature"].hex();
  if (!quote) return with_context(codec::malformed_file(quote.error()), path);
  if (!signature) return with_context(codec::malformed_file(signature.error()), path);
  codec::Reader reader(*quote);
  read(reader, award.quote);
  if (!reader.finish() || signature->size() != award.signature.size())
    return {ErrorCode::kMalformed, path + ": no quote that `assay quote --sign --json` printed"};
  std::copy(signature->begin(), signature->end(), award.signature.begin());
  return Payload(std::move(award));
}

template <class T>
Result<Payload> of_amount(const SendValues& v) {
  T payload;
  ASSAY_TRY(payload.amount, v.amount());
  return Payload(payload);
}
template <class T>
Result<Payload> of_task(const SendValues& v) {
  T payload;
  ASSAY_TRY(payload.task.value, v.hash("task"));
  return Payload(payload);
}

Result<Payload> transfer(const SendValues& v) {
  protocol::Transfer payload;
  ASSAY_TRY(payload.to.value, v.hash("to"));
  ASSAY_TRY(payload.amount, v.amount());
  return Payload(payload);
}
Result<Payload> fund_task(const SendValues& v) {
  protocol::FundTask payload;
  ASSAY_TRY(payload.task.value, v.hash("task"));
  ASSAY_TRY(payload.amount, v.amount());
  return Payload(payload);
}
Result<Payload> award_task(const SendValues& v) {
  protocol::AwardTask payload;
  ASSAY_TRY(payload.task.value, v.hash("task"));
  ASSAY_TRY(payload.solver.value, v.hash("solver"));
  return Payload(payload);
}
Result<Payload> abandon_claim(const SendValues& v) {
  protocol::AbandonClaim payload;
  ASSAY_TRY(payload.claim.value, v.hash("claim"));
  return Payload(payload);
}
Result<Payload> report_contradiction(const SendValues& v) {
  protocol::ReportContradiction payload;
  ASSAY_TRY(payload.claim.value, v.hash("claim"));
  ASSAY_TRY(payload.transcript_root, v.hash("transcript-root"));
  ASSAY_TRY(payload.signature, v.signature("signature"));
  return Payload(payload);
}

Result<Payload> bond_validator(const SendValues& v) {
  protocol::BondValidator payload;
  ASSAY_TRY(payload.key, v.hash("validator"));
  ASSAY_TRY(payload.amount, v.amount());
  ASSAY_TRY(payload.possession, v.signature("possession"));
  ASSAY_TRY(payload.share_key, v.array<33>("share-key"));
  ASSAY_TRY(payload.share_proof, v.array<81>("share-proof"));
  return Payload(payload);
}
Result<Payload> unbond_validator(const SendValues& v) {
  protocol::UnbondValidator payload;
  ASSAY_TRY(payload.key, v.hash("validator"));
  ASSAY_TRY(payload.amount, v.amount());
  return Payload(payload);
}
// Of the party's key, which signs the certificate when it is sent (send_payload).
Result<Payload> register_delegate(const SendValues& v) {
  protocol::RegisterDelegate payload;
  ASSAY_TRY(payload.task.value, v.hash("task"));
  ASSAY_TRY(payload.certificate.delegate.value, v.hash("delegate"));
  ASSAY_TRY(payload.certificate.valid_until.value, v.time_until("until"));
  return Payload(payload);
}

constexpr SendField kTokens{"tokens", "how many, six decimals at most"};
constexpr SendField kAtoms{"atoms", "instead: how many millionths of a token"};
constexpr SendField kTask{"task", "the task's id"};
constexpr SendField kClaim{"claim", "the claim's id"};
constexpr SendField kPiece{"piece",
                           "transcript/PART, state/ENTRY/TENSOR/CHUNK, data-set/TENSOR/CHUNK, "
                           "init-program/RECORD or step-program/RECORD"};

// In the order in which one meets them.
const std::vector<SendRow> kTable = {
    {TxKind::kTransfer,
     "Pay another account",
     {{"to", "the account that is paid"}, kTokens, kAtoms},
     transfer},
    {TxKind::kStake,
     "Set money aside that backs one's work as solver or verifier",
     {kTokens, kAtoms},
     of_amount<protocol::Stake>},
    {TxKind::kUnstake,
     "Take money out of the stake; it is free after 21 days of ledger time",
     {kTokens, kAtoms},
     of_amount<protocol::Unstake>},
    {TxKind::kFundTask,
     "Fund a task that seeks money, or raise the price of an open one",
     {kTask, kTokens, kAtoms},
     fund_task},
    {TxKind::kAwardTask,
     "Give one's auctioned task to a bidder before the window ends",
     {kTask, {"solver", "the bidder"}},
     award_task},
    {TxKind::kAwardQuote,
     "Give one's open task to a solver by its signed quote",
     {kTask, {"quote", "file of what `assay quote --sign --json` printed"}},
     award_quote},
    {TxKind::kWithdrawBid,
     "Take one's bid back; in the last tenth of the window that costs the deposit",
     {kTask},
     of_task<protocol::WithdrawBid>},
    {TxKind::kCancelTask,
     "Cancel one's task: what is not sold is refunded, work that was reported is paid",
     {kTask},
     of_task<protocol::CancelTask>},
    {TxKind::kAbandonClaim,
     "Give one's claim up while it is in training; delivering nothing costs the tax",
     {kClaim},
     abandon_claim},
    {TxKind::kReportContradiction,
     "Show that a solver signed two transcripts for one claim",
     {kClaim,
      {"transcript-root", "the other transcript's root"},
      {"signature", "the solver's under it, 128 hexadecimal digits"}},
     report_contradiction},
    {TxKind::kDemandChunk,
     "Demand a piece of what a claim's solver has to keep, who shows it or loses the claim",
     {kClaim, kPiece},
     demand_chunk},
    {TxKind::kSupplyChunk,
     "Show a piece that was demanded, out of one's own file",
     {kClaim,
      kPiece,
      {"blob", "file of the transcript, checkpoint, data set or program"},
      {"transcript", "of a state: file of the transcript that stands"}},
     supply_chunk},
    {TxKind::kBondValidator,
     "Put money behind a validator of a replicated ledger",
     {{"validator", "the key with which its CometBFT signs"},
      kTokens,
      kAtoms,
      {"possession", "that key's signature, of `assay possession`"},
      {"share-key", "with which its shares of the beacon are made, of the same"},
      {"share-proof", "that this key is the account's, of the same"}},
     bond_validator},
    {TxKind::kUnbondValidator,
     "Take it back; it is free after 21 days of ledger time, and can be slashed until then",
     {{"validator", "the key with which its CometBFT signs"}, kTokens, kAtoms},
     unbond_validator},
    {TxKind::kBondRelay,
     "Put stake into the pool from which relays are drawn, each token with the same chance",
     {kTokens, kAtoms},
     of_amount<protocol::BondRelay>},
    {TxKind::kUnbondRelay,
     "Take it out of the pool again, but what stands behind claims",
     {kTokens, kAtoms},
     of_amount<protocol::UnbondRelay>},
    {TxKind::kAttestData,
     "Attest, where one's relay was drawn, that all of a claim's data is there, with a piece of it",
     {kClaim,
      {"data", "what is attested: 64 hexadecimal digits"},
      kPiece,
      {"blob", "file of the transcript, checkpoint, data set or program"},
      {"transcript", "of a state: file of the transcript that stands"}},
     attest_data},
    {TxKind::kRegisterDelegate,
     "Name a key that moves for one in the games of a task, in place of the one before",
     {kTask,
      {"delegate", "its account; it loses as oneself would"},
      {"until", "ledger time in ms from which its moves are none, or `revoked`"}},
     register_delegate},
    {TxKind::kRevokeDelegate,
     "Take back who moves for one in the games of a task; what it moved stands",
     {kTask},
     of_task<protocol::RevokeDelegate>},
};

}  // namespace

std::span<const SendRow> send_table() { return kTable; }

std::string command_name(TxKind kind) {
  std::string name = protocol::to_string(kind);
  std::replace(name.begin(), name.end(), '_', '-');
  return name;
}

std::string SendValues::given(const std::string& name) const {
  const auto found = m_texts.find(name);
  return found == m_texts.end() ? std::string() : found->second;
}

Result<std::string> SendValues::need(const std::string& name) const {
  std::string text = given(name);
  if (text.empty()) return {ErrorCode::kInvalidArgument, "--" + name + " is missing"};
  return text;
}

Result<Hash256> SendValues::hash(const std::string& name) const {
  ASSAY_TRY(const std::string text, need(name));
  const auto hash = hash_from_hex(text);
  if (!hash) return {ErrorCode::kInvalidArgument, "--" + name + " is 64 hexadecimal digits"};
  return *hash;
}

Result<crypto::Signature> SendValues::signature(const std::string& name) const {
  return array<64>(name);
}

Result<std::uint64_t> SendValues::time_until(const std::string& name) const {
  ASSAY_TRY(const std::string text, need(name));
  if (text == "revoked") return UINT64_MAX;
  const Result<Amount> number = parse_atoms(text);
  if (!number)
    return {ErrorCode::kInvalidArgument, "--" + name + " is a ledger time in ms, or `revoked`"};
  return number->value;
}

Result<Amount> SendValues::amount() const {
  const std::string tokens = given("tokens"), atoms = given("atoms");
  if (tokens.empty() == atoms.empty())
    return {ErrorCode::kInvalidArgument, "say how much with --tokens or --atoms, one of them"};
  return tokens.empty() ? parse_atoms(atoms) : parse_tokens(tokens);
}

}  // namespace assay::cli
