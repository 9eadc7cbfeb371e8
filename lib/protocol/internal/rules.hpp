// The rules of transactions. A ladder of one-line checks ends in a proof that the payload's rules
// hold now; a transition takes nothing else, and only Rules makes proofs. Ladders read, transitions
// write: so a refused transaction has changed nothing, and no check comes after a change.
#pragma once

#include <variant>

#include "assay/economics/jackpot.hpp"
#include "assay/protocol/offer.hpp"
#include "internal/context.hpp"

namespace assay::protocol::internal {

// A verdict and, where the verdict names one, its detail.
struct Outcome {
  TxVerdict verdict = TxVerdict::kApplied;
  std::uint8_t detail = 0;
  Outcome() = default;
  Outcome(TxVerdict v) : verdict(v) {}  // NOLINT: implicit by design
  Outcome(TxVerdict v, std::uint8_t d) : verdict(v), detail(d) {}
  template <class Detail>
  Outcome(TxVerdict v, Detail d) : Outcome(v, static_cast<std::uint8_t>(d)) {}
};

// What ladders read.
struct Reading {
  const State& state;
  ChainId chain;
  Height height;
  LedgerTimeMs now;

  [[nodiscard]] bool has(const ledger::AccountKey& key, std::uint64_t atoms) const {
    return state.account(key).value_or(ledger::Account{}).available().value >= atoms;
  }
};

struct Sender {
  AccountId id;
  ClientId client_id{};
};

// What a ladder found on its way up, for the transition.
template <class P>
struct Found {};
struct OfTask {
  TaskRecord task;
};
struct OfClaim {
  ClaimRecord claim;
  TaskRecord task;
};
struct OfVerifier {
  ClaimRecord claim;
  TaskRecord task;
  VerifierRecord verifier;
};
struct OfChallenge {
  ChallengeRecord challenge;
  ClaimRecord claim;
  TaskRecord task;
};
// Where in the run a challenge's target is.
struct DisputedPlace {
  std::uint64_t entry = 0;
  std::uint64_t interior_step = 0;  // of Disputed::kInterior
  std::optional<Hash256> asserted;  // by a verifier whose seal is open
};
struct OfGame {
  GameRecord game;
  TaskRecord task;
  dispute::Position position;  // after the move
  dispute::Role mover{};
};
struct OfDelegate {
  dispute::Certificate certificate;  // that is taken back
};
struct OfBid {
  TaskRecord task;
  std::optional<Bid> bid;      // the sender's that stands, or the awarded one
  std::optional<Bid> evicted;  // which makes room
};
template <>
struct Found<PostTask> : OfTask {};
template <>
struct Found<CancelTask> : OfTask {};
template <>
struct Found<AcceptTask> : OfTask {};
template <>
struct Found<AwardQuote> : OfTask {};
template <>
struct Found<FundTask> : OfTask {};
template <>
struct Found<PlaceBid> : OfBid {};
template <>
struct Found<WithdrawBid> : OfBid {};
template <>
struct Found<AwardTask> : OfBid {};
template <>
struct Found<CommitTranscript> : OfClaim {};
template <>
struct Found<ReportProgress> : OfClaim {};
template <>
struct Found<AbandonClaim> : OfClaim {};
template <>
struct Found<RevealTranscript> : OfClaim {};
template <>
struct Found<EnlistVerifier> : OfClaim {};
template <>
struct Found<CommitChallenge> : OfClaim {};
template <>
struct Found<ReportContradiction> : OfClaim {};
template <>
struct Found<Disclose> : OfClaim {
  economics::Force force;
};
template <>
struct Found<Seal> : OfVerifier {};
template <>
struct Found<OpenSeal> : OfVerifier {
  std::optional<ChallengeRecord> challenge;  // of a mismatch
};
template <>
struct Found<RevealChallenge> : OfChallenge {
  DisputedPlace place;
};
template <>
struct Found<StandUp> : OfChallenge {};
template <>
struct Found<PlayMove> : OfGame {};
template <>
struct Found<DemandChunk> : OfClaim {};
template <>
struct Found<ReportDivergence> : OfClaim {};
template <>
struct Found<SupplyChunk> {
  DemandRecord demand;
};
template <>
struct Found<BondValidator> {
  ValidatorRecord validator;  // with what is put behind it
};
template <>
struct Found<UnbondValidator> {
  ValidatorRecord validator;
};

template <>
struct Found<ShowShare> {
  BeaconRound round;  // with the share's output
};

template <>
struct Found<BondRelay> {
  RelayRecord relay;
  std::optional<RelayRecord> evicted;  // which makes room
};
template <>
struct Found<UnbondRelay> {
  RelayRecord relay;
};
template <>
struct Found<AttestData> : OfClaim {
  RelayRound round;
  RelayRecord relay;
  Amount held;
};

template <>
struct Found<RevokeDelegate> : OfDelegate {};

template <class P>
class Proof {
 public:
  const P& payload;
  const Sender& sender;
  Found<P> found;

