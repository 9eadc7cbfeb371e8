// Roles in somebody else's event loop. A role does no I/O: events go in, actions come out, and the
// host performs them. role_host.hpp is the loop, written out; this program hosts a submitter, a
// solver and a verifier on it, with a ledger in memory, and lets them do one task from posting to
// payment.
#include <iostream>

#include "assay/core/memory_store.hpp"

#include "role_host.hpp"
#include "small_economy.hpp"

using namespace assay;

namespace {

// Jobs log through this, from whatever thread they run on.
class Console final : public Log {
 public:
  void write(LogLevel level, std::string_view event, const Fields& fields) override {
    if (level == LogLevel::kDebug || event == "training.commit") return;
    std::cout << "  " << event;
    for (const auto& [key, value] : fields)
      if (key != "text" && key != "own_root") std::cout << " " << key << "=" << value.substr(0, 24);
    std::cout << "\n";
  }
};

Status run() {
  SerialTaskPool pool;
  MemoryStore store;
  examples::LoopClock clock(examples::kGenesisMs);
  Console log;
  const examples::Keys keys;
  const protocol::Genesis genesis = examples::genesis_of(keys);
  ASSAY_TRY(const auto task, examples::small_task(pool));
  ASSAY_TRY(const auto node,
            node::LedgerNode::open(store, genesis, keys.ledger_operator, clock, log, {}));

  examples::Host host(*node, clock, log, protocol::chain_id_of(genesis));
  const examples::Party& submitter =
      host.add(keys.submitter, [&](const roles::RoleContext& context) {
        return roles::make_submitter(
            context, {.postings = {{"small", task, examples::terms_of(*task, keys.solver)}},
                      .accuracy = {}});
      });
  host.add(keys.solver, [](const auto& context) { return roles::make_solver(context, {}); });
  host.add(keys.verifier, [](const auto& context) { return roles::make_verifier(context, {}); });
  ASSAY_TRY_STATUS(host.run_until_finished(submitter));

  ASSAY_TRY(const protocol::AccountView paid,
            node->reader().account(AccountId(keys.solver.public_key())));
  std::cout << "after " << clock.now_ms / 60'000 << " minutes of ledger time and "
            << node->head().height.value << " blocks the solver owns "
            << paid.available.value / kAtomsPerToken << " tokens, with "
            << paid.staked.value / kAtomsPerToken << " staked\n";
  return {};
}

}  // namespace

int main() {
  const Status status = run();
  if (!status) std::cerr << "embedded_role: " << status.error().message << "\n";
  return status ? 0 : 1;
}
