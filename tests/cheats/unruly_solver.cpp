#include "cheats/unruly_solver.hpp"

#include "support/edited_role.hpp"

namespace assay::cheats {

namespace {

constexpr std::uint64_t kKeepsBack = 5;

// Says nothing of one kind; or makes a disclosure without what it forced; or shows nothing of its
// work, neither to those who ask it nor on the ledger.
bool drops(std::uint64_t how, protocol::Payload& payload) {
  using namespace protocol;
  switch (how) {
    case 0: return std::holds_alternative<CommitTranscript>(payload);
    case 1: return std::holds_alternative<RevealTranscript>(payload);
    case 2: return std::holds_alternative<Disclose>(payload);
    case 3: return std::holds_alternative<PlayMove>(payload);
    case kKeepsBack: return std::holds_alternative<SupplyChunk>(payload);
    default:
      if (auto* disclosed = std::get_if<Disclose>(&payload)) disclosed->forced.reset();
      return false;
  }
}

}  // namespace

std::unique_ptr<roles::Role> make_unruly_solver(const roles::RoleContext&,
                                                std::unique_ptr<roles::Role> solver,
                                                sim::SimRng& rng) {
  return std::make_unique<EditedRole>(
      std::move(solver), [how = rng.below(6)](roles::Actions& actions) {
        std::erase_if(actions, [how](roles::Action& action) {
          if (how == kKeepsBack && (std::holds_alternative<roles::Publish>(action) ||
                                    std::holds_alternative<roles::PublishFile>(action)))
            return true;
          auto* submit = std::get_if<roles::Submit>(&action);
          return submit != nullptr && drops(how, submit->payload);
        });
      });
}

}  // namespace assay::cheats
