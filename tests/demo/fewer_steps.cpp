#include "demo/fewer_steps.hpp"

#include <algorithm>

#include "assay/commit/transcript.hpp"
#include "assay/crypto/sha256.hpp"
#include "assay/dispute/claims.hpp"

namespace assay::demo {

namespace {

class FewerSteps final : public roles::Role {
 public:
  FewerSteps(const roles::RoleContext& context, std::unique_ptr<roles::Role> solver)
      : m_context(context), m_solver(std::move(solver)) {}

  [[nodiscard]] roles::Actions on(const roles::Event& event, std::uint64_t now_ms) override {
    if (const auto* update = std::get_if<roles::LedgerUpdate>(&event)) m_view = update->view;
    roles::Actions actions = m_solver->on(event, now_ms);
    for (roles::Action& action : actions) {
      if (auto* publish = std::get_if<roles::Publish>(&action);
          publish != nullptr && publish->name.starts_with("transcript/"))
        m_half = half_of(publish->bytes);
      auto* submit = std::get_if<roles::Submit>(&action);
      if (submit == nullptr || m_half.empty()) continue;
      const commit::Transcript half(m_half);
      if (auto* commit = std::get_if<protocol::CommitTranscript>(&submit->payload)) {
        commit->commitment = protocol::transcript_commitment(commit->claim, half.root(), salt());
      } else if (auto* reveal = std::get_if<protocol::RevealTranscript>(&submit->payload)) {
        reveal->transcript_root = half.root();
        reveal->salt = salt();
        reveal->final_state_root = m_half.back();
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
  static std::vector<Hash256> half_of(const Bytes& list) {
    std::vector<Hash256> roots(list.size() / 32 / 2 + 1);
    for (std::size_t i = 0; i < roots.size(); ++i)
      std::copy_n(list.begin() + static_cast<std::ptrdiff_t>(32 * i), 32, roots[i].bytes.begin());
    return roots;
  }
  static Hash256 salt() { return crypto::sha256(as_bytes("any salt will do")); }

  crypto::Signature sign(const ClaimId& claim, const Hash256& root) const {
    for (const protocol::TaskView& task : m_view->tasks)
      if (task.claim && task.claim->record.id == claim)
        return m_context.key.sign(dispute::claim_digest(crypto::sha256_function(), m_context.chain,
                                                        task.record.id, task.record.terms.header, root)
                                      .view());
    return {};
  }

  roles::RoleContext m_context;
  std::unique_ptr<roles::Role> m_solver;
  std::shared_ptr<const protocol::View> m_view;
  std::vector<Hash256> m_half;
};

}  // namespace

std::unique_ptr<roles::Role> make_fewer_steps(const roles::RoleContext& context,
                                              std::unique_ptr<roles::Role> solver) {
  return std::make_unique<FewerSteps>(context, std::move(solver));
}

}  // namespace assay::demo
