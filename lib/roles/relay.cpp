// Fetches all that a claim is checked with, attests it, and serves it until the claim is settled.
#include "assay/roles/relay.hpp"

#include "assay/roles/names.hpp"
#include "assay/tensor/safetensors.hpp"
#include "assay/training/state.hpp"
#include "internal/checker_role.hpp"
#include "internal/forced_error.hpp"
#include "internal/supply.hpp"

namespace assay::roles {

namespace {

using internal::SharedTask;
using protocol::ClaimStatus;
using protocol::ClaimView;
using protocol::TaskView;

class Relay final : public internal::CheckerRole {
 public:
  Relay(RoleContext context, RelayOptions options)
      : CheckerRole(std::move(context)), m_options(options) {}

 private:
  void update(const protocol::View& view) override {
    keep_bond(view);
    for (const TaskView& task : view.tasks) {
      bool busy = false;
      for (const ClaimView& claim : task.claims) busy |= follow(task, claim);
      if (!busy) forget(task);
    }
  }

  // What is in the pool is what it was told to have there; a stake that is not there yet may come.
  void keep_bond(const protocol::View& view) {
    if (view.relay.bond >= m_options.bond) return m_bonding_since.reset();
    const Amount missing{m_options.bond.value - view.relay.bond.value};
    if (view.self.staked < missing) return;
    if (!m_bonding_since) m_bonding_since = view.self.profile.last_nonce;
    submit("bond-relay/" + std::to_string(*m_bonding_since), protocol::BondRelay{missing});
  }

  // False once nothing is left to do about the claim.
  bool follow(const TaskView& task, const ClaimView& view) {
    const protocol::ClaimRecord& claim = view.record;
    if (!view.relays || protocol::seats_of(*view.relays, account()) == 0) return false;
    if (protocol::is_settled(claim.status)) {
      drop(claim.id);
      forget(view);
      return false;
    }
    const bool attested = protocol::has_attested(*view.relays, account());
    if (!attested && (claim.status != ClaimStatus::kRelaying || claim.withheld)) return false;
    // A word about data is lost where a demand is over before anybody could answer it.
    if (!attested && !leaves_time(task.record.terms, {1, 1})) return false;
    const SharedTask opened = open_task(task);
    if (!opened || !publish_task(*opened)) return true;
    const commit::Transcript* roots = transcript(view);
    if (roots == nullptr || !keep_all(task, view, opened, *roots)) return true;
    // Whoever attests while a demand is about to be ignored loses its word with it.
    const bool all_shown = supply(task, view, opened, *roots);
    if (!attested && all_shown) attest(task, view, opened, *roots);
    return true;
  }

  static std::string folder(const ClaimId& claim) { return "relayed/" + to_hex(claim.value); }
  static std::string state_file(const ClaimId& claim, std::uint64_t entry) {
    return folder(claim) + "/" + std::to_string(entry) + ".safetensors";
  }

  // Of everything that has to be there a checked file; true once all is offered.
  bool keep_all(const TaskView& task, const ClaimView& view, const SharedTask& opened,
                const commit::Transcript& roots) {
    const protocol::ClaimRecord& claim = view.record;
    if (m_kept.contains(claim.id)) return true;
    for (std::uint64_t entry = 1; entry < claim.entries; ++entry) {
      if (!protocol::is_kept(task.record, claim, entry)) continue;
      const std::string file = state_file(claim.id, entry);
      if (!context().files.exists(file) && !fetch_state(view, opened, roots, entry, file))
        return false;
      const std::uint64_t step = commit::step_of_entry(opened->header, entry);
      act(PublishFile{checkpoint_blob(claim.id, step), file});
    }
    act(Publish{transcript_blob(claim.id), roots.state_roots(0, roots.size())});
    m_kept.insert(claim.id);
    return true;
  }

  // One at a time: states may be large.
  bool fetch_state(const ClaimView& view, const SharedTask& opened, const commit::Transcript& roots,
                   std::uint64_t entry, const std::string& file) {
    bool gave_up = false;
    const internal::SharedState state = checkpoint(view, opened, roots, entry, gave_up);
    if (gave_up) forget_checkpoint(view, opened, entry);  // and ask again
    if (!state) return false;
    Result<Bytes> bytes = tensor::write_safetensors(*state);
    if (!bytes || !context().files.write_atomically(file, *bytes)) return false;
    forget_checkpoint(view, opened, entry);
    return true;
  }

