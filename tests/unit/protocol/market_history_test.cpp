// Random histories of the market against a plain model of its rules: after every block the model
// knows what the ledger took and refused, and every balance.
#include <random>

#include "harness.hpp"
#include "market_model.hpp"

namespace assay::protocol {
namespace {

using namespace test;

constexpr unsigned kParties = 7;
constexpr std::uint64_t kFree = 30'000;
constexpr std::uint64_t kStaked = 5'000;  // two claims at a time: stakes run short

class MarketHistory {
 public:
  explicit MarketHistory(std::uint32_t seed) : m_random(seed), m_net(kParties, kFree, kStaked) {
    for (unsigned i = 0; i < kParties; ++i) model.free[i] = kFree, model.staked[i] = kStaked;
    model.account_of = [this](unsigned party) { return m_net.id(party); };
    model.now = m_net.head.ledger_time.value;
  }

  void run(unsigned blocks) {
    for (unsigned i = 0; i < blocks && !testing::Test::HasFailure(); ++i) step(i < blocks * 3 / 4);
    // Everything ends by itself.
    for (unsigned i = 0; i < 120 && !testing::Test::HasFailure(); ++i) step(false);
    // INV-PRO-006: no escrow, lock or deposit holds anything any more.
    std::uint64_t sum = model.burned + model.jackpot;
    for (unsigned i = 0; i < kParties; ++i) sum += model.free[i] + model.staked[i];
    EXPECT_EQ(sum, m_net.read().totals().value().issued.value);
    EXPECT_FALSE(m_net.read().next_deadline().value());
    EXPECT_TRUE(m_net.read().live_tasks().value().empty());
  }

  MarketModel model;

 private:
  std::uint64_t below(std::uint64_t n) { return m_random() % n; }
  unsigned party() { return static_cast<unsigned>(below(kParties)); }

  PostTask terms() {
    PostTask t = sample_task();
    t.header.seed = m_random();
    t.price = Amount{800 + below(400)};
    t.tax = Amount{24 + below(9)};
    t.verification_fee = Amount{200 + below(20)};
    t.challenger_bond = Amount{600};
    t.copies = static_cast<std::uint32_t>(1 + below(3));
    if (below(2) == 0) {
      t.sale = Sale::kAuction;
      t.bid_deposit = Amount{10 + below(90)};
      t.windows.bid_ms = 6'000 + below(6'000);
    }
    t.pays_partial = below(2) == 0;
    if (below(3) == 0)
      t.sought = Amount{1 + below(t.copies * (MarketModel::cost(t) - t.tax.value))};
    return t;
  }

  // A transaction that may or may not be taken, and what the model says to it.
  struct Move {
    Bytes tx;
    std::function<bool()> expected;
  };
  void add(std::vector<Move>& moves, unsigned who, Payload payload,
           std::function<bool()> expected) {
    moves.push_back({m_net.tx(who, std::move(payload)), std::move(expected)});
  }

  void post(std::vector<Move>& moves) {
    const unsigned who = party();
    const PostTask t = terms();
    const Envelope e = m_net.envelope(who, t);
    const Hash256 id = task_id_of(m_net.head.chain, e.sender, e.client_id).value;
    moves.push_back({sign_transaction(e, m_net.keys[who]),
                     [this, id, who, t] { return model.post(id, who, t); }});
  }

  void trade(std::vector<Move>& moves, const Hash256& id) {
    MarketModel& m = model;
    const TaskId task{id};
    MarketModel::Task& t = m.tasks.at(id);
    const unsigned who = below(3) == 0 ? t.submitter : party();
    switch (below(7)) {
      case 0: {
        const std::uint64_t amount =
            below(2) == 0 ? t.missing + below(3) / 2 : 51 * (1 + below(12));
        add(moves, who, FundTask{task, Amount{amount}},
            [&m, &t, who, amount] { return m.fund(t, who, amount); });
        break;
      }
      case 1:
        add(moves, who, AcceptTask{task, {2000, 100}, hash_of_text("r")},
            [&m, &t, who] { return m.accept(t, who); });
        break;
      case 2:
      case 3: {
        const std::uint64_t price = 600 + below(700);
        add(moves, who, PlaceBid{task, Amount{price}, {2000, 100}, hash_of_text("r")},
            [&m, &t, who, price] { return m.bid(t, who, price); });
        break;
      }
      case 4:
        if (below(3) == 0) {
          const unsigned bidder = t.bids.empty() ? who : t.bids[below(t.bids.size())].who;
          add(moves, bidder, WithdrawBid{task}, [&m, &t, bidder] { return m.withdraw(t, bidder); });
        }
        break;
      case 5: {
        const unsigned solver = party();
        if (below(3) == 0)
          add(moves, who, AwardTask{task, m_net.id(solver)},
              [&m, &t, who, solver] { return m.award(t, who, solver); });
        break;
      }
      default:
        if (below(6) == 0)
          add(moves, who, CancelTask{task}, [&m, &t, who] { return m.cancel(t, who); });
    }
  }

