#include "assay/node/replicated_node.hpp"

#include "assay/node/verify_store.hpp"

namespace assay::node {

namespace {

constexpr std::size_t kCheckCacheBytes = std::size_t{8} << 20;

}  // namespace

ReplicatedNode::ReplicatedNode(const protocol::Genesis& genesis, const CommittedBlock& head,
                               const Clock& clock, Log& log, ReplicatedNodeOptions options)
    : m_genesis(genesis),
      m_clock(clock),
      m_options(std::move(options)),
      m_gate(m_options.may_write, clock, log) {
  show(head);
}

void ReplicatedNode::show(const CommittedBlock& block) {
  m_machine.reset();
  m_reader.reset();
  m_head = {block.header, {}, block.state, 0};
  m_reader.emplace(*m_head.state);
}

void ReplicatedNode::committed(const CommittedBlock& block) {
  show(block);
  for (const TxOutcome& outcome : block.outcomes) answer(outcome.id, outcome);
  m_block_waiters.release(head().height, m_clock.monotonic_ms());
}

void ReplicatedNode::refused(const protocol::Receipt& receipt) {
  answer(receipt.id, outcome_from(receipt));
}

void ReplicatedNode::no_room(const TxId& id, MempoolVerdict why) {
  answer(id, Error{ErrorCode::kUnavailable,
                   std::string(to_string(why)) + "; send it again in a while"});
}

void ReplicatedNode::failed(const Error& error) {
  if (m_failure) return;
  m_failure = error;
  answer_all(dead(error));
}

void ReplicatedNode::submit(const protocol::VerifiedTransaction& transaction, SubmitDone done) {
  if (m_failure) return done(dead(*m_failure));
  const protocol::ParsedTransaction& parsed = transaction.parsed();
  if (const auto found = m_undecided.find(parsed.id); found != m_undecided.end()) {
    if (found->second.waiters.size() >= kMaxSubmitWaiters)
      return done(Error{ErrorCode::kAlreadyExists,
                        "it waits for a block already, and too many wait for its answer; ask for "
                        "its result in a while"});
    found->second.waiters.push_back(std::move(done));
    return;
  }
  if (!m_machine) m_machine.emplace(*m_head.state, kCheckCacheBytes);
  const auto checked = m_machine->check(transaction);
  if (!checked) return done(checked.error());
  if (!protocol::is_recorded(checked->verdict) || checked->repeated) {
    const auto known = outcome_of(parsed.id);
    if (!known) return done(known.error());
    return done(*known ? **known : outcome_from(*checked));
  }
  if (!m_asked && !m_gate.open()) return done(*m_gate.pause());
  m_asked = true;
  const std::size_t bytes = transaction.bytes().size();
  const bool game = checked->verdict == protocol::TxVerdict::kApplied &&
                    protocol::is_game_kind(protocol::kind_of(parsed.envelope.payload));
  if (!m_lanes.fits(game, bytes))
    return done(Error{ErrorCode::kUnavailable,
                      "too many transactions are waiting; send it again in a while"});
  Undecided& one = m_undecided[parsed.id];
  one.waiters.push_back(std::move(done));
  one.bytes = bytes;
  one.game = game;
  one.number = m_next_number++;
  m_lanes.add(game, bytes);
  m_deadlines.push_back({m_clock.monotonic_ms() + kUndecidedMs, one.number, parsed.id});
  if (m_options.verified) m_options.verified->remember(transaction);
  broadcast(parsed.id, to_bytes(transaction.bytes()));
}

void ReplicatedNode::broadcast(const TxId& id, const Bytes& bytes) {
  m_options.broadcast(bytes, [this, id](const Status& taken) {
    // What was lost on the way may have arrived: then a block or the deadline answers.
    if (!taken && taken.error().code == ErrorCode::kUnavailable) answer(id, taken.error());
  });
}

void ReplicatedNode::answer(const TxId& id, const Result<TxOutcome>& outcome) {
  const auto found = m_undecided.extract(id);
  if (found.empty()) return;
  const Undecided& one = found.mapped();
  m_lanes.remove(one.game, one.bytes);
  for (const SubmitDone& done : one.waiters) done(outcome);
}

bool ReplicatedNode::has_room(ByteView transaction, std::size_t others) const {
  const auto kind = protocol::claimed_kind(transaction);
  return m_lanes.fits(kind && protocol::is_game_kind(*kind), transaction.size(), others);
}

void ReplicatedNode::wait_block(Height after, std::uint64_t deadline_ms, BlockDone done) {
  if (m_failure) return done(dead(*m_failure));
  m_block_waiters.add(head().height, after, deadline_ms, std::move(done));
}

std::optional<std::uint64_t> ReplicatedNode::next_wake_ms() const {
  std::optional<std::uint64_t> wake = m_block_waiters.next_deadline();
  const auto also = [&](std::uint64_t at_ms) { wake = std::min(wake.value_or(at_ms), at_ms); };
  if (!m_deadlines.empty()) also(m_deadlines.front().at_ms);
  if (m_gate.pause()) also(m_gate.closed_until_ms());
  return wake;
}

Result<bool> ReplicatedNode::tick() {
  if (m_failure) return dead(*m_failure);
  m_asked = false;
  if (m_gate.pause()) (void)m_gate.open();
  const std::uint64_t now_ms = m_clock.monotonic_ms();
  while (!m_deadlines.empty() && m_deadlines.front().at_ms <= now_ms) {
    const Deadline due = m_deadlines.front();
    m_deadlines.pop_front();
    const auto found = m_undecided.find(due.id);
    if (found == m_undecided.end() || found->second.number != due.number) continue;
    answer(due.id, Error{ErrorCode::kTimeout,
                         "no block has held it for " + std::to_string(kUndecidedMs / 1000) +
                             " s, and one may yet; ask for its result, or send it again"});
  }
  m_block_waiters.release(head().height, now_ms);
  return false;
}

void ReplicatedNode::shut_down() { answer_all(stopping()); }

void ReplicatedNode::answer_all(const Error& error) {
  m_lanes.clear();
  m_deadlines.clear();
  const auto undecided = std::exchange(m_undecided, {});
  for (const auto& [id, one] : undecided)
    for (const SubmitDone& done : one.waiters) done(error);
  m_block_waiters.answer_all(error);
}

Result<std::optional<SignedHeader>> ReplicatedNode::signed_header(Height height) const {
  return stored_header(*m_head.state, height);
}

void ReplicatedNode::prove_header(Height height, HeaderProofDone done) const {
  const auto header = m_reader->header(height);
  if (!header) return done(header.error());
  if (!*header) return done(no_such_block());
  if (!m_options.light_block)
    return done(Error{ErrorCode::kUnavailable, "this node does not ask CometBFT for headers"});
  m_options.light_block(static_cast<std::int64_t>(height.value) + 1,
                        [header = **header, done = std::move(done)](const auto& next) {
                          if (!next) return done(next.error());
                          done(HeaderProof(CommittedHeader{header, *next}));
                        });
}

Result<std::optional<TxOutcome>> ReplicatedNode::outcome_of(const TxId& id) const {
  return stored_outcome(*m_head.state, id);
}

}  // namespace assay::node
