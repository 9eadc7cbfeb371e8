// What transactions ask for: one struct a kind (docs/spec/protocol.md has the byte tables). Every
// size that a sender controls has a named limit.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "assay/codec/buffer.hpp"
#include "assay/commit/path_record.hpp"
#include "assay/commit/piece.hpp"
#include "assay/commit/task.hpp"
#include "assay/crypto/ed25519.hpp"
#include "assay/dispute/signer.hpp"
#include "assay/economics/incentives.hpp"
#include "assay/protocol/ids.hpp"

namespace assay::protocol {

inline constexpr std::size_t kMaxUrlBytes = 200;
inline constexpr std::size_t kMaxSignedMoveBytes =
    4 + 1 + 32 + 4 + dispute::kMaxMoveBytes + dispute::kSignerBytesMax + 64;
// Unbonding outlasts the windows in which a claim's challenges end, whatever a task says.
inline constexpr std::uint64_t kUnbondingMs = std::uint64_t{21} * 24 * 3600 * 1000;
inline constexpr std::uint64_t kMaxDisputeMs = std::uint64_t{14} * 24 * 3600 * 1000;
// Where relays are drawn, those before the claim is disputed: no bond is held for years.
inline constexpr std::uint64_t kMaxAttestedMs = std::uint64_t{14} * 24 * 3600 * 1000;
inline constexpr std::uint32_t kMaxChallengesPerClaim = economics::kMaxChallenges;
// Ever. What they burn together is at least the claim's price (demand_price).
inline constexpr std::uint32_t kMaxDemandsPerClaim = 1024;
// Of a claim, so many demands share one move window.
inline constexpr std::uint32_t kDemandsPerWindow = 64;
// Of a move and of a replay in a game: each of its turns may take so long.
inline constexpr std::uint64_t kMaxMoveMs = std::uint64_t{24} * 3600 * 1000;
inline constexpr std::uint64_t kMaxWindowMs = std::uint64_t{366} * 24 * 3600 * 1000;

// Of validators by stake (docs/spec/protocol.md, "Validators").
inline constexpr std::size_t kMaxValidators = 64;  // at a time
inline constexpr Amount kMinValidatorStake{100 * kAtomsPerToken};
// Of the beacon of shares (docs/spec/protocol.md, "The beacon of shares").
inline constexpr std::uint64_t kShareWindowMs = 600'000;        // unless the genesis says otherwise
inline constexpr std::uint64_t kMaxShareWindowMs = 86'400'000;  // far below what a stake unbonds in
inline constexpr std::uint64_t kShareBlocks =
    32;  // more turns than a third of the members can have
inline constexpr std::size_t kMaxRoundClaims = 256;
inline constexpr std::size_t kMaxUnbondings = 8;  // of one validator, that wait

// Of the market (docs/spec/protocol.md, "The market").
inline constexpr std::uint32_t kMaxCopies = 4;
inline constexpr std::uint32_t kMaxBids = 64;        // that stand, of one task
inline constexpr std::uint32_t kMaxFunders = 16;     // contributions to one task
inline constexpr std::size_t kMaxListed = 16;        // accounts in one list of a task
inline constexpr std::size_t kMaxRequired = 8;       // capabilities that a task asks for
inline constexpr std::size_t kMaxCapabilities = 16;  // that a profile lists
inline constexpr std::size_t kMaxTagBytes = 16;

// Windows of a task, in milliseconds of ledger time, each from 1 to kMaxWindowMs; bid_ms is 0
// unless it is an auction. Those in which challenges end are together at most kMaxDisputeMs,
// challenge_ms counted twice; those from the draw of relays to the seals' opening at most
// kMaxAttestedMs, where there are relays.
struct Windows {
  std::uint64_t accept_ms = 0;  // from posting until it is funded; from then: a solver accepts
  std::uint64_t train_ms = 0;   // from acceptance: the transcript is committed to
  std::uint64_t enlist_ms = 0;  // from then: free verifier seats are taken
  std::uint64_t reveal_ms = 0;  // from then: the transcript is revealed
  std::uint64_t seal_ms = 0;    // from the draw: drawn verifiers seal
  std::uint64_t open_ms = 0;    // from then: they open
  // From then: last challenges are committed to; twice as long if a verifier fell silent.
  std::uint64_t challenge_ms = 0;
  std::uint64_t challenge_reveal_ms =
      0;                          // from its commitment, at the earliest from the openings' end
  std::uint64_t stand_up_ms = 0;  // from its reveal: attestors join the defence
  std::uint64_t move_ms = 0;      // allowance of each turn of a game
  std::uint64_t replay_ms = 0;    // at most this a solver may quote for replaying an interval
  std::uint64_t bid_ms = 0;       // from when it is funded: bids are taken
  // From the openings' end: the solver discloses whether it forced an error. 0 exactly if the task
  // forces none.
  std::uint64_t disclose_ms = 0;
  // From the draw: relays attest that the data is there. 0 exactly if the task draws none.
  std::uint64_t relay_ms = 0;
  friend bool operator==(const Windows&, const Windows&) = default;
};

struct Transfer {
  AccountId to;
  Amount amount;
  friend bool operator==(const Transfer&, const Transfer&) = default;
};
struct Stake {
  Amount amount;
  friend bool operator==(const Stake&, const Stake&) = default;
};
// The money is free after kUnbondingMs.
struct Unstake {
  Amount amount;
  friend bool operator==(const Unstake&, const Unstake&) = default;
};
// What others want to know of an account: where its blobs are fetched, the SHA-256 of the
// certificate to expect there, and what it says that it can do.
struct RegisterProfile {
  std::string url;  // "https://", printable ASCII, at most kMaxUrlBytes
  Hash256 certificate;
  std::vector<std::string> capabilities;  // tags: 1 to kMaxTagBytes of a-z, 0-9 and -
  friend bool operator==(const RegisterProfile&, const RegisterProfile&) = default;
};
enum class Sale : std::uint8_t {
  kFixed = 1,  // whoever accepts first gets the price
  kAuction,    // the lowest bid when the window ends; ties to the earliest
};
struct PostTask {
  commit::TaskHeader header;
  Sale sale = Sale::kFixed;
  std::vector<AccountId> allow;           // only these solvers; empty: anybody
  std::vector<AccountId> deny;            // none of these
  std::vector<std::string> capabilities;  // that a solver's profile must list
  std::uint64_t reputation_min = 0;       // a solver's score, at least
  std::uint32_t copies = 1;               // claims of different solvers, each paid, 1 to kMaxCopies
  // Of one copy.
  Amount price;             // or the cap of bids
  Amount verification_fee;  // of all verifiers together
  Amount tax;               // on top, at least economics::least_tax(price)
  Amount sought;            // of all copies' cost, what others are to fund: not the tax
  Amount bid_deposit;       // positive in an auction, else zero
  Amount solver_stake;
  Amount verifier_stake;
  Amount challenger_bond;
  Amount declared_harm;
  Amount relay_fee;    // of one copy, of all relays together
  Amount relay_stake;  // of a relay's bond, behind its word in one seat
  std::uint32_t seats = 0;
  std::uint32_t draws = 0;         // of one verifier
  std::uint32_t force_rate = 0;    // chance of a forced error, of 2^32
  std::uint32_t relays = 0;        // seats drawn for each claim; 0: nobody attests the data
  std::uint32_t relay_quorum = 0;  // of them that must attest
  // Metered work of all steps in 10^6 weighted operations (graph::work_of), rounded up; the ledger
  // cannot check it, but solvers do.
  std::uint64_t work_units = 0;
  std::uint64_t progress_entries = 0;  // of the transcript, between two reports of progress
  // A claim that its solver gives up is paid for what it delivers, like one that is cancelled.
  bool pays_partial = false;
  Windows windows;
  friend bool operator==(const PostTask&, const PostTask&) = default;
};
struct CancelTask {
  TaskId task;
  friend bool operator==(const CancelTask&, const CancelTask&) = default;
};
// What a solver's side of games takes it, at most. Its clocks in them count by it, nobody else's.
struct ReplayTimes {
  std::uint64_t interval_ms = 0;  // replaying an interval: 1 to the task's replay window
  std::uint64_t game_ms = 0;      // the traces of one game about it: 1 to the task's move window
  friend bool operator==(const ReplayTimes&, const ReplayTimes&) = default;
};
struct AcceptTask {
  TaskId task;
  ReplayTimes times;
  Hash256 r_commitment;  // H of the solver's random bits, for forced errors
  friend bool operator==(const AcceptTask&, const AcceptTask&) = default;
};
struct EnlistVerifier {
  ClaimId claim;
  friend bool operator==(const EnlistVerifier&, const EnlistVerifier&) = default;
};
struct CommitTranscript {
  ClaimId claim;
  Hash256 commitment;  // transcript_commitment()
  // Of the transcript: the task's count, fewer of a cancelled claim, or of a run that halted at a
  // loss that is not finite.
  std::uint64_t entries = 0;
  friend bool operator==(const CommitTranscript&, const CommitTranscript&) = default;
};
// Opens the last report of progress: the transcript holds at its entry what was reported.
struct ProgressProof {
  Hash256 state_root;
  commit::Path path;
};
// The slot that every step writes its loss to and none reads: f32, scalar. A forced error flips its
// lowest bit, so that what is not finite stays so.
inline constexpr std::string_view kLossSlot = "metric/loss";
// The loss in a state: its place among the slots.
struct LossOpening {
  std::uint32_t slots = 0;  // of the state
  std::uint32_t slot = 0;   // the loss slot's index among them
  commit::Path slot_path;
  std::uint32_t loss_bits = 0;
};
void write(codec::Writer& w, const LossOpening& loss);
void read(codec::Reader& r, LossOpening& out);
// The loss in the state at an entry of a transcript.
struct LossProof {
  Hash256 state_root;
  commit::Path entry_path;
  LossOpening loss;
};
// A transcript of another length than was committed to cannot open its last entry.
struct RevealTranscript {
  ClaimId claim;
  Hash256 transcript_root;
  Hash256 salt;  // zero where the task forces errors: it would tell whether this one was forced
  Hash256 final_state_root;
  commit::Path final_path;        // of the claim's last entry
  crypto::Signature signature{};  // by the solver over dispute::claim_digest()
  // Exactly if progress was reported and the task forces no errors.
  std::optional<ProgressProof> progress;
  // Exactly if the run halted: the loss in the final state, which is not finite.
  std::optional<LossOpening> loss;
};
struct Seal {
  ClaimId claim;
  std::vector<Hash256> seals;  // seal_commitment() of each draw, in order
  friend bool operator==(const Seal&, const Seal&) = default;
};
// The challenge with which a verifier that came to another end root stands by it.
struct MismatchProof {
  ChallengeId challenge;    // by the sender, not revealed yet
  std::uint64_t entry = 0;  // that it is of: the drawn one, or an earlier one where the run went
                            // wrong, so that the drawn interval's start is nothing to replay from
  Hash256 salt;             // of its commitment
};
struct OpenSeal {
  ClaimId claim;
  std::uint32_t draw = 0;
  Hash256 salt;
  Hash256 interior_root;
  Hash256 own_end_root;
  Hash256 start_root;       // what the transcript says before the interval; zero for entry 0
  commit::Path start_path;  // empty for entry 0
  Hash256 end_root;         // and after it
  commit::Path end_path;
  std::optional<Attestation> attestation;  // but where an earlier entry is disputed
  std::optional<MismatchProof> mismatch;   // exactly if own_end_root != end_root
};
// The solver opens what it committed to before the beacon.
struct Disclose {
  ClaimId claim;
  Hash256 r;
  Hash256 salt;
  Hash256 transcript_root;        // the true one
  crypto::Signature signature{};  // by the solver over dispute::claim_digest() of it
  // Exactly if an error was due: the true state at the forced entry. The path is that of either
  // transcript, because they differ there alone.
  std::optional<LossProof> forced;
  std::optional<ProgressProof> progress;  // exactly if progress was reported
};
struct CommitChallenge {
  ClaimId claim;
  Hash256 commitment;  // challenge_commitment()
  friend bool operator==(const CommitChallenge&, const CommitChallenge&) = default;
};
struct RevealChallenge {
  ChallengeId challenge;
  ChallengeTarget target;
  Hash256 salt;
  Hash256 start_root;
  commit::Path start_path;
  Hash256 end_root;  // of a verifier's word zero, with an empty path: its opened seal says it
  commit::Path end_path;
};
// The sender's attestation of the challenged interval gets a game of its own.
struct StandUp {
  ChallengeId challenge;
  friend bool operator==(const StandUp&, const StandUp&) = default;
};
// Anybody may carry a move: it has its mover's signature inside.
struct PlayMove {
  GameId game;
  Bytes signed_move;  // dispute::write_signed_move()
  friend bool operator==(const PlayMove&, const PlayMove&) = default;
};
// The solver signed another transcript for the same claim.
struct ReportContradiction {
  ClaimId claim;
  Hash256 transcript_root;
  crypto::Signature signature{};
  friend bool operator==(const ReportContradiction&, const ReportContradiction&) = default;
};
// The run diverged: at an entry whose state the solver keeps, before the last, the loss is not
// finite. What came after it is not paid.
struct ReportDivergence {
  ClaimId claim;
  std::uint64_t entry = 0;
  LossProof proof;
};

// An offer to take a copy in an auction. It stands until the sale ends, and locks its deposit and
// the solver's stake as long; if it wins, the stake is the claim's. A second bid of the same
// account takes the first one's place if it is lower.
struct PlaceBid {
  TaskId task;
  Amount price;
  ReplayTimes times;
  Hash256 r_commitment;
  friend bool operator==(const PlaceBid&, const PlaceBid&) = default;
};
// Costs the deposit in the last tenth of the auction's window, and where the bid evicted another.
struct WithdrawBid {
  TaskId task;
  friend bool operator==(const WithdrawBid&, const WithdrawBid&) = default;
};
// By the submitter, before the auction's window ends.
struct AwardTask {
  TaskId task;
  AccountId solver;  // whose bid stands
  friend bool operator==(const AwardTask&, const AwardTask&) = default;
};
// What a solver offers off the ledger, signed over quote_digest().
struct Quote {
  AccountId solver;
  Hash256 terms;  // terms_digest() of the task that it is for: nothing else takes its stake
  Amount price;
  ReplayTimes times;
  Hash256 r_commitment;
  QuoteId id{};
  Height valid_until;  // the last height at which it may be awarded
  friend bool operator==(const Quote&, const Quote&) = default;
};
// solver 32, terms 32, price u64, times 2 u64, r commitment 32, id 16, valid until u64.
inline constexpr std::size_t kQuoteBytes = 3 * 32 + 16 + 4 * 8;
void write(codec::Writer& w, const Quote& quote);
void read(codec::Reader& r, Quote& out);
// H("assay/quote/1" || chain || quote).
[[nodiscard]] Hash256 quote_digest(const ChainId& chain, const Quote& quote);
// By the submitter of an open task.
struct AwardQuote {
  TaskId task;
  Quote quote;
  crypto::Signature signature{};
  friend bool operator==(const AwardQuote&, const AwardQuote&) = default;
};
// By anybody: fills what a task seeks; of an open task, raises the price (or the cap).
struct FundTask {
  TaskId task;
  Amount amount;
  friend bool operator==(const FundTask&, const FundTask&) = default;
};
// By the solver of a claim in training. If the submitter cancels, at most so many entries more than
// reported are paid as the task says. The state's root stays hidden: with it anybody could tell a
// forced error at that entry without a replay.
struct ReportProgress {
  ClaimId claim;
  std::uint64_t entries = 0;  // of the transcript so far, the initial state's included
  Hash256 commitment;         // progress_commitment() of the last one's state
  friend bool operator==(const ReportProgress&, const ReportProgress&) = default;
};

// By the solver of a claim in training: it gives the claim up. Where the task pays partial work and
// progress was reported it may deliver as after a cancellation; else the claim ends at once.
struct AbandonClaim {
  ClaimId claim;
  friend bool operator==(const AbandonClaim&, const AbandonClaim&) = default;
};

// What a claim's solver has to be able to show, whoever asks: a piece of what stands under roots
// that the ledger holds.
enum class PieceKind : std::uint8_t {
  kTranscript = 1,  // part `chunk` of the transcript (commit::kPartEntries)
  kState,           // chunk `chunk` of tensor `item` of the state at entry `entry`, which is kept
  kDataSet,         // chunk `chunk` of tensor `item`
  kInitProgram,     // record `item`
  kStepProgram,
};
// Fields that the kind does not name are 0. Items and chunks are taken modulo how many there are.
struct Piece {
  PieceKind kind = PieceKind::kTranscript;
  std::uint64_t entry = 0;
  std::uint64_t item = 0;
  std::uint64_t chunk = 0;
  friend bool operator==(const Piece&, const Piece&) = default;
};
[[nodiscard]] const char* to_string(PieceKind kind) noexcept;
inline constexpr std::size_t kPieceBytes = 1 + 3 * 8;
void write(codec::Writer& w, const Piece& piece);
void read(codec::Reader& r, Piece& out);
// By anybody but the solver, who must show it in time or lose the claim.
struct DemandChunk {
  ClaimId claim;
  Piece piece;
  friend bool operator==(const DemandChunk&, const DemandChunk&) = default;
};
// Of a state: the chunk, and the path of its entry in the transcript.
struct StateChunk {
  commit::TensorChunk chunk;
  commit::Path entry_path;
};
// In the order of piece kinds; the programs share the last.
using PieceOpening =
    std::variant<commit::TranscriptPart, StateChunk, commit::TensorChunk, commit::ProgramRecord>;
// By anybody.
struct SupplyChunk {
  DemandId demand;
  PieceOpening opening;
};

// Puts money behind a validator of a replicated ledger; the first time its key becomes the
// sender's. From the next round on its shares are made with this share key.
struct BondValidator {
  Hash256 key;  // Ed25519, with which its CometBFT signs votes
  Amount amount;
  crypto::Signature possession{};  // by the key over possession_digest()
  crypto::VrfPublicKey share_key{};
  crypto::VrfProof share_proof{};  // by that key of share_possession_digest()
  friend bool operator==(const BondValidator&, const BondValidator&) = default;
};
// Takes it back. The money is free after kUnbondingMs, and can be slashed until then.
struct UnbondValidator {
  Hash256 key;
  Amount amount;
  friend bool operator==(const UnbondValidator&, const UnbondValidator&) = default;
};
// Adds to what the sender has in the pool from which relays are drawn, each atom with the same
// chance. From its stake.
struct BondRelay {
  Amount amount;
  friend bool operator==(const BondRelay&, const BondRelay&) = default;
};
// Takes out of it what stands behind no claim. Back to its stake.
struct UnbondRelay {
  Amount amount;
  friend bool operator==(const UnbondRelay&, const UnbondRelay&) = default;
};
// By a drawn relay: it has all that the claim is checked with, and serves it until the claim is
// settled.
struct AttestData {
  ClaimId claim;
  Hash256 data;          // data_digest()
  PieceOpening opening;  // of relay_piece()
};
// By whoever has a part in the task: this key moves for it in its games there, in place of the one
// that it named before.
struct RegisterDelegate {
  TaskId task;
  dispute::Certificate certificate;
  friend bool operator==(const RegisterDelegate&, const RegisterDelegate&) = default;
};
// Its moves from now on are none. Those that were taken stand.
struct RevokeDelegate {
  TaskId task;
  friend bool operator==(const RevokeDelegate&, const RevokeDelegate&) = default;
};

// By anybody: a holder's share of the round's beacon.
struct ShowShare {
  std::uint64_t round = 0;
  ValidatorAddress validator{};
  crypto::VrfProof proof{};  // by its share key of share_input()
  friend bool operator==(const ShowShare&, const ShowShare&) = default;
};

// The kind's number on the wire is the alternative's index + 1.
using Payload =
    std::variant<Transfer, Stake, Unstake, RegisterProfile, PostTask, CancelTask, AcceptTask,
                 EnlistVerifier, CommitTranscript, RevealTranscript, Seal, OpenSeal,
                 CommitChallenge, RevealChallenge, StandUp, PlayMove, ReportContradiction, Disclose,
                 PlaceBid, WithdrawBid, AwardTask, AwardQuote, FundTask, ReportProgress,
                 AbandonClaim, DemandChunk, SupplyChunk, BondValidator, UnbondValidator, BondRelay,
                 UnbondRelay, AttestData, RegisterDelegate, RevokeDelegate, ReportDivergence,
                 ShowShare>;

enum class TxKind : std::uint8_t {
  kTransfer = 1,
  kStake,
  kUnstake,
  kRegisterProfile,
  kPostTask,
  kCancelTask,
  kAcceptTask,
  kEnlistVerifier,
  kCommitTranscript,
  kRevealTranscript,
  kSeal,
  kOpenSeal,
  kCommitChallenge,
  kRevealChallenge,
  kStandUp,
  kPlayMove,
  kReportContradiction,
  kDisclose,
  kPlaceBid,
  kWithdrawBid,
  kAwardTask,
  kAwardQuote,
  kFundTask,
  kReportProgress,
  kAbandonClaim,
  kDemandChunk,
  kSupplyChunk,
  kBondValidator,
  kUnbondValidator,
  kBondRelay,
  kUnbondRelay,
  kAttestData,
  kRegisterDelegate,
  kRevokeDelegate,
  kReportDivergence,
  kShowShare,
};
inline constexpr std::uint8_t kTxKindLast = 36;
static_assert(std::variant_size_v<Payload> == kTxKindLast);

[[nodiscard]] inline TxKind kind_of(const Payload& payload) noexcept {
  return static_cast<TxKind>(payload.index() + 1);
}

// The payload's bytes, without its kind.
[[nodiscard]] Bytes encode_payload(const Payload& payload);
// False if the bytes are no payload of this kind, or longer than its limit. kind: 1 to kTxKindLast.
[[nodiscard]] bool decode_payload(TxKind kind, ByteView bytes, Payload& out);

// The root of the state that has this loss at the opening's place. False if the path has the wrong
// length.
[[nodiscard]] bool state_root_with_loss(const LossOpening& opening, std::uint32_t loss_bits,
                                        Hash256& root);
// An infinity or a NaN.
[[nodiscard]] constexpr bool is_not_finite(std::uint32_t f32_bits) noexcept {
  return (f32_bits & 0x7f80'0000) == 0x7f80'0000;
}

// The economics of a posted task.
[[nodiscard]] economics::TaskTerms terms_of(const PostTask& task) noexcept;

}  // namespace assay::protocol
