// assay-sim: what is simulated rather than run. `run`: the whole protocol under faults and liars,
// from seeds. `economics`: rational populations and attacks.
#include <cstdio>

#include "assay/cli/options.hpp"
#include "assay/core/hex.hpp"
#include "assay/host/files.hpp"
#include "figures.hpp"
#include "seeds_command.hpp"

namespace {

using assay::ErrorCode;
using assay::Status;
using assay::cli::ExitCode;
namespace economics = assay::economics;
namespace sim = assay::sim;

constexpr std::uint32_t kAttackRounds = 100'000;

// Terms that hold, with room: E-7 asks for about 6 prices of a verifier at one error in 8 claims.
struct Options {
  std::string out = "economics";
  std::uint64_t seed = 1;
  std::uint64_t epochs = 3000;
  std::uint64_t price = 10'000;
  std::uint64_t fee = 2'000;
  std::uint64_t solver_stake = 20'000;
  std::uint64_t verifier_stake = 80'000;
  std::uint64_t bond = 1'000;
  std::uint64_t seats = 2;
  std::uint64_t draws = 2;
  std::uint64_t entries = 20;
  std::uint64_t one_in = 8;
  double work = 0.8;
};

assay::Result<sim::EconomyOptions> economy_of(const Options& o) {
  if (o.epochs < 1 || o.epochs > 1'000'000)
    return {ErrorCode::kInvalidArgument, "--epochs is from 1 to 1000000"};
  if (o.one_in < 2) return {ErrorCode::kInvalidArgument, "--forced-one-in is at least 2"};
  if (!(o.work > 0 && o.work <= 1))
    return {ErrorCode::kInvalidArgument, "--work is above 0 and at most 1"};
  if (o.seats > economics::kMaxSeats || o.draws > economics::kMaxDraws)
    return {ErrorCode::kInvalidArgument, "--seats is at most 16 and --draws at most 64"};
  sim::EconomyOptions options;
  options.seed = o.seed;
  options.epochs = static_cast<std::uint32_t>(o.epochs);
  options.economy.work = o.work;
  economics::TaskTerms& t = options.economy.terms;
  t.price = o.price;
  t.verification_fee = o.fee;
  t.solver_stake = o.solver_stake;
  t.verifier_stake = o.verifier_stake;
  t.challenger_bond = o.bond;
  t.seats = static_cast<std::uint32_t>(o.seats);
  t.draws = static_cast<std::uint32_t>(o.draws);
  t.entries = o.entries;
  t.tax = economics::least_tax(o.price);
  t.force_rate = static_cast<std::uint32_t>((std::uint64_t{1} << 32) / o.one_in);
  if (const auto verdict = economics::check_terms(t); verdict != economics::TermsVerdict::kHolds)
    return {ErrorCode::kInvalidArgument,
            std::string("the ledger refuses such a task: ") + to_string(verdict)};
  return options;
}

void print_terms(const sim::EconomyOptions& options) {
  const economics::TaskTerms& t = options.economy.terms;
  const std::uint64_t cost = economics::cost_bound(t.price, 1, t.entries);
  const economics::Watch watch{t.force_rate, t.entries, t.verifier_stake, 0, cost};
  const auto least = economics::least_at_stake(watch);
  std::printf("a verifier replays at its own interest: %s; the least stake for it is %s\n",
              economics::watching_pays(watch) ? "yes" : "no",
              least ? std::to_string(*least).c_str() : "none");
}

void print_outcome(const sim::Outcome& o) {
  std::printf(
      "in the second half: %.1f %% honest solvers, %.1f %% replaying verifiers, %.1f %% looking "
      "whistleblowers, %.2f %% of claims false and standing\n",
      100 * o.honest_solvers, 100 * o.replaying_verifiers, 100 * o.looking_finders,
      100 * o.false_standing);
}

Status write(assay::host::DiskFiles& files, const std::string& name, const std::string& text) {
  return files.write_atomically(name, assay::as_bytes(text));
}

Status run_economics(const Options& options) {
  ASSAY_TRY(const sim::EconomyOptions economy, economy_of(options));
  ASSAY_TRY(const auto files, assay::host::DiskFiles::open(options.out));
  print_terms(economy);
  const std::vector<sim::EpochRow> rows = simulate(economy);
  print_outcome(settled(rows, economy.tasks_per_epoch));
  ASSAY_TRY_STATUS(write(*files, "epochs.csv", assay::app::epochs_csv(rows)));
  const auto attacks = play_attacks(economy.economy, economy.seed, kAttackRounds);
  std::printf("%-50s %12s %12s\n", "attack, atoms a round", "with rule", "without");
  for (const sim::AttackRow& row : attacks)
    std::printf("%-50s %12.1f %12.1f\n", row.attack, row.with_rule, row.without_rule);
  ASSAY_TRY_STATUS(write(*files, "attacks.csv", assay::app::attacks_csv(attacks)));
  for (const assay::app::Figure& figure : assay::app::economics_figures(economy)) {
    ASSAY_TRY_STATUS(write(*files, figure.name + ".svg", chart_svg(figure.chart)));
    ASSAY_TRY_STATUS(write(*files, figure.name + ".csv", chart_csv(figure.chart)));
  }
  std::printf("figures and tables are in %s\n", options.out.c_str());
  return {};
}

}  // namespace

int main(int argc, char** argv) {
  Options o;
  assay::app::SeedsArguments seeds;
  assay::cli::Program program("assay-sim", "Simulations of the protocol, each from one seed.");
  const auto of_seeds = [&seeds](assay::cli::Command& command) {
    command.option("seed", seeds.seed, "the first")
        .option("seeds", seeds.seeds, "how many")
        .option("threads", seeds.threads, "that run them")
        .choice("faults", seeds.faults, {"none", "some", "all"}, "of networks, disks and processes")
        .option("log", seeds.log, "file for the events of one seed")
        .examples(
            "  assay-sim run --seed 1 --seeds 1000 --threads 2\n"
            "  assay-sim --seed 17 --log seed-17.log")
        .action([&seeds] { return assay::app::run_seeds_command(seeds); });
  };
  of_seeds(program.root());
  of_seeds(program.root().subcommand("run", "The whole protocol under faults and liars"));
  program.root()
      .subcommand("economics", "Rational populations over epochs, and attacks on the rules")
      .option("out", o.out, "folder for the figures (SVG) and their numbers (CSV)")
      .option("seed", o.seed, "of everything random")
      .option("epochs", o.epochs, "of each run")
      .option("price", o.price, "of the task that everybody plays, in atoms, as all below")
      .option("fee", o.fee, "of all verifiers together")
      .option("solver-stake", o.solver_stake, "")
      .option("verifier-stake", o.verifier_stake, "")
      .option("bond", o.bond, "of a challenge")
      .option("seats", o.seats, "verifiers of a claim")
      .option("draws", o.draws, "intervals that each replays")
      .option("entries", o.entries, "intervals of the transcript, the initial state among them")
      .option("forced-one-in", o.one_in, "claims, in which an error is forced")
      .option("work", o.work, "what training costs, as a part of the price")
      .examples("  assay-sim economics --out figures --forced-one-in 16 --verifier-stake 160000")
      .action([&] { return run_economics(o); });
  return program.run(argc, argv);
}
