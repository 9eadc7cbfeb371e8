#include "assay/cli/task_settings.hpp"

#include <cmath>
#include <filesystem>

#include "assay/host/read_file.hpp"
#include "assay/tensor/idx.hpp"
#include "assay/training/evaluate.hpp"

namespace assay::cli {

namespace {

constexpr std::uint64_t kIdxBytesMax = std::uint64_t{1} << 30;

Result<Tensor> load_idx(const std::string& folder, const char* name) {
  const std::filesystem::path path = std::filesystem::path(folder) / name;
  auto bytes = host::read_gz_file(path, kIdxBytesMax);
  if (!bytes)
    return with_context(bytes.error(),
                        "the data set (Debian package dataset-fashion-mnist, or --data-folder)");
  auto view = tensor::read_idx(*bytes);
  if (!view) return with_context(view.error(), path.string());
  return Tensor::copy_of(*view);
}

Result<Amount> amount_of(double tokens, const char* option) {
  const double atoms = std::round(tokens * static_cast<double>(kAtomsPerToken));
  if (!(atoms >= 0) || atoms > static_cast<double>(economics::kMaxTaskAtoms))
    return {ErrorCode::kInvalidArgument,
            std::string("--") + option + " is not an amount of tokens"};
  return Amount(static_cast<std::uint64_t>(atoms));
}

}  // namespace

void add_task_options(Command& command, TaskSettings& s) {
  command.choice("model", s.model, {"mlp", "cnn"}, "what to train")
      .choice("optimizer", s.optimizer, {"adam", "sgd"}, "how")
      .option("learning-rate", s.learning_rate, "0: what suits the model and the optimiser")
      .option("batch", s.batch, "images a step; 0: what suits the model")
      .option("steps", s.steps, "steps to train; 0: what suits the model")
      .option("interval", s.interval, "steps between committed state roots")
      .option("checkpoint-every", s.checkpoint_every, "intervals between kept checkpoints")
      .option("seed", s.seed, "of the initial weights and the order of the data")
      .option("data-folder", s.data_folder, "gzipped IDX files of Fashion-MNIST")
      .option("price", s.price, "tokens for the solver")
      .option("verification-fee", s.verification_fee, "tokens for all verifiers together")
      .option("solver-stake", s.solver_stake, "tokens that the solver loses if it lied")
      .option("verifier-stake", s.verifier_stake, "tokens that a verifier loses if it lied")
      .option("challenger-bond", s.challenger_bond, "tokens that a wrong challenge costs")
      .option("seats", s.seats, "verifiers")
      .option("draws", s.draws, "intervals that each of them replays")
      .option("train-window-s", s.train_window_s, "seconds for training")
      .option("enlist-window-s", s.enlist_window_s, "seconds for verifiers to take free seats")
      .option("verify-window-s", s.verify_window_s, "seconds for verifiers' replays")
      .option("challenge-window-s", s.challenge_window_s, "seconds for challenges after them")
      .option("stand-up-window-s", s.stand_up_window_s,
              "seconds for attestors to join a challenged claim's defence")
      .option("move-window-s", s.move_window_s, "seconds for each move of a game");
}

Result<ImageData> load_images(const std::string& folder) {
  ImageData data;
  ASSAY_TRY(Tensor images, load_idx(folder, "train-images-idx3-ubyte.gz"));
  ASSAY_TRY(Tensor labels, load_idx(folder, "train-labels-idx1-ubyte.gz"));
  ASSAY_TRY(data.test_images, load_idx(folder, "t10k-images-idx3-ubyte.gz"));
  ASSAY_TRY(data.test_labels, load_idx(folder, "t10k-labels-idx1-ubyte.gz"));
  if (images.type().shape.rank != 3 || labels.type().shape.rank != 1 ||
      images.type().shape[0] != labels.type().shape[0])
    return {ErrorCode::kInvalidArgument, folder + ": images and labels do not belong together"};
  data.train.emplace(std::string(models::kImages), std::move(images));
  data.train.emplace(std::string(models::kLabels), std::move(labels));
  return data;
}

Result<PreparedTask> prepare_task(const TaskSettings& s, TaskPool& pool) {
  ASSAY_TRY(ImageData data, load_images(s.data_folder));
  PreparedTask prepared;
  ASSAY_TRY(const models::Network network, models::network_from(s.model));
  ASSAY_TRY(const models::OptimizerKind optimizer, models::optimizer_from(s.optimizer));
  const std::uint64_t steps = s.steps != 0 ? s.steps : models::recommended_steps(network);
  models::ModelDescription& d = prepared.description;
  d = models::recommended(network, optimizer, steps);
  if (s.learning_rate != 0) d.optimizer.learning_rate = static_cast<float>(s.learning_rate);
  if (s.batch != 0) d.batch = s.batch;
  const Shape& images = data.train.at(std::string(models::kImages)).type().shape;
  d.images.examples = images[0];
  d.images.height = images[1];
  d.images.width = images[2];
  ASSAY_TRY(models::TaskPrograms programs, models::build(d));
  ASSAY_TRY(training::Task task,
            training::make_task({.seed = s.seed,
                                 .steps = steps,
                                 .commit_interval = s.interval,
                                 .checkpoint_interval = s.interval * s.checkpoint_every},
                                std::move(programs.init), std::move(programs.step),
                                std::move(data.train), pool));
  prepared.task = std::make_shared<const training::Task>(std::move(task));
  ASSAY_TRY(graph::ValidProgram predict,
            graph::validate_alone(std::move(programs.predict)).result());
  struct Test {
    graph::ValidProgram predict;
    Tensor images, labels;
  };
  const auto test = std::make_shared<const Test>(
      Test{std::move(predict), std::move(data.test_images), std::move(data.test_labels)});
  prepared.accuracy = [test](const NamedTensors& state, TaskPool& on) -> Result<double> {
    ASSAY_TRY(
        const training::Evaluation evaluation,
        training::evaluate(test->predict, state, test->images.view(), test->labels.view(), on));
    return evaluation.accuracy();
  };
  return prepared;
}

Result<protocol::PostTask> make_terms(const TaskSettings& s, const commit::TaskHeader& header) {
  protocol::PostTask terms;
  terms.header = header;
  ASSAY_TRY(terms.price, amount_of(s.price, "price"));
  ASSAY_TRY(terms.verification_fee, amount_of(s.verification_fee, "verification-fee"));
  ASSAY_TRY(terms.solver_stake, amount_of(s.solver_stake, "solver-stake"));
  ASSAY_TRY(terms.verifier_stake, amount_of(s.verifier_stake, "verifier-stake"));
  ASSAY_TRY(terms.challenger_bond, amount_of(s.challenger_bond, "challenger-bond"));
  if (s.seats > economics::kMaxSeats || s.draws > economics::kMaxDraws)
    return {ErrorCode::kInvalidArgument,
            "--seats is at most " + std::to_string(economics::kMaxSeats) + " and --draws at most " +
                std::to_string(economics::kMaxDraws)};
  terms.seats = static_cast<std::uint32_t>(s.seats);
  terms.draws = static_cast<std::uint32_t>(s.draws);
  constexpr std::uint64_t kWindowMaxS = protocol::kMaxWindowMs / 1000;
  for (const std::uint64_t seconds : {s.train_window_s, s.enlist_window_s, s.verify_window_s,
                                      s.challenge_window_s, s.stand_up_window_s, s.move_window_s})
    if (seconds == 0 || seconds > kWindowMaxS)
      return {ErrorCode::kInvalidArgument,
              "a window lasts from 1 to " + std::to_string(kWindowMaxS) + " seconds"};
  terms.windows = {.accept_ms = s.train_window_s * 1000,
                   .train_ms = s.train_window_s * 1000,
                   .enlist_ms = s.enlist_window_s * 1000,
                   .reveal_ms = s.move_window_s * 1000,
                   .seal_ms = s.verify_window_s * 1000,
                   .open_ms = s.verify_window_s * 1000,
                   .challenge_ms = s.challenge_window_s * 1000,
                   .challenge_reveal_ms = s.move_window_s * 1000,
                   .stand_up_ms = s.stand_up_window_s * 1000,
                   .move_ms = s.move_window_s * 1000,
                   .replay_ms = s.train_window_s * 1000};
  if (const auto verdict = economics::check_terms(protocol::terms_of(terms));
      verdict != economics::TermsVerdict::kHolds)
    return {ErrorCode::kInvalidArgument, std::string("the ledger would refuse this task: ") +
                                             economics::to_string(verdict) +
                                             " (docs/spec/economics.md)"};
  return terms;
}

}  // namespace assay::cli
