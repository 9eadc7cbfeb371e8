#include "faults/games.hpp"

#include <ctime>

#include "assay/codec/buffer.hpp"
#include "assay/crypto/sha256.hpp"
#include "assay/dispute/moves.hpp"
#include "support/duel.hpp"

namespace assay::faults {
namespace {

using dispute::GameTerms;
using dispute::MoveVerdict;
using dispute::Outcome;
using dispute::Position;
using dispute::Role;
using dispute::Stage;
using MoveResult = Result<std::optional<Bytes>>;

Bytes encode_point(Stage stage, unsigned index) {
  return codec::encode([&](codec::Writer& w) { dispute::write_point(w, stage, index); });
}

// What a defender offers whose accumulator had the fault, or who lies about it.
Bytes claimed_fold_offer(World& world, const Fault& fault, const Position& position) {
  const dispute::Spacing steps = dispute::fold_spacing(position);
  std::vector<std::uint32_t> at;
  for (std::uint32_t k = 1; k < steps.segments; ++k)
    at.push_back(static_cast<std::uint32_t>(steps.at(k)));
  const auto states =
      claimed_fold(world, fault, {position.step_low, position.node_index, position.element}, at);
  return codec::encode([&](codec::Writer& w) {
    dispute::write_fold_offer(w, states, numerics::fold_words(position.node.spec));
  });
}

// Points by a plan: straight to a node, to the claimed state, or by chance; at either end of what
// is offered or anywhere in it.
class Pointer {
 public:
  Pointer(World& world, const GameTerms& terms, Random& random)
      : m_world(world), m_terms(terms), m_random(random) {
    m_way = static_cast<Way>(below(4));
    m_end = static_cast<End>(below(4));
    m_node = any_node(world.task().program_of(terms.entry).program(), random);
  }

  void go_to(std::uint32_t node) {
    m_way = Way::kNode;
    m_node = node;
  }

  [[nodiscard]] std::string words() const {
    constexpr const char* kWays[] = {"to node ", "to node ", "to the claimed state", "by chance"};
    constexpr const char* kEnds[] = {"anywhere", "anywhere", "first", "last"};
    const auto way = static_cast<std::size_t>(m_way);
    return std::string(kWays[way]) + (way < 2 ? std::to_string(m_node) : "") + ", " +
           kEnds[static_cast<std::size_t>(m_end)];
  }

  Bytes move(const Position& p) {
    switch (p.stage) {
      case Stage::kChainPoint: return encode_point(p.stage, one_of(chain_spacing(p).segments));
      case Stage::kFoldPoint: return encode_point(p.stage, one_of(fold_spacing(p).segments));
      case Stage::kTracePoint: return trace_move(p);
      case Stage::kElementPoint:
        return codec::encode([&](codec::Writer& w) {
          dispute::write_element_point(w,
                                       one_of(p.offered_bytes / size_of(p.node.spec.output.dtype)));
        });
      default: return encode_point(p.stage, one_of(commit::children_of(p.range).count));
    }
  }

 private:
  enum class Way : std::uint8_t { kNode, kSameNode, kState, kChance };
  enum class End : std::uint8_t { kAnywhere, kSameAnywhere, kFirst, kLast };

  std::uint64_t below(std::uint64_t n) { return m_random() % n; }
  unsigned one_of(std::uint64_t count) {
    if (m_end == End::kFirst) return 0;
    return static_cast<unsigned>(m_end == End::kLast ? count - 1 : below(count));
  }
  Bytes trace_move(const Position& p) {
    const commit::Children children = commit::children_of(p.range);
    const bool whole = p.range.count == p.program.node_count;
    if (whole && m_way == Way::kState)
      return codec::encode(
          [&](codec::Writer& w) { dispute::write_trace_point(w, children.count); });
    if (whole && m_way == Way::kChance) m_node = static_cast<std::uint32_t>(below(p.range.count));
    return *duel::point_at_node(m_world.task(), m_terms, p, m_node);
  }

