#include "cheats/unruly_solver.hpp"

#include <algorithm>

#include "assay/crypto/sha256.hpp"

namespace assay::cheats {

namespace {

// Says nothing of one kind; a disclosure without what it forced; or a reveal of another transcript.
class UnrulySolver final : public roles::Role {
 public:
  UnrulySolver(std::unique_ptr<roles::Role> solver, std::uint64_t how)
      : m_solver(std::move(solver)), m_how(how) {}

  [[nodiscard]] roles::Actions on(const roles::Event& event, std::uint64_t now_ms) override {
    roles::Actions actions = m_solver->on(event, now_ms);
    std::erase_if(actions, [this](roles::Action& action) {
      auto* submit = std::get_if<roles::Submit>(&action);
      return submit != nullptr && drops(submit->payload);
    });
    return actions;
  }
  [[nodiscard]] std::optional<std::uint64_t> next_deadline() const override {
    return m_solver->next_deadline();
  }

 private:
  [[nodiscard]] bool drops(protocol::Payload& payload) const {
    using namespace protocol;
    switch (m_how) {
      case 0: return std::holds_alternative<CommitTranscript>(payload);
      case 1: return std::holds_alternative<RevealTranscript>(payload);
      case 2: return std::holds_alternative<Disclose>(payload);
      case 3: return std::holds_alternative<PlayMove>(payload);
      default:
        if (auto* disclosed = std::get_if<Disclose>(&payload)) disclosed->forced.reset();
        return false;
    }
  }

  std::unique_ptr<roles::Role> m_solver;
  std::uint64_t m_how;
};

}  // namespace

std::unique_ptr<roles::Role> make_unruly_solver(const roles::RoleContext&,
                                                std::unique_ptr<roles::Role> solver,
                                                sim::SimRng& rng) {
  return std::make_unique<UnrulySolver>(std::move(solver), rng.below(5));
}

}  // namespace assay::cheats
