#include "assay/commit/map_proof.hpp"

namespace assay::commit {

namespace {

template <std::size_t N>
ByteView text(const char (&literal)[N]) noexcept {
  return {reinterpret_cast<const std::uint8_t*>(literal), N - 1};
}

unsigned common_prefix_bits(const Hash256& a, const Hash256& b) noexcept {
  unsigned n = 0;
  while (n < kMaxMapDepth && leads_up(a, n) == leads_up(b, n)) ++n;
  return n;
}

struct Proof {
  bool has_leaf = false;
  Hash256 key_hash;
  Hash256 value_hash;
  unsigned sibling_count = 0;
  ByteView siblings;
};

bool parse(ByteView bytes, Proof& out) {
  codec::Reader reader(bytes);
  out.has_leaf = reader.flag();
  if (out.has_leaf) {
    out.key_hash = reader.hash();
    out.value_hash = reader.hash();
  }
  out.sibling_count = reader.count(kMaxMapDepth, 32);
  out.siblings = reader.take(std::size_t{out.sibling_count} * 32);
  return reader.finish();
}

Hash256 root_of(Sha256Function sha256, const Proof& proof, const Hash256& key_hash) {
  Hash256 hash =
      proof.has_leaf ? map_leaf_hash(sha256, proof.key_hash, proof.value_hash) : map_placeholder();
  for (unsigned i = 0; i < proof.sibling_count; ++i) {
    Hash256 sibling;
    std::memcpy(sibling.bytes.data(), proof.siblings.data() + 32 * i, 32);
    const bool right = leads_up(key_hash, proof.sibling_count - 1 - i);
    hash = right ? map_node_hash(sha256, sibling, hash) : map_node_hash(sha256, hash, sibling);
  }
  return hash;
}

}  // namespace

Hash256 map_placeholder() noexcept {
  Hash256 hash;
  std::memcpy(hash.bytes.data(), "SPARSE_MERKLE_PLACEHOLDER_HASH__", 32);
  return hash;
}

Hash256 map_leaf_hash(Sha256Function sha256, const Hash256& key_hash, const Hash256& value_hash) {
  return sha256_of(sha256, {text("JMT::LeafNode"), key_hash.view(), value_hash.view()});
}

Hash256 map_node_hash(Sha256Function sha256, const Hash256& left, const Hash256& right) {
  return sha256_of(sha256, {text("JMT::IntrnalNode"), left.view(), right.view()});
}

const char* to_string(MapProofVerdict verdict) noexcept {
  switch (verdict) {
    case MapProofVerdict::kValid: return "valid";
    case MapProofVerdict::kMalformed: return "malformed proof";
    case MapProofVerdict::kWrongKey: return "proof of another key";
    case MapProofVerdict::kWrongValue: return "proof of another value";
    case MapProofVerdict::kKeyPresent: return "the key is present";
    case MapProofVerdict::kElsewhere: return "proof of another place";
    case MapProofVerdict::kRootMismatch: return "proof under another root";
  }
  return "?";
}

MapProofVerdict verify_present(Sha256Function sha256, const Hash256& root, ByteView key,
                               ByteView value, ByteView proof_bytes) {
  Proof proof;
  if (!parse(proof_bytes, proof)) return MapProofVerdict::kMalformed;
  const Hash256 key_hash = sha256_of(sha256, {key});
  if (!proof.has_leaf || proof.key_hash != key_hash) return MapProofVerdict::kWrongKey;
  if (proof.value_hash != sha256_of(sha256, {value})) return MapProofVerdict::kWrongValue;
  if (root_of(sha256, proof, key_hash) != root) return MapProofVerdict::kRootMismatch;
  return MapProofVerdict::kValid;
}

MapProofVerdict verify_absent(Sha256Function sha256, const Hash256& root, ByteView key,
                              ByteView proof_bytes) {
  Proof proof;
  if (!parse(proof_bytes, proof)) return MapProofVerdict::kMalformed;
  const Hash256 key_hash = sha256_of(sha256, {key});
  if (proof.has_leaf) {
    if (proof.key_hash == key_hash) return MapProofVerdict::kKeyPresent;
    if (common_prefix_bits(proof.key_hash, key_hash) < proof.sibling_count) {
      return MapProofVerdict::kElsewhere;
    }
  }
  if (root_of(sha256, proof, key_hash) != root) return MapProofVerdict::kRootMismatch;
  return MapProofVerdict::kValid;
}

}  // namespace assay::commit
