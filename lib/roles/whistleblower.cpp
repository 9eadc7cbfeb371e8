#include "assay/roles/checkers.hpp"
#include "internal/checker_role.hpp"

namespace assay::roles {

namespace {

using internal::Replayed;
using protocol::ClaimStatus;
using protocol::ClaimView;
using protocol::TaskView;

class Whistleblower final : public internal::CheckerRole {
 public:
  Whistleblower(RoleContext context, WhistleblowerOptions options)
      : CheckerRole(std::move(context)), m_options(options) {}

 private:
  void update(const protocol::View& view) override {
    for (const TaskView& task : view.tasks) {
      bool busy = task.claims.empty();
      for (const ClaimView& claim : task.claims) busy |= watch(task, claim);
      if (!busy) forget(task);
    }
  }

  // False once nothing is left to do about the claim.
  bool watch(const TaskView& task, const ClaimView& claim) {
    const protocol::ClaimRecord& record = claim.record;
    if (protocol::is_settled(record.status)) forget_checks(record.id);
    if (record.solver == account()) return false;
    const bool checks = !plays_as(record.solver);  // whom it defends it does not accuse
    if (protocol::is_settled(record.status) && !has_challenged(claim)) {
      forget(claim);
      return false;
    }
    const internal::SharedTask opened = open_task(task);
    if (!opened) demand_task(task, claim);
    if (!opened || record.status < ClaimStatus::kSealing) return true;
    if (const commit::Transcript* roots = transcript(claim)) {
      if (checks && record.status <= ClaimStatus::kChallenging) check(task, claim, opened, *roots);
      carry_on(task, claim, opened, *roots);
    }
    return true;
  }

  // Runs of neighbouring entries to replay, one after the other; the first difference ends it,
  // because what follows a lie is usually consistent with it.
  void check(const TaskView& task, const ClaimView& claim, const internal::SharedTask& opened,
             const commit::Transcript& roots) {
    const std::string id = to_hex(claim.record.id.value);
    std::set<std::uint64_t> drawn;
    if (!m_options.also_drawn)
      for (const protocol::VerifierRecord& verifier : claim.verifiers)
        for (const economics::Draw& draw : verifier.draws) drawn.insert(draw.entry);
    std::uint64_t replayed = 0;
    bool differs = false;
    for (std::uint64_t first = 0; first < roots.size();) {
      if (drawn.contains(first)) {
        ++first;
        continue;
      }
      std::uint64_t last = first;
      while (last + 1 < roots.size() && !drawn.contains(last + 1)) ++last;
      const Replayed* found = replay(task, claim, opened, roots, {first, last, std::nullopt});
      if (found == nullptr) return;
      differs = challenge_differences(task, claim, roots, *found);
      report_divergence(claim, roots, *found);
      if (differs) break;
      replayed += last - first + 1;
      first = last + 1;
    }
    if (!differs)
      report_once(id, "claim.checked", {{"claim", id}, {"intervals", std::to_string(replayed)}});
    if (m_options.also_drawn) check_words(task, claim, opened, roots, nullptr);
  }

  WhistleblowerOptions m_options;
};

}  // namespace

std::unique_ptr<Role> make_whistleblower(RoleContext context, WhistleblowerOptions options) {
  return std::make_unique<Whistleblower>(std::move(context), options);
}

}  // namespace assay::roles
