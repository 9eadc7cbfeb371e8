#include "assay/commit/map_proof.hpp"
#include "assay/core/memory_store.hpp"
#include "assay/crypto/sha256.hpp"
#include "assay/node/archive.hpp"
#include "assay/protocol/apply.hpp"
#include "assay/protocol/archive.hpp"
#include "assay/protocol/layout.hpp"
#include "internal/keys.hpp"

namespace assay::node {

namespace {

constexpr std::size_t kBatchBytes = std::size_t{4} << 20;
constexpr std::size_t kClearedKeyBytes = std::size_t{32} << 20;  // in a batch

Error contradiction(const std::string& what) {
  return {ErrorCode::kIntegrity, "the archive is not of a sound ledger: " + what};
}

class Import final : public ArchiveVisitor {
 public:
  // `expected`: the head that it must have, if that is known.
  Import(const protocol::Genesis& genesis, const protocol::BlockHeader* expected,
         KeyValueStore& store)
      : m_genesis(genesis), m_expected(expected), m_store(store) {}
  [[nodiscard]] const protocol::BlockHeader& head() const { return m_head; }

  Status genesis(const protocol::Genesis& genesis) override {
    if (encode(genesis) == encode(m_genesis)) return {};
    return {ErrorCode::kConflict, "the archive is of chain " + to_hex(chain_id_of(genesis).value) +
                                      ", not of " + to_hex(chain_id_of(m_genesis).value) +
                                      ", which this node's genesis record makes"};
  }

  Status block(const ArchiveBlock& block) override {
    const protocol::BlockHeader& header = block.header.header;
    const std::string name = "block " + std::to_string(header.height.value);
    const HeaderVerdict verdict = verify_block(m_genesis, m_any ? &m_head : nullptr, block.header);
    if (verdict != HeaderVerdict::kValid) return contradiction(name + ": " + to_string(verdict));
    if (!m_any) ASSAY_TRY_STATUS(check_first(header));
    m_any = true;
    m_head = header;
    put(protocol::block_key(protocol::kHeaderPrefix, header.height), encode(header));
    put(seal_key(header.height),
        encode_seal(block.header.beacon_signature, block.header.signature));
    if (block.has_body) {
      if (protocol::list_root(block.transactions) != header.tx_root ||
          protocol::list_root(block.receipts) != header.receipts_root)
        return contradiction(name + ": its transactions or receipts are not those of its header");
      put(protocol::block_key(protocol::kTransactionsPrefix, header.height),
          protocol::encode_list(block.transactions));
      put(protocol::block_key(protocol::kReceiptsPrefix, header.height),
          protocol::encode_list(block.receipts));
    } else {
      if (m_bodies_from.value != header.height.value)
        return contradiction(name + " lacks its transactions, though earlier ones have theirs");
      m_bodies_from = Height{header.height.value + 1};
    }
    return write_if_full();
  }

  Status records(std::span<const ArchiveRecord> records) override {
    ASSAY_TRY_STATUS(flush());
    std::vector<commit::MapChange> changes;
    for (const ArchiveRecord& record : records)
      changes.push_back({to_bytes(record.key), to_bytes(record.value)});
    ASSAY_TRY(m_root, protocol::state_map(m_store).load(m_head.height.value, changes, m_batch));
    return flush();
  }

  Status end() override {
    ASSAY_TRY_STATUS(flush());
    if (m_expected != nullptr && m_head != *m_expected)
      return contradiction("its last block is not the one that was to come");
    if (m_root != m_head.state_root)
      return contradiction("its records make state root " + to_hex(m_root) +
                           ", but its last block names " + to_hex(m_head.state_root));
    if (const Status money = protocol::audit_money(m_store); !money) return money;
    ASSAY_TRY_STATUS(index_results());
    put(bodies_from_key(), codec::encode([&](codec::Writer& w) { w.u64(m_bodies_from.value); }));
    put(Bytes{protocol::kGenesisKey}, encode(m_genesis));
    put(Bytes{protocol::kHeadKey}, encode(m_head));  // now it is a ledger
    m_batch.erase(unfinished_key());
    return flush();
  }

 private:
  Status check_first(const protocol::BlockHeader& header) const {
    MemoryStore empty;
    ASSAY_TRY(const auto expected, protocol::init_chain(empty, m_genesis));
    if (expected.header == header) return {};
    return contradiction("its first block is not that of the genesis record");
  }

  Status index_results() {
    Status status;
    ASSAY_TRY_STATUS(protocol::scan_results(m_store, [&](const protocol::RecordedResult& r) {
      if (!status) return;
      put(result_key(r.id), encode(StoredResult{r.height, r.verdict, r.detail}));
      auto [key, place] = protocol::index_entry(r);
      put(std::move(key), std::move(place));
      status = write_if_full();
    }));
    return status;
  }

  void put(Bytes key, Bytes value) {
    m_bytes += key.size() + value.size();
    m_batch.put(std::move(key), std::move(value));
  }
  Status write_if_full() { return m_bytes < kBatchBytes ? Status{} : flush(); }
  Status flush() {
    const WriteBatch batch = std::exchange(m_batch, {});
    m_bytes = 0;
    return m_store.write(batch);
  }

  const protocol::Genesis& m_genesis;
  const protocol::BlockHeader* const m_expected;
  KeyValueStore& m_store;
  WriteBatch m_batch;
  std::size_t m_bytes = 0;
  bool m_any = false;
  protocol::BlockHeader m_head;
  Height m_bodies_from;
  Hash256 m_root = commit::map_placeholder();
};

// All but the mark.
Status clear(KeyValueStore& store) {
  for (bool all = false; !all;) {
    WriteBatch batch;
    std::size_t bytes = 0;
    all = true;
    ASSAY_TRY_STATUS(store.scan({}, [&](ByteView key, ByteView) {
      if (equal_bytes(key, unfinished_key())) return true;
      batch.erase(to_bytes(key));
      bytes += key.size();
      all = bytes < kClearedKeyBytes;
      return all;
    }));
    ASSAY_TRY_STATUS(store.write(batch));
  }
  return {};
}

}  // namespace

Status clear_unfinished(KeyValueStore& store) {
  ASSAY_TRY(const auto mark, store.get(unfinished_key()));
  if (!mark) return {};
  ASSAY_TRY_STATUS(clear(store));
  WriteBatch batch;
  batch.erase(unfinished_key());
  return store.write(batch);
}

Status replace_by_archive(ByteView bytes, const protocol::Genesis& genesis,
                          const protocol::BlockHeader& head, KeyValueStore& store) {
  WriteBatch begin;
  begin.erase(Bytes{protocol::kHeadKey});
  begin.put(unfinished_key(), {});
  ASSAY_TRY_STATUS(store.write(begin));
  ASSAY_TRY_STATUS(clear(store));
  Import import(genesis, &head, store);
  const Status done = read_archive(bytes, import);
  if (!done && is_refusal_of_archive(done.error().code)) ASSAY_TRY_STATUS(clear_unfinished(store));
  return done;
}

Result<protocol::BlockHeader> import_archive(ByteView bytes, const protocol::Genesis& genesis,
                                             KeyValueStore& store) {
  bool any = false;
  ASSAY_TRY_STATUS(store.scan({}, [&](ByteView, ByteView) {
    any = true;
    return false;
  }));
  if (any) return {ErrorCode::kAlreadyExists, "an archive is imported into an empty store only"};
  Import import(genesis, nullptr, store);
  ASSAY_TRY_STATUS(read_archive(bytes, import));
  return import.head();
}

}  // namespace assay::node
