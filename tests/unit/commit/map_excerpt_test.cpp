// INV-COM-028.
#include "assay/commit/map_excerpt.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "assay/commit/authenticated_map.hpp"
#include "assay/core/memory_store.hpp"
#include "assay/crypto/sha256.hpp"

namespace assay::commit {
namespace {

const Sha256Function kSha = crypto::sha256_function();

Bytes key_of(unsigned i) { return to_bytes(as_bytes("key" + std::to_string(i))); }
Bytes value_of(unsigned i) { return to_bytes(as_bytes("value" + std::to_string(i))); }

// Holds the keys 0 to `count`, and nothing else.
struct Filled {
  explicit Filled(unsigned count) : m_count(count) {
    std::vector<MapChange> changes;
    for (unsigned i = 0; i < count; ++i) changes.push_back({key_of(i), value_of(i), nullptr});
    WriteBatch batch;
    root = *map.apply(1, changes, batch);
    EXPECT_TRUE(store.write(batch));
  }
  // The truth about these keys.
  MapExcerpt excerpt(const std::vector<unsigned>& keys) const {
    MapExcerpt made;
    std::vector<Bytes> wanted;
    for (const unsigned i : keys) {
      made.entries.push_back({key_of(i), i < m_count ? std::optional(value_of(i)) : std::nullopt});
      wanted.push_back(key_of(i));
    }
    std::sort(made.entries.begin(), made.entries.end(),
              [](const MapEntry& a, const MapEntry& b) { return a.key < b.key; });
    made.proof = *map.prove_all(wanted, 1);
    return made;
  }
  MapProofVerdict verify(const MapExcerpt& excerpt) const {
    return verify_all(kSha, root, excerpt);
  }

  unsigned m_count;
  MemoryStore store;
  AuthenticatedMap map{store, {Bytes{'n'}, Bytes{'r'}}};
  Hash256 root;
};

std::vector<unsigned> some_of(std::mt19937& random, unsigned below, unsigned count) {
  std::vector<unsigned> all(below);
  for (unsigned i = 0; i < below; ++i) all[i] = i;
  std::shuffle(all.begin(), all.end(), random);
  all.resize(std::min(count, below));
  return all;
}

TEST(MapExcerpt, ProvesWhatIsThereAndWhatIsNot) {
  std::mt19937 random(1);
  for (const unsigned count : {0u, 1u, 2u, 3u, 17u, 400u, 3000u}) {
    const Filled filled(count);
    EXPECT_EQ(filled.verify({}), MapProofVerdict::kValid);
    for (const unsigned asked : {1u, 2u, 5u, 40u, 1000u}) {
      const MapExcerpt excerpt = filled.excerpt(some_of(random, count + 50, asked));
      ASSERT_EQ(filled.verify(excerpt), MapProofVerdict::kValid) << count << " " << asked;
      ASSERT_EQ(*decode_map_excerpt(encode(excerpt)), excerpt);
    }
  }
}

// One proof of n keys is no longer than n proofs of one, and shares what they share.
TEST(MapExcerpt, IsShorterThanAProofForEach) {
  std::mt19937 random(2);
  const Filled filled(3000);
  for (const unsigned asked : {1u, 10u, 100u, 1000u}) {
    std::size_t alone = 0;
    const std::vector<unsigned> keys = some_of(random, 3000, asked);
    for (const unsigned i : keys) alone += filled.map.prove(key_of(i), 1)->size();
    const std::size_t together = filled.excerpt(keys).proof.size();
    EXPECT_LT(together, alone);
    if (asked == 1000) {
      EXPECT_LT(together, alone / 4);
    }
  }
}

TEST(MapExcerpt, NoOtherStoryHasAProof) {
  std::mt19937 random(3);
  for (const unsigned count : {1u, 2u, 40u}) {
    const Filled filled(count);
    const MapExcerpt truth = filled.excerpt(some_of(random, count + 8, 12));
    const auto refused = [&](const MapExcerpt& lie) {
      return filled.verify(lie) != MapProofVerdict::kValid;
    };
    for (std::size_t i = 0; i < truth.entries.size(); ++i) {
      MapExcerpt lie = truth;
      MapEntry& entry = lie.entries[i];
      if (entry.value) {
        entry.value->back() ^= 1;
        EXPECT_TRUE(refused(lie));
        entry.value.reset();  // hidden
      } else {
        entry.value = Bytes{'x'};  // invented
      }
      EXPECT_TRUE(refused(lie)) << i;
    }
    for (std::size_t at = 0; at < truth.proof.size(); ++at) {
      MapExcerpt lie = truth;
      lie.proof.resize(at);
      EXPECT_TRUE(refused(lie)) << at;
      for (unsigned bit = 0; bit < 8; ++bit) {
        lie = truth;
        lie.proof[at] ^= static_cast<std::uint8_t>(1u << bit);
        EXPECT_TRUE(refused(lie)) << at << " " << bit;
      }
    }
    MapExcerpt lie = truth;
    lie.proof.push_back(0);
    EXPECT_TRUE(refused(lie));
    std::swap(lie.entries.front(), lie.entries.back());
    EXPECT_EQ(filled.verify(lie), MapProofVerdict::kMalformed);
  }
}

// A proof of other keys does not do, nor one under another root.
TEST(MapExcerpt, IsAboutItsKeysAndItsRoot) {
  const Filled filled(100);
  const Filled other(101);
  MapExcerpt excerpt = filled.excerpt({1, 2, 3, 150});
  EXPECT_EQ(other.verify(excerpt), MapProofVerdict::kRootMismatch);
  EXPECT_NE(filled.verify({excerpt.entries, filled.excerpt({1, 2, 4, 150}).proof}),
            MapProofVerdict::kValid);
  excerpt.entries.front().value.reset();
  EXPECT_NE(filled.verify(excerpt), MapProofVerdict::kValid);
}

TEST(MapExcerpt, EveryCutOrDisorderIsMalformed) {
  const Bytes bytes = encode(Filled(20).excerpt({1, 5, 30}));
  for (std::size_t cut = 0; cut < bytes.size(); ++cut)
    EXPECT_FALSE(decode_map_excerpt(ByteView(bytes).first(cut))) << cut;
  Bytes longer = bytes;
  longer.push_back(0);
  EXPECT_FALSE(decode_map_excerpt(longer));
  MapExcerpt twice = Filled(20).excerpt({1});
  twice.entries.push_back(twice.entries.front());
  EXPECT_FALSE(decode_map_excerpt(encode(twice)));
}

// A walk down cannot be longer than a key hash.
TEST(MapExcerpt, DeepWalksEnd) {
  const Filled filled(3);
  MapExcerpt deep = filled.excerpt({1});
  deep.proof.assign(100'000, 3);
  EXPECT_EQ(filled.verify(deep), MapProofVerdict::kMalformed);
  EXPECT_FALSE(filled.map.prove_all(std::vector<Bytes>{key_of(1)}, 2));  // not kept
}

}  // namespace
}  // namespace assay::commit
