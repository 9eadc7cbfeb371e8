#include "assay/roles/checkers.hpp"
#include "internal/checker_role.hpp"

namespace assay::roles {

namespace {

using internal::Replayed;
using protocol::ClaimStatus;
using protocol::TaskView;

class Whistleblower final : public internal::CheckerRole {
 public:
  Whistleblower(RoleContext context, WhistleblowerOptions options)
      : CheckerRole(std::move(context)), m_options(options) {}

 private:
  void update(const protocol::View& view) override {
    for (const TaskView& task : view.tasks) {
      if (!task.claim) continue;
      const protocol::ClaimRecord& claim = task.claim->record;
      if (protocol::is_settled(claim.status)) forget_checks(claim.id);
      if (claim.solver == account()) continue;
      if (protocol::is_settled(claim.status) && !has_challenged(task)) {
        forget(task);
        continue;
      }
      const internal::SharedTask opened = open_task(task);
      if (!opened || claim.status < ClaimStatus::kSealing) continue;
      if (const commit::Transcript* roots = transcript(task)) {
        if (protocol::is_challengeable(claim.status)) check(task, opened, *roots);
        carry_on(task, opened, *roots);
      }
    }
  }

  // Runs of neighbouring entries to replay, one after the other; the first difference ends it,
  // because what follows a lie is usually consistent with it.
  void check(const TaskView& task, const internal::SharedTask& opened,
             const commit::Transcript& roots) {
    const std::string id = to_hex(task.claim->record.id.value);
    std::set<std::uint64_t> drawn;
    if (!m_options.also_drawn)
      for (const protocol::VerifierRecord& verifier : task.claim->verifiers)
        for (const economics::Draw& draw : verifier.draws) drawn.insert(draw.entry);
    std::uint64_t replayed = 0;
    for (std::uint64_t first = 0; first < roots.size();) {
      if (drawn.contains(first)) {
        ++first;
        continue;
      }
      std::uint64_t last = first;
      while (last + 1 < roots.size() && !drawn.contains(last + 1)) ++last;
      const Replayed* found = replay(task, opened, roots, {first, last, std::nullopt});
      if (found == nullptr) return;
      challenge_forced(task, *found);
      if (found->mismatch) return challenge(task, *found->mismatch);
      replayed += last - first + 1;
      first = last + 1;
    }
    report_once(id, "claim.checked", {{"claim", id}, {"intervals", std::to_string(replayed)}});
  }

  WhistleblowerOptions m_options;
};

}  // namespace

std::unique_ptr<Role> make_whistleblower(RoleContext context, WhistleblowerOptions options) {
  return std::make_unique<Whistleblower>(std::move(context), options);
}

}  // namespace assay::roles
