// A training task from options: which model, on which data, how long, and what it pays.
#pragma once

#include "assay/cli/options.hpp"
#include "assay/models/model.hpp"
#include "assay/protocol/payloads.hpp"
#include "assay/training/task.hpp"

namespace assay::cli {

struct TaskSettings {
  std::string model = "mlp";
  std::string optimizer = "adam";
  double learning_rate = 0;  // 0: models::recommended()'s, here and below
  std::uint64_t batch = 0;
  std::uint64_t steps = 0;
  std::uint64_t interval = 50;         // steps between entries of the transcript
  std::uint64_t checkpoint_every = 1;  // intervals between kept checkpoints
  std::uint64_t seed = 1;
  std::string data_folder = "/usr/share/datasets/fashion-mnist";

  double price = 100;  // tokens, here and below
  double verification_fee = 20;
  double solver_stake = 1'000;
  double verifier_stake = 200;
  double challenger_bond = 100;
  std::uint64_t seats = 1;
  std::uint64_t draws = 3;
  std::uint64_t train_window_s = 3'600;
  std::uint64_t enlist_window_s = 60;
  std::uint64_t verify_window_s = 3'600;  // for sealing, and again for opening
  std::uint64_t challenge_window_s = 3'600;
  std::uint64_t stand_up_window_s = 600;
  std::uint64_t move_window_s = 600;
};
void add_task_options(Command& command, TaskSettings& settings);

// Images and labels as models/model.hpp names them, from the four gzipped IDX files of the Debian
// package dataset-fashion-mnist (or any others of the same names and kinds).
struct ImageData {
  NamedTensors train;  // train/images u8 [n, h, w], train/labels u8 [n]
  Tensor test_images;
  Tensor test_labels;
};
[[nodiscard]] Result<ImageData> load_images(const std::string& folder);

struct PreparedTask {
  models::ModelDescription description;
  std::shared_ptr<const training::Task> task;
  // Share of the test images that a state classifies correctly.
  std::function<Result<double>(const NamedTensors& state, TaskPool& pool)> accuracy;
};
[[nodiscard]] Result<PreparedTask> prepare_task(const TaskSettings& settings, TaskPool& pool);

// What is posted, but for the reserved solver. Errors: kInvalidArgument naming the option, also if
// the economics refuse it (docs/spec/economics.md).
[[nodiscard]] Result<protocol::PostTask> make_terms(const TaskSettings& settings,
                                                    const commit::TaskHeader& header);

}  // namespace assay::cli
