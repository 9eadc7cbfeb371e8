// INV-COM-020, 025 to 027: every version that is kept is whole, and pruning takes nothing else.
#include <gtest/gtest.h>

#include <map>
#include <random>

#include "assay/commit/map_check.hpp"
#include "assay/core/memory_store.hpp"
#include "assay/crypto/sha256.hpp"

namespace assay::commit {
namespace {

const Sha256Function kSha = crypto::sha256_function();
const MapPlaces kPlaces{Bytes{'n'}, Bytes{'s'}};

Bytes text(const std::string& s) { return to_bytes(as_bytes(s)); }
std::string key_of(unsigned i) { return "key" + std::to_string(i); }
constexpr unsigned kKeys = 48;

// A map with every version that it ever had, beside it.
struct History {
  MemoryStore store;
  AuthenticatedMap map{store, kPlaces};
  std::vector<std::map<std::string, std::string>> models;  // by version - 1
  std::vector<Hash256> roots;
  std::mt19937_64 random;

  explicit History(std::uint64_t seed, unsigned versions) : random(seed) {
    for (unsigned i = 0; i < versions; ++i) grow();
  }
  [[nodiscard]] std::uint64_t newest() const { return models.size(); }

  void grow() {
    auto model = models.empty() ? std::map<std::string, std::string>{} : models.back();
    std::vector<MapChange> changes;
    for (unsigned n = static_cast<unsigned>(random() % 16); n > 0; --n) {
      const std::string key = key_of(static_cast<unsigned>(random() % kKeys));
      if (random() % 3 == 0) {
        changes.push_back({text(key), std::nullopt});
        model.erase(key);
      } else {
        const std::string value = std::to_string(random() % 50);
        changes.push_back({text(key), text(value)});
        model[key] = value;
      }
    }
    WriteBatch batch;
    roots.push_back(*map.apply(newest() + 1, changes, batch));
    ASSERT_TRUE(store.write(batch));
    models.push_back(std::move(model));
  }

  void expect_version(std::uint64_t version) const {
    const auto& model = models[version - 1];
    const Hash256& root = roots[version - 1];
    ASSERT_EQ(*map.root(version), root);
    for (unsigned i = 0; i < kKeys + 2; ++i) {
      const Bytes key = text(key_of(i));
      const auto proof = map.prove(key, version);
      const auto value = map.get(key, version);
      ASSERT_TRUE(proof && value) << version;
      const auto expected = model.find(key_of(i));
      if (expected == model.end()) {
        ASSERT_FALSE(value->has_value());
        ASSERT_EQ(verify_absent(kSha, root, key, *proof), MapProofVerdict::kValid);
      } else {
        ASSERT_EQ(**value, text(expected->second));
        ASSERT_EQ(verify_present(kSha, root, key, **value, *proof), MapProofVerdict::kValid);
      }
    }
  }

