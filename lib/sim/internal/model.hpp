// The auditor's books (docs/spec/sim.md, "The auditor").
#pragma once

#include <map>
#include <optional>
#include <vector>

#include "assay/protocol/events.hpp"
#include "assay/sim/auditor.hpp"

namespace assay::sim {

using Atoms = std::uint64_t;

class Auditor::Model {
 public:
  using ChallengeId = protocol::ChallengeId;
  struct Holding {
    Atoms available = 0, reserved = 0, staked = 0, unbonding = 0;
    friend bool operator==(const Holding&, const Holding&) = default;
  };
  enum class Stage { kFunding, kSelling, kSold, kEnded };
  struct Put {  // into a task, and not back
    AccountId who;
    Atoms atoms = 0;
  };
  struct Offer {
    AccountId who;
    Atoms price = 0;
    std::uint64_t order = 0;
    bool has_evicted = false;
  };
  struct Task {
    TaskId id;
    AccountId submitter;
    protocol::PostTask terms;
    Stage stage = Stage::kFunding;
    std::uint64_t due = 0, offers_ever = 0;
    Atoms missing = 0;
    bool in_escrow = false;  // not only reserved
    std::vector<Put> puts;
    std::vector<Offer> offers;
    std::vector<ClaimId> claims;
    std::map<AccountId, Atoms> won_at;  // a bid's or a quote's price
    std::uint64_t ended_at = 0;         // height; 0: it has not
  };
  struct Seat {
    Atoms stake = 0;
    std::vector<std::uint64_t> draws;  // entries
    bool sealed = false, lost = false;
    struct Opened {
      bool matches = false, attests = false;
      Hash256 own_end;
    };
    std::map<std::uint32_t, Opened> opened;
    [[nodiscard]] bool is_silent() const { return opened.size() < draws.size(); }
  };
  struct Claim {
    ClaimId id;
    TaskId task;
    AccountId solver;
    protocol::ClaimStatus status = protocol::ClaimStatus::kTraining;
    protocol::CloseReason reason = protocol::CloseReason::kNone;
    std::uint64_t due = 0;  // 0: it has no deadline
    Atoms price = 0, tax = 0, stake = 0;
    std::uint64_t entries = 0, reported = 1, committed_at = 0;
    Hash256 progress;            // what was reported last hides
    std::uint64_t diverged = 0;  // the first entry shown to have a loss that is not finite
    bool cancelled = false, abandoned = false, doomed = false, solver_lost = false;
    bool withheld = false;            // a demand was ignored
    std::uint64_t demands_until = 0;  // once it is challenging
    std::vector<protocol::DemandId> demands;
    std::uint64_t forced_entry = 0;
    Hash256 forced_root;
    // How many challenges there were when sealing ended, and when the disclosing began.
    std::size_t finds_until = 0, refunds_until = 0;
    std::map<AccountId, Seat> seats;
    std::vector<ChallengeId> challenges;  // in the order of their commitments
    std::optional<AccountId> reporter;
    struct RelaySeat {
      AccountId who;
      bool attested = false;
    };
    std::vector<RelaySeat> relays;  // of the last round
    unsigned rounds = 0;
  };
  struct Bonded {  // in the pool of relays
    Atoms bond = 0;
    unsigned missed = 0;
  };
  struct Challenge {
    ClaimId claim;
    AccountId challenger;
    Atoms bond = 0;
    protocol::ChallengeStatus status = protocol::ChallengeStatus::kCommitted;
    std::size_t sequence = 0;                         // among the claim's
    std::uint64_t due = 0, entry = 0;                 // due: to reveal, then to stand up
    std::uint64_t committed_at = 0, revealed_at = 0;  // heights
    bool taken_back = false;                          // it was about a forced error, and late
    std::optional<protocol::ChallengeTarget> target;  // once everybody knows it
    [[nodiscard]] bool of_claim() const { return !target || target->is_of_claim(); }
    [[nodiscard]] bool of_interior() const {
      return target && target->what == protocol::Disputed::kInterior;
    }
    std::vector<GameId> games;  // in the order of their starts
  };
  struct Game {
    ChallengeId challenge;
    AccountId defender;
    protocol::GameStatus status = protocol::GameStatus::kOpen;
    bool by_clock = false;
  };
  struct Demand {
    ClaimId claim;
    AccountId who;
    Atoms price = 0;
    std::uint64_t due = 0;
    protocol::DemandStatus status = protocol::DemandStatus::kOpen;
  };
  struct Standing {  // as a challenger
    Atoms score = 0;
    std::uint64_t at = 0, completed = 0, faults = 0, last_fault = 0, slashes = 0;
  };
  struct Sent {  // a transaction that applied
    AccountId from;
    const protocol::Payload* payload;
  };

  [[nodiscard]] Status genesis(const protocol::Genesis& genesis, const protocol::BlockHeader& head);
  [[nodiscard]] Status block(const protocol::BlockHeader& header, const std::vector<Bytes>& txs,
                             const protocol::BlockReceipts& receipts);
  [[nodiscard]] Status compare(const protocol::StateReader& reader, bool all);
  [[nodiscard]] Status compare_one(const protocol::StateReader& reader, const AccountId& id) const;
  [[nodiscard]] Status compare_standing(const protocol::AccountView& account) const;
  [[nodiscard]] Status compare_held(const protocol::StateReader& reader) const;
  [[nodiscard]] Status compare_task(const protocol::StateReader& reader, const Task& t);
  [[nodiscard]] Status nothing_under_way() const;
  [[nodiscard]] std::uint64_t posted_by(const AccountId& id) const;
  [[nodiscard]] Atoms worth(const AccountId& id) const;
  [[nodiscard]] Tally tally(const AccountId& id) const;

