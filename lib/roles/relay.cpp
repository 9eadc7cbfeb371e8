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
    if (!std::exchange(m_knows_held, true)) find_held();
    std::set<ClaimId> followed;
    for (const TaskView& task : view.tasks) {
      bool busy = false;
      for (const ClaimView& claim : task.claims) {
        if (!follow(task, claim)) continue;
        busy = true;
        followed.insert(claim.record.id);
      }
      if (!busy) forget(task);
    }
    // Settled, or another round draws others: nobody is answered for any more.
    for (const ClaimId& claim : std::set<ClaimId>(m_held))
      if (!followed.contains(claim)) drop(claim);
  }

  // Also what an earlier life fetched.
  void find_held() {
    if (const auto names = context().files.list(kFolder))
      for (const std::string& name : *names) {
        const std::string in_folder = name.substr(std::string(kFolder).size() + 1);
        if (const auto id = hash_from_hex(in_folder.substr(0, in_folder.find('/'))))
          m_held.insert(ClaimId{*id});
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

  static constexpr const char* kFolder = "relayed";
  static std::string folder(const ClaimId& claim) {
    return std::string(kFolder) + "/" + to_hex(claim.value);
  }
  static std::string state_file(const ClaimId& claim, std::uint64_t entry) {
    return folder(claim) + "/" + std::to_string(entry) + ".safetensors";
  }

  // Of everything that has to be there a checked file; true once all is offered.
  bool keep_all(const TaskView& task, const ClaimView& view, const SharedTask& opened,
                const commit::Transcript& roots) {
    const protocol::ClaimRecord& claim = view.record;
    const auto kept = m_kept.find(claim.id);
    if (kept != m_kept.end() && kept->second == claim.transcript_root) return true;
    m_held.insert(claim.id);
    for (std::uint64_t entry = 1; entry < claim.entries; ++entry) {
      if (!protocol::is_kept(task.record, claim, entry)) continue;
      const std::string file = state_file(claim.id, entry);
      if (!context().files.exists(file) && !fetch_state(view, opened, roots, entry, file))
        return false;
      if (entry == claim.forced_entry && !is_true(view, roots, entry, file)) return false;
      const std::uint64_t step = commit::step_of_entry(opened->header, entry);
      act(PublishFile{checkpoint_blob(claim.id, step), file});
    }
    act(Publish{transcript_blob(claim.id), roots.state_roots(0, roots.size())});
    m_kept.insert_or_assign(claim.id, claim.transcript_root);
    return true;
  }

  // An error was forced there: what was fetched before the disclosure has the wrong bit.
  bool is_true(const ClaimView& view, const commit::Transcript& roots, std::uint64_t entry,
               const std::string& file) {
    const std::string job = "disclosed/" + to_hex(view.record.id.value);
    if (finished_job(job) != nullptr) return true;
    start_job(job,
              [file, root = roots.state_root(entry), &files = context().files,
               &pool = context().pool](const auto&) -> JobResult {
                ASSAY_TRY(const Bytes posted, files.read(file));
                ASSAY_TRY(const Bytes disclosed, with_root(posted, root, pool));
                ASSAY_TRY_STATUS(files.write_atomically(file, disclosed));
                return std::shared_ptr<JobOutcome>(std::make_shared<JobOutcome>());
              });
    return false;
  }
  // The same state, or but for the bit in which a forced error differs.
  static Result<Bytes> with_root(const Bytes& file, const Hash256& root, TaskPool& pool) {
    ASSAY_TRY(NamedTensors state, tensor::read_safetensors(file));
    if (training::state_root(state, pool) == root) return file;
    if (!state.contains(protocol::kLossSlot))
      return {ErrorCode::kIntegrity, "a relayed state is damaged"};
    return tensor::write_safetensors(internal::with_flipped_loss(std::move(state)));
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
            return with_root(bytes, all[entry], context.pool);
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
    m_held.erase(claim);
    m_kept.erase(claim);
    if (const auto names = context().files.list(folder(claim)))
      for (const std::string& name : *names) (void)context().files.remove(name);
  }

  RelayOptions m_options;
  std::optional<std::uint64_t> m_bonding_since;  // the last nonce then
  std::map<ClaimId, Hash256> m_kept;             // all of it is offered, as this transcript says
  std::set<ClaimId> m_held;                      // files of it may be there
  bool m_knows_held = false;
};

}  // namespace

std::unique_ptr<Role> make_relay(RoleContext context, RelayOptions options) {
  return std::make_unique<Relay>(std::move(context), options);
}

}  // namespace assay::roles
