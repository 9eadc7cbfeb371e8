// What a dispute can take at most: moves and bytes, computed on the graphs of models, and the time
// of the referee on the largest step of every operator, checked first against the step's true
// result.
#include <cstdlib>
#include <cstring>

#include "assay/cli/dispute_bounds.hpp"
#include "assay/cli/replay_share.hpp"
#include "assay/codec/buffer.hpp"
#include "assay/crypto/sha256.hpp"
#include "assay/dispute/moves.hpp"
#include "assay/dispute/signer.hpp"
#include "assay/host/files.hpp"
#include "assay/numerics/table.hpp"
#include "measure.hpp"
#include "need.hpp"
#include "support/largest_step.hpp"

namespace {

using namespace assay;

// Hashes of one proof of several leaves of a tree: the subtrees beside the ways down to them.
std::uint64_t shared_hashes(const std::vector<std::uint64_t>& leaves, commit::Range range) {
  const bool has_any = std::ranges::any_of(
      leaves, [&](std::uint64_t leaf) { return leaf - range.first < range.count; });
  if (!has_any) return 1;
  if (range.count == 1) return 0;
  const std::uint64_t left = commit::split_of(range.count);
  return shared_hashes(leaves, {range.first, left}) +
         shared_hashes(leaves, {range.first + left, range.count - left});
}

// What it would save to send the hashes that the operands' paths in the trace share once
// (docs/adr/0020): of the largest opening, and of the mean over all nodes that have one.
void print_sharing(const std::vector<cli::GraphModel>& models) {
  for (const auto& [name, init, step] : models) {
    const std::vector<graph::Node>& nodes = step.program().nodes;
    std::uint64_t apart_most = 0, shared_most = 0, apart_sum = 0, shared_sum = 0;
    for (const graph::Node& node : nodes) {
      const unsigned operands = node.spec.operand_count;
      if (operands == 0) continue;
      const std::vector<std::uint64_t> leaves(node.inputs.begin(), node.inputs.begin() + operands);
      const std::uint64_t apart = dispute::opening_bounds(node, nodes.size()).bytes;
      std::uint64_t hashes = 0;
      for (const std::uint64_t leaf : leaves) hashes += commit::path_length(leaf, nodes.size());
      const std::uint64_t shared =
          apart - 32 * (hashes - shared_hashes(leaves, {0, nodes.size()})) - (operands - 1);
      apart_most = std::max(apart_most, apart);
      shared_most = std::max(shared_most, shared);
      apart_sum += apart;
      shared_sum += shared;
    }
    std::printf("figure sharing_%s largest opening %llu to %llu bytes, all together %.1f %%\n",
                name.c_str(), static_cast<unsigned long long>(apart_most),
                static_cast<unsigned long long>(shared_most),
                100.0 * static_cast<double>(shared_sum) / static_cast<double>(apart_sum));
  }
}

// What other fan-outs would give, the others as they are: a run of a million steps of each model, a
// root every 1,000.
void print_fan_outs(const std::vector<cli::GraphModel>& models) {
  const auto print = [&](const char* level, unsigned fan_out, const dispute::Rules& rules) {
    for (const auto& [model, run, game, challenge_bytes] : cli::dispute_bounds(models, rules))
      if (run.interval == 1'000)
        std::printf("figure fan_out_%s_%u_%s %u + %u moves, %llu bytes\n", level, fan_out,
                    model.c_str(), game.defender_moves, game.challenger_moves,
                    static_cast<unsigned long long>(game.ledger_bytes));
  };
  for (const unsigned segments : {4U, 8U, 16U, 32U})
    print("chain", segments, {.chain_segments = segments});
  for (const unsigned depth : {1U, 2U, 3U, 4U}) print("tree", 1U << depth, {.split_depth = depth});
  for (const unsigned words : {64U, 128U, 256U}) print("fold_words", words, {.fold_words = words});
}

void print_bounds(const std::vector<cli::GraphModel>& models) {
  std::puts(
      "| a run of a million steps of | a root every | moves, defender + challenger | on the ledger "
      "| "
      "with the challenge | last opening | its SHA-256 compressions "
      "|\n|---|---|---|---|---|---|---|");
  for (const auto& [model, run, game, challenge_bytes] : cli::dispute_bounds(models))
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

// What a whole game takes of each side, beside training the interval.
void print_replay_shares(const std::string& model, std::uint64_t interval, unsigned rounds) {
  const auto disk = bench::need(host::DiskFiles::open("build/bench/replay"));
  const auto print = [&](const char* side, const char* place, const cli::Quartiles& share) {
    std::printf("figure replay_share_%s_%llu_%s_%s %.3f x %.3f %.3f\n", model.c_str(),
                static_cast<unsigned long long>(interval), place, side, share.median, share.lower,
                share.upper);
  };
  for (const auto& [place, name] :
       {std::pair(cli::StatePlace::kMemory, "memory"), std::pair(cli::StatePlace::kDisk, "disk"),
        std::pair(cli::StatePlace::kNeither, "neither")}) {
    const cli::ReplayShare share =
        bench::need(cli::measure_replay_share(model, interval, place, 0, rounds, *disk));
    std::printf("figure replay_interval_%s_%llu %.3f s\n", model.c_str(),
                static_cast<unsigned long long>(interval), share.interval_s);
    print("defender", name, share.defender);
    print("challenger", name, share.challenger);
  }
}

}  // namespace

int main(int argc, char** argv) {
  unsigned rounds = 3;
  if (argc == 3 && std::strcmp(argv[1], "--rounds") == 0) {
    rounds = static_cast<unsigned>(std::atoi(argv[2]));
  } else if (argc != 1) {
    std::fputs("usage: dispute_bench [--rounds N]  of whole games; 0: none\n", stderr);
    return 2;
  }
  const std::vector<cli::GraphModel> models = bench::need(cli::graph_models());
  print_bounds(models);
  print_sharing(models);
  print_fan_outs(models);
  time_steps(crypto::sha256_function(), "native");
  time_steps(crypto::sha256_portable, "portable");
  if (rounds == 0) return 0;
  print_replay_shares("mlp", 256, rounds);
  print_replay_shares("gpt-small", 64, rounds);
}
