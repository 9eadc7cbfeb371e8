// A training task from options: which model, on which data, how long, and what it pays. The model
// and its data are named by options or, in full, by a TOML file (docs/spec/cli.md).
#pragma once

#include "assay/cli/options.hpp"
#include "assay/models/model.hpp"
#include "assay/protocol/payloads.hpp"
#include "assay/training/task.hpp"

namespace assay::cli {

struct TaskSettings {
  std::string model_file;    // TOML; options that are given come before it
  std::string model;         // "": the file's, or mlp
  std::string optimizer;     // "": the file's, or what suits the model, here and below
  double learning_rate = 0;  // 0 likewise, here and below
  std::uint64_t batch = 0;
  std::uint64_t steps = 0;
  std::uint64_t interval = 50;         // steps between entries of the transcript
  std::uint64_t checkpoint_every = 1;  // intervals between kept checkpoints
  std::uint64_t seed = 1;
  std::string data_folder = "/usr/share/datasets/fashion-mnist";
  std::string images, labels;            // files of image data, in place of the folder
  std::string test_images, test_labels;  // "": no accuracy is reported
  std::string text, test_text;           // of a gpt; without a test text its last part serves
  std::string tokens = "characters";     // or "bytes"

  double price = 100;  // tokens, here and below; in an auction the cap
  double verification_fee = 20;
  double relay_fee = 0;
  double relay_stake = 0;
  std::uint64_t relays = 0;
  std::uint64_t relay_quorum = 0;  // 0: two thirds of the relays
  std::uint64_t relay_window_s = 600;
  double tax = 0;  // 0: the least that the ledger takes
  double sought = 0;
  double solver_stake = 1'000;
  double verifier_stake = 200;
  double challenger_bond = 100;
  std::uint64_t seats = 1;
  std::uint64_t draws = 3;
  std::uint64_t forced_one_in = 0;  // claims, in one of which an error is forced; 0: none
  bool auction = false;
  double bid_deposit = 1;
  std::uint64_t bid_window_s = 60;
  std::uint64_t copies = 1;
  std::uint64_t progress_intervals = 0;  // between reports of progress; 0: a quarter of them
  bool pays_partial = false;             // what a solver that gives up has done
  std::uint64_t reputation_min = 0;
  std::vector<std::string> required;  // capabilities
  std::vector<std::string> deny;      // accounts
  std::uint64_t train_window_s = 3'600;
  std::uint64_t enlist_window_s = 60;
  std::uint64_t verify_window_s = 3'600;  // for sealing, and again for opening
  std::uint64_t challenge_window_s = 3'600;
  std::uint64_t stand_up_window_s = 600;
  std::uint64_t move_window_s = 600;
};
// `with_model_file`: not where the file is an argument of the command.
void add_task_options(Command& command, TaskSettings& settings, bool with_model_file = true);

// Of an option in tokens, to the nearest atom. kInvalidArgument naming it: over kMaxTaskAtoms.
[[nodiscard]] Result<Amount> amount_of_tokens(double tokens, const char* option);

struct PreparedTask {
  models::ModelDescription description;
  std::shared_ptr<const training::Task> task;
  // Share of the test images that a state classifies correctly, or of the test text's tokens that
  // it foretells; none without a test set.
  std::function<Result<double>(const NamedTensors& state, TaskPool& pool)> accuracy;
};
// Errors: kInvalidArgument naming the option or the file's field; those of the data's files.
[[nodiscard]] Result<PreparedTask> prepare_task(const TaskSettings& settings, TaskPool& pool);

// What is posted, but for the solvers that it names. Errors: kInvalidArgument naming the option,
// also if the ledger would refuse it (docs/spec/economics.md).
[[nodiscard]] Result<protocol::PostTask> make_terms(const TaskSettings& settings,
                                                    const training::Task& task);
// The same whatever the ledger would say.
[[nodiscard]] Result<protocol::PostTask> make_unchecked_terms(const TaskSettings& settings,
                                                              const training::Task& task);

}  // namespace assay::cli
