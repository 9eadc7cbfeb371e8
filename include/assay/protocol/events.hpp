// What happened, for those who follow blocks: dense typed events, carried in receipts
// (docs/spec/protocol.md, "Events").
#pragma once

#include "assay/ledger/ledger.hpp"
#include "assay/protocol/records.hpp"

namespace assay::protocol {

struct MoneyMoved {  // every completed movement of the ledger
  ledger::Transfer transfer;
  friend bool operator==(const MoneyMoved&, const MoneyMoved&) = default;
};
struct TaskPosted {
  TaskId task;
  AccountId submitter;
  Sale sale{};
  Amount price;  // of one copy, or the cap of bids
  std::uint64_t work_units = 0;
  friend bool operator==(const TaskPosted&, const TaskPosted&) = default;
};
struct TaskEnded {
  TaskId task;
  TaskStatus status{};
  CloseReason reason{};
  friend bool operator==(const TaskEnded&, const TaskEnded&) = default;
};
struct TaskAccepted {
  TaskId task;
  ClaimId claim;
  AccountId solver;
  Amount price;
  friend bool operator==(const TaskAccepted&, const TaskAccepted&) = default;
};
struct VerifierEnlisted {
  ClaimId claim;
  AccountId verifier;
  friend bool operator==(const VerifierEnlisted&, const VerifierEnlisted&) = default;
};
struct TranscriptCommitted {
  ClaimId claim;
  Hash256 commitment;
  std::uint64_t entries = 0;
  friend bool operator==(const TranscriptCommitted&, const TranscriptCommitted&) = default;
};
struct TranscriptRevealed {
  ClaimId claim;
  Hash256 transcript_root;
  Hash256 final_state_root;
  friend bool operator==(const TranscriptRevealed&, const TranscriptRevealed&) = default;
};
struct ClaimAdvanced {  // into another status that is not an end
  ClaimId claim;
  ClaimStatus status{};
  friend bool operator==(const ClaimAdvanced&, const ClaimAdvanced&) = default;
};
struct VerifierDrawn {
  ClaimId claim;
  AccountId verifier;
  std::uint32_t draw = 0;
  std::uint64_t entry = 0;
  std::uint64_t interior_step = 0;
  friend bool operator==(const VerifierDrawn&, const VerifierDrawn&) = default;
};
struct VerifierSealed {
  ClaimId claim;
  AccountId verifier;
  friend bool operator==(const VerifierSealed&, const VerifierSealed&) = default;
};
struct SealOpened {
  ClaimId claim;
  AccountId verifier;
  std::uint64_t entry = 0;
  bool matches = false;  // with an attestation
  friend bool operator==(const SealOpened&, const SealOpened&) = default;
};
struct ChallengeCommitted {
  ChallengeId challenge;
  ClaimId claim;
  AccountId challenger;
  std::uint32_t sequence = 0;
  friend bool operator==(const ChallengeCommitted&, const ChallengeCommitted&) = default;
};
struct ChallengeRevealed {  // or known by a mismatching seal that was opened on it
  ChallengeId challenge;
  ClaimId claim;
  Disputed what{};
  AccountId verifier;  // whose word is disputed; zero: the solver's
  std::uint64_t entry = 0;
  friend bool operator==(const ChallengeRevealed&, const ChallengeRevealed&) = default;
};
struct ChallengeEnded {
  ChallengeId challenge;
  ChallengeStatus status{};
  friend bool operator==(const ChallengeEnded&, const ChallengeEnded&) = default;
};
struct GameStarted {
  GameId game;
  ChallengeId challenge;
  AccountId defender;
  AccountId challenger;
  friend bool operator==(const GameStarted&, const GameStarted&) = default;
};
struct GameMoved {
  GameId game;
  std::uint32_t turn = 0;  // of the move
  dispute::Role role{};
  dispute::Stage stage{};  // that it leads to
  friend bool operator==(const GameMoved&, const GameMoved&) = default;
};
struct GameFinished {
  GameId game;
  GameStatus status{};
  bool by_clock = false;
  friend bool operator==(const GameFinished&, const GameFinished&) = default;
};
struct ClaimSettled {
  ClaimId claim;
  ClaimStatus status{};
  CloseReason reason{};
  Amount paid;  // to its solver
  friend bool operator==(const ClaimSettled&, const ClaimSettled&) = default;
};
struct Slashed {
  AccountId account;
  ClaimId claim;
  Amount amount;
  Amount burned;
  friend bool operator==(const Slashed&, const Slashed&) = default;
};
struct TranscriptDisclosed {
  ClaimId claim;
  std::uint64_t forced_entry = 0;  // 0: none was due
  Hash256 transcript_root;
  friend bool operator==(const TranscriptDisclosed&, const TranscriptDisclosed&) = default;
};
struct JackpotPaid {
  ClaimId claim;
  AccountId finder;
  Amount amount;
  friend bool operator==(const JackpotPaid&, const JackpotPaid&) = default;
};
struct TaskFunded {
  TaskId task;
  AccountId funder;
  Amount amount;
  Amount missing;  // still
  friend bool operator==(const TaskFunded&, const TaskFunded&) = default;
};
struct TaskOpened {  // for sale; until when
  TaskId task;
  LedgerTimeMs deadline;
  friend bool operator==(const TaskOpened&, const TaskOpened&) = default;
};
struct BidPlaced {
  TaskId task;
  AccountId bidder;
  Amount price;
  friend bool operator==(const BidPlaced&, const BidPlaced&) = default;
};
enum class BidEnd : std::uint8_t {
  kWithdrawn = 1,
  kEvicted,  // by a lower one, when there was no more room
  kAwarded,
  kLost,
  kForfeited,  // withdrawn too late, or after it evicted another: without its deposit
};
struct BidEnded {
  TaskId task;
  AccountId bidder;
  BidEnd how{};
  friend bool operator==(const BidEnded&, const BidEnded&) = default;
};
struct ProgressReported {
  ClaimId claim;
  std::uint64_t entries = 0;
  friend bool operator==(const ProgressReported&, const ProgressReported&) = default;
};
struct ClaimCancelled {  // while it trains; so many entries may still be delivered
  ClaimId claim;
  std::uint64_t entries_max = 0;
  friend bool operator==(const ClaimCancelled&, const ClaimCancelled&) = default;
};
struct ChunkDemanded {
  DemandId demand;
  ClaimId claim;
  AccountId demander;
  Piece piece;
  friend bool operator==(const ChunkDemanded&, const ChunkDemanded&) = default;
};
struct DemandEnded {
  DemandId demand;
  DemandStatus status{};
  friend bool operator==(const DemandEnded&, const DemandEnded&) = default;
};
struct ValidatorSlashed {  // for evidence that CometBFT brought; all of it is burned
  Hash256 key;
  AccountId owner;
  Height height;  // of what it did
  Amount amount;
  friend bool operator==(const ValidatorSlashed&, const ValidatorSlashed&) = default;
};
struct ValidatorChanged {  // among those who order blocks
  Hash256 key;
  std::uint64_t power = 0;
  friend bool operator==(const ValidatorChanged&, const ValidatorChanged&) = default;
};
struct RelayDrawn {  // one for each seat
  ClaimId claim;
  AccountId relay;
  std::uint32_t round = 0;
  std::uint32_t seat = 0;
  friend bool operator==(const RelayDrawn&, const RelayDrawn&) = default;
};
struct DataAttested {
  ClaimId claim;
  AccountId relay;
  std::uint32_t seats = 0;
  friend bool operator==(const DataAttested&, const DataAttested&) = default;
};
struct RelayLeft {  // the pool: for one with a larger bond, or because it was silent
  AccountId relay;
  Amount bond;
  friend bool operator==(const RelayLeft&, const RelayLeft&) = default;
};
struct DelegateNamed {  // in place of the one before, if there was one
  TaskId task;
  AccountId party;
  AccountId delegate;
  LedgerTimeMs valid_until;
  friend bool operator==(const DelegateNamed&, const DelegateNamed&) = default;
};
struct DelegateRevoked {
  TaskId task;
  AccountId party;
  AccountId delegate;
  friend bool operator==(const DelegateRevoked&, const DelegateRevoked&) = default;
};
struct DivergenceReported {  // the loss there is not finite; nothing after it is paid
  ClaimId claim;
  std::uint64_t entry = 0;
  friend bool operator==(const DivergenceReported&, const DivergenceReported&) = default;
};
struct RoundOpened {  // of the beacon
  std::uint64_t round = 0;
  Hash256 input;  // share_input()
  std::uint32_t holders = 0;
  std::uint32_t claims = 0;  // that wait for it
  friend bool operator==(const RoundOpened&, const RoundOpened&) = default;
};
struct ShareShown {
  std::uint64_t round = 0;
  Hash256 key;  // the validator's
  friend bool operator==(const ShareShown&, const ShareShown&) = default;
};
struct BeaconDrawn {
  std::uint64_t round = 0;
  Hash256 beacon;
  friend bool operator==(const BeaconDrawn&, const BeaconDrawn&) = default;
};
struct ShareWithheld {  // in time; all of the amount is burned
  std::uint64_t round = 0;
  Hash256 key;
  AccountId owner;
  Amount amount;
  friend bool operator==(const ShareWithheld&, const ShareWithheld&) = default;
};
[[nodiscard]] const char* to_string(BidEnd end) noexcept;

// The kind's number on the wire is the alternative's index + 1.
using Event =
    std::variant<MoneyMoved, TaskPosted, TaskEnded, TaskAccepted, VerifierEnlisted,
                 TranscriptCommitted, TranscriptRevealed, ClaimAdvanced, VerifierDrawn,
                 VerifierSealed, SealOpened, ChallengeCommitted, ChallengeRevealed, ChallengeEnded,
                 GameStarted, GameMoved, GameFinished, ClaimSettled, Slashed, TranscriptDisclosed,
                 JackpotPaid, TaskFunded, TaskOpened, BidPlaced, BidEnded, ProgressReported,
                 ClaimCancelled, ChunkDemanded, DemandEnded, ValidatorSlashed, ValidatorChanged,
                 RelayDrawn, DataAttested, RelayLeft, DelegateNamed, DelegateRevoked,
                 DivergenceReported, RoundOpened, ShareShown, BeaconDrawn, ShareWithheld>;

[[nodiscard]] const char* name_of(const Event& event) noexcept;
void write(codec::Writer& w, const Event& event);
// An unknown kind fails the reader.
void read(codec::Reader& r, Event& out);

}  // namespace assay::protocol
