#include "assay/protocol/block.hpp"
#include "assay/protocol/events.hpp"
#include "assay/protocol/verdict.hpp"

namespace assay::protocol {

const char* to_string(TxVerdict verdict) noexcept {
  switch (verdict) {
    case TxVerdict::kApplied: return "applied";
    case TxVerdict::kTooLong: return "too long";
    case TxVerdict::kMalformed: return "malformed";
    case TxVerdict::kUnknownVersion: return "unknown version";
    case TxVerdict::kWrongChain: return "wrong chain";
    case TxVerdict::kUnknownKind: return "unknown kind";
    case TxVerdict::kMalformedPayload: return "malformed payload";
    case TxVerdict::kWrongSignature: return "wrong signature";
    case TxVerdict::kUnknownAccount: return "unknown account";
    case TxVerdict::kClientIdReused: return "client id reused for something else";
    case TxVerdict::kExpired: return "expired";
    case TxVerdict::kValidForTooLong: return "valid for too long";
    case TxVerdict::kNonceTooLow: return "nonce too low";
    case TxVerdict::kNonceTooHigh: return "nonce too high";
    case TxVerdict::kZeroAmount: return "zero amount";
    case TxVerdict::kSelfTransfer: return "transfer to oneself";
    case TxVerdict::kBadEndpoint: return "bad endpoint";
    case TxVerdict::kBadCapability: return "bad capability";
    case TxVerdict::kInvalidTaskHeader: return "invalid task header";
    case TxVerdict::kWindowOutOfRange: return "window out of range";
    case TxVerdict::kOfferRefused: return "offer refused";
    case TxVerdict::kTermsRefused: return "terms refused";
    case TxVerdict::kZeroCommitment: return "zero commitment";
    case TxVerdict::kUnknownTask: return "unknown task";
    case TxVerdict::kUnknownClaim: return "unknown claim";
    case TxVerdict::kUnknownChallenge: return "unknown challenge";
    case TxVerdict::kUnknownGame: return "unknown game";
    case TxVerdict::kUnknownDemand: return "unknown demand";
    case TxVerdict::kUnknownRound: return "not the round that is open";
    case TxVerdict::kFixedValidators: return "this chain's validators are not by stake";
    case TxVerdict::kUnknownValidator: return "no validator of this account";
    case TxVerdict::kNotSubmitter: return "not the submitter";
    case TxVerdict::kNotSolver: return "not the solver";
    case TxVerdict::kNotAllowed: return "not among the solvers that the task allows";
    case TxVerdict::kNotVerifier: return "not a verifier of this claim";
    case TxVerdict::kNotChallenger: return "not the challenger";
    case TxVerdict::kNotRelay: return "not a relay, or not drawn for this claim";
    case TxVerdict::kNotHolder: return "no holder of a share of this round";
    case TxVerdict::kNotParty: return "no part in this task";
    case TxVerdict::kSelfDealing: return "self-dealing";
    case TxVerdict::kWrongPhase: return "wrong phase";
    case TxVerdict::kWrongSale: return "sold in another way";
    case TxVerdict::kAlreadyClaimed: return "already claimed by this solver";
    case TxVerdict::kLacksCapability: return "a required capability is not in the solver's profile";
    case TxVerdict::kReputationTooLow: return "reputation too low";
    case TxVerdict::kQuoteTooSlow: return "replay time out of range";
    case TxVerdict::kPriceOutOfRange: return "price out of range";
    case TxVerdict::kPriceRefused: return "the terms do not hold at this price";
    case TxVerdict::kQuoteForAnother: return "a quote for another task";
    case TxVerdict::kLastHeightOutOfRange:
      return "the offer's last height is past or too far ahead";
    case TxVerdict::kQuoteUsed: return "the quote was awarded before";
    case TxVerdict::kWrongQuoteSignature: return "wrong quote signature";
    case TxVerdict::kUnknownBid: return "unknown bid";
    case TxVerdict::kBidNotLower: return "not lower than one's own bid";
    case TxVerdict::kBidsFull: return "as many lower bids as a task takes";
    case TxVerdict::kOverfunded: return "more than is missing";
    case TxVerdict::kUnevenAmount: return "an amount that does not divide into the copies";
    case TxVerdict::kContributionTooSmall: return "contribution too small";
    case TxVerdict::kTooManyFunders: return "too many funders";
    case TxVerdict::kProgressOutOfRange: return "progress out of range";
    case TxVerdict::kWrongEntryCount: return "wrong number of entries";
    case TxVerdict::kAlreadyEnlisted: return "already enlisted";
    case TxVerdict::kSeatsFull: return "seats full";
    case TxVerdict::kWrongSealCount: return "wrong number of seals";
    case TxVerdict::kAlreadySealed: return "already sealed";
    case TxVerdict::kNotSealed: return "not sealed";
    case TxVerdict::kDrawOutOfRange: return "draw out of range";
    case TxVerdict::kAlreadyOpened: return "already opened";
    case TxVerdict::kEntryOutOfRange: return "entry out of range";
    case TxVerdict::kPieceOutOfRange: return "nothing that has to be kept";
    case TxVerdict::kAlreadyExists: return "already exists";
    case TxVerdict::kTooManyChallenges: return "too many challenges";
    case TxVerdict::kTooManyDemands: return "too many demands";
    case TxVerdict::kSameBlock: return "in the block of its commitment";
    case TxVerdict::kWrongCommitment: return "not what was committed to";
    case TxVerdict::kWrongOpening: return "opening does not lead to the root";
    case TxVerdict::kWrongProgress: return "not the progress that was reported";
    case TxVerdict::kWrongLoss: return "not a loss that halts the run";
    case TxVerdict::kWrongClaimSignature: return "wrong claim signature";
    case TxVerdict::kWrongAttestation: return "wrong attestation";
    case TxVerdict::kWrongCertificate: return "wrong certificate";
    case TxVerdict::kWrongDisclosure: return "wrong disclosure";
    case TxVerdict::kNoContradiction: return "no contradiction";
    case TxVerdict::kNoAttestation: return "no attestation of this interval";
    case TxVerdict::kAlreadyStanding: return "already standing";
    case TxVerdict::kGameFinished: return "game finished";
    case TxVerdict::kMoveRefused: return "move refused";
    case TxVerdict::kValidatorSlashed: return "this validator was slashed";
    case TxVerdict::kWrongPossession: return "not signed by the validator's key";
    case TxVerdict::kShareKeyTaken: return "another validator's share key";
    case TxVerdict::kAlreadyShown: return "shown already";
    case TxVerdict::kWrongShare: return "no proof under the share key";
    case TxVerdict::kStakeBelowMinimum: return "less than a validator's least stake";
    case TxVerdict::kTooManyUnbondings: return "too much of it unbonds already";
    case TxVerdict::kLastValidator: return "the last validator cannot leave";
    case TxVerdict::kNoDelegate: return "no delegate of this party's now";
    case TxVerdict::kInsufficientFunds: return "insufficient funds";
    case TxVerdict::kInsufficientStake: return "insufficient stake";
  }
  return "?";
}

const char* to_string(TaskStatus status) noexcept {
  switch (status) {
    case TaskStatus::kFunding: return "funding";
    case TaskStatus::kOpen: return "open";
    case TaskStatus::kClaimed: return "claimed";
    case TaskStatus::kCancelled: return "cancelled";
    case TaskStatus::kUnclaimed: return "unclaimed";
    case TaskStatus::kPaid: return "paid";
    case TaskStatus::kRefunded: return "refunded";
  }
  return "?";
}

const char* to_string(CloseReason reason) noexcept {
  switch (reason) {
    case CloseReason::kNone: return "none";
    case CloseReason::kCancelledOpen: return "cancelled before it was taken";
    case CloseReason::kUnfunded: return "not funded in time";
    case CloseReason::kNoBids: return "no bid that could be awarded";
    case CloseReason::kNotAccepted: return "not accepted in time";
    case CloseReason::kNotCommitted: return "no transcript in time";
    case CloseReason::kNotRevealed: return "transcript not revealed in time";
    case CloseReason::kCancelledTraining: return "cancelled, nothing delivered";
    case CloseReason::kAbandoned: return "given up, nothing delivered";
    case CloseReason::kFinal: return "final";
    case CloseReason::kFinalPartial: return "ended early, the part delivered is final";
    case CloseReason::kFinalDiverged: return "diverged, the steps up to there are final";
    case CloseReason::kThrown: return "final, but its solver lost a game";
    case CloseReason::kFallen: return "disproved";
    case CloseReason::kContradicted: return "its solver contradicted itself";
    case CloseReason::kUndisclosed: return "not disclosed in time";
    case CloseReason::kWithheld: return "its solver withheld a piece that was demanded";
    case CloseReason::kUnattested: return "no quorum of relays attested its data";
    case CloseReason::kVoid: return "void";
  }
  return "?";
}

const char* to_string(Sale sale) noexcept {
  switch (sale) {
    case Sale::kFixed: return "fixed";
    case Sale::kAuction: return "auction";
  }
  return "?";
}

const char* to_string(Standing role) noexcept {
  switch (role) {
    case Standing::kSubmitter: return "submitter";
    case Standing::kSolver: return "solver";
    case Standing::kVerifier: return "verifier";
    case Standing::kChallenger: return "challenger";
  }
  return "?";
}

const char* to_string(BidEnd end) noexcept {
  switch (end) {
    case BidEnd::kWithdrawn: return "withdrawn";
    case BidEnd::kEvicted: return "evicted";
    case BidEnd::kAwarded: return "awarded";
    case BidEnd::kLost: return "lost";
    case BidEnd::kForfeited: return "forfeited";
  }
  return "?";
}

const char* to_string(ClaimStatus status) noexcept {
  switch (status) {
    case ClaimStatus::kTraining: return "training";
    case ClaimStatus::kEnlisting: return "enlisting";
    case ClaimStatus::kRevealing: return "revealing";
    case ClaimStatus::kDrawing: return "drawing";
    case ClaimStatus::kRelaying: return "relaying";
    case ClaimStatus::kSealing: return "sealing";
    case ClaimStatus::kOpening: return "opening";
    case ClaimStatus::kDisclosing: return "disclosing";
    case ClaimStatus::kChallenging: return "challenging";
    case ClaimStatus::kResolving: return "resolving";
    case ClaimStatus::kFinal: return "final";
    case ClaimStatus::kFallen: return "fallen";
    case ClaimStatus::kVoid: return "void";
    case ClaimStatus::kExpired: return "expired";
  }
  return "?";
}

const char* to_string(Disputed what) noexcept {
  switch (what) {
    case Disputed::kEntry: return "entry";
    case Disputed::kEnd: return "attested end";
    case Disputed::kInterior: return "attested interior";
  }
  return "?";
}

const char* to_string(ChallengeStatus status) noexcept {
  switch (status) {
    case ChallengeStatus::kCommitted: return "committed";
    case ChallengeStatus::kPlaying: return "playing";
    case ChallengeStatus::kWon: return "won";
    case ChallengeStatus::kLost: return "lost";
    case ChallengeStatus::kUnrevealed: return "unrevealed";
    case ChallengeStatus::kVoid: return "void";
    case ChallengeStatus::kFound: return "found";
  }
  return "?";
}

const char* to_string(DemandStatus status) noexcept {
  switch (status) {
    case DemandStatus::kOpen: return "open";
    case DemandStatus::kSupplied: return "supplied";
    case DemandStatus::kIgnored: return "ignored";
    case DemandStatus::kVoid: return "void";
  }
  return "?";
}

const char* to_string(PieceKind kind) noexcept {
  switch (kind) {
    case PieceKind::kTranscript: return "transcript";
    case PieceKind::kState: return "state";
    case PieceKind::kDataSet: return "data set";
    case PieceKind::kInitProgram: return "init program";
    case PieceKind::kStepProgram: return "step program";
  }
  return "?";
}

const char* to_string(MisbehaviourKind kind) noexcept {
  switch (kind) {
    case MisbehaviourKind::kDuplicateVote: return "duplicate vote";
    case MisbehaviourKind::kLightClientAttack: return "light client attack";
  }
  return "?";
}

const char* to_string(GameStatus status) noexcept {
  switch (status) {
    case GameStatus::kOpen: return "open";
    case GameStatus::kDefenderWon: return "defender won";
    case GameStatus::kChallengerWon: return "challenger won";
    case GameStatus::kVoid: return "void";
    case GameStatus::kMoot: return "moot";
  }
  return "?";
}

const char* to_string(Awaits what) noexcept {
  switch (what) {
    case Awaits::kDraw: return "draw";
    case Awaits::kForce: return "force";
  }
  return "?";
}

const char* name_of(const Event& event) noexcept {
  static constexpr const char* kNames[] = {"money_moved",
                                           "task_posted",
                                           "task_ended",
                                           "task_accepted",
                                           "verifier_enlisted",
                                           "transcript_committed",
                                           "transcript_revealed",
                                           "claim_advanced",
                                           "verifier_drawn",
                                           "verifier_sealed",
                                           "seal_opened",
                                           "challenge_committed",
                                           "challenge_revealed",
                                           "challenge_ended",
                                           "game_started",
                                           "game_moved",
                                           "game_finished",
                                           "claim_settled",
                                           "slashed",
                                           "transcript_disclosed",
                                           "jackpot_paid",
                                           "task_funded",
                                           "task_opened",
                                           "bid_placed",
                                           "bid_ended",
                                           "progress_reported",
                                           "claim_cancelled",
                                           "chunk_demanded",
                                           "demand_ended",
                                           "validator_slashed",
                                           "validator_changed",
                                           "relay_drawn",
                                           "data_attested",
                                           "relay_left",
                                           "delegate_named",
                                           "delegate_revoked",
                                           "divergence_reported",
                                           "beacon_round_opened",
                                           "share_shown",
                                           "beacon_drawn",
                                           "share_withheld"};
  static_assert(std::size(kNames) == std::variant_size_v<Event>);
  return kNames[event.index()];
}

}  // namespace assay::protocol
