// What a handler works with: the state, the block's inputs, the events. Handlers check first and
// change after; what they changed before a refusal is rolled back by the caller.
#pragma once

#include "internal/state.hpp"

namespace assay::protocol::internal {

// A verdict and, where the verdict names one, its detail.
struct Outcome {
  TxVerdict verdict = TxVerdict::kApplied;
  std::uint8_t detail = 0;
  Outcome() = default;
  Outcome(TxVerdict v) : verdict(v) {}  // NOLINT: implicit by design
  Outcome(TxVerdict v, std::uint8_t d) : verdict(v), detail(d) {}
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

  // Money. The verdict is the ledger's; the events of what moved are emitted.
  [[nodiscard]] ledger::LedgerVerdict transfer(const ledger::AccountKey& debit,
                                               const ledger::AccountKey& credit, Amount amount);
  [[nodiscard]] ledger::LedgerVerdict reserve(const ledger::PendingId& id,
                                              const ledger::Transfer& t);
  [[nodiscard]] ledger::LedgerVerdict post(const ledger::PendingId& id, Amount amount);
  [[nodiscard]] ledger::LedgerVerdict void_pending(const ledger::PendingId& id);
  // Money that the rules say is there: its absence is damage, nothing of zero moves.
  void pay(const ledger::AccountKey& debit, const ledger::AccountKey& credit, std::uint64_t atoms);
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
[[nodiscard]] ledger::PendingId escrow_pending(const TaskId& id);
[[nodiscard]] ledger::PendingId unbonding_pending(const AccountId& id, const ClientId& client_id);

// Handlers of transactions, one group a source file.
struct Sender {
  AccountId id;
  ClientId client_id{};
};
[[nodiscard]] Outcome execute(Context& c, const Sender& s, const Transfer& p);  // tx_money
[[nodiscard]] Outcome execute(Context& c, const Sender& s, const Stake& p);
[[nodiscard]] Outcome execute(Context& c, const Sender& s, const Unstake& p);
[[nodiscard]] Outcome execute(Context& c, const Sender& s, const RegisterEndpoint& p);
[[nodiscard]] Outcome execute(Context& c, const Sender& s, const PostTask& p);  // tx_task
[[nodiscard]] Outcome execute(Context& c, const Sender& s, const CancelTask& p);
[[nodiscard]] Outcome execute(Context& c, const Sender& s, const AcceptTask& p);
[[nodiscard]] Outcome execute(Context& c, const Sender& s, const CommitTranscript& p);
[[nodiscard]] Outcome execute(Context& c, const Sender& s, const RevealTranscript& p);
[[nodiscard]] Outcome execute(Context& c, const Sender& s, const EnlistVerifier& p);  // tx_verify
[[nodiscard]] Outcome execute(Context& c, const Sender& s, const Seal& p);
[[nodiscard]] Outcome execute(Context& c, const Sender& s, const OpenSeal& p);
[[nodiscard]] Outcome execute(Context& c, const Sender& s,
                              const CommitChallenge& p);  // tx_challenge
[[nodiscard]] Outcome execute(Context& c, const Sender& s, const RevealChallenge& p);
[[nodiscard]] Outcome execute(Context& c, const Sender& s, const StandUp& p);
[[nodiscard]] Outcome execute(Context& c, const Sender& s, const PlayMove& p);
[[nodiscard]] Outcome execute(Context& c, const Sender& s, const ReportContradiction& p);
[[nodiscard]] Outcome execute(Context& c, const Sender& s, const Disclose& p);  // tx_disclose

// The windows' ends (deadlines.cpp). Handles everything due at c.now, earliest first, at most
// kMaxDeadlinesPerBlock.
inline constexpr unsigned kMaxDeadlinesPerBlock = 10'000;
void run_deadlines(Context& c);
// What follows each status when it ends, by its deadline or because nothing is left to wait for.
void end_enlisting(Context& c, ClaimRecord& claim);
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
// A challenge committed before the disclosure, of the forced entry: no game, the bond back.
void find_forced(Context& c, const ChallengeId& challenge);
// The solver did not disclose: its claim falls to nobody, and challenges go back.
void fall_undisclosed(Context& c, const ClaimId& claim);

// Settlement (settle.cpp).
void maybe_settle(Context& c, const ClaimId& claim);
void settle(Context& c, const ClaimId& claim, ClaimStatus end);

}  // namespace assay::protocol::internal
