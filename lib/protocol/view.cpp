#include "assay/protocol/view.hpp"

#include <algorithm>
#include <set>
#include <tuple>

#include "assay/protocol/archive.hpp"
#include "assay/protocol/offer.hpp"
#include "internal/context.hpp"
#include "internal/position.hpp"

namespace assay::protocol {

using namespace internal;

namespace {

// In one view. Anybody may post tasks and challenge claims for what they lock: without limits,
// strangers could make everybody's views longer than an answer may be.
constexpr std::size_t kMaxEndedTasks = 256;
constexpr std::size_t kMaxForeignTasks = 4096;
constexpr std::size_t kMaxForeignChallenges = 2048;
constexpr std::size_t kDemandWeight = 2;  // challenges: strangers make them for less
// Verifiers, what was drawn for them, and relays' seats. Some 300 bytes each, an account's 2 KB.
constexpr std::size_t kMaxForeignWords = 16'384;
// Of claims that the asker does not have to answer for.
constexpr std::size_t kMaxDemandsOfOthers = 1024;
constexpr std::size_t kMaxPieceBytes = std::size_t{8} << 20;
constexpr std::size_t kMaxMoveBytes = std::size_t{12} << 20;  // the next view has the others

AccountView load_account(const State& state, const AccountId& id) {
  AccountView view;
  view.id = id;
  const auto user = state.account(user_account(id));
  const auto stake = state.account(stake_account(id)).value_or(ledger::Account{});
  view.exists = user.has_value();
  if (user) {
    view.available = user->available();
    view.reserved = user->debits_pending;
  }
  view.staked = stake.available();
  view.unbonding = stake.debits_pending;
  view.locked = state.locked(id);
  view.profile = state.profile(id);
  for (std::size_t i = 0; i < view.reputation.size(); ++i)
    view.reputation[i] = state.reputation(id, static_cast<Standing>(i + 1));
  return view;
}

// Whose games come with their moves: of one account, without those that it knows; or everybody's.
struct Asker {
  std::optional<AccountId> self;
  KnownMoves known;
  Principals principals;
  bool has_part = true;  // in the task that is loaded
  std::size_t move_bytes_left = kMaxMoveBytes;
  // Of tasks without a part; then none.
  std::size_t foreign_left = kMaxForeignChallenges;
  std::size_t words_left = kMaxForeignWords;
  std::size_t demands_left = kMaxDemandsOfOthers;
  std::size_t piece_bytes_left = kMaxPieceBytes;

