#include "assay/ledger/ledger.hpp"

#include <gtest/gtest.h>

#include <random>

namespace assay::ledger {
namespace {

AccountKey key(std::uint8_t n, AccountKind kind = AccountKind::kUser) {
  AccountKey k{kind, {}};
  k.owner.bytes[0] = n;
  return k;
}
PendingId pending_id(std::uint32_t n) {
  PendingId id;
  store_le(id.value.bytes.data(), n);
  return id;
}
const AccountKey kBurnedKey{AccountKind::kBurned, {}};

class EmptyView final : public LedgerView {
 public:
  std::optional<Account> account(const AccountKey&) const override { return {}; }
  std::optional<Pending> pending(const PendingId&) const override { return {}; }
  Amount issued() const override { return {}; }
};

class MemoryView final : public LedgerView {
 public:
  std::optional<Account> account(const AccountKey& k) const override {
    const auto it = accounts.find(k);
    return it == accounts.end() ? std::nullopt : std::optional<Account>(it->second);
  }
  std::optional<Pending> pending(const PendingId& id) const override {
    const auto it = pendings.find(id);
    return it == pendings.end() ? std::nullopt : std::optional<Pending>(it->second);
  }
  Amount issued() const override { return total; }
  void merge(const LedgerDiff& diff) {
    for (const auto& [k, a] : diff.accounts) accounts[k] = a;
    for (const auto& [id, p] : diff.pendings) pendings[id] = p;
    total = diff.issued;
  }
  bool adds_up() const {
    Audit audit;
    for (const auto& [k, a] : accounts) audit.add(k, a);
    for (const auto& [id, p] : pendings) audit.add(p);
    return audit.holds(total);
  }
  std::map<AccountKey, Account> accounts;
  std::map<PendingId, Pending> pendings;
  Amount total;
};

const EmptyView kEmpty;

TEST(Ledger, MovesMoneyOnce) {
  Ledger l(kEmpty);
  EXPECT_EQ(l.issue(key(1), Amount{100}), LedgerVerdict::kOk);
  EXPECT_EQ(l.transfer({key(1), key(2), Amount{30}}), LedgerVerdict::kOk);
  EXPECT_EQ(l.balance(key(1)), Amount{70});
  EXPECT_EQ(l.balance(key(2)), Amount{30});
  EXPECT_TRUE(conserves(kEmpty, l.diff()));
  ASSERT_EQ(l.diff().journal.size(), 1u);
}

TEST(Ledger, PostsAPartAndFreesTheRest) {
  Ledger l(kEmpty);
  ASSERT_EQ(l.issue(key(1), Amount{100}), LedgerVerdict::kOk);
  ASSERT_EQ(l.reserve(pending_id(1), {key(1), key(2), Amount{60}}), LedgerVerdict::kOk);
  EXPECT_EQ(l.available(key(1)), Amount{40});
  EXPECT_EQ(l.balance(key(1)), Amount{100});
  EXPECT_EQ(l.available(key(2)), Amount{0});
  EXPECT_EQ(l.transfer({key(1), key(3), Amount{41}}), LedgerVerdict::kInsufficientFunds);
  EXPECT_EQ(l.transfer({key(2), key(3), Amount{1}}), LedgerVerdict::kInsufficientFunds);
  EXPECT_EQ(l.post(pending_id(1), Amount{61}), LedgerVerdict::kPostExceedsPending);
  EXPECT_EQ(l.post(pending_id(1), Amount{50}), LedgerVerdict::kOk);
  EXPECT_EQ(l.available(key(1)), Amount{50});
  EXPECT_EQ(l.balance(key(2)), Amount{50});
  EXPECT_EQ(l.post(pending_id(1), Amount{1}), LedgerVerdict::kPendingPosted);
  EXPECT_EQ(l.void_pending(pending_id(1)), LedgerVerdict::kPendingPosted);
}

TEST(Ledger, VoidsOnce) {
  Ledger l(kEmpty);
  ASSERT_EQ(l.issue(key(1), Amount{10}), LedgerVerdict::kOk);
  ASSERT_EQ(l.reserve(pending_id(1), {key(1), key(2), Amount{10}}), LedgerVerdict::kOk);
  EXPECT_EQ(l.void_pending(pending_id(1)), LedgerVerdict::kOk);
  EXPECT_EQ(l.available(key(1)), Amount{10});
  EXPECT_EQ(l.void_pending(pending_id(1)), LedgerVerdict::kPendingVoided);
  EXPECT_EQ(l.post(pending_id(1), Amount{1}), LedgerVerdict::kPendingVoided);
  EXPECT_EQ(l.post(pending_id(2), Amount{1}), LedgerVerdict::kPendingNotFound);
}

// Each case breaks the named rule and every later one that it can.
TEST(Ledger, FirstRuleBrokenIsTheAnswer) {
  Ledger l(kEmpty);
  ASSERT_EQ(l.issue(key(1), Amount{10}), LedgerVerdict::kOk);
  ASSERT_EQ(l.reserve(pending_id(1), {key(1), key(2), Amount{5}}), LedgerVerdict::kOk);
  const Amount none{0};
  const Amount many{1000};
  EXPECT_EQ(l.issue(key(1), none), LedgerVerdict::kZeroAmount);
  EXPECT_EQ(l.issue(key(1), Amount{~std::uint64_t{0}}), LedgerVerdict::kSupplyOverflow);
  EXPECT_EQ(l.transfer({kBurnedKey, kBurnedKey, none}), LedgerVerdict::kZeroAmount);
  EXPECT_EQ(l.transfer({kBurnedKey, kBurnedKey, many}), LedgerVerdict::kSameAccount);
  EXPECT_EQ(l.transfer({kBurnedKey, key(1), many}), LedgerVerdict::kDebitsBurned);
  EXPECT_EQ(l.transfer({key(9), key(1), many}), LedgerVerdict::kDebitAccountNotFound);
  EXPECT_EQ(l.transfer({key(1), key(9), many}), LedgerVerdict::kInsufficientFunds);
  EXPECT_EQ(l.reserve(pending_id(1), {kBurnedKey, kBurnedKey, none}), LedgerVerdict::kZeroAmount);
  EXPECT_EQ(l.reserve(pending_id(1), {kBurnedKey, kBurnedKey, many}), LedgerVerdict::kSameAccount);
  EXPECT_EQ(l.reserve(pending_id(1), {kBurnedKey, key(1), many}), LedgerVerdict::kDebitsBurned);
  EXPECT_EQ(l.reserve(pending_id(1), {key(9), key(1), many}), LedgerVerdict::kIdExists);
  EXPECT_EQ(l.reserve(pending_id(2), {key(9), key(1), many}), LedgerVerdict::kDebitAccountNotFound);
  EXPECT_EQ(l.reserve(pending_id(2), {key(1), key(9), many}), LedgerVerdict::kInsufficientFunds);
  EXPECT_EQ(l.post(pending_id(7), none), LedgerVerdict::kZeroAmount);
  EXPECT_EQ(l.post(pending_id(7), many), LedgerVerdict::kPendingNotFound);
  EXPECT_EQ(l.post(pending_id(1), many), LedgerVerdict::kPostExceedsPending);
  for (std::uint8_t v = 0; v <= kLedgerVerdictLast; ++v)
    EXPECT_STRNE(to_string(static_cast<LedgerVerdict>(v)), "unknown") << int{v};
}

// INV-LED-001 to 004, each broken once.
TEST(Ledger, AForgedDiffDoesNotConserve) {
  Ledger l(kEmpty);
  ASSERT_EQ(l.issue(key(1), Amount{10}), LedgerVerdict::kOk);
  LedgerDiff forged = l.diff();
  forged.accounts[key(2)].balance = Amount{1};
  EXPECT_FALSE(conserves(kEmpty, forged));
  forged = l.diff();
  forged.accounts[key(1)].debits_pending = Amount{11};
  EXPECT_FALSE(conserves(kEmpty, forged));
  forged = l.diff();
  forged.accounts[key(1)].credits_pending = Amount{1};
  EXPECT_FALSE(conserves(kEmpty, forged));
  // The sums agree, but not with the reservations.
  forged.accounts[key(1)].debits_pending = Amount{1};
  EXPECT_FALSE(conserves(kEmpty, forged));
  Audit audit;
  audit.add(key(1), forged.accounts[key(1)]);
  EXPECT_FALSE(audit.holds(Amount{10}));
  forged = l.diff();
  forged.pendings[pending_id(1)] = {key(1), key(2), Amount{1}, PendingState::kReserved, Amount{}};
  EXPECT_FALSE(conserves(kEmpty, forged));
  MemoryView burned;
  burned.accounts[kBurnedKey].balance = Amount{5};
  burned.total = Amount{5};
  forged = LedgerDiff{};
  forged.issued = Amount{5};
  forged.accounts[key(1)].balance = Amount{1};
  forged.accounts[kBurnedKey].balance = Amount{4};
  EXPECT_FALSE(conserves(burned, forged));
}

TEST(Ledger, RecordsHaveOneEncoding) {
  const Account account{Amount{7}, Amount{3}, Amount{2}};
  const Bytes bytes = encode(account);
  ASSERT_EQ(bytes.size(), kAccountBytes);
  EXPECT_EQ(decode_account(bytes).value(), account);
  const Pending pending{key(1), key(2, AccountKind::kEscrow), Amount{5}, PendingState::kPosted,
                        Amount{4}};
  const Bytes record = encode(pending);
  ASSERT_EQ(record.size(), kPendingBytes);
  EXPECT_EQ(decode_pending(record).value(), pending);
  for (std::size_t cut = 0; cut < record.size(); ++cut) {
    EXPECT_FALSE(decode_pending(ByteView(record).first(cut)));
    if (cut < bytes.size()) {
      EXPECT_FALSE(decode_account(ByteView(bytes).first(cut)));
    }
  }
  const Account impossible{Amount{1}, Amount{2}, Amount{0}};
  EXPECT_FALSE(decode_account(encode(impossible)));
}

// INV-LED-001 to 003 over random histories, against a model that knows only who owns how much.
TEST(LedgerProperty, AgreesWithAnIndependentModel) {
  for (std::uint32_t seed = 0; seed < 40; ++seed) {
    std::mt19937_64 random(seed);
    MemoryView view;
    std::map<std::uint8_t, std::uint64_t> free_of;  // the model: spendable
    struct Held {
      std::uint8_t from, to;
      std::uint64_t amount;
    };
    std::map<std::uint32_t, Held> held;
    {
      Ledger genesis(view);
      for (std::uint8_t i = 0; i < 5; ++i) {
        ASSERT_EQ(genesis.issue(key(i), Amount{1000}), LedgerVerdict::kOk);
        free_of[i] = 1000;
      }
      view.merge(genesis.diff());
    }
    std::uint32_t next_id = 0;
    for (int step = 0; step < 300; ++step) {
      Ledger l(view);
      const auto from = static_cast<std::uint8_t>(random() % 6);
      const auto to = static_cast<std::uint8_t>(random() % 6);
      const std::uint64_t amount = random() % 400;
      const bool possible =
          amount > 0 && from != to && free_of.count(from) && free_of[from] >= amount;
      LedgerVerdict v{};
      switch (random() % 4) {
        case 0:
          v = l.transfer({key(from), key(to), Amount{amount}});
          EXPECT_EQ(v == LedgerVerdict::kOk, possible);
          if (possible) free_of[from] -= amount, free_of[to] += amount;
          break;
        case 1:
          v = l.reserve(pending_id(next_id), {key(from), key(to), Amount{amount}});
          EXPECT_EQ(v == LedgerVerdict::kOk, possible);
          if (possible) free_of[from] -= amount, held[next_id++] = {from, to, amount};
          break;
        default: {
          if (next_id == 0) break;
          const auto id = static_cast<std::uint32_t>(random() % next_id);
          const bool post = random() % 2 == 0;
          v = post ? l.post(pending_id(id), Amount{amount}) : l.void_pending(pending_id(id));
          const auto it = held.find(id);
          const bool ok =
              it != held.end() && (!post || (amount > 0 && amount <= it->second.amount));
          EXPECT_EQ(v == LedgerVerdict::kOk, ok);
          if (!ok) break;
          const std::uint64_t moved = post ? amount : 0;
          free_of[it->second.to] += moved;
          free_of[it->second.from] += it->second.amount - moved;
          held.erase(it);
        }
      }
      EXPECT_TRUE(conserves(view, l.diff()));
      view.merge(l.diff());
      ASSERT_TRUE(view.adds_up());
      for (const auto& [owner, atoms] : free_of)
        ASSERT_EQ(Ledger(view).available(key(owner)).value, atoms)
            << "seed " << seed << " step " << step;
    }
  }
}

}  // namespace
}  // namespace assay::ledger
