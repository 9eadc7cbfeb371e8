// What a party remembers of its games from view to view.
#include <algorithm>

#include "assay/protocol/view.hpp"
#include "internal/position.hpp"
#include "internal/wire.hpp"

namespace assay::protocol {

using codec::Reader;
using codec::Writer;

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

Bytes encode(const Principals& principals) {
  return codec::encode([&](Writer& w) {
    w.u32(static_cast<std::uint32_t>(principals.size()));
    for (const AccountId& id : principals) wire::put(w, id);
  });
}

Result<Principals> decode_principals(ByteView bytes) {
  constexpr std::size_t kAccountBytes = 32;
  Reader r(bytes);
  Principals principals(r.count(kMaxPrincipals, kAccountBytes));
  for (AccountId& id : principals) wire::get(r, id);
  if (!r.finish())
    return {ErrorCode::kMalformed, "principals are at most " + std::to_string(kMaxPrincipals) +
                                       " accounts of 32 bytes each"};
  return principals;
}

KnownMoves ViewMemory::known() const {
  KnownMoves known;
  for (const auto& [id, game] : m_games) {
    if (known.size() == kMaxKnownGames) break;
    known.emplace_hint(known.end(), id, static_cast<std::uint32_t>(game.moves.size()));
  }
  return known;
}

Result<View> ViewMemory::complete(View view) {
  std::map<GameId, Game> seen;
  const bool is_sound = std::all_of(view.tasks.begin(), view.tasks.end(), [&](TaskView& task) {
    return commit::is_valid(task.record.terms.header) && complete(view.head.chain, task, seen);
  });
  m_games = std::move(seen);
  if (is_sound) return view;
  m_games.clear();
  return Error{ErrorCode::kMalformed, "this view of the ledger does not fit together"};
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
