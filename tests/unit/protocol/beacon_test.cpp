// The beacon of shares: who owes one, what waits for it, what it draws, and what it costs to keep
// one back (docs/spec/protocol.md, "The beacon of shares").
#include <random>

#include "assay/core/planted.hpp"
#include "assay/protocol/layout.hpp"
#include "unit/protocol/made_data.hpp"

namespace assay::protocol {
namespace {

using namespace test;
using assay::test::genesis_validator;
using assay::test::share_key;
using assay::testing::Plant;
using assay::testing::Planted;
using V = TxVerdict;

constexpr std::uint64_t kLeast = kMinValidatorStake.value;
constexpr std::uint64_t kFree = 100 * kLeast;
constexpr std::uint64_t kWindow = 20'000;
enum : unsigned { kSubmitter = 4, kSolver, kAnn, kBob, kCarol, kDave, kParties };

crypto::KeyPair consensus_key(unsigned n) { return make_key(1000 + n); }
Hash256 key_of(unsigned n) { return consensus_key(n).public_key(); }
ValidatorAddress address(unsigned n) { return validator_address(key_of(n)); }

// Validator i is party i's, and has so many atoms.
std::vector<GenesisValidator> validators_of(const std::vector<std::uint64_t>& stakes) {
  std::vector<GenesisValidator> all;
  for (unsigned i = 0; i < stakes.size(); ++i)
    all.push_back(genesis_validator(AccountId{make_key(i).public_key()}, key_of(i),
                                    Amount{stakes[i]}, share_key(i)));
  std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.key < b.key; });
  return all;
}

struct Shared : Net {
  explicit Shared(const std::vector<std::uint64_t>& stakes = {5 * kLeast, 4 * kLeast, 3 * kLeast,
                                                              2 * kLeast})
      : Net(kParties, kFree, kFree, validators_of(stakes), kWindow) {}

  std::optional<BeaconRound> round() const { return read().beacon_round().value(); }
  std::vector<unsigned> holders() const {
    std::vector<unsigned> found;
    const BeaconRound open = round().value();
    for (const ShareHolder& holder : open.holders)
      for (unsigned i = 0; i < kParties; ++i)
        if (address(i) == holder.validator) found.push_back(i);
    return found;
  }
  ShowShare share(unsigned validator, const crypto::VrfKey& key) const {
    const BeaconRound open = round().value_or(BeaconRound{});
    const Hash256 input = share_input(head.chain, open.number, open.opened_at);
    return {open.number, address(validator), key.prove(input.view())};
  }
  ShowShare share(unsigned validator) const { return share(validator, share_key(validator)); }
  // Anybody carries it.
  V show(unsigned validator) { return verdict(kDave, share(validator)); }
  // Of all who did not yet, but for one.
  void show_all(std::optional<unsigned> but = std::nullopt) {
    for (const unsigned holder : holders()) {
      if (holder == but || output(holder)) continue;
      ASSERT_EQ(show(holder), V::kApplied);
    }
  }
  std::optional<Hash256> output(unsigned validator) const {
    const BeaconRound open = round().value();
    for (const ShareHolder& holder : open.holders)
      if (holder.validator == address(validator)) return holder.output;
    return std::nullopt;
  }
  // Shows what is owed until nothing waits.
  void draw_all() {
    for (int i = 0; i < 20; ++i) {
      block();
      if (!round()) return;
      show_all();
    }
    FAIL() << "rounds without end";
  }
  // Blocks until the open round is due.
  BlockResult let_pass() {
    const std::uint64_t number = round()->number;
    for (int i = 0; i < 200; ++i) {
      BlockResult result = block({}, 1000);
      if (!round() || round()->number != number) return result;
    }
    ADD_FAILURE() << "it never ends";
    return {};
  }

  BondValidator bond(unsigned party, unsigned validator, std::uint64_t atoms,
                     const crypto::VrfKey& share) const {
    const Hash256 digest = possession_digest(head.chain, id(party));
    const Hash256 shared = share_possession_digest(head.chain, id(party), address(validator));
    return {key_of(validator), Amount{atoms}, consensus_key(validator).sign(digest.view()),
            share.public_key(), share.prove(shared.view())};
  }
  ValidatorRecord record(unsigned validator) const {
    return read().validator(key_of(validator)).value().value();
  }
  bool orders(unsigned validator) const {
    const ValidatorSet set = read().validator_set().value();
    for (const ValidatorPower& member : set.members)
      if (member.key == key_of(validator)) return true;
    return false;
  }
  std::uint64_t burned() const { return read().totals().value().burned.value; }

