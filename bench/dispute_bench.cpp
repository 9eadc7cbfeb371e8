// What a dispute can take at most: moves and bytes, computed on the graphs of models, and the time
// of the referee on the largest step of every operator, checked first against the step's true
// result.
#include <cstdlib>

#include "assay/cli/dispute_bounds.hpp"
#include "assay/codec/buffer.hpp"
#include "assay/crypto/sha256.hpp"
#include "assay/dispute/moves.hpp"
#include "assay/numerics/table.hpp"
#include "measure.hpp"
#include "support/largest_step.hpp"

namespace {

using namespace assay;

void print_bounds() {
  const auto all = cli::dispute_bounds();
  if (!all) {
    std::fprintf(stderr, "dispute_bench: %s\n", all.error().message.c_str());
    std::exit(1);
  }
  std::puts(
      "| a run of a million steps of | a root every | moves, defender + challenger | on the ledger "
      "| "
      "with the challenge | last opening | its SHA-256 compressions "
      "|\n|---|---|---|---|---|---|---|");
  for (const auto& [model, run, game, challenge_bytes] : *all)
    std::printf("| %s | %llu | %u + %u | %llu | %llu | %llu | %llu |\n", model.c_str(),
                static_cast<unsigned long long>(run.interval), game.defender_moves,
                game.challenger_moves, static_cast<unsigned long long>(game.ledger_bytes),
                static_cast<unsigned long long>(game.ledger_bytes + challenge_bytes),
                static_cast<unsigned long long>(game.opening.bytes),
                static_cast<unsigned long long>(game.opening.compressions));
}

// Microseconds of processor time.
template <class Call>
double time_of(Call&& call) {
  constexpr unsigned kCalls = 20, kRounds = 15;
  bench::Spread spread;
  for (unsigned round = 0; round < kRounds; ++round) {
    const std::uint64_t started = bench::thread_cpu_ns();
    for (unsigned i = 0; i < kCalls; ++i) {
      if (call()) continue;
      std::fprintf(stderr, "dispute_bench: a true step is not judged true\n");
      std::exit(1);
    }
    spread.add(static_cast<double>(bench::thread_cpu_ns() - started) / 1e3 / kCalls);
  }
  return spread.median();
}

struct Worst {
  double us = 0;
  std::string op;
  void take(double other, const char* name) {
    if (other > us) us = other, op = name;
  }
  void print(const char* figure) const {
    std::printf("figure %s %.1f us (%s)\n", figure, us, op.c_str());
  }
};

// The step with the longest opening among those at both ends and between.
test::OpenedStep longest_step(Sha256Function sha256, const numerics::NodeSpec& spec) {
  const graph::Node node = test::largest_node(spec);
  test::OpenedStep longest(sha256, node, 0, 0);
  test::visit_places(spec, [&](std::uint64_t element, std::uint32_t step) {
    test::OpenedStep other(sha256, node, element, step);
    if (other.size > longest.size) longest = other;
  });
  return longest;
}

void time_steps(Sha256Function sha256, const std::string& name) {
  Worst judged, applied;
  for (const numerics::OperatorRow& row : numerics::operator_table()) {
    numerics::NodeSpec spec;
    if (!test::largest_spec(row.op, spec)) continue;
    const test::OpenedStep step = longest_step(sha256, spec);
    const Bytes body = codec::encode([&](auto& w) { dispute::write_scalar(w, step.opening()); });
    judged.take(time_of([&] {
                  return referee::judge(sha256, step.position, step.opening()) ==
                         referee::Verdict::kDefenderWins;
                }),
                row.name);
    applied.take(time_of([&] {
                   dispute::Position position = test::before_last_move(step);
                   const Hash256 hash = dispute::position_hash(sha256, {}, position);
                   return dispute::move_digest(sha256, {}, 0, hash, body) != hash &&
                          dispute::apply(sha256, {}, position, dispute::Role::kChallenger, body) ==
                              dispute::MoveVerdict::kAccepted;
                 }),
                 row.name);
  }
  judged.print(("referee_" + name + "_largest_step").c_str());
  applied.print(("referee_" + name + "_largest_last_move").c_str());
}

}  // namespace

int main() {
  print_bounds();
  time_steps(crypto::sha256_function(), "native");
  time_steps(crypto::sha256_portable, "portable");
}
