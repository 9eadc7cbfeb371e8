// commit: proofs of the authenticated map, and its nodes on disk. Input: what (u8), which key or
// node (u8), the bytes. Nothing but the truth is provable, and damage is an error, not another map.
#include "assay/commit/authenticated_map.hpp"

#include <algorithm>

#include "assay/core/memory_store.hpp"
#include "assay/crypto/sha256.hpp"
#include "fuzz/fuzz.hpp"

using namespace assay;
using namespace assay::commit;

namespace {

Bytes key_of(unsigned i) { return {'k', static_cast<std::uint8_t>(i)}; }
const MapPlaces kPlaces{Bytes{'m'}, Bytes{'r'}};
constexpr unsigned kEntries = 40;  // keys 0 to 39 are there, with their number as the value

struct World {
  MemoryStore store;
  AuthenticatedMap map{store, kPlaces};
  Hash256 root;
  World() {
    std::vector<MapChange> changes;
    for (unsigned i = 0; i < kEntries; ++i) changes.push_back({key_of(i), key_of(i)});
    WriteBatch batch;
    root = *map.apply(1, changes, batch);
    ASSAY_INVARIANT(store.write(batch));
  }
};

void check_proof(const World& world, unsigned key, ByteView proof) {
  const Sha256Function sha256 = crypto::sha256_function();
  const bool there = key < kEntries;
  const auto present = verify_present(sha256, world.root, key_of(key), key_of(key), proof);
  const auto absent = verify_absent(sha256, world.root, key_of(key), proof);
  const auto other = verify_present(sha256, world.root, key_of(key), Bytes{'x'}, proof);
  ASSAY_INVARIANT(there || present != MapProofVerdict::kValid);
  ASSAY_INVARIANT(!there || absent != MapProofVerdict::kValid);
  ASSAY_INVARIANT(other != MapProofVerdict::kValid);
  const bool valid = (there ? present : absent) == MapProofVerdict::kValid;
  ASSAY_INVARIANT(valid == equal_bytes(proof, *world.map.prove(key_of(key), 1)));
}

void check_damage(const World& world, unsigned number, ByteView bytes) {
  MemoryStore store;
  MemoryStore::Map nodes = world.store.map();
  const auto node = std::next(nodes.begin(), static_cast<std::ptrdiff_t>(number % nodes.size()));
  const bool same = equal_bytes(node->second, bytes);
  node->second = to_bytes(bytes);
  store.restore(std::move(nodes));
  const AuthenticatedMap map(store, kPlaces);
  const Result<Hash256> root = map.root(1);
  for (unsigned key = 0; key < 2 * kEntries; ++key) {
    const Result<Bytes> proof = map.prove(key_of(key), 1);
    if (proof && root && *root == world.root)
      ASSAY_INVARIANT(*proof == *world.map.prove(key_of(key), 1));
    ASSAY_INVARIANT(!same || proof);
  }
  WriteBatch batch;
  const MapChange change{key_of(3), std::nullopt};
  const Result<Hash256> changed = map.apply(2, {&change, 1}, batch);
  ASSAY_INVARIANT(!same || changed);
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const World kWorld;
  const auto [choice, rest] = fuzz::select({data, size}, 2);
  const auto [number, bytes] = fuzz::select(rest, 80);
  if (choice == 0)
    check_proof(kWorld, number, bytes);
  else
    check_damage(kWorld, number, bytes);
  return 0;
}
