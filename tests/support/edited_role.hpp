// A role whose actions somebody changes, or drops, before the driver sees them.
#pragma once

#include <functional>
#include <memory>

#include "assay/roles/role.hpp"

namespace assay {

class EditedRole final : public roles::Role {
 public:
  using Edit = std::function<void(roles::Actions& actions)>;

  EditedRole(std::unique_ptr<roles::Role> role, Edit edit)
      : m_role(std::move(role)), m_edit(std::move(edit)) {}

  [[nodiscard]] roles::Actions on(const roles::Event& event, std::uint64_t now_ms) override {
    roles::Actions actions = m_role->on(event, now_ms);
    m_edit(actions);
    return actions;
  }
  [[nodiscard]] std::optional<std::uint64_t> next_deadline() const override {
    return m_role->next_deadline();
  }

 private:
  std::unique_ptr<roles::Role> m_role;
  Edit m_edit;
};

}  // namespace assay
