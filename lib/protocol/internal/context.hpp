// What transitions work with: the state, the block's inputs, the events. Rules (internal/rules.hpp)
// are checked before, so a transition is never refused; what it does not find is damage.
#pragma once

#include "internal/state.hpp"

namespace assay::protocol::internal {

// A lock, whose it is, and which of its owner's counters (Locked) counts what is in it.
struct Lock {
  ledger::AccountKey account;
  AccountId owner;
  Amount Locked::*counter;
};

struct Context {
  State& state;
  ChainId chain;
  Height height;
  LedgerTimeMs now;
  Hash256 beacon;
  std::vector<Event>& events;

  template <class E>
  void emit(E event) {
    events.emplace_back(std::move(event));
  }

  // Money that the rules say is there: its absence is damage, nothing of zero moves. The events of
  // what moved are emitted.
  void pay(const ledger::AccountKey& debit, const ledger::AccountKey& credit, std::uint64_t atoms);
  // Into a lock and out of it: its owner's counter goes along.
  void put_down(const ledger::AccountKey& debit, const Lock& lock, std::uint64_t atoms);
  void take_out(const Lock& lock, const ledger::AccountKey& credit, std::uint64_t atoms);
  void reserve(const ledger::PendingId& id, const ledger::Transfer& t);
  void post(const ledger::PendingId& id, std::uint64_t atoms);  // of zero: voided
  [[nodiscard]] std::uint64_t balance(const ledger::AccountKey& key) const;

  [[nodiscard]] LedgerTimeMs after(std::uint64_t ms) const { return LedgerTimeMs{now.value + ms}; }