  World& m_world;
  const GameTerms& m_terms;
  Random& m_random;
  Way m_way{};
  End m_end{};
  std::uint32_t m_node = 0;
};

// Tries a move that no rule allows; what it says if it was accepted, or changed the position.
std::string refused(const GameTerms& terms, const Position& position, const Bytes& body) {
  Position copy = position;
  const MoveVerdict verdict =
      dispute::apply(crypto::sha256_function(), terms, copy, Role::kChallenger, body);
  if (verdict == MoveVerdict::kAccepted) return "a false move was accepted";
  return copy == position ? "" : "a refused move changed the position";
}

// Random bytes, another stage's move, or an index beyond what is offered.
Bytes junk(const Position& position, Random& random) {
  const auto below = [&](unsigned n) { return static_cast<unsigned>(random() % n); };
  // A fold has up to 256 parts: no byte is beyond them.
  if (below(3) == 0 && position.stage != Stage::kFoldPoint)
    return encode_point(position.stage, 200 + below(56));
  if (below(2) == 0) {
    const auto other = static_cast<Stage>(1 + below(15));
    if (other != position.stage) return encode_point(other, below(16));
  }
  Bytes bytes(below(200));
  for (std::uint8_t& byte : bytes) byte = static_cast<std::uint8_t>(random());
  if (!bytes.empty() && bytes[0] == static_cast<std::uint8_t>(position.stage)) bytes[0] ^= 0x40;
  return bytes;
}

// The opening with a byte changed, cut off or added: INV-DSP-004.
Bytes tampered(Bytes opening, Random& random) {
  switch (random() % 4) {
    case 0: opening.pop_back(); break;
    case 1: opening.push_back(static_cast<std::uint8_t>(random())); break;
    default: opening[random() % opening.size()] ^= static_cast<std::uint8_t>(1 + random() % 255);
  }
  return opening;
}

bool is_opening(Stage stage) {
  return stage == Stage::kStateLeaf || stage == Stage::kSource || stage == Stage::kScalar;
}

class Stopwatch {
 public:
  [[nodiscard]] double ms() const {
    return 1e3 * static_cast<double>(std::clock() - m_start) / CLOCKS_PER_SEC;
  }

 private:
  std::clock_t m_start = std::clock();
};

// One side's player: on this machine or another, with memory or without, stopped now and then, and
// made anew, as after a crash, from the positions so far.
class Party {
 public:
  Party(World& world, training::Execution& execution, const GameTerms& terms, Role role,
        Random& random)
      : m_world(world), m_execution(execution), m_terms(terms), m_role(role), m_random(random) {
    m_sparing = random() % 4 == 0;
    m_crashes = random() % 4 == 0;
    m_stops = random() % 4 == 0;
    m_player = anew();
  }

  // Shows it every position of the game, whoever is to move.
  void see(const Position& position) {
    if (m_crashes && m_seen.size() == position.turn) m_seen.push_back(position);
  }
  MoveResult move(const Position& position) {
    if (m_crashes && m_random() % 4 == 0) {
      m_player = anew();
      for (const Position& earlier : m_seen) m_player->see(earlier);
    }
    for (;;) {
      auto move = m_player->next_move(position, [this] { return m_stops && m_random() % 4 == 0; });
      if (move || move.error().code != ErrorCode::kCancelled) return move;
    }
  }

 private:
  std::unique_ptr<player::Player> anew() {
    return m_world.player(m_execution, m_terms, m_role, m_sparing);
  }

