// Epochs of play with real draws of the dice, a jackpot that fills and empties, and agents that
// revise what they do.
#include "assay/sim/economy.hpp"

#include <algorithm>

#include "assay/core/contract.hpp"
#include "assay/sim/rng.hpp"

namespace assay::sim {

namespace {

template <std::size_t N>
std::size_t pick(SimRng& rng, const std::array<double, N>& parts) {
  double at = static_cast<double>(rng.next() >> 11) * 0x1p-53;
  for (std::size_t i = 0; i + 1 < N; ++i) {
    if (at < parts[i]) return i;
    at -= parts[i];
  }
  return N - 1;
}

template <std::size_t N>
std::array<double, N> parts_of(const std::vector<std::uint8_t>& agents) {
  std::array<double, N> parts{};
  for (const std::uint8_t play : agents) parts[play] += 1;
  for (double& part : parts) part /= static_cast<double>(agents.size());
  return parts;
}

// Everybody keeps the play that it has unless another pays more; an agent now and then errs.
template <std::size_t N>
void revise(SimRng& rng, const EconomyOptions& o, const std::array<double, N>& pay,
            std::vector<std::uint8_t>& agents) {
  const auto best =
      static_cast<std::uint8_t>(std::max_element(pay.begin(), pay.end()) - pay.begin());
  for (std::uint8_t& agent : agents) {
    if (!rng.chance(o.revision)) continue;
    if (rng.chance(o.mistake))
      agent = static_cast<std::uint8_t>(rng.below(N));
    else if (pay[best] > pay[agent])
      agent = best;
  }
}

class Play {
 public:
  explicit Play(const EconomyOptions& o)
      : m_options(o), m_terms(o.economy.terms), m_rng(o.seed), m_jackpot(o.first_jackpot) {
    for (std::uint32_t i = 0; i < o.agents; ++i) {
      m_solvers.push_back(static_cast<std::uint8_t>(pick(m_rng, o.start.solvers)));
      m_verifiers.push_back(static_cast<std::uint8_t>(pick(m_rng, o.start.verifiers)));
      m_finders.push_back(static_cast<std::uint8_t>(pick(m_rng, o.start.finders)));
    }
  }

  EpochRow epoch() {
    EpochRow row;
    row.mix = {parts_of<kSolverPlays>(m_solvers), parts_of<kVerifierPlays>(m_verifiers),
               parts_of<kFinderPlays>(m_finders)};
    for (std::uint32_t i = 0; i < m_options.tasks_per_epoch; ++i) task(row);
    row.jackpot = m_jackpot;
    const Payoffs pay = payoffs(m_options.economy, row.mix, m_jackpot);
    revise(m_rng, m_options, pay.solvers, m_solvers);
    revise(m_rng, m_options, pay.verifiers, m_verifiers);
    revise(m_rng, m_options, pay.finders, m_finders);
    return row;
  }

 private:
  // Whether `draws` distinct intervals touch the first m of n; which m does not matter to a draw.
  bool touches(std::uint64_t m, std::uint32_t draws) {
    for (std::uint32_t i = 0; i < draws; ++i)
      if (m_rng.below(m_terms.entries - i) < m) return true;
    return false;
  }

  // How many parties replayed one of m intervals.
  std::uint32_t lookers(std::uint64_t m) {
    std::uint32_t count = 0;
    for (std::uint32_t seat = 0; seat < m_terms.seats; ++seat) {
      const auto play = static_cast<VerifierPlay>(m_verifiers[m_rng.below(m_verifiers.size())]);
      const bool colludes = m_rng.chance(m_options.economy.colluding);
      const bool drawn = touches(m, m_terms.draws);
      if (drawn && !colludes && play != VerifierPlay::kBlind) ++count;
    }
    return count + finders(m);
  }
  std::uint32_t finders(std::uint64_t m) {
    std::uint32_t count = 0;
    for (std::uint32_t i = 0; i < m_options.economy.finders; ++i) {
      const auto play = static_cast<FinderPlay>(m_finders[m_rng.below(m_finders.size())]);
      const bool sees =
          play == FinderPlay::kEverything || (play == FinderPlay::kOneInterval && touches(m, 1));
      if (sees) ++count;
    }
    return count;
  }

  void task(EpochRow& row) {
    const auto solver = static_cast<SolverPlay>(m_solvers[m_rng.below(m_solvers.size())]);
    if (const std::uint64_t m = false_intervals(solver, m_terms.entries); m > 0) {
      ++row.false_claims;
      const std::uint32_t seen = solver == SolverPlay::kBriber ? finders(m) : lookers(m);
      if (seen == 0) ++row.false_standing;
      if (seen > 0) return;  // it fell: no tax, no jackpot
    }
    force(row);
    m_jackpot += economics::split_tax(m_terms.tax).jackpot;
  }

  void force(EpochRow& row) {
    if (!m_rng.chance(static_cast<double>(m_terms.force_rate) * 0x1p-32)) return;
    ++row.forced;
    const std::uint32_t others = lookers(1);
    row.forced_found += others > 0 ? 1 : 0;
    const std::uint64_t winners = others + (m_options.economy.solver_finds ? 1 : 0);
    if (winners == 0) return;
    const std::uint64_t base =
        economics::jackpot_base({m_jackpot, m_terms.tax, m_terms.force_rate});
    const std::uint64_t paid = winners * economics::jackpot_share(base, winners);
    ASSAY_INVARIANT(paid <= m_jackpot / economics::kJackpotParts);
    m_jackpot -= paid;
  }

  const EconomyOptions& m_options;
  const economics::TaskTerms& m_terms;
  SimRng m_rng;
  std::uint64_t m_jackpot;
  std::vector<std::uint8_t> m_solvers;
  std::vector<std::uint8_t> m_verifiers;
  std::vector<std::uint8_t> m_finders;
};

}  // namespace

std::vector<EpochRow> simulate(const EconomyOptions& options) {
  ASSAY_EXPECTS(options.agents > 0 && options.economy.terms.entries >= 2);
  Play play(options);
  std::vector<EpochRow> rows;
  rows.reserve(options.epochs);
  for (std::uint32_t i = 0; i < options.epochs; ++i) rows.push_back(play.epoch());
  return rows;
}

Outcome settled(const std::vector<EpochRow>& rows, std::uint32_t tasks_per_epoch) {
  Outcome mean;
  const std::size_t first = rows.size() / 2;
  for (std::size_t i = first; i < rows.size(); ++i) {
    const EpochRow& row = rows[i];
    mean.honest_solvers += row.mix.solvers[0];
    mean.replaying_verifiers += row.mix.verifiers[0] + row.mix.verifiers[2];
    mean.looking_finders += 1 - row.mix.finders[0];
    mean.false_standing += static_cast<double>(row.false_standing) / tasks_per_epoch;
  }
  const auto count = static_cast<double>(std::max<std::size_t>(rows.size() - first, 1));
  for (double* value : {&mean.honest_solvers, &mean.replaying_verifiers, &mean.looking_finders,
                        &mean.false_standing})
    *value /= count;
  return mean;
}

}  // namespace assay::sim