  // A solver mostly does what is next; some claims are left to run out of time.
  void work(std::vector<Move>& moves, const Hash256& id, std::size_t index) {
    MarketModel& m = model;
    MarketModel::Task& t = m.tasks.at(id);
    MarketModel::Claim& c = t.claims[index];
    const Posted p{TaskId{id}, ClaimId{c.id}};
    if (c.id.bytes[0] % 5 == 0 && c.stage == MarketModel::Stage::kRevealing) return;
    if (c.id.bytes[0] % 7 == 0) return;
    const auto claim = [&m, id, index]() -> MarketModel::Claim& {
      return m.tasks.at(id).claims[index];
    };
    const unsigned who = below(9) == 0 ? party() : c.solver;
    if (c.stage == MarketModel::Stage::kTraining && below(2) == 0) {
      const std::uint64_t entries = c.reported + below(4);
      add(moves, who, report_of(p, MadeRun(MadeRun::made_up(13, "run")), entries),
          [&m, &t, claim, who, entries] { return m.report(t, claim(), who, entries); });
    } else if (c.stage == MarketModel::Stage::kTraining && below(16) == 0) {
      add(moves, who, AbandonClaim{p.claim},
          [&m, &t, claim, who] { return m.abandon(t, claim(), who); });
    } else if (c.stage == MarketModel::Stage::kTraining && below(4) == 0) {
      const std::uint64_t entries = c.cancelled ? 1 + below(c.reported + 3) : 10;
      const MadeRun run(MadeRun::made_up(entries, "run"));
      add(moves, who, commitment_of(p, run),
          [&m, &t, claim, who, entries] { return m.commit(t, claim(), who, entries); });
    } else if (c.stage == MarketModel::Stage::kRevealing) {
      const MadeRun run(MadeRun::made_up(c.entries, "run"));
      add(moves, who, reveal_of(m_net, p, who, t.terms, run),
          [&m, claim, who] { return m.reveal(claim(), who); });
    }
  }

  void step(bool busy) {
    std::vector<Move> moves;
    if (busy && below(3) == 0) post(moves);
    for (auto& [id, t] : model.tasks) {
      if (busy && (t.funding || t.selling || below(4) == 0)) trade(moves, id);
      for (std::size_t i = 0; i < t.claims.size(); ++i) work(moves, id, i);
    }
    std::vector<Bytes> txs;
    for (const Move& move : moves) txs.push_back(move.tx);
    const BlockResult block = m_net.block(std::move(txs), 500 + below(1'000));
    model.pass(m_net.head.ledger_time.value);
    for (std::size_t i = 0; i < moves.size(); ++i) {
      const TxVerdict verdict = block.receipts.receipts[i].verdict;
      ASSERT_EQ(moves[i].expected(), verdict == TxVerdict::kApplied)
          << to_string(verdict) << " at height " << m_net.head.height.value;
    }
    compare();
  }

  void compare() {
    for (unsigned i = 0; i < kParties; ++i) {
      const AccountView a = m_net.account(i);
      ASSERT_EQ(a.available.value, model.free[i]) << "party " << i;
      ASSERT_EQ(a.staked.value, model.staked[i]) << "party " << i;
    }
    const Totals totals = m_net.read().totals().value();
    ASSERT_EQ(totals.burned.value, model.burned);
    ASSERT_EQ(totals.jackpot.value, model.jackpot);
  }

  std::mt19937_64 m_random;
  Net m_net;
};

TEST(MarketHistoryProperty, ThePlainModelPredictsEveryBalance) {
  MarketModel::Ends all;
  for (std::uint32_t seed = 1; seed <= 25 && !testing::Test::HasFailure(); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    MarketHistory history(seed);
    history.run(80);
    const MarketModel::Ends& e = history.model.ends;
    all.no_bids += e.no_bids, all.unfunded += e.unfunded, all.not_accepted += e.not_accepted;
    all.cancelled += e.cancelled, all.unstaked += e.unstaked, all.paid += e.paid;
    all.partial += e.partial, all.expired += e.expired, all.raised += e.raised;
    all.abandoned += e.abandoned, all.withdrawn_late += e.withdrawn_late;
  }
  // Each end was seen, so that a test of nothing cannot pass.
  for (const unsigned seen :
       {all.no_bids, all.unfunded, all.not_accepted, all.cancelled, all.unstaked, all.paid,
        all.partial, all.expired, all.raised, all.abandoned, all.withdrawn_late})
    EXPECT_GT(seen, 0u);
}

}  // namespace
}  // namespace assay::protocol
