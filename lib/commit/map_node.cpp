#include "internal/map_node.hpp"

#include <bit>

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

template <class Writer>
void write_child(Writer& writer, const MapChild& child) {
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

bool decode_node(ByteView bytes, MapNode& out) {
  codec::Reader reader(bytes);
  for (MapChild& child : out.children) child = read_child(reader);
  return reader.finish();
}

namespace {

constexpr std::size_t kFewChildren = 3;  // whose inner hashes are not worth keeping
constexpr std::size_t kChildBytesMax = 65;

constexpr unsigned mask_of(unsigned first, unsigned count) { return ((1u << count) - 1) << first; }

}  // namespace

LiveNode::LiveNode(const MapNode& node) {
  for (unsigned i = 0; i < kNodeChildren; ++i) set(i, node.children[i]);
}

std::size_t LiveNode::rank(unsigned index) const noexcept {
  return static_cast<std::size_t>(std::popcount(m_present & mask_of(0, index)));
}

MapChild LiveNode::child(unsigned index) const {
  return (m_present >> index & 1) != 0 ? m_children[rank(index)] : MapChild{};
}

void LiveNode::set(unsigned index, const MapChild& child) {
  const auto at = m_children.begin() + static_cast<std::ptrdiff_t>(rank(index));
  const auto bit = static_cast<std::uint16_t>(1u << index);
  const bool there = (m_present & bit) != 0;
  const bool stays = child.kind != Kind::kEmpty;
  if (there && stays) {
    *at = child;
  } else if (stays) {
    m_children.insert(at, child);
  } else if (there) {
    m_children.erase(at);
  }
  m_present = static_cast<std::uint16_t>(stays ? m_present | bit : m_present & ~bit);
  m_leaves =
      static_cast<std::uint16_t>(child.kind == Kind::kLeaf ? m_leaves | bit : m_leaves & ~bit);
  for (unsigned place = (kNodeChildren + index) / 2; place > 0; place /= 2)
    m_known = static_cast<std::uint16_t>(m_known & ~(1u << place));
}

// Of children [first, first + count), which stand below inner hash `place`.
Hash256 LiveNode::hash_at(unsigned place, unsigned first, unsigned count) {
  const unsigned present = m_present & mask_of(first, count);
  if (present == 0) return map_placeholder();
  const bool lone = (present & (present - 1)) == 0;
  if (count == 1 || (lone && (present & m_leaves) != 0))
    return m_children[rank(static_cast<unsigned>(std::countr_zero(present)))].hash;
  if ((m_known >> place & 1) != 0) return (*m_inner)[place];
  const Hash256 hash =
      map_node_hash(crypto::sha256_function(), hash_at(2 * place, first, count / 2),
                    hash_at(2 * place + 1, first + count / 2, count / 2));
  if (m_children.size() > kFewChildren) {
    if (!m_inner) m_inner = std::make_unique<Inner>();
    (*m_inner)[place] = hash;
    m_known = static_cast<std::uint16_t>(m_known | 1u << place);
  }
  return hash;
}

MapChild LiveNode::summary() {
  if (m_children.empty()) return {};
  if (m_children.size() == 1 && m_leaves != 0) return m_children[0];
  MapChild subtree;
  subtree.kind = Kind::kSubtree;
  subtree.hash = hash_at(1, 0, kNodeChildren);
  return subtree;
}

Bytes LiveNode::encode() const {
  Bytes bytes(kNodeChildren + m_children.size() * (kChildBytesMax - 1));
  codec::FixedSink sink(bytes);
  codec::BasicWriter writer(sink);
  auto next = m_children.begin();
  for (unsigned i = 0; i < kNodeChildren; ++i)
    write_child(writer, (m_present >> i & 1) != 0 ? *next++ : MapChild{});
  bytes.resize(sink.written().size());
  return bytes;
}

std::size_t LiveNode::memory_bytes() const noexcept {
  return sizeof(LiveNode) + m_children.capacity() * sizeof(MapChild) +
         (m_inner ? sizeof(Inner) : 0);
}

}  // namespace assay::commit::internal
