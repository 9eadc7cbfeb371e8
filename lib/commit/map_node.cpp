#include "internal/map_node.hpp"
#include "assay/codec/buffer.hpp"
#include "assay/crypto/sha256.hpp"

namespace assay::commit::internal {

namespace {

using Kind = MapChild::Kind;

struct Census {
  unsigned present = 0;
  unsigned last = 0;  // the index of one that is present
};

Census census_of(const MapNode& node, unsigned first, unsigned count) {
  Census census;
  for (unsigned i = first; i < first + count; ++i) {
    if (node.children[i].kind == Kind::kEmpty) continue;
    ++census.present;
    census.last = i;
  }
  return census;
}

void write_child(codec::Writer& writer, const MapChild& child) {
  writer.u8(static_cast<std::uint8_t>(child.kind));
  if (child.kind == Kind::kLeaf) {
    writer.hash(child.key_hash);
    writer.hash(child.value_hash);
  } else if (child.kind == Kind::kSubtree) {
    writer.hash(child.hash);
    writer.u64(child.version);
  }
}

MapChild read_child(codec::Reader& reader) {
  const std::uint8_t kind = reader.u8();
  if (kind == static_cast<std::uint8_t>(Kind::kLeaf)) {
    const Hash256 key_hash = reader.hash();
    return make_leaf(key_hash, reader.hash());
  }
  MapChild child;
  if (kind == static_cast<std::uint8_t>(Kind::kSubtree)) {
    child.kind = Kind::kSubtree;
    child.hash = reader.hash();
    child.version = reader.u64();
  } else if (kind != 0) {
    reader.fail();
  }
  return child;
}

}  // namespace

MapChild make_leaf(const Hash256& key_hash, const Hash256& value_hash) {
  MapChild leaf;
  leaf.kind = Kind::kLeaf;
  leaf.hash = map_leaf_hash(crypto::sha256_function(), key_hash, value_hash);
  leaf.key_hash = key_hash;
  leaf.value_hash = value_hash;
  return leaf;
}

Hash256 hash_of(const MapNode& node, unsigned first, unsigned count) {
  const Census census = census_of(node, first, count);
  if (census.present == 0) return map_placeholder();
  const MapChild& one = node.children[census.last];
  if (count == 1 || (census.present == 1 && one.kind == Kind::kLeaf)) return one.hash;
  return map_node_hash(crypto::sha256_function(), hash_of(node, first, count / 2),
                       hash_of(node, first + count / 2, count / 2));
}

MapChild summary_of(const MapNode& node) {
  const Census census = census_of(node, 0, kNodeChildren);
  if (census.present == 0) return {};
  const MapChild& one = node.children[census.last];
  if (census.present == 1 && one.kind == Kind::kLeaf) return one;
  MapChild subtree;
  subtree.kind = Kind::kSubtree;
  subtree.hash = hash_of(node, 0, kNodeChildren);
  return subtree;
}

Bytes encode_child(const MapChild& child) {
  return codec::encode([&](codec::Writer& writer) { write_child(writer, child); });
}

bool decode_child(ByteView bytes, MapChild& out) {
  codec::Reader reader(bytes);
  out = read_child(reader);
  return reader.finish();
}

Bytes encode_node(const MapNode& node) {
  return codec::encode([&](codec::Writer& writer) {
    for (const MapChild& child : node.children) write_child(writer, child);
  });
}

bool decode_node(ByteView bytes, MapNode& out) {
  codec::Reader reader(bytes);
  for (MapChild& child : out.children) child = read_child(reader);
  return reader.finish();
}

}  // namespace assay::commit::internal