  // A claim of party `solver` that waits for its draw, its transcript being `run`'s.
  Posted reveal(const PostTask& terms, unsigned solver, const MadeRun& run) {
    const Posted posted = post_and_accept(*this, kSubmitter, solver, terms);
    for (std::uint32_t i = 0; i < terms.seats; ++i)
      EXPECT_EQ(verdict(i == 0 ? kAnn : kBob, EnlistVerifier{posted.claim}), V::kApplied);
    EXPECT_EQ(verdict(solver, commitment_of(posted, run)), V::kApplied);
    EXPECT_EQ(verdict(solver, reveal_of(*this, posted, solver, terms, run)), V::kApplied);
    EXPECT_EQ(status(posted.claim), ClaimStatus::kDrawing);
    return posted;
  }
  Posted reveal(const PostTask& terms = sample_task(), unsigned solver = kSolver) {
    return reveal(terms, solver, MadeRun(MadeRun::made_up(10, "run")));
  }
};

std::uint64_t value_of(const PostTask& terms) {
  return terms.price.value + terms.solver_stake.value;
}
// A task whose claims are worth so much, a third of it its price.
PostTask task_worth(std::uint64_t atoms) {
  PostTask t = sample_task();
  t.price = Amount{atoms / 3};
  t.solver_stake = Amount{atoms - t.price.value};
  t.tax = Amount{(t.price.value + 49) / 50};
  t.challenger_bond = Amount{t.price.value / 4};
  t.verifier_stake = Amount{t.price.value};
  return t;
}

TEST(Beacon, TheLargestUntilTwoThirdsHoldShares) {
  const auto holders = [](const std::vector<std::uint64_t>& stakes) {
    Shared net(stakes);
    net.reveal();
    net.block();
    EXPECT_EQ(net.round()->least_stake, net.record(net.holders().back()).stake);
    return net.holders();
  };
  EXPECT_EQ(holders({5 * kLeast, 4 * kLeast, 3 * kLeast, 2 * kLeast}),
            (std::vector<unsigned>{0, 1, 2}));
  // Exactly two thirds are not more.
  EXPECT_EQ(holders({kLeast, 4 * kLeast, kLeast}).size(), 2u);
  EXPECT_EQ(holders({kLeast, 3 * kLeast, kLeast, kLeast}).size(), 3u);
  EXPECT_EQ(holders({kLeast}).size(), 1u);
  const std::vector<unsigned> equal = holders({kLeast, kLeast, kLeast, kLeast});
  ASSERT_EQ(equal.size(), 3u);
  EXPECT_TRUE(std::is_sorted(equal.begin(), equal.end(),
                             [](unsigned a, unsigned b) { return address(a) < address(b); }));
}

TEST(Beacon, TheLastShareDrawsWhatWaits) {
  Shared net;
  EXPECT_FALSE(net.round());
  EXPECT_EQ(net.verdict(kDave, ShowShare{1, address(0), {}}), V::kUnknownRound);
  const Posted posted = net.reveal();
  EXPECT_FALSE(net.round());
  const BlockResult opening = net.block();
  ASSERT_TRUE(net.round());
  const BeaconRound round = *net.round();
  EXPECT_EQ(round.number, 1u);
  EXPECT_EQ(round.opened_at, net.head.height);
  EXPECT_EQ(round.value, Amount{value_of(sample_task())});
  EXPECT_EQ(opening.receipts.block_events.back(),
            Event(RoundOpened{1, share_input(net.head.chain, 1, net.head.height), 3, 1}));

  ShowShare other = net.share(0);
  other.round = 2;
  EXPECT_EQ(net.verdict(kDave, other), V::kUnknownRound);
  EXPECT_EQ(net.show(3), V::kNotHolder);
  EXPECT_EQ(net.verdict(kDave, net.share(0, share_key(1))), V::kWrongShare);
  other = net.share(0);
  other.proof = share_key(0).prove(share_input(net.head.chain, 1, Height{1}).view());
  EXPECT_EQ(net.verdict(kDave, other), V::kWrongShare);
  EXPECT_EQ(net.show(0), V::kApplied);
  EXPECT_EQ(net.show(0), V::kAlreadyShown);
  EXPECT_EQ(net.show(1), V::kApplied);
  net.block();
  EXPECT_EQ(net.status(posted.claim), ClaimStatus::kDrawing);
  EXPECT_EQ(net.claim(posted.claim).record.deadline, LedgerTimeMs{});
  EXPECT_EQ(net.show(2), V::kApplied);
  EXPECT_EQ(net.show(2), V::kUnknownRound);  // the block draws before anything else
  EXPECT_FALSE(net.round());
  EXPECT_EQ(net.status(posted.claim), ClaimStatus::kSealing);
  std::vector<Hash256> outputs;
  BeaconRound whole = round;
  for (ShareHolder& holder : whole.holders)
    for (unsigned i = 0; i < 3; ++i)
      if (holder.validator == address(i)) {
        const Hash256 input = share_input(net.head.chain, 1, round.opened_at);
        holder.output =
            crypto::vrf_verify(holder.share_key, input.view(), share_key(i).prove(input.view()));
      }
  EXPECT_EQ(missing_shares(whole), 0u);
  EXPECT_EQ(net.claim(posted.claim).record.beacon, beacon_of(net.head.chain, whole));
  EXPECT_EQ(net.burned(), 0u);
  expect_replayed_alike(net);
}

