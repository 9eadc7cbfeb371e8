// A run of a tiny convolutional net, and players of games about it.
#pragma once

#include <gtest/gtest.h>

#include "assay/host/thread_pool.hpp"
#include "assay/player/player.hpp"
#include "assay/training/run.hpp"
#include "support/duel.hpp"
#include "support/tiny_programs.hpp"

namespace assay::player {

// A task, a run of it as it should be, and games about it.
struct Run {
  SerialTaskPool pool;
  training::Task task;
  std::unique_ptr<training::ProgramExecution> honest;
  std::vector<Hash256> transcript;

  void train(training::Task of) {
    task = std::move(of);
    honest = training::ProgramExecution::create(task, pool).value();
    transcript = transcript_of(*honest);
  }
  std::vector<Hash256> transcript_of(training::Execution& execution) {
    auto run = training::TrainingRun::open(task, execution, pool).value();
    EXPECT_TRUE(run->advance(task.header.steps));
    return run->transcript();
  }
  dispute::GameTerms terms(std::uint64_t entry, const std::vector<Hash256>& claimed) const {
    dispute::GameTerms terms;
    terms.task = task.header;
    terms.entry = entry;
    if (entry > 0) terms.start_root = claimed[entry - 1];
    terms.end_root = claimed.at(entry);
    return terms;
  }
  // At the first entry where a liar's transcript differs from ours.
  dispute::GameTerms terms_against(const std::vector<Hash256>& claimed) const {
    std::uint64_t entry = 0;
    while (entry < claimed.size() && claimed[entry] == transcript[entry]) ++entry;
    return terms(entry, claimed);
  }
  Player player(training::Execution& execution, const dispute::GameTerms& terms,
                dispute::Role role) {
    return Player(std::make_shared<Interval>(task, execution, terms.entry, pool), terms, role);
  }
};

struct World : Run {
  tiny::Programs programs = tiny::conv_net();

  explicit World(training::TaskParameters parameters = {5, 60, 20, 20}) {
    train(training::make_task(parameters, programs.init.program(), programs.step.program(),
                              tiny::conv_net_data(), pool)
              .value());
  }
};

inline duel::Mover mover(Player& player) {
  return [&player](const dispute::Position& position) { return player.next_move(position); };
}

// Counts what it is asked to compute.
class Counting final : public training::Execution {
 public:
  explicit Counting(training::Execution& own) : m_own(own) {}
  Result<NamedTensors> initial_state() override { return m_own.initial_state(); }
  Status step(std::uint64_t t, NamedTensors& state) override {
    ++steps;
    return m_own.step(t, state);
  }
  Result<std::unique_ptr<training::Trace>> trace_init() override { return m_own.trace_init(); }
  Result<std::unique_ptr<training::Trace>> trace_step(std::uint64_t t,
                                                      const NamedTensors& before) override {
    ++traces;
    return m_own.trace_step(t, before);
  }
  std::uint64_t steps = 0;
  std::uint64_t traces = 0;

 private:
  training::Execution& m_own;
};

}  // namespace assay::player
