// Embedding: train a small model, commit to every interval of the run, check it by replay, and
// convict somebody who lied about one bit of one weight. All in memory, no ledger, no network.
//
//   embed [FILE]     also writes the evidence to FILE; `assay audit FILE` reads it
#include <fstream>
#include <iostream>

#include "assay/commit/transcript.hpp"
#include "assay/crypto/sha256.hpp"
#include "assay/dispute/levels.hpp"
#include "assay/models/model.hpp"
#include "assay/player/player.hpp"
#include "assay/training/replay.hpp"
#include "assay/training/run.hpp"

#include "lying_execution.hpp"
#include "made_up_images.hpp"
#include "match.hpp"

using namespace assay;

namespace {

// 1. A task: two programs (init and step), a data set, a seed and a number of steps, under one
// root.
Result<training::Task> describe(TaskPool& pool) {
  models::ModelDescription description;
  description.network = models::Mlp{.hidden = {16}};
  description.images = {.examples = 64, .height = 8, .width = 8, .classes = 4};
  description.batch = 16;
  ASSAY_TRY(models::TaskPrograms programs, models::build(description));

  return training::make_task(
      {.seed = 7, .steps = 40, .commit_interval = 8, .checkpoint_interval = 8},
      std::move(programs.init), std::move(programs.step), examples::made_up_images(description),
      pool);
}

// 2. Whoever trains commits to the root of the state after every interval.
Result<commit::Transcript> train(const training::Task& task, training::Execution& execution,
                                 TaskPool& pool) {
  ASSAY_TRY(auto run, training::TrainingRun::open(task, execution, pool));
  ASSAY_TRY_STATUS(run->advance(task.header.steps));
  std::cout << "  loss " << run->losses().front() << " -> " << run->losses().back()
            << ", transcript of " << run->transcript().size() << " roots\n";
  return commit::Transcript(run->transcript());
}

// 3. Anybody who replays finds the first root that is not what the programs give. Each interval can
// be
//    replayed alone, from the state before it; here they follow one another.
Result<std::uint64_t> first_false_entry(const training::Task& task, const commit::Transcript& claim,
                                        training::Execution& execution, TaskPool& pool) {
  NamedTensors state;
  for (std::uint64_t entry = 0; entry < claim.size(); ++entry) {
    ASSAY_TRY(training::Replay replay,
              training::replay_interval(task, execution, std::move(state), entry, pool));
    if (replay.end_root != claim.state_root(entry)) return entry;
    state = std::move(replay.end_state);
  }
  return claim.size();
}

Status run(const char* evidence_name) {
  SerialTaskPool pool;
  ASSAY_TRY(const training::Task task, describe(pool));
  std::cout << "task " << to_hex(task.root()) << "\n\nAn honest run:\n";
  ASSAY_TRY(auto honest, training::ProgramExecution::create(task, pool));
  ASSAY_TRY(const commit::Transcript truth, train(task, *honest, pool));
  ASSAY_TRY(const std::uint64_t none, first_false_entry(task, truth, *honest, pool));
  std::cout << "  replay: " << none << " of " << truth.size() << " roots agree\n";

  std::cout << "\nA run with one bit of one weight flipped in step 21:\n";
  examples::LyingExecution liar(task, *honest, pool, {.step = 21});
  ASSAY_TRY(const commit::Transcript lie, train(task, liar, pool));
  ASSAY_TRY(const std::uint64_t entry, first_false_entry(task, lie, *honest, pool));
  std::cout << "  replay: root " << entry
            << " is false\n\nThe game, between two programs that each "
            << "believe their own execution:\n";

  // 4. The liar signed its transcript. The challenger disputes the first false interval, and both
  // play.
  examples::Match match(task, lie, entry);
  player::Player defender(std::make_shared<player::Interval>(task, liar, entry, pool),
                          match.terms(), dispute::Role::kDefender);
  player::Player challenger(std::make_shared<player::Interval>(task, *honest, entry, pool),
                            match.terms(), dispute::Role::kChallenger);
  ASSAY_TRY(const dispute::Position end, match.play(defender, challenger));
  const auto& labels = task.step->program().labels;
  std::cout << dispute::explain(match.terms(), end, [&](std::uint32_t node) {
    return node < labels.size() ? labels[node] : std::string();
  });

  // 5. The signed moves are evidence: a judge needs the file alone. It never sees the model.
  const Bytes file = match.evidence();
  const auto report =
      dispute::judge_evidence(crypto::sha256_function(), crypto::ed25519_verify, file);
  const bool caught = report.has_convicted && report.convicted == match.terms().defender;
  std::cout << "\nThe judge, from a file of " << file.size() << " bytes with " << report.move
            << " moves: " << dispute::to_string(report.verdict) << ", "
            << (caught ? "the liar is convicted" : "nobody is convicted") << "\n";
  if (evidence_name != nullptr)
    std::ofstream(evidence_name, std::ios::binary)
        .write(reinterpret_cast<const char*>(file.data()),
               static_cast<std::streamsize>(file.size()));
  if (!caught) return {ErrorCode::kInternal, "the lie was not proven"};
  return {};
}

}  // namespace

int main(int argc, char** argv) {
  const Status status = run(argc > 1 ? argv[1] : nullptr);
  if (!status) std::cerr << "embed: " << status.error().message << "\n";
  return status ? 0 : 1;
}
