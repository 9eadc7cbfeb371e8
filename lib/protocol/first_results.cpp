#include "internal/first_results.hpp"

#include <algorithm>

#include "assay/protocol/archive.hpp"
#include "internal/keys.hpp"
#include "internal/wire.hpp"

namespace assay::protocol::internal {

namespace {

constexpr std::size_t kEntryBytes = 32 + 16 + 32 + 32 + 2 + 1;
constexpr std::size_t kPlaceBytes = 8 + 4;

ClientKey key_of(const AccountId& sender, const ClientId& client) {
  ClientKey key;
  std::memcpy(key.data(), sender.value.bytes.data(), 32);
  std::memcpy(key.data() + 32, client.data(), client.size());
  return key;
}

Bytes index_key(const ClientKey& key) {
  Bytes bytes;
  bytes.reserve(1 + key.size());
  bytes.push_back(kResultIndexPrefix);
  bytes.insert(bytes.end(), key.begin(), key.end());
  return bytes;
}

Bytes record_key(Height height) { return Key(Table::kResult).u64(height.value).bytes(); }

Bytes encode_place(Height height, std::uint32_t position) {
  Bytes place(kPlaceBytes);
  store_le(place.data(), height.value);
  store_le(place.data() + 8, position);
  return place;
}

}  // namespace

void FirstResults::damaged() const {
  m_overlay.fail({ErrorCode::kIntegrity,
                  "a record of first results is damaged: restore the folder or sync it again"});
}

std::optional<FirstResult> FirstResults::entry(ByteView list, std::size_t position) const {
  if ((position + 1) * kEntryBytes > list.size()) {
    damaged();
    return std::nullopt;
  }
  codec::Reader r(list.subspan(position * kEntryBytes, kEntryBytes));
  FirstResult result;
  wire::get(r, result.sender);
  const ByteView client = r.take(result.client.size());
  std::copy(client.begin(), client.end(), result.client.begin());
  wire::get(r, result.id);
  result.content = r.hash();
  const std::uint16_t verdict = r.u16();
  if (verdict > kTxVerdictLast) r.fail();
  result.verdict = static_cast<TxVerdict>(verdict);
  result.detail = r.u8();
  if (r.finish()) return result;
  damaged();
  return std::nullopt;
}

std::optional<FirstResult> FirstResults::find(const AccountId& sender,
                                              const ClientId& client) const {
  const ClientKey key = key_of(sender, client);
  if (!m_added.empty())
    if (const auto found = m_added.find(key); found != m_added.end())
      return entry(m_list, found->second);
  if (m_absent != nullptr && m_absent->has(key)) return std::nullopt;
  auto place = m_store.get(index_key(key));
  if (!place) {
    m_overlay.fail(std::move(place).error());
    return std::nullopt;
  }
  if (!*place) {
    if (m_absent != nullptr) m_absent->add(key);
    return std::nullopt;
  }
  const Bytes& at = **place;
  const Height height{at.size() == kPlaceBytes ? load_le<std::uint64_t>(at.data()) : 0};
  if (m_erased == height) return std::nullopt;
  const Bytes key_of_list = record_key(height);
  const std::optional<Bytes>& list = m_overlay.get(key_of_list);
  if (at.size() != kPlaceBytes || !list) {
    damaged();
    return std::nullopt;
  }
  const auto result = entry(*list, load_le<std::uint32_t>(at.data() + 8));
  m_overlay.drop_long(key_of_list);
  if (result && result->sender == sender && result->client == client) return result;
  damaged();
  return std::nullopt;
}

void FirstResults::scan(const Visitor& visit) const {
  m_overlay.scan(Key(Table::kResult).bytes(), [&](ByteView key, ByteView list) {
    std::uint64_t height = 0;
    for (const std::uint8_t byte : key.subspan(1)) height = height << 8 | byte;
    if (key.size() != 9 || list.empty() || list.size() % kEntryBytes != 0) {
      damaged();
      return false;
    }
    for (std::uint32_t i = 0; i < list.size() / kEntryBytes; ++i) {
      const auto result = entry(list, i);
      if (!result) return false;
      visit(*result, Height{height}, i);
    }
    return true;
  });
}

void FirstResults::add(const FirstResult& result) {
  const auto place = static_cast<std::uint32_t>(m_list.size() / kEntryBytes);
  m_added.emplace(key_of(result.sender, result.client), place);
  m_list.resize(m_list.size() + kEntryBytes);
  codec::FixedSink sink(MutableBytes(m_list).last(kEntryBytes));
  codec::BasicWriter w(sink);
  w.hash(result.sender.value);
  w.raw(result.client);
  w.hash(result.id.value);
  w.hash(result.content);
  w.u16(static_cast<std::uint16_t>(result.verdict));
  w.u8(result.detail);
}

void FirstResults::erase_due(Height height) {
  if (height.value <= horizon().validity_blocks + 1) return;
  const Height due{height.value - horizon().validity_blocks - 1};
  const Bytes key = record_key(due);
  const std::optional<Bytes>& list = m_overlay.get(key);
  if (!list) return;
  for (std::size_t i = 0; i < list->size() / kEntryBytes; ++i)
    if (const auto result = entry(*list, i)) {
      m_erased_keys.push_back(key_of(result->sender, result->client));
      m_forgotten.push_back(result->id);
    }
  m_erased = due;
  m_overlay.erase(key);
}

void FirstResults::put_record(Height height) {
  m_height = height;
  if (!m_list.empty()) m_overlay.put(record_key(height), std::exchange(m_list, {}));
}

// In the order of the keys, which the store likes best.
void FirstResults::put_index(WriteBatch& batch) const {
  for (const ClientKey& key : m_erased_keys)
    if (!m_added.contains(key)) batch.erase(index_key(key));
  std::vector<std::pair<ClientKey, std::uint32_t>> added(m_added.begin(), m_added.end());
  std::sort(added.begin(), added.end());
  for (const auto& [key, position] : added)
    batch.put(index_key(key), encode_place(m_height, position));
}

void FirstResults::written() {
  if (m_absent == nullptr) return;
  for (const auto& [key, position] : m_added) m_absent->erase(key);
}

}  // namespace assay::protocol::internal

namespace assay::protocol {

std::pair<Bytes, Bytes> index_entry(const RecordedResult& result) {
  return {internal::index_key(internal::key_of(result.sender, result.client)),
          internal::encode_place(result.height, result.position)};
}

}  // namespace assay::protocol
