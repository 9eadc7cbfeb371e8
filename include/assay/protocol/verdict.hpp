// What the ledger answers to a transaction (docs/spec/protocol.md, "Results").
#pragma once

#include <cstdint>

namespace assay::protocol {

// Dense, in order of precedence: the first rule that is broken is the answer. Only kApplied changes
// anything else than the sender's nonce and the record of the client id.
enum class TxVerdict : std::uint16_t {
  kApplied = 0,

  // The envelope. These leave no trace: the nonce is not used and the client id not recorded.
  kTooLong,
  kMalformed,
  kUnknownVersion,
  kWrongChain,
  kUnknownKind,
  kMalformedPayload,
  kWrongSignature,
  kUnknownAccount,   // nobody ever sent it money
  kClientIdReused,   // the id was used before, for something else
  kExpired,          // valid_until_height is below this block's height
  kValidForTooLong,  // more than kMaxValidityBlocks ahead
  kNonceTooLow,      // not above the last used
  kNonceTooHigh,     // more than kMaxNonceGap above it

  // The payload alone. From here on the result is recorded under the client id.
  kZeroAmount,
  kSelfTransfer,
  kBadEndpoint,
  kBadCapability,  // of a profile: what is no tag
  kInvalidTaskHeader,
  kWindowOutOfRange,
  kOfferRefused,  // detail: OfferVerdict
  kTermsRefused,  // detail: economics::TermsVerdict
  kZeroCommitment,

  // The payload against the state.
  kUnknownTask,
  kUnknownClaim,
  kUnknownChallenge,
  kUnknownGame,
  kUnknownDemand,
  kUnknownRound,      // not the one that is open
  kFixedValidators,   // this chain's are not by stake
  kUnknownValidator,  // or it is another account's
  kNotSubmitter,
  kNotSolver,
  kNotAllowed,  // the task's lists leave this solver out
  kNotVerifier,
  kNotChallenger,
  kNotRelay,
  kNotHolder,    // of a share of this round
  kNotParty,     // no part in this task
  kSelfDealing,  // solver of one's own task, verifier or challenger of one's own claim
  kWrongPhase,
  kWrongSale,       // a bid for a fixed price, an acceptance in an auction
  kAlreadyClaimed,  // this solver has a copy of the task
  kLacksCapability,
  kReputationTooLow,
  kQuoteTooSlow,          // a time for games of zero or over the task's allowance
  kPriceOutOfRange,       // zero or over the cap
  kPriceRefused,          // the terms do not hold at this price; detail: economics::TermsVerdict
  kQuoteForAnother,       // a quote for another task, stake or by another rule of its own
  kLastHeightOutOfRange,  // of a quote: past, or more than kMaxValidityBlocks ahead
  kQuoteUsed,
  kWrongQuoteSignature,
  kUnknownBid,
  kBidNotLower,   // than the sender's own that stands
  kBidsFull,      // and this one is not lower than the highest
  kOverfunded,    // more than is missing
  kUnevenAmount,  // does not divide into the copies, or leaves nothing for the price
  kTooManyFunders,
  kContributionTooSmall,  // strangers could use up a task's contributions with single atoms
  kProgressOutOfRange,    // not more than reported before, too far ahead, or over the task's count
  kWrongEntryCount,       // a transcript of another length than the claim's
  kAlreadyEnlisted,
  kSeatsFull,
  kWrongSealCount,
  kAlreadySealed,
  kNotSealed,
  kDrawOutOfRange,
  kAlreadyOpened,
  kEntryOutOfRange,
  kPieceOutOfRange,  // nothing that the claim's solver has to keep
  kAlreadyExists,    // an object with this id
  kTooManyChallenges,
  kTooManyDemands,
  kSameBlock,        // challenges and transcripts are revealed in later blocks than committed to
  kWrongCommitment,  // what is revealed is not what was committed to
  kWrongOpening,     // a path that does not lead to the root
  kWrongProgress,    // what was reported does not stand in the transcript, or is not opened
  kWrongLoss,        // one that is finite, or none where the run halted, or a needless one
  kWrongClaimSignature,
  kWrongAttestation,  // no, or a needless, or somebody else's signature
  kWrongCertificate,  // of a delegate: somebody else's signature, or over already
  kWrongDisclosure,   // not forced when due, or forced when not, or otherwise than by one bit
  kNoContradiction,
  kNoAttestation,  // of the challenged interval, by the sender
  kAlreadyStanding,
  kGameFinished,
  kMoveRefused,  // detail: dispute::MoveVerdict
  kValidatorSlashed,
  kWrongPossession,    // not signed by the validator's key
  kShareKeyTaken,      // by another validator
  kAlreadyShown,       // this holder's share
  kWrongShare,         // no proof under the share key
  kStakeBelowMinimum,  // of a validator: it leaves with all, or keeps so much
  kTooManyUnbondings,
  kLastValidator,  // somebody has to order blocks
  kNoDelegate,     // none is registered, or another one, or its time is over

  // Money.
  kInsufficientFunds,
  kInsufficientStake,
};
inline constexpr std::uint16_t kTxVerdictLast =
    static_cast<std::uint16_t>(TxVerdict::kInsufficientStake);

[[nodiscard]] const char* to_string(TxVerdict verdict) noexcept;

// True for results that use the nonce and are recorded under the client id.
[[nodiscard]] constexpr bool is_recorded(TxVerdict v) noexcept {
  return v == TxVerdict::kApplied || v > TxVerdict::kNonceTooHigh;
}

}  // namespace assay::protocol
