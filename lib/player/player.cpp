#include "assay/player/player.hpp"

#include "assay/core/contract.hpp"
#include "internal/knowledge.hpp"

namespace assay::player {

using dispute::Position;
using dispute::Stage;

namespace {

class Interruptible {
 public:
  Interruptible(Interval::State& interval, const StopRequest& stop) : m_interval(interval) {
    m_interval.stop = &stop;
  }
  ~Interruptible() { m_interval.stop = nullptr; }
  Interruptible(const Interruptible&) = delete;
  Interruptible& operator=(const Interruptible&) = delete;

 private:
  Interval::State& m_interval;
};

}  // namespace

struct Player::Parts {
  Parts(std::shared_ptr<Interval> the_interval, Interval::State& state,
        dispute::GameTerms the_terms, dispute::Role the_role)
      : interval(std::move(the_interval)),
        terms(std::move(the_terms)),
        role(the_role),
        knowledge(state, terms) {}

  std::shared_ptr<Interval> interval;
  dispute::GameTerms terms;
  dispute::Role role;
  Knowledge knowledge;
};

Player::Player(std::shared_ptr<Interval> interval, dispute::GameTerms terms, dispute::Role role) {
  Interval::State& state = *interval->m_state;
  ASSAY_EXPECTS(terms.entry == state.entry);
  m_parts = std::make_unique<Parts>(std::move(interval), state, std::move(terms), role);
}
Player::~Player() = default;

Result<std::optional<Bytes>> Player::next_move(const Position& position, const StopRequest& stop) {
  Knowledge& own = m_parts->knowledge;
  const Interruptible while_moving(*m_parts->interval->m_state, stop);
  own.note_offer(position);
  if (!dispute::may_move(position, m_parts->role)) return std::optional<Bytes>{};
  ASSAY_TRY_STATUS(own.begin_move());
  switch (position.stage) {
    case Stage::kChainOffer: return chain_offer(own, position);
    case Stage::kChainPoint: return chain_point(own, position);
    case Stage::kTraceOffer: return trace_offer(own, position);
    case Stage::kTracePoint: return trace_point(own, position);
    case Stage::kStateOffer: return state_offer(own, position);
    case Stage::kStatePoint: return state_point(own, position);
    case Stage::kStateLeaf: return state_leaf(own, position);
    case Stage::kSource: return source(own, position);
    case Stage::kTensorOffer: return tensor_offer(own, position);
    case Stage::kTensorPoint: return tensor_point(own, position);
    case Stage::kChunkReveal: return chunk_reveal(own, position);
    case Stage::kElementPoint: return element_point(own, position);
    case Stage::kFoldOffer: return fold_offer(own, position);
    case Stage::kFoldPoint: return fold_point(own, position);
    case Stage::kScalar: return scalar(own, position);
    case Stage::kFinished: break;
  }
  return std::optional<Bytes>{};
}

void Player::see(const Position& position) { m_parts->knowledge.note_offer(position); }

Result<Hash256> Player::state_root(std::uint64_t step) {
  return m_parts->knowledge.state_root(step);
}

Result<bool> Player::agrees_with_claim() {
  const dispute::GameTerms& terms = m_parts->terms;
  ASSAY_TRY(const Hash256 root, state_root(commit::step_of_entry(terms.task, terms.entry)));
  return root == terms.end_root;
}

}  // namespace assay::player
