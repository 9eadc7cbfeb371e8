// Random histories against an auditor that knows the rules of payment and nothing of the machine:
// from what each party did it predicts every balance.
#include <map>
#include <random>

#include "assay/dispute/evidence_file.hpp"
#include "assay/dispute/moves.hpp"
#include "harness.hpp"

namespace assay::protocol {
namespace {

using namespace test;
using V = TxVerdict;

constexpr unsigned kParties = 9;
constexpr std::uint64_t kFree = 1'000'000;
constexpr std::uint64_t kStaked = 1'000'000;

// What will be done about one task. Games are decided by who falls silent first.
struct Plan {
  unsigned submitter, solver;
  std::vector<unsigned> verifiers;  // that enlist
  bool cancels = false, commits = true, reveals = true;
  struct Duty {
    bool seals, opens, matches, stands_up, holds_out;
  };
  std::map<unsigned, Duty> duty;
  struct Attack {
    unsigned challenger;
    std::uint64_t entry;
    bool reveals;
    bool solver_holds_out;
  };
  std::vector<Attack> attacks;
  PostTask terms = sample_task();
  MadeRun run{MadeRun::made_up(10, "plan")};
  // Progress.
  Posted posted;
  bool accepted = false, closed = false;
  std::map<std::string, bool> done;
  std::vector<ChallengeId> challenges;
};

// What the histories went through, so that a test of nothing cannot pass.
struct Seen {
  unsigned final = 0, fallen = 0, expired = 0, cancelled = 0, unrevealed = 0, thrown = 0,
           attestors_lost = 0, attestors_won = 0, shared_bounties = 0, silent = 0;
};

class History {
 public:
  Seen seen;
  explicit History(std::uint32_t seed) : m_random(seed), m_net(kParties, kFree, kStaked) {}

  unsigned below(unsigned n) { return static_cast<unsigned>(m_random() % n); }
  bool chance(unsigned percent) { return below(100) < percent; }

  Plan make_plan(unsigned n) {
    Plan p;
    p.submitter = below(kParties);
    do p.solver = below(kParties);
    while (p.solver == p.submitter);
    p.terms.header.seed = n;
    for (auto* w :
         {&p.terms.windows.accept_ms, &p.terms.windows.train_ms, &p.terms.windows.enlist_ms,
          &p.terms.windows.reveal_ms, &p.terms.windows.seal_ms, &p.terms.windows.open_ms,
          &p.terms.windows.challenge_ms, &p.terms.windows.challenge_reveal_ms,
          &p.terms.windows.stand_up_ms, &p.terms.windows.move_ms})
      *w = 30'000;
    p.terms.price = Amount{900 + below(400)};
    p.terms.verification_fee = Amount{200 + below(9)};
    p.terms.challenger_bond = Amount{301};
    p.terms.tax = Amount{26 + below(5)};
    p.cancels = chance(10);
    p.commits = chance(92);
    p.reveals = chance(92);
    for (unsigned v = 0; v < kParties && p.verifiers.size() < 2; ++v)
      if (v != p.solver && chance(30)) {
        p.verifiers.push_back(v);
        p.duty[v] = {chance(85), chance(85), chance(75), chance(70), chance(50)};
      }
    const unsigned attacks = below(3);
    for (unsigned i = 0; i < attacks; ++i) {
      unsigned who;
      do who = below(kParties);
      while (who == p.solver);
      const std::uint64_t entry = 1 + below(9);
      bool twice = false;
      for (const auto& a : p.attacks) twice |= a.challenger == who && a.entry == entry;
      if (!twice) p.attacks.push_back({who, entry, chance(80), chance(50)});
    }
    return p;
  }

