#include "assay/roles/submitter.hpp"

#include <algorithm>

#include "assay/crypto/sha256.hpp"
#include "assay/protocol/offer.hpp"
#include "assay/roles/names.hpp"
#include "assay/tensor/safetensors.hpp"
#include "internal/ledger_role.hpp"

namespace assay::roles {

namespace {

using protocol::TaskStatus;
using protocol::TaskView;

constexpr std::string_view kParameterPrefix = "model/";

// A posting's task, once it was seen: a digest of whose it is, on which chain and of which terms,
// and the id. The ledger remembers client ids for a while only, and a submitter made anew knows no
// attempt but the first.
std::string post_file(const std::string& label) { return "posts/" + label; }
Bytes post_record(const RoleContext& context, const Posting& posting, const TaskId& id) {
  codec::BytesSink sink;
  codec::Writer w(sink);
  w.hash(crypto::sha256({as_bytes("assay/posting/1"), context.chain.value.view(),
                         context.account().value.view(),
                         protocol::terms_digest(posting.terms).view()}));
  w.hash(id.value);
  return sink.take();
}

struct SavedModel final : JobOutcome {
  std::string file;
  std::size_t bytes = 0;
  std::optional<double> accuracy;
};

class Submitter final : public internal::LedgerRole {
 public:
  Submitter(RoleContext context, SubmitterOptions options)
      : LedgerRole(std::move(context)), m_options(std::move(options)) {}

 private:
  void update(const protocol::View& view) override {
    if (!m_published)
      if (const Status published = publish(); !published) return finish(published);
    bool all_ended = true;
    for (const Posting& posting : m_options.postings) all_ended &= follow(view, posting);
    if (all_ended) finish({});
  }

  Status publish() {
    m_published = true;
    for (const Posting& posting : m_options.postings) {
      ASSAY_TRY_STATUS(publish_task(*posting.task));
    }
    return {};
  }

  [[nodiscard]] const TaskView* find(const protocol::View& view, const TaskId& id) const {
    for (const TaskView& task : view.tasks)
      if (task.record.id == id) return &task;
    return nullptr;
  }

  // The posting's task, where it was seen before.
  Result<std::optional<TaskId>> seen(const Posting& posting) {
    if (const auto known = m_seen.find(posting.label); known != m_seen.end()) return known->second;
    std::optional<TaskId> found;
    const auto record = context().files.read(post_file(posting.label));
    if (!record && record.error().code != ErrorCode::kNotFound) return record.error();
    TaskId id;
    if (record && record->size() == 2 * id.value.bytes.size()) {
      std::copy_n(record->end() - 32, 32, id.value.bytes.begin());
      if (*record == post_record(context(), posting, id)) found = id;
    }
    m_seen.emplace(posting.label, found);
    return found;
  }

  // A full disk is no reason to stop: the next view brings the task again.
  void keep(const Posting& posting, const TaskId& id) {
    std::optional<TaskId>& known = m_seen[posting.label];
    if (known != id && context().files.write_atomically(post_file(posting.label),
                                                        post_record(context(), posting, id)))
      known = id;
  }

  [[nodiscard]] TaskId next_id(const Posting& posting) const {
    return protocol::task_id_of(context().chain, account(), client_id("post/" + posting.label));
  }

