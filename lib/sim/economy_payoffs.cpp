// Expected payoffs of every play against a mix.
#include <algorithm>
#include <cmath>

#include "assay/economics/splits.hpp"
#include "assay/sim/economy.hpp"

namespace assay::sim {

const char* to_string(SolverPlay play) noexcept {
  switch (play) {
    case SolverPlay::kHonest: return "honest";
    case SolverPlay::kOneFalse: return "one interval false";
    case SolverPlay::kTenthFalse: return "a tenth false";
    case SolverPlay::kAllFalse: return "all false";
    case SolverPlay::kInsured: return "a tenth false, insured";
    case SolverPlay::kBriber: return "a tenth false, bribes";
  }
  return "unknown";
}

const char* to_string(VerifierPlay play) noexcept {
  switch (play) {
    case VerifierPlay::kReplays: return "replays";
    case VerifierPlay::kBlind: return "attests blindly";
    case VerifierPlay::kPools: return "replays in a pool";
  }
  return "unknown";
}

const char* to_string(FinderPlay play) noexcept {
  switch (play) {
    case FinderPlay::kIdle: return "idle";
    case FinderPlay::kOneInterval: return "replays one interval";
    case FinderPlay::kEverything: return "replays everything";
  }
  return "unknown";
}

std::uint64_t false_intervals(SolverPlay play, std::uint64_t entries) noexcept {
  switch (play) {
    case SolverPlay::kHonest: return 0;
    case SolverPlay::kOneFalse: return 1;
    case SolverPlay::kAllFalse: return entries;
    default: return std::max<std::uint64_t>(1, entries / 10);
  }
}

namespace {

using economics::TaskTerms;

double number(std::uint64_t value) { return static_cast<double>(value); }

// Everything about one task that does not depend on who asks.
class Scene {
 public:
  Scene(const Economy& e, const Mix& mix, std::uint64_t jackpot) : economy(e), terms(e.terms) {
    entries = number(terms.entries);
    force = number(terms.force_rate) * 0x1p-32;
    replay_cost = e.work * number(terms.price) / entries;
    base = economics::jackpot_base({jackpot, terms.tax, terms.force_rate});
    bounty = number(economics::split_slash({terms.solver_stake, 1, 0}).bounty);
    looks = (1 - e.colluding) * (mix.verifiers[0] + mix.verifiers[2]);
    finder_one = mix.finders[1];
    finder_all = mix.finders[2];
  }

  // That a seat's draws touch one of m false intervals.
  [[nodiscard]] double drawn(std::uint64_t m) const {
    return 1 - number(economics::escapes({terms.entries, terms.draws, m})) * 0x1p-64;
  }
  [[nodiscard]] double finder_sees(std::uint64_t m) const {
    return finder_all + finder_one * number(m) / entries;
  }
  [[nodiscard]] double none_of_seats(std::uint64_t m, std::uint32_t seats) const {
    return power(1 - looks * drawn(m), seats);
  }
  [[nodiscard]] double none_of_finders(std::uint64_t m, std::uint32_t finders) const {
    return power(1 - finder_sees(m), finders);
  }

  // One of 1 + others winners, the earliest of whom is any of them: what it may expect, where each
  // of `seats` seats and `finders` finders is another with its chance.
  template <class Share>
  [[nodiscard]] double expected(std::uint64_t m, std::uint32_t seats, std::uint32_t finders,
                                Share&& share) const {
    std::vector<double> others{1};
    const auto add = [&](double chance, std::uint32_t times) {
      for (; times > 0; --times) {
        others.push_back(0);
        for (std::size_t k = others.size() - 1; k > 0; --k)
          others[k] = others[k] * (1 - chance) + others[k - 1] * chance;
        others[0] *= 1 - chance;
      }
    };
    add(looks * drawn(m), seats);
    add(finder_sees(m), finders);
    double sum = 0;
    for (std::size_t k = 0; k < others.size(); ++k) sum += others[k] * share(k);
    return sum;
  }

  // A finder's share of a forced error, which one interval holds.
  [[nodiscard]] double jackpot_share(std::uint32_t seats, std::uint32_t finders, bool alias) const {
    return expected(1, seats, finders, [&](std::size_t others) {
      return number(economics::jackpot_share(base, 1 + others + (alias ? 1 : 0)));
    });
  }
  // What catching a liar pays one of those that do.
  [[nodiscard]] double catching(std::uint64_t m, std::uint32_t seats, std::uint32_t finders) const {
    const auto cost = static_cast<std::uint64_t>(std::ceil(replay_cost));
    return expected(m, seats, finders, [&](std::size_t others) {
      const auto split = economics::split_slash({terms.solver_stake, 1 + others, cost});
      return (number(split.bounty) + number(others) * number(split.other_cost)) /
             number(1 + others);
    });
  }

  const Economy& economy;
  const TaskTerms& terms;
  double entries;
  double force;
  double replay_cost;
  std::uint64_t base;
  double bounty;
  double looks;
  double finder_one;
  double finder_all;