// INV-PRO-037: what a proposer could grind decides nothing.
TEST(Beacon, TheBlocksBeaconDrawsNothing) {
  const auto run = [](bool differs) {
    Shared net;
    PostTask terms = sample_task();
    terms.force_rate = 1u << 31;
    terms.windows.disclose_ms = 8'000;
    terms.verifier_stake = Amount{2000};
    const Posted posted = post_and_accept(net, kSubmitter, kSolver, terms);
    const MadeRun made(MadeRun::made_up(10, "run"));
    EXPECT_EQ(net.verdict(kAnn, EnlistVerifier{posted.claim}), V::kApplied);
    EXPECT_EQ(net.verdict(kBob, EnlistVerifier{posted.claim}), V::kApplied);
    EXPECT_EQ(net.verdict(kSolver, commitment_of(posted, made)), V::kApplied);
    net.draw_all();
    RevealTranscript reveal = reveal_of(net, posted, kSolver, terms, made);
    reveal.salt = {};
    EXPECT_EQ(net.verdict(kSolver, reveal), V::kApplied);
    net.draw_all();
    EXPECT_EQ(net.status(posted.claim), ClaimStatus::kSealing);
    std::vector<Hash256> drawn{net.claim(posted.claim).record.force_beacon,
                               net.claim(posted.claim).record.beacon};
    EXPECT_NE(drawn[0], drawn[1]);
    MemoryStore twin;
    EXPECT_TRUE(twin.write(init_chain(twin, net.genesis)->batch));
    Hash256 root;
    for (Block block : net.history) {
      if (differs) block.beacon = hash_of_text("ground");
      auto result = apply(twin, block);
      EXPECT_TRUE(result && twin.write(result->batch));
      root = result->header.state_root;
    }
    EXPECT_EQ(root, net.head.state_root);
  };
  run(false);
  run(true);
}

// INV-PRO-037: who holds a share of the open round may know its beacon.
TEST(Beacon, WhatComesToWaitJoinsTheNextRound) {
  const auto claims_after = [](Planted bug) {
    const Plant plant(bug);
    Shared net;
    const Posted first = net.reveal();
    net.block();
    EXPECT_EQ(net.round()->claims, (std::vector<AwaitingClaim>{{Awaits::kDraw, first.claim}}));
    const BeaconRound open = *net.round();
    const Posted second = net.reveal(sample_task(), kCarol);
    net.block();
    if (net.round()->claims.size() != 1) return net.round()->claims.size();
    EXPECT_EQ(*net.round(), open);
    net.show_all();
    net.block();
    EXPECT_EQ(net.status(first.claim), ClaimStatus::kSealing);
    EXPECT_EQ(net.status(second.claim), ClaimStatus::kDrawing);
    EXPECT_EQ(net.round()->number, 2u);  // at once
    EXPECT_EQ(net.round()->claims, (std::vector<AwaitingClaim>{{Awaits::kDraw, second.claim}}));
    net.draw_all();
    EXPECT_EQ(net.status(second.claim), ClaimStatus::kSealing);
    EXPECT_NE(net.claim(first.claim).record.beacon, net.claim(second.claim).record.beacon);
    expect_replayed_alike(net);
    return std::size_t{1};
  };
  EXPECT_EQ(claims_after(Planted::kNone), 1u);
  EXPECT_EQ(claims_after(Planted::kLateJoin), 2u);
}

// INV-PRO-038: a round's claims are worth no more than each holder can lose, but for one alone.
TEST(Beacon, ARoundTakesAsMuchAsAHolderCanLose) {
  const auto rounds = [](const std::vector<std::uint64_t>& values, Planted bug) {
    const Plant plant(bug);
    Shared net({kLeast, kLeast, kLeast, kLeast});
    const MadeRun run(MadeRun::made_up(10, "run"));
    std::vector<std::pair<Posted, PostTask>> all;
    for (const std::uint64_t value : values) {
      const PostTask terms = task_worth(value);
      const Posted posted = post_and_accept(net, kSubmitter, kSolver, terms);
      net.verdict(kAnn, EnlistVerifier{posted.claim});
      net.verdict(kBob, EnlistVerifier{posted.claim});
      EXPECT_EQ(net.verdict(kSolver, commitment_of(posted, run)), V::kApplied);
      all.push_back({posted, terms});
    }
    std::vector<Bytes> reveals;
    for (const auto& [posted, terms] : all)
      reveals.push_back(net.tx(kSolver, reveal_of(net, posted, kSolver, terms, run)));
    for (const Receipt& receipt : net.block(std::move(reveals)).receipts.receipts)
      EXPECT_EQ(receipt.verdict, V::kApplied);
    std::vector<std::size_t> sizes;
    net.block();
    while (net.round()) {
      sizes.push_back(net.round()->claims.size());
      net.show_all();
      net.block();
    }
    return sizes;
  };
  const std::uint64_t third = kLeast / 3;
  EXPECT_EQ(rounds({third, third, third}, Planted::kNone), (std::vector<std::size_t>{3}));
  EXPECT_EQ(rounds({third, third, third + 2, third}, Planted::kNone).size(), 2u);
  EXPECT_EQ(rounds({third, third, third + 2, third}, Planted::kCrowdedRound).size(), 1u);
  EXPECT_EQ(rounds({3 * kLeast, 2 * kLeast}, Planted::kNone), (std::vector<std::size_t>{1, 1}));
}

