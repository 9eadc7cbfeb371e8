// Validators by stake: who is chosen, what unbonds and when, and what misbehaviour costs.
#include <random>

#include "assay/core/planted.hpp"
#include "assay/protocol/layout.hpp"
#include "harness.hpp"

namespace assay::protocol {
namespace {

using namespace test;
using V = TxVerdict;

constexpr std::uint64_t kLeast = kMinValidatorStake.value;
constexpr std::uint64_t kFree = 100 * kLeast;
constexpr std::uint64_t kStaked = 1'000'000;

// Keys of validators are no parties'.
crypto::KeyPair consensus_key(unsigned n) { return make_key(1000 + n); }
Hash256 key_of(unsigned n) { return consensus_key(n).public_key(); }

// Validator i is party i's.
std::vector<GenesisValidator> first_validators(unsigned count, std::uint64_t atoms) {
  std::vector<GenesisValidator> all;
  for (unsigned i = 0; i < count; ++i)
    all.push_back(assay::test::genesis_validator(AccountId{make_key(i).public_key()}, key_of(i),
                                                 Amount{atoms}, assay::test::share_key(i)));
  std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.key < b.key; });
  return all;
}

struct Validators : Net {
  explicit Validators(unsigned count = 3, std::uint64_t atoms = 2 * kLeast, unsigned parties = 6)
      : Net(parties, kFree, kStaked, first_validators(count, atoms)) {}

  BondValidator bond(unsigned party, unsigned validator, std::uint64_t atoms) const {
    const Hash256 digest = possession_digest(head.chain, id(party));
    const Hash256 shared =
        share_possession_digest(head.chain, id(party), validator_address(key_of(validator)));
    const crypto::VrfKey share = assay::test::share_key(validator);
    return {key_of(validator), Amount{atoms}, consensus_key(validator).sign(digest.view()),
            share.public_key(), share.prove(shared.view())};
  }
  static UnbondValidator unbond(unsigned validator, std::uint64_t atoms) {
    return {key_of(validator), Amount{atoms}};
  }
  Misbehaviour wrong(unsigned validator) const {
    return {MisbehaviourKind::kDuplicateVote, validator_address(key_of(validator)), head.height};
  }
  BlockResult blame(std::vector<Misbehaviour> wrongs) { return block({}, 100, std::move(wrongs)); }

  // As if blocks without anything to do had taken so long, and one that does what is due.
  void skip(std::uint64_t ms) {
    head.ledger_time.value += ms;
    WriteBatch batch;
    batch.put(Bytes{kHeadKey}, encode(head));
    ASSERT_TRUE(store.write(batch));
    block({}, 0);
  }

  // 0: it is none.
  std::uint64_t power(unsigned validator) const {
    for (const ValidatorPower& member : set())
      if (member.key == key_of(validator)) return member.power;
    return 0;
  }
  std::vector<ValidatorPower> set() const { return read().validator_set().value().members; }
  ValidatorRecord record(unsigned validator) const {
    return read().validator(key_of(validator)).value().value();
  }
  bool has_record(unsigned validator) const {
    return read().validator(key_of(validator)).value().has_value();
  }
  std::uint64_t bonded(unsigned party) const { return account(party).locked.bonded.value; }
  std::uint64_t burned() const { return read().totals().value().burned.value; }
};

TEST(Validators, TheGenesisRecordNamesTheFirst) {
  const Validators net;
  EXPECT_EQ(net.set().size(), 3u);
  EXPECT_EQ(net.power(0), 200u);
  EXPECT_EQ(net.bonded(0), 2 * kLeast);
  EXPECT_EQ(net.account(0).available.value, kFree);
  const Bytes record = encode(net.genesis);
  const auto again = decode_genesis(record);
  ASSERT_TRUE(again);
  EXPECT_EQ(encode(*again), record);
  EXPECT_EQ(again->validators.size(), 3u);
}

