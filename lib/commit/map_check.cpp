#include "assay/commit/map_check.hpp"

#include <algorithm>
#include <map>

#include "assay/core/memory_store.hpp"
#include "assay/crypto/sha256.hpp"
#include "internal/map_store.hpp"

namespace assay::commit {

namespace {

using internal::MapChild;
using internal::MapNode;
using internal::MapTable;
using Kind = MapChild::Kind;

struct Entry {
  Hash256 key_hash;
  Hash256 value_hash;
};

// The definition of the root, on entries by ascending key hash: no node is looked at.
Hash256 defined_root(std::span<const Entry> entries, unsigned depth = 0) {
  const Sha256Function sha256 = crypto::sha256_function();
  if (entries.empty()) return map_placeholder();
  if (entries.size() == 1) return map_leaf_hash(sha256, entries[0].key_hash, entries[0].value_hash);
  const auto middle = std::partition_point(
      entries.begin(), entries.end(), [&](const Entry& e) { return !leads_up(e.key_hash, depth); });
  const auto left = static_cast<std::size_t>(middle - entries.begin());
  return map_node_hash(sha256, defined_root(entries.first(left), depth + 1),
                       defined_root(entries.subspan(left), depth + 1));
}

class Check {
 public:
  Check(const KeyValueStore& store, const MapPlaces& places) : m_store(store, places) {}

  Result<MapReport> run() {
    const auto versions = m_store.versions();
    if (!versions) return absorb(versions.error());
    if (!*versions) {
      fault("it holds no version");
      return std::move(m_report);
    }
    m_report.versions = **versions;
    ASSAY_TRY_STATUS(read_records());
    // Downwards, so that a node is met first in the last version that needs it.
    const std::uint64_t count = m_report.versions.newest - m_report.versions.oldest + 1;
    for (std::uint64_t i = 0; i < count && m_report.fault_count < kMaxMapFaults; ++i)
      ASSAY_TRY_STATUS(walk_version(m_report.versions.newest - i));
    ASSAY_TRY_STATUS(read_stale());
    ASSAY_TRY_STATUS(read_nodes());
    ASSAY_TRY_STATUS(read_before());
    return std::move(m_report);
  }

 private:
  void fault(std::string what) {
    ++m_report.fault_count;
    if (m_report.faults.size() < kMaxMapFaults) m_report.faults.push_back(std::move(what));
  }
  Result<MapReport> absorb(const Error& error) {
    if (error.code != ErrorCode::kIntegrity) return error;
    fault(error.message);
    return std::move(m_report);
  }
  [[nodiscard]] std::size_t prefix_size() const { return m_store.places().nodes.size(); }

  Status read_records() {
    const Bytes& prefix = m_store.places().records;
    std::vector<Entry> entries;
    ASSAY_TRY_STATUS(m_store.store().scan(prefix, [&](ByteView key, ByteView value) {
      entries.push_back({crypto::sha256(key.subspan(prefix.size())), crypto::sha256(value)});
      return true;
    }));
    std::sort(entries.begin(), entries.end(),
              [](const Entry& a, const Entry& b) { return a.key_hash < b.key_hash; });
    m_report.records = entries.size();
    m_report.root = defined_root(entries);
    return {};
  }

  Status walk_version(std::uint64_t version) {
    const auto top = m_store.top(version);
    if (!top) return tell("version " + std::to_string(version), top.error());
    if (version == m_report.versions.newest) {
      const Hash256 root = top->kind == Kind::kEmpty ? map_placeholder() : top->hash;
      if (root != m_report.root)
        fault("the tree's root is " + to_hex(root) + ", but the records make " +
              to_hex(m_report.root));
    }
    return walk(*top, version, Hash256{}, 0);
  }

  // Everything below a subtree that was not met in a later version.
  Status walk(const MapChild& child, std::uint64_t version, Hash256 place, unsigned depth) {
    if (child.kind != Kind::kSubtree) return {};
    const Bytes key = internal::node_key(child.version, place, depth);
    if (!m_needed_until.emplace(key, version).second) return {};
    const auto node = m_store.node(child, place, depth);
    if (!node) return tell("node " + to_hex(key), node.error());
    for (unsigned i = 0; i < internal::kNodeChildren; ++i) {
      const unsigned shift = depth % 2 == 0 ? 4 : 0;
      std::uint8_t& byte = place.bytes[depth / 2];
      byte = static_cast<std::uint8_t>((byte & ~(15u << shift)) | i << shift);
      ASSAY_TRY_STATUS(walk(node->children[i], version, place, depth + 1));
    }
    return {};
  }

