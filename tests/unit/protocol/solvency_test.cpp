// INV-PRO-020 and 021: what is held for each task, claim, seat, bid and challenge is what its
// record owes, and accounts know what they have locked (docs/spec/protocol.md, "Solvency").
#include "internal/solvency.hpp"
#include "assay/core/planted.hpp"
#include "assay/protocol/obligations.hpp"
#include "harness.hpp"

namespace assay::protocol {
namespace {

using namespace test;
using internal::Table;
using ledger::AccountKey;
using ledger::AccountKind;
using V = TxVerdict;

enum : unsigned { kSubmitter, kSolver, kAnn, kRival, kEve, kFunder };

PlaceBid bid(const TaskId& task, std::uint64_t price) {
  return {task, Amount{price}, {2000, 100}, hash_of_text("r")};
}

// Something of every kind that holds money: a task that waits for funds, an auction with bids, a
// fixed price for several copies of which one is sold, a claim with a seat and a challenge, and
// what unbonds.
struct Everything {
  Net net{6, 1'000'000, 100'000};
  TaskId funding, auction;
  Posted sold, claimed;
  ChallengeId challenge;

  Everything() {
    PostTask sought = sample_task();
    sought.sought = Amount{1000};
    funding = post(net, kSubmitter, sought);
    EXPECT_EQ(net.verdict(kFunder, FundTask{funding, Amount{300}}), V::kApplied);
    PostTask copies = sample_task();
    copies.copies = 3;
    copies.windows.accept_ms = copies.windows.train_ms = 300'000;
    sold = post_and_accept(net, kSubmitter, kRival, copies);
    const PostTask terms = sample_task();
    const MadeRun run(MadeRun::made_up(10, "run"));
    claimed = post_and_accept(net, kSubmitter, kSolver, terms);
    EXPECT_EQ(net.verdict(kAnn, EnlistVerifier{claimed.claim}), V::kApplied);
    EXPECT_EQ(net.verdict(kSolver, commitment_of(claimed, run)), V::kApplied);
    net.wait(terms.windows.enlist_ms);
    EXPECT_EQ(net.verdict(kSolver, reveal_of(net, claimed, kSolver, terms, run)), V::kApplied);
    net.block();
    challenge = commit_challenge(net, claimed, kEve, 4);
    EXPECT_EQ(net.verdict(kEve, DemandChunk{claimed.claim, {PieceKind::kTranscript, 0, 0, 0}}),
              V::kApplied);
    auction = post(net, kSubmitter, sample_auction());
    EXPECT_EQ(net.verdict(kSolver, bid(auction, 900)), V::kApplied);
    EXPECT_EQ(net.verdict(kRival, bid(auction, 890)), V::kApplied);
    EXPECT_EQ(net.verdict(kEve, Unstake{Amount{7}}), V::kApplied);
  }
};

// What the map's records under a letter are.
std::vector<std::pair<Bytes, Bytes>> records_of(const internal::State& state, Table table) {
  std::vector<std::pair<Bytes, Bytes>> found;
  state.overlay().scan(internal::Key(table).bytes(), [&](ByteView key, ByteView value) {
    found.emplace_back(to_bytes(key), to_bytes(value));
    return true;
  });
  return found;
}

AccountKey key_in(ByteView key) {
  codec::Reader r(key.subspan(1));
  return ledger::read_account_key(r);
}

// The accounts that hold something for somebody.
std::vector<AccountKey> held(const Net& net) {
  const internal::State state(net.store);
  std::vector<AccountKey> found;
  for (const auto& [key, value] : records_of(state, Table::kAccount))
    if (key_in(key).kind == AccountKind::kEscrow || key_in(key).kind == AccountKind::kLock)
      found.push_back(key_in(key));
  return found;
}

// Changed as `change` does, is it found? Both by looking at what changed and at everything.
void expect_breach(const Net& net, const std::string& what,
                   const std::function<void(internal::State&)>& change) {
  {
    const internal::State untouched(net.store);
    EXPECT_TRUE(is_solvent(untouched) && is_solvent_throughout(untouched)) << what;
  }
  internal::State state(net.store);
  change(state);
  EXPECT_TRUE(state.money_conserved()) << what << ": not what this is about";
  EXPECT_FALSE(is_solvent(state)) << what;
  EXPECT_FALSE(is_solvent_throughout(state)) << what;
  EXPECT_TRUE(state.status());
}

void move_atoms(internal::State& state, const AccountKey& from, const AccountKey& to) {
  ledger::Ledger money(state);
  ASSERT_EQ(money.transfer({from, to, Amount{1}}), ledger::LedgerVerdict::kOk);
  state.merge(money.diff());
}

TEST(Solvency, AnAtomTooFewOrTooManyAnywhereIsABreach) {
  const Everything e;
  const std::vector<AccountKey> accounts = held(e.net);
  // Escrows, two of them with reservations alone; locks of two solvers, a seat, a bond, a demand,
  // two bids with two deposits.
  EXPECT_EQ(accounts.size(), 4u + 2 + 1 + 1 + 1 + 4);
  const AccountKey eve = {AccountKind::kUser, e.net.id(kEve).value};
  for (const AccountKey& account : accounts) {
    const std::string name = to_string(account.kind) + to_hex(account.owner);
    expect_breach(e.net, name + " more", [&](auto& s) { move_atoms(s, eve, account); });
    if (internal::State(e.net.store).account(account)->balance == Amount{}) continue;  // reserved
    expect_breach(e.net, name + " less", [&](auto& s) { move_atoms(s, account, eve); });
    for (const AccountKey& other : accounts)  // conserved, even the locks' sum
      if (other != account)
        expect_breach(e.net, name + " mixed", [&](auto& s) { move_atoms(s, account, other); });
  }
  // A lock that no record knows.
  expect_breach(e.net, "stray", [&](auto& s) {
    move_atoms(s, eve, {AccountKind::kLock, hash_of_text("nobody's")});
  });
}

TEST(Solvency, AReservationThatIsNotWhatAFunderGaveIsABreach) {
  const Everything e;
  const internal::State stored(e.net.store);
  unsigned contributions = 0;
  for (const auto& [key, value] : records_of(stored, Table::kPending)) {
    const ledger::Pending pending = ledger::decode_pending(value).value();
    if (pending.credit.kind != AccountKind::kEscrow) continue;
    ++contributions;
    ledger::PendingId id;
    std::copy_n(key.begin() + 1, id.value.bytes.size(), id.value.bytes.begin());
    expect_breach(e.net, "freed", [&](auto& s) {
      ledger::Ledger money(s);
      ASSERT_EQ(money.void_pending(id), ledger::LedgerVerdict::kOk);
      s.merge(money.diff());
    });
    expect_breach(e.net, "of another", [&](auto& s) {
      ledger::Ledger money(s);
      ASSERT_EQ(money.void_pending(id), ledger::LedgerVerdict::kOk);
      ledger::PendingId other{hash_of_text("other")};
      ASSERT_EQ(money.reserve(other, {pending.debit, pending.credit, pending.amount}),
                ledger::LedgerVerdict::kOk);
      s.merge(money.diff());
    });
  }
  EXPECT_EQ(contributions, 3u);  // two of the one that seeks, the auction's
}

// The records say what is owed: one that is changed alone is found too.
TEST(Solvency, ARecordThatOwesMoreOrLessIsABreach) {
  const Everything e;
  const auto record = [&](const std::string& what, auto change) {
    expect_breach(e.net, what, change);
  };
  record("a copy more to sell", [&](auto& s) {
    TaskRecord task = s.need_task(e.sold.task);
    task.terms.copies = 4;
    s.put(task);
  });
  record("a dearer claim", [&](auto& s) {
    ClaimRecord claim = s.need_claim(e.claimed.claim);
    ++claim.price.value;
    s.put(claim);
  });
  record("settled, not paid", [&](auto& s) {
    ClaimRecord claim = s.need_claim(e.claimed.claim);
    claim.status = ClaimStatus::kFinal;
    s.put(claim);
  });
  record("resolved, its bond kept", [&](auto& s) {
    ChallengeRecord challenge = s.need_challenge(e.challenge);
    challenge.status = ChallengeStatus::kVoid;
    s.put(challenge);
  });
  record("a bid gone, its stake and deposit kept",
         [&](auto& s) { s.erase(s.bids(e.auction).front()); });
  record("a seat without a stake", [&](auto& s) {
    VerifierRecord verifier;
    verifier.claim = e.claimed.claim;
    verifier.verifier = e.net.id(kFunder);
    s.put(verifier);
  });
  record("an end of unbonding with nothing that unbonds", [&](auto& s) {
    Locked locked = s.locked(e.net.id(kEve));
    locked.unbonding_until = LedgerTimeMs{};
    s.put(e.net.id(kEve), locked);
    ledger::Ledger money(s);
    const AccountKey stake{AccountKind::kStake, e.net.id(kEve).value};
    ASSERT_EQ(money.transfer({stake, {AccountKind::kUser, stake.owner}, Amount{1}}),
              ledger::LedgerVerdict::kOk);
    s.merge(money.diff());
  });
  for (const auto counter : {&Locked::stakes, &Locked::bonds, &Locked::deposits, &Locked::bonded})
    record("a counter", [&](auto& s) {
      Locked locked = s.locked(e.net.id(kRival));
      ++(locked.*counter).value;
      s.put(e.net.id(kRival), locked);
    });
}

TEST(Solvency, WhatOwesIsNotForgotten) {
  const Everything e;
  for (const Bytes& key : {internal::Key(Table::kTask).id(e.auction.value).bytes(),
                           internal::Key(Table::kTask).id(e.sold.task.value).bytes()}) {
    internal::State state(e.net.store);
    state.overlay().put(key, {});
    EXPECT_FALSE(is_solvent(state));
  }
  internal::State state(e.net.store);
  state.overlay().erase(internal::Key(Table::kClaim).id(e.sold.claim.value).bytes());
  EXPECT_FALSE(is_solvent(state));
}

TEST(Solvency, ObligationsAreTotalAndEndWithTheirRecords) {
  TaskRecord task;
  task.terms = sample_auction();
  task.terms.copies = 4;
  task.status = TaskStatus::kOpen;
  task.funders = {{AccountId{hash_of_text("a")}, Amount{UINT64_MAX}},
                  {AccountId{hash_of_text("b")}, Amount{1}}};
  EXPECT_EQ(owed_by_reservations(task), Amount{UINT64_MAX});
  EXPECT_EQ(owed_by_escrow(task, {}), Amount{0});
  task.posted = true;
  EXPECT_EQ(owed_by_reservations(task), Amount{0});
  EXPECT_EQ(owed_by_escrow(task, {}), Amount{4 * copy_cost(task.terms)});
  std::vector<ClaimRecord> claims(5);  // more than copies: of no ledger
  claims[0].price = claims[0].tax = Amount{UINT64_MAX};
  EXPECT_EQ(owed_by_escrow(task, claims), Amount{UINT64_MAX});
  for (ClaimRecord& claim : claims) claim.status = ClaimStatus::kFinal;
  EXPECT_EQ(owed_by_escrow(task, claims), Amount{0});
  for (std::uint8_t status = 1; status <= static_cast<std::uint8_t>(ClaimStatus::kExpired);
       ++status) {
    ClaimRecord claim;
    claim.status = static_cast<ClaimStatus>(status);
    const bool over = is_settled(claim.status);
    EXPECT_EQ(owed_by_solver_lock(task, claim), over ? Amount{} : task.terms.solver_stake);
    EXPECT_EQ(owed_by_verifier_lock(task, claim), over ? Amount{} : task.terms.verifier_stake);
  }
  ChallengeRecord challenge;
  EXPECT_EQ(owed_by_bond(task, challenge), task.terms.challenger_bond);
  challenge.status = ChallengeStatus::kUnrevealed;
  EXPECT_EQ(owed_by_bond(task, challenge), Amount{0});
  EXPECT_FALSE(owes_nothing(task));
  task.ended = LedgerTimeMs{9};
  EXPECT_TRUE(owes_nothing(task));
}

Locked locked_of(const Net& net, unsigned party) { return net.account(party).locked; }

// INV-PRO-021: available, reserved, staked, unbonding and locked are all that an account has.
TEST(Locked, IsWhatAnAccountPutDownUntilItIsBack) {
  Everything e;
  const std::uint64_t stake = sample_task().solver_stake.value;
  const std::uint64_t deposit = sample_auction().bid_deposit.value;
  EXPECT_EQ(locked_of(e.net, kSolver),
            (Locked{Amount{stake + sample_auction().solver_stake.value}, {}, Amount{deposit}, {}}));
  EXPECT_EQ(locked_of(e.net, kAnn).stakes, sample_task().verifier_stake);
  EXPECT_EQ(locked_of(e.net, kEve).bonds.value, sample_task().challenger_bond.value + 2);
  EXPECT_EQ(locked_of(e.net, kEve).unbonding_until,
            LedgerTimeMs{e.net.head.ledger_time.value + kUnbondingMs});
  EXPECT_EQ(locked_of(e.net, kFunder), Locked{});  // it waits in its own account
  const auto all_of = [&](unsigned party) {
    const AccountView a = e.net.account(party);
    return a.available.value + a.reserved.value + a.staked.value + a.unbonding.value +
           a.locked.stakes.value + a.locked.bonds.value + a.locked.deposits.value;
  };
  for (const unsigned party : {kSolver, kAnn, kEve, kFunder}) EXPECT_EQ(all_of(party), 1'100'000u);
  // A withdrawn bid, and the end of the rest.
  ASSERT_EQ(e.net.verdict(kSolver, WithdrawBid{e.auction}), V::kApplied);
  EXPECT_EQ(locked_of(e.net, kSolver), (Locked{Amount{stake}, {}, {}, {}}));
  e.net.wait(600'000);
  for (const unsigned party : {kSolver, kAnn, kRival, kFunder})
    EXPECT_EQ(locked_of(e.net, party), Locked{}) << party;
  // Of nothing there is no record.
  const internal::State state(e.net.store);
  EXPECT_EQ(records_of(state, Table::kLocked).size(), 1u);  // Eve's, whose stake unbonds
  EXPECT_TRUE(held(e.net).empty());
}

#if defined(ASSAY_AUDIT) && ASSAY_AUDIT
TEST(Locked, SaysWhenTheLastOfItUnbonds) {
  // After a minute: nobody waits three weeks for a test.
  const assay::testing::Plant plant(assay::testing::Planted::kEarlyRelease);
  Net net(2, 1'000, 1'000);
  ASSERT_EQ(net.verdict(0, Unstake{Amount{10}}), V::kApplied);
  const std::uint64_t first = net.account(0).locked.unbonding_until.value;
  net.wait(5'000);
  ASSERT_EQ(net.verdict(0, Unstake{Amount{20}}), V::kApplied);
  const std::uint64_t last = net.account(0).locked.unbonding_until.value;
  EXPECT_GT(last, first);
  net.wait(first - net.head.ledger_time.value);
  EXPECT_EQ(net.account(0).unbonding, Amount{20});
  EXPECT_EQ(net.account(0).locked.unbonding_until.value, last);
  net.wait(last - net.head.ledger_time.value);
  EXPECT_EQ(net.account(0).unbonding, Amount{0});
  EXPECT_EQ(net.account(0).locked, Locked{});
}

// Conservation holds in each of these; the program stops all the same.
struct Planted : ::testing::TestWithParam<assay::testing::Planted> {};

TEST_P(Planted, StopsTheProgram) {
  const auto life = [&] {
    Net net;
    const assay::testing::Plant plant(GetParam());
    const TaskId task = post(net, kSubmitter, sample_auction());
    net.verdict(kSolver, bid(task, 900));
    net.verdict(kSolver, WithdrawBid{task});
  };
  EXPECT_DEATH(life(), "broken .* is_solvent");
}
INSTANTIATE_TEST_SUITE_P(Solvency, Planted,
                         ::testing::Values(assay::testing::Planted::kUncheckedDeposit,
                                           assay::testing::Planted::kStuckStake,
                                           assay::testing::Planted::kMixedDeposit));
#endif

}  // namespace
}  // namespace assay::protocol
