// INV-COM-020 to 024.
#include "assay/commit/authenticated_map.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <map>
#include <random>
#include <sstream>

#include "assay/commit/map_check.hpp"
#include "assay/core/memory_store.hpp"
#include "assay/crypto/sha256.hpp"

namespace assay::commit {
namespace {

const Sha256Function kSha = crypto::sha256_function();

Bytes text(const std::string& s) { return to_bytes(as_bytes(s)); }

MapPlaces places() { return {text("n/"), text("r/")}; }

std::uint64_t newest(const AuthenticatedMap& map) {
  const auto versions = *map.versions();
  return versions ? versions->newest : 0;
}

Hash256 apply(const AuthenticatedMap& map, MemoryStore& store,
              const std::vector<MapChange>& changes) {
  WriteBatch batch;
  const std::uint64_t version = newest(map) + 1;
  const Hash256 root = *map.apply(version, changes, batch);
  EXPECT_TRUE(store.write(batch));
  EXPECT_EQ(*map.root(version), root);
  return root;
}

// The definition: recursion over the bits of the key hashes.
using Entries = std::map<Hash256, Hash256>;
Hash256 naive_root(const Entries& entries, unsigned depth = 0) {
  if (entries.empty()) return map_placeholder();
  if (entries.size() == 1) {
    return map_leaf_hash(kSha, entries.begin()->first, entries.begin()->second);
  }
  Entries half[2];
  for (const auto& [key, value] : entries) {
    half[key.bytes[depth / 8] >> (7 - depth % 8) & 1].emplace(key, value);
  }
  return map_node_hash(kSha, naive_root(half[0], depth + 1), naive_root(half[1], depth + 1));
}

// sha2_256_vectors.json of the crate `jmt`.
TEST(AuthenticatedMap, MatchesThePublicVectors) {
  MemoryStore store;
  const AuthenticatedMap map(store, places());
  EXPECT_EQ(to_hex(*map.root(0)),
            "5350415253455f4d45524b4c455f504c414345484f4c4445525f484153485f5f");
  EXPECT_EQ(to_hex(apply(map, store, {{text("hello"), text("world")}})),
            "6b97115f56e533f2fd443f7e76e4d1ff94d34e6b2e233f2dbdf5cfd1ec39a30c");
  EXPECT_EQ(to_hex(apply(map, store, {{text("goodbye"), text("world")}})),
            "e1e1e220d4b4a9611a9a09dbcee964b4a6c3a40f6f4dee265ad45cf64568790b");
}

TEST(AuthenticatedMap, FollowsAHistoryMadeByAnotherImplementation) {
  std::ifstream file(ASSAY_TEST_DATA "/commit/jmt_history.txt");
  ASSERT_TRUE(file);
  MemoryStore store;
  const AuthenticatedMap map(store, places());
  std::string line;
  unsigned versions = 0;
  while (std::getline(file, line)) {
    std::istringstream words(line);
    std::string root;
    std::string word;
    words >> root;
    std::vector<MapChange> changes;
    while (words >> word) {
      const std::size_t at = word.find('=');
      const std::string value = word.substr(at + 1);
      changes.push_back({text(word.substr(0, at)),
                         value == "-" ? std::nullopt : std::optional<Bytes>(text(value))});
    }
    ASSERT_EQ(to_hex(apply(map, store, changes)), root) << line;
    ++versions;
  }
  EXPECT_EQ(versions, 24u);
}

TEST(AuthenticatedMap, RootDependsOnContentsAlone) {
  std::mt19937_64 random(1);
  for (unsigned round = 0; round < 12; ++round) {
    MemoryStore store;
    const AuthenticatedMap map(store, places());
    std::map<std::string, std::string> oracle;
    for (unsigned block = 0; block < 12; ++block) {
      std::vector<MapChange> changes;
      const unsigned count = static_cast<unsigned>(random() % 20);
      for (unsigned i = 0; i < count; ++i) {
        const std::string key = "key" + std::to_string(random() % 60);
        if (random() % 3 == 0) {
          changes.push_back({text(key), std::nullopt});
          oracle.erase(key);
        } else {
          const std::string value = "value" + std::to_string(random());
          changes.push_back({text(key), text(value)});
          oracle[key] = value;
        }
      }
      const Hash256 root = apply(map, store, changes);
      Entries entries;
      for (const auto& [key, value] : oracle) {
        entries.emplace(crypto::sha256(as_bytes(key)), crypto::sha256(as_bytes(value)));
      }
      ASSERT_EQ(root, naive_root(entries));
    }
    // Another order, another cut into blocks: the same root.
    std::vector<std::pair<std::string, std::string>> shuffled(oracle.begin(), oracle.end());
    std::shuffle(shuffled.begin(), shuffled.end(), random);
    MemoryStore other_store;
    const AuthenticatedMap other(other_store, places());
    for (const auto& [key, value] : shuffled) {
      (void)apply(other, other_store, {{text(key), text(value)}});
    }
    ASSERT_EQ(*other.root(newest(other)), *map.root(newest(map)));
    ASSERT_EQ(check_map(other_store, places())->root, check_map(store, places())->root);
  }
}

struct Filled {
  explicit Filled(unsigned count) {
    std::vector<MapChange> changes;
    for (unsigned i = 0; i < count; ++i) {
      changes.push_back({text("key" + std::to_string(i)), text("value" + std::to_string(i))});
    }
    root = apply(map, store, changes);
  }
  MemoryStore store;
  AuthenticatedMap map{store, places()};
  Hash256 root;
};

TEST(AuthenticatedMap, ProvesPresenceAndAbsence) {
  for (unsigned count : {0u, 1u, 2u, 3u, 17u, 400u}) {
    const Filled filled(count);
    for (unsigned i = 0; i < count + 40; ++i) {
      const Bytes key = text("key" + std::to_string(i));
      const Bytes value = text("value" + std::to_string(i));
      const Bytes proof = *filled.map.prove(key, 1);
      const bool present = i < count;
      EXPECT_EQ(verify_present(kSha, filled.root, key, value, proof) == MapProofVerdict::kValid,
                present);
      EXPECT_EQ(verify_absent(kSha, filled.root, key, proof) == MapProofVerdict::kValid, !present);
      if (present) {
        EXPECT_EQ(verify_present(kSha, filled.root, key, text("else"), proof),
                  MapProofVerdict::kWrongValue);
        EXPECT_EQ(verify_absent(kSha, filled.root, key, proof), MapProofVerdict::kKeyPresent);
      } else {
        EXPECT_EQ(verify_present(kSha, filled.root, key, value, proof), MapProofVerdict::kWrongKey);
      }
    }
  }
}

TEST(AuthenticatedMap, EveryTamperedProofIsRejected) {
  const Filled filled(50);
  for (unsigned i : {3u, 49u, 50u, 51u, 52u, 60u}) {
    const Bytes key = text("key" + std::to_string(i));
    const Bytes value = text("value" + std::to_string(i));
    const Bytes proof = *filled.map.prove(key, 1);
    const auto accepted = [&](ByteView bytes) {
      return verify_present(kSha, filled.root, key, value, bytes) == MapProofVerdict::kValid ||
             verify_absent(kSha, filled.root, key, bytes) == MapProofVerdict::kValid;
    };
    ASSERT_TRUE(accepted(proof));
    for (std::size_t at = 0; at < proof.size(); ++at) {
      for (unsigned bit = 0; bit < 8; ++bit) {
        Bytes bad = proof;
        bad[at] ^= static_cast<std::uint8_t>(1u << bit);
        EXPECT_FALSE(accepted(bad)) << at;
      }
      EXPECT_FALSE(accepted(ByteView(proof).first(at)));
    }
    Bytes longer = proof;
    longer.push_back(0);
    EXPECT_FALSE(accepted(longer));
  }
}

TEST(AuthenticatedMap, UpdatesWriteAFewNodesAndDamageIsFound) {
  Filled filled(3000);
  WriteBatch batch;
  ASSERT_TRUE(filled.map.apply(2, std::vector<MapChange>{{text("key7"), text("new")}}, batch));
  // log16(3000) rounded up nodes and as many stale entries; record, old value and its stale entry;
  // top and newest version.
  EXPECT_LE(batch.writes.size(), 2 * 4u + 3 + 2);
  batch = {};
  EXPECT_EQ(*filled.map.apply(2, {}, batch), filled.root);
  EXPECT_EQ(batch.writes.size(), 2u);
  for (const std::uint64_t version : {0u, 1u, 3u})
    EXPECT_EQ(filled.map.apply(version, {}, batch).error().code, ErrorCode::kInvalidArgument);

  // INV-COM-023.
  const MemoryStore::Map whole = filled.store.map();
  unsigned nodes = 0;
  for (const auto& [key, value] : whole) {
    if (key.size() < 3 || key[0] != 'n' || key[2] != 'n' || ++nodes > 6) continue;
    MemoryStore::Map damaged_map = whole;
    damaged_map[key][value.size() / 2] ^= 1;
    filled.store.restore(damaged_map);
    bool found = false;
    for (unsigned i = 0; i < 3000 && !found; ++i) {
      const Result<Bytes> proof = filled.map.prove(text("key" + std::to_string(i)), 1);
      found = !proof && proof.error().code == ErrorCode::kIntegrity;
    }
    EXPECT_TRUE(found) << to_hex(key);
    EXPECT_GT(check_map(filled.store, places())->fault_count, 0u);
  }
  EXPECT_GT(nodes, 6u);
}

}  // namespace
}  // namespace assay::commit
