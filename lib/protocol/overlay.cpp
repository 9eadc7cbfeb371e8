#include "internal/overlay.hpp"

namespace assay::protocol::internal {

Bytes Overlay::stored_key(ByteView key) const {
  Bytes full = m_prefix;
  full.insert(full.end(), key.begin(), key.end());
  return full;
}

void Overlay::fail(Error error) const {
  if (m_status) m_status = std::move(error);
}

std::optional<Bytes> Overlay::get_stored(ByteView key) const {
  auto found = m_store.get(stored_key(key));
  if (found) return std::move(*found);
  fail(std::move(found).error());
  return std::nullopt;
}

std::optional<Bytes> Overlay::get(ByteView key) const {
  if (const auto it = m_changes.find(to_bytes(key)); it != m_changes.end()) return it->second;
  return get_stored(key);
}

void Overlay::scan(ByteView prefix, const Visitor& visit) const {
  const MemoryStore::Bytewise less;
  auto changed = m_changes.lower_bound(to_bytes(prefix));
  const auto in_range = [&] {
    return changed != m_changes.end() && changed->first.size() >= prefix.size() &&
           equal_bytes(ByteView(changed->first).first(prefix.size()), prefix);
  };
  bool wanted = true;
  // Changes below `bound` (all of them without one), in order.
  const auto emit_changes = [&](const Bytes* bound) {
    for (; wanted && in_range() && (bound == nullptr || less(changed->first, *bound)); ++changed)
      if (changed->second) wanted = visit(changed->first, *changed->second);
  };
  Status scanned = m_store.scan(stored_key(prefix), [&](ByteView full, ByteView value) {
    const Bytes key = to_bytes(full.subspan(m_prefix.size()));
    emit_changes(&key);
    if (!wanted) return false;
    if (in_range() && changed->first == key) {
      if (changed->second) wanted = visit(changed->first, *changed->second);
      ++changed;
    } else {
      wanted = visit(key, value);
    }
    return wanted;
  });
  if (!scanned) fail(std::move(scanned).error());
  emit_changes(nullptr);
}

}  // namespace assay::protocol::internal
