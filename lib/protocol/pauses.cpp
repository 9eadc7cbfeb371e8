// Clocks of games stand still from a block whose lane is full to the next one, because a move that
// had no room in it can only come then.
#include <algorithm>

#include "assay/core/planted.hpp"
#include "internal/context.hpp"

namespace assay::protocol::internal {

void count_pause(Context& c, const BlockHeader& parent) {
  Pause pause = c.state.pause();
  if (pause.full_at == Height{} || pause.full_at != parent.height) return;
  pause.total_ms += c.now.value - parent.ledger_time.value;
  c.state.put(pause);
}

void begin_pause(Context& c) {
  if (testing::planted(testing::Planted::kForgottenPause)) return;
  Pause pause = c.state.pause();
  pause.full_at = c.height;
  c.state.put(pause);
}

std::uint64_t paused_ms(const State& state, std::uint64_t before_ms, std::uint64_t move_ms) {
  return std::min(state.pause().total_ms - before_ms, move_ms);
}

}  // namespace assay::protocol::internal
