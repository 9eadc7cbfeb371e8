#include "internal/overlay.hpp"

#include <algorithm>

namespace assay::protocol::internal {

namespace {

bool by_key(const Overlay::Record* a, const Overlay::Record* b) {
  return a->first < b->first;  // bytewise: char_traits compares as unsigned
}

}  // namespace

Overlay::Overlay(const KeyValueStore& store, Bytes prefix, RecordTable* table)
    : m_store(store),
      m_prefix(std::move(prefix)),
      m_own(table == nullptr ? std::make_unique<RecordTable>(0) : nullptr),
      m_table(table == nullptr ? *m_own : *table) {}

Overlay::~Overlay() {
  for (const std::vector<Record*>& changed : m_changed)
    for (Record* const record : changed) {
      record->second.changed = false;
      record->second.now.reset();
    }
}

void Overlay::written() {
  for (std::vector<Record*>& changed : m_changed) {
    for (Record* const record : changed) {
      m_table.settle(*record);
      forget_if_long(*record);
    }
    changed.clear();
  }
  m_ordered = {};
}

// A block scans some tables again and again while it changes them, so what was in order is not
// sorted again.
const std::vector<Overlay::Record*>& Overlay::in_order(std::size_t letter) const {
  std::vector<Record*>& all = m_changed[letter];
  const auto fresh = all.begin() + static_cast<std::ptrdiff_t>(m_ordered[letter]);
  if (all.end() - fresh == 1) {
    std::rotate(std::upper_bound(all.begin(), fresh, *fresh, by_key), fresh, all.end());
  } else if (fresh != all.end()) {
    std::sort(fresh, all.end(), by_key);
    std::inplace_merge(all.begin(), fresh, all.end(), by_key);
  }
  m_ordered[letter] = all.size();
  return all;
}

void Overlay::drop_long(ByteView key) const {
  if (const Record* const known = m_table.find(key); known != nullptr && !known->second.changed)
    forget_if_long(*known);
}

void Overlay::forget_if_long(const Record& record) const {
  if (record.second.stored && record.second.stored->size() > kLongRecordBytes)
    m_table.forget(record);
}

Bytes Overlay::stored_key(ByteView key) const {
  Bytes full;
  full.reserve(m_prefix.size() + key.size());
  full.insert(full.end(), m_prefix.begin(), m_prefix.end());
  full.insert(full.end(), key.begin(), key.end());
  return full;
}

void Overlay::fail(Error error) const {
  if (m_status) m_status = std::move(error);
}

Overlay::Record& Overlay::record(ByteView key) const {
  if (Record* const known = m_table.find(key)) return *known;
  auto found = m_store.get(stored_key(key));
  if (found) return *m_table.add(key, std::move(*found));
  fail(std::move(found).error());
  m_unread.second = {};
  return m_unread;
}

void Overlay::set(const Bytes& key, Value value) {
  Record& changed = record(key);
  if (!m_status) return;
  if (!changed.second.changed) m_changed[letter_of(key)].push_back(&changed);
  changed.second.changed = true;
  changed.second.now = std::move(value);
}

std::vector<const Overlay::Record*> Overlay::changes() const {
  std::vector<const Record*> all;
  for (std::size_t letter = 0; letter < kLetters; ++letter) {
    const std::vector<Record*>& changed = in_order(letter);
    all.insert(all.end(), changed.begin(), changed.end());
  }
  return all;
}

void Overlay::scan(ByteView prefix, const Visitor& visit) const {
  const auto text = [](ByteView bytes) {
    return std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  };
  std::vector<const Record*> changes;
  const std::vector<Record*>& all = in_order(letter_of(prefix));
  const auto is_before = [&](const Record* record, ByteView key) {
    return record->first < text(key);
  };
  for (auto at = std::lower_bound(all.begin(), all.end(), prefix, is_before);
       at != all.end() && (*at)->first.starts_with(text(prefix)); ++at)
    changes.push_back(*at);
  auto changed = changes.begin();
  bool wanted = true;
  const auto emit = [&](const Record& record) {
    if (record.second.now) wanted = visit(RecordTable::key_of(record), *record.second.now);
  };
  Status scanned = m_store.scan(stored_key(prefix), [&](ByteView full, ByteView value) {
    const ByteView key = full.subspan(m_prefix.size());
    for (; wanted && changed != changes.end() && (*changed)->first < text(key); ++changed)
      emit(**changed);
    if (!wanted) return false;
    if (changed != changes.end() && (*changed)->first == text(key)) {
      emit(**changed++);
    } else {
      wanted = visit(key, value);
    }
    return wanted;
  });
  if (!scanned) fail(std::move(scanned).error());
  for (; wanted && changed != changes.end(); ++changed) emit(**changed);
}

}  // namespace assay::protocol::internal
