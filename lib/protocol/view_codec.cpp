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
  write(w, a.profile);
  for (const Reputation& reputation : a.reputation) write(w, reputation);
}
void read(Reader& r, AccountView& a) {
  wire::get(r, a.id);
  a.exists = r.flag();
  for (Amount* n : {&a.available, &a.reserved, &a.staked, &a.unbonding}) wire::get(r, *n);
  read(r, a.profile);
  for (Reputation& reputation : a.reputation) read(r, reputation);
}

void write(Writer& w, const GameView& g) {
  write(w, g.record);
  write_all(w, g.moves);
}
void read(Reader& r, GameView& g) {
  read(r, g.record);
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

// Each game is about its task's claim and its moves apply to its terms, so that position_of() may
// count on it.
bool games_stand(const ChainId& chain, const TaskView& task) {
  for (const ClaimView& claim : task.claims) {
    if (claim.record.entries < 2 ||
        claim.record.entries > commit::transcript_entries(task.record.terms.header))
      return false;
    for (const ChallengeView& challenge : claim.challenges)
      for (const GameView& game : challenge.games) {
        if (game.record.claim != claim.record.id) return false;
        const dispute::GameTerms terms = terms_of(chain, task, challenge, game);
        if (!dispute::is_valid(terms) || !internal::replay_game(terms, game.moves)) return false;
      }
  }
  return true;
}

bool is_sound(const View& view) {
  return std::all_of(view.tasks.begin(), view.tasks.end(), [&](const TaskView& task) {
    return commit::is_valid(task.record.terms.header) && games_stand(view.head.chain, task);
  });
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

Result<View> decode_view(ByteView bytes) {
  Reader r(bytes);
  View view;
  auto head = decode_header(r.bytes(kHeaderBytes));
  if (!head) return std::move(head).error();
  view.head = *head;
  Totals& t = view.totals;
  for (Amount* n : {&t.issued, &t.burned, &t.jackpot, &t.treasury}) wire::get(r, *n);
  read(r, view.self);
  read_all(r, view.tasks);
  read_all(r, view.accounts);
  if (!r.finish() || !is_sound(view))
    return Error{ErrorCode::kMalformed, "these bytes are no view of the ledger"};
  return view;
}

}  // namespace assay::protocol
