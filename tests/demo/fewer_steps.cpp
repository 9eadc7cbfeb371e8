#include "demo/fewer_steps.hpp"

#include <algorithm>
#include <map>

#include "assay/commit/transcript.hpp"
#include "assay/crypto/sha256.hpp"
#include "assay/dispute/claims.hpp"
#include "assay/training/checkpoints.hpp"

namespace assay::demo {

namespace {

class FewerSteps final : public roles::Role {
 public:
  FewerSteps(const roles::RoleContext& context, std::unique_ptr<roles::Role> solver)
      : m_context(context), m_solver(std::move(solver)) {}

  [[nodiscard]] roles::Actions on(const roles::Event& event, std::uint64_t now_ms) override {
    const auto* update = std::get_if<roles::LedgerUpdate>(&event);
    if (update != nullptr) m_view = update->view;
    roles::Actions actions =
        m_solver->on(update != nullptr ? roles::Event(seen_by_solver()) : event, now_ms);
    for (roles::Action& action : actions) {
      auto* submit = std::get_if<roles::Submit>(&action);
      if (submit == nullptr) continue;
      if (auto* commit = std::get_if<protocol::CommitTranscript>(&submit->payload)) {
        const commit::Transcript half(half_of(commit->claim));
        static_cast<void>(
            m_context.files.write_atomically(own_file(commit->claim), commit->commitment.bytes));
        commit->commitment = protocol::transcript_commitment(commit->claim, half.root(), salt());
      } else if (auto* reveal = std::get_if<protocol::RevealTranscript>(&submit->payload)) {
        const commit::Transcript half(half_of(reveal->claim));
        reveal->transcript_root = half.root();
        reveal->salt = salt();
        reveal->final_state_root = half.state_root(half.size() - 1);
        reveal->final_path = half.path(half.size() - 1);
        reveal->signature = sign(reveal->claim, half.root());
      }
    }
    return actions;
  }
  [[nodiscard]] std::optional<std::uint64_t> next_deadline() const override {
    return m_solver->next_deadline();
  }

 private:
  // The honest solver inside reveals nothing that it did not commit to, so it is shown its own
  // commitment in place of the ledger's.
  [[nodiscard]] roles::LedgerUpdate seen_by_solver() const {
    auto view = std::make_shared<protocol::View>(*m_view);
    for (protocol::TaskView& task : view->tasks)
      for (protocol::ClaimView& claim : task.claims)
        if (const auto own = m_context.files.read(own_file(claim.record.id));
            claim.record.solver == m_context.account() && own && own->size() == 32)
          std::copy(own->begin(), own->end(), claim.record.commitment.bytes.begin());
    return {std::move(view)};
  }
  static std::string own_file(const ClaimId& claim) { return "honest/" + to_hex(claim.value); }

  // The first half of the run's journal.
  [[nodiscard]] std::vector<Hash256> half_of(const ClaimId& claim) const {
    std::map<std::uint64_t, std::vector<Hash256>> segments;  // by the step that they follow
    if (const auto names = m_context.files.list("runs/" + to_hex(claim.value).substr(0, 16)))
      for (const std::string& name : *names)
        if (const auto bytes = m_context.files.read(name))
          if (const auto segment = training::decode_segment(*bytes))
            segments[segment->after] = segment->roots;
    std::vector<Hash256> roots;
    for (const auto& [after, own] : segments) roots.insert(roots.end(), own.begin(), own.end());
    roots.resize(roots.size() / 2 + 1);
    return roots;
  }
  static Hash256 salt() { return crypto::sha256(as_bytes("any salt will do")); }

  crypto::Signature sign(const ClaimId& claim, const Hash256& root) const {
    for (const protocol::TaskView& task : m_view->tasks)
      if (protocol::find_claim(task, claim) != nullptr)
        return m_context.key.sign(dispute::claim_digest(crypto::sha256_function(), m_context.chain,
                                                        task.record.id, task.record.terms.header,
                                                        root)
                                      .view());
    return {};
  }

  roles::RoleContext m_context;
  std::unique_ptr<roles::Role> m_solver;
  std::shared_ptr<const protocol::View> m_view;
};

}  // namespace

std::unique_ptr<roles::Role> make_fewer_steps(const roles::RoleContext& context,
                                              std::unique_ptr<roles::Role> solver) {
  return std::make_unique<FewerSteps>(context, std::move(solver));
}

}  // namespace assay::demo