  void expect_from(std::uint64_t oldest) const {
    const MapReport report = *check_map(store, kPlaces);
    ASSERT_EQ(report.fault_count, 0u) << report.faults[0];
    ASSERT_EQ(report.root, roots.back());
    ASSERT_EQ(report.versions, (MapVersions{oldest, newest()}));
    for (std::uint64_t v = oldest; v <= newest(); ++v) expect_version(v);
    for (const std::uint64_t gone : {oldest - 1, newest() + 1}) {
      ASSERT_EQ(map.root(gone).error().code, ErrorCode::kNotFound);
      ASSERT_EQ(map.prove(text("key1"), gone).error().code, ErrorCode::kNotFound);
      ASSERT_EQ(map.get(text("key1"), gone).error().code, ErrorCode::kNotFound);
    }
  }
};

TEST(MapHistory, EveryVersionHasItsRootItsValuesAndItsProofs) {
  for (std::uint64_t seed = 1; seed <= 4; ++seed) History(seed, 20).expect_from(1);
}

// INV-COM-026: cut between any two batches, with any bound of work, the same is left.
TEST(MapHistory, PruningInPartsTakesOnlyWhatNobodyNeeds) {
  for (const std::size_t erase_max : {1u, 3u, 10u, 1000u}) {
    History history(7, 24);
    unsigned calls = 0;
    for (bool finished = false; !finished; ++calls) {
      WriteBatch batch;
      // A process that dies before it writes: the batch is lost, nothing else.
      ASSERT_TRUE(history.map.prune(15, erase_max, batch));
      batch = {};
      const MapPruned pruned = *history.map.prune(15, erase_max, batch);
      finished = pruned.finished;
      EXPECT_LE(batch.writes.size(), 2 * erase_max + 4);
      ASSERT_TRUE(history.store.write(batch));
      if (calls % 7 == 3) history.grow();
      const MapReport report = *check_map(history.store, kPlaces);
      ASSERT_EQ(report.fault_count, 0u) << report.faults[0];
      ASSERT_LT(calls, 10'000u);
    }
    history.expect_from(15);
    WriteBatch again;
    EXPECT_TRUE(history.map.prune(15, erase_max, again)->finished);
    EXPECT_TRUE(again.writes.empty());
  }
}

// However often it is asked, pruning leaves the head whole, and a map of one version has no
// history.
TEST(MapHistory, PruningAllLeavesTheHeadAlone) {
  History history(3, 30);
  for (int i = 0; i < 2; ++i) {
    WriteBatch batch;
    ASSERT_TRUE(history.map.prune(1'000'000, 1'000'000, batch)->finished);
    ASSERT_TRUE(history.store.write(batch));
    history.expect_from(30);
    const MapReport report = *check_map(history.store, kPlaces);
    EXPECT_EQ(report.stale, 0u);
    EXPECT_EQ(report.before, 0u);
  }
  for (int i = 0; i < 5; ++i) history.grow();
  history.expect_from(30);
}

TEST(MapHistory, WithPruningTheStoreStaysBounded) {
  History history(5, 20);
  std::size_t most = 0;
  for (int i = 0; i < 300; ++i) {
    history.grow();
    WriteBatch batch;
    ASSERT_TRUE(history.map.prune(history.newest() - 8, 1000, batch)->finished);
    ASSERT_TRUE(history.store.write(batch));
    if (i == 100) most = history.store.map().size();
  }
  EXPECT_LT(history.store.map().size(), 2 * most);
  history.expect_from(history.newest() - 8);
}

// INV-COM-020 of load(): in whatever parts and order the entries come.
TEST(MapHistory, ALoadedMapIsTheOneThatGrew) {
  History history(11, 12);
  for (const std::size_t part : {1u, 5u, 100u}) {
    std::vector<std::pair<std::string, std::string>> entries(history.models.back().begin(),
                                                             history.models.back().end());
    std::shuffle(entries.begin(), entries.end(), history.random);
    MemoryStore store;
    const AuthenticatedMap map(store, kPlaces);
    for (std::size_t first = 0; first < entries.size(); first += part) {
      std::vector<MapChange> changes;
      for (std::size_t i = first; i < std::min(first + part, entries.size()); ++i)
        changes.push_back({text(entries[i].first), text(entries[i].second)});
      WriteBatch batch;
      ASSERT_TRUE(map.load(12, changes, batch));
      ASSERT_TRUE(store.write(batch));
    }
    const MapReport report = *check_map(store, kPlaces);
    ASSERT_EQ(report.fault_count, 0u) << report.faults[0];
    EXPECT_EQ(*map.root(12), history.roots.back());
    EXPECT_EQ(report.versions, (MapVersions{12, 12}));
    WriteBatch batch;
    EXPECT_EQ(map.load(13, {}, batch).error().code, ErrorCode::kInvalidArgument);
    EXPECT_TRUE(map.apply(13, {}, batch));
  }
}

// A store in which any key is gone or a byte of any value is changed has a fault, or another root
// than the block's header.
TEST(MapHistory, TheCheckFindsEveryDamage) {
  History history(13, 5);
  const MemoryStore::Map whole = history.store.map();
  for (const auto& [key, value] : whole) {
    MemoryStore::Map less = whole;
    less.erase(key);
    MemoryStore store;
    store.restore(less);
    EXPECT_GT(check_map(store, kPlaces)->fault_count, 0u) << to_hex(key);
    if (value.empty()) continue;
    MemoryStore::Map other = whole;
    other[key][value.size() / 2] ^= 4;
    store.restore(other);
    const MapReport report = *check_map(store, kPlaces);
    EXPECT_TRUE(report.fault_count > 0 || report.root != history.roots.back()) << to_hex(key);
  }
}

}  // namespace
}  // namespace assay::commit
