#include "assay/training/task.hpp"

#include "assay/crypto/sha256.hpp"

namespace assay::training {
namespace {

Status check_data(const graph::Program& step, const NamedTensors& data) {
  const Error mismatch{ErrorCode::kInvalidArgument,
                       "the data set does not have the tensors that the step program declares"};
  if (data.size() != step.data.size()) return mismatch;
  std::size_t i = 0;
  for (const auto& [name, tensor] : data) {
    const graph::DataDecl& declared = step.data[i++];
    if (name != declared.name) return mismatch;
    if (tensor.type() != declared.type) {
      return {ErrorCode::kInvalidArgument, "data tensor '" + name + "' is " +
                                               graph::to_text(tensor.type()) + ", not " +
                                               graph::to_text(declared.type)};
    }
  }
  return {};
}

}  // namespace

Hash256 Task::root() const { return commit::task_root(crypto::sha256_function(), header); }

Result<Task> make_task(const TaskParameters& parameters, graph::Program init, graph::Program step,
                       NamedTensors data, TaskPool& pool) {
  Task task;
  ASSAY_TRY(auto valid_init, graph::validate_init(std::move(init)).result());
  ASSAY_TRY(auto valid_step, graph::validate_step(std::move(step), valid_init).result());
  ASSAY_TRY_STATUS(check_data(valid_step.program(), data));
  task.init = std::make_shared<const graph::ValidProgram>(std::move(valid_init));
  task.step = std::make_shared<const graph::ValidProgram>(std::move(valid_step));
  task.data = std::move(data);
  task.data_tree = state_tree(task.data, pool);
  task.header.init_program = task.init->root();
  task.header.step_program = task.step->root();
  task.header.data_set = task.data_tree.root(commit::Tag::kDataSet);
  task.header.seed = parameters.seed;
  task.header.steps = parameters.steps;
  task.header.commit_interval = parameters.commit_interval;
  task.header.checkpoint_interval = parameters.checkpoint_interval;
  if (!commit::is_valid(task.header)) {
    return {
        ErrorCode::kInvalidArgument,
        "a task needs 1 to 2^32 steps, a commit interval of 1 to that many steps, and a checkpoint "
        "interval that is a multiple of the commit interval"};
  }
  return task;
}

Result<Task> open_task(const commit::TaskHeader& header, graph::Program init, graph::Program step,
                       NamedTensors data, TaskPool& pool) {
  ASSAY_TRY(Task task, make_task({header.seed, header.steps, header.commit_interval,
                                  header.checkpoint_interval},
                                 std::move(init), std::move(step), std::move(data), pool));
  if (task.header == header) return task;
  return {ErrorCode::kIntegrity,
          "the programs or the data are not the ones that the task's header names"};
}

}  // namespace assay::training
