// Typed reads of the state, for clients (docs/spec/protocol.md, "Reads"). Nothing here changes it.
// Errors: what the store returns; kIntegrity for damaged records; kNotFound before init_chain().
#pragma once

#include <map>

#include "assay/commit/authenticated_map.hpp"
#include "assay/commit/map_excerpt.hpp"
#include "assay/protocol/block.hpp"

namespace assay::protocol {

struct AccountView {
  AccountId id;
  bool exists = false;
  Amount available;
  Amount reserved;  // by pending transfers
  Amount staked;    // free to back a role
  Amount unbonding;
  Locked locked;  // put down, and neither available nor staked until it is back
  Profile profile;
  std::array<Reputation, kStandings> reputation;  // by Standing, its number less 1
  friend bool operator==(const AccountView&, const AccountView&) = default;
};

struct Totals {
  Amount issued;
  Amount burned;
  Amount jackpot;
  Amount treasury;
  friend bool operator==(const Totals&, const Totals&) = default;
};

// How many moves of its own games the asker of a view has already.
using KnownMoves = std::map<GameId, std::uint32_t>;
inline constexpr std::size_t kMaxKnownGames = std::size_t{1} << 15;
// Whose tasks and games the asker of a view sees as it sees its own: it says so itself, so that
// nobody can fill another's view by naming it.
using Principals = std::vector<AccountId>;
inline constexpr std::size_t kMaxPrincipals = 8;

struct GameView {
  GameRecord record;
  std::uint32_t first_turn = 0;  // of moves[0]; not 0 only in a view on its way to its asker
  std::vector<Bytes> moves;      // dispute::write_signed_move(), in order: the game's evidence
  std::optional<dispute::Position> position;  // after the moves, where it was derived before
};
struct ChallengeView {
  ChallengeRecord record;
  std::vector<GameView> games;  // in the order of record.defenders
};
struct ClaimView {
  ClaimRecord record;
  std::vector<VerifierRecord> verifiers;  // ascending by account
  std::vector<ChallengeView> challenges;  // in order of commitment
  std::vector<DemandRecord> demands;      // in their order
  std::optional<RelayRound> relays;       // of a task that draws them, once they are drawn
  std::map<std::uint64_t, Bytes> parts;   // of the transcript, as they were supplied last
};
struct DelegateView {
  AccountId party;
  dispute::Certificate certificate;
};
struct TaskView {
  TaskRecord record;
  std::vector<ClaimView> claims;        // in the order of record.claims
  std::vector<Bid> bids;                // that stand, the best first
  std::vector<DelegateView> delegates;  // of the asker and of those that it plays for
};

// Everything that concerns one account: all tasks that are open or under way, those that ended in
// which it has a part, and the accounts that occur in them. Of others' auctions it has the best bid
// and the account's own.
struct View {
  BlockHeader head;
  Totals totals;
  AccountView self;
  RelayRecord relay;                  // its own in the pool; no bond: it is in none
  std::vector<RelayRecord> pool;      // where a task for sale draws relays; ascending by account
  std::vector<TaskView> tasks;        // its own first; then others' as the spec's "Reads" says
  std::vector<AccountView> accounts;  // ascending by id
};
// The view of `self`, made as the ledger makes it from the records that StateReader::view_excerpt()
// gave, whoever brought them, and a header that is known to be the chain's: nothing of it has to be
// believed. Errors: kMalformed; kIntegrity for records that are not those under the header's state
// root, or not all that the view takes.
[[nodiscard]] Result<View> read_view(const BlockHeader& head, const commit::MapExcerpt& excerpt,
                                     const AccountId& self, const KnownMoves& known = {},
                                     const Principals& principals = {});

// Of `party` in this task, as far as the view has it.
[[nodiscard]] const dispute::Certificate* find_delegate(const TaskView& task,
                                                        const AccountId& party) noexcept;
// Count u32, then 32 bytes each. Errors: kMalformed, also over kMaxPrincipals.
[[nodiscard]] Bytes encode(const Principals& principals);
[[nodiscard]] Result<Principals> decode_principals(ByteView bytes);

// Count u32, then (id 32, count u32) ascending. Errors: kMalformed, also over kMaxKnownGames.
[[nodiscard]] Bytes encode(const KnownMoves& known);
[[nodiscard]] Result<KnownMoves> decode_known_moves(ByteView bytes);

// For who asks for one account's views again and again: keeps the moves, so that only new ones have
// to be sent, and positions, so that only those have to be applied. A party may be in hundreds of
// games, of some 40 kB each.
class ViewMemory {
 public:
  // What the next view may leave out.
  [[nodiscard]] KnownMoves known() const;
  // The whole view. kMalformed for games whose moves do not apply, or where moves are left out that
  // are not known: then all is forgotten, and the next one has to be whole.
  [[nodiscard]] Result<View> complete(View view);

