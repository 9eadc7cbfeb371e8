#include "assay/node/intake.hpp"

#include <algorithm>

#include "assay/node/mempool.hpp"

namespace assay::node {

namespace {

// A full pool is some blocks' worth of transactions.
constexpr std::uint64_t kRetryMs = 500;

}  // namespace

Intake::Intake(Ledger& node, Run run)
    : m_state(std::make_shared<State>(node)), m_run(std::move(run)) {}

std::uint64_t Intake::retry_after_ms() const {
  return std::max(kRetryMs, m_state->node.block_interval_ms());
}

void Intake::submit(Bytes transaction, Ledger::SubmitDone done) {
  const auto refuse = [&](const char* why) {
    done(Error{ErrorCode::kUnavailable, std::string(why) + "; send it again in a while"});
  };
  if (m_stopped) return done(stopping());
  State& s = *m_state;
  // Checking a signature is what a transaction costs most.
  if (!s.node.has_room(transaction, s.count)) return refuse("too many transactions are waiting");
  const auto kind = protocol::claimed_kind(transaction);
  const std::size_t share = kind && protocol::is_game_kind(*kind) ? 1 : 2;
  if (s.count >= kIntakeTransactionsMax / share ||
      s.bytes + transaction.size() > kIntakeBytesMax / share)
    return refuse("too many transactions are being checked");
  const std::size_t size = transaction.size();
  ++s.count;
  s.bytes += size;
  if (!m_filling) {
    m_filling = std::make_shared<Piece>();
    m_filling->items.reserve(kIntakePiece);
  }
  m_filling->items.push_back({std::move(transaction), size, std::move(done), {}, {}, {}});
  if (m_filling->items.size() == kIntakePiece) flush();
}

void Intake::flush() {
  if (!m_filling) return;
  const std::shared_ptr<Piece> piece = std::exchange(m_filling, nullptr);
  m_state->pieces.push_back(piece);
  const auto check = [piece, chain = m_state->node.chain()] {
    for (Item& item : piece->items)
      item.verdict = protocol::VerifiedTransaction::verify(chain, std::move(item.bytes), item.id,
                                                           item.transaction);
  };
  const auto checked = [piece, state = std::weak_ptr(m_state)] {
    piece->checked = true;
    if (const auto alive = state.lock()) alive->hand_on();
  };
  if (m_run(check, checked)) return;
  check();
  checked();
}

void Intake::shut_down() {
  m_stopped = true;
  if (m_filling) m_state->pieces.push_back(std::exchange(m_filling, nullptr));
  m_state->count = 0;
  m_state->bytes = 0;
  for (const std::shared_ptr<Piece>& piece : std::exchange(m_state->pieces, {}))
    piece->answer_all(stopping());
}

// Threads that still check touch everything of an item but this.
void Intake::Piece::answer_all(const Error& error) {
  for (Item& item : items) std::exchange(item.done, nullptr)(error);
}

void Intake::State::hand_on() {
  while (!pieces.empty() && pieces.front()->checked) {
    const std::shared_ptr<Piece> piece = std::move(pieces.front());
    pieces.pop_front();
    count -= piece->items.size();
    for (Item& item : piece->items) {
      bytes -= item.size;
      if (item.transaction) {
        node.submit(*item.transaction, std::move(item.done));
      } else {
        item.done(TxOutcome{item.id, Height{0}, item.verdict, 0, false});
      }
    }
  }
}

}  // namespace assay::node