  Status tell(const std::string& where, const Error& error) {
    if (error.code != ErrorCode::kIntegrity) return error;
    fault(where + ": " + error.message);
    return {};
  }

  Status read_stale() {
    const Bytes prefix = m_store.full(internal::map_key(MapTable::kStale));
    return m_store.store().scan(prefix, [&](ByteView at, ByteView list) {
      const ByteView rest = at.subspan(prefix.size());
      const auto wrong = [&](const char* why) {
        fault("stale list " + to_hex(rest) + why);
        return true;
      };
      if (rest.size() != 12 || internal::load_version(rest.data()) > m_report.versions.newest)
        return wrong(" is of no version");
      if (list.empty()) return wrong(" is empty");
      while (!list.empty()) {
        const std::optional<ByteView> key = internal::take_stale(list);
        if (!key) return wrong(" is damaged");
        ++m_report.stale;
        if (!m_stale_since.emplace(to_bytes(*key), internal::load_version(rest.data())).second)
          wrong(" has a key that is stale already");
      }
      return true;
    });
  }

  // From which version on nobody needs a key, by its stale entry; takes the entry.
  std::optional<std::uint64_t> take_stale(const Bytes& key) {
    const auto entry = m_stale_since.extract(key);
    if (entry.empty()) return std::nullopt;
    return entry.mapped();
  }

  // Each node is needed up to the version before its stale entry's; those of the head have none.
  Status read_nodes() {
    const Bytes prefix = m_store.full(internal::map_key(MapTable::kNode));
    return m_store.store().scan(prefix, [&](ByteView key, ByteView) {
      ++m_report.nodes;
      const Bytes at = to_bytes(key.subspan(prefix_size()));
      const auto since = take_stale(at);
      const auto needed = m_needed_until.find(at);
      if (needed == m_needed_until.end()) {
        if (!since || *since > m_report.versions.oldest)
          fault("node " + to_hex(at) + " belongs to no version and will not be pruned");
      } else if (needed->second == m_report.versions.newest ? since.has_value()
                                                            : since != needed->second + 1) {
        fault("node " + to_hex(at) + " is needed to version " + std::to_string(needed->second) +
              ", but would be pruned " +
              (since ? "with version " + std::to_string(*since) : "never"));
      }
      return true;
    });
  }

  // What a version replaced must be what the version before had.
  Status read_before() {
    const Bytes prefix = m_store.full(internal::map_key(MapTable::kBefore));
    ASSAY_TRY_STATUS(m_store.store().scan(prefix, [&](ByteView key, ByteView value) {
      ++m_report.before;
      const Bytes at = to_bytes(key.subspan(prefix_size()));
      const auto since = take_stale(at);
      if (!since || !before_holds(*since, key.subspan(prefix.size()), value))
        fault("old value " + to_hex(at) + " is not what the version before had");
      return true;
    }));
    for (const auto& [key, since] : m_stale_since)
      fault("stale entry of " + to_hex(key) + ", which is gone");
    return {};
  }

  bool before_holds(std::uint64_t since, ByteView rest, ByteView value) {
    if (rest.size() != 40) return false;
    const std::uint64_t version = internal::load_version(rest.data() + 32);
    if (version != since) return false;
    if (version <= m_report.versions.oldest) return true;  // about to be pruned
    Hash256 key_hash;
    std::copy_n(rest.begin(), 32, key_hash.bytes.begin());
    std::vector<Hash256> siblings;
    const auto child = internal::find(m_store, version - 1, key_hash, siblings);
    if (!child) return false;
    return child->kind == Kind::kLeaf && child->key_hash == key_hash &&
           child->value_hash == crypto::sha256(value);
  }

  internal::MapStore m_store;
  MapReport m_report;
  using ByKey = std::map<Bytes, std::uint64_t, MemoryStore::Bytewise>;
  ByKey m_needed_until;  // nodes: the last version that needs them
  ByKey m_stale_since;
};

}  // namespace

Result<MapReport> check_map(const KeyValueStore& store, const MapPlaces& places) {
  return Check(store, places).run();
}

}  // namespace assay::commit