 private:
  static double power(double x, std::uint32_t n) {
    double result = 1;
    for (; n > 0; --n) result *= x;
    return result;
  }
};

double solver_payoff(const Scene& s, SolverPlay play) {
  const TaskTerms& t = s.terms;
  const double cost = s.economy.work * number(t.price);
  const double own_finds =
      s.economy.solver_finds
          ? s.force * s.expected(1, t.seats, s.economy.finders,
                                 [&](std::size_t others) {
                                   return number(economics::jackpot_share(s.base, 1 + others));
                                 })
          : 0;
  const std::uint64_t m = false_intervals(play, s.terms.entries);
  if (m == 0) return number(t.price) - cost + own_finds;
  const double unseen_by_finders = s.none_of_finders(m, s.economy.finders);
  const double unseen = unseen_by_finders * s.none_of_seats(m, t.seats);
  const double saved = cost * number(m) / s.entries;
  const double gain = number(t.price) + s.economy.harm_gain * number(m) + own_finds;
  double pay = saved - cost;
  switch (play) {
    case SolverPlay::kInsured:
      // Found out, its alias was first and gets the bounty; not found out, the bonds are forfeited.
      return pay + unseen * (gain - number(m) * number(t.challenger_bond)) -
             (1 - unseen) * number(economics::burned_part(t.solver_stake));
    case SolverPlay::kBriber:
      // Verifiers are known and can be paid; whistleblowers are not.
      pay -= number(t.seats) * s.looks * s.drawn(m) * s.bounty;
      return pay + unseen_by_finders * gain - (1 - unseen_by_finders) * number(t.solver_stake);
    default: return pay + unseen * gain - (1 - unseen) * number(t.solver_stake);
  }
}

// Over the solvers' mix: that a look which touches m intervals catches somebody, times its pay.
template <class Sees>
double catches(const Scene& s, const Mix& mix, std::uint32_t seats, std::uint32_t finders,
               Sees&& sees) {
  double sum = 0;
  for (std::size_t i = 1; i < kSolverPlays; ++i) {
    const auto play = static_cast<SolverPlay>(i);
    const std::uint64_t m = false_intervals(play, s.terms.entries);
    // An insured liar's alias is first: whoever comes later gets its cost at most.
    const double pay = play == SolverPlay::kInsured ? s.replay_cost : s.catching(m, seats, finders);
    if (mix.solvers[i] > 0) sum += mix.solvers[i] * sees(m) * pay;
  }
  return sum;
}

double verifier_payoff(const Scene& s, const Mix& mix, VerifierPlay play) {
  const TaskTerms& t = s.terms;
  const double fee = number(economics::fee_per_seal({t.verification_fee, t.seats, t.draws}));
  const double forced_drawn = s.force * t.draws / s.entries;
  if (play == VerifierPlay::kBlind)
    return t.draws * fee - forced_drawn * (number(t.verifier_stake) + fee);
  double cost = t.draws * s.replay_cost;
  if (play == VerifierPlay::kPools) {
    // Only intervals that several were drawn for are shared, and draws are independent.
    double missed = 1;
    for (std::uint32_t i = 0; i < s.economy.pool; ++i) missed *= 1 - t.draws / s.entries;
    cost *= s.entries * (1 - missed) / (s.economy.pool * t.draws);
  }
  return t.draws * fee - cost +
         forced_drawn * s.jackpot_share(t.seats - 1, s.economy.finders, s.economy.solver_finds) +
         catches(s, mix, t.seats - 1, s.economy.finders, [&](auto m) { return s.drawn(m); });
}

double finder_payoff(const Scene& s, const Mix& mix, FinderPlay play) {
  if (play == FinderPlay::kIdle) return 0;
  const bool all = play == FinderPlay::kEverything;
  const std::uint32_t others = s.economy.finders - 1;
  const double part = all ? 1 : 1 / s.entries;
  return part * s.force * s.jackpot_share(s.terms.seats, others, s.economy.solver_finds) +
         catches(s, mix, s.terms.seats, others,
                 [&](auto m) { return all ? 1 : number(m) / s.entries; }) -
         part * s.entries * s.replay_cost;
}

}  // namespace

Payoffs payoffs(const Economy& economy, const Mix& mix, std::uint64_t jackpot) {
  const Scene scene(economy, mix, jackpot);
  Payoffs p;
  for (std::size_t i = 0; i < kSolverPlays; ++i)
    p.solvers[i] = solver_payoff(scene, static_cast<SolverPlay>(i));
  for (std::size_t i = 0; i < kVerifierPlays; ++i)
    p.verifiers[i] = verifier_payoff(scene, mix, static_cast<VerifierPlay>(i));
  for (std::size_t i = 0; i < kFinderPlays; ++i)
    p.finders[i] = finder_payoff(scene, mix, static_cast<FinderPlay>(i));
  return p;
}

}  // namespace assay::sim