  // The claim's status and its deadline, `window_ms` from now; none: no deadline.
  void advance(ClaimRecord& claim, ClaimStatus status, std::optional<std::uint64_t> window_ms);
};

[[nodiscard]] ledger::AccountKey user_account(const AccountId& id);
[[nodiscard]] ledger::AccountKey stake_account(const AccountId& id);
[[nodiscard]] ledger::AccountKey escrow_account(const TaskId& id);
// Of a solver's or an attestor's stake behind a claim.
[[nodiscard]] ledger::AccountKey lock_account(const ClaimId& claim, const AccountId& id);
[[nodiscard]] ledger::AccountKey bond_account(const ChallengeId& id);
[[nodiscard]] ledger::AccountKey burned_account();
[[nodiscard]] ledger::AccountKey jackpot_account();
[[nodiscard]] ledger::AccountKey treasury_account();
// Of a standing bid's deposit.
[[nodiscard]] ledger::AccountKey deposit_account(const TaskId& task, const AccountId& bidder);
// Of a task's contribution `slot`.
[[nodiscard]] ledger::PendingId escrow_pending(const TaskId& id, std::size_t slot);
[[nodiscard]] ledger::PendingId unbonding_pending(const AccountId& id, const ClientId& client_id);

[[nodiscard]] Lock stake_lock(const ClaimId& claim, const AccountId& id);
[[nodiscard]] Lock bond_lock(const ChallengeRecord& challenge);
[[nodiscard]] Lock demand_lock(const DemandRecord& demand);
// Of its bond in the pool.
[[nodiscard]] Lock relay_lock(const AccountId& id);
[[nodiscard]] Lock deposit_lock(const TaskId& task, const AccountId& bidder);

// The windows' ends (deadlines.cpp). Handles everything due at c.now, earliest first, at most
// kMaxDeadlinesPerBlock.
inline constexpr unsigned kMaxDeadlinesPerBlock = 10'000;
void run_deadlines(Context& c);
// A claim in training is cancelled or given up: its solver has until the deadline, which comes
// nearer, to deliver up to its next progress point.
void end_early(Context& c, const TaskRecord& task, ClaimRecord& claim);
// It ends without a transcript.
void end_undelivered(Context& c, const ClaimRecord& claim);
// The beacon draws relays, or what is checked.
void draw(Context& c, ClaimRecord& claim);
// It says, together with what the solver committed to, whether an error is forced.
void draw_force(Context& c, ClaimRecord& claim);
// The next beacon will draw for it.
void start_drawing(Context& c, ClaimRecord& claim);
// What follows each status when it ends, by its deadline or because nothing is left to wait for.
void end_enlisting(Context& c, ClaimRecord& claim);
// Claims that waited for other copies and need not any more.
void end_waiting(Context& c, const TaskId& task);
void start_sealing(Context& c, ClaimRecord& claim);
void end_sealing(Context& c, ClaimRecord& claim);
void end_opening(Context& c, ClaimRecord& claim);
// The window in which challenges are revealed, over the transcript as it stands now.
void open_challenges(Context& c, ClaimRecord& claim);

// Games (games.cpp). Each loads what it needs by id, so that no copy of a record goes stale.
void start_game(Context& c, const ChallengeId& challenge, const AccountId& defender,
                bool by_attestor);
void finish_game(Context& c, const GameId& game, GameStatus status, bool by_clock);
void close_stand_up(Context& c, const ChallengeId& challenge);
void expire_challenge(Context& c, const ChallengeId& challenge);
// A challenge of the forced error: no game, the bond back.
void end_unplayed(Context& c, const ChallengeId& challenge, ChallengeStatus status);
// No quorum of relays: it ends, or falls if a demand was ignored or its solver contradicted itself,
// and challenges go back.
void fall_unattested(Context& c, const ClaimId& claim);
// The solver did not disclose: its claim falls to nobody, and challenges go back.
void fall_undisclosed(Context& c, const ClaimId& claim);

// Pauses (pauses.cpp). At a block's start: if its parent's lane was full, clocks stood still since.
void count_pause(Context& c, const BlockHeader& parent);
// At a block's end, if its lane is full.
void begin_pause(Context& c);
// How long a clock has stood still since all had for `before_ms`: at most one move window
// (INV-PRO-023).
[[nodiscard]] std::uint64_t paused_ms(const State& state, std::uint64_t before_ms,
                                      std::uint64_t move_ms);
// Demands (demands.cpp).
// How long the window to challenge has to last for those that are open: past their clocks.
[[nodiscard]] LedgerTimeMs last_demand(const State& state, const ClaimRecord& claim);
// The window to challenge ends no earlier than at `until`.
void extend_challenging(Context& c, ClaimRecord& claim, LedgerTimeMs until);
void supply_demand(Context& c, DemandRecord demand, Bytes bytes);
void expire_demand(Context& c, const DemandId& demand);
// The claim is settled: whoever waits has its money back.
void void_demands(Context& c, ClaimRecord& claim);

// Validators by stake (validators.cpp).
[[nodiscard]] Lock validator_lock(const ValidatorRecord& validator);
[[nodiscard]] ledger::AccountKey validator_account(const ValidatorAddress& address);
// At a block's start: who misbehaved loses all that stands behind its key.
void slash_validators(Context& c, std::span<const Misbehaviour> misbehaviour);
void take_back(Context& c, ValidatorRecord validator, Amount amount);
void end_unbonding(Context& c, const ValidatorAddress& address);
// At a block's end: who orders from the next but one on, as far as that changes.
[[nodiscard]] std::vector<ValidatorPower> choose_validators(Context& c);

// What it has unbonding is free when it is due.
void add_unbonding_deadlines(Context& c, const ValidatorRecord& validator);
void remove_unbonding_deadlines(Context& c, const ValidatorRecord& validator);

// The beacon of shares (beacon.cpp). Where there is one, no draw is of a block's beacon.
// The next round draws for it: who is a holder of the open one may know its beacon already.
void await_beacon(Context& c, const AwaitingClaim& awaiting);
// At a block's start, after deadlines: ends the round that has all its shares, or is due, and opens
// the next if something waits.
void run_beacon(Context& c);

// The market (sale.cpp): money in and out of a task, its sale and its end.
void add_funds(Context& c, TaskRecord& task, const AccountId& funder, std::uint64_t atoms);
void open_sale(Context& c, TaskRecord& task);
// Locks the stake of who takes a copy, or bids for one: behind the claim that it is, or may become.
void lock_stake(Context& c, const TaskRecord& task, const AccountId& solver);
// A copy goes to `solver`, whose stake is locked. Ends the sale with the last copy.
struct Award {
  AccountId solver;
  Amount price;
  ReplayTimes times;
  Hash256 r_commitment;
  QuoteId quote{};
};
void award(Context& c, TaskRecord& task, const Award& award);
void award_bid(Context& c, TaskRecord& task, const Bid& bid);
// Frees the stake, except a winner's, which its claim keeps; returns the deposit or forfeits it.
void end_bid(Context& c, TaskRecord& task, const Bid& bid, BidEnd how);
// The sale is over: bids and what unsold copies would have cost go back. Without a claim the task
// ends with `reason`.
void end_sale(Context& c, TaskRecord& task, TaskStatus status, CloseReason reason);
void maybe_end_task(Context& c, TaskRecord& task);
void end_task_window(Context& c, const TaskId& id);
// Back to the funders, the last first.
void refund(Context& c, TaskRecord& task, std::uint64_t atoms);

// Relays (relays.cpp).
// The beacon draws a round's seats.
void start_relaying(Context& c, ClaimRecord& claim, std::uint32_t number);
// Enough of them attested, or another round is drawn, or the claim ends.
[[nodiscard]] bool end_relaying(Context& c, ClaimRecord& claim);
void leave_pool(Context& c, RelayRecord relay);
// Their fees out of the escrow, which are returned, and what stood behind their words.
std::uint64_t settle_relays(Context& c, const TaskRecord& task, const ClaimRecord& claim,
                            ClaimStatus end);

// Settlement (settle.cpp).
void maybe_settle(Context& c, const ClaimId& claim);
void settle(Context& c, const ClaimId& claim, ClaimStatus end, CloseReason reason);

// Reputation (reputation.cpp).
void add_completed(Context& c, const AccountId& id, Standing role, std::uint64_t tax);
void add_fault(Context& c, const AccountId& id, Standing role);
void add_slash(Context& c, const AccountId& id, Standing role);
[[nodiscard]] std::uint64_t score_now(const State& state, const AccountId& id, Standing role,
                                      LedgerTimeMs now);

}  // namespace assay::protocol::internal
