// Attacks on the market's rules, one function each. `ruled` says whether the rule that meets the
// attack is in force; each returns what one round brings its attacker.
#include <algorithm>

#include "assay/crypto/sha256.hpp"
#include "assay/economics/splits.hpp"
#include "assay/sim/economy.hpp"
#include "assay/sim/rng.hpp"

namespace assay::sim {

namespace {

using economics::TaskTerms;

constexpr std::uint64_t kClaimsBehindOneStake = 100;
constexpr int kGrindingTries = 64;

double number(std::uint64_t value) { return static_cast<double>(value); }

struct Round {
  const Economy& economy;
  const TaskTerms& terms;
  std::uint64_t jackpot;
  SimRng& rng;
  bool ruled;

  [[nodiscard]] bool forced() const { return rng.chance(number(terms.force_rate) * 0x1p-32); }
  [[nodiscard]] std::uint64_t base() const {
    return economics::jackpot_base({jackpot, terms.tax, terms.force_rate});
  }
  [[nodiscard]] double saved(std::uint64_t m) const {
    return economy.work * number(terms.price) * number(m) / number(terms.entries);
  }
};

// Submitter, solver and finder in one: only the tax leaves the three pockets.
double farm(const Round& r) {
  const std::uint64_t found = r.ruled ? r.base() : r.jackpot / economics::kJackpotParts;
  return (r.forced() ? number(found) : 0) - number(r.terms.tax);
}

double farm_with_aliases(const Round& r) {
  constexpr std::uint64_t kAliases = 4;
  const std::uint64_t each = r.ruled ? economics::jackpot_share(r.base(), kAliases) : r.base();
  return (r.forced() ? number(kAliases * each) : 0) - number(r.terms.tax);
}

double farm_and_give_up(const Round& r) {
  if (r.forced()) return number(r.base()) - number(r.terms.tax);
  return r.ruled ? -number(r.terms.tax) : 0;
}

// A farmer that tries many r for a beacon: its own guess of it, or the real one.
double grind(const Round& r) {
  economics::ForceTerms real;
  real.entries = r.terms.entries;
  real.force_rate = r.terms.force_rate;
  store_le(real.beacon.bytes.data(), r.rng.next());
  economics::ForceTerms known = real;
  if (r.ruled) store_le(known.beacon.bytes.data(), r.rng.next());
  for (int i = 0; i < kGrindingTries; ++i) {
    store_le(known.r.bytes.data(), r.rng.next());
    if (economics::draw_force(crypto::sha256_function(), known).is_due) break;
  }
  real.r = known.r;
  const bool due = economics::draw_force(crypto::sha256_function(), real).is_due;
  return (due ? number(r.base()) : 0) - number(r.terms.tax);
}

// A liar found out by nobody yet challenges itself through an alias.
double slash_oneself(const Round& r) {
  const economics::SlashSplit split = economics::split_slash({r.terms.solver_stake, 1, 0});
  return r.ruled ? -number(split.burned) : 0;
}

// Nobody looks: what the alias's silence costs against what the lie saved.
double insure(const Round& r) {
  const std::uint64_t m = std::max<std::uint64_t>(1, r.terms.entries / 10);
  return r.saved(m) - (r.ruled ? number(m * r.terms.challenger_bond) : 0);
}

// The last of those who make the beacon withholds its reveal when the draw would catch it: without
// the rule there is another draw, with it every interval is audited.
double withhold_reveal(const Round& r) {
  const double escape =
      number(economics::escapes({r.terms.entries, r.terms.draws * r.terms.seats, 1})) * 0x1p-64;
  const bool escapes = r.rng.chance(escape) || (!r.ruled && r.rng.chance(escape));
  return escapes ? r.saved(1) : -number(r.terms.solver_stake);
}

// A hundred lies at once, each worth what one stake is just enough to deter.
double share_one_stake(const Round& r) {
  const double q = number(r.terms.draws) / number(r.terms.entries);
  const double burned = number(economics::burned_part(r.terms.solver_stake));
  double net = 0;
  bool burned_once = false;
  for (std::uint64_t i = 0; i < kClaimsBehindOneStake; ++i) {
    const bool caught = r.rng.chance(q);
    if (caught && (r.ruled || !burned_once)) net -= burned;
    burned_once = burned_once || caught;
    if (!caught) net += q * burned;
  }
  return net;
}

// What a point of reputation costs somebody who trains for nobody: a point an atom of tax, or (no
// rule) a point a finished task of any price.
double deal_with_oneself(const Round& r) { return r.ruled ? -1 : -0.02 / number(r.terms.price); }

// The same by a liar that its own alias proves wrong: a point an atom that the slash burned, or (no
// rule) a point an atom of the stake, half of which comes back as the bounty.
double refute_oneself(const Round& r) {
  const double burned = number(economics::burned_part(r.terms.solver_stake));
  return r.ruled ? -1 : -burned / number(r.terms.solver_stake);
}

// The model is had, the price not paid; without the rule it was only promised.
double do_not_pay(const Round& r) { return r.ruled ? 0 : number(r.terms.price); }

// The solver cannot train on what it cannot fetch. Without the rule its stake would fall to the
// submitter at the end of the window, as an accuser's share does.
double withhold_data(const Round& r) {
  return r.ruled ? 0 : number(r.terms.solver_stake - economics::burned_part(r.terms.solver_stake));
}

// Ten times what lets a third of it exceed the other cap: only the tax limits a payout.
std::uint64_t full_jackpot(const TaskTerms& t) {
  const economics::JackpotTerms endless{~std::uint64_t{0}, t.tax, t.force_rate};
  const std::uint64_t cap = economics::jackpot_base(endless);
  return cap > ~std::uint64_t{0} / 64 ? ~std::uint64_t{0} : 10 * economics::kJackpotParts * cap;
}

struct Attack {
  const char* name;
  const char* rule;
  double (*round)(const Round&);
};
constexpr Attack kAttacks[] = {
    {"jackpot farming in three roles", "payout at most (1 - e) tax / f", farm},
    {"the same with four finders", "shares J0 / 4^(w - 1)", farm_with_aliases},
    {"the same, giving up claims that are not forced", "giving up costs the tax", farm_and_give_up},
    {"grinding the random bits", "the beacon comes after the commitments", grind},
    {"self-slashing through an alias", "half of every slash burns", slash_oneself},
    {"insurance by silent challenges of one's own lies", "an unrevealed bond is forfeited", insure},
    {"abort of the last revealer", "no redraw: every interval is audited", withhold_reveal},
    {"one stake behind a hundred lies", "a stake is locked per claim", share_one_stake},
    {"self-dealing for reputation, a point", "score is tax paid", deal_with_oneself},
    {"the same as a challenger of one's own lies", "score is what the slash burned",
     refute_oneself},
    {"a submitter that will not pay", "the price is escrowed at the award", do_not_pay},
    {"a withheld data set", "an expired claim's stake goes back", withhold_data},
};

}  // namespace

std::vector<AttackRow> play_attacks(const Economy& economy, std::uint64_t seed,
                                    std::uint32_t rounds) {
  std::vector<AttackRow> rows;
  for (const Attack& attack : kAttacks) {
    AttackRow row{attack.name, attack.rule, 0, 0};
    for (const bool ruled : {true, false}) {
      SimRng rng(seed);
      const std::uint64_t jackpot = full_jackpot(economy.terms);
      const Round round{economy, economy.terms, jackpot, rng, ruled};
      double sum = 0;
      for (std::uint32_t i = 0; i < rounds; ++i) sum += attack.round(round);
      (ruled ? row.with_rule : row.without_rule) = sum / std::max<std::uint32_t>(rounds, 1);
    }
    rows.push_back(row);
  }
  return rows;
}

}  // namespace assay::sim