  Counts counts;

 private:
  // Time (model.cpp).
  void transaction(ByteView bytes, const protocol::Receipt& receipt);
  void apply(const Sent& tx);
  void event(const protocol::Event& event, const Sent* tx);
  void end_unbonding();
  void expect_nothing_late();
  void fail(std::string what);
  [[nodiscard]] Task& task(const TaskId& id);
  [[nodiscard]] Claim& claim(const ClaimId& id);
  [[nodiscard]] Challenge& challenge(const ChallengeId& id);
  [[nodiscard]] Holding& of(const AccountId& id);
  void take(Atoms& from, Atoms atoms);

  // The market (model_market.cpp).
  void post(const Sent& tx, const protocol::PostTask& terms, const TaskId& id);
  void put_in(Task& t, const AccountId& who, Atoms atoms);
  void raise(Task& t, const AccountId& who, Atoms atoms);
  void open_sale(Task& t);
  void award(const protocol::TaskAccepted& e, const Sent* tx);
  void end_offer(const protocol::BidEnded& e, const Sent* tx);
  void end_sale(Task& t);
  void give_back(Task& t, Atoms atoms);
  void end_task(const protocol::TaskEnded& e);
  void cancel(Task& t);
  void end_early(const Task& t, Claim& c);
  void opens_progress(const Claim& c, const std::optional<protocol::ProgressProof>& proof,
                      const Hash256& salt);

  // Claims (model_claims.cpp).
  void advance(const protocol::ClaimAdvanced& e, const Sent* tx);
  [[nodiscard]] bool may_advance(const Claim& c, const Task& t, protocol::ClaimStatus to,
                                 const Sent* tx) const;
  // A copy is in training: nobody reveals. Neither while one is for sale; of the sale's end no
  // event tells, so in the block of its end both may be.
  [[nodiscard]] bool copies_train(const Claim& c, const Task& t) const;
  [[nodiscard]] std::uint64_t window_of(const Task& t, protocol::ClaimStatus status) const;
  void enlist(const protocol::VerifierEnlisted& e);
  void commit_challenge(const protocol::ChallengeCommitted& e);
  void end_challenge(const protocol::ChallengeEnded& e);
  void demand(const protocol::ChunkDemanded& e);
  void end_demand(const protocol::DemandEnded& e, const Sent* tx);
  [[nodiscard]] std::size_t demands_open(const Claim& c) const;
  void end_game(const protocol::GameFinished& e);
  void start_game(const protocol::GameStarted& e);
  void reveal_challenge(const Sent& tx, const protocol::RevealChallenge& p);
  void open_seal(const Sent& tx, const protocol::OpenSeal& p);

  // Relays (model_relays.cpp).
  void draw_relay(const protocol::RelayDrawn& e);
  void attest(const protocol::DataAttested& e, const Sent* tx);
  void leave_pool(const protocol::RelayLeft& e, const Sent* tx);
  void change_bond(const Sent& tx);
  [[nodiscard]] std::size_t attested(const Claim& c) const;
  [[nodiscard]] bool has_quorum(const Claim& c) const;
  [[nodiscard]] Atoms held_of(const AccountId& id) const;
  void end_round(Claim& c);  // which came to a quorum
  [[nodiscard]] Atoms settle_relays(Claim& c, const Task& t);

  // Settlement (model_settle.cpp).
  void settle(const protocol::ClaimSettled& e, const Sent* tx);
  [[nodiscard]] bool may_settle(const Claim& c, const protocol::ClaimSettled& e,
                                const Sent* tx) const;
  [[nodiscard]] Atoms settle_seat(Claim& c, const Task& t, const AccountId& who);
  void slash(const Claim& c, const Task& t, Atoms stake, const std::vector<AccountId>& winners);
  [[nodiscard]] std::vector<AccountId> winners_over(const Claim& c, const AccountId& loser) const;
  void take_tax(Atoms tax);

  // What is held for whom, and how challengers did (model_held.cpp).
  [[nodiscard]] protocol::Locked locked(const AccountId& id) const;
  [[nodiscard]] Standing& challenger_now(const AccountId& id);
  void pay_challengers(const std::vector<AccountId>& paid, Atoms points);  // points: of all
  void fault_of_challenger(const AccountId& id);
  void refute_challenger(const AccountId& id);

  std::uint64_t m_now = 0, m_height = 0;
  std::string m_failure;
  ChainId m_chain;
  std::map<AccountId, Holding> m_holdings;
  std::map<AccountId, std::uint64_t> m_nonces;
  std::map<AccountId, Tally> m_tallies;
  Atoms m_burned = 0, m_jackpot = 0, m_issued = 0;
  struct Unbonding {
    std::uint64_t due;
    AccountId who;
    Atoms atoms;
  };
  std::vector<Unbonding> m_unbonding;
  std::map<TaskId, Task> m_tasks;
  std::map<ClaimId, Claim> m_claims;
  std::map<ChallengeId, Challenge> m_challenges;
  std::map<GameId, Game> m_games;
  std::map<protocol::DemandId, Demand> m_demands;
  std::map<AccountId, Bonded> m_relays;
  std::map<AccountId, Standing> m_challengers;
  struct PutDown {  // with a bid
    Atoms deposit = 0, stake = 0;
  };
  std::map<std::pair<TaskId, AccountId>, PutDown> m_put_down;
  std::set<AccountId> m_touched;
  std::set<TaskId> m_forgotten;
  bool m_at_start = true;  // of a block: what happens happens by itself
};

}  // namespace assay::sim
