// The state as typed records over an overlay. Damaged records are sticky failures, as the store's
// are: status() is checked before a result is believed.
#pragma once

#include "assay/ledger/ledger.hpp"
#include "assay/protocol/block.hpp"
#include "internal/erasures.hpp"
#include "internal/first_results.hpp"
#include "internal/keys.hpp"
#include "internal/overlay.hpp"

namespace assay::protocol::internal {

// What the state machine does by itself when ledger time comes. The order is that of one instant.
enum class DeadlineKind : std::uint8_t {
  kTask = 1,         // task: funding or its sale ends
  kClaim,            // claim: its status ends
  kChallengeReveal,  // challenge
  kStandUp,          // challenge
  kTurn,             // game
  kUnbonding,        // pending transfer
  kForceBeacon,      // claim: the block after the transcript was committed to
  kDemand,           // demand: to supply it
  kValidator,        // validator's address and zeros: what unbonds of it is free
};
inline constexpr std::uint8_t kDeadlineKindLast = 9;
struct Deadline {
  LedgerTimeMs time;
  DeadlineKind kind{};
  Hash256 id;
};

class State final : public ledger::LedgerView {
 public:
  // With what is known of `store`, if anything is.
  explicit State(const KeyValueStore& store, RecordTable* table = nullptr,
                 AbsentClients* absent = nullptr);

  // Money.
  [[nodiscard]] std::optional<ledger::Account> account(
      const ledger::AccountKey& key) const override;
  [[nodiscard]] std::optional<ledger::Pending> pending(const ledger::PendingId& id) const override;
  [[nodiscard]] Amount issued() const override;
  void merge(const ledger::LedgerDiff& diff);
  // INV-LED-001 to 004 of all changes so far against the store.
  [[nodiscard]] bool money_conserved() const;
  // The same from every record.
  [[nodiscard]] bool money_audited() const;

  // Records.
  [[nodiscard]] Profile profile(const AccountId& id) const;
  [[nodiscard]] Reputation reputation(const AccountId& id, Standing role) const;
  [[nodiscard]] Locked locked(const AccountId& id) const;
  // None also of a task that was forgotten. Its id stays taken for ever.
  [[nodiscard]] std::optional<TaskRecord> task(const TaskId& id) const;
  [[nodiscard]] bool is_taken(const TaskId& id) const;
  [[nodiscard]] std::optional<Bid> bid(const TaskId& task, const AccountId& bidder) const;
  [[nodiscard]] std::vector<Bid> bids(const TaskId& task) const;  // the best first
  [[nodiscard]] bool quote_used(const AccountId& solver, const QuoteId& id) const;
  [[nodiscard]] std::optional<ClaimRecord> claim(const ClaimId& id) const;
  [[nodiscard]] std::optional<VerifierRecord> verifier(const ClaimId& claim,
                                                       const AccountId& id) const;
  [[nodiscard]] std::optional<ChallengeRecord> challenge(const ChallengeId& id) const;
  [[nodiscard]] Pause pause() const;
  [[nodiscard]] std::optional<GameRecord> game(const GameId& id) const;
  [[nodiscard]] std::optional<DemandRecord> demand(const DemandId& id) const;
  [[nodiscard]] std::optional<ValidatorRecord> validator(const ValidatorAddress& address) const;
  // None: validators are not by stake here.
  [[nodiscard]] std::optional<ValidatorSet> validator_set() const;
  // Candidates with the most stake first, of equals that with the smaller address; so many at most.
  [[nodiscard]] std::vector<ValidatorAddress> ranked(std::size_t most) const;
  // None: draws are of blocks' beacons here.
  [[nodiscard]] std::optional<Shares> shares() const;
  [[nodiscard]] std::optional<BeaconRound> beacon_round() const;  // that is open
  [[nodiscard]] std::optional<ValidatorAddress> share_key_owner(
      const crypto::VrfPublicKey& key) const;
  // Those that wait for the next round, the first first; so many at most.
  [[nodiscard]] std::vector<std::pair<Height, AwaitingClaim>> awaiting(std::size_t most) const;
  // The pool as a round keeps it; else as it stands.
  [[nodiscard]] DrawPool draw_pool() const;
  [[nodiscard]] std::optional<RelayRecord> relay(const AccountId& id) const;
  [[nodiscard]] std::vector<RelayRecord> relays() const;  // the pool, ascending by account
  [[nodiscard]] std::optional<RelayRound> relay_round(const ClaimId& id) const;
  // Of `party` in the task, whether its time is over or not.
  [[nodiscard]] std::optional<dispute::Certificate> delegate(const TaskId& task,
                                                             const AccountId& party) const;
  [[nodiscard]] bool has_part(const AccountId& id, const TaskId& task) const;
  // The same of what must exist: absence is damage.
  [[nodiscard]] TaskRecord need_task(const TaskId& id) const;
  [[nodiscard]] ClaimRecord need_claim(const ClaimId& id) const;
  [[nodiscard]] ChallengeRecord need_challenge(const ChallengeId& id) const;
  [[nodiscard]] GameRecord need_game(const GameId& id) const;
  [[nodiscard]] DemandRecord need_demand(const DemandId& id) const;
  [[nodiscard]] ValidatorRecord need_validator(const ValidatorAddress& address) const;
  [[nodiscard]] RelayRecord need_relay(const AccountId& id) const;
  [[nodiscard]] RelayRound need_relay_round(const ClaimId& id) const;
  // As many of something as a record says: else damage.
  void need_all(std::size_t found, std::size_t count) const;
  [[nodiscard]] std::vector<VerifierRecord> verifiers(const ClaimId& claim) const;
  [[nodiscard]] std::vector<ChallengeRecord> challenges(const ClaimId& claim) const;
  [[nodiscard]] std::vector<DemandRecord> demands(const ClaimId& claim) const;
  // The bytes of one that was supplied: absence is damage.
  [[nodiscard]] Bytes supplied(const DemandRecord& demand) const;
  [[nodiscard]] std::vector<Bytes> moves(const GameRecord& game, std::uint32_t from = 0) const;
  // All of them: fewer are damage, as of what else has its count in a record.
  [[nodiscard]] std::vector<TaskId> live_tasks() const;
  [[nodiscard]] std::vector<TaskId> tasks_of(const AccountId& id) const;