// The first is in the round, and all that fits beside it: a large claim neither holds up small
// ones, nor waits for ever.
TEST(Beacon, WhatDoesNotFitIsPassedOverUntilItIsTheFirst) {
  Shared net({kLeast, kLeast, kLeast, kLeast});
  net.reveal();
  net.block();
  std::vector<ClaimId> waits;
  for (const std::uint64_t worth : {2 * kLeast, kLeast / 2, kLeast, kLeast / 4, kLeast / 4})
    waits.push_back(net.reveal(task_worth(worth)).claim);
  ASSERT_EQ(net.round()->number, 1u);
  const auto next = [&] {
    net.show_all();
    net.block();
    std::vector<ClaimId> claims;
    for (const AwaitingClaim& one : net.round().value_or(BeaconRound{}).claims)
      claims.push_back(one.claim);
    return claims;
  };
  EXPECT_EQ(next(), std::vector<ClaimId>{waits[0]});
  EXPECT_EQ(next(), (std::vector<ClaimId>{waits[1], waits[3], waits[4]}));
  EXPECT_EQ(next(), std::vector<ClaimId>{waits[2]});
  EXPECT_EQ(next(), std::vector<ClaimId>{});
}

TEST(Beacon, NoMoreThanSoManyClaimsARound) {
  Shared net({50 * kLeast});
  const MadeRun run(MadeRun::made_up(10, "run"));
  PostTask terms = sample_task();
  std::vector<Posted> posted;
  std::vector<Bytes> commits, reveals;
  terms.windows.train_ms = terms.windows.enlist_ms = terms.windows.reveal_ms = 1'000'000;
  for (std::size_t i = 0; i < kMaxRoundClaims + 2; ++i) {
    posted.push_back(post_and_accept(net, kSubmitter, kSolver, terms));
    for (const unsigned v : {kAnn, kBob}) net.block({net.tx(v, EnlistVerifier{posted[i].claim})});
  }
  for (const Posted& p : posted) commits.push_back(net.tx(kSolver, commitment_of(p, run)));
  net.block(std::move(commits));
  for (const Posted& p : posted)
    reveals.push_back(net.tx(kSolver, reveal_of(net, p, kSolver, terms, run)));
  net.block(std::move(reveals));
  net.block();
  EXPECT_EQ(net.round()->claims.size(), kMaxRoundClaims);
  net.show_all();
  net.block();
  EXPECT_EQ(net.round()->claims.size(), 2u);
}

// INV-PRO-038, E-14: whoever keeps a share back burns what another draw could gain, and orders no
// more.
TEST(Beacon, AShareThatIsKeptBackCostsWhatAnotherDrawCouldGain) {
  const auto cost = [](Planted bug) {
    const Plant plant(bug);
    Shared net({kLeast, kLeast, kLeast, kLeast});
    const PostTask terms = task_worth(kLeast / 2);
    const Posted posted = net.reveal(terms);
    net.block();
    const BeaconRound before = *net.round();
    const unsigned silent = net.holders()[1];
    net.show_all(silent);
    const ShowShare late = net.share(silent);
    const BlockResult due = net.let_pass();
    EXPECT_EQ(net.status(posted.claim), ClaimStatus::kDrawing);
    EXPECT_GE(net.head.ledger_time.value, before.opened.value + kWindow);
    EXPECT_GE(net.head.height.value, before.opened_at.value + kShareBlocks);
    // It goes, what it has left unbonds, and a new round is open already.
    EXPECT_FALSE(net.orders(silent));
    EXPECT_EQ(net.record(silent).stake, Amount{});
    EXPECT_EQ(net.record(silent).unbonding.size(), 1u);
    EXPECT_EQ(due.validators, (std::vector<ValidatorPower>{{key_of(silent), 0}}));
    const std::uint64_t burned = net.burned();
    EXPECT_EQ(net.record(silent).unbonding[0].amount.value, kLeast - burned);
    const auto& events = due.receipts.block_events;
    EXPECT_NE(std::find(events.begin(), events.end(),
                        Event(ShareWithheld{1, key_of(silent), net.id(silent), Amount{burned}})),
              events.end());
    EXPECT_EQ(net.round()->number, 2u);
    EXPECT_EQ(net.round()->claims, before.claims);
    EXPECT_EQ(net.holders().size(), 3u);
    for (const unsigned holder : net.holders()) EXPECT_NE(holder, silent);
    EXPECT_EQ(net.verdict(kDave, late), V::kUnknownRound);
    net.draw_all();
    EXPECT_EQ(net.status(posted.claim), ClaimStatus::kSealing);
    EXPECT_EQ(net.burned(), burned);
    // It may bond again.
    EXPECT_EQ(net.verdict(silent, net.bond(silent, silent, kLeast, share_key(silent))),
              V::kApplied);
    EXPECT_TRUE(net.orders(silent));
    expect_replayed_alike(net);
    return burned;
  };
  EXPECT_EQ(cost(Planted::kNone), kLeast / 2);
  EXPECT_LT(cost(Planted::kFreeRedraw), kLeast / 2);
}

