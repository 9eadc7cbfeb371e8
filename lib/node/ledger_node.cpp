#include "assay/node/ledger_node.hpp"

#include <algorithm>

#include "assay/node/verify_store.hpp"
#include "internal/keys.hpp"

namespace assay::node {

LedgerNode::LedgerNode(std::unique_ptr<Chain> chain, const crypto::KeyPair& operator_key,
                       const Clock& clock, Log& log, const NodeOptions& options)
    : m_chain(std::move(chain)),
      m_key(operator_key),
      m_clock(clock),
      m_log(log),
      m_options(options),
      m_last_block_ms(clock.monotonic_ms()),
      m_gate(options.may_write, clock, log) {}

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
  const auto seal = [&](const protocol::BlockHeader& header) {
    return encode_seal({}, sign_header(operator_key, header));
  };
  ASSAY_TRY(auto chain, Chain::open(store, genesis, seal, options.chain));
  auto node = std::unique_ptr<LedgerNode>(
      new LedgerNode(std::move(chain), operator_key, clock, log, options));
  if (node->m_gate.open())
    ASSAY_TRY_STATUS(node->m_chain->prune());  // the last one may have been cut
  return node;
}

Result<std::optional<SignedHeader>> LedgerNode::signed_header(Height height) const {
  return stored_header(m_chain->store(), height);
}

void LedgerNode::prove_header(Height height, HeaderProofDone done) const {
  const auto header = signed_header(height);
  if (!header) return done(header.error());
  if (!*header) return done(no_such_block());
  done(HeaderProof(**header));
}

void LedgerNode::submit(const protocol::VerifiedTransaction& transaction, SubmitDone done) {
  if (m_failure) return done(dead(*m_failure));
  const protocol::ParsedTransaction& parsed = transaction.parsed();
  auto found = m_submitted.find(parsed.id);
  if (found == m_submitted.end()) {
    const auto checked = m_chain->check(transaction);
    if (!checked) return done(checked.error());
    // Keys cost nothing, so what unknown accounts send would fill the pool and the disk; but an
    // account may yet get its first money from a transaction that is waiting.
    const bool refused = !protocol::is_recorded(checked->verdict) &&
                         !(checked->verdict == protocol::TxVerdict::kUnknownAccount &&
                           m_pool.credits(parsed.envelope.sender));
    if (refused || checked->repeated) {
      // The same bytes once more? Whoever sends them again may not have heard the answer.
      const auto known = m_chain->outcome_of(parsed.id);
      if (!known) return done(known.error());
      return done(*known ? **known : outcome_from(*checked));
    }
    if (!m_may_write && !m_gate.open()) return done(*m_gate.pause());
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
  return m_pool.has_room(kind && protocol::is_game_kind(*kind), transaction.size(), others);
}

void LedgerNode::wait_block(Height after, std::uint64_t deadline_ms, BlockDone done) {
  if (m_failure) return done(dead(*m_failure));
  m_block_waiters.add(head().height, after, deadline_ms, std::move(done));
}

std::optional<std::uint64_t> LedgerNode::next_block_ms() const {
  if (m_failure) return std::nullopt;
  const std::uint64_t interval = m_pool.fills_block() ? 0 : m_options.block_interval_ms;
  const std::uint64_t earliest = std::max(m_last_block_ms + interval, m_gate.closed_until_ms());
  if (!m_pool.empty()) return earliest;
  if (!m_chain->deadline()) return std::nullopt;
  // Ledger time goes on by at most kMaxLedgerStepMs a block: keep it moving until the deadline.
  const std::uint64_t missing = m_chain->deadline()->value > head().ledger_time.value
                                    ? m_chain->deadline()->value - head().ledger_time.value
                                    : 0;
  const std::uint64_t due_unix = head().time_ms + std::min(missing, protocol::kMaxLedgerStepMs);
  const std::uint64_t now_unix = m_clock.unix_ms();
  const std::uint64_t wait = due_unix > now_unix ? due_unix - now_unix : 0;
  return std::max(earliest, m_clock.monotonic_ms() + wait);
}

std::optional<std::uint64_t> LedgerNode::next_wake_ms() const {
  std::optional<std::uint64_t> wake = next_block_ms();
  if (const auto deadline = m_block_waiters.next_deadline())
    wake = std::min(wake.value_or(*deadline), *deadline);
  if (!m_failure && !pause() && m_chain->prune_is_due()) return 0;
  return wake;
}

Result<bool> LedgerNode::tick() {
  if (m_failure) return dead(*m_failure);
  m_may_write = false;
  const std::uint64_t now_ms = m_clock.monotonic_ms();
  const auto due = next_block_ms();
  const bool make = due && *due <= now_ms && m_gate.open();
  Status done;
  if (make) done = make_block();
  if (done && !pause() && m_chain->prune_is_due()) done = m_chain->prune();
  if (!done) {
    fail(done.error());
    return std::move(done).error();
  }
  m_block_waiters.release(head().height, now_ms);
  return make;
}

void LedgerNode::fail(const Error& error) {
  m_failure = error;
  m_log.write(LogLevel::kError, "node.failed", {{"error", error.message}});
  answer_all(dead(error));
}

Status LedgerNode::make_block() {
  std::vector<Mempool::Taken> taken = m_pool.take_block();
  const Beacon beacon = make_beacon(m_key, head());
  protocol::VerifiedBlock block;
  block.height = Height{head().height.value + 1};
  block.time_ms = std::max(head().time_ms, m_clock.unix_ms());
  block.beacon = beacon.value;
  block.transactions.reserve(taken.size());
  using Place = decltype(m_submitted)::const_iterator;
  std::vector<Place> places;
  places.reserve(taken.size());
  for (const Mempool::Taken& tx : taken)
    block.transactions.push_back(*places.emplace_back(m_submitted.find(tx.id))->second.transaction);
  ASSAY_TRY(const protocol::BlockResult* const result, m_chain->execute(block));
  const auto& receipts = result->receipts.receipts;
  ASSAY_ENSURES(receipts.size() == taken.size());
  ASSAY_TRY_STATUS(
      m_chain->commit(encode_seal(beacon.signature, sign_header(m_key, result->header))));
  m_last_block_ms = m_clock.monotonic_ms();
  m_log.write(LogLevel::kDebug, "node.block",
              {{"height", std::to_string(head().height.value)},
               {"transactions", std::to_string(taken.size())},
               {"state_root", to_hex(head().state_root)}});

  // Whoever is answered may submit the next one: places hold until then.
  std::vector<std::vector<SubmitDone>> waiters;
  waiters.reserve(places.size());
  for (const Place& place : places)
    waiters.push_back(std::move(m_submitted.extract(place).mapped().waiters));
  for (std::size_t i = 0; i < taken.size(); ++i) {
    const TxOutcome outcome{taken[i].id, block.height, receipts[i].verdict, receipts[i].detail,
                            receipts[i].repeated};
    for (const SubmitDone& done : waiters[i]) done(outcome);
  }
  return {};
}

void LedgerNode::shut_down() { answer_all(stopping()); }

void LedgerNode::answer_all(const Error& error) {
  const auto submitted = std::exchange(m_submitted, {});
  m_pool = Mempool();
  for (const auto& [id, one] : submitted)
    for (const SubmitDone& done : one.waiters) done(error);
  m_block_waiters.answer_all(error);
}

}  // namespace assay::node
