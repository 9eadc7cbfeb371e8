#include "assay/protocol/payloads.hpp"

#include <utility>

#include "assay/core/contract.hpp"
#include "assay/protocol/transaction.hpp"
#include "internal/wire.hpp"

namespace assay::protocol {

void write(codec::Writer& w, const LossOpening& l) {
  w.u32(l.slots);
  w.u32(l.slot);
  commit::write_path(w, l.slot_path);
  w.u32(l.loss_bits);
}
void read(codec::Reader& r, LossOpening& l) {
  l.slots = r.u32();
  l.slot = r.u32();
  l.slot_path = commit::read_path(r);
  l.loss_bits = r.u32();
}

namespace {

using codec::Reader;
using codec::Writer;

// One pair of functions a kind, in the order of the table.
void write(Writer& w, const Transfer& p) {
  w.hash(p.to.value);
  w.u64(p.amount.value);
}
void read(Reader& r, Transfer& p) {
  p.to = AccountId{r.hash()};
  p.amount = Amount{r.u64()};
}

void write(Writer& w, const Stake& p) { w.u64(p.amount.value); }
void read(Reader& r, Stake& p) { p.amount = Amount{r.u64()}; }

void write(Writer& w, const Unstake& p) { w.u64(p.amount.value); }
void read(Reader& r, Unstake& p) { p.amount = Amount{r.u64()}; }

void write(Writer& w, const RegisterProfile& p) {
  w.bytes(as_bytes(p.url));
  w.hash(p.certificate);
  wire::put_tags(w, p.capabilities);
}
void read(Reader& r, RegisterProfile& p) {
  const ByteView url = r.bytes(kMaxUrlBytes);
  p.url.assign(url.begin(), url.end());
  p.certificate = r.hash();
  wire::get_tags(r, p.capabilities, kMaxCapabilities);
}

// The windows in the order of their struct.
constexpr std::uint64_t Windows::*kWindows[] = {
    &Windows::accept_ms,    &Windows::train_ms,
    &Windows::enlist_ms,    &Windows::reveal_ms,
    &Windows::seal_ms,      &Windows::open_ms,
    &Windows::challenge_ms, &Windows::challenge_reveal_ms,
    &Windows::stand_up_ms,  &Windows::move_ms,
    &Windows::replay_ms,    &Windows::bid_ms,
    &Windows::disclose_ms,  &Windows::relay_ms};
static_assert(sizeof(Windows) == std::size(kWindows) * 8);
// The amounts likewise.
constexpr Amount PostTask::*kAmounts[] = {
    &PostTask::price,          &PostTask::verification_fee, &PostTask::tax,
    &PostTask::sought,         &PostTask::bid_deposit,      &PostTask::solver_stake,
    &PostTask::verifier_stake, &PostTask::challenger_bond,  &PostTask::declared_harm,
    &PostTask::relay_fee,      &PostTask::relay_stake};
constexpr std::size_t kPostTaskBytesMax = commit::kTaskHeaderBytes + 1 + 2 * (4 + 32 * kMaxListed) +
                                          (4 + kMaxRequired * (4 + kMaxTagBytes)) + 8 + 4 +
                                          8 * std::size(kAmounts) + 5 * 4 + 2 * 8 + 1 +
                                          8 * std::size(kWindows);

void write(Writer& w, const PostTask& p) {
  commit::write_task_header(w, p.header);
  wire::put_enum(w, p.sale);
  wire::put_ids(w, p.allow);
  wire::put_ids(w, p.deny);
  wire::put_tags(w, p.capabilities);
  w.u64(p.reputation_min);
  w.u32(p.copies);
  for (const auto amount : kAmounts) wire::put(w, p.*amount);
  w.u32(p.seats);
  w.u32(p.draws);
  w.u32(p.force_rate);
  w.u32(p.relays);
  w.u32(p.relay_quorum);
  w.u64(p.work_units);
  w.u64(p.progress_entries);
  w.flag(p.pays_partial);
  for (const auto window : kWindows) w.u64(p.windows.*window);
}
void read(Reader& r, PostTask& p) {
  p.header = commit::read_task_header(r);
  wire::get_enum(r, p.sale, Sale::kAuction);
  wire::get_ids(r, p.allow, kMaxListed);
  wire::get_ids(r, p.deny, kMaxListed);
  wire::get_tags(r, p.capabilities, kMaxRequired);
  p.reputation_min = r.u64();
  p.copies = r.u32();
  for (const auto amount : kAmounts) wire::get(r, p.*amount);
  p.seats = r.u32();
  p.draws = r.u32();
  p.force_rate = r.u32();
  p.relays = r.u32();
  p.relay_quorum = r.u32();
  p.work_units = r.u64();
  p.progress_entries = r.u64();
  p.pays_partial = r.flag();
  for (const auto window : kWindows) p.windows.*window = r.u64();
}

void write(Writer& w, const CancelTask& p) { w.hash(p.task.value); }
void read(Reader& r, CancelTask& p) { p.task = TaskId{r.hash()}; }

void write(Writer& w, const AcceptTask& p) {
  w.hash(p.task.value);
  wire::put(w, p.times);
  w.hash(p.r_commitment);
}
void read(Reader& r, AcceptTask& p) {
  p.task = TaskId{r.hash()};
  wire::get(r, p.times);
  p.r_commitment = r.hash();
}

void write(Writer& w, const EnlistVerifier& p) { w.hash(p.claim.value); }
void read(Reader& r, EnlistVerifier& p) { p.claim = ClaimId{r.hash()}; }

void write(Writer& w, const CommitTranscript& p) {
  w.hash(p.claim.value);
  w.hash(p.commitment);
  w.u64(p.entries);
}
void read(Reader& r, CommitTranscript& p) {
  p.claim = ClaimId{r.hash()};
  p.commitment = r.hash();
  p.entries = r.u64();
}

void put(Writer& w, const std::optional<ProgressProof>& p) {
  w.flag(p.has_value());
  if (!p) return;
  w.hash(p->state_root);
  commit::write_path(w, p->path);
}
void get(Reader& r, std::optional<ProgressProof>& p) {
  if (!r.flag()) return;
  p.emplace().state_root = r.hash();
  p->path = commit::read_path(r);
}

void write(Writer& w, const RevealTranscript& p) {
  w.hash(p.claim.value);
  w.hash(p.transcript_root);
  w.hash(p.salt);
  w.hash(p.final_state_root);
  commit::write_path(w, p.final_path);
  wire::put(w, p.signature);
  put(w, p.progress);
  w.flag(p.loss.has_value());
  if (p.loss) write(w, *p.loss);
}
void read(Reader& r, RevealTranscript& p) {
  p.claim = ClaimId{r.hash()};
  p.transcript_root = r.hash();
  p.salt = r.hash();
  p.final_state_root = r.hash();
  p.final_path = commit::read_path(r);
  wire::get(r, p.signature);
  get(r, p.progress);
  if (r.flag()) read(r, p.loss.emplace());
}

void write(Writer& w, const Seal& p) {
  w.hash(p.claim.value);
  w.u32(static_cast<std::uint32_t>(p.seals.size()));
  for (const Hash256& seal : p.seals) w.hash(seal);
}
void read(Reader& r, Seal& p) {
  p.claim = ClaimId{r.hash()};
  const std::uint32_t count = r.count(economics::kMaxDraws, 32);
  for (std::uint32_t i = 0; i < count; ++i) p.seals.push_back(r.hash());
}

void write(Writer& w, const OpenSeal& p) {
  w.hash(p.claim.value);
  w.u32(p.draw);
  w.hash(p.salt);
  w.hash(p.interior_root);
  w.hash(p.own_end_root);
  w.hash(p.start_root);
  commit::write_path(w, p.start_path);
  w.hash(p.end_root);
  commit::write_path(w, p.end_path);
  wire::put(w, p.attestation);
  w.flag(p.mismatch.has_value());
  if (!p.mismatch) return;
  w.hash(p.mismatch->challenge.value);
  w.u64(p.mismatch->entry);
  w.hash(p.mismatch->salt);
}
void read(Reader& r, OpenSeal& p) {
  p.claim = ClaimId{r.hash()};
  p.draw = r.u32();
  p.salt = r.hash();
  p.interior_root = r.hash();
  p.own_end_root = r.hash();
  p.start_root = r.hash();
  p.start_path = commit::read_path(r);
  p.end_root = r.hash();
  p.end_path = commit::read_path(r);
  wire::get(r, p.attestation);
  if (!r.flag()) return;
  MismatchProof& mismatch = p.mismatch.emplace();
  mismatch.challenge = ChallengeId{r.hash()};
  mismatch.entry = r.u64();
  mismatch.salt = r.hash();
}

void write(Writer& w, const CommitChallenge& p) {
  w.hash(p.claim.value);
  w.hash(p.commitment);
}
void read(Reader& r, CommitChallenge& p) {
  p.claim = ClaimId{r.hash()};
  p.commitment = r.hash();
}

void write(Writer& w, const RevealChallenge& p) {
  w.hash(p.challenge.value);
  wire::put(w, p.target);
  w.hash(p.salt);
  w.hash(p.start_root);
  commit::write_path(w, p.start_path);
  w.hash(p.end_root);
  commit::write_path(w, p.end_path);
}
void read(Reader& r, RevealChallenge& p) {
  p.challenge = ChallengeId{r.hash()};
  wire::get(r, p.target);
  p.salt = r.hash();
  p.start_root = r.hash();
  p.start_path = commit::read_path(r);
  p.end_root = r.hash();
  p.end_path = commit::read_path(r);
}

void write(Writer& w, const StandUp& p) { w.hash(p.challenge.value); }
void read(Reader& r, StandUp& p) { p.challenge = ChallengeId{r.hash()}; }

void write(Writer& w, const PlayMove& p) {
  w.hash(p.game.value);
  w.bytes(p.signed_move);
}
void read(Reader& r, PlayMove& p) {
  p.game = GameId{r.hash()};
  p.signed_move = to_bytes(r.bytes(kMaxSignedMoveBytes));
}

void write(Writer& w, const ReportContradiction& p) {
  w.hash(p.claim.value);
  w.hash(p.transcript_root);
  wire::put(w, p.signature);
}
void read(Reader& r, ReportContradiction& p) {
  p.claim = ClaimId{r.hash()};
  p.transcript_root = r.hash();
  wire::get(r, p.signature);
}

void put(Writer& w, const LossProof& p) {
  w.hash(p.state_root);
  commit::write_path(w, p.entry_path);
  write(w, p.loss);
}
void get(Reader& r, LossProof& p) {
  p.state_root = r.hash();
  p.entry_path = commit::read_path(r);
  read(r, p.loss);
}

void write(Writer& w, const Disclose& p) {
  w.hash(p.claim.value);
  w.hash(p.r);
  w.hash(p.salt);
  w.hash(p.transcript_root);
  wire::put(w, p.signature);
  w.flag(p.forced.has_value());
  if (p.forced) put(w, *p.forced);
  put(w, p.progress);
}
void read(Reader& r, Disclose& p) {
  p.claim = ClaimId{r.hash()};
  p.r = r.hash();
  p.salt = r.hash();
  p.transcript_root = r.hash();
  wire::get(r, p.signature);
  if (r.flag()) get(r, p.forced.emplace());
  get(r, p.progress);
}

void write(Writer& w, const PlaceBid& p) {
  wire::put(w, p.task);
  wire::put(w, p.price);
  wire::put(w, p.times);
  w.hash(p.r_commitment);
}
void read(Reader& r, PlaceBid& p) {
  wire::get(r, p.task);
  wire::get(r, p.price);
  wire::get(r, p.times);
  p.r_commitment = r.hash();
}

void write(Writer& w, const WithdrawBid& p) { wire::put(w, p.task); }
void read(Reader& r, WithdrawBid& p) { wire::get(r, p.task); }

void write(Writer& w, const AwardTask& p) {
  wire::put(w, p.task);
  wire::put(w, p.solver);
}
void read(Reader& r, AwardTask& p) {
  wire::get(r, p.task);
  wire::get(r, p.solver);
}

void write(Writer& w, const AwardQuote& p) {
  wire::put(w, p.task);
  protocol::write(w, p.quote);
  wire::put(w, p.signature);
}
void read(Reader& r, AwardQuote& p) {
  wire::get(r, p.task);
  protocol::read(r, p.quote);
  wire::get(r, p.signature);
}

void write(Writer& w, const FundTask& p) {
  wire::put(w, p.task);
  wire::put(w, p.amount);
}
void read(Reader& r, FundTask& p) {
  wire::get(r, p.task);
  wire::get(r, p.amount);
}

void write(Writer& w, const ReportProgress& p) {
  wire::put(w, p.claim);
  w.u64(p.entries);
  w.hash(p.commitment);
}
void read(Reader& r, ReportProgress& p) {
  wire::get(r, p.claim);
  p.entries = r.u64();
  p.commitment = r.hash();
}

void write(Writer& w, const AbandonClaim& p) { wire::put(w, p.claim); }
void read(Reader& r, AbandonClaim& p) { wire::get(r, p.claim); }

void write(Writer& w, const DemandChunk& p) {
  wire::put(w, p.claim);
  protocol::write(w, p.piece);
}
void read(Reader& r, DemandChunk& p) {
  wire::get(r, p.claim);
  protocol::read(r, p.piece);
}

void put(Writer& w, const commit::TranscriptPart& p) {
  w.bytes(p.state_roots);
  commit::write_path(w, p.path);
}
void get(Reader& r, commit::TranscriptPart& p) {
  p.state_roots = to_bytes(r.bytes(commit::kMaxPieceBytes));
  p.path = commit::read_path(r);
}
void put(Writer& w, const commit::TensorChunk& p) {
  w.bytes(p.bytes);
  commit::write_path(w, p.chunk_path);
  commit::write_type(w, p.type);
  w.bytes(as_bytes(p.name));
  w.u64(p.leaf_count);
  commit::write_path(w, p.leaf_path);
}
void get(Reader& r, commit::TensorChunk& p) {
  p.bytes = to_bytes(r.bytes(commit::kChunkBytes));
  p.chunk_path = commit::read_path(r);
  p.type = commit::read_type(r);
  const ByteView name = r.bytes(64);
  p.name.assign(name.begin(), name.end());
  p.leaf_count = r.u64();
  p.leaf_path = commit::read_path(r);
}
void put(Writer& w, const StateChunk& p) {
  put(w, p.chunk);
  commit::write_path(w, p.entry_path);
}
void get(Reader& r, StateChunk& p) {
  get(r, p.chunk);
  p.entry_path = commit::read_path(r);
}
void put(Writer& w, const commit::ProgramRecord& p) {
  w.bytes(p.record);
  commit::write_path(w, p.path);
  commit::write_program_header(w, p.header);
}
void get(Reader& r, commit::ProgramRecord& p) {
  p.record = to_bytes(r.bytes(commit::kMaxRecordBytes));
  p.path = commit::read_path(r);
  p.header = commit::read_program_header(r);
}

void put(Writer& w, const PieceOpening& p) {
  w.u8(static_cast<std::uint8_t>(p.index() + 1));
  std::visit([&](const auto& opening) { put(w, opening); }, p);
}
void get(Reader& r, PieceOpening& p) {
  switch (r.u8()) {
    case 1: p.emplace<0>(); break;
    case 2: p.emplace<1>(); break;
    case 3: p.emplace<2>(); break;
    case 4: p.emplace<3>(); break;
    default: return r.fail();
  }
  std::visit([&](auto& opening) { get(r, opening); }, p);
}

void write(Writer& w, const SupplyChunk& p) {
  wire::put(w, p.demand);
  put(w, p.opening);
}
void read(Reader& r, SupplyChunk& p) {
  wire::get(r, p.demand);
  get(r, p.opening);
}

void write(Writer& w, const BondRelay& p) { wire::put(w, p.amount); }
void read(Reader& r, BondRelay& p) { wire::get(r, p.amount); }

void write(Writer& w, const UnbondRelay& p) { wire::put(w, p.amount); }
void read(Reader& r, UnbondRelay& p) { wire::get(r, p.amount); }

void write(Writer& w, const AttestData& p) {
  wire::put(w, p.claim);
  w.hash(p.data);
  put(w, p.opening);
}
void read(Reader& r, AttestData& p) {
  wire::get(r, p.claim);
  p.data = r.hash();
  get(r, p.opening);
}

void write(Writer& w, const BondValidator& p) {
  w.hash(p.key);
  wire::put(w, p.amount);
  wire::put(w, p.possession);
  w.raw(p.share_key);
  w.raw(p.share_proof);
}
void read(Reader& r, BondValidator& p) {
  p.key = r.hash();
  wire::get(r, p.amount);
  wire::get(r, p.possession);
  wire::get_raw(r, p.share_key);
  wire::get_raw(r, p.share_proof);
}

void write(Writer& w, const UnbondValidator& p) {
  w.hash(p.key);
  wire::put(w, p.amount);
}
void read(Reader& r, UnbondValidator& p) {
  p.key = r.hash();
  wire::get(r, p.amount);
}

void write(Writer& w, const RegisterDelegate& p) {
  wire::put(w, p.task);
  dispute::write_certificate(w, p.certificate);
}
void read(Reader& r, RegisterDelegate& p) {
  wire::get(r, p.task);
  p.certificate = dispute::read_certificate(r);
}

void write(Writer& w, const RevokeDelegate& p) { wire::put(w, p.task); }
void read(Reader& r, RevokeDelegate& p) { wire::get(r, p.task); }

void write(Writer& w, const ReportDivergence& p) {
  wire::put(w, p.claim);
  w.u64(p.entry);
  put(w, p.proof);
}
void read(Reader& r, ReportDivergence& p) {
  wire::get(r, p.claim);
  p.entry = r.u64();
  get(r, p.proof);
}

void write(Writer& w, const ShowShare& p) {
  w.u64(p.round);
  w.raw(p.validator);
  w.raw(p.proof);
}
void read(Reader& r, ShowShare& p) {
  p.round = r.u64();
  wire::get_raw(r, p.validator);
  wire::get_raw(r, p.proof);
}

// The alternative with this index, default-constructed.
template <std::size_t... I>
Payload empty_payload(std::size_t index, std::index_sequence<I...>) {
  Payload payload;
  (void)((index == I && (payload.emplace<I>(), true)) || ...);
  return payload;
}

constexpr std::size_t kPathMax = 1 + 32 * commit::kMaxPathLength;
constexpr std::size_t kProgressMax = 1 + 32 + kPathMax;
constexpr std::size_t kLossMax = 12 + kPathMax;
constexpr TxRow kTable[] = {
    {TxKind::kTransfer, "transfer", 40, "transfer", "Tamper.transfer", "fuzz_transaction"},
    {TxKind::kStake, "stake", 8, "stake", "Tamper.stake", "fuzz_transaction"},
    {TxKind::kUnstake, "unstake", 8, "unstake", "Tamper.unstake", "fuzz_transaction"},
    {TxKind::kRegisterProfile, "register_profile",
     4 + kMaxUrlBytes + 32 + 4 + kMaxCapabilities*(4 + kMaxTagBytes), "register_profile",
     "Tamper.register_profile", "fuzz_transaction"},
    {TxKind::kPostTask, "post_task", kPostTaskBytesMax, "post_task", "Tamper.post_task",
     "fuzz_transaction"},
    {TxKind::kCancelTask, "cancel_task", 32, "cancel_task", "Tamper.cancel_task",
     "fuzz_transaction"},
    {TxKind::kAcceptTask, "accept_task", 80, "accept_task", "Tamper.accept_task",
     "fuzz_transaction"},
    {TxKind::kEnlistVerifier, "enlist_verifier", 32, "enlist_verifier", "Tamper.enlist_verifier",
     "fuzz_transaction"},
    {TxKind::kCommitTranscript, "commit_transcript", 72, "commit_transcript",
     "Tamper.commit_transcript", "fuzz_transaction"},
    {TxKind::kRevealTranscript, "reveal_transcript",
     4 * 32 + kPathMax + 64 + kProgressMax + 1 + kLossMax, "reveal_transcript",
     "Tamper.reveal_transcript", "fuzz_transaction"},
    {TxKind::kSeal, "seal", 36 + 32 * economics::kMaxDraws, "seal", "Tamper.seal",
     "fuzz_transaction"},
    {TxKind::kOpenSeal, "open_seal", 36 + 5 * 32 + 2 * kPathMax + 129 + 73, "open_seal",
     "Tamper.open_seal", "fuzz_transaction"},
    {TxKind::kCommitChallenge, "commit_challenge", 64, "commit_challenge",
     "Tamper.commit_challenge", "fuzz_transaction"},
    {TxKind::kRevealChallenge, "reveal_challenge", 32 + wire::kTargetBytes + 3 * 32 + 2 * kPathMax,
     "reveal_challenge", "Tamper.reveal_challenge", "fuzz_transaction"},
    {TxKind::kStandUp, "stand_up", 32, "stand_up", "Tamper.stand_up", "fuzz_transaction"},
    {TxKind::kPlayMove, "play_move", 36 + kMaxSignedMoveBytes, "play_move", "Tamper.play_move",
     "fuzz_transaction"},
    {TxKind::kReportContradiction, "report_contradiction", 128, "report_contradiction",
     "Tamper.report_contradiction", "fuzz_transaction"},
    {TxKind::kDisclose, "disclose", 4 * 32 + 64 + 1 + 32 + kPathMax + kLossMax + kProgressMax,
     "disclose", "Tamper.disclose", "fuzz_transaction"},
    {TxKind::kPlaceBid, "place_bid", 88, "place_bid", "Tamper.place_bid", "fuzz_transaction"},
    {TxKind::kWithdrawBid, "withdraw_bid", 32, "withdraw_bid", "Tamper.withdraw_bid",
     "fuzz_transaction"},
    {TxKind::kAwardTask, "award_task", 64, "award_task", "Tamper.award_task", "fuzz_transaction"},
    {TxKind::kAwardQuote, "award_quote", 32 + kQuoteBytes + 64, "award_quote", "Tamper.award_quote",
     "fuzz_transaction"},
    {TxKind::kFundTask, "fund_task", 40, "fund_task", "Tamper.fund_task", "fuzz_transaction"},
    {TxKind::kReportProgress, "report_progress", 72, "report_progress", "Tamper.report_progress",
     "fuzz_transaction"},
    {TxKind::kAbandonClaim, "abandon_claim", 32, "abandon_claim", "Tamper.abandon_claim",
     "fuzz_transaction"},
    {TxKind::kDemandChunk, "demand_chunk", 32 + kPieceBytes, "demand_chunk", "Tamper.demand_chunk",
     "fuzz_transaction"},
    {TxKind::kSupplyChunk, "supply_chunk", 32 + 1 + 4 + commit::kMaxPieceBytes + kPathMax,
     "supply_chunk", "Tamper.supply_chunk", "fuzz_transaction"},
    {TxKind::kBondValidator, "bond_validator", 218, "bond_validator", "Tamper.bond_validator",
     "fuzz_transaction"},
    {TxKind::kUnbondValidator, "unbond_validator", 40, "unbond_validator",
     "Tamper.unbond_validator", "fuzz_transaction"},
    {TxKind::kBondRelay, "bond_relay", 8, "bond_relay", "Tamper.bond_relay", "fuzz_transaction"},
    {TxKind::kUnbondRelay, "unbond_relay", 8, "unbond_relay", "Tamper.unbond_relay",
     "fuzz_transaction"},
    {TxKind::kAttestData, "attest_data", 2 * 32 + 1 + 4 + commit::kMaxPieceBytes + kPathMax,
     "attest_data", "Tamper.attest_data", "fuzz_transaction"},
    {TxKind::kRegisterDelegate, "register_delegate", 32 + dispute::kCertificateBytes,
     "register_delegate", "Tamper.register_delegate", "fuzz_transaction"},
    {TxKind::kRevokeDelegate, "revoke_delegate", 32, "revoke_delegate", "Tamper.revoke_delegate",
     "fuzz_transaction"},
    {TxKind::kReportDivergence, "report_divergence", 32 + 8 + 32 + kPathMax + kLossMax,
     "report_divergence", "Tamper.report_divergence", "fuzz_transaction"},
    {TxKind::kShowShare, "show_share", 109, "show_share", "Tamper.show_share", "fuzz_transaction"},
};
static_assert(std::size(kTable) == kTxKindLast);
// The longest supply is that of a transcript's part.
static_assert(4 + commit::kChunkBytes + 2 * kPathMax + 2 + 8 * kMaxRank + 4 + 64 + 8 + kPathMax <
              4 + commit::kMaxPieceBytes + kPathMax);
static_assert(36 + kMaxSignedMoveBytes + kEnvelopeBytes + 64 <= kMaxTransactionBytes);

}  // namespace

std::span<const TxRow> transaction_table() noexcept { return kTable; }

const TxRow& row_of(TxKind kind) noexcept {
  const auto number = static_cast<std::uint8_t>(kind);
  ASSAY_EXPECTS(number >= 1 && number <= kTxKindLast);
  return kTable[number - 1];
}

void write(Writer& w, const Piece& p) {
  wire::put_enum(w, p.kind);
  w.u64(p.entry);
  w.u64(p.item);
  w.u64(p.chunk);
}
void read(Reader& r, Piece& p) {
  wire::get_enum(r, p.kind, PieceKind::kStepProgram);
  p.entry = r.u64();
  p.item = r.u64();
  p.chunk = r.u64();
}

void write(Writer& w, const Quote& q) {
  wire::put(w, q.solver);
  w.hash(q.terms);
  wire::put(w, q.price);
  wire::put(w, q.times);
  w.hash(q.r_commitment);
  w.raw(q.id);
  wire::put(w, q.valid_until);
}
void read(Reader& r, Quote& q) {
  wire::get(r, q.solver);
  q.terms = r.hash();
  wire::get(r, q.price);
  wire::get(r, q.times);
  q.r_commitment = r.hash();
  const ByteView id = r.take(q.id.size());
  if (!id.empty()) std::memcpy(q.id.data(), id.data(), q.id.size());
  wire::get(r, q.valid_until);
}

Bytes encode_payload(const Payload& payload) {
  return codec::encode(
      [&](Writer& w) { std::visit([&](const auto& p) { write(w, p); }, payload); });
}

bool decode_payload(TxKind kind, ByteView bytes, Payload& out) {
  if (bytes.size() > row_of(kind).payload_bytes_max) return false;
  Reader r(bytes);
  out = empty_payload(static_cast<std::size_t>(kind) - 1,
                      std::make_index_sequence<std::variant_size_v<Payload>>());
  std::visit([&](auto& p) { read(r, p); }, out);
  return r.finish();
}

economics::TaskTerms terms_of(const PostTask& t) noexcept {
  economics::TaskTerms terms;
  terms.price = t.price.value;
  terms.verification_fee = t.verification_fee.value;
  terms.solver_stake = t.solver_stake.value;
  terms.verifier_stake = t.verifier_stake.value;
  terms.challenger_bond = t.challenger_bond.value;
  terms.declared_harm = t.declared_harm.value;
  terms.tax = t.tax.value;
  terms.force_rate = t.force_rate;
  terms.relays = t.relays;
  terms.relay_quorum = t.relay_quorum;
  terms.relay_fee = t.relay_fee.value;
  terms.relay_stake = t.relay_stake.value;
  terms.seats = t.seats;
  terms.draws = t.draws;
  terms.entries = commit::is_valid(t.header) ? commit::transcript_entries(t.header) : 0;
  return terms;
}

}  // namespace assay::protocol