TEST(Beacon, OneThatShowsItsShareInTheLastBlockKeepsAll) {
  Shared net({kLeast, kLeast, kLeast, kLeast});
  net.reveal();
  net.block();
  const BeaconRound before = *net.round();
  const unsigned late = net.holders()[0];
  net.show_all(late);
  while (net.head.height.value + 2 < before.opened_at.value + kShareBlocks) net.block({}, 1000);
  ASSERT_EQ(net.round()->number, 1u);
  EXPECT_EQ(net.show(late), V::kApplied);
  net.block();
  EXPECT_FALSE(net.round());
  EXPECT_EQ(net.burned(), 0u);
  EXPECT_TRUE(net.orders(late));
}

// More missing than a third of the power: something else is wrong, and blocks must go on.
TEST(Beacon, NoMoreThanAThirdOfThePowerGoesAtOnce) {
  Shared net({kLeast, kLeast, kLeast, kLeast, kLeast, kLeast, kLeast});
  const PostTask terms = sample_task();
  net.reveal(terms);
  net.block();
  const std::vector<unsigned> holders = net.holders();
  ASSERT_EQ(holders.size(), 5u);
  net.let_pass();
  unsigned gone = 0;
  for (const unsigned holder : holders) {
    gone += net.orders(holder) ? 0 : 1;
    const ValidatorRecord record = net.record(holder);
    std::uint64_t left = record.stake.value;
    for (const ValidatorUnbonding& part : record.unbonding) left += part.amount.value;
    // Who stays has what it needs to stay.
    EXPECT_EQ(left, net.orders(holder) ? kLeast : kLeast - value_of(terms));
  }
  EXPECT_EQ(gone, 2u);  // of seven: three were more than a third
  EXPECT_EQ(net.burned(), 2 * value_of(terms));
  EXPECT_EQ(net.read().validator_set()->members.size(), 5u);
  unsigned unbonding = 0;
  for (const unsigned holder : holders) unbonding += net.record(holder).unbonding.empty() ? 0 : 1;
  EXPECT_EQ(unbonding, 2u);
  // Whom the fine leaves nothing counts, too.
  Shared poor({kLeast, kLeast, kLeast, kLeast, kLeast, kLeast, kLeast});
  poor.reveal(task_worth(kLeast));
  poor.block();
  poor.let_pass();
  EXPECT_EQ(poor.read().validator_set()->members.size(), 5u);
  EXPECT_EQ(poor.burned(), 2 * kLeast);
  // What unbonds is fined of those who stay; of their stake as much as they can spare.
  Shared half({3 * kLeast / 2, 2 * kLeast});
  ASSERT_EQ(half.verdict(1, UnbondValidator{key_of(1), Amount{kLeast}}), V::kApplied);
  half.reveal(task_worth(5 * kLeast / 4));
  half.block();
  half.let_pass();
  EXPECT_TRUE(half.orders(0) && half.orders(1));
  EXPECT_EQ(half.record(0).stake, Amount{kLeast});
  EXPECT_EQ(half.record(1).stake, Amount{kLeast});
  EXPECT_TRUE(half.record(1).unbonding.empty());
  EXPECT_EQ(half.burned(), kLeast / 2 + kLeast);
  // Those that have stake enough stay where they are.
  Shared rich({3 * kLeast, 3 * kLeast});
  rich.reveal(terms);
  rich.block();
  rich.let_pass();
  EXPECT_TRUE(rich.orders(0) && rich.orders(1));
  EXPECT_EQ(rich.burned(), 2 * value_of(terms));
  EXPECT_EQ(rich.record(0).stake, Amount{3 * kLeast - value_of(terms)});
  // The last of all, too.
  Shared alone({2 * kLeast});
  alone.reveal(terms);
  alone.block();
  for (unsigned lapses = 1; lapses <= 3; ++lapses) {
    alone.let_pass();
    EXPECT_EQ(alone.burned(), lapses * value_of(terms));
    EXPECT_TRUE(alone.orders(0));
  }
  alone.draw_all();
  EXPECT_FALSE(alone.round());
}

