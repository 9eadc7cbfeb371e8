#include "assay/node/ledger_node.hpp"

#include <algorithm>

#include "assay/commit/map_proof.hpp"
#include "assay/crypto/sha256.hpp"
#include "assay/protocol/apply.hpp"
#include "internal/keys.hpp"

namespace assay::node {

namespace {

Bytes encode_seal(const crypto::Signature& beacon, const crypto::Signature& header) {
  Bytes seal(beacon.begin(), beacon.end());
  seal.insert(seal.end(), header.begin(), header.end());
  return seal;
}

Error dead(const Error& why) {
  return {ErrorCode::kUnavailable, "the node has stopped (" + why.message + "); start it again"};
}

TxOutcome outcome_from(const protocol::Receipt& receipt, Height height) {
  return {receipt.id, height, receipt.verdict, receipt.detail, receipt.repeated};
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
  const auto damaged = [](const std::string& what) -> Status {
    return {ErrorCode::kIntegrity,
            "the ledger on disk is damaged: " + what + "; restore the folder from a copy"};
  };
  ASSAY_TRY(const auto seal, signed_header(m_head.height));
  if (!seal || verify_header(m_chain, m_key.public_key(), *seal) != HeaderVerdict::kValid)
    return damaged("the last block is not signed by the operator's key");
  // Any proof leads to the stored tree's root; this one is of a key that no record has.
  const Bytes nothing = to_bytes(as_bytes("node/no such record"));
  ASSAY_TRY(const Bytes proof, m_reader.prove(nothing));
  if (commit::verify_absent(crypto::sha256_function(), m_head.state_root, nothing, proof) !=
      commit::MapProofVerdict::kValid)
    return damaged("its tree does not have the last block's state root");
  if (m_options.audit_at_start) ASSAY_TRY_STATUS(protocol::audit_money(m_store));
  return {};
}

Result<std::optional<SignedHeader>> LedgerNode::signed_header(Height height) const {
  ASSAY_TRY(const auto header, m_reader.header(height));
  ASSAY_TRY(const auto seal, m_store.get(seal_key(height)));
  if (!header || !seal) return std::optional<SignedHeader>{};
  Bytes bytes = encode(*header);
  bytes.insert(bytes.end(), seal->begin(), seal->end());
  ASSAY_TRY(const SignedHeader decoded, decode_signed_header(bytes));
  return std::optional<SignedHeader>{decoded};
}

Result<std::optional<TxOutcome>> LedgerNode::outcome_of(const TxId& id) const {
  ASSAY_TRY(const auto place, m_store.get(transaction_key(id)));
  if (!place) return std::optional<TxOutcome>{};
  codec::Reader reader(*place);
  const Height height{reader.u64()};
  const std::uint32_t index = reader.u32();
  ASSAY_TRY(const auto receipts, m_reader.receipts(height));
  if (!reader.finish() || !receipts || index >= receipts->receipts.size())
    return {ErrorCode::kIntegrity, "the index of transactions on disk is damaged"};
  return std::optional<TxOutcome>{outcome_from(receipts->receipts[index], height)};
}

void LedgerNode::submit(ByteView bytes, SubmitDone done) {
  if (m_failure) return done(dead(*m_failure));
  protocol::ParsedTransaction parsed;
  const protocol::TxVerdict verdict = parse_transaction(m_chain, bytes, parsed);
  if (verdict != protocol::TxVerdict::kApplied)
    return done(TxOutcome{parsed.id, Height{0}, verdict, 0, false});
  // The same transaction once more: whoever sends it again may not have heard the answer.
  const auto known = outcome_of(parsed.id);
  if (!known) return done(known.error());
  if (*known) return done(**known);
  if (!m_pool.has(parsed.id)) {
    const auto checked = protocol::check_transaction(m_store, bytes);
    if (!checked) return done(checked.error());
    // Keys cost nothing, so what unknown accounts send would fill the pool and the disk; but an
    // account may yet get its first money from a transaction that is waiting.
    const bool refused = !protocol::is_recorded(checked->verdict) &&
                         !(checked->verdict == protocol::TxVerdict::kUnknownAccount &&
                           m_pool.credits(parsed.envelope.sender));
    if (refused || checked->repeated) return done(outcome_from(*checked, Height{0}));
    const MempoolVerdict added =
        m_pool.add(parsed, bytes, checked->verdict == protocol::TxVerdict::kApplied);
    if (added != MempoolVerdict::kAdded)
      return done(Error{ErrorCode::kUnavailable,
                        std::string(to_string(added)) + "; send it again in a while"});
  }
  auto& waiters = m_submit_waiters[parsed.id];
  if (waiters.size() >= kMaxSubmitWaiters)
    return done(Error{ErrorCode::kUnavailable,
                      "too many wait for this transaction; ask for its result in a while"});
  waiters.push_back(std::move(done));
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
  const std::uint64_t earliest = m_last_block_ms + m_options.block_interval_ms;
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
  return wake;
}

Result<bool> LedgerNode::tick() {
  if (m_failure) return dead(*m_failure);
  const std::uint64_t now_ms = m_clock.monotonic_ms();
  const auto due = next_block_ms();
  const bool make = due && *due <= now_ms;
  if (make) {
    if (Status made = make_block(); !made) {
      m_failure = made.error();
      m_log.write(LogLevel::kError, "node.failed", {{"error", m_failure->message}});
      answer_all(dead(*m_failure));
      return std::move(made).error();
    }
  }
  release_block_waiters(now_ms);
  return make;
}

Status LedgerNode::make_block() {
  std::vector<Mempool::Taken> taken = m_pool.take_block();
  const Beacon beacon = make_beacon(m_key, m_head);
  protocol::Block block;
  block.height = Height{m_head.height.value + 1};
  block.time_ms = std::max(m_head.time_ms, m_clock.unix_ms());
  block.beacon = beacon.value;
  for (Mempool::Taken& tx : taken) block.transactions.push_back(std::move(tx.bytes));
  ASSAY_TRY(protocol::BlockResult result, protocol::apply(m_store, block));
  const auto& receipts = result.receipts.receipts;
  ASSAY_ENSURES(receipts.size() == taken.size());

  result.batch.put(seal_key(block.height),
                   encode_seal(beacon.signature, sign_header(m_key, result.header)));
  for (std::size_t i = 0; i < taken.size(); ++i)
    if (protocol::is_recorded(receipts[i].verdict) && !receipts[i].repeated)
      result.batch.put(transaction_key(taken[i].id),
                       transaction_place(block.height, static_cast<std::uint32_t>(i)));
  ASSAY_TRY_STATUS(m_store.write(result.batch));
  m_head = result.header;
  m_last_block_ms = m_clock.monotonic_ms();
  ASSAY_TRY(m_deadline, m_reader.next_deadline());
  m_log.write(LogLevel::kDebug, "node.block",
              {{"height", std::to_string(m_head.height.value)},
               {"transactions", std::to_string(taken.size())},
               {"state_root", to_hex(m_head.state_root)}});

  for (std::size_t i = 0; i < taken.size(); ++i) {
    const auto found = m_submit_waiters.extract(taken[i].id);
    if (found.empty()) continue;
    const TxOutcome outcome{taken[i].id, block.height, receipts[i].verdict, receipts[i].detail,
                            receipts[i].repeated};
    for (const SubmitDone& done : found.mapped()) done(outcome);
  }
  return {};
}

void LedgerNode::shut_down() {
  answer_all({ErrorCode::kUnavailable, "the node is being stopped; try again in a while"});
}

void LedgerNode::answer_all(const Error& error) {
  const auto submits = std::exchange(m_submit_waiters, {});
  for (const auto& [id, waiters] : submits)
    for (const SubmitDone& done : waiters) done(error);
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