  // True once nothing is left to do for it.
  bool follow(const protocol::View& view, const Posting& posting) {
    const auto kept = seen(posting);
    if (!kept) {  // it may be there: posting again would pay twice
      report_once("unreadable/" + posting.label, "posting.unreadable",
                  {{"label", posting.label}, {"error", kept.error().message}});
      return false;
    }
    const std::optional<TaskId> before = *kept;
    const TaskId id = before ? *before : next_id(posting);
    const TaskView* task = find(view, id);
    if (task == nullptr && (before || exists("post/" + posting.label))) {
      report_once(posting.label, "task.forgotten",
                  {{"task", to_hex(id.value)}, {"label", posting.label}});
      return true;
    }
    if (task == nullptr) {
      submit("post/" + posting.label, posting.terms);
      return false;
    }
    keep(posting, id);
    adopt_task(id, posting.task);
    const std::string name = to_hex(id.value);
    report_once(name, "task.posted",
                {{"task", name},
                 {"label", posting.label},
                 {"price", std::to_string(posting.terms.price.value)}});
    for (const protocol::ClaimView& claim : task->claims)
      report_once(to_hex(claim.record.id.value), "task.accepted",
                  {{"task", name},
                   {"label", posting.label},
                   {"claim", to_hex(claim.record.id.value)},
                   {"solver", to_hex(claim.record.solver.value)},
                   {"price", std::to_string(claim.record.price.value)}});
    for (const protocol::Bid& bid : task->bids)
      report_once(name + to_hex(bid.bidder.value) + std::to_string(bid.price.value), "task.bid",
                  {{"task", name},
                   {"label", posting.label},
                   {"bidder", to_hex(bid.bidder.value)},
                   {"price", std::to_string(bid.price.value)}});
    switch (task->record.status) {
      case TaskStatus::kFunding:
      case TaskStatus::kOpen:
      case TaskStatus::kClaimed: return false;
      case TaskStatus::kPaid: return collect(*task, posting);
      case TaskStatus::kCancelled:
      case TaskStatus::kUnclaimed:
      case TaskStatus::kRefunded:
        report_once(name, "task.ended",
                    {{"task", name},
                     {"label", posting.label},
                     {"status", protocol::to_string(task->record.status)},
                     {"reason", protocol::to_string(task->record.reason)}});
        return true;
    }
    return true;
  }

  // The model of the first copy that was paid.
  bool collect(const TaskView& task, const Posting& posting) {
    const auto paid = std::find_if(
        task.claims.begin(), task.claims.end(),
        [](const protocol::ClaimView& one) { return protocol::is_paid(one.record.reason); });
    if (paid == task.claims.end()) return true;
    const protocol::ClaimRecord& claim = paid->record;
    const std::string job = "collect/" + posting.label;
    if (auto* saved = static_cast<SavedModel*>(finished_job(job))) {
      Log::Fields fields{{"label", posting.label},
                         {"file", saved->file},
                         {"bytes", std::to_string(saved->bytes)},
                         {"state_root", to_hex(claim.final_state_root)}};
      if (saved->accuracy) fields.emplace_back("accuracy", std::to_string(*saved->accuracy));
      report_once(posting.label, "model.saved", std::move(fields));
      report_once(posting.label, "task.ended",
                  {{"task", to_hex(task.record.id.value)},
                   {"label", posting.label},
                   {"status", protocol::to_string(task.record.status)},
                   {"reason", protocol::to_string(task.record.reason)}});
      return true;
    }
    if (job_under_way(job) || job_waits(job)) return false;
    const std::string name =
        checkpoint_blob(claim.id, protocol::header_of(task.record, claim).steps);
    const Bytes* bytes = fetched(name, claim.solver, internal::state_bytes_max(*posting.task));
    if (bytes == nullptr) return false;
    start_job(job,
              [bytes = *bytes, root = claim.final_state_root,
               file = "models/" + posting.label + ".safetensors", &pool = context().pool,
               &files = context().files, accuracy = m_options.accuracy](const auto&) -> JobResult {
                ASSAY_TRY(NamedTensors state, training::verify_state_bytes(bytes, root, pool));
                auto outcome = std::make_shared<SavedModel>();
                if (accuracy) {
                  ASSAY_TRY(outcome->accuracy, accuracy(state, pool));
                }
                NamedTensors parameters;
                for (auto& [slot, value] : state)
                  if (slot.starts_with(kParameterPrefix))
                    parameters.emplace(slot.substr(kParameterPrefix.size()), std::move(value));
                ASSAY_TRY(const Bytes model, tensor::write_safetensors(parameters));
                ASSAY_TRY_STATUS(files.write_atomically(file, model));
                outcome->file = file;
                outcome->bytes = model.size();
                return std::shared_ptr<JobOutcome>(std::move(outcome));
              });
    release(name, claim.solver);
    return false;
  }

  SubmitterOptions m_options;
  bool m_published = false;
  std::map<std::string, std::optional<TaskId>> m_seen;  // by label
};

}  // namespace

std::unique_ptr<Role> make_submitter(RoleContext context, SubmitterOptions options) {
  return std::make_unique<Submitter>(std::move(context), std::move(options));
}

}  // namespace assay::roles