// Out of what it owes nobody gets by leaving, whatever it leaves with.
TEST(Beacon, WhoeverUnbondsStillOwes) {
  Shared net({kLeast, kLeast, kLeast, kLeast});
  const PostTask terms = task_worth(kLeast / 2);
  net.reveal(terms);
  net.block();
  const unsigned leaver = net.holders()[0];
  ASSERT_EQ(net.verdict(leaver, UnbondValidator{key_of(leaver), Amount{kLeast}}), V::kApplied);
  EXPECT_FALSE(net.orders(leaver));
  net.show_all(leaver);
  net.let_pass();
  EXPECT_EQ(net.burned(), kLeast / 2);
  EXPECT_EQ(net.record(leaver).unbonding.size(), 1u);
  EXPECT_EQ(net.record(leaver).unbonding[0].amount, Amount{kLeast - kLeast / 2});
  // Its share would have been taken all the same.
  Shared other({kLeast, kLeast, kLeast, kLeast});
  other.reveal(terms);
  other.block();
  const unsigned left = other.holders()[0];
  ASSERT_EQ(other.verdict(left, UnbondValidator{key_of(left), Amount{kLeast}}), V::kApplied);
  other.show_all();
  other.block();
  EXPECT_FALSE(other.round());
  EXPECT_EQ(other.burned(), 0u);
}

// Who was slashed in an open round has lost more than the fine, and nothing is left to fine.
TEST(Beacon, SlashedIsSlashedOnce) {
  Shared net({kLeast, kLeast, kLeast, kLeast});
  net.reveal();
  net.block();
  const unsigned wrong = net.holders()[2];
  net.block({}, 100, {{MisbehaviourKind::kDuplicateVote, address(wrong), net.head.height}});
  EXPECT_EQ(net.burned(), kLeast);
  net.show_all(wrong);
  net.let_pass();
  EXPECT_EQ(net.burned(), kLeast);
  EXPECT_EQ(net.round()->number, 2u);
  for (const unsigned holder : net.holders()) EXPECT_NE(holder, wrong);
  net.draw_all();
  expect_replayed_alike(net);
}

TEST(Beacon, WhoeverIsPutOutWithAsManyPartsUnbondingLosesNone) {
  Shared net({20 * kLeast, 20 * kLeast, 20 * kLeast, 20 * kLeast});
  const PostTask terms = task_worth(kLeast / 2);
  net.reveal(terms);
  net.block();
  const unsigned silent = net.holders()[1];
  for (std::size_t i = 0; i < kMaxUnbondings; ++i)
    ASSERT_EQ(net.verdict(silent, UnbondValidator{key_of(silent), Amount{kLeast}}), V::kApplied);
  net.show_all(silent);
  net.let_pass();
  const ValidatorRecord record = net.record(silent);
  EXPECT_EQ(record.stake, Amount{});
  ASSERT_EQ(record.unbonding.size(), kMaxUnbondings);
  EXPECT_EQ(record.unbonding.back().amount.value, 13 * kLeast - kLeast / 2);
  EXPECT_FALSE(net.orders(silent));
}

TEST(Beacon, AShareKeyIsOneValidators) {
  Shared net;
  EXPECT_EQ(net.verdict(kAnn, net.bond(kAnn, kAnn, kLeast, share_key(0))), V::kShareKeyTaken);
  BondValidator wrong = net.bond(kAnn, kAnn, kLeast, share_key(kAnn));
  wrong.share_proof = net.bond(kAnn, kBob, kLeast, share_key(kAnn)).share_proof;
  EXPECT_EQ(net.verdict(kAnn, wrong), V::kWrongShare);  // for another validator
  wrong = net.bond(kAnn, kAnn, kLeast, share_key(kAnn));
  wrong.share_key = {};
  EXPECT_EQ(net.verdict(kAnn, wrong), V::kWrongShare);
  // INV-PRO-040: a key that was changed is free again; the open round has the one of its opening.
  net.reveal();
  net.block();
  ASSERT_EQ(net.holders()[0], 0u);
  EXPECT_EQ(net.verdict(0, net.bond(0, 0, 1, share_key(70))), V::kApplied);
  EXPECT_EQ(net.record(0).share_key, share_key(70).public_key());
  EXPECT_EQ(net.verdict(kDave, net.share(0, share_key(70))), V::kWrongShare);
  net.show_all();
  net.reveal(sample_task(), kCarol);
  net.block();
  EXPECT_EQ(net.verdict(kDave, net.share(0, share_key(0))), V::kWrongShare);
  EXPECT_EQ(net.verdict(kDave, net.share(0, share_key(70))), V::kApplied);
  EXPECT_EQ(net.verdict(kAnn, net.bond(kAnn, kAnn, kLeast, share_key(0))), V::kApplied);
  EXPECT_EQ(net.read().validator_by_share_key(share_key(0).public_key()).value()->owner,
            net.id(kAnn));
}

