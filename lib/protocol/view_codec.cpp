// The bytes of a View. A client may have them from anybody, so every count is bounded by what is
// there.
#include <algorithm>

#include "assay/protocol/view.hpp"
#include "internal/position.hpp"
#include "internal/wire.hpp"

namespace assay::protocol {

using codec::Reader;
using codec::Writer;

namespace {

void write(Writer& w, const Bytes& bytes);
void read(Reader& r, Bytes& bytes);
void write(Writer& w, const AccountView& a);
void read(Reader& r, AccountView& a);
void write(Writer& w, const GameView& g);
void read(Reader& r, GameView& g);
void write(Writer& w, const ChallengeView& c);
void read(Reader& r, ChallengeView& c);
void write(Writer& w, const ClaimView& c);
void read(Reader& r, ClaimView& c);
void write(Writer& w, const TaskView& t);
void read(Reader& r, TaskView& t);

template <class T>
void write_all(Writer& w, const std::vector<T>& items) {
  w.u32(static_cast<std::uint32_t>(items.size()));
  for (const T& item : items) write(w, item);
}
template <class T>
void read_all(Reader& r, std::vector<T>& items) {
  const std::uint32_t count = r.count(r.remaining(), 1);
  for (std::uint32_t i = 0; i < count && r.ok(); ++i) read(r, items.emplace_back());
}

void write(Writer& w, const Bytes& bytes) { w.bytes(bytes); }
void read(Reader& r, Bytes& bytes) { bytes = to_bytes(r.bytes(kMaxSignedMoveBytes)); }

void write(Writer& w, const AccountView& a) {
  wire::put(w, a.id);
  w.flag(a.exists);
  for (const Amount n : {a.available, a.reserved, a.staked, a.unbonding}) wire::put(w, n);
  write(w, a.locked);
  write(w, a.profile);
  for (const Reputation& reputation : a.reputation) write(w, reputation);
}
void read(Reader& r, AccountView& a) {
  wire::get(r, a.id);
  a.exists = r.flag();
  for (Amount* n : {&a.available, &a.reserved, &a.staked, &a.unbonding}) wire::get(r, *n);
  read(r, a.locked);
  read(r, a.profile);
  for (Reputation& reputation : a.reputation) read(r, reputation);
}

void write(Writer& w, const GameView& g) {
  write(w, g.record);
  w.u32(g.first_turn);
  write_all(w, g.moves);
}
void read(Reader& r, GameView& g) {
  read(r, g.record);
  g.first_turn = r.u32();
  read_all(r, g.moves);
}

void write(Writer& w, const ChallengeView& c) {
  write(w, c.record);
  write_all(w, c.games);
}
void read(Reader& r, ChallengeView& c) {
  read(r, c.record);
  read_all(r, c.games);
}

void write(Writer& w, const ClaimView& c) {
  write(w, c.record);
  write_all(w, c.verifiers);
  write_all(w, c.challenges);
}
void read(Reader& r, ClaimView& c) {
  read(r, c.record);
  read_all(r, c.verifiers);
  read_all(r, c.challenges);
}

void write(Writer& w, const TaskView& t) {
  write(w, t.record);
  write_all(w, t.claims);
  write_all(w, t.bids);
}
void read(Reader& r, TaskView& t) {
  read(r, t.record);
  read_all(r, t.claims);
  read_all(r, t.bids);
}

}  // namespace

Bytes encode(const View& view) {
  return codec::encode([&](Writer& w) {
    w.bytes(encode(view.head));
    for (const Amount n :
         {view.totals.issued, view.totals.burned, view.totals.jackpot, view.totals.treasury})
      wire::put(w, n);
    write(w, view.self);
    write_all(w, view.tasks);
    write_all(w, view.accounts);
  });
}

Result<View> decode_view(ByteView bytes) { return ViewMemory().complete(bytes); }

Bytes encode(const KnownMoves& known) {
  return codec::encode([&](Writer& w) {
    w.u32(static_cast<std::uint32_t>(known.size()));
    for (const auto& [game, count] : known) {
      wire::put(w, game);
      w.u32(count);
    }
  });
}

Result<KnownMoves> decode_known_moves(ByteView bytes) {
  constexpr std::size_t kEntryBytes = 32 + 4;
  Reader r(bytes);
  KnownMoves known;
  for (std::uint32_t left = r.count(kMaxKnownGames, kEntryBytes); left > 0 && r.ok(); --left) {
    GameId game;
    wire::get(r, game);
    const std::uint32_t count = r.u32();
    if (!known.empty() && game <= known.rbegin()->first) r.fail();
    known.emplace_hint(known.end(), game, count);
  }
  if (!r.finish())
    return {ErrorCode::kMalformed, "known moves are at most " + std::to_string(kMaxKnownGames) +
                                       " games, ascending, and counts"};
  return known;
}

KnownMoves ViewMemory::known() const {
  KnownMoves known;
  for (const auto& [id, game] : m_games) {
    if (known.size() == kMaxKnownGames) break;
    known.emplace_hint(known.end(), id, static_cast<std::uint32_t>(game.moves.size()));
  }
  return known;
}

Result<View> ViewMemory::complete(ByteView bytes) {
  Reader r(bytes);
  View view;
  auto head = decode_header(r.bytes(kHeaderBytes));
  if (!head) {
    m_games.clear();
    return std::move(head).error();
  }
  view.head = *head;
  Totals& t = view.totals;
  for (Amount* n : {&t.issued, &t.burned, &t.jackpot, &t.treasury}) wire::get(r, *n);
  read(r, view.self);
  read_all(r, view.tasks);
  read_all(r, view.accounts);
  std::map<GameId, Game> seen;
  const bool is_sound =
      r.finish() && std::all_of(view.tasks.begin(), view.tasks.end(), [&](TaskView& task) {
        return commit::is_valid(task.record.terms.header) && complete(view.head.chain, task, seen);
      });
  m_games = std::move(seen);
  if (is_sound) return view;
  m_games.clear();
  return Error{ErrorCode::kMalformed, "these bytes are no view of the ledger"};
}

// Each game is about its task's claim and its moves apply to its terms, so that position_of() may
// count on it.
bool ViewMemory::complete(const ChainId& chain, TaskView& task, std::map<GameId, Game>& seen) {
  for (ClaimView& claim : task.claims) {
    if (claim.record.entries < 2 ||
        claim.record.entries > commit::transcript_entries(task.record.terms.header))
      return false;
    for (ChallengeView& challenge : claim.challenges)
      for (GameView& game : challenge.games) {
        if (game.record.claim != claim.record.id) return false;
        const dispute::GameTerms terms = terms_of(chain, task, challenge, game);
        if (!dispute::is_valid(terms) || !complete(terms, game, seen)) return false;
      }
  }
  return true;
}

bool ViewMemory::complete(const dispute::GameTerms& terms, GameView& game,
                          std::map<GameId, Game>& seen) {
  Game kept{terms, {}, dispute::start(terms)};
  if (const auto found = m_games.find(game.record.id);
      found != m_games.end() && game.first_turn > 0) {
    if (found->second.terms != terms) return false;
    kept = std::move(found->second);
    m_games.erase(found);
  }
  if (game.first_turn != kept.moves.size() ||
      !internal::replay_moves(terms, game.moves, kept.position))
    return false;
  kept.moves.insert(kept.moves.end(), game.moves.begin(), game.moves.end());
  game.first_turn = 0;
  game.moves = kept.moves;
  game.position = kept.position;
  if (!kept.moves.empty()) seen.emplace(game.record.id, std::move(kept));
  return true;
}

}  // namespace assay::protocol