  void run() {
    for (unsigned i = 0; i < 4; ++i) m_plans.push_back(make_plan(i));
    for (unsigned i = 0; i < kParties; ++i) m_free[i] = kFree, m_staked[i] = kStaked;
    for (int blocks = 0; blocks < 400; ++blocks) {
      std::vector<Bytes> txs;
      for (Plan& plan : m_plans) act(plan, txs);
      shuffle_money(txs);
      const BlockResult result = m_net.block(std::move(txs), 2'000);
      for (const Receipt& r : result.receipts.receipts)
        ASSERT_EQ(r.verdict, V::kApplied) << to_string(r.verdict) << " " << int{r.detail};
      bool open = false;
      for (const Plan& plan : m_plans) open |= !plan.closed;
      if (!open && blocks > 20) break;
    }
    for (Plan& plan : m_plans) {
      ASSERT_TRUE(plan.closed);
      predict(plan);
    }
    compare();
  }

 private:
  void once(Plan& p, const std::string& what, std::vector<Bytes>& txs, unsigned party,
            const Payload& payload) {
    if (p.done[what]) return;
    p.done[what] = true;
    txs.push_back(m_net.tx(party, payload));
  }

  // Everything that the plan still has to do, level-triggered.
  void act(Plan& p, std::vector<Bytes>& txs) {
    if (p.closed) return;
    if (!p.done["post"]) {
      p.done["post"] = true;
      const Envelope e = m_net.envelope(p.submitter, p.terms);
      p.posted.task = task_id_of(m_net.head.chain, e.sender, e.client_id);
      p.posted.claim = claim_id_of(p.posted.task, m_net.id(p.solver));
      txs.push_back(sign_transaction(e, m_net.keys[p.submitter]));
      return;
    }
    const TaskView task = m_net.read().task(p.posted.task).value().value();
    if (task.record.status == TaskStatus::kOpen) {
      if (p.cancels)
        once(p, "cancel", txs, p.submitter, CancelTask{p.posted.task});
      else
        once(p, "accept", txs, p.solver, AcceptTask{p.posted.task, {1000, 100}, hash_of_text("r")});
      return;
    }
    if (task.claims.empty()) {
      p.closed = true;
      return;
    }
    act_on_claim(p, task.claims.front(), txs);
  }

  void act_on_claim(Plan& p, const ClaimView& claim, std::vector<Bytes>& txs) {
    const ClaimStatus status = claim.record.status;
    if (is_settled(status)) {
      p.closed = true;
      return;
    }
    if (status == ClaimStatus::kTraining) {
      for (const unsigned v : p.verifiers)
        once(p, "enlist" + std::to_string(v), txs, v, EnlistVerifier{p.posted.claim});
      if (p.commits && claim.verifiers.size() == p.verifiers.size())
        once(p, "commit", txs, p.solver, commitment_of(p.posted, p.run));
    }
    if (status == ClaimStatus::kRevealing && p.reveals)
      once(p, "reveal", txs, p.solver, reveal_of(m_net, p.posted, p.solver, p.terms, p.run));
    if (status == ClaimStatus::kSealing || status == ClaimStatus::kOpening) verify(p, claim, txs);
    if (is_challengeable(p.terms, status) && !claim.record.doomed) attack(p, txs);
    if (status >= ClaimStatus::kChallenging) defend(p, claim, txs);
  }

  void verify(Plan& p, const ClaimView& claim, std::vector<Bytes>& txs) {
    for (const VerifierRecord& record : claim.verifiers) {
      unsigned v = 0;
      while (m_net.id(v) != record.verifier) ++v;
      const Plan::Duty duty = p.duty[v];
      std::vector<OpenSeal> opens;
      for (std::uint32_t i = 0; i < record.draws.size(); ++i)
        opens.push_back(
            opening_of(m_net, p.posted, v, p.run, i, record.draws[i].entry, duty.matches));
      Seal seal{p.posted.claim, {}};
      for (const OpenSeal& o : opens) seal.seals.push_back(seal_of(m_net, p.posted, v, o));
      if (claim.record.status == ClaimStatus::kSealing) {
        if (!duty.matches) challenge_all(p, v, record);
        if (duty.seals) once(p, "seal" + std::to_string(v), txs, v, seal);
      } else if (duty.seals && duty.opens) {
        for (const OpenSeal& o : opens)
          once(p, "open" + std::to_string(v) + "." + std::to_string(o.draw), txs, v, o);
      }
    }
  }

  // Who came to other ends stands by them with challenges.
  void challenge_all(Plan& p, unsigned v, const VerifierRecord& record) {
    if (std::exchange(p.done["mismatches" + std::to_string(v)], true)) return;
    for (const economics::Draw& draw : record.draws) {
      const bool has_one = std::any_of(p.attacks.begin(), p.attacks.end(), [&](const auto& a) {
        return a.challenger == v && a.entry == draw.entry;
      });
      if (!has_one) p.attacks.push_back({v, draw.entry, chance(80), chance(50)});
    }
  }

  Hash256 commitment(const Plan& p, const Plan::Attack& a) const {
    return challenge_commitment(
        {p.posted.claim, a.entry, m_net.id(a.challenger), hash_of_text("challenge")});
  }

  void attack(Plan& p, std::vector<Bytes>& txs) {
    for (std::size_t i = 0; i < p.attacks.size(); ++i)
      once(p, "attack" + std::to_string(i), txs, p.attacks[i].challenger,
           CommitChallenge{p.posted.claim, commitment(p, p.attacks[i])});
  }

  void defend(Plan& p, const ClaimView& claim, std::vector<Bytes>& txs) {
    for (const ChallengeView& c : claim.challenges)
      for (std::size_t i = 0; i < p.attacks.size(); ++i) {
        const Plan::Attack& a = p.attacks[i];
        if (c.record.commitment != commitment(p, a)) continue;
        const std::string tag = std::to_string(i);
        if (c.record.status == ChallengeStatus::kCommitted && a.reveals)
          once(p, "reveal" + tag, txs, a.challenger, challenge_reveal(c.record.id, p.run, a.entry));
        if (c.record.status != ChallengeStatus::kPlaying) continue;
        for (const GameView& game : c.games) hold_out(p, c, game, a, tag, txs);
        for (const VerifierRecord& v : claim.verifiers) {
          unsigned who = 0;
          while (m_net.id(who) != v.verifier) ++who;
          if (who != a.challenger && p.duty[who].stands_up && attested(v, a.entry) &&
              !c.record.stand_up_closed)
            once(p, "stand" + tag + "." + std::to_string(who), txs, who, StandUp{c.record.id});
        }
      }
  }

  static bool attested(const VerifierRecord& v, std::uint64_t entry) {
    for (std::size_t i = 0; i < v.opened.size(); ++i)
      if (v.opened[i] && v.opened[i]->matches && v.draws[i].entry == entry) return true;
    return false;
  }

  // A defender that holds out makes its first offer, and the challenger falls silent; one that does
  // not falls silent itself.
  void hold_out(Plan& p, const ChallengeView& c, const GameView& game, const Plan::Attack& a,
                const std::string& tag, std::vector<Bytes>& txs) {
    unsigned who = 0;
    while (m_net.id(who) != game.record.defender) ++who;
    const bool holds = game.record.by_attestor ? p.duty[who].holds_out : a.solver_holds_out;
    if (!holds || game.record.status != GameStatus::kOpen || game.record.turn != 0) return;
    const std::string what = "offer" + tag + "." + std::to_string(who);
    if (p.done[what]) return;
    p.done[what] = true;
    const TaskView task = m_net.read().task(p.posted.task).value().value();
    const dispute::GameTerms terms = terms_of(m_net.head.chain, task, c, game);
    const dispute::Position position = position_of(terms, game);
    if (position.stage != dispute::Stage::kChainOffer) return;  // of the initial state
    std::vector<Hash256> roots(dispute::chain_spacing(position).segments - 1,
                               hash_of_text("offer"));
    Bytes body = codec::encode([&](codec::Writer& w) { dispute::write_chain_offer(w, roots); });
    const dispute::RecordedMove move = dispute::record_move(
        crypto::sha256_function(), terms, position, dispute::Role::kDefender, body,
        [&](const Hash256& digest) { return m_net.keys[who].sign(digest.view()); });
    txs.push_back(m_net.tx(who, PlayMove{game.record.id, codec::encode([&](codec::Writer& w) {
                                           dispute::write_signed_move(w, move.view());
                                         })}));
  }

  void shuffle_money(std::vector<Bytes>& txs) {
    const unsigned a = below(kParties);
    const unsigned b = (a + 1 + below(kParties - 1)) % kParties;
    const std::uint64_t amount = 1 + below(50);
    switch (below(3)) {
      case 0:
        txs.push_back(m_net.tx(a, Transfer{m_net.id(b), Amount{amount}}));
        m_free[a] -= amount, m_free[b] += amount;
        break;
      case 1:
        txs.push_back(m_net.tx(a, Stake{Amount{amount}}));
        m_free[a] -= amount, m_staked[a] += amount;
        break;
      default:
        txs.push_back(m_net.tx(a, Unstake{Amount{amount}}));
        m_staked[a] -= amount, m_unbonding[a] += amount;
    }
  }

  // The auditor: rules of payment in the words of the specification, from the outcomes of games.
  void predict(const Plan& p) {
    const TaskView task = m_net.read().task(p.posted.task).value().value();
    if (task.claims.empty()) {
      ++seen.cancelled;
      return;
    }
    const ClaimView& claim = task.claims.front();
    const std::uint64_t price = p.terms.price.value;
    const std::uint64_t tax = p.terms.tax.value;
    std::uint64_t escrow = price + p.terms.verification_fee.value + tax;
    m_free[p.submitter] -= escrow;

    bool solver_lost = false;
    std::vector<const ChallengeView*> won;
    std::map<AccountId, std::vector<unsigned>> beaten;  // loser: winners in order
    bool doomed = false;
    for (const ChallengeView& c : claim.challenges) {
      unsigned who = 0;
      while (m_net.id(who) != c.record.challenger) ++who;
      const std::uint64_t bond = p.terms.challenger_bond.value;
      const AccountId* victor = nullptr;
      for (const GameView& g : c.games)
        if (g.record.status == GameStatus::kDefenderWon) victor = &g.record.defender;
      if (c.record.status == ChallengeStatus::kUnrevealed) {
        m_free[who] -= bond;
        m_jackpot += bond / 2;
        ++seen.unrevealed;
        m_burned += bond - bond / 2;
      } else if (victor != nullptr) {
        seen.attestors_won += *victor != claim.record.solver;
        unsigned winner = 0;
        while (m_net.id(winner) != *victor) ++winner;
        m_free[who] -= bond;
        m_free[winner] += bond / 2;
        m_burned += bond - bond / 2;
      } else if (!c.games.empty()) {
        won.push_back(&c);
        doomed = true;
      }
      for (const GameView& g : c.games)
        if (g.record.status == GameStatus::kChallengerWon) {
          if (!g.record.by_attestor) solver_lost = true;
          auto& winners = beaten[g.record.defender];
          if (victor == nullptr) winners.push_back(who);
        }
    }
    const ClaimStatus end = claim.record.status;
    const bool transcript = p.commits && p.reveals;
    EXPECT_EQ(end, !transcript ? ClaimStatus::kExpired
                   : doomed    ? ClaimStatus::kFallen
                               : ClaimStatus::kFinal);

    if (transcript && !doomed) {
      escrow -= tax;
      m_burned += tax - tax / 2;
      m_jackpot += tax / 2;
    }
    seen.expired += !transcript;
    seen.fallen += doomed;
    seen.final += transcript && !doomed;
    seen.thrown += solver_lost && !doomed;
    seen.shared_bounties += won.size() > 1;

    const std::uint64_t fee = p.terms.verification_fee.value / 4;
    for (const VerifierRecord& v : claim.verifiers) {
      unsigned who = 0;
      while (m_net.id(who) != v.verifier) ++who;
      const bool lost = beaten.count(v.verifier) != 0;
      const bool opened_all = !v.opened.empty() && std::all_of(v.opened.begin(), v.opened.end(),
                                                               [](const auto& o) { return !!o; });
      if (!v.draws.empty() && !opened_all) {
        ++seen.silent;
      }
      for (std::size_t i = 0; i < v.opened.size(); ++i) {
        if (!v.opened[i] || lost) continue;
        const bool at_fall = doomed && v.draws[i].entry == won.front()->record.entry;
        if (v.opened[i]->matches == at_fall) continue;
        m_free[who] += fee;
        escrow -= fee;
      }
      seen.attestors_lost += lost;
      if (lost) slash(who, p.terms.verifier_stake.value, beaten[v.verifier], price);
    }
    if (transcript && !doomed && !solver_lost) {
      m_free[p.solver] += price;
      escrow -= price;
    }
    if (solver_lost) slash(p.solver, p.terms.solver_stake.value, beaten[m_net.id(p.solver)], price);
    m_free[p.submitter] += escrow;
  }

  void slash(unsigned loser, std::uint64_t stake, const std::vector<unsigned>& winners,
             std::uint64_t price) {
    m_staked[loser] -= stake;
    if (winners.empty()) {
      m_burned += stake;
      return;
    }
    std::uint64_t rest = stake / 2;
    m_burned += stake - rest;
    if (winners.size() > 1) {
      const std::uint64_t cost = std::min((price + 9) / 10, stake / 2 / 2 / (winners.size() - 1));
      for (std::size_t i = 1; i < winners.size(); ++i) m_free[winners[i]] += cost, rest -= cost;
    }
    m_free[winners[0]] += rest;
  }

  void compare() {
    for (unsigned i = 0; i < kParties; ++i) {
      const AccountView a = m_net.account(i);
      EXPECT_EQ(a.available.value, m_free[i]) << "party " << i;
      EXPECT_EQ(a.staked.value, m_staked[i]) << "party " << i;
      EXPECT_EQ(a.unbonding.value, m_unbonding[i]) << "party " << i;
      EXPECT_EQ(a.reserved.value, 0u) << "party " << i;
    }
    const Totals totals = m_net.read().totals().value();
    EXPECT_EQ(totals.burned.value, m_burned);
    EXPECT_EQ(totals.jackpot.value, m_jackpot);
    EXPECT_EQ(totals.issued.value, kParties * (kFree + kStaked));
  }

  std::mt19937_64 m_random;
  Net m_net;
  std::vector<Plan> m_plans;
  std::map<unsigned, std::uint64_t> m_free, m_staked, m_unbonding;
  std::uint64_t m_burned = 0;
  std::uint64_t m_jackpot = 0;
};

// INV-PRO-002.
TEST(HistoryProperty, TheAuditorPredictsEveryBalance) {
  Seen all;
  for (std::uint32_t seed = 1; seed <= 40 && !testing::Test::HasFailure(); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    History history(seed);
    history.run();
    for (const auto field : {&Seen::final, &Seen::fallen, &Seen::expired, &Seen::cancelled,
                             &Seen::unrevealed, &Seen::thrown, &Seen::attestors_lost,
                             &Seen::attestors_won, &Seen::shared_bounties, &Seen::silent})
      all.*field += history.seen.*field;
  }
  for (const auto field : {&Seen::final, &Seen::fallen, &Seen::expired, &Seen::cancelled,
                           &Seen::unrevealed, &Seen::thrown, &Seen::attestors_lost,
                           &Seen::attestors_won, &Seen::shared_bounties, &Seen::silent})
    EXPECT_GT(all.*field, 0u);
}

}  // namespace
}  // namespace assay::protocol
