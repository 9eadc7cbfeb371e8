#include "assay/node/verify_store.hpp"

#include <algorithm>
#include <map>

#include "assay/commit/map_check.hpp"
#include "assay/core/memory_store.hpp"
#include "assay/protocol/apply.hpp"
#include "assay/protocol/archive.hpp"
#include "assay/protocol/layout.hpp"
#include "assay/protocol/view.hpp"
#include "internal/keys.hpp"

namespace assay::node {

namespace {

using protocol::BlockHeader;

std::string block_name(Height height) { return "block " + std::to_string(height.value); }

// A damaged record is a fault; what else fails, an error.
template <class T>
Status absorb(const Result<T>& result, const std::string& where, StoreReport& report) {
  if (result) return {};
  const ErrorCode code = result.error().code;
  if (code != ErrorCode::kIntegrity && code != ErrorCode::kMalformed) return result.error();
  report.fault(where + ": " + result.error().message);
  return {};
}

Status check_body(const KeyValueStore& store, const BlockHeader& header, Height bodies_from,
                  StoreReport& report) {
  const std::pair<std::uint8_t, Hash256> lists[] = {
      {protocol::kTransactionsPrefix, header.tx_root},
      {protocol::kReceiptsPrefix, header.receipts_root}};
  for (const auto& [prefix, root] : lists) {
    const bool transactions = prefix == protocol::kTransactionsPrefix;
    const std::string what =
        block_name(header.height) + (transactions ? "'s transactions" : "'s receipts");
    const auto items = protocol::stored_list(store, prefix, header.height);
    ASSAY_TRY_STATUS(absorb(items, what, report));
    if (!items) continue;
    if (items->has_value() != (header.height >= bodies_from)) {
      report.fault(what + (*items ? " are there, but were pruned" : " are missing"));
    } else if (*items && protocol::list_root(**items) != root) {
      report.fault(what + " do not have the root that the header names");
    }
    if (transactions && *items && !(*items)->empty())
      report.transactions += (*items)->size() - 1;  // the last is the block's misbehaviour
  }
  return {};
}

Status check_genesis(const KeyValueStore& store, const protocol::Genesis& genesis,
                     StoreReport& report) {
  MemoryStore empty;
  ASSAY_TRY(const auto expected, protocol::init_chain(empty, genesis));
  const auto first = stored_header(store, Height{0});
  ASSAY_TRY_STATUS(absorb(first, "the genesis block", report));
  if (first && (!*first || (*first)->header != expected.header))
    report.fault("the genesis block is not that of the genesis record");
  ASSAY_TRY(const auto record, store.get(Bytes{protocol::kGenesisKey}));
  if (record != encode(genesis)) report.fault("the stored genesis record is another one");
  return {};
}

Status check_state(const KeyValueStore& store, StoreReport& report) {
  ASSAY_TRY(const commit::MapReport map, commit::check_map(store, protocol::state_places()));
  for (const std::string& fault : map.faults) report.fault("state: " + fault);
  report.fault_count += map.fault_count - map.faults.size();
  report.records = map.records;
  report.tree_nodes = map.nodes;
  report.old_values = map.before;
  report.oldest_version = Height{map.versions.oldest};
  if (map.root != report.head.state_root)
    report.fault("the records make state root " + to_hex(map.root) + ", but the last block names " +
                 to_hex(report.head.state_root));
  if (map.versions.newest != report.head.height.value) {
    report.fault("the state is of height " + std::to_string(map.versions.newest));
    return {};
  }
  const protocol::StateReader reader(store);
  for (std::uint64_t h = map.versions.oldest; h <= map.versions.newest; ++h) {
    const auto header = reader.header(Height{h});
    const auto root = protocol::state_map(store).root(h);
    ASSAY_TRY_STATUS(absorb(header, block_name(Height{h}), report));
    ASSAY_TRY_STATUS(absorb(root, "state of height " + std::to_string(h), report));
    if (header && root && (!*header || (*header)->state_root != *root))
      report.fault("the tree of height " + std::to_string(h) + " is not that of its block");
  }
  const auto money = protocol::audit_money(store);
  if (!money) return absorb(Result<int>(money.error()), "money", report);
  return {};
}

// The indices say what the state says, no less and no more.
Status check_results(const KeyValueStore& store, StoreReport& report) {
  std::uint64_t results = 0;
  Status status;
  const Status scanned = protocol::scan_results(store, [&](const protocol::RecordedResult& r) {
    ++results;
    const auto bytes = store.get(result_key(r.id));
    if (!bytes) status = bytes.error();
    StoredResult stored;
    if (bytes && (!*bytes || !decode(**bytes, stored) || stored.height != r.height ||
                  stored.verdict != r.verdict || stored.detail != r.detail))
      report.fault("the index has another result of transaction " + to_hex(r.id.value));
    const auto [key, place] = protocol::index_entry(r);
    const auto found = store.get(key);
    if (!found) status = found.error();
    if (found && *found != place)
      report.fault("the index of client ids does not find transaction " + to_hex(r.id.value));
  });
  ASSAY_TRY_STATUS(status);
  if (!scanned) return absorb(Result<int>(scanned.error()), "results", report);
  std::uint64_t indexed = 0;
  ASSAY_TRY_STATUS(store.scan(as_bytes("et"), [&](ByteView, ByteView) { return ++indexed > 0; }));
  std::uint64_t clients = 0;
  ASSAY_TRY_STATUS(store.scan(Bytes{protocol::kResultIndexPrefix},
                              [&](ByteView, ByteView) { return ++clients > 0; }));
  if (clients != results)
    report.fault("the index of client ids has " + std::to_string(clients) + ", the state " +
                 std::to_string(results));
  if (indexed != results)
    report.fault("the index has " + std::to_string(indexed) + " results, the state " +
                 std::to_string(results));
  return {};
}

Status check_keys(const KeyValueStore& store, StoreReport& report) {
  const auto known = [&](ByteView key) {
    if (key.empty()) return false;
    if (key[0] == protocol::kStatePrefix || key[0] == protocol::kMapPrefix) return true;
    if (key[0] == protocol::kResultIndexPrefix) return key.size() == 49;
    if (key[0] == protocol::kHeadKey || key[0] == protocol::kGenesisKey) return key.size() == 1;
    if (key[0] == 'e' && key.size() > 1) {
      if (key[1] == 't') return key.size() == 34;
      if (key[1] == 's') return key.size() == 10;
      return equal_bytes(key, bodies_from_key());
    }
    return key.size() == 9 &&
           (key[0] == protocol::kHeaderPrefix || key[0] == protocol::kTransactionsPrefix ||
            key[0] == protocol::kReceiptsPrefix);
  };
  std::uint64_t headers = 0, seals = 0;
  ASSAY_TRY_STATUS(store.scan({}, [&](ByteView key, ByteView) {
    if (!known(key)) {
      report.fault("a key that no ledger has: " +
                   to_hex(key.first(std::min<std::size_t>(key.size(), 40))));
    } else if (key[0] == protocol::kHeaderPrefix) {
      ++headers;
    } else if (key[0] == 'e' && key[1] == 's') {
      ++seals;
    }
    return true;
  }));
  for (const std::uint64_t count : {headers, seals})
    if (count != report.head.height.value + 1)
      report.fault("there are headers or seals of " + std::to_string(count) +
                   " blocks, but the last is " + block_name(report.head.height));
  return {};
}

// A twin that never crashed: the same blocks, from the beginning.
Status replay(const KeyValueStore& store, const protocol::Genesis& genesis, StoreReport& report,
              Progress* progress) {
  if (report.bodies_from.value != 0)
    return {ErrorCode::kInvalidArgument,
            "blocks below " + std::to_string(report.bodies_from.value) +
                " were pruned, so they cannot be applied again; verify without the replay"};
  MemoryStore twin;
  ASSAY_TRY(protocol::BlockResult result, protocol::init_chain(twin, genesis));
  ASSAY_TRY_STATUS(twin.write(result.batch));
  const protocol::StateReader reader(store);
  for (std::uint64_t h = 1; h <= report.head.height.value; ++h) {
    ASSAY_TRY(const auto header, reader.header(Height{h}));
    ASSAY_TRY(auto transactions, reader.transactions(Height{h}));
    ASSAY_TRY(const auto misbehaviour, reader.misbehaviour(Height{h}));
    if (!header || !transactions || !misbehaviour) return {};  // told already
    ASSAY_TRY(result, protocol::apply(twin, {Height{h}, header->time_ms, header->beacon,
                                             std::move(*transactions), *misbehaviour}));
    if (result.header != *header) {
      report.fault(block_name(Height{h}) + " applied again gives another header");
      return {};
    }
    ASSAY_TRY_STATUS(twin.write(result.batch));
    if (progress != nullptr && !progress->advance(h, report.head.height.value))
      return {ErrorCode::kUnavailable, "stopped"};
  }
  report.replayed = true;
  return {};
}

}  // namespace

Result<std::optional<SignedHeader>> stored_header(const KeyValueStore& store, Height height) {
  ASSAY_TRY(const auto header, protocol::StateReader(store).header(height));
  ASSAY_TRY(const auto seal, store.get(seal_key(height)));
  if (!header || !seal) return std::optional<SignedHeader>{};
  Bytes bytes = encode(*header);
  bytes.insert(bytes.end(), seal->begin(), seal->end());
  ASSAY_TRY(const SignedHeader decoded, decode_signed_header(bytes));
  return std::optional<SignedHeader>{decoded};
}

Result<Height> first_body(const KeyValueStore& store) {
  ASSAY_TRY(const auto bytes, store.get(bodies_from_key()));
  if (!bytes) return Height{0};
  codec::Reader r(*bytes);
  const Height height{r.u64()};
  if (!r.finish()) return {ErrorCode::kIntegrity, "the record of pruned blocks is damaged"};
  return height;
}

Status check_blocks(const KeyValueStore& store, const protocol::Genesis& genesis, Height first,
                    Height last, StoreReport& report, Progress* progress) {
  ASSAY_TRY(const Height bodies_from, first_body(store));
  std::optional<BlockHeader> parent;
  for (std::uint64_t h = first.value; h <= last.value; ++h) {
    const Height height{h};
    const auto found = stored_header(store, height);
    ASSAY_TRY_STATUS(absorb(found, block_name(height), report));
    if (!found || !*found) {
      if (found) report.fault(block_name(height) + " is missing");
      parent.reset();
      continue;
    }
    const BlockHeader& header = (*found)->header;
    const HeaderVerdict verdict = verify_block(genesis, parent ? &*parent : nullptr, **found);
    if (verdict != HeaderVerdict::kValid)
      report.fault(block_name(height) + ": " + to_string(verdict));
    if (header.height != height) report.fault(block_name(height) + " stands at another's place");
    ASSAY_TRY_STATUS(check_body(store, header, bodies_from, report));
    ++report.blocks;
    parent = header;
    if (progress != nullptr && !progress->advance(h - first.value, last.value - first.value))
      return {ErrorCode::kUnavailable, "stopped"};
  }
  ASSAY_TRY(const BlockHeader head, protocol::StateReader(store).head());
  if (last == head.height && parent && *parent != head)
    report.fault("the head is not the last block");
  return {};
}

Result<StoreReport> verify_store(const KeyValueStore& store, const protocol::Genesis& genesis,
                                 const VerifyOptions& options) {
  StoreReport report;
  ASSAY_TRY(report.head, protocol::StateReader(store).head());
  if (report.head.chain != chain_id_of(genesis))
    return {ErrorCode::kConflict, "this store holds chain " + to_hex(report.head.chain.value) +
                                      ", not the genesis record's " +
                                      to_hex(chain_id_of(genesis).value)};
  ASSAY_TRY(report.bodies_from, first_body(store));
  ASSAY_TRY_STATUS(check_genesis(store, genesis, report));
  ASSAY_TRY_STATUS(
      check_blocks(store, genesis, Height{0}, report.head.height, report, options.progress));
  ASSAY_TRY_STATUS(check_state(store, report));
  ASSAY_TRY_STATUS(check_results(store, report));
  ASSAY_TRY_STATUS(check_keys(store, report));
  if (options.replay) ASSAY_TRY_STATUS(replay(store, genesis, report, options.progress));
  return report;
}

}  // namespace assay::node