// Nobody has to reveal before it is known whether an error is forced, however long that takes.
TEST(Beacon, ARevealWaitsForTheForceBeacon) {
  Shared net({kLeast, kLeast, kLeast, kLeast});
  PostTask terms = sample_task();
  terms.force_rate = 1u << 31;
  terms.verifier_stake = Amount{2000};
  terms.windows.disclose_ms = 8'000;
  const MadeRun run(MadeRun::made_up(10, "run"));
  const Posted posted = post_and_accept(net, kSubmitter, kSolver, terms);
  ASSERT_EQ(net.verdict(kSolver, commitment_of(posted, run)), V::kApplied);
  net.block();
  EXPECT_EQ(net.round()->claims, (std::vector<AwaitingClaim>{{Awaits::kForce, posted.claim}}));
  const unsigned silent = net.holders()[0];
  net.show_all(silent);
  net.let_pass();  // much longer than windows to enlist and to reveal
  net.wait(terms.windows.enlist_ms + terms.windows.reveal_ms);
  EXPECT_EQ(net.status(posted.claim), ClaimStatus::kEnlisting);
  RevealTranscript reveal = reveal_of(net, posted, kSolver, terms, run);
  reveal.salt = {};
  EXPECT_EQ(net.verdict(kSolver, reveal), V::kWrongPhase);
  EXPECT_EQ(net.verdict(kAnn, EnlistVerifier{posted.claim}), V::kApplied);
  net.show_all();
  net.block();
  EXPECT_EQ(net.status(posted.claim), ClaimStatus::kRevealing);
  EXPECT_EQ(net.claim(posted.claim).record.deadline.value,
            net.head.ledger_time.value + terms.windows.reveal_ms);
  EXPECT_EQ(net.verdict(kSolver, reveal), V::kApplied);
  net.draw_all();
  EXPECT_EQ(net.status(posted.claim), ClaimStatus::kSealing);
  expect_replayed_alike(net);
}