 private:
  friend struct Rules;
  Proof(const P& p, const Sender& s, Found<P> f) : payload(p), sender(s), found(std::move(f)) {}
};
template <class P>
using Checked = std::variant<Outcome, Proof<P>>;

// One ladder a kind; each returns the first rule that is broken, in the order of TxVerdict.
struct Rules {
  static Checked<Transfer> check(const Reading& r, const Sender& s, const Transfer& p);
  static Checked<Stake> check(const Reading& r, const Sender& s, const Stake& p);
  static Checked<Unstake> check(const Reading& r, const Sender& s, const Unstake& p);
  static Checked<RegisterProfile> check(const Reading& r, const Sender& s,
                                        const RegisterProfile& p);
  static Checked<PostTask> check(const Reading& r, const Sender& s, const PostTask& p);
  static Checked<CancelTask> check(const Reading& r, const Sender& s, const CancelTask& p);
  static Checked<AcceptTask> check(const Reading& r, const Sender& s, const AcceptTask& p);
  static Checked<EnlistVerifier> check(const Reading& r, const Sender& s, const EnlistVerifier& p);
  static Checked<CommitTranscript> check(const Reading& r, const Sender& s,
                                         const CommitTranscript& p);
  static Checked<RevealTranscript> check(const Reading& r, const Sender& s,
                                         const RevealTranscript& p);
  static Checked<Seal> check(const Reading& r, const Sender& s, const Seal& p);
  static Checked<OpenSeal> check(const Reading& r, const Sender& s, const OpenSeal& p);
  static Checked<CommitChallenge> check(const Reading& r, const Sender& s,
                                        const CommitChallenge& p);
  static Checked<RevealChallenge> check(const Reading& r, const Sender& s,
                                        const RevealChallenge& p);
  static Checked<StandUp> check(const Reading& r, const Sender& s, const StandUp& p);
  static Checked<PlayMove> check(const Reading& r, const Sender& s, const PlayMove& p);
  static Checked<ReportContradiction> check(const Reading& r, const Sender& s,
                                            const ReportContradiction& p);
  static Checked<Disclose> check(const Reading& r, const Sender& s, const Disclose& p);
  static Checked<PlaceBid> check(const Reading& r, const Sender& s, const PlaceBid& p);
  static Checked<WithdrawBid> check(const Reading& r, const Sender& s, const WithdrawBid& p);
  static Checked<AwardTask> check(const Reading& r, const Sender& s, const AwardTask& p);
  static Checked<AwardQuote> check(const Reading& r, const Sender& s, const AwardQuote& p);
  static Checked<FundTask> check(const Reading& r, const Sender& s, const FundTask& p);
  static Checked<ReportProgress> check(const Reading& r, const Sender& s, const ReportProgress& p);
  static Checked<AbandonClaim> check(const Reading& r, const Sender& s, const AbandonClaim& p);
  static Checked<DemandChunk> check(const Reading& r, const Sender& s, const DemandChunk& p);
  static Checked<SupplyChunk> check(const Reading& r, const Sender& s, const SupplyChunk& p);
  static Checked<BondValidator> check(const Reading& r, const Sender& s, const BondValidator& p);
  static Checked<UnbondValidator> check(const Reading& r, const Sender& s,
                                        const UnbondValidator& p);
  static Checked<BondRelay> check(const Reading& r, const Sender& s, const BondRelay& p);
  static Checked<UnbondRelay> check(const Reading& r, const Sender& s, const UnbondRelay& p);
  static Checked<AttestData> check(const Reading& r, const Sender& s, const AttestData& p);
  static Checked<RegisterDelegate> check(const Reading& r, const Sender& s,
                                         const RegisterDelegate& p);
  static Checked<RevokeDelegate> check(const Reading& r, const Sender& s, const RevokeDelegate& p);
  static Checked<ReportDivergence> check(const Reading& r, const Sender& s,
                                         const ReportDivergence& p);
  static Checked<ShowShare> check(const Reading& r, const Sender& s, const ShowShare& p);

