// fault_games faults|lies|challenges [--seed FIRST] [--seeds COUNT]: random single faults in real
// runs of every model family, or lies about such runs, each of which an honest challenger must
// catch at the first operation where the claim departs from what was agreed; or false challenges of
// honest runs, each of which must be defended (INV-PLR-003, INV-PLR-007), within its bounds
// (INV-DSP-008). A seed is a game: to see one again, name it.
#include <algorithm>
#include <charconv>
#include <cstdio>
#include <cstring>

#include "faults/games.hpp"

namespace {

using namespace assay;
using faults::GameReport;

constexpr unsigned kMaxDraws = 1000;  // of one seed

struct Tally {
  std::uint64_t games = 0, failures = 0, redrawn = 0, inside_folds = 0;
  std::map<std::string, std::uint64_t> by_model, by_kind, by_end, by_operator;
  std::vector<double> ms;
  std::uint32_t most_moves = 0;
};

void add(Tally& tally, const GameReport& report, const std::string& model) {
  ++tally.games;
  ++tally.by_model[model];
  ++tally.by_end[dispute::to_string(report.ended_at)];
  if (report.ended_at == dispute::Stage::kScalar) ++tally.by_operator[numerics::name_of(report.op)];
  tally.ms.push_back(report.game_ms);
  tally.inside_folds += report.inside_fold;
  tally.most_moves = std::max(tally.most_moves, report.moves);
}

// What changes nothing is drawn again: the seed's next numbers.
void game(const std::string& what, std::uint64_t seed, Tally& tally, std::string& failure) {
  faults::Random random(seed);
  for (unsigned draw = 0; draw < kMaxDraws; ++draw) {
    faults::World& world = faults::model_world(random() % faults::model_count());
    const auto kind = static_cast<faults::Kind>(random() % faults::kKinds);
    const GameReport report = what == "faults" ? faults::play_fault(world, kind, random())
                              : what == "lies" ? faults::play_lie(world, random())
                                               : faults::play_challenge(world, random());
    if (report.nothing) {
      ++tally.redrawn;
      continue;
    }
    add(tally, report, world.name());
    if (what == "faults") ++tally.by_kind[to_string(kind)];
    if (!report.failure.empty()) failure = report.words + ": " + report.failure;
    return;
  }
  failure = "nothing that changes anything in " + std::to_string(kMaxDraws) + " draws";
}

void print(const char* what, const std::map<std::string, std::uint64_t>& counts) {
  std::printf("figure %s", what);
  for (const auto& [name, count] : counts)
    std::printf(" %s %llu", name.c_str(), static_cast<unsigned long long>(count));
  std::printf("\n");
}

int play(const std::string& what, std::uint64_t first, std::uint64_t count) {
  Tally tally;
  for (std::uint64_t seed = first; seed < first + count; ++seed) {
    std::string failure;
    game(what, seed, tally, failure);
    if (failure.empty()) continue;
    ++tally.failures;
    std::printf("seed %llu: %s\n  again: fault_games %s --seed %llu --seeds 1\n",
                static_cast<unsigned long long>(seed), failure.c_str(), what.c_str(),
                static_cast<unsigned long long>(seed));
  }
  std::sort(tally.ms.begin(), tally.ms.end());
  const auto at = [&](double share) {
    return tally.ms.empty() ? 0.0
                            : tally.ms[static_cast<std::size_t>(
                                  share * static_cast<double>(tally.ms.size() - 1))];
  };
  std::printf("figure %s seeds %llu to %llu, %llu games, %llu %s, %llu drawn again\n", what.c_str(),
              static_cast<unsigned long long>(first),
              static_cast<unsigned long long>(first + count - 1),
              static_cast<unsigned long long>(tally.games),
              static_cast<unsigned long long>(tally.games - tally.failures),
              what == "challenges" ? "defended" : "caught where they depart",
              static_cast<unsigned long long>(tally.redrawn));
  print((what + "_by_model").c_str(), tally.by_model);
  if (!tally.by_kind.empty()) print((what + "_by_kind").c_str(), tally.by_kind);
  print((what + "_ended_at").c_str(), tally.by_end);
  print((what + "_operators").c_str(), tally.by_operator);
  std::printf("figure %s_inside_a_fold %llu games\n", what.c_str(),
              static_cast<unsigned long long>(tally.inside_folds));
  std::printf(
      "figure %s_game_cpu median %.1f ms, one in a hundred over %.1f ms, most %.1f ms, "
      "most moves %u\n",
      what.c_str(), at(0.5), at(0.99), at(1.0), tally.most_moves);
  return tally.failures == 0 && tally.games == count ? 0 : 1;
}

bool number(const char* text, std::uint64_t& value) {
  const char* const end = text + std::strlen(text);
  return std::from_chars(text, end, value).ptr == end && text != end;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string what = argc > 1 ? argv[1] : "";
  std::uint64_t first = 1, count = 300;
  bool understood = what == "faults" || what == "lies" || what == "challenges";
  for (int i = 2; i < argc; i += 2) {
    const std::string option = argv[i];
    understood = understood && i + 1 < argc && (option == "--seed" || option == "--seeds") &&
                 number(argv[i + 1], option == "--seed" ? first : count);
  }
  if (!understood) {
    std::fprintf(stderr,
                 "usage: fault_games faults|lies|challenges [--seed FIRST] [--seeds COUNT]\n");
    return 2;
  }
  return play(what, first, count);
}
