#include "assay/commit/map_excerpt.hpp"

#include <algorithm>

#include "assay/codec/buffer.hpp"
#include "internal/map_store.hpp"
#include "internal/map_ways.hpp"

namespace assay::commit {

using internal::Way;

namespace {

// An entry by its hashes.
struct Claimed {
  Hash256 key_hash;
  std::optional<Hash256> value_hash;
};
using AllClaimed = std::span<const Claimed>;

bool by_key_hash(const Claimed& a, const Claimed& b) { return a.key_hash < b.key_hash; }

class Verifier {
 public:
  Verifier(Sha256Function sha256, ByteView proof) : m_sha256(sha256), m_reader(proof) {}

  MapProofVerdict run(AllClaimed claimed, const Hash256& root) {
    const Hash256 top = walk(claimed, 0);
    if (!m_reader.finish()) return MapProofVerdict::kMalformed;
    if (m_verdict != MapProofVerdict::kValid) return m_verdict;
    return top == root ? MapProofVerdict::kValid : MapProofVerdict::kRootMismatch;
  }

 private:
  // Of the place that all of `claimed` lead to, which is not empty; zeros once something failed.
  Hash256 walk(AllClaimed claimed, unsigned depth) {
    switch (static_cast<Way>(m_reader.u8())) {
      case Way::kEmpty: return empty(claimed);
      case Way::kOwnLeaf: return own_leaf(claimed);
      case Way::kOtherLeaf: return other_leaf(claimed, depth);
      case Way::kFork: return fork(claimed, depth);
    }
    m_reader.fail();
    return {};
  }

  Hash256 fork(AllClaimed claimed, unsigned depth) {
    if (depth >= kMaxMapDepth) m_reader.fail();
    if (!m_reader.ok()) return {};
    const std::size_t upper = internal::upper_half(claimed, depth);
    const Hash256 left = half(claimed.first(upper), depth + 1);
    const Hash256 right = half(claimed.subspan(upper), depth + 1);
    return map_node_hash(m_sha256, left, right);
  }
  Hash256 half(AllClaimed claimed, unsigned depth) {
    return claimed.empty() ? m_reader.hash() : walk(claimed, depth);
  }

  Hash256 empty(AllClaimed claimed) {
    if (find_present(claimed) != nullptr) fail(MapProofVerdict::kWrongKey);
    return map_placeholder();
  }

  // The others that lead here would stand elsewhere if they were there: there is one leaf.
  Hash256 own_leaf(AllClaimed claimed) {
    const Claimed* const one = find_present(claimed);
    if (one == nullptr || count_present(claimed) != 1) {
      fail(MapProofVerdict::kWrongKey);
      return {};
    }
    return map_leaf_hash(m_sha256, one->key_hash, *one->value_hash);
  }

  Hash256 other_leaf(AllClaimed claimed, unsigned depth) {
    const Hash256 key_hash = m_reader.hash();
    const Hash256 value_hash = m_reader.hash();
    if (find_present(claimed) != nullptr) fail(MapProofVerdict::kWrongKey);
    for (const Claimed& absent : claimed)
      if (absent.key_hash == key_hash) fail(MapProofVerdict::kKeyPresent);
    for (unsigned bit = 0; bit < depth; ++bit)
      if (leads_up(key_hash, bit) != leads_up(claimed.front().key_hash, bit))
        fail(MapProofVerdict::kElsewhere);
    return map_leaf_hash(m_sha256, key_hash, value_hash);
  }

  static const Claimed* find_present(AllClaimed claimed) {
    const auto found = std::find_if(claimed.begin(), claimed.end(),
                                    [](const Claimed& one) { return one.value_hash.has_value(); });
    return found == claimed.end() ? nullptr : &*found;
  }
  static std::ptrdiff_t count_present(AllClaimed claimed) {
    return std::count_if(claimed.begin(), claimed.end(),
                         [](const Claimed& one) { return one.value_hash.has_value(); });
  }
  void fail(MapProofVerdict verdict) {
    if (m_verdict == MapProofVerdict::kValid) m_verdict = verdict;
  }

  Sha256Function m_sha256;
  codec::Reader m_reader;
  MapProofVerdict m_verdict = MapProofVerdict::kValid;
};

bool is_in_order(std::span<const MapEntry> entries) {
  return std::adjacent_find(entries.begin(), entries.end(),
                            [](const MapEntry& a, const MapEntry& b) { return a.key >= b.key; }) ==
         entries.end();
}

}  // namespace

Bytes encode(const MapExcerpt& excerpt) {
  return codec::encode([&](codec::Writer& w) {
    w.u32(static_cast<std::uint32_t>(excerpt.entries.size()));
    for (const MapEntry& entry : excerpt.entries) {
      ASSAY_EXPECTS(entry.key.size() <= kMaxExcerptKeyBytes);
      w.u8(static_cast<std::uint8_t>(entry.key.size()));
      w.raw(entry.key);
      w.flag(entry.value.has_value());
      if (entry.value) w.bytes(*entry.value);
    }
    w.bytes(excerpt.proof);
  });
}

Result<MapExcerpt> decode_map_excerpt(ByteView bytes) {
  constexpr std::size_t kEntryBytesMin = 1 + 1;
  codec::Reader r(bytes);
  MapExcerpt excerpt;
  const std::uint32_t count = r.count(bytes.size(), kEntryBytesMin);
  for (std::uint32_t i = 0; i < count && r.ok(); ++i) {
    MapEntry& entry = excerpt.entries.emplace_back();
    entry.key = to_bytes(r.take(r.u8()));
    if (r.flag()) entry.value = to_bytes(r.bytes(bytes.size()));
  }
  excerpt.proof = to_bytes(r.bytes(bytes.size()));
  if (!r.finish() || !is_in_order(excerpt.entries))
    return {ErrorCode::kMalformed, "these bytes are no excerpt of the state"};
  return excerpt;
}

MapProofVerdict verify_all(Sha256Function sha256, const Hash256& root, const MapExcerpt& excerpt) {
  if (!is_in_order(excerpt.entries)) return MapProofVerdict::kMalformed;
  if (excerpt.entries.empty())
    return excerpt.proof.empty() ? MapProofVerdict::kValid : MapProofVerdict::kMalformed;
  std::vector<Claimed> claimed;
  claimed.reserve(excerpt.entries.size());
  for (const MapEntry& entry : excerpt.entries) {
    Claimed& one = claimed.emplace_back();
    one.key_hash = sha256_of(sha256, {entry.key});
    if (entry.value) one.value_hash = sha256_of(sha256, {*entry.value});
  }
  std::sort(claimed.begin(), claimed.end(), by_key_hash);
  return Verifier(sha256, excerpt.proof).run(claimed, root);
}

}  // namespace assay::commit