  void attest(const TaskView& task, const ClaimView& view, const SharedTask& opened,
              const commit::Transcript& roots) {
    const std::string id = to_hex(view.record.id.value);
    const std::string round = id + "/" + std::to_string(view.relays->number);
    const protocol::Piece piece =
        protocol::relay_piece(task.record, view.record, *view.relays, account());
    const auto* shown = open("attest/" + round, view, opened, roots, piece, view.record.deadline);
    if (shown == nullptr) return;
    report_once("attest/" + round, "data.attested", {{"claim", id}});
    submit("attest/" + round,
           protocol::AttestData{view.record.id,
                                protocol::data_digest(context().chain, task.record, view.record),
                                shown->opening});
  }

  // What its solver has not shown when half of the clock is over. True if there is no such thing.
  bool supply(const TaskView& task, const ClaimView& view, const SharedTask& opened,
              const commit::Transcript& roots) {
    bool all_shown = true;
    for (const protocol::DemandRecord& demand : view.demands) {
      if (demand.status != protocol::DemandStatus::kOpen) continue;
      const std::uint64_t left_ms =
          demand.deadline.value -
          std::min(demand.deadline.value, this->view().head.ledger_time.value);
      if (left_ms > task.record.terms.windows.move_ms / 2) continue;
      all_shown = false;
      const std::string id = to_hex(demand.id.value);
      const std::string job = "supply/" + to_hex(demand.claim.value) + "/" + id + "/" +
                              to_hex(view.record.transcript_root);
      const auto* shown = open(job, view, opened, roots, demand.piece, demand.deadline);
      if (shown != nullptr)
        submit("supply/" + id, protocol::SupplyChunk{demand.id, shown->opening});
    }
    return all_shown;
  }

  // Opened from the files; of a forced error the state is as it stands on the ledger now.
  const internal::Supply* open(const std::string& job, const ClaimView& view,
                               const SharedTask& opened, const commit::Transcript& roots,
                               const protocol::Piece& piece, LedgerTimeMs due) {
    if (const auto* done = static_cast<const internal::Supply*>(finished_job(job))) return done;
    std::vector<Hash256> all;
    for (std::uint64_t entry = 0; entry < roots.size(); ++entry)
      all.push_back(roots.state_root(entry));
    start_job(
        job,
        [context = context(), opened, all = std::move(all), piece,
         id = view.record.id](const auto&) -> JobResult {
          const auto file = [&](std::uint64_t entry) -> Result<Bytes> {
            ASSAY_TRY(Bytes bytes, context.files.read(state_file(id, entry)));
            ASSAY_TRY(NamedTensors state, tensor::read_safetensors(bytes));
            if (training::state_root(state, context.pool) == all[entry]) return bytes;
            if (!state.contains(protocol::kLossSlot))
              return {ErrorCode::kIntegrity, state_file(id, entry) + " is damaged"};
            return tensor::write_safetensors(internal::with_flipped_loss(std::move(state)));
          };
          auto outcome = std::make_shared<internal::Supply>();
          ASSAY_TRY(outcome->opening,
                    internal::open_piece({*opened, all, file}, piece, context.pool));
          return std::shared_ptr<JobOutcome>(std::move(outcome));
        },
        /*lengthy=*/false, due);
    return nullptr;
  }

  void drop(const ClaimId& claim) {
    if (!m_dropped.insert(claim).second) return;
    m_kept.erase(claim);
    if (const auto names = context().files.list(folder(claim)))
      for (const std::string& name : *names) (void)context().files.remove(name);
  }

  RelayOptions m_options;
  std::optional<std::uint64_t> m_bonding_since;  // the last nonce then
  std::set<ClaimId> m_kept;
  std::set<ClaimId> m_dropped;
};

}  // namespace

std::unique_ptr<Role> make_relay(RoleContext context, RelayOptions options) {
  return std::make_unique<Relay>(std::move(context), options);
}

}  // namespace assay::roles
