// The submitter: posts tasks, serves their programs and data, and collects the models.
#pragma once

#include "assay/roles/role.hpp"

namespace assay::roles {

// One task to post. Equal `label`s of one account are the same posting, also after a restart.
struct Posting {
  std::string label;  // "mlp-1"; names the saved model too
  std::shared_ptr<const training::Task> task;
  protocol::PostTask terms;  // its header is the task's
};

struct SubmitterOptions {
  std::vector<Posting> postings;
  // Test images and labels for the report's accuracy; computed by `predict` from the paid state.
  std::function<Result<double>(const NamedTensors& state, TaskPool& pool)> accuracy;
};

// Publishes programs and data, posts each task once, and when its claim is final fetches the end
// state, checks it against the ledger and saves models/<label>.safetensors (the parameters alone)
// through the context's files. Finishes when every posting has ended. Reports: task.posted,
// task.accepted, task.ended, model.saved.
[[nodiscard]] std::unique_ptr<Role> make_submitter(RoleContext context, SubmitterOptions options);

}  // namespace assay::roles
