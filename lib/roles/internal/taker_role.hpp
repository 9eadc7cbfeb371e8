// How a solver comes by its work: which tasks it wants, what it asks and quotes for them, and the
// offers it has sent, as acceptances or as bids.
#pragma once

#include "assay/roles/solver.hpp"
#include "internal/checker_role.hpp"

namespace assay::roles::internal {

class TakerRole : public CheckerRole {
 public:
  TakerRole(RoleContext context, SolverOptions options);

 protected:
  // Accepts and bids for what is for sale and wanted, while fewer than `tasks_max` tasks are under
  // way.
  void take(const protocol::View& view);
  // Null while this account has none of the task.
  [[nodiscard]] const protocol::ClaimView* own_claim(const protocol::TaskView& task) const;
  // r, of which the acceptance, the bid or the quote carried the hash.
  [[nodiscard]] Hash256 random_bits(const protocol::TaskView& task,
                                    const protocol::ClaimRecord& claim) const;

 private:
  void on_refused(const std::string& purpose) final;

  // Offers.
  void look_at_offers(const protocol::View& view);
  [[nodiscard]] const protocol::Bid* own_bid(const protocol::TaskView& task) const;
  [[nodiscard]] bool has_offered(const protocol::TaskView& task) const;
  // An offer that was sent, and is no bid on the ledger yet.
  [[nodiscard]] bool is_unseen(const protocol::TaskView& task) const;
  // Writes down what is offered; false if that fails.
  [[nodiscard]] bool offer(const TaskId& id, const protocol::ReplayTimes& times);
  [[nodiscard]] protocol::ReplayTimes read_offer(const TaskId& id) const;
  void put_off(const TaskId& id);
  [[nodiscard]] bool is_put_off(const TaskId& id);

  // What is wanted. `promised`: stakes that offers will take which are not seen yet.
  [[nodiscard]] bool wants(const protocol::View& view, const protocol::TaskView& task,
                           std::uint64_t promised);
  [[nodiscard]] bool has_stake(const protocol::View& view, const protocol::TaskView& task,
                               std::uint64_t promised) const;
  [[nodiscard]] bool has_deposit(const protocol::View& view, const protocol::TaskView& task) const;
  [[nodiscard]] bool may_be_attested(const protocol::View& view, const protocol::TaskView& task);
  [[nodiscard]] bool is_sound(const protocol::TaskView& task);

  // What is asked, in atoms, and quoted.
  [[nodiscard]] std::uint64_t asked(const protocol::PostTask& terms) const;
  [[nodiscard]] std::optional<std::uint64_t> next_price(const protocol::TaskView& task) const;
  [[nodiscard]] protocol::ReplayTimes set_times(protocol::ReplayTimes times = {1, 1}) const;
  [[nodiscard]] std::optional<protocol::ReplayTimes> quoted(const protocol::TaskView& task);
  [[nodiscard]] std::optional<protocol::ReplayTimes> meter(const protocol::TaskView& task);

  // True if an offer was sent.
  [[nodiscard]] bool accept(const protocol::TaskView& task);
  [[nodiscard]] bool bid(const protocol::TaskView& task);

  SolverOptions m_options;
  std::map<TaskId, protocol::ReplayTimes> m_offers;  // that were sent, and what they quote
  std::map<TaskId, Retry> m_put_off;
  std::string m_meter_job;
  bool m_knows_offers = false;
};

}  // namespace assay::roles::internal