  World& m_world;
  training::Execution& m_execution;
  const GameTerms& m_terms;
  Role m_role;
  Random& m_random;
  bool m_sparing = false;
  bool m_crashes = false;
  bool m_stops = false;
  std::unique_ptr<player::Player> m_player;
  std::vector<Position> m_seen;
};

training::Execution& some_honest(World& world, Random& random) {
  if (random() % 4 == 0) return world.honest_elsewhere();
  return world.honest();
}

// INV-DSP-008 for every game: words, if it took more than the bounds allow.
std::string beyond_bounds(World& world, const GameTerms& terms, const duel::Duel& duel,
                          bool challenger_opens) {
  const dispute::GameBounds& most = world.bounds(terms.entry);
  // The last opening is the defender's duty, and counts as its move, whoever makes it.
  const unsigned opened =
      challenger_opens && is_opening(duel.position.ended_at) && duel.moves[1] > 0 ? 1 : 0;
  if (duel.moves[0] + opened <= most.defender_moves &&
      duel.moves[1] - opened <= most.challenger_moves &&
      duel.bytes[0] + duel.bytes[1] <= most.body_bytes)
    return "";
  return "the game took " + std::to_string(duel.moves[0]) + " and " +
         std::to_string(duel.moves[1]) + " moves of " +
         std::to_string(duel.bytes[0] + duel.bytes[1]) + " bytes, its bounds are " +
         std::to_string(most.defender_moves) + ", " + std::to_string(most.challenger_moves) +
         " and " + std::to_string(most.body_bytes);
}

void note(World& world, const GameTerms& terms, const duel::Duel& duel, bool challenger_opens,
          GameReport& report) {
  report.ended_at = duel.position.ended_at;
  report.op = duel.position.node.spec.op;
  report.inside_fold = report.ended_at == Stage::kScalar &&
                       duel.position.fold_low + 1 < numerics::fold_length(duel.position.node.spec);
  report.moves = duel.position.turn;
  if (report.failure.empty()) report.failure = duel.error;
  if (report.failure.empty()) report.failure = beyond_bounds(world, terms, duel, challenger_opens);
}

}  // namespace

GameReport play_fault(World& world, const Fault& fault, std::uint64_t seed) {
  Random random(seed);
  GameReport report;
  report.words = world.name() + ", " + fault.words;
  FaultyExecution faulty(world, fault);
  const auto departure = find_departure(world, fault, faulty);
  report.nothing = !departure;
  if (report.nothing) return report;

  const bool challenger_opens = random() % 2 == 0;
  training::Execution& honest = some_honest(world, random);
  const Stopwatch watch;
  const GameTerms terms = world.terms(departure->entry, departure->claimed);
  Party defender(world, faulty, terms, Role::kDefender, random);
  Party challenger(world, honest, terms, Role::kChallenger, random);
  const duel::Duel duel = duel::play(
      terms,
      [&](const Position& p) -> MoveResult {
        defender.see(p);
        challenger.see(p);
        if (p.stage == Stage::kFoldOffer && (fault.fold || fault.fold_lies))
          return std::optional<Bytes>(claimed_fold_offer(world, fault, p));
        return defender.move(p);
      },
      [&](const Position& p) {
        defender.see(p);
        challenger.see(p);
        return challenger.move(p);
      },
      challenger_opens);
  report.game_ms = watch.ms();
  note(world, terms, duel, challenger_opens, report);
  if (report.failure.empty()) report.failure = ended_elsewhere(*departure, duel.position);
  return report;
}

GameReport play_fault(World& world, Kind kind, std::uint64_t seed) {
  Random random(seed);
  const std::optional<Fault> fault = draw_fault(world, kind, random);
  if (fault) return play_fault(world, *fault, random());
  GameReport report;
  report.nothing = true;
  return report;
}

GameReport play_lie(World& world, std::uint64_t seed) {
  Random random(seed);
  const Fault lie = draw_lie(world, random);
  return play_fault(world, lie, random());
}

GameReport play_challenge(World& world, std::uint64_t seed, const std::optional<Target>& target) {
  Random random(seed);
  GameReport report;
  const std::uint64_t entry = target ? target->entry : random() % world.transcript().size();
  const GameTerms terms = world.terms(entry, world.transcript()[entry]);
  Pointer pointer(world, terms, random);
  if (target) pointer.go_to(target->node);
  report.words =
      world.name() + ", false challenge of entry " + std::to_string(entry) + " " + pointer.words();

  training::Execution& honest = some_honest(world, random);
  const Stopwatch watch;
  Party defender(world, honest, terms, Role::kDefender, random);
  const auto refuse = [&](const Position& p, const Bytes& body) {
    if (const std::string wrong = refused(terms, p, body); !wrong.empty()) report.failure = wrong;
  };
  const duel::Duel duel = duel::play(
      terms,
      [&](const Position& p) {
        defender.see(p);
        auto move = defender.move(p);
        if (is_opening(p.stage) && move && *move) refuse(p, tampered(**move, random));
        return move;
      },
      [&](const Position& p) -> MoveResult {
        defender.see(p);
        if (random() % 4 == 0) refuse(p, junk(p, random));
        return std::optional<Bytes>(pointer.move(p));
      });
  report.game_ms = watch.ms();
  note(world, terms, duel, false, report);
  if (report.failure.empty() && duel.position.outcome != Outcome::kDefenderWins)
    report.failure = std::string(dispute::to_string(duel.position.outcome)) + " at " +
                     dispute::to_string(duel.position.ended_at) + ", node " +
                     std::to_string(duel.position.node_index);
  return report;
}

}  // namespace assay::faults
