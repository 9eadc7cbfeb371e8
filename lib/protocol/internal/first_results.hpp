// The first results of client ids: one record of the state for each block that has any, and an
// index that says in which block, and where in its record, a client id's is. The index follows from
// the records alone, so no root covers it.
#pragma once

#include <map>
#include <unordered_map>
#include <unordered_set>

#include "assay/protocol/block.hpp"
#include "internal/overlay.hpp"

namespace assay::protocol::internal {

struct FirstResult {
  AccountId sender;
  ClientId client{};
  TxId id;
  Hash256 content;
  TxVerdict verdict{};
  std::uint8_t detail = 0;
};

// An account and its client id.
using ClientKey = std::array<std::uint8_t, 48>;
// (Not noexcept: as RecordTable::Hasher.)
struct ClientKeyHasher {
  std::size_t operator()(const ClientKey& key) const {
    return std::hash<std::string_view>()(
        std::string_view(reinterpret_cast<const char*>(key.data()), key.size()));
  }
};

// Client ids that the store was seen to lack, so that a block need not ask again.
class AbsentClients {
 public:
  explicit AbsentClients(std::size_t count_max) : m_count_max(count_max) {}
  [[nodiscard]] bool has(const ClientKey& key) const { return m_keys.contains(key); }
  void add(const ClientKey& key) {
    if (m_keys.size() >= m_count_max) m_keys.clear();
    m_keys.insert(key);
  }
  void erase(const ClientKey& key) { m_keys.erase(key); }

 private:
  std::size_t m_count_max;
  std::unordered_set<ClientKey, ClientKeyHasher> m_keys;
};

class FirstResults {
 public:
  // `overlay` holds the records. `absent`, if given, is of the same store and outlives this.
  FirstResults(const KeyValueStore& store, Overlay& overlay, AbsentClients* absent)
      : m_store(store), m_overlay(overlay), m_absent(absent) {}

  [[nodiscard]] std::optional<FirstResult> find(const AccountId& sender,
                                                const ClientId& client) const;
  // Every one, with the height of its block and its place in that block's record.
  using Visitor = std::function<void(const FirstResult&, Height, std::uint32_t)>;
  void scan(const Visitor& visit) const;

  // Of a client id that find() does not know.
  void add(const FirstResult& result);
  // Once a block, before and after its transactions: forgets what is due by `height`, and puts the
  // record of what was added.
  void erase_due(Height height);
  void put_record(Height height);
  // The transactions of what erase_due() forgot.
  [[nodiscard]] const std::vector<TxId>& forgotten() const noexcept { return m_forgotten; }
  // The changes of the index.
  void put_index(WriteBatch& batch) const;
  // All of it is in the store.
  void written();

 private:
  void damaged() const;
  [[nodiscard]] std::optional<FirstResult> entry(ByteView list, std::size_t position) const;

  const KeyValueStore& m_store;
  Overlay& m_overlay;
  AbsentClients* m_absent;
  Bytes m_list;                                                           // of this block
  std::unordered_map<ClientKey, std::uint32_t, ClientKeyHasher> m_added;  // -> place in the list
  Height m_height;                                                        // of the list
  std::optional<Height> m_erased;
  std::vector<ClientKey> m_erased_keys;
  std::vector<TxId> m_forgotten;
};

}  // namespace assay::protocol::internal