  [[nodiscard]] bool plays_as(const AccountId& id) const {
    return self == id || std::find(principals.begin(), principals.end(), id) != principals.end();
  }
};

GameView load_game(const State& state, GameRecord record, Asker& asker) {
  GameView view;
  if (!asker.self) {
    view.moves = state.moves(record);
  } else if (asker.plays_as(record.defender) || asker.plays_as(record.challenger)) {
    const auto known = asker.known.find(record.id);
    if (known != asker.known.end()) view.first_turn = std::min(known->second, record.turn);
    if (view.first_turn < record.turn && asker.move_bytes_left > 0)
      view.moves = state.moves(record, view.first_turn);
    for (const Bytes& move : view.moves)
      asker.move_bytes_left -= std::min(asker.move_bytes_left, move.size());
  }
  view.record = std::move(record);
  return view;
}

ChallengeView load_challenge(const State& state, ChallengeRecord record, Asker& asker) {
  ChallengeView view;
  for (const AccountId& defender : record.defenders)
    view.games.push_back(load_game(state, state.need_game(game_id_of(record.id, defender)), asker));
  // Nobody but its challenger opens them, and strangers' would fill the view.
  if (asker.self && record.challenger != *asker.self) record.start_path = record.end_path = {};
  view.record = std::move(record);
  return view;
}

void load_demands(const State& state, const ClaimRecord& claim, Asker& asker, ClaimView& view) {
  const bool answers = asker.self && claim.solver == *asker.self && !is_settled(claim.status);
  if (asker.self && !answers) {
    if (claim.demands > asker.demands_left) return;
    asker.demands_left -= claim.demands;
  }
  view.demands = state.demands(claim.id);
  state.need_all(view.demands.size(), claim.demands);
}

// What was supplied of the transcript, as long as there is room: with it a checker needs nothing
// more of the solver. Other pieces show that they are there; who wants one reads its record.
void load_parts(const State& state, const ClaimRecord& claim, Asker& asker, ClaimView& view) {
  if (asker.self && claim.solver == *asker.self) return;
  for (const DemandRecord& demand : view.demands) {
    const Piece& piece = demand.piece;
    if (piece.kind != PieceKind::kTranscript || demand.status != DemandStatus::kSupplied) continue;
    const std::size_t size = 32 * commit::entries_in_part(claim.entries, piece.chunk);
    if (size > asker.piece_bytes_left) continue;
    asker.piece_bytes_left -= size;
    view.parts[piece.chunk] = state.supplied(demand);
  }
}

// Who may attest now, and whether the asker is one of them.
bool is_drawn(const State& state, const ClaimRecord& claim, const AccountId& id) {
  if (claim.status != ClaimStatus::kRelaying) return false;
  const std::optional<RelayRound> round = state.relay_round(claim.id);
  return round && seats_of(*round, id) != 0;
}

// Room for all of a claim's details, or for none of them.
bool take_room(const PostTask& terms, const ClaimRecord& claim, Asker& asker) {
  if (asker.has_part) return true;
  const std::size_t weight = claim.challenges + kDemandWeight * claim.demands;
  const std::size_t draws = claim.status >= ClaimStatus::kSealing ? terms.draws : 0;
  const std::size_t words = claim.enlisted * (1 + draws) + terms.relays;
  if (weight > asker.foreign_left || words > asker.words_left) return false;
  asker.foreign_left -= weight;
  asker.words_left -= words;
  return true;
}

ClaimView load_claim(const State& state, const PostTask& terms, ClaimRecord record, Asker& asker) {
  ClaimView view;
  const bool has_room = take_room(terms, record, asker);
  if (terms.relays != 0 && (has_room || is_drawn(state, record, *asker.self)))
    view.relays = state.relay_round(record.id);
  if (has_room) {
    view.verifiers = state.verifiers(record.id);
    state.need_all(view.verifiers.size(), record.enlisted);
    for (ChallengeRecord& challenge : state.challenges(record.id))
      view.challenges.push_back(load_challenge(state, std::move(challenge), asker));
    state.need_all(view.challenges.size(), record.challenges);
    load_demands(state, record, asker, view);
    load_parts(state, record, asker, view);
  }
  view.record = std::move(record);
  return view;
}

TaskView load_task(const State& state, TaskRecord record, Asker& asker) {
  TaskView view;
  for (const ClaimId& id : record.claims)
    view.claims.push_back(load_claim(state, record.terms, state.need_claim(id), asker));
  view.bids = state.bids(record.id);
  state.need_all(view.bids.size(), record.bids);
  if (asker.self && asker.has_part) {
    std::vector<AccountId> parties = asker.principals;
    parties.push_back(*asker.self);
    for (const AccountId& party : parties)
      if (const auto certificate = state.delegate(record.id, party))
        view.delegates.push_back({party, *certificate});
  }
  view.record = std::move(record);
  return view;
}

Totals load_totals(const State& state) {
  const auto balance = [&](const ledger::AccountKey& key) {
    return state.account(key).value_or(ledger::Account{}).balance;
  };
  return {state.issued(), balance(burned_account()), balance(jackpot_account()),
          balance(treasury_account())};
}

// The value, unless the store failed on the way to it.
template <class T>
Result<T> checked(const State& state, T value) {
  ASSAY_TRY_STATUS(state.status());
  return value;
}

}  // namespace

const ClaimView* find_claim(const TaskView& task, const ClaimId& id) noexcept {
  for (const ClaimView& claim : task.claims)
    if (claim.record.id == id) return &claim;
  return nullptr;
}

const dispute::Certificate* find_delegate(const TaskView& task, const AccountId& party) noexcept {
  for (const DelegateView& named : task.delegates)
    if (named.party == party) return &named.certificate;
  return nullptr;
}

dispute::GameTerms terms_of(const ChainId& chain, const TaskView& task,
                            const ChallengeView& challenge, const GameView& game) {
  const ClaimView* claim = find_claim(task, game.record.claim);
  ASSAY_EXPECTS(claim != nullptr);
  return terms_of(chain, game.record, challenge.record, claim->record, task.record);
}

dispute::Position position_of(const dispute::GameTerms& terms, const GameView& game) {
  std::optional<dispute::Position> position = game.position;
  if (!position) position = replay_game(terms, game.moves);
  ASSAY_EXPECTS(position.has_value());
  if (game.record.by_clock && position->stage != dispute::Stage::kFinished)
    dispute::forfeit(*position);
  return *position;
}

Result<Genesis> StateReader::genesis() const {
  ASSAY_TRY(const auto bytes, m_store.get(Bytes{kGenesisKey}));
  if (!bytes) return Error{ErrorCode::kNotFound, "this store holds no chain"};
  return decode_genesis(*bytes);
}

Result<BlockHeader> StateReader::head() const {
  ASSAY_TRY(const auto bytes, m_store.get(Bytes{kHeadKey}));
  if (!bytes) return Error{ErrorCode::kNotFound, "this store holds no chain"};
  return decode_header(*bytes);
}

Result<std::optional<BlockHeader>> StateReader::header(Height height) const {
  ASSAY_TRY(const auto bytes, m_store.get(Key(kHeaderPrefix).u64(height.value).bytes()));
  if (!bytes) return std::optional<BlockHeader>();
  ASSAY_TRY(BlockHeader header, decode_header(*bytes));
  return std::optional<BlockHeader>(header);
}

static Error damaged_inputs() {
  return {ErrorCode::kIntegrity, "a block's transactions are damaged"};
}

Result<std::optional<std::vector<Bytes>>> StateReader::transactions(Height height) const {
  ASSAY_TRY(auto inputs, stored_list(m_store, kTransactionsPrefix, height));
  if (!inputs) return inputs;
  if (inputs->empty()) return damaged_inputs();
  inputs->pop_back();
  return inputs;
}

Result<std::optional<std::vector<Misbehaviour>>> StateReader::misbehaviour(Height height) const {
  ASSAY_TRY(const auto inputs, stored_list(m_store, kTransactionsPrefix, height));
  if (!inputs) return std::optional<std::vector<Misbehaviour>>();
  if (inputs->empty()) return damaged_inputs();
  auto list = decode_misbehaviour(inputs->back());
  if (!list) return damaged_inputs();
  return std::optional(std::move(*list));
}

Result<std::vector<ValidatorRecord>> StateReader::validators() const {
  const State state(m_store);
  std::vector<ValidatorRecord> found;
  for (const ValidatorAddress& address : state.ranked(kMaxValidatorsListed))
    found.push_back(state.need_validator(address));
  return checked(state, std::move(found));
}

Result<ValidatorSet> StateReader::validator_set() const {
  const State state(m_store);
  return checked(state, state.validator_set().value_or(ValidatorSet{}));
}

Result<std::optional<ValidatorRecord>> StateReader::validator(const Hash256& key) const {
  const State state(m_store);
  return checked(state, state.validator(validator_address(key)));
}

Result<std::optional<Shares>> StateReader::shares() const {
  const State state(m_store);
  return checked(state, state.shares());
}

Result<std::optional<BeaconRound>> StateReader::beacon_round() const {
  const State state(m_store);
  return checked(state, state.beacon_round());
}

Result<std::optional<ValidatorRecord>> StateReader::validator_by_share_key(
    const crypto::VrfPublicKey& key) const {
  const State state(m_store);
  std::optional<ValidatorRecord> found;
  if (const auto address = state.share_key_owner(key)) found = state.validator(*address);
  return checked(state, std::move(found));
}

Result<std::optional<BlockReceipts>> StateReader::receipts(Height height) const {
  ASSAY_TRY(const auto items, stored_list(m_store, kReceiptsPrefix, height));
  if (!items) return std::optional<BlockReceipts>();
  if (items->empty()) return Error{ErrorCode::kIntegrity, "a block's receipts are damaged"};
  BlockReceipts receipts;
  for (std::size_t i = 0; i + 1 < items->size(); ++i) {
    ASSAY_TRY(Receipt receipt, decode_receipt((*items)[i]));
    receipts.receipts.push_back(std::move(receipt));
  }
  codec::Reader r(items->back());
  receipts.block_events.resize(r.count(items->back().size(), 1));
  for (Event& event : receipts.block_events) read(r, event);
  if (!r.finish()) return Error{ErrorCode::kIntegrity, "a block's events are damaged"};
  return std::optional<BlockReceipts>(std::move(receipts));
}

Result<Totals> StateReader::totals() const {
  const State state(m_store);
  return checked(state, load_totals(state));
}

Result<AccountView> StateReader::account(const AccountId& id) const {
  const State state(m_store);
  return checked(state, load_account(state, id));
}

Result<std::optional<TaskView>> StateReader::task(const TaskId& id) const {
  const State state(m_store);
  Asker everybody;
  std::optional<TaskView> view;
  if (auto record = state.task(id)) view = load_task(state, std::move(*record), everybody);
  return checked(state, std::move(view));
}

Result<std::optional<ClaimView>> StateReader::claim(const ClaimId& id) const {
  const State state(m_store);
  Asker everybody;
  std::optional<ClaimView> view;
  if (auto record = state.claim(id)) {
    const TaskRecord task = state.need_task(record->task);
    view = load_claim(state, task.terms, std::move(*record), everybody);
  }
  return checked(state, std::move(view));
}

Result<std::optional<ChallengeView>> StateReader::challenge(const ChallengeId& id) const {
  const State state(m_store);
  Asker everybody;
  std::optional<ChallengeView> view;
  if (auto record = state.challenge(id))
    view = load_challenge(state, std::move(*record), everybody);
  return checked(state, std::move(view));
}

Result<std::optional<GameView>> StateReader::game(const GameId& id) const {
  const State state(m_store);
  Asker everybody;
  std::optional<GameView> view;
  if (auto record = state.game(id)) view = load_game(state, std::move(*record), everybody);
  return checked(state, std::move(view));
}

Result<std::optional<Bytes>> StateReader::supplied(const DemandId& id) const {
  const State state(m_store);
  std::optional<Bytes> bytes;
  const std::optional<DemandRecord> demand = state.demand(id);
  if (demand && demand->status == DemandStatus::kSupplied) bytes = state.supplied(*demand);
  return checked(state, std::move(bytes));
}

Result<std::vector<TaskId>> StateReader::live_tasks() const {
  const State state(m_store);
  return checked(state, state.live_tasks());
}

Result<std::vector<TaskId>> StateReader::tasks_of(const AccountId& id) const {
  const State state(m_store);
  return checked(state, state.tasks_of(id));
}

namespace {

// How much a stranger's task matters to whoever looks for work, the most first. What is to be
// checked before what is only sold, that before what is for sale; what nobody pays yet comes last.
// Of equals the dearest: to hide one, others must lock as much money in each of theirs.
struct Foreign {
  enum class Group { kNamesSelf, kChallengeable, kSold, kForSale, kFunding };
  Group group;
  std::uint64_t atoms;  // locked in it
  TaskId id;
};

// A sale to an alias for next to nothing leaves next to nothing in it.
std::uint64_t locked_in(const State& state, const TaskRecord& task) {
  if (!task.posted) return task_cost(task.terms) - task.missing.value;
  return state.account(escrow_account(task.id)).value_or(ledger::Account{}).balance.value;
}

Foreign::Group group_of(const State& state, const TaskRecord& task, const AccountId& self) {
  using enum Foreign::Group;
  if (!task.terms.allow.empty() && allows(task.terms, self)) return kNamesSelf;
  if (task.terms.relays != 0 &&
      std::any_of(task.claims.begin(), task.claims.end(),
                  [&](const ClaimId& id) { return is_drawn(state, state.need_claim(id), self); }))
    return kNamesSelf;
  if (task.status == TaskStatus::kFunding) return kFunding;
  if (std::any_of(task.claims.begin(), task.claims.end(), [&](const ClaimId& id) {
        return is_challengeable(task.terms, state.need_claim(id).status);
      }))
    return kChallengeable;
  return task.status == TaskStatus::kOpen ? kForSale : kSold;
}

struct Wanted {
  std::vector<TaskId> tasks;
  std::size_t own = 0;  // the first ones
};
// Its own live tasks first, and its principals', then those that ended, the newest first, then the
// others'.
Wanted tasks_for(const State& state, const AccountId& self, const Principals& principals) {
  const std::vector<TaskId> live = state.live_tasks();
  const std::set<TaskId> is_live(live.begin(), live.end());
  Wanted wanted;
  std::vector<std::pair<LedgerTimeMs, TaskId>> ended;
  std::set<TaskId> own;
  std::vector<TaskId> parts = state.tasks_of(self);
  for (const AccountId& principal : principals)
    for (const TaskId& id : state.tasks_of(principal)) parts.push_back(id);
  for (const TaskId& id : parts) {
    if (!own.insert(id).second) continue;
    if (is_live.contains(id))
      wanted.tasks.push_back(id);
    else
      ended.emplace_back(state.need_task(id).ended, id);
  }
  const std::size_t shown = std::min(ended.size(), kMaxEndedTasks);
  std::partial_sort(ended.begin(), ended.begin() + static_cast<std::ptrdiff_t>(shown), ended.end(),
                    std::greater<>());
  for (std::size_t i = 0; i < shown; ++i) wanted.tasks.push_back(ended[i].second);
  wanted.own = wanted.tasks.size();
  std::vector<Foreign> others;
  for (const TaskId& id : live) {
    if (own.contains(id)) continue;
    const TaskRecord task = state.need_task(id);
    others.push_back({group_of(state, task, self), locked_in(state, task), id});
  }
  std::sort(others.begin(), others.end(), [](const Foreign& a, const Foreign& b) {
    return std::tie(a.group, b.atoms, a.id) < std::tie(b.group, a.atoms, b.id);
  });
  if (others.size() > kMaxForeignTasks) others.resize(kMaxForeignTasks);
  for (const Foreign& other : others) wanted.tasks.push_back(other.id);
  return wanted;
}

// Strangers' auctions are told by the best bid and one's own.
void drop_foreign_bids(TaskView& task, const AccountId& self) {
  if (task.record.submitter == self || task.bids.empty()) return;
  const AccountId best = task.bids.front().bidder;
  std::erase_if(task.bids,
                [&](const Bid& bid) { return bid.bidder != self && bid.bidder != best; });
}

void add_people(const TaskView& task, std::set<AccountId>& people) {
  people.insert(task.record.submitter);
  for (const ClaimView& claim : task.claims) {
    people.insert(claim.record.solver);
    for (const VerifierRecord& v : claim.verifiers) people.insert(v.verifier);
    for (const ChallengeView& c : claim.challenges) people.insert(c.record.challenger);
    if (claim.relays)
      for (const RelaySeat& seat : claim.relays->seats) people.insert(seat.relay);
  }
}

}  // namespace

Result<View> StateReader::view(const AccountId& self, const KnownMoves& known,
                               const Principals& principals) const {
  View view;
  ASSAY_TRY(view.head, head());
  const State state(m_store);
  view.totals = load_totals(state);
  view.self = load_account(state, self);
  view.relay = state.relay(self).value_or(RelayRecord{});
  std::set<AccountId> people{self};
  Asker asker{self, known, principals};
  const Wanted wanted = tasks_for(state, self, principals);
  for (std::size_t i = 0; i < wanted.tasks.size(); ++i) {
    asker.has_part = i < wanted.own;
    TaskView task = load_task(state, state.need_task(wanted.tasks[i]), asker);
    drop_foreign_bids(task, self);
    add_people(task, people);
    view.tasks.push_back(std::move(task));
  }
  if (std::any_of(view.tasks.begin(), view.tasks.end(), [](const TaskView& task) {
        return task.record.status == TaskStatus::kOpen && task.record.terms.relays != 0;
      }))
    view.pool = state.relays();
  for (const AccountId& id : people) view.accounts.push_back(load_account(state, id));
  return checked(state, std::move(view));
}

Result<std::optional<Receipt>> StateReader::result_of(const AccountId& sender,
                                                      const ClientId& client_id) const {
  const State state(m_store);
  std::optional<Receipt> receipt;
  if (const auto first = state.results().find(sender, client_id))
    receipt = Receipt{first->id, first->verdict, first->detail, true, {}};
  return checked(state, std::move(receipt));
}

Result<std::optional<LedgerTimeMs>> StateReader::next_deadline() const {
  const State state(m_store);
  std::optional<LedgerTimeMs> time;
  const auto first = state.deadlines_until(LedgerTimeMs{UINT64_MAX}, 1);
  if (!first.empty()) time = first.front().time;
  return checked(state, time);
}

Result<std::optional<Bytes>> StateReader::record(ByteView key) const {
  const State state(m_store);
  return checked(state, state.overlay().get(key));
}

Result<std::optional<Bytes>> StateReader::record_at(ByteView key, Height height) const {
  return state_map(m_store).get(key, height.value);
}

Result<Bytes> StateReader::prove(ByteView key) const {
  ASSAY_TRY(const BlockHeader last, head());
  return prove_at(key, last.height);
}

Result<Bytes> StateReader::prove_at(ByteView key, Height height) const {
  return state_map(m_store).prove(key, height.value);
}

Result<std::pair<Height, Height>> StateReader::provable_heights() const {
  ASSAY_TRY(const auto kept, state_map(m_store).versions());
  if (!kept) return Error{ErrorCode::kNotFound, "this store holds no chain"};
  return std::pair{Height{kept->oldest}, Height{kept->newest}};
}

}  // namespace assay::protocol
