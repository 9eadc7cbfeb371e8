// What becomes of an account's record in a role (docs/spec/protocol.md, "Reputation").
#include <limits>

#include "assay/core/checked.hpp"
#include "assay/economics/market.hpp"
#include "internal/context.hpp"

namespace assay::protocol::internal {

namespace {

Reputation load_now(Context& c, const AccountId& id, Standing role) {
  Reputation now = c.state.reputation(id, role);
  now.score = economics::decayed_score(now.score, c.now.value - now.at.value);
  now.at = c.now;
  return now;
}

}  // namespace

std::uint64_t score_now(const State& state, const AccountId& id, Standing role, LedgerTimeMs now) {
  const Reputation r = state.reputation(id, role);
  return economics::decayed_score(r.score, now.value - r.at.value);
}

void add_completed(Context& c, const AccountId& id, Standing role, std::uint64_t tax) {
  Reputation now = load_now(c, id, role);
  if (!checked_add(now.score, tax, now.score))
    now.score = std::numeric_limits<std::uint64_t>::max();
  ++now.completed;
  c.state.put(id, role, now);
}

// The first one in kFaultGraceMs is forgiven.
void add_fault(Context& c, const AccountId& id, Standing role) {
  Reputation now = load_now(c, id, role);
  const bool again = now.last_fault != LedgerTimeMs{} &&
                     c.now.value - now.last_fault.value <= economics::kFaultGraceMs;
  if (again) now.score /= 2;
  ++now.faults;
  now.last_fault = c.now;
  c.state.put(id, role, now);
}

void add_slash(Context& c, const AccountId& id, Standing role) {
  Reputation now = load_now(c, id, role);
  now.score = 0;
  ++now.slashes;
  c.state.put(id, role, now);
}

}  // namespace assay::protocol::internal