TEST(Validators, ARecordThatNamesThemWronglyBeginsNoChain) {
  const auto refused = [](const std::function<void(Genesis&)>& change) {
    Genesis genesis;
    genesis.name = "test";
    genesis.validators = first_validators(3, kLeast);
    change(genesis);
    const auto made = init_chain(MemoryStore(), genesis);
    return !made && made.error().code == ErrorCode::kInvalidArgument;
  };
  EXPECT_FALSE(refused([](Genesis&) {}));
  EXPECT_TRUE(refused([](Genesis& g) { g.operator_key = key_of(9); }));
  EXPECT_TRUE(refused([](Genesis& g) { std::swap(g.validators[0], g.validators[1]); }));
  EXPECT_TRUE(refused([](Genesis& g) { g.validators[1].key = g.validators[0].key; }));
  EXPECT_TRUE(refused([](Genesis& g) { g.validators[2].stake.value -= 1; }));
  EXPECT_TRUE(refused([](Genesis& g) { g.validators[1].share_proof[40] ^= 1; }));
  EXPECT_TRUE(refused([](Genesis& g) { g.share_window_ms = 0; }));
  EXPECT_TRUE(refused([](Genesis& g) { g.share_window_ms = kMaxShareWindowMs + 1; }));
  // One share key for two validators, both with proofs of it.
  EXPECT_TRUE(refused([](Genesis& g) {
    for (const unsigned i : {0u, 1u}) {
      GenesisValidator& v = g.validators[i];
      v = assay::test::genesis_validator(v.account, v.key, v.stake, assay::test::share_key(7));
    }
  }));
  EXPECT_TRUE(refused([](Genesis& g) {
    for (GenesisValidator& v : g.validators) v.stake.value = ~std::uint64_t{0} / 2;
  }));
  EXPECT_TRUE(
      refused([](Genesis& g) { g.validators = first_validators(kMaxValidators + 1, kLeast); }));
  // One encoding: none are not told.
  Genesis fixed;
  fixed.name = "test";
  Bytes bytes = encode(fixed);
  EXPECT_TRUE(decode_genesis(bytes));
  bytes.insert(bytes.end(), 4, 0);
  EXPECT_FALSE(decode_genesis(bytes));
}

