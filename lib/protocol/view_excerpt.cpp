// Views that prove themselves: the records that a view is read from, and the same reader over them.
#include <algorithm>
#include <map>
#include <string>

#include "assay/crypto/sha256.hpp"
#include "assay/protocol/layout.hpp"
#include "assay/protocol/view.hpp"

namespace assay::protocol {

namespace {

// Compares as unsigned bytes.
std::string_view text_of(ByteView bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// Reads through to a store, and notes which records of the state were asked for.
class NotingStore final : public KeyValueStore {
 public:
  explicit NotingStore(const KeyValueStore& store) : m_store(store) {}

  Result<std::optional<Bytes>> get(ByteView key) const override {
    ASSAY_TRY(auto value, m_store.get(key));
    note(key, value);
    return value;
  }
  Status scan(ByteView prefix,
              const std::function<bool(ByteView, ByteView)>& visit) const override {
    return m_store.scan(prefix, [&](ByteView key, ByteView value) {
      note(key, to_bytes(value));
      return visit(key, value);
    });
  }
  Status write(const WriteBatch&) override {
    return {ErrorCode::kUnsupported, "this store is for reading"};
  }

  // Ascending by key.
  [[nodiscard]] std::vector<commit::MapEntry> take() {
    std::vector<commit::MapEntry> entries;
    for (auto& [key, value] : m_noted)
      entries.push_back({to_bytes(as_bytes(key)), std::move(value)});
    return entries;
  }

 private:
  void note(ByteView key, std::optional<Bytes> value) const {
    if (!key.empty() && key.front() == kStatePrefix)
      m_noted.emplace(text_of(key.subspan(1)), std::move(value));
  }

  const KeyValueStore& m_store;
  mutable std::map<std::string, std::optional<Bytes>> m_noted;
};

// A head and some records of the state under it. What else is asked for is an error: nothing is
// taken for absent but what was shown to be.
class ExcerptStore final : public KeyValueStore {
 public:
  ExcerptStore(const BlockHeader& head, const commit::MapExcerpt& excerpt)
      : m_head(encode(head)), m_entries(excerpt.entries) {}

  Result<std::optional<Bytes>> get(ByteView key) const override {
    if (key.size() == 1 && key.front() == kHeadKey) return std::optional<Bytes>(m_head);
    if (!key.empty() && key.front() == kStatePrefix) {
      const auto at = first_from(key.subspan(1));
      if (at != m_entries.end() && text_of(at->key) == text_of(key.subspan(1))) return at->value;
    }
    return {ErrorCode::kIntegrity, "a record that the view takes was left out"};
  }
  // As many as there are: who asks knows how many there should be.
  Status scan(ByteView prefix,
              const std::function<bool(ByteView, ByteView)>& visit) const override {
    ASSAY_EXPECTS(!prefix.empty() && prefix.front() == kStatePrefix);
    const ByteView name = prefix.subspan(1);
    for (auto at = first_from(name);
         at != m_entries.end() && text_of(at->key).starts_with(text_of(name)); ++at) {
      if (!at->value) continue;
      Bytes full{kStatePrefix};
      full.insert(full.end(), at->key.begin(), at->key.end());
      if (!visit(full, *at->value)) break;
    }
    return {};
  }
  Status write(const WriteBatch&) override {
    return {ErrorCode::kUnsupported, "an excerpt is for reading"};
  }

 private:
  [[nodiscard]] std::vector<commit::MapEntry>::const_iterator first_from(ByteView key) const {
    return std::lower_bound(m_entries.begin(), m_entries.end(), key,
                            [](const commit::MapEntry& entry, ByteView name) {
                              return text_of(entry.key) < text_of(name);
                            });
  }

  Bytes m_head;
  const std::vector<commit::MapEntry>& m_entries;
};

}  // namespace

Result<commit::MapExcerpt> StateReader::view_excerpt(const AccountId& self, const KnownMoves& known,
                                                     const Principals& principals) const {
  NotingStore noting(m_store);
  ASSAY_TRY(const View read, StateReader(noting).view(self, known, principals));
  commit::MapExcerpt excerpt;
  excerpt.entries = noting.take();
  std::vector<Bytes> keys;
  keys.reserve(excerpt.entries.size());
  for (const commit::MapEntry& entry : excerpt.entries) keys.push_back(entry.key);
  ASSAY_TRY(excerpt.proof, state_map(m_store).prove_all(keys, read.head.height.value));
  return excerpt;
}

Result<View> read_view(const BlockHeader& head, const commit::MapExcerpt& excerpt,
                       const AccountId& self, const KnownMoves& known,
                       const Principals& principals) {
  const auto verdict = commit::verify_all(crypto::sha256_function(), head.state_root, excerpt);
  if (verdict != commit::MapProofVerdict::kValid)
    return {ErrorCode::kIntegrity,
            std::string("what the ledger is said to hold is not under its header's root: ") +
                to_string(verdict)};
  const ExcerptStore store(head, excerpt);
  return StateReader(store).view(self, known, principals);
}

}  // namespace assay::protocol