 private:
  struct Game {
    dispute::GameTerms terms;
    std::vector<Bytes> moves;
    dispute::Position position;
  };
  [[nodiscard]] bool complete(const ChainId& chain, TaskView& task, std::map<GameId, Game>& seen);
  [[nodiscard]] bool complete(const dispute::GameTerms& terms, GameView& game,
                              std::map<GameId, Game>& seen);

  std::map<GameId, Game> m_games;
};

// Null if it is not one of the task's.
[[nodiscard]] const ClaimView* find_claim(const TaskView& task, const ClaimId& id) noexcept;

// The terms and the position of a game, derived from its moves. Thread-safe, pure. Requires a game
// of the task, as StateReader or read_view() gave it.
[[nodiscard]] dispute::GameTerms terms_of(const ChainId& chain, const TaskView& task,
                                          const ChallengeView& challenge, const GameView& game);
[[nodiscard]] dispute::Position position_of(const dispute::GameTerms& terms, const GameView& game);

inline constexpr std::size_t kMaxValidatorsListed = 4 * kMaxValidators;

class StateReader {
 public:
  // `store` must outlive this.
  explicit StateReader(const KeyValueStore& store) : m_store(store) {}

  [[nodiscard]] Result<Genesis> genesis() const;
  [[nodiscard]] Result<BlockHeader> head() const;
  [[nodiscard]] Result<std::optional<BlockHeader>> header(Height height) const;
  [[nodiscard]] Result<std::optional<std::vector<Bytes>>> transactions(Height height) const;
  [[nodiscard]] Result<std::optional<std::vector<Misbehaviour>>> misbehaviour(Height height) const;
  [[nodiscard]] Result<std::optional<BlockReceipts>> receipts(Height height) const;

  [[nodiscard]] Result<Totals> totals() const;
  [[nodiscard]] Result<AccountView> account(const AccountId& id) const;
  [[nodiscard]] Result<std::optional<TaskView>> task(const TaskId& id) const;
  [[nodiscard]] Result<std::optional<ClaimView>> claim(const ClaimId& id) const;
  [[nodiscard]] Result<std::optional<ChallengeView>> challenge(const ChallengeId& id) const;
  [[nodiscard]] Result<std::optional<GameView>> game(const GameId& id) const;
  // Those who may be chosen to order blocks, the most stake first: kMaxValidatorsListed at most.
  [[nodiscard]] Result<std::vector<ValidatorRecord>> validators() const;
  // Those who are. Empty where validators are not by stake.
  [[nodiscard]] Result<ValidatorSet> validator_set() const;
  [[nodiscard]] Result<std::optional<ValidatorRecord>> validator(const Hash256& key) const;
  // None where draws are of blocks' beacons.
  [[nodiscard]] Result<std::optional<Shares>> shares() const;
  // The round of the beacon that is open.
  [[nodiscard]] Result<std::optional<BeaconRound>> beacon_round() const;
  // Whose share key it is.
  [[nodiscard]] Result<std::optional<ValidatorRecord>> validator_by_share_key(
      const crypto::VrfPublicKey& key) const;
  // The bytes of a piece that was supplied.
  [[nodiscard]] Result<std::optional<Bytes>> supplied(const DemandId& id) const;
  // Tasks that are open or under way, ascending by id.
  [[nodiscard]] Result<std::vector<TaskId>> live_tasks() const;
  // All tasks in which the account is or was submitter, solver, verifier or challenger.
  [[nodiscard]] Result<std::vector<TaskId>> tasks_of(const AccountId& id) const;
  // Without the moves that are known.
  [[nodiscard]] Result<View> view(const AccountId& self, const KnownMoves& known = {},
                                  const Principals& principals = {}) const;
  // What view() reads of the state, and the proof of it under the head's state root: for
  // read_view().
  [[nodiscard]] Result<commit::MapExcerpt> view_excerpt(const AccountId& self,
                                                        const KnownMoves& known = {},
                                                        const Principals& principals = {}) const;

  // The first result of a client id, if it was ever used: verdict and detail, no events.
  [[nodiscard]] Result<std::optional<Receipt>> result_of(const AccountId& sender,
                                                         const ClientId& client_id) const;

  // The earliest ledger time at which the state machine has something to do by itself.
  [[nodiscard]] Result<std::optional<LedgerTimeMs>> next_deadline() const;

  // A record as it stands under the state root (keys: docs/spec/protocol.md), and the proof of its
  // presence or absence.
  [[nodiscard]] Result<std::optional<Bytes>> record(ByteView key) const;
  [[nodiscard]] Result<Bytes> prove(ByteView key) const;
  // The same under the state root of a block whose state is still kept, else kNotFound; the first
  // and the last such height.
  [[nodiscard]] Result<std::optional<Bytes>> record_at(ByteView key, Height height) const;
  [[nodiscard]] Result<Bytes> prove_at(ByteView key, Height height) const;
  [[nodiscard]] Result<std::pair<Height, Height>> provable_heights() const;

 private:
  const KeyValueStore& m_store;
};

}  // namespace assay::protocol