class BeaconRelays : public ::testing::Test {
 protected:
  explicit BeaconRelays() {
    terms.header.init_program = terms.header.step_program = made.program.root();
    terms.header.data_set = made.data.tree().root(commit::Tag::kDataSet);
    terms.seats = 1;
    terms.verifier_stake = Amount{1000};
    terms.relays = 8;
    terms.relay_quorum = 5;
    terms.relay_fee = Amount{80};
    terms.relay_stake = Amount{200};
    terms.windows.relay_ms = 20'000;
    for (const unsigned relay : {kBob, kCarol, kDave})
      EXPECT_EQ(net.verdict(relay, BondRelay{Amount{100'000}}), V::kApplied);
  }
  RelayRound round() const { return net.claim(posted.claim).relays.value(); }
  void attest(unsigned who) {
    if (seats_of(round(), net.id(who)) == 0) return;
    const ClaimRecord claim = net.claim(posted.claim).record;
    const TaskRecord task = net.task(posted.task).record;
    EXPECT_EQ(
        net.verdict(who, AttestData{posted.claim, data_digest(net.head.chain, task, claim),
                                    made.open(relay_piece(task, claim, round(), net.id(who)))}),
        V::kApplied);
  }

  Shared net;
  PostTask terms = sample_task();
  Made made;
  Posted posted;
};

// Each round of relays has a beacon of its own, and what is checked another.
TEST_F(BeaconRelays, EachOfTheirRoundsWaitsForABeacon) {
  posted = net.reveal(terms, kSolver, made.run);
  std::set<Hash256> beacons;
  for (std::uint32_t number = 1; number <= kMaxRelayRounds; ++number) {
    net.draw_all();
    ASSERT_EQ(net.status(posted.claim), ClaimStatus::kRelaying) << number;
    ASSERT_EQ(round().number, number);
    ASSERT_EQ(round().seats.size(), 8u);
    EXPECT_TRUE(beacons.insert(round().beacon).second);
    if (number == kMaxRelayRounds) break;
    attest(kBob);
    if (net.status(posted.claim) != ClaimStatus::kRelaying) break;
    while (net.status(posted.claim) == ClaimStatus::kRelaying && round().number == number)
      net.block({}, 5000);
    if (attested_seats(round()) >= terms.relay_quorum) break;
    EXPECT_EQ(net.status(posted.claim), ClaimStatus::kDrawing);
    EXPECT_EQ(net.read().view(net.id(kBob))->relay.held, Amount{});
  }
  for (const unsigned who : {kBob, kCarol, kDave})
    if (net.status(posted.claim) == ClaimStatus::kRelaying && !has_attested(round(), net.id(who)))
      attest(who);
  EXPECT_EQ(net.status(posted.claim), ClaimStatus::kDrawing);
  net.draw_all();
  EXPECT_EQ(net.status(posted.claim), ClaimStatus::kSealing);
  EXPECT_TRUE(beacons.insert(net.claim(posted.claim).record.beacon).second);
  expect_replayed_alike(net);
}

// INV-PRO-037: bonds that come and go while a round is open change no seat of it.
TEST_F(BeaconRelays, ThePoolIsThatOfTheRoundsOpening) {
  posted = net.reveal(terms, kSolver, made.run);
  net.block();
  MemoryStore store = net.store;
  const BlockHeader head = net.head;
  const auto seats = [&] {
    net.show_all();
    net.block();
    return round().seats;
  };
  const auto still = seats();
  net.store = store;
  net.head = head;
  ASSERT_EQ(net.verdict(kBob, UnbondRelay{Amount{100'000}}), V::kApplied);
  ASSERT_EQ(net.verdict(kAnn, BondRelay{Amount{70'000}}), V::kApplied);
  EXPECT_EQ(seats(), still);
  // Whoever left cannot attest, and what it missed takes nobody out of the pool that it left.
  for (const unsigned who : {kCarol, kDave}) attest(who);
  net.wait(terms.windows.relay_ms);
}

// INV-PRO-039: what waits is in the queue or in the open round, once, and nothing else is.
std::multiset<ClaimId> awaiting(const Shared& net) {
  std::multiset<ClaimId> found;
  for (const auto& [key, value] : net.store.map())
    if (key.size() == 43 && key[0] == kStatePrefix && key[1] == 'q') {
      Hash256 id;
      std::copy(key.end() - 32, key.end(), id.bytes.begin());
      found.insert(ClaimId{id});
    }
  if (const auto round = net.round())
    for (const AwaitingClaim& one : round->claims) found.insert(one.claim);
  return found;
}
std::multiset<ClaimId> that_wait(const Shared& net) {
  std::multiset<ClaimId> found;
  const std::vector<TaskId> live = net.read().live_tasks().value();
  for (const TaskId& task : live) {
    const TaskView view = net.task(task);
    for (const ClaimView& claim : view.claims) {
      if (claim.record.status == ClaimStatus::kDrawing) found.insert(claim.record.id);
      if (view.record.terms.force_rate != 0 && claim.record.commitment != Hash256{} &&
          claim.record.force_beacon == Hash256{})
        found.insert(claim.record.id);
    }
  }
  return found;
}

TEST(Beacon, RandomHistoriesKeepEveryClaimInItsPlace) {
  std::size_t drawn = 0, lapsed = 0, together = 0;
  for (unsigned seed = 0; seed < 8; ++seed) {
    std::mt19937_64 random(seed);
    const auto below = [&](std::uint64_t n) { return random() % n; };
    Shared net({4 * kLeast, 3 * kLeast, 3 * kLeast, 3 * kLeast});
    const std::uint64_t issued = net.read().totals()->issued.value;
    const MadeRun run(MadeRun::made_up(10, "run"));
    std::vector<std::pair<Posted, PostTask>> posted;
    for (int step = 0; step < 120; ++step) {
      std::vector<Bytes> transactions;
      if (below(4) == 0) {
        PostTask terms = task_worth((1 + below(3)) * kLeast / 2);
        terms.seats = 1;
        if (below(2) == 0) {
          terms.force_rate = 1u << 31;
          terms.verifier_stake = Amount{20 * terms.price.value};
          terms.windows.disclose_ms = 8'000;
        }
        posted.push_back({post_and_accept(net, kSubmitter, kSolver, terms), terms});
        transactions.push_back(net.tx(kSolver, commitment_of(posted.back().first, run)));
      }
      for (const auto& [one, terms] : posted)
        if (net.status(one.claim) == ClaimStatus::kRevealing) {
          RevealTranscript reveal = reveal_of(net, one, kSolver, terms, run);
          if (terms.force_rate != 0) reveal.salt = {};
          transactions.push_back(net.tx(kSolver, reveal));
        }
      const auto party = static_cast<unsigned>(below(4));
      if (below(6) == 0)
        transactions.push_back(
            net.tx(party, net.bond(party, party, below(2) * kLeast + 1, share_key(party))));
      if (below(8) == 0)
        transactions.push_back(net.tx(party, UnbondValidator{key_of(party), Amount{kLeast}}));
      const bool all_away = step > 30 && step < 75;
      if (net.round())
        for (const unsigned holder : net.holders())
          if (!all_away && below(3) != 0 && !net.output(holder))
            transactions.push_back(net.tx(kDave, net.share(holder)));
      std::vector<Misbehaviour> wrongs;
      if (below(60) == 0)
        wrongs.push_back({MisbehaviourKind::kDuplicateVote, address(party), net.head.height});
      const BlockResult result = net.block(std::move(transactions), 2000 + below(3000), wrongs);
      for (const Event& event : result.receipts.block_events) {
        drawn += std::holds_alternative<BeaconDrawn>(event) ? 1 : 0;
        lapsed += std::holds_alternative<ShareWithheld>(event) ? 1 : 0;
      }
      EXPECT_EQ(awaiting(net), that_wait(net)) << seed << " " << step;
      if (const auto round = net.round()) {
        together += round->claims.size() > 1 ? 1 : 0;
        EXPECT_TRUE(round->value <= round->least_stake || round->claims.size() == 1);
        EXPECT_FALSE(round->claims.empty());
      }
      std::uint64_t held = net.burned();
      for (unsigned i = 0; i < kParties; ++i) {
        const AccountView account = net.account(i);
        held += account.available.value + account.reserved.value + account.staked.value +
                account.locked.bonded.value + account.locked.stakes.value;
      }
      EXPECT_LE(held, issued);
    }
    expect_replayed_alike(net);
  }
  EXPECT_GT(drawn, 20u);
  EXPECT_GT(lapsed, 0u);
  EXPECT_GT(together, 0u);
}

}  // namespace
}  // namespace assay::protocol
