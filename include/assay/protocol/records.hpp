// What the ledger keeps of tasks, claims, verifiers, challenges and games (docs/spec/protocol.md,
// "Records"). Plain data; one encoding each, under the state root. Times are ledger time.
#pragma once

#include "assay/economics/sampling.hpp"
#include "assay/ledger/account.hpp"
#include "assay/protocol/payloads.hpp"

namespace assay::protocol {

// An account beyond its money.
struct Profile {
  std::uint64_t last_nonce = 0;
  std::string url;  // empty: no endpoint registered
  Hash256 certificate;
  std::vector<std::string> capabilities;
  friend bool operator==(const Profile&, const Profile&) = default;
};

// What an account put down and does not have back yet.
struct Locked {
  Amount stakes;                 // behind claims, and bids that may become claims
  Amount bonds;                  // of challenges
  Amount deposits;               // of bids
  LedgerTimeMs unbonding_until;  // when the last of what it unstaked is free; zero: nothing unbonds
  Amount bonded = {};            // behind validators, what unbonds of it too
  friend bool operator==(const Locked&, const Locked&) = default;
};

enum class Standing : std::uint8_t { kSubmitter = 1, kSolver, kVerifier, kChallenger };
inline constexpr std::size_t kStandings = 4;

// How an account did in one role. The score is what the protocol took in tax of its settled work,
// or burned of those whom it proved wrong, in atoms, as it stood at `at`: it decays
// (economics::decayed_score), so it costs what it is worth.
struct Reputation {
  std::uint64_t score = 0;
  LedgerTimeMs at;
  std::uint64_t completed = 0;  // claims; a challenger's: slashes and forced errors that paid it
  std::uint64_t faults = 0;     // deadlines missed
  LedgerTimeMs last_fault;      // zero: none
  std::uint64_t slashes = 0;    // a challenger's: games lost by verdict
  friend bool operator==(const Reputation&, const Reputation&) = default;
};

enum class TaskStatus : std::uint8_t {
  kFunding = 1,  // waits for what it seeks
  kOpen,         // copies are for sale
  kClaimed,      // its claims tell the rest
  kCancelled,
  kUnclaimed,  // nobody took it, or nobody funded it, in time
  kPaid,       // a claim became final and its solver was paid
  kRefunded,   // no claim earned the price
};

// Why a task or a claim is over.
enum class CloseReason : std::uint8_t {
  kNone = 1,  // it is not
  // Of tasks without a claim.
  kCancelledOpen,
  kUnfunded,
  kNoBids,  // or none that could be awarded
  kNotAccepted,
  // Of claims. A task with claims ends with the reason of its first paid claim, else of its last.
  kNotCommitted,
  kNotRevealed,
  kCancelledTraining,  // cancelled, and no part of the work was delivered
  kAbandoned,          // its solver gave it up and delivered nothing
  kFinal,
  kFinalPartial,   // cancelled or given up; the part that was done became final
  kFinalDiverged,  // the steps up to the first loss that was not finite became final
  kThrown,         // the work stood, but its solver lost a game about it
  kFallen,
  kContradicted,
  kUndisclosed,  // its solver did not say in time whether it forced an error
  kWithheld,     // its solver did not show in time what was demanded
  kUnattested,   // no quorum of relays attested that its data is there
  kVoid,
};
// Of a claim whose solver is paid.
[[nodiscard]] constexpr bool is_paid(CloseReason reason) noexcept {
  return reason == CloseReason::kFinal || reason == CloseReason::kFinalPartial ||
         reason == CloseReason::kFinalDiverged;
}

// A contribution to a task's cost, as much of it as was not given back.
struct Funder {
  AccountId account;
  Amount amount;
  friend bool operator==(const Funder&, const Funder&) = default;
};

struct TaskRecord {
  TaskId id;
  AccountId submitter;
  PostTask terms;        // as posted, but for what funders added to price and tax
  Hash256 posted_terms;  // terms_digest() as posted
  TaskStatus status = TaskStatus::kFunding;
  CloseReason reason = CloseReason::kNone;
  bool deters_harm = false;     // false: labelled as deterring laziness only
  LedgerTimeMs deadline;        // of kFunding and of the sale
  LedgerTimeMs ended;           // from kCancelled on: when
  Amount missing;               // of what it seeks
  std::vector<Funder> funders;  // spent first in, first out
  bool posted = false;          // the money is in escrow, not only reserved
  std::vector<ClaimId> claims;  // in the order of their awards
  std::uint32_t unsettled = 0;  // of them
  std::uint32_t bids = 0;       // that stand
  std::uint64_t bids_ever = 0;
};

// A bid that stands.
struct Bid {
  TaskId task;
  AccountId bidder;
  Amount price;
  ReplayTimes times;
  Hash256 r_commitment;
  bool has_evicted = false;    // another, when there was no more room
  std::uint64_t sequence = 0;  // among the task's bids ever
  friend bool operator==(const Bid&, const Bid&) = default;
};

enum class ClaimStatus : std::uint8_t {
  kTraining = 1,  // until the transcript is committed to
  kEnlisting,     // until the seats are full or the window closes, and the force beacon is drawn
  kRevealing,     // until the transcript is revealed
  kDrawing,       // until the next beacon: a block's, or that of a round of shares
  kRelaying,      // until relays have attested that the data is there; skipped where none are drawn
  kSealing,       // until all drawn verifiers sealed or the window closes
  kOpening,       // until all seals are open or the window closes
  kDisclosing,    // until the solver tells whether it forced an error; skipped where none is
  kChallenging,   // until the window closes
  kResolving,     // until every challenge is resolved
  kFinal,         // the claim stood
  kFallen,        // one challenger beat every defender, or the solver contradicted itself
  kVoid,          // the program should never have been admitted: everybody is refunded
  kExpired,       // no transcript in time, or cancelled without one
};
[[nodiscard]] constexpr bool is_settled(ClaimStatus s) noexcept { return s >= ClaimStatus::kFinal; }
// The transcript stands on the ledger and may be challenged. Not while it is being disclosed: what
// came late for a forced error would be about a transcript that nobody knows yet. Nor, where relays
// are drawn, before their quorum: a solver that saw a challenge come would serve nobody.
[[nodiscard]] constexpr bool is_challengeable(const PostTask& terms, ClaimStatus s) noexcept {
  return s >= (terms.relays != 0 ? ClaimStatus::kSealing : ClaimStatus::kDrawing) &&
         s <= ClaimStatus::kChallenging && s != ClaimStatus::kDisclosing;
}

struct ClaimRecord {
  ClaimId id;
  TaskId task;
  AccountId solver;
  ClaimStatus status = ClaimStatus::kTraining;
  CloseReason reason = CloseReason::kNone;
  LedgerTimeMs deadline;  // of the status; zero where the status has none
  Amount price;           // of this copy
  Amount tax;
  std::uint64_t entries = 0;   // of its transcript: the task's count, fewer if it was cut short
  std::uint64_t reported = 1;  // entries by the last report of progress
  Hash256 progress;            // its commitment to the state there; zero: there was no report
  bool cancelled = false;      // at most reported + progress_entries are wanted
  bool abandoned = false;      // by its solver; else by the submitter
  std::uint64_t diverged_entry =
      0;              // the first known whose loss is not finite; 0: none but the last
  ReplayTimes times;  // the solver's quote
  Hash256 r_commitment;
  QuoteId quote{};          // that was awarded; zeros: none
  Hash256 commitment;       // to the transcript
  Hash256 transcript_root;  // from kDrawing on, as the three below
  Hash256 salt;
  Hash256 final_state_root;
  crypto::Signature signature{};
  Hash256 beacon;  // from kSealing on: what the draws came from
  // Of a task that forces errors: from the block after the transcript was committed to, what
  // decides whether one is due; from the disclosure on, the root that was posted until then.
  Hash256 force_beacon;
  Hash256 posted_root;
  // How many challenges were committed to when sealing ended, and when the disclosing began: of the
  // forced entry, one of the first ones wins a share of the jackpot, one of the others is refunded.
  std::uint32_t finds_until = 0;
  std::uint32_t refunds_until = 0;
  std::uint64_t forced_entry = 0;  // 0: none was due
  Hash256 forced_state_root;       // the true one at it
  std::uint32_t enlisted = 0;
  std::uint32_t sealed = 0;        // verifiers that sealed
  std::uint32_t opened = 0;        // seals opened
  std::uint32_t challenges = 0;    // committed ever
  std::uint32_t unresolved = 0;    // of them
  std::uint32_t demands = 0;       // for pieces, ever
  std::uint32_t demands_open = 0;  // of them
  LedgerTimeMs demands_until;      // from kChallenging on: the last time for demands
  bool doomed = false;             // a challenge won: the claim falls when all are resolved
  bool withheld = false;           // a demand was ignored: it falls when its window is over
  std::uint64_t fallen_entry = 0;  // of the earliest winning challenge
  bool solver_lost = false;        // a game of its own, or as doomed or withheld
  std::optional<AccountId> contradicted_by;
};

// It takes one more challenge. Those of what was disclosed have room of their own: those of a
// forced error are refunded, so they could crowd out all others for nothing.
[[nodiscard]] constexpr bool has_room(const ClaimRecord& claim) noexcept {
  return claim.challenges - claim.refunds_until < kMaxChallengesPerClaim;
}

struct OpenedSeal {
  Hash256 interior_root;
  Hash256 own_end_root;
  bool matches = false;                    // own_end_root is what the transcript said
  std::optional<Attestation> attestation;  // none: it disputes an earlier entry
  friend bool operator==(const OpenedSeal&, const OpenedSeal&) = default;
};

struct VerifierRecord {
  ClaimId claim;
  AccountId verifier;
  std::vector<economics::Draw> draws;             // from kSealing on
  std::vector<Hash256> seals;                     // one a draw, once sealed
  std::vector<std::optional<OpenedSeal>> opened;  // one a draw
  bool lost = false;                              // a game of its own
};

enum class ChallengeStatus : std::uint8_t {
  kCommitted = 1,
  kPlaying,
  kWon,         // every defender that stood up was beaten
  kLost,        // to one of them
  kUnrevealed,  // in time: the bond is forfeited
  kVoid,        // refunded
  kFound,       // a forced error, before it was disclosed: refunded, and a share of the jackpot
};
[[nodiscard]] constexpr bool is_resolved(ChallengeStatus s) noexcept {
  return s >= ChallengeStatus::kWon;
}

struct ChallengeRecord {
  ChallengeId id;
  ClaimId claim;
  AccountId challenger;
  std::uint32_t sequence = 0;  // among the claim's challenges: the order of commitment
  Hash256 commitment;
  Height committed_at;
  ChallengeStatus status = ChallengeStatus::kCommitted;
  // kCommitted: to reveal (zero until the claim is kChallenging: it cannot be revealed before);
  // kPlaying: for attestors to stand up.
  LedgerTimeMs deadline;
  // From when everybody can tell what it is about: a mismatching seal was opened on it, or it was
  // revealed. Who committed to the same thing from then on may have copied it.
  Height revealed_at;
  ChallengeTarget target;           // from then on, as the entry
  std::uint64_t entry = 0;          // a draw's, where a verifier's word is disputed
  std::uint64_t interior_step = 0;  // of Disputed::kInterior: the draw's, where the game ends
  Hash256 start_root;               // from kPlaying on, as all below
  commit::Path start_path;
  Hash256 end_root;
  commit::Path end_path;
  std::uint32_t queue_position = 0;  // of the interval among those in play, from 1
  std::uint32_t queue_games = 0;     // challenges in play before it, whatever they are about
  bool stand_up_closed = false;
  std::vector<AccountId> defenders;  // in the order they stood up; first whose word is disputed
};

enum class DemandStatus : std::uint8_t {
  kOpen = 1,
  kSupplied,
  kIgnored,  // in time: the claim falls
  kVoid,     // the claim was settled before
};

struct DemandRecord {
  DemandId id;
  ClaimId claim;
  AccountId demander;
  std::uint32_t sequence = 0;  // among the claim's demands
  Piece piece;
  Amount price;  // of the piece, locked until it is supplied
  DemandStatus status = DemandStatus::kOpen;
  LedgerTimeMs deadline;               // to supply it; zero once it ended
  std::uint64_t paused_before_ms = 0;  // of all clocks, when it was demanded
  std::uint64_t paused_ms = 0;         // of this one, as far as the deadline counts it
  friend bool operator==(const DemandRecord&, const DemandRecord&) = default;
};

// A part of a validator's stake that its owner took back.
struct ValidatorUnbonding {
  Amount amount;
  LedgerTimeMs until;  // it can be slashed till then
  friend bool operator==(const ValidatorUnbonding&, const ValidatorUnbonding&) = default;
};
// A key with which CometBFT signs votes, and what stands behind it.
struct ValidatorRecord {
  Hash256 key;
  AccountId owner;
  Amount stake;                               // that counts; zero: it left, or was slashed
  std::vector<ValidatorUnbonding> unbonding;  // in their order
  Height slashed_at;                          // 0: never. The key is worth nothing from then on
  crypto::VrfPublicKey share_key{};           // with which its shares of the beacon are made
  friend bool operator==(const ValidatorRecord&, const ValidatorRecord&) = default;
};
// It may be among those who order blocks.
[[nodiscard]] constexpr bool is_candidate(const ValidatorRecord& v) noexcept {
  return v.stake >= kMinValidatorStake;
}
// Its votes: one a whole token.
[[nodiscard]] constexpr std::uint64_t power_of(Amount stake) noexcept {
  return stake.value / kAtomsPerToken;
}
struct ValidatorPower {
  Hash256 key;
  std::uint64_t power = 0;  // 0: it is a validator no more
  friend bool operator==(const ValidatorPower&, const ValidatorPower&) = default;
};
// Who orders blocks from the next but one on: as CometBFT was told. Ascending by key.
struct ValidatorSet {
  std::vector<ValidatorPower> members;
  friend bool operator==(const ValidatorSet&, const ValidatorSet&) = default;
};
// The beacon of shares, where validators are by stake: what a claim waits for until a round's
// beacon draws it.
enum class Awaits : std::uint8_t {
  kDraw = 1,  // relays, or what is checked
  kForce,     // whether an error is forced
};
struct AwaitingClaim {
  Awaits what = Awaits::kDraw;
  ClaimId claim;
  friend bool operator==(const AwaitingClaim&, const AwaitingClaim&) = default;
};
struct Shares {
  std::uint64_t window_ms = 0;  // of each round, as the genesis record has it
  std::uint64_t rounds = 0;     // ever
  friend bool operator==(const Shares&, const Shares&) = default;
};
struct ShareHolder {
  ValidatorAddress validator{};
  crypto::VrfPublicKey share_key{};
  std::optional<Hash256> output;  // once its share was shown
  friend bool operator==(const ShareHolder&, const ShareHolder&) = default;
};
// The one that is open. All of it but the outputs is fixed when it opens.
struct BeaconRound {
  std::uint64_t number = 0;  // from 1
  Height opened_at;
  LedgerTimeMs opened;
  Amount value;                      // the most that another draw of all its claims could gain
  Amount least_stake;                // of a holder
  std::vector<ShareHolder> holders;  // the most stake first, of equals the smaller address
  std::vector<AwaitingClaim> claims;
  friend bool operator==(const BeaconRound&, const BeaconRound&) = default;
};
[[nodiscard]] std::size_t missing_shares(const BeaconRound& round) noexcept;
// SHA-256("assay/beacon/shares/1" || chain || round || height || outputs). None may be missing.
[[nodiscard]] Hash256 beacon_of(const ChainId& chain, const BeaconRound& round);
// What another draw can gain whoever is behind it: a claim's pay, and the stake that it loses if a
// lie is drawn (docs/spec/economics.md, E-14).
[[nodiscard]] Amount redraw_value(const TaskRecord& task, const ClaimRecord& claim) noexcept;

// A relay's chance to be drawn.
struct RelayWeight {
  AccountId account;
  Amount bond;
  friend bool operator==(const RelayWeight&, const RelayWeight&) = default;
};
// The pool as it stood when the open round began, if relays are drawn in it: nobody who can tell
// the beacon may change it.
struct DrawPool {
  std::vector<RelayWeight> relays;  // ascending by account
};
// A member of the pool from which relays are drawn.
struct RelayRecord {
  AccountId account;
  Amount bond;               // all of it has the same chance to be drawn
  Amount held;               // of it, behind its word about claims that are not settled
  std::uint32_t missed = 0;  // rounds in a row in which others came to a quorum without it
  friend bool operator==(const RelayRecord&, const RelayRecord&) = default;
};
inline constexpr std::size_t kMaxRelays = 256;
// Of the seats of a round so many can be attested by what is free in the pool, at most, whoever is
// drawn; `except` attests none.
[[nodiscard]] std::uint64_t fillable_seats(const std::vector<RelayRecord>& pool,
                                           const PostTask& terms, const AccountId& except) noexcept;
inline constexpr std::uint32_t kMaxMissedRounds = 4;  // then it is in the pool no more
inline constexpr std::uint32_t kMaxRelayRounds = 4;   // of one claim

struct RelaySeat {
  AccountId relay;  // one may have several
  bool attested = false;
  friend bool operator==(const RelaySeat&, const RelaySeat&) = default;
};
// Who was drawn for a claim. A new round takes the place of one that came to no quorum.
struct RelayRound {
  ClaimId claim;
  std::uint32_t number = 0;  // from 1
  Hash256 beacon;
  std::vector<RelaySeat> seats;  // none once the last round came to no quorum
};
[[nodiscard]] std::uint32_t seats_of(const RelayRound& round, const AccountId& id) noexcept;
[[nodiscard]] std::uint32_t attested_seats(const RelayRound& round) noexcept;
[[nodiscard]] bool has_attested(const RelayRound& round, const AccountId& id) noexcept;

enum class GameStatus : std::uint8_t {
  kOpen = 1,
  kDefenderWon,
  kChallengerWon,
  kVoid,
  kMoot,  // the challenge was decided by another game
};

struct GameRecord {
  GameId id;
  ChallengeId challenge;
  ClaimId claim;
  AccountId defender;
  AccountId challenger;
  bool by_attestor = false;
  GameStatus status = GameStatus::kOpen;
  bool by_clock = false;   // decided by a clock that ran out
  std::uint32_t turn = 0;  // accepted moves
  dispute::Role on_turn = dispute::Role::kDefender;
  LedgerTimeMs turn_started;
  LedgerTimeMs deadline;               // of the side on turn
  std::uint64_t defender_bank_ms = 0;  // replay time left beyond each turn's allowance
  std::uint64_t challenger_bank_ms = 0;
  std::uint64_t paused_before_ms = 0;  // of all pauses, when the turn began
};

// For how long the clocks of games have stood still, because blocks had no room for moves.
struct Pause {
  Height full_at;              // the last block whose lane was full; 0: none was
  std::uint64_t total_ms = 0;  // from such blocks to the next ones
};

[[nodiscard]] const char* to_string(TaskStatus status) noexcept;
[[nodiscard]] const char* to_string(CloseReason reason) noexcept;
[[nodiscard]] const char* to_string(Sale sale) noexcept;
[[nodiscard]] const char* to_string(Standing role) noexcept;
[[nodiscard]] const char* to_string(ClaimStatus status) noexcept;
[[nodiscard]] const char* to_string(ChallengeStatus status) noexcept;
[[nodiscard]] const char* to_string(GameStatus status) noexcept;
[[nodiscard]] const char* to_string(DemandStatus status) noexcept;
[[nodiscard]] const char* to_string(Awaits what) noexcept;

void write(codec::Writer& w, const Profile& r);
void write(codec::Writer& w, const Locked& r);
void write(codec::Writer& w, const Reputation& r);
void write(codec::Writer& w, const TaskRecord& r);
void write(codec::Writer& w, const Bid& r);
void write(codec::Writer& w, const ClaimRecord& r);
void write(codec::Writer& w, const VerifierRecord& r);
void write(codec::Writer& w, const ChallengeRecord& r);
void write(codec::Writer& w, const GameRecord& r);
void write(codec::Writer& w, const Pause& r);
void write(codec::Writer& w, const DemandRecord& r);
void write(codec::Writer& w, const ValidatorRecord& r);
void write(codec::Writer& w, const ValidatorSet& r);
void write(codec::Writer& w, const Shares& r);
void write(codec::Writer& w, const BeaconRound& r);
void write(codec::Writer& w, const DrawPool& r);
void write(codec::Writer& w, const RelayRecord& r);
void write(codec::Writer& w, const RelayRound& r);
void read(codec::Reader& r, Profile& out);
void read(codec::Reader& r, Locked& out);
void read(codec::Reader& r, Reputation& out);
void read(codec::Reader& r, TaskRecord& out);
void read(codec::Reader& r, Bid& out);
void read(codec::Reader& r, ClaimRecord& out);
void read(codec::Reader& r, VerifierRecord& out);
void read(codec::Reader& r, ChallengeRecord& out);
void read(codec::Reader& r, GameRecord& out);
void read(codec::Reader& r, Pause& out);
void read(codec::Reader& r, DemandRecord& out);
void read(codec::Reader& r, ValidatorRecord& out);
void read(codec::Reader& r, ValidatorSet& out);
void read(codec::Reader& r, Shares& out);
void read(codec::Reader& r, BeaconRound& out);
void read(codec::Reader& r, DrawPool& out);
void read(codec::Reader& r, RelayRecord& out);
void read(codec::Reader& r, RelayRound& out);

// What a relay attests: all that stands under these roots is in its hands. SHA-256("assay/data/1"
// || chain || claim || task header || transcript root); the transcript has the root of every kept
// state in it, the header those of the programs and the data set.
[[nodiscard]] Hash256 data_digest(const ChainId& chain, const TaskRecord& task,
                                  const ClaimRecord& claim);
// Which piece a relay shows with it: of a kind, at a place that the round's beacon chooses.
[[nodiscard]] Piece relay_piece(const TaskRecord& task, const ClaimRecord& claim,
                                const RelayRound& round, const AccountId& relay);
// Of its bond, behind its word in that many seats; saturated.
[[nodiscard]] Amount relay_stake_of(const TaskRecord& task, std::uint32_t seats) noexcept;

// What the claim is about: the task's header, and of a cancelled claim the part that was delivered.
// It ends at an entry of the task's transcript, so both agree on every entry before.
[[nodiscard]] commit::TaskHeader header_of(const TaskRecord& task,
                                           const ClaimRecord& claim) noexcept;
// The task that is over after `step`, a draw's interior step: the state there is its last entry's.
// Of step 0, the initial state, and of the last one, the header as it is.
[[nodiscard]] commit::TaskHeader header_up_to(commit::TaskHeader header,
                                              std::uint64_t step) noexcept;
// Draws of each of the claim's verifiers: the task's, no more than the claim has entries.
[[nodiscard]] std::uint32_t draws_of(const TaskRecord& task, const ClaimRecord& claim) noexcept;
// The most entries that the claim's transcript may have, and the least: what was reported is
// delivered.
[[nodiscard]] std::uint64_t entries_max(const TaskRecord& task, const ClaimRecord& claim) noexcept;
[[nodiscard]] std::uint64_t entries_min(const TaskRecord& task, const ClaimRecord& claim) noexcept;
// Whether the claim's run may halt at a transcript of so many entries, of which the last state is
// kept: where it shows, when it is revealed, that the loss there is not finite.
[[nodiscard]] bool may_halt(const TaskRecord& task, const ClaimRecord& claim,
                            std::uint64_t entries) noexcept;
// Of a claim that was committed to: its run halted.
[[nodiscard]] bool has_halted(const TaskRecord& task, const ClaimRecord& claim) noexcept;
// The steps that the claim's solver is paid for, if it is paid.
[[nodiscard]] std::uint64_t paid_steps(const TaskRecord& task, const ClaimRecord& claim) noexcept;

// Whether the claim's solver has to keep the state at this entry, and show it: where the task keeps
// a checkpoint, and the last. Requires entry < claim.entries.
[[nodiscard]] bool is_kept(const TaskRecord& task, const ClaimRecord& claim,
                           std::uint64_t entry) noexcept;
// Whether the claim's solver has to be able to show it.
[[nodiscard]] bool may_be_demanded(const TaskRecord& task, const ClaimRecord& claim,
                                   const Piece& piece);
// Whether demands are taken: the transcript stands, and its window to be challenged is not over,
// nor stretched by demands; else one after the other would stretch it for ever.
[[nodiscard]] bool takes_demands(const ClaimRecord& claim, LedgerTimeMs now) noexcept;
// SHA-256("assay/demand-id/1" || claim || piece): a piece is demanded once.
[[nodiscard]] DemandId demand_id_of(const ClaimId& claim, const Piece& piece);
// What it costs to demand: of each KiB that the piece may have, begun ones whole, a 512th of the
// claim's price, rounded up.
[[nodiscard]] Amount demand_price(const ClaimRecord& claim, const Piece& piece) noexcept;
// The clock of a demand that is the `open`th of a claim: a move window for each kDemandsPerWindow.
[[nodiscard]] std::uint64_t demand_ms(const PostTask& terms, std::uint32_t open) noexcept;

// How long a cancelled claim's solver has to deliver: the progress entries' part of the time to
// train, and the window to reveal.
[[nodiscard]] std::uint64_t deliver_ms(const PostTask& terms) noexcept;

// The terms of a game, from the records that fix it.
[[nodiscard]] dispute::GameTerms terms_of(const ChainId& chain, const GameRecord& game,
                                          const ChallengeRecord& challenge,
                                          const ClaimRecord& claim, const TaskRecord& task);

}  // namespace assay::protocol