TEST(Validators, WhoBondsIsChosenAndMoreStakeIsMorePower) {
  Validators net;
  const BlockResult joined = net.block({net.tx(4, net.bond(4, 4, kLeast))});
  ASSERT_EQ(joined.receipts.receipts[0].verdict, V::kApplied);
  const std::vector<ValidatorPower> expected{{key_of(4), 100}};
  EXPECT_EQ(joined.validators, expected);
  EXPECT_EQ(joined.receipts.block_events.back(), Event(ValidatorChanged{key_of(4), 100}));
  EXPECT_EQ(net.bonded(4), kLeast);
  EXPECT_EQ(net.account(4).available.value, kFree - kLeast);
  // Less than a token more is no power, and nothing that CometBFT has to know.
  EXPECT_TRUE(net.block({net.tx(4, net.bond(4, 4, 999'999))}).validators.empty());
  EXPECT_EQ(net.block({net.tx(4, net.bond(4, 4, 1))}).validators[0].power, 101u);
  // Of several changes in one block each key is told once, as it is at its end.
  const BlockResult busy =
      net.block({net.tx(4, net.bond(4, 4, kLeast)), net.tx(4, net.unbond(4, kLeast)),
                 net.tx(5, net.bond(5, 5, kLeast)), net.tx(5, net.bond(5, 5, kLeast))});
  ASSERT_EQ(busy.validators.size(), 1u);
  EXPECT_EQ(busy.validators[0], (ValidatorPower{key_of(5), 200}));
}

TEST(Validators, ABondIsRefused) {
  Validators net;
  EXPECT_EQ(net.verdict(4, net.bond(4, 4, 0)), V::kZeroAmount);
  EXPECT_EQ(net.verdict(4, net.bond(4, 0, kLeast)), V::kUnknownValidator);  // another's key
  BondValidator payload = net.bond(4, 4, kLeast);
  payload.possession = net.bond(5, 4, kLeast).possession;  // signed for another account
  EXPECT_EQ(net.verdict(4, payload), V::kWrongPossession);
  payload.possession = consensus_key(4).sign(
      possession_digest(ChainId{hash_of_text("another chain")}, net.id(4)).view());
  EXPECT_EQ(net.verdict(4, payload), V::kWrongPossession);
  EXPECT_EQ(net.verdict(4, net.bond(4, 4, kLeast - 1)), V::kStakeBelowMinimum);
  EXPECT_EQ(net.verdict(4, net.bond(4, 4, kFree + 1)), V::kInsufficientFunds);
  EXPECT_EQ(net.verdict(4, net.bond(4, 4, ~std::uint64_t{0})), V::kInsufficientFunds);
  EXPECT_FALSE(net.has_record(4));
  EXPECT_EQ(net.set().size(), 3u);
  // Whoever orders by other rules has no validators by stake.
  Net embedded;
  EXPECT_EQ(embedded.verdict(1, Validators().bond(1, 4, kLeast)), V::kFixedValidators);
}

TEST(Validators, WhatUnbondsIsFreeAfterItsTimeAndNotBefore) {
  Validators net;
  EXPECT_EQ(net.verdict(0, net.unbond(0, 0)), V::kZeroAmount);
  EXPECT_EQ(net.verdict(1, net.unbond(0, kLeast)), V::kUnknownValidator);
  EXPECT_EQ(net.verdict(1, net.unbond(5, kLeast)), V::kUnknownValidator);
  EXPECT_EQ(net.verdict(0, net.unbond(0, kLeast + 1)), V::kStakeBelowMinimum);
  EXPECT_EQ(net.verdict(0, net.unbond(0, 2 * kLeast + 1)), V::kInsufficientStake);
  EXPECT_EQ(net.verdict(0, net.unbond(0, kLeast)), V::kApplied);
  EXPECT_EQ(net.power(0), 100u);
  net.skip(kUnbondingMs / 2);
  const BlockResult left = net.block({net.tx(0, net.unbond(0, kLeast))});
  ASSERT_EQ(left.receipts.receipts[0].verdict, V::kApplied);
  const std::vector<ValidatorPower> expected{{key_of(0), 0}};
  EXPECT_EQ(left.validators, expected);
  EXPECT_EQ(net.bonded(0), 2 * kLeast);
  const LedgerTimeMs first = net.record(0).unbonding[0].until;
  net.skip(first.value - net.head.ledger_time.value - 1);
  EXPECT_EQ(net.bonded(0), 2 * kLeast);
  net.block({}, 1);
  EXPECT_EQ(net.bonded(0), kLeast);
  EXPECT_EQ(net.account(0).available.value, kFree + kLeast);
  net.skip(kUnbondingMs / 2 + 1000);
  EXPECT_EQ(net.bonded(0), 0u);
  EXPECT_EQ(net.account(0).available.value, kFree + 2 * kLeast);
  EXPECT_FALSE(net.has_record(0));  // whoever has nothing there leaves nothing
}

TEST(Validators, TheLastCannotLeaveAndNobodyLeavesInATricklesNumber) {
  Validators net(2, 20 * kLeast);
  for (std::size_t i = 0; i < kMaxUnbondings; ++i)
    ASSERT_EQ(net.verdict(0, net.unbond(0, kLeast)), V::kApplied);
  EXPECT_EQ(net.verdict(0, net.unbond(0, kLeast)), V::kTooManyUnbondings);
  net.skip(kUnbondingMs);
  EXPECT_EQ(net.verdict(0, net.unbond(0, 12 * kLeast)), V::kApplied);
  EXPECT_EQ(net.verdict(1, net.unbond(1, 20 * kLeast)), V::kLastValidator);
  EXPECT_EQ(net.verdict(1, net.unbond(1, 19 * kLeast)), V::kApplied);
  EXPECT_EQ(net.set().size(), 1u);
  // Whoever left may come back, with what unbonds still waiting.
  EXPECT_EQ(net.verdict(0, net.bond(0, 0, kLeast)), V::kApplied);
  EXPECT_EQ(net.verdict(1, net.unbond(1, kLeast)), V::kApplied);
  EXPECT_EQ(net.power(0), 100u);
  EXPECT_EQ(net.set().size(), 1u);
}

TEST(Validators, MisbehaviourCostsAllThatStandsBehindTheKey) {
  Validators net;
  ASSERT_EQ(net.verdict(0, net.unbond(0, kLeast)), V::kApplied);
  const Misbehaviour before = net.wrong(0);
  const BlockResult slashed = net.blame({before});
  const std::vector<ValidatorPower> expected{{key_of(0), 0}};
  EXPECT_EQ(slashed.validators, expected);
  EXPECT_EQ(net.burned(), 2 * kLeast);  // what unbonds too
  EXPECT_EQ(net.bonded(0), 0u);
  EXPECT_EQ(net.account(0).available.value, kFree);
  EXPECT_EQ(net.account(0).staked.value, kStaked);
  EXPECT_EQ(net.record(0).slashed_at, net.head.height);
  const ValidatorSlashed event{key_of(0), net.id(0), before.height, Amount{2 * kLeast}};
  const auto& events = slashed.receipts.block_events;
  EXPECT_NE(std::find(events.begin(), events.end(), Event(event)), events.end());
  // Once: at the same height, at another, or twice in one block.
  EXPECT_TRUE(net.blame({before, net.wrong(0)}).receipts.block_events.empty());
  EXPECT_EQ(net.burned(), 2 * kLeast);
  EXPECT_EQ(net.verdict(0, net.bond(0, 0, kLeast)), V::kValidatorSlashed);
  EXPECT_EQ(net.verdict(0, net.unbond(0, kLeast)), V::kInsufficientStake);
  EXPECT_EQ(net.blame({net.wrong(1), net.wrong(1)}).validators.size(), 1u);
  EXPECT_EQ(net.burned(), 4 * kLeast);
  net.skip(kUnbondingMs + 1000);  // no deadline is left of what was slashed
  EXPECT_EQ(net.account(0).available.value, kFree);
}

TEST(Validators, MisbehaviourOfWhoIsNotThereCostsNobody) {
  Validators net;
  EXPECT_TRUE(net.blame({net.wrong(9), {}}).receipts.block_events.empty());
  const Misbehaviour before = net.wrong(0);
  ASSERT_EQ(net.verdict(0, net.unbond(0, 2 * kLeast)), V::kApplied);
  net.skip(kUnbondingMs + 1000);
  EXPECT_TRUE(net.blame({before}).receipts.block_events.empty());
  EXPECT_EQ(net.burned(), 0u);
  Net embedded;
  EXPECT_TRUE(embedded.block({}, 100, {before}).receipts.block_events.empty());
}

// It unbonds in the block that brings the evidence, and in the one that frees what unbonds.
TEST(Validators, NobodyOutrunsTheEvidence) {
  Validators net;
  const Bytes leave = net.tx(0, net.unbond(0, 2 * kLeast));
  const BlockResult both = net.block({leave}, 100, {net.wrong(0)});
  EXPECT_EQ(both.receipts.receipts[0].verdict, V::kInsufficientStake);
  EXPECT_EQ(net.burned(), 2 * kLeast);
  const Misbehaviour wrong = net.wrong(1);
  ASSERT_EQ(net.verdict(1, net.unbond(1, 2 * kLeast)), V::kApplied);
  net.skip(net.record(1).unbonding[0].until.value - net.head.ledger_time.value - 1);
  net.block({}, 1, {wrong});
  EXPECT_EQ(net.burned(), 4 * kLeast);
  EXPECT_EQ(net.account(1).available.value, kFree);
}

TEST(Validators, TheLastSetStaysUntilThereIsAnother) {
  Validators net(2);
  EXPECT_EQ(net.blame({net.wrong(0)}).validators.size(), 1u);
  EXPECT_TRUE(net.blame({net.wrong(1)}).validators.empty());
  EXPECT_EQ(net.burned(), 4 * kLeast);
  EXPECT_EQ(net.power(1), 200u);
  const BlockResult rescued = net.block({net.tx(4, net.bond(4, 4, kLeast))});
  EXPECT_EQ(rescued.validators.size(), 2u);
  EXPECT_EQ(net.power(1), 0u);
  EXPECT_EQ(net.power(4), 100u);
}

TEST(Validators, TheMostStakeIsChosenAndOfEqualsTheSmallerAddress) {
  constexpr unsigned kMany = kMaxValidators;
  Validators net(kMany, 2 * kLeast, kMany + 2);
  const auto address = [](unsigned n) { return validator_address(key_of(n)); };
  unsigned last = 0;  // who makes room for a newcomer
  for (unsigned i = 1; i < kMany; ++i)
    if (address(last) < address(i)) last = i;
  // Less than everybody has: it waits.
  EXPECT_TRUE(net.block({net.tx(kMany, net.bond(kMany, kMany, kLeast))}).validators.empty());
  EXPECT_EQ(net.read().validators()->size(), kMany + 1);
  // As much: the address decides.
  const BlockResult equal = net.block({net.tx(kMany, net.bond(kMany, kMany, kLeast))});
  EXPECT_EQ(equal.validators.empty(), address(last) < address(kMany));
  // More: the last of the others goes, in the same answer.
  const BlockResult more = net.block({net.tx(kMany, net.bond(kMany, kMany, kLeast))});
  EXPECT_EQ(equal.validators.size() + more.validators.size(), equal.validators.empty() ? 2u : 3u);
  EXPECT_EQ(net.power(kMany), 300u);
  EXPECT_EQ(net.power(last), 0u);
  EXPECT_EQ(net.set().size(), kMaxValidators);
  // Somebody leaves: it is back.
  net.block({net.tx(kMany, net.unbond(kMany, 3 * kLeast))});
  EXPECT_EQ(net.power(last), 200u);
}

// What is not a transaction is bound by the header all the same, and cannot be taken for one.
TEST(Validators, TheHeaderBindsMisbehaviour) {
  const auto root = [](const Bytes& transaction, const std::vector<Misbehaviour>& wrongs) {
    Validators net;
    std::vector<Bytes> transactions;
    if (!transaction.empty()) transactions.push_back(transaction);
    return net.block(transactions, 100, wrongs).header.tx_root;
  };
  const Misbehaviour wrong = Validators().wrong(9);
  Misbehaviour other = wrong;
  other.kind = MisbehaviourKind::kLightClientAttack;
  const Bytes bytes = encode(std::span(&wrong, 1));
  EXPECT_NE(root({}, {}), root({}, {wrong}));
  EXPECT_NE(root({}, {other}), root({}, {wrong}));
  EXPECT_NE(root(bytes, {}), root({}, {wrong}));

  Validators net;
  net.block({bytes}, 100, {wrong});
  EXPECT_EQ(net.read().transactions(net.head.height).value().value(), std::vector<Bytes>{bytes});
  EXPECT_EQ(net.read().misbehaviour(net.head.height).value().value(),
            std::vector<Misbehaviour>{wrong});
  EXPECT_TRUE(net.read().misbehaviour(Height{0}).value()->empty());
  EXPECT_FALSE(net.read().misbehaviour(Height{99}).value());
}

TEST(Validators, MisbehaviourHasOneEncoding) {
  const Validators net;
  const std::vector<Misbehaviour> wrongs{net.wrong(0), net.wrong(1)};
  const Bytes bytes = encode(std::span(wrongs));
  EXPECT_EQ(decode_misbehaviour(bytes).value(), wrongs);
  EXPECT_TRUE(decode_misbehaviour({})->empty());
  for (std::size_t cut = 1; cut < bytes.size(); ++cut)
    EXPECT_FALSE(decode_misbehaviour(ByteView(bytes).first(cut)));
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    Bytes changed = bytes;
    changed[at] ^= 1;
    const auto read = decode_misbehaviour(changed);
    EXPECT_TRUE(!read || encode(std::span(*read)) == changed) << at;
    EXPECT_TRUE(!read || *read != wrongs) << at;
  }
  EXPECT_FALSE(decode_misbehaviour(Bytes(4, 0)));  // none is nothing
}

// INV-PRO-033, and random histories against plain sums; every set is what CometBFT has if it does
// as it is told, and the same blocks give the same headers.
TEST(Validators, RandomHistoriesAddUp) {
  // What unbonds is free after a minute: nobody would wait for three weeks of blocks.
  const assay::testing::Plant early(assay::testing::Planted::kEarlyRelease);
  std::size_t joined = 0, slashed = 0, freed = 0;
  for (unsigned seed = 0; seed < 12; ++seed) {
    std::mt19937_64 random(seed);
    const auto below = [&](std::uint64_t n) { return random() % n; };
    Validators net(3, 4 * kLeast);
    std::map<Hash256, std::uint64_t> comet;
    for (const ValidatorPower& member : net.set()) comet[member.key] = member.power;
    const std::uint64_t issued = net.read().totals()->issued.value;
    for (int step = 0; step < 60; ++step) {
      std::vector<Bytes> transactions;
      for (std::uint64_t i = below(4); i > 0; --i) {
        const auto party = static_cast<unsigned>(below(6));
        const std::uint64_t atoms = below(3) * kLeast + below(2) * 500'000;
        transactions.push_back(below(2) == 0 ? net.tx(party, net.bond(party, party, atoms))
                                             : net.tx(party, net.unbond(party, atoms)));
      }
      std::vector<Misbehaviour> wrongs;
      if (below(20) == 0) wrongs.push_back(net.wrong(static_cast<unsigned>(below(7))));
      const BlockResult result = net.block(transactions, below(5000), wrongs);
      std::uint64_t free = 0, bonded = 0;
      for (unsigned i = 0; i < 6; ++i) {
        free += net.account(i).available.value + net.account(i).staked.value;
        bonded += net.bonded(i);
      }
      EXPECT_EQ(free + bonded + net.burned(), issued);
      Hash256 last;
      for (const ValidatorPower& change : result.validators) {
        EXPECT_LT(last, change.key);
        last = change.key;
        EXPECT_TRUE(change.power != 0 || comet.contains(change.key));
        joined += comet.contains(change.key) ? 0 : 1;
        if (change.power == 0)
          comet.erase(change.key);
        else
          comet[change.key] = change.power;
      }
      EXPECT_FALSE(comet.empty());
      slashed += net.burned() != 0 ? 1 : 0;
    }
    freed += net.account(0).available.value > kFree ? 1 : 0;
    std::map<Hash256, std::uint64_t> members;
    for (const ValidatorPower& member : net.set()) members[member.key] = member.power;
    EXPECT_EQ(members, comet);
    MemoryStore twin;
    ASSERT_TRUE(twin.write(init_chain(twin, net.genesis)->batch));
    BlockHeader head;
    for (const Block& block : net.history) {
      auto again = apply(twin, block);
      ASSERT_TRUE(again);
      ASSERT_TRUE(twin.write(again->batch));
      head = again->header;
    }
    EXPECT_EQ(head, net.head);
  }
  EXPECT_GT(joined, 0u);
  EXPECT_GT(slashed, 0u);
  EXPECT_GT(freed, 0u);
}

}  // namespace
}  // namespace assay::protocol
