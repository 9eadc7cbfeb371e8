#include "assay/node/waiting.hpp"

#include <algorithm>

namespace assay::node {

void Ledger::submit(ByteView bytes, SubmitDone done) {
  TxId id;
  std::optional<protocol::VerifiedTransaction> transaction;
  const protocol::TxVerdict verdict =
      protocol::VerifiedTransaction::verify(chain(), to_bytes(bytes), id, transaction);
  if (!transaction) return done(TxOutcome{id, Height{0}, verdict, 0, false});
  submit(*transaction, std::move(done));
}

Error no_such_block() { return {ErrorCode::kNotFound, "there is no such block"}; }

Error stopping() {
  return {ErrorCode::kUnavailable, "the node is being stopped; try again in a while"};
}

Error dead(const Error& why) {
  return {ErrorCode::kUnavailable, "the node has stopped (" + why.message + "); start it again"};
}

TxOutcome outcome_from(const protocol::Receipt& receipt) {
  return {receipt.id, Height{0}, receipt.verdict, receipt.detail, receipt.repeated};
}

void BlockWaiters::add(Height head, Height after, std::uint64_t deadline_ms,
                       Ledger::BlockDone done) {
  if (head > after) return done(head);
  if (m_waiters.size() >= kMaxBlockWaiters)
    return done(Error{ErrorCode::kUnavailable, "too many wait for a block; ask again in a while"});
  m_waiters.push_back({after, deadline_ms, std::move(done)});
}

void BlockWaiters::release(Height head, std::uint64_t now_ms) {
  // A waiter's answer may bring the next question: take them out before anyone is told.
  std::vector<Waiter> ready;
  const auto split = std::stable_partition(
      m_waiters.begin(), m_waiters.end(),
      [&](const Waiter& w) { return w.after >= head && w.deadline_ms > now_ms; });
  std::move(split, m_waiters.end(), std::back_inserter(ready));
  m_waiters.erase(split, m_waiters.end());
  for (const Waiter& waiter : ready) waiter.done(head);
}

void BlockWaiters::answer_all(const Error& error) {
  const auto waiters = std::exchange(m_waiters, {});
  for (const Waiter& waiter : waiters) waiter.done(error);
}

std::optional<std::uint64_t> BlockWaiters::next_deadline() const {
  std::optional<std::uint64_t> next;
  for (const Waiter& waiter : m_waiters)
    next = std::min(next.value_or(waiter.deadline_ms), waiter.deadline_ms);
  return next;
}

bool WriteGate::open() {
  if (!m_may_write) return true;
  const std::uint64_t now_ms = m_clock.monotonic_ms();
  if (m_pause && now_ms < m_until_ms) return false;
  const Status allowed = m_may_write();
  if (allowed) {
    if (m_pause) m_log.write(LogLevel::kInfo, "node.go_on", {});
    m_pause.reset();
    return true;
  }
  if (!m_pause) m_log.write(LogLevel::kWarning, "node.pause", {{"error", allowed.error().message}});
  m_pause = Error{ErrorCode::kUnavailable,
                  "the node takes no transactions for now: " + allowed.error().message};
  m_until_ms = now_ms + kPauseMs;
  return false;
}

}  // namespace assay::node