  void put(const AccountId& id, const Profile& r);
  void put(const AccountId& id, Standing role, const Reputation& r);
  void put(const TaskRecord& r);
  void put(const AccountId& id, const Locked& r);  // of nothing there is no record
  void put(const Bid& r);
  void erase(const Bid& r);
  // Until its last height is past.
  void set_quote_used(const AccountId& solver, const QuoteId& id, Height valid_until);
  void put(const ClaimRecord& r);
  void put(const VerifierRecord& r);
  void put(const ChallengeRecord& r);
  void put(const GameRecord& r);
  void put(const Pause& r);
  void put(const DemandRecord& r);
  // And its rank and share key; one that is over leaves no record.
  void put(const ValidatorRecord& r);
  void put(const ValidatorSet& r);
  void put(const Shares& r);
  void put(const BeaconRound& r);
  void put(const DrawPool& r);
  void erase_beacon_round();  // and its pool
  void add_awaiting(Height since, const AwaitingClaim& awaiting);
  void remove_awaiting(Height since, const AwaitingClaim& awaiting);
  void put(const RelayRecord& r);  // of no bond there is no record
  void put(const RelayRound& r);
  void put_supplied(const DemandRecord& demand, Bytes bytes);
  void put_move(const GameId& id, std::uint32_t turn, ByteView signed_move);
  void set_live(const TaskId& id, bool live);
  void add_part(const AccountId& id, const TaskId& task);
  void put_delegate(const TaskId& task, const AccountId& party, const dispute::Certificate& c);
  void erase_delegate(const TaskId& task, const AccountId& party);
  // All records of a task that has ended go after the block of height `last`.
  void forget_after(Height last, const TaskId& id);

  void add_deadline(const Deadline& d);
  void remove_deadline(const Deadline& d);
  [[nodiscard]] bool has(const Deadline& d) const;
  // The earliest that are due at `now`, `most` of them at most.
  [[nodiscard]] std::vector<Deadline> deadlines_until(LedgerTimeMs now, unsigned most) const;

  // Kept for as long as a transaction of their block's height may be valid (INV-PRO-003).
  [[nodiscard]] FirstResults& results() { return m_results; }
  [[nodiscard]] Erasures& erasures() { return m_erasures; }
  [[nodiscard]] const FirstResults& results() const { return m_results; }
  [[nodiscard]] Overlay& overlay() { return m_overlay; }
  [[nodiscard]] const Overlay& overlay() const { return m_overlay; }
  [[nodiscard]] const Status& status() const { return m_overlay.status(); }

 private:
  template <class Record>
  [[nodiscard]] std::optional<Record> load(const Bytes& key) const;
  // All below a key's beginning, ascending by key.
  template <class Record>
  [[nodiscard]] std::vector<Record> load_all(const Bytes& prefix) const;
  template <class Record>
  void store(const Bytes& key, const Record& record);
  template <class Record>
  [[nodiscard]] Record need(std::optional<Record> found) const;
  void damaged() const;

  Overlay m_overlay;
  FirstResults m_results;
  Erasures m_erasures;
};

}  // namespace assay::protocol::internal