 private:
  template <class P>
  static Checked<P> holds(const P& p, const Sender& s, Found<P> found = {}) {
    return Proof<P>(p, s, std::move(found));
  }
};

// One transition a kind.
void transition(Context& c, Proof<Transfer>&& t);
void transition(Context& c, Proof<Stake>&& t);
void transition(Context& c, Proof<Unstake>&& t);
void transition(Context& c, Proof<RegisterProfile>&& t);
void transition(Context& c, Proof<PostTask>&& t);
void transition(Context& c, Proof<CancelTask>&& t);
void transition(Context& c, Proof<AcceptTask>&& t);
void transition(Context& c, Proof<EnlistVerifier>&& t);
void transition(Context& c, Proof<CommitTranscript>&& t);
void transition(Context& c, Proof<RevealTranscript>&& t);
void transition(Context& c, Proof<Seal>&& t);
void transition(Context& c, Proof<OpenSeal>&& t);
void transition(Context& c, Proof<CommitChallenge>&& t);
void transition(Context& c, Proof<RevealChallenge>&& t);
void transition(Context& c, Proof<StandUp>&& t);
void transition(Context& c, Proof<PlayMove>&& t);
void transition(Context& c, Proof<ReportContradiction>&& t);
void transition(Context& c, Proof<Disclose>&& t);
void transition(Context& c, Proof<PlaceBid>&& t);
void transition(Context& c, Proof<WithdrawBid>&& t);
void transition(Context& c, Proof<AwardTask>&& t);
void transition(Context& c, Proof<AwardQuote>&& t);
void transition(Context& c, Proof<FundTask>&& t);
void transition(Context& c, Proof<ReportProgress>&& t);
void transition(Context& c, Proof<AbandonClaim>&& t);
void transition(Context& c, Proof<DemandChunk>&& t);
void transition(Context& c, Proof<SupplyChunk>&& t);
void transition(Context& c, Proof<BondValidator>&& t);
void transition(Context& c, Proof<UnbondValidator>&& t);
void transition(Context& c, Proof<BondRelay>&& t);
void transition(Context& c, Proof<UnbondRelay>&& t);
void transition(Context& c, Proof<AttestData>&& t);

// The opening leads from the piece to the roots that stand (tx_demand.cpp).
[[nodiscard]] bool shows(const TaskRecord& task, const ClaimRecord& claim, const Piece& piece,
                         const PieceOpening& opening);
void transition(Context& c, Proof<RegisterDelegate>&& t);
void transition(Context& c, Proof<RevokeDelegate>&& t);
void transition(Context& c, Proof<ReportDivergence>&& t);
void transition(Context& c, Proof<ShowShare>&& t);

// The last report of progress holds of this transcript (tx_claim.cpp).
[[nodiscard]] bool opens_progress(const ClaimRecord& claim, const Hash256& transcript_root,
                                  const Hash256& salt, const std::optional<ProgressProof>& proof);

}  // namespace assay::protocol::internal
