#include "assay/node/ledger_node.hpp"

#include <algorithm>

#include "assay/node/verify_store.hpp"
#include "assay/protocol/layout.hpp"
#include "internal/keys.hpp"

namespace assay::node {

namespace {

constexpr std::uint64_t kBlocksAtStart = 16;  // that are checked whole

Error dead(const Error& why) {
  return {ErrorCode::kUnavailable, "the node has stopped (" + why.message + "); start it again"};
}

TxOutcome outcome_from(const protocol::Receipt& receipt) {
  return {receipt.id, Height{0}, receipt.verdict, receipt.detail, receipt.repeated};
}

}  // namespace

LedgerNode::LedgerNode(KeyValueStore& store, const protocol::Genesis& genesis,
                       const crypto::KeyPair& operator_key, const Clock& clock, Log& log,
                       const NodeOptions& options)
    : m_store(store),
      m_genesis(genesis),
      m_key(operator_key),
      m_clock(clock),
      m_log(log),
      m_options(options),
      m_reader(store),
      m_machine(store),
      m_chain(chain_id_of(genesis)) {}

Result<std::unique_ptr<LedgerNode>> LedgerNode::open(KeyValueStore& store,
                                                     const protocol::Genesis& genesis,
                                                     const crypto::KeyPair& operator_key,
                                                     const Clock& clock, Log& log,
                                                     const NodeOptions& options) {
  if (genesis.operator_key != operator_key.public_key())
    return {ErrorCode::kInvalidArgument, "the genesis record names operator " +
                                             to_hex(genesis.operator_key) + ", but the key is " +
                                             to_hex(operator_key.public_key()) +
                                             "; use that operator's key"};
  auto node = std::unique_ptr<LedgerNode>(
      new LedgerNode(store, genesis, operator_key, clock, log, options));
  ASSAY_TRY_STATUS(node->start());
  return node;
}

Status LedgerNode::start() {
  auto head = m_reader.head();
  if (!head) {
    if (head.error().code != ErrorCode::kNotFound) return std::move(head).error();
    ASSAY_TRY_STATUS(start_chain());
  } else {
    m_head = *head;
    ASSAY_TRY_STATUS(check_chain());
  }
  ASSAY_TRY(m_deadline, m_reader.next_deadline());
  ASSAY_TRY(const auto provable, m_reader.provable_heights());
  m_oldest_version = provable.first;
  ASSAY_TRY(m_bodies_from, first_body(m_store));
  if (may_write()) ASSAY_TRY_STATUS(prune());  // the last one may have been cut
  m_last_block_ms = m_clock.monotonic_ms();
  m_log.write(LogLevel::kInfo, "node.start",
              {{"chain", to_hex(m_chain.value)},
               {"height", std::to_string(m_head.height.value)},
               {"state_root", to_hex(m_head.state_root)}});
  return {};
}

Status LedgerNode::start_chain() {
  ASSAY_TRY(protocol::BlockResult result, protocol::init_chain(m_store, m_genesis));
  ASSAY_ENSURES(result.header.chain == m_chain);
  result.batch.put(seal_key(Height{0}), encode_seal({}, sign_header(m_key, result.header)));
  ASSAY_TRY_STATUS(m_store.write(result.batch));
  m_head = result.header;
  return {};
}

Status LedgerNode::check_chain() {
  if (m_head.chain != m_chain)
    return {ErrorCode::kConflict, "this folder holds chain " + to_hex(m_head.chain.value) +
                                      ", not the genesis record's " + to_hex(m_chain.value) +
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

Result<std::optional<SignedHeader>> LedgerNode::signed_header(Height height) const {
  return stored_header(m_store, height);
}

Result<std::optional<TxOutcome>> LedgerNode::outcome_of(const TxId& id) const {
  ASSAY_TRY(const auto bytes, m_store.get(result_key(id)));
  if (!bytes) return std::optional<TxOutcome>{};
  StoredResult result;
  if (!decode(*bytes, result))
    return {ErrorCode::kIntegrity, "the index of transactions on disk is damaged"};
  return std::optional<TxOutcome>{
      TxOutcome{id, result.height, result.verdict, result.detail, false}};
}

void LedgerNode::submit(ByteView bytes, SubmitDone done) {
  if (m_failure) return done(dead(*m_failure));
  TxId id;
  std::optional<protocol::VerifiedTransaction> transaction;
  const protocol::TxVerdict verdict =
      protocol::VerifiedTransaction::verify(m_chain, to_bytes(bytes), id, transaction);
  if (!transaction) return done(TxOutcome{id, Height{0}, verdict, 0, false});
  submit(*transaction, std::move(done));
}

void LedgerNode::submit(const protocol::VerifiedTransaction& transaction, SubmitDone done) {
  if (m_failure) return done(dead(*m_failure));
  const protocol::ParsedTransaction& parsed = transaction.parsed();
  auto found = m_submitted.find(parsed.id);
  if (found == m_submitted.end()) {
    const auto checked = m_machine.check(transaction);
    if (!checked) return done(checked.error());
    // Keys cost nothing, so what unknown accounts send would fill the pool and the disk; but an
    // account may yet get its first money from a transaction that is waiting.
    const bool refused = !protocol::is_recorded(checked->verdict) &&
                         !(checked->verdict == protocol::TxVerdict::kUnknownAccount &&
                           m_pool.credits(parsed.envelope.sender));
    if (refused || checked->repeated) {
      // The same bytes once more? Whoever sends them again may not have heard the answer.
      const auto known = outcome_of(parsed.id);
      if (!known) return done(known.error());
      return done(*known ? **known : outcome_from(*checked));
    }
    if (!m_may_write && !may_write()) return done(*m_pause);
    m_may_write = true;
    const MempoolVerdict added = m_pool.add(parsed, transaction.bytes().size(),
                                            checked->verdict == protocol::TxVerdict::kApplied);
    if (added != MempoolVerdict::kAdded)
      return done(Error{ErrorCode::kUnavailable,
                        std::string(to_string(added)) + "; send it again in a while"});
    found = m_submitted.emplace(parsed.id, Submitted{transaction, {}}).first;
  }
  std::vector<SubmitDone>& waiters = found->second.waiters;
  if (waiters.size() >= kMaxSubmitWaiters)
    return done(Error{ErrorCode::kAlreadyExists,
                      "it waits for a block already, and too many wait for its answer; ask for its "
                      "result in a while"});
  waiters.push_back(std::move(done));
}

bool LedgerNode::has_room(ByteView transaction, std::size_t others) const {
  const auto kind = protocol::claimed_kind(transaction);
  return m_pool.has_room(kind && is_game_kind(*kind), transaction.size(), others);
}

void LedgerNode::wait_block(Height after, std::uint64_t deadline_ms, BlockDone done) {
  if (m_failure) return done(dead(*m_failure));
  if (m_head.height > after) return done(m_head.height);
  if (m_block_waiters.size() >= kMaxBlockWaiters)
    return done(Error{ErrorCode::kUnavailable, "too many wait for a block; ask again in a while"});
  m_block_waiters.push_back({after, deadline_ms, std::move(done)});
}

std::optional<std::uint64_t> LedgerNode::next_block_ms() const {
  if (m_failure) return std::nullopt;
  const std::uint64_t interval = m_pool.fills_block() ? 0 : m_options.block_interval_ms;
  const std::uint64_t earliest =
      std::max(m_last_block_ms + interval, m_pause ? m_paused_until_ms : 0);
  if (!m_pool.empty()) return earliest;
  if (!m_deadline) return std::nullopt;
  // Ledger time goes on by at most kMaxLedgerStepMs a block: keep it moving until the deadline.
  const std::uint64_t missing = m_deadline->value > m_head.ledger_time.value
                                    ? m_deadline->value - m_head.ledger_time.value
                                    : 0;
  const std::uint64_t due_unix = m_head.time_ms + std::min(missing, protocol::kMaxLedgerStepMs);
  const std::uint64_t now_unix = m_clock.unix_ms();
  const std::uint64_t wait = due_unix > now_unix ? due_unix - now_unix : 0;
  return std::max(earliest, m_clock.monotonic_ms() + wait);
}

std::optional<std::uint64_t> LedgerNode::next_wake_ms() const {
  std::optional<std::uint64_t> wake = next_block_ms();
  for (const BlockWaiter& waiter : m_block_waiters)
    wake = std::min(wake.value_or(waiter.deadline_ms), waiter.deadline_ms);
  if (!m_failure && !m_pause && prune_is_due()) return 0;
  return wake;
}

Result<bool> LedgerNode::tick() {
  if (m_failure) return dead(*m_failure);
  m_may_write = false;
  const std::uint64_t now_ms = m_clock.monotonic_ms();
  const auto due = next_block_ms();
  const bool make = due && *due <= now_ms && may_write();
  Status done;
  if (make) done = make_block();
  if (done && !m_pause && prune_is_due()) done = prune();
  if (!done) {
    fail(done.error());
    return std::move(done).error();
  }
  release_block_waiters(now_ms);
  return make;
}

void LedgerNode::fail(const Error& error) {
  m_failure = error;
  m_log.write(LogLevel::kError, "node.failed", {{"error", error.message}});
  answer_all(dead(error));
}

bool LedgerNode::may_write() {
  if (!m_options.may_write) return true;
  const std::uint64_t now_ms = m_clock.monotonic_ms();
  if (m_pause && now_ms < m_paused_until_ms) return false;
  const Status allowed = m_options.may_write();
  if (allowed) {
    if (m_pause) m_log.write(LogLevel::kInfo, "node.go_on", {});
    m_pause.reset();
    return true;
  }
  if (!m_pause) m_log.write(LogLevel::kWarning, "node.pause", {{"error", allowed.error().message}});
  m_pause = Error{ErrorCode::kUnavailable,
                  "the node takes no transactions for now: " + allowed.error().message};
  m_paused_until_ms = now_ms + kPauseMs;
  return false;
}

bool LedgerNode::prune_is_due() const {
  const auto beyond = [&](Height from, std::uint64_t keep, std::uint64_t slack) {
    return keep != 0 && m_head.height.value - from.value >= keep + slack;
  };
  return m_prune_goes_on || beyond(m_oldest_version, m_options.keep_versions, kPruneSlack) ||
         beyond(m_bodies_from, m_options.keep_bodies, kPruneSlack);
}

Status LedgerNode::prune() {
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

// In the order of the ids, which the store likes best.
void LedgerNode::put_results(Height height, const std::vector<protocol::Receipt>& receipts,
                             WriteBatch& batch) {
  std::vector<const protocol::Receipt*> recorded;
  for (const protocol::Receipt& receipt : receipts)
    if (protocol::is_recorded(receipt.verdict) && !receipt.repeated) recorded.push_back(&receipt);
  std::sort(recorded.begin(), recorded.end(),
            [](const auto* a, const auto* b) { return a->id < b->id; });
  for (const protocol::Receipt* receipt : recorded)
    batch.put(result_key(receipt->id),
              encode(StoredResult{height, receipt->verdict, receipt->detail}));
}

void LedgerNode::erase_results(std::vector<TxId> forgotten, WriteBatch& batch) {
  std::sort(forgotten.begin(), forgotten.end());
  for (const TxId& id : forgotten) batch.erase(result_key(id));
}

Status LedgerNode::make_block() {
  std::vector<Mempool::Taken> taken = m_pool.take_block();
  const Beacon beacon = make_beacon(m_key, m_head);
  protocol::VerifiedBlock block;
  block.height = Height{m_head.height.value + 1};
  block.time_ms = std::max(m_head.time_ms, m_clock.unix_ms());
  block.beacon = beacon.value;
  block.transactions.reserve(taken.size());
  for (const Mempool::Taken& tx : taken)
    block.transactions.push_back(*m_submitted.find(tx.id)->second.transaction);
  ASSAY_TRY(protocol::BlockResult result, m_machine.apply(block));
  const auto& receipts = result.receipts.receipts;
  ASSAY_ENSURES(receipts.size() == taken.size());

  result.batch.put(seal_key(block.height),
                   encode_seal(beacon.signature, sign_header(m_key, result.header)));
  put_results(block.height, receipts, result.batch);
  erase_results(std::move(result.forgotten), result.batch);
  ASSAY_TRY_STATUS(m_store.write(result.batch));
  m_machine.written();
  m_head = result.header;
  m_last_block_ms = m_clock.monotonic_ms();
  ASSAY_TRY(m_deadline, m_reader.next_deadline());
  m_log.write(LogLevel::kDebug, "node.block",
              {{"height", std::to_string(m_head.height.value)},
               {"transactions", std::to_string(taken.size())},
               {"state_root", to_hex(m_head.state_root)}});

  for (std::size_t i = 0; i < taken.size(); ++i) {
    const auto found = m_submitted.extract(taken[i].id);
    const TxOutcome outcome{taken[i].id, block.height, receipts[i].verdict, receipts[i].detail,
                            receipts[i].repeated};
    for (const SubmitDone& done : found.mapped().waiters) done(outcome);
  }
  return {};
}

Error stopping() {
  return {ErrorCode::kUnavailable, "the node is being stopped; try again in a while"};
}

void LedgerNode::shut_down() { answer_all(stopping()); }

void LedgerNode::answer_all(const Error& error) {
  const auto submitted = std::exchange(m_submitted, {});
  m_pool = Mempool();
  for (const auto& [id, one] : submitted)
    for (const SubmitDone& done : one.waiters) done(error);
  const auto blocks = std::exchange(m_block_waiters, {});
  for (const BlockWaiter& waiter : blocks) waiter.done(error);
}

void LedgerNode::release_block_waiters(std::uint64_t now_ms) {
  // A waiter's answer may bring the next question: take them out before anyone is told.
  std::vector<BlockWaiter> ready;
  const auto split = std::stable_partition(
      m_block_waiters.begin(), m_block_waiters.end(),
      [&](const BlockWaiter& w) { return w.after >= m_head.height && w.deadline_ms > now_ms; });
  std::move(split, m_block_waiters.end(), std::back_inserter(ready));
  m_block_waiters.erase(split, m_block_waiters.end());
  for (const BlockWaiter& waiter : ready) waiter.done(m_head.height);
}

}  // namespace assay::node
