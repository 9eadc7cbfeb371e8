#include "figures.hpp"

#include <algorithm>
#include <cstdio>

#include "assay/economics/splits.hpp"

namespace assay::app {

namespace {

using cli::Chart;
using cli::ChartLine;
using cli::ChartPanel;
using cli::XAxis;
using cli::YAxis;

constexpr std::size_t kMostPoints = 300;  // of a line over the epochs
constexpr std::uint32_t kAttackRounds = 20'000;

std::uint32_t rate_of(double chance) { return static_cast<std::uint32_t>(chance * 0x1p32); }
double number(std::uint64_t value) { return static_cast<double>(value); }

template <class ValueOf>
ChartLine over_epochs(const std::vector<sim::EpochRow>& rows, const char* label, std::size_t colour,
                      ValueOf&& value_of) {
  ChartLine line{label, colour, false, {}};
  const std::size_t step = std::max<std::size_t>(1, rows.size() / kMostPoints);
  for (std::size_t first = 0; first + step <= rows.size(); first += step) {
    double sum = 0;
    for (std::size_t i = first; i < first + step; ++i) sum += value_of(rows[i]);
    line.points.emplace_back(number(first), sum / number(step));
  }
  return line;
}

ChartPanel population(const sim::EconomyOptions& o, const char* title) {
  const std::vector<sim::EpochRow> rows = simulate(o);
  ChartPanel panel{title, "epoch", XAxis::kLinear, YAxis::kLinear, {}};
  panel.lines.push_back(over_epochs(rows, "solvers that are honest", 0,
                                    [](const auto& r) { return 100 * r.mix.solvers[0]; }));
  panel.lines.push_back(over_epochs(rows, "verifiers that replay", 2, [](const auto& r) {
    return 100 * (r.mix.verifiers[0] + r.mix.verifiers[2]);
  }));
  panel.lines.push_back(over_epochs(rows, "whistleblowers that look", 4,
                                    [](const auto& r) { return 100 * (1 - r.mix.finders[0]); }));
  panel.lines.push_back(over_epochs(rows, "claims that are false and stand", 1, [&](const auto& r) {
    return 100 * number(r.false_standing) / o.tasks_per_epoch;
  }));
  return panel;
}

Figure dilemma(sim::EconomyOptions o) {
  ChartPanel with = population(o, "With forced errors (in percent)");
  o.economy.terms.force_rate = 0;
  ChartPanel without = population(o, "Without (in percent)");
  return {"dilemma", {"The verifier's dilemma", {std::move(with), std::move(without)}}};
}

Figure watching(const sim::EconomyOptions& base) {
  ChartPanel replay{"Verifiers that replay (in percent)",
                    "one error forced in so many claims",
                    XAxis::kRanks,
                    YAxis::kLinear,
                    {}};
  ChartPanel stand = replay;
  stand.title = "Claims that are false and stand (in percent)";
  std::size_t colour = 0;
  for (const std::uint64_t stakes : {1, 2, 4, 8, 16}) {
    sim::EconomyOptions o = base;
    o.economy.terms.verifier_stake = stakes * o.economy.terms.price;
    const std::string label = "verifier's stake: " + std::to_string(stakes) + " x price";
    ChartLine replays{label, colour, false, {}};
    ChartLine stands{label, colour++, false, {}};
    for (const double one_in : {2, 4, 8, 16, 32, 64, 128, 256}) {
      o.economy.terms.force_rate = rate_of(1 / one_in);
      const sim::Outcome mean = settled(simulate(o), o.tasks_per_epoch);
      replays.points.emplace_back(one_in, 100 * mean.replaying_verifiers);
      stands.points.emplace_back(one_in, 100 * mean.false_standing);
    }
    replay.lines.push_back(std::move(replays));
    stand.lines.push_back(std::move(stands));
  }
  return {"watching",
          {"Where replaying is a verifier's best reply", {std::move(replay), std::move(stand)}}};
}

// What the best lie brings beyond honesty, in percent of the price; below 0 honesty is the best
// reply.
double temptation(const sim::Economy& economy) {
  sim::Mix mix;
  mix.solvers[0] = mix.verifiers[0] = mix.finders[0] = 1;
  const auto pay = payoffs(economy, mix, 0).solvers;
  return 100 * (*std::max_element(pay.begin() + 1, pay.end()) - pay[0]) /
         number(economy.terms.price);
}

Figure collusion(const sim::EconomyOptions& base) {
  constexpr const char* kX = "verifiers that attest whatever the solver says, in percent";
  ChartPanel seats{"The best lie beyond honesty, in percent of the price, by seats",
                   kX,
                   XAxis::kLinear,
                   YAxis::kLinear,
                   {}};
  ChartPanel harm{"By what a false interval brings, in parts of what is declared",
                  kX,
                  XAxis::kLinear,
                  YAxis::kLinear,
                  {}};
  const auto line = [](sim::Economy economy, const std::string& label, std::size_t colour) {
    ChartLine l{label, colour, false, {}};
    for (int percent = 0; percent <= 100; percent += 4) {
      economy.colluding = percent / 100.0;
      l.points.emplace_back(percent, temptation(economy));
    }
    return l;
  };
  std::size_t colour = 0;
  for (const std::uint32_t count : {1, 2, 4, 8}) {
    sim::Economy economy = base.economy;
    economy.terms.seats = count;
    seats.lines.push_back(line(economy, std::to_string(count) + " seats", colour++));
  }
  colour = 0;
  const auto& t = base.economy.terms;
  const double declared =
      number(t.draws) * number(economics::burned_part(t.solver_stake)) / number(t.entries);
  for (const double part : {0.0, 0.5, 1.0, 2.0}) {
    sim::Economy economy = base.economy;
    economy.harm_gain = part * declared;
    char label[32];
    std::snprintf(label, sizeof label, "%g", part);
    harm.lines.push_back(line(economy, label, colour++));
  }
  return {"collusion", {"When lying pays", {std::move(seats), std::move(harm)}}};
}

Figure farming(const sim::EconomyOptions& base) {
  ChartPanel panel{"What a round brings, in parts of the tax",
                   "one error forced in so many claims",
                   XAxis::kRanks,
                   YAxis::kLinear,
                   {}};
  for (std::size_t i = 0; i < 4; ++i) panel.lines.push_back({"", i, i == 3, {}});
  for (const double one_in : {2, 4, 8, 16, 32, 64, 128, 256}) {
    sim::Economy economy = base.economy;
    economy.terms.force_rate = rate_of(1 / one_in);
    const auto rows = play_attacks(economy, base.seed, kAttackRounds);
    const double tax = number(economy.terms.tax);
    for (std::size_t i = 0; i < 3; ++i) {
      panel.lines[i].label = rows[i].attack;
      panel.lines[i].points.emplace_back(one_in, rows[i].with_rule / tax);
    }
    panel.lines[3].label = "giving up for nothing (not the rule)";
    panel.lines[3].points.emplace_back(one_in, rows[2].without_rule / tax);
  }
  return {"farming", {"Jackpot farming by one person in three roles", {std::move(panel)}}};
}

std::string decimal(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.6g", value);
  return text;
}

}  // namespace

std::vector<Figure> economics_figures(const sim::EconomyOptions& base) {
  return {dilemma(base), watching(base), collusion(base), farming(base)};
}

std::string epochs_csv(const std::vector<sim::EpochRow>& rows) {
  std::string csv = "epoch,";
  for (std::size_t i = 0; i < sim::kSolverPlays; ++i)
    csv += "\"solver: " + std::string(to_string(static_cast<sim::SolverPlay>(i))) + "\",";
  for (std::size_t i = 0; i < sim::kVerifierPlays; ++i)
    csv += "verifier: " + std::string(to_string(static_cast<sim::VerifierPlay>(i))) + ",";
  for (std::size_t i = 0; i < sim::kFinderPlays; ++i)
    csv += "finder: " + std::string(to_string(static_cast<sim::FinderPlay>(i))) + ",";
  csv += "false,standing,forced,found,jackpot\r\n";
  for (std::size_t epoch = 0; epoch < rows.size(); ++epoch) {
    const sim::EpochRow& row = rows[epoch];
    csv += std::to_string(epoch) + ",";
    for (const double part : row.mix.solvers) csv += decimal(part) + ",";
    for (const double part : row.mix.verifiers) csv += decimal(part) + ",";
    for (const double part : row.mix.finders) csv += decimal(part) + ",";
    csv += std::to_string(row.false_claims) + "," + std::to_string(row.false_standing) + "," +
           std::to_string(row.forced) + "," + std::to_string(row.forced_found) + "," +
           std::to_string(row.jackpot) + "\r\n";
  }
  return csv;
}

std::string attacks_csv(const std::vector<sim::AttackRow>& rows) {
  std::string csv = "attack,rule,atoms a round with the rule,without\r\n";
  for (const sim::AttackRow& row : rows)
    csv += "\"" + std::string(row.attack) + "\",\"" + row.rule + "\"," + decimal(row.with_rule) +
           "," + decimal(row.without_rule) + "\r\n";
  return csv;
}

}  // namespace assay::app
