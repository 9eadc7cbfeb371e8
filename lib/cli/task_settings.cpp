#include "assay/cli/task_settings.hpp"

#include <algorithm>
#include <cmath>

#include "assay/cli/data_files.hpp"
#include "assay/economics/jackpot.hpp"
#include "assay/models/data.hpp"
#include "assay/protocol/offer.hpp"
#include "assay/training/evaluate.hpp"
#include "assay/training/metering.hpp"
#include "internal/toml_file.hpp"

namespace assay::cli {

Result<Amount> amount_of_tokens(double tokens, const char* option) {
  const double atoms = std::round(tokens * static_cast<double>(kAtomsPerToken));
  if (!(atoms >= 0) || atoms > static_cast<double>(economics::kMaxTaskAtoms))
    return {ErrorCode::kInvalidArgument,
            std::string("--") + option + " is not an amount of tokens"};
  return Amount(static_cast<std::uint64_t>(atoms));
}

void add_task_options(Command& command, TaskSettings& s, bool with_model_file) {
  if (with_model_file)
    command.option("model-file", s.model_file, "TOML file of [model], [training] and [optimizer]");
  command
      .choice("model", s.model, {"mlp", "cnn", "resnet", "gpt", "llama"},
              "what to train, with that family's defaults; mlp if no file says more")
      .choice("optimizer", s.optimizer, {"adam", "adamw", "sgd"}, "how; what suits the model")
      .option("learning-rate", s.learning_rate, "0: what suits the model and the optimiser")
      .option("batch", s.batch, "images or sequences a step; 0: what suits the model")
      .option("steps", s.steps, "steps to train; 0: what suits the model")
      .option("interval", s.interval, "steps between committed state roots")
      .option("checkpoint-every", s.checkpoint_every, "intervals between kept checkpoints")
      .option("seed", s.seed, "of the initial weights and the order of the data")
      .option("data-folder", s.data_folder, "gzipped IDX files of Fashion-MNIST")
      .option("images", s.images, "instead: IDX, npy or safetensors (FILE:NAME), also .gz")
      .option("labels", s.labels, "of the images")
      .option("test-images", s.test_images, "what the paid model is tested with")
      .option("test-labels", s.test_labels, "of the test images")
      .option("text", s.text, "what a gpt learns: a text, or tokens as npy or safetensors")
      .option("test-text", s.test_text, "what a gpt is tested with; else the text's last twentieth")
      .choice("tokens", s.tokens, {"characters", "bytes"}, "what a token of a text is")
      .option("price", s.price, "tokens for the solver; in an auction the most that a bid may ask")
      .flag("auction", s.auction, "sell the task to the lowest bid")
      .option("bid-deposit", s.bid_deposit, "tokens that a bidder puts down until the sale ends")
      .option("bid-window-s", s.bid_window_s, "seconds for bids")
      .option("copies", s.copies, "solvers that do the same task, each paid")
      .option("tax", s.tax, "tokens on top of the price; 0: the least that the ledger takes")
      .option("sought", s.sought, "tokens of the cost that others are to fund")
      .option("progress-intervals", s.progress_intervals,
              "intervals between reports of progress; 0: a quarter of them")
      .flag("pays-partial", s.pays_partial, "pay a solver that gives up for what it delivers")
      .option("reputation-min", s.reputation_min, "least score of a solver, atoms of tax")
      .option("require", s.required, "capability that a solver must list, repeated")
      .option("deny", s.deny, "account that may not take the task, repeated")
      .option("verification-fee", s.verification_fee, "tokens for all verifiers together")
      .option("relays", s.relays, "seats of relays that fetch and keep all data; 0: none")
      .option("relay-quorum", s.relay_quorum, "of them that must attest it; 0: two thirds")
      .option("relay-fee", s.relay_fee, "tokens for all relays together")
      .option("relay-stake", s.relay_stake, "tokens that a relay's word in one seat puts at risk")
      .option("relay-window-s", s.relay_window_s, "seconds for relays to fetch the data")
      .option("solver-stake", s.solver_stake, "tokens that the solver loses if it lied")
      .option("verifier-stake", s.verifier_stake, "tokens that a verifier loses if it lied")
      .option("challenger-bond", s.challenger_bond, "tokens that a wrong challenge costs")
      .option("seats", s.seats, "verifiers")
      .option("draws", s.draws, "intervals that each of them replays")
      .option("forced-one-in", s.forced_one_in,
              "claims, in one of which the solver must force an error; 0: none is forced")
      .option("train-window-s", s.train_window_s, "seconds for training")
      .option("enlist-window-s", s.enlist_window_s, "seconds for verifiers to take free seats")
      .option("verify-window-s", s.verify_window_s, "seconds for verifiers' replays")
      .option("challenge-window-s", s.challenge_window_s, "seconds for challenges after them")
      .option("stand-up-window-s", s.stand_up_window_s,
              "seconds for attestors to join a challenged claim's defence")
      .option("move-window-s", s.move_window_s, "seconds for each move of a game");
}

namespace {

// What the file and the options say of the model; the data is not looked at.
struct Chosen {
  models::ModelDescription description;
  std::uint64_t steps = 0;
};
Result<Chosen> choose_model(const TaskSettings& s) {
  std::map<std::string, models::Settings> tables;
  if (!s.model_file.empty()) {
    ASSAY_TRY(tables, internal::read_toml_tables(s.model_file));
  }
  for (const auto& [name, table] : tables) {
    if (name != "model" && name != "training" && name != "optimizer")
      return {ErrorCode::kInvalidArgument,
              s.model_file + ": [" + name + "] is not [model], [training] or [optimizer]"};
  }
  models::Network network;
  if (s.model.empty() && !s.model_file.empty()) {
    auto read = models::read_network(tables["model"]);
    if (!read) return with_context(read.error(), s.model_file);
    network = *read;
  } else {
    ASSAY_TRY(network, models::network_from(s.model.empty() ? "mlp" : s.model));
  }
  Chosen chosen;
  models::ModelDescription unused;
  if (const Status read = models::read_training(tables["training"], unused, chosen.steps); !read)
    return with_context(read.error(), s.model_file);
  if (s.steps != 0) chosen.steps = s.steps;
  if (chosen.steps == 0) chosen.steps = models::recommended_steps(network);
  // The kind decides what else suits, so it is read first.
  models::OptimizerOptions named{.kind = models::recommended_optimizer(network)};
  if (const Status read = models::read_optimizer(tables["optimizer"], named); !read)
    return with_context(read.error(), s.model_file);
  if (!s.optimizer.empty()) {
    ASSAY_TRY(named.kind, models::optimizer_from(s.optimizer));
  }
  models::ModelDescription& d = chosen.description;
  d = models::recommended(network, named.kind, chosen.steps);
  std::uint64_t steps_of_file = 0;
  ASSAY_TRY_STATUS(models::read_training(tables["training"], d, steps_of_file));
  models::Settings options = tables["optimizer"];
  options.erase("kind");
  ASSAY_TRY_STATUS(models::read_optimizer(options, d.optimizer));
  if (options.contains("schedule") && !options.contains("decay_steps"))
    d.optimizer.decay_steps =
        d.optimizer.schedule == models::Schedule::kConstant ? 0 : chosen.steps;
  if (s.learning_rate != 0) d.optimizer.learning_rate = static_cast<float>(s.learning_rate);
  if (s.batch != 0) d.batch = s.batch;
  return chosen;
}

}  // namespace

Result<PreparedTask> prepare_task(const TaskSettings& s, TaskPool& pool) {
  ASSAY_TRY(Chosen chosen, choose_model(s));
  PreparedTask prepared;
  models::ModelDescription& d = prepared.description;
  d = std::move(chosen.description);
  const models::Gpt* gpt = std::get_if<models::Gpt>(&d.network);
  ASSAY_TRY(DataSet data, gpt != nullptr ? load_text(s, gpt->sequence) : load_images(s));
  ASSAY_TRY_STATUS(models::fit_to_data(d, data.train));
  ASSAY_TRY(models::TaskPrograms programs, models::build(d));
  ASSAY_TRY(training::Task task,
            training::make_task({.seed = s.seed,
                                 .steps = chosen.steps,
                                 .commit_interval = s.interval,
                                 .checkpoint_interval = s.interval * s.checkpoint_every},
                                std::move(programs.init), std::move(programs.step),
                                std::move(data.train), pool));
  prepared.task = std::make_shared<const training::Task>(std::move(task));
  if (data.test_inputs.empty()) return prepared;
  ASSAY_TRY(graph::ValidProgram predict,
            graph::validate_alone(std::move(programs.predict)).result());
  struct Test {
    graph::ValidProgram predict;
    Tensor inputs, labels;
  };
  const auto test = std::make_shared<const Test>(
      Test{std::move(predict), std::move(data.test_inputs), std::move(data.test_labels)});
  prepared.accuracy = [test](const NamedTensors& state, TaskPool& on) -> Result<double> {
    ASSAY_TRY(
        const training::Evaluation evaluation,
        training::evaluate(test->predict, state, test->inputs.view(), test->labels.view(), on));
    return evaluation.accuracy();
  };
  return prepared;
}

namespace {

// What decides who may take it, and how it is sold.
Status add_market(const TaskSettings& s, const training::Task& task, protocol::PostTask& terms) {
  const commit::TaskHeader& header = task.header;
  terms.sale = s.auction ? protocol::Sale::kAuction : protocol::Sale::kFixed;
  if (s.copies > protocol::kMaxCopies)
    return {ErrorCode::kInvalidArgument,
            "--copies is at most " + std::to_string(protocol::kMaxCopies)};
  terms.copies = static_cast<std::uint32_t>(s.copies);
  ASSAY_TRY(terms.tax, amount_of_tokens(s.tax, "tax"));
  if (s.tax == 0) terms.tax = Amount(economics::least_tax(terms.price.value));
  ASSAY_TRY(terms.sought, amount_of_tokens(s.sought, "sought"));
  if (s.auction) {
    ASSAY_TRY(terms.bid_deposit, amount_of_tokens(s.bid_deposit, "bid-deposit"));
    terms.windows.bid_ms = s.bid_window_s * 1000;
  }
  terms.capabilities = s.required;
  terms.reputation_min = s.reputation_min;
  for (const std::string& account : s.deny) {
    auto id = hash_from_hex(account);
    if (!id) return with_context(id.error(), "--deny");
    terms.deny.emplace_back(*id);
  }
  if (terms.capabilities.size() > protocol::kMaxRequired ||
      terms.deny.size() > protocol::kMaxListed)
    return {ErrorCode::kInvalidArgument, "too many of --require or --deny"};
  terms.work_units = training::work_units(task);
  // A solver that is cancelled delivers what a checkpoint holds, so the next one lies within reach.
  const std::uint64_t entries = commit::transcript_entries(header);
  const std::uint64_t apart = header.checkpoint_interval / header.commit_interval;
  terms.progress_entries =
      s.progress_intervals != 0 ? s.progress_intervals : std::max(entries / 4, apart);
  terms.progress_entries = std::min(terms.progress_entries, entries);
  terms.pays_partial = s.pays_partial;
  return {};
}

Status refused(const char* why) {
  return {ErrorCode::kInvalidArgument,
          std::string("the ledger would refuse this task: ") + why + " (docs/spec/economics.md)"};
}

}  // namespace

Result<protocol::PostTask> make_unchecked_terms(const TaskSettings& s, const training::Task& task) {
  protocol::PostTask terms;
  terms.header = task.header;
  ASSAY_TRY(terms.price, amount_of_tokens(s.price, "price"));
  ASSAY_TRY(terms.verification_fee, amount_of_tokens(s.verification_fee, "verification-fee"));
  ASSAY_TRY(terms.solver_stake, amount_of_tokens(s.solver_stake, "solver-stake"));
  ASSAY_TRY(terms.verifier_stake, amount_of_tokens(s.verifier_stake, "verifier-stake"));
  ASSAY_TRY(terms.challenger_bond, amount_of_tokens(s.challenger_bond, "challenger-bond"));
  if (s.seats > economics::kMaxSeats || s.draws > economics::kMaxDraws)
    return {ErrorCode::kInvalidArgument,
            "--seats is at most " + std::to_string(economics::kMaxSeats) + " and --draws at most " +
                std::to_string(economics::kMaxDraws)};
  terms.seats = static_cast<std::uint32_t>(s.seats);
  terms.draws = static_cast<std::uint32_t>(s.draws);
  // One in one is all but one in 2^32: the rate is below 1.
  if (s.forced_one_in > 0)
    terms.force_rate = static_cast<std::uint32_t>(~std::uint32_t{0} / s.forced_one_in);
  if (s.relays > economics::kMaxRelaySeats)
    return {ErrorCode::kInvalidArgument,
            "--relays is at most " + std::to_string(economics::kMaxRelaySeats)};
  terms.relays = static_cast<std::uint32_t>(s.relays);
  const std::uint64_t quorum =
      s.relay_quorum != 0 ? s.relay_quorum : ceil_div(2 * s.relays, std::uint64_t{3});
  terms.relay_quorum = static_cast<std::uint32_t>(std::min(quorum, std::uint64_t{UINT32_MAX}));
  ASSAY_TRY(terms.relay_fee, amount_of_tokens(s.relay_fee, "relay-fee"));
  ASSAY_TRY(terms.relay_stake, amount_of_tokens(s.relay_stake, "relay-stake"));
  constexpr std::uint64_t kWindowMaxS = protocol::kMaxWindowMs / 1000;
  for (const std::uint64_t seconds :
       {s.train_window_s, s.enlist_window_s, s.verify_window_s, s.challenge_window_s,
        s.stand_up_window_s, s.move_window_s, s.bid_window_s, s.relay_window_s})
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
                   .replay_ms = s.train_window_s * 1000,
                   .disclose_ms = terms.force_rate == 0 ? 0 : s.move_window_s * 1000,
                   .relay_ms = terms.relays == 0 ? 0 : s.relay_window_s * 1000};
  ASSAY_TRY_STATUS(add_market(s, task, terms));
  return terms;
}

Result<protocol::PostTask> make_terms(const TaskSettings& s, const training::Task& task) {
  ASSAY_TRY(protocol::PostTask terms, make_unchecked_terms(s, task));
  if (const auto verdict = protocol::check_offer(terms); verdict != protocol::OfferVerdict::kHolds)
    return refused(protocol::to_string(verdict)).error();
  if (const auto verdict = economics::check_terms(protocol::terms_of(terms));
      verdict != economics::TermsVerdict::kHolds)
    return refused(economics::to_string(verdict)).error();
  return terms;
}

}  // namespace assay::cli
