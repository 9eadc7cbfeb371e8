#include "assay/node/chain.hpp"

#include <algorithm>

#include "assay/node/archive.hpp"
#include "assay/node/header.hpp"
#include "assay/node/verify_store.hpp"
#include "assay/protocol/layout.hpp"
#include "internal/keys.hpp"

namespace assay::node {

namespace {

constexpr std::uint64_t kBlocksAtStart = 16;  // that are checked whole

// In the order of the ids, which the store likes best.
void put_results(Height height, const std::vector<protocol::Receipt>& receipts, WriteBatch& batch) {
  std::vector<const protocol::Receipt*> recorded;
  for (const protocol::Receipt& receipt : receipts)
    if (protocol::is_recorded(receipt.verdict) && !receipt.repeated) recorded.push_back(&receipt);
  std::sort(recorded.begin(), recorded.end(),
            [](const auto* a, const auto* b) { return a->id < b->id; });
  for (const protocol::Receipt* receipt : recorded)
    batch.put(result_key(receipt->id),
              encode(StoredResult{height, receipt->verdict, receipt->detail}));
}

void erase_results(std::vector<TxId> forgotten, WriteBatch& batch) {
  std::sort(forgotten.begin(), forgotten.end());
  for (const TxId& id : forgotten) batch.erase(result_key(id));
}

}  // namespace

Result<std::optional<TxOutcome>> stored_outcome(const KeyValueStore& store, const TxId& id) {
  ASSAY_TRY(const auto bytes, store.get(result_key(id)));
  if (!bytes) return std::optional<TxOutcome>{};
  StoredResult result;
  if (!decode(*bytes, result))
    return {ErrorCode::kIntegrity, "the index of transactions on disk is damaged"};
  return std::optional<TxOutcome>{
      TxOutcome{id, result.height, result.verdict, result.detail, false}};
}

Chain::Chain(KeyValueStore& store, const protocol::Genesis& genesis, const ChainOptions& options)
    : m_store(store),
      m_genesis(genesis),
      m_options(options),
      m_id(chain_id_of(genesis)),
      m_reader(store),
      m_machine(store) {}

Result<std::unique_ptr<Chain>> Chain::open(KeyValueStore& store, const protocol::Genesis& genesis,
                                           const MakeSeal& seal, const ChainOptions& options) {
  auto chain = std::unique_ptr<Chain>(new Chain(store, genesis, options));
  ASSAY_TRY_STATUS(chain->start(seal));
  return chain;
}

Status Chain::start(const MakeSeal& seal) {
  ASSAY_TRY_STATUS(clear_unfinished(m_store));
  auto head = m_reader.head();
  if (!head) {
    if (head.error().code != ErrorCode::kNotFound) return std::move(head).error();
    ASSAY_TRY_STATUS(begin(seal));
  } else {
    m_head = *head;
    ASSAY_TRY_STATUS(check_head());
  }
  ASSAY_TRY(m_deadline, m_reader.next_deadline());
  ASSAY_TRY(const auto provable, m_reader.provable_heights());
  m_oldest_version = provable.first;
  ASSAY_TRY(m_bodies_from, first_body(m_store));
  return {};
}

Status Chain::begin(const MakeSeal& seal) {
  ASSAY_TRY(protocol::BlockResult result, protocol::init_chain(m_store, m_genesis));
  ASSAY_ENSURES(result.header.chain == m_id);
  result.batch.put(seal_key(Height{0}), seal(result.header));
  ASSAY_TRY_STATUS(m_store.write(result.batch));
  m_head = result.header;
  return {};
}

Status Chain::check_head() {
  if (m_head.chain != m_id)
    return {ErrorCode::kConflict, "this folder holds chain " + to_hex(m_head.chain.value) +
                                      ", not the genesis record's " + to_hex(m_id.value) +
                                      "; name another folder or the right genesis record"};
  StoreReport report;
  const std::uint64_t last = m_head.height.value;
  ASSAY_TRY_STATUS(check_blocks(m_store, m_genesis, Height{last - std::min(last, kBlocksAtStart)},
                                m_head.height, report));
  ASSAY_TRY(const auto versions, protocol::state_map(m_store).versions());
  if (!versions || versions->newest != last) {
    report.fault("its tree is not that of the last block");
  } else {
    ASSAY_TRY(const Hash256 root, protocol::state_map(m_store).root(last));
    if (root != m_head.state_root)
      report.fault("its tree does not have the last block's state root");
  }
  if (report.fault_count > 0)
    return {ErrorCode::kIntegrity, "the ledger on disk is damaged: " + report.faults[0] +
                                       "; see assayd verify-store, or restore the folder from a "
                                       "copy"};
  if (m_options.audit_at_start) ASSAY_TRY_STATUS(protocol::audit_money(m_store));
  return {};
}

template <class Block>
Result<const protocol::BlockResult*> Chain::apply(const Block& block) {
  m_is_pending = false;
  ASSAY_TRY(m_executed, m_machine.apply(block));
  m_is_pending = true;
  return &m_executed;
}
Result<const protocol::BlockResult*> Chain::execute(const protocol::VerifiedBlock& block) {
  return apply(block);
}
Result<const protocol::BlockResult*> Chain::execute(const protocol::Block& block) {
  return apply(block);
}

Result<protocol::Receipt> Chain::check(const protocol::VerifiedTransaction& transaction) {
  m_is_pending = false;
  return m_machine.check(transaction);
}

Status Chain::commit(Bytes seal) {
  if (!std::exchange(m_is_pending, false))
    return {ErrorCode::kConflict, "there is no executed block to commit"};
  protocol::BlockResult& result = m_executed;
  const Height height = result.header.height;
  WriteBatch batch = std::exchange(result.batch, {});
  batch.put(seal_key(height), std::move(seal));
  put_results(height, result.receipts.receipts, batch);
  erase_results(std::exchange(result.forgotten, {}), batch);
  ASSAY_TRY_STATUS(m_store.write(batch));
  m_machine.written();
  m_head = result.header;
  ASSAY_TRY(m_deadline, m_reader.next_deadline());
  return {};
}

bool Chain::prune_is_due() const {
  const auto beyond = [&](Height from, std::uint64_t keep, std::uint64_t slack) {
    return keep != 0 && m_head.height.value - from.value >= keep + slack;
  };
  return m_prune_goes_on || beyond(m_oldest_version, m_options.keep_versions, kPruneSlack) ||
         beyond(m_bodies_from, m_options.keep_bodies, kPruneSlack);
}

Status Chain::prune() {
  m_is_pending = false;
  const auto oldest = [&](std::uint64_t keep) {
    return m_head.height.value -
           std::min(m_head.height.value, std::max<std::uint64_t>(keep, 1) - 1);
  };
  WriteBatch batch;
  ASSAY_TRY(const commit::MapPruned pruned,
            protocol::state_map(m_store).prune(oldest(m_options.keep_versions),
                                               m_options.prune_erase_max, batch));
  Height bodies = m_bodies_from;
  if (m_options.keep_bodies != 0) {
    const std::uint64_t most = bodies.value + m_options.prune_erase_max / 2;
    bodies.value = std::max(bodies.value, std::min(oldest(m_options.keep_bodies), most));
    for (std::uint64_t h = m_bodies_from.value; h < bodies.value; ++h) {
      batch.erase(protocol::block_key(protocol::kTransactionsPrefix, Height{h}));
      batch.erase(protocol::block_key(protocol::kReceiptsPrefix, Height{h}));
    }
    if (bodies != m_bodies_from)
      batch.put(bodies_from_key(), codec::encode([&](codec::Writer& w) { w.u64(bodies.value); }));
  }
  if (!batch.writes.empty()) ASSAY_TRY_STATUS(m_store.write(batch));
  m_bodies_from = bodies;
  ASSAY_TRY(const auto provable, m_reader.provable_heights());
  m_oldest_version = provable.first;
  m_prune_goes_on = !pruned.finished;
  return {};
}

}  // namespace assay::node
