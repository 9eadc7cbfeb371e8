// A task's programs and data: fetched from whoever has them, each held to its root as it arrives,
// and offered to others.
#include <algorithm>

#include "assay/roles/names.hpp"
#include "assay/tensor/safetensors.hpp"
#include "internal/ledger_role.hpp"

namespace assay::roles::internal {

std::vector<AccountId> attested_by(const protocol::ClaimView& claim) {
  std::vector<AccountId> relays;
  if (claim.relays)
    for (const protocol::RelaySeat& seat : claim.relays->seats)
      if (seat.attested) relays.push_back(seat.relay);
  return relays;
}

AccountId LedgerRole::source_of(const std::string& name, const AccountId& publisher,
                                const std::vector<AccountId>& others) const {
  if (!fetch_failed(name, publisher)) return publisher;
  const auto retry_ms = [&](const AccountId& id) { return m_fetches.at({name, id}).retry_ms; };
  AccountId next = publisher;
  for (const AccountId& other : others) {
    if (other == account()) continue;
    if (!fetch_failed(name, other)) return other;
    if (retry_ms(other) < retry_ms(next)) next = other;
  }
  return next;
}

namespace {

// Where relays are drawn a solver serves what it was given, too: it answers for all of it.
std::vector<AccountId> who_has_the_task(const protocol::TaskView& task) {
  std::vector<AccountId> who;
  if (task.record.terms.relays == 0) return who;
  for (const protocol::ClaimView& claim : task.claims) {
    for (const AccountId& relay : attested_by(claim)) who.push_back(relay);
    if (claim.record.status >= protocol::ClaimStatus::kDrawing) who.push_back(claim.record.solver);
  }
  return who;
}

struct OpenedTask final : JobOutcome {
  SharedTask task;
};

std::string open_job(const TaskId& task) { return "open-task/" + to_hex(task.value); }

}  // namespace

struct LedgerRole::CheckedBlob final : JobOutcome {
  AccountId from;
  std::optional<graph::Program> program;  // neither: what came is wrong
  std::optional<NamedTensors> data;
};

// Wrong bytes are as good as none: whoever serves its friends alone could give others those.
std::shared_ptr<LedgerRole::CheckedBlob> LedgerRole::checked_blob(const protocol::TaskView& task,
                                                                  BlobKind kind,
                                                                  const Hash256& root) {
  const bool is_program = kind == BlobKind::kProgram;
  const std::string name = is_program ? program_blob(root) : data_blob(root);
  const std::string job = open_job(task.record.id) + "/" + name;
  if (finished_job(job) != nullptr) {
    auto checked = std::static_pointer_cast<CheckedBlob>(m_jobs[job].outcome);
    if (checked->program || checked->data) return checked;
    report_once(name + to_hex(checked->from.value), "blob.wrong",
                {{"name", name}, {"from", to_hex(checked->from.value)}});
    release_wrong(name, checked->from);
    forget_job(job);
  }
  if (job_under_way(job)) return nullptr;
  const AccountId from = source_of(name, task.record.submitter, who_has_the_task(task));
  const Bytes* bytes = fetched(name, from, is_program ? kProgramBytesMax : kDataBytesMax);
  if (bytes == nullptr) return nullptr;
  start_job(
      job,
      [is_program, root, from, bytes = *bytes, &pool = m_context.pool](const auto&) -> JobResult {
        auto outcome = std::make_shared<CheckedBlob>();
        outcome->from = from;
        if (is_program) {
          auto program = graph::decode_program(bytes);
          if (program && graph::root_of(*program) == root) outcome->program = std::move(*program);
        } else {
          auto data = tensor::read_safetensors(bytes);
          if (data && training::data_root(*data, pool) == root) outcome->data = std::move(*data);
        }
        return std::shared_ptr<JobOutcome>(std::move(outcome));
      },
      /*lengthy=*/false, due_of(task));
  release(name, from);
  return nullptr;
}

SharedTask LedgerRole::open_task(const protocol::TaskView& task) {
  const auto known = m_tasks.find(task.record.id);
  if (known != m_tasks.end()) return known->second;
  const std::string job = open_job(task.record.id);
  if (auto* opened = static_cast<OpenedTask*>(finished_job(job))) {
    SharedTask result = opened->task;
    adopt_task(task.record.id, result);
    forget_job(job);
    return result;
  }
  if (job_under_way(job) || job_waits(job)) return nullptr;
  const commit::TaskHeader& header = task.record.terms.header;
  const auto init = checked_blob(task, BlobKind::kProgram, header.init_program);
  const auto step = checked_blob(task, BlobKind::kProgram, header.step_program);
  const auto data = checked_blob(task, BlobKind::kDataSet, header.data_set);
  if (!init || !step || !data) return nullptr;
  forget(task);  // what was checked is the job's now
  start_job(
      job,
      [header, init, step, data, &pool = m_context.pool,
       execution = m_context.execution](const auto&) -> JobResult {
        // Copies of the programs: both can be the same one.
        ASSAY_TRY(training::Task opened, training::open_task(header, *init->program, *step->program,
                                                             std::move(*data->data), pool));
        auto outcome = std::make_shared<OpenedTask>();
        outcome->task = std::make_shared<const training::Task>(std::move(opened));
        // Weighed now, so that no task is taken on that does not fit this machine.
        ASSAY_TRY(const auto weighed, execution(*outcome->task, pool));
        return std::shared_ptr<JobOutcome>(std::move(outcome));
      },
      /*lengthy=*/false, due_of(task));
  return nullptr;
}

void LedgerRole::forget(const protocol::TaskView& task) {
  m_tasks.erase(task.record.id);
  std::erase_if(m_jobs, [prefix = open_job(task.record.id) + "/"](const auto& job) {
    return !job.second.under_way && job.first.starts_with(prefix);
  });
}

Status LedgerRole::publish_task(const training::Task& task) {
  for (const graph::ValidProgram* program : {task.init.get(), task.step.get()})
    if (const std::string name = program_blob(program->root()); m_task_blobs.insert(name).second)
      act(Publish{name, graph::encode_program(program->program())});
  const std::string name = data_blob(task.header.data_set);
  if (m_task_blobs.contains(name)) return {};
  ASSAY_TRY(Bytes data, tensor::write_safetensors(task.data));
  act(Publish{name, std::move(data)});
  m_task_blobs.insert(name);
  return {};
}

}  // namespace assay::roles::internal
