#include "internal/state.hpp"

#include <algorithm>

#include "internal/counts.hpp"
#include "internal/wire.hpp"

namespace assay::protocol::internal {

using ledger::Account;
using ledger::AccountKey;
using ledger::AccountKind;
using ledger::Pending;
using ledger::PendingId;

namespace {

Bytes profile_key(const AccountId& id) { return Key(Table::kProfile).id(id.value).bytes(); }
Bytes reputation_key(const AccountId& id, Standing role) {
  return Key(Table::kReputation).id(id.value).u8(static_cast<std::uint8_t>(role)).bytes();
}
Bytes locked_key(const AccountId& id) { return Key(Table::kLocked).id(id.value).bytes(); }
Bytes pending_key(const PendingId& id) { return Key(Table::kPending).id(id.value).bytes(); }
Bytes bid_key(const TaskId& task, const AccountId& bidder) {
  return Key(Table::kBid).id(task.value).id(bidder.value).bytes();
}
Bytes quote_key(const AccountId& solver, const QuoteId& id) {
  return Key(Table::kQuote).id(solver.value).raw(id).bytes();
}
Bytes task_key(const TaskId& id) { return Key(Table::kTask).id(id.value).bytes(); }
Bytes claim_key(const ClaimId& id) { return Key(Table::kClaim).id(id.value).bytes(); }
Bytes verifier_key(const ClaimId& claim, const AccountId& id) {
  return Key(Table::kVerifier).id(claim.value).id(id.value).bytes();
}
Bytes delegate_key(const TaskId& task, const AccountId& party) {
  return Key(Table::kDelegate).id(task.value).id(party.value).bytes();
}
Bytes part_key(const AccountId& id, const TaskId& task) {
  return Key(Table::kPart).id(id.value).id(task.value).bytes();
}
Bytes game_key(const GameId& id) { return Key(Table::kGame).id(id.value).bytes(); }
Bytes move_key(const GameId& id, std::uint32_t turn) {
  return Key(Table::kMove).id(id.value).u32(turn).bytes();
}
Bytes relay_key(const AccountId& id) { return Key(Table::kRelay).id(id.value).bytes(); }
Bytes relay_round_key(const ClaimId& id) { return Key(Table::kRelayRound).id(id.value).bytes(); }
Bytes supplied_key(const DemandRecord& d) {
  return Key(Table::kSupplied).id(d.claim.value).u32(d.sequence).bytes();
}
Bytes deadline_key(const Deadline& d) {
  return Key(Table::kDeadline)
      .u64(d.time.value)
      .u8(static_cast<std::uint8_t>(d.kind))
      .id(d.id)
      .bytes();
}
Bytes validator_key(const ValidatorAddress& address) {
  return Key(Table::kValidator).raw(address).bytes();
}
Bytes rank_key(const ValidatorRecord& v) {
  return Key(Table::kRank).u64(~v.stake.value).raw(validator_address(v.key)).bytes();
}
Bytes share_key_key(const crypto::VrfPublicKey& key) {
  return Key(Table::kShareKey).raw(key).bytes();
}
Bytes awaiting_key(Height since, const AwaitingClaim& awaiting) {
  return Key(Table::kAwaiting)
      .u64(since.value)
      .u8(static_cast<std::uint8_t>(awaiting.what))
      .id(awaiting.claim.value)
      .bytes();
}
const Bytes kSharesKey = Key(Table::kShares).bytes();
const Bytes kRoundKey = Key(Table::kRound).bytes();
const Bytes kDrawPoolKey = Key(Table::kDrawPool).bytes();
const Bytes kValidatorSetKey = Key(Table::kValidatorSet).bytes();
const Bytes kSupplyKey = Key(Table::kSupply).bytes();
const Bytes kPauseKey = Key(Table::kPause).bytes();

// The hash at the end of an index key of a table with `before` bytes between table and hash.
Hash256 last_hash(ByteView key) {
  Hash256 h;
  std::memcpy(h.bytes.data(), key.data() + key.size() - h.bytes.size(), h.bytes.size());
  return h;
}

}  // namespace

State::State(const KeyValueStore& store, RecordTable* table, AbsentClients* absent)
    : m_overlay(store, Bytes{kStatePrefix}, table),
      m_results(store, m_overlay, absent),
      m_erasures(m_overlay) {}

void State::damaged() const {
  m_overlay.fail(
      {ErrorCode::kIntegrity,
       "a record of the ledger's state is damaged: restore the folder or sync it again"});
}

template <class Record>
std::optional<Record> State::load(const Bytes& key) const {
  const std::optional<Bytes>& bytes = m_overlay.get(key);
  if (!bytes) return std::nullopt;
  codec::Reader r(*bytes);
  Record record;
  read(r, record);
  if (r.finish()) return record;
  damaged();
  return std::nullopt;
}

template <class Record>
void State::store(const Bytes& key, const Record& record) {
  m_overlay.put(key, codec::encode([&](codec::Writer& w) { write(w, record); }));
}

template <class Record>
Record State::need(std::optional<Record> found) const {
  if (found) return std::move(*found);
  damaged();
  return Record{};
}

std::optional<Account> State::account(const AccountKey& key) const {
  const std::optional<Bytes>& bytes = m_overlay.get(account_key(key));
  if (!bytes) return std::nullopt;
  auto decoded = ledger::decode_account(*bytes);
  if (decoded) return *decoded;
  damaged();
  return std::nullopt;
}

std::optional<Pending> State::pending(const PendingId& id) const {
  const std::optional<Bytes>& bytes = m_overlay.get(pending_key(id));
  if (!bytes) return std::nullopt;
  auto decoded = ledger::decode_pending(*bytes);
  if (decoded) return *decoded;
  damaged();
  return std::nullopt;
}

Amount State::issued() const {
  const std::optional<Bytes>& bytes = m_overlay.get(kSupplyKey);
  return Amount{bytes && bytes->size() == 8 ? load_le<std::uint64_t>(bytes->data()) : 0};
}

void State::merge(const ledger::LedgerDiff& diff) {
  for (const auto& [key, account] : diff.accounts) {
    // A drained escrow or lock leaves no record.
    const bool drained = account == Account{} &&
                         (key.kind == AccountKind::kEscrow || key.kind == AccountKind::kLock);
    if (drained)
      m_overlay.erase(account_key(key));
    else
      m_overlay.put(account_key(key), ledger::encode(account));
  }
  for (const auto& [id, pending] : diff.pendings) {
    // Nor does what is resolved: nothing resolves it again.
    Bytes key = pending_key(id);
    if (pending.state == ledger::PendingState::kReserved)
      m_overlay.put(key, ledger::encode(pending));
    else
      m_overlay.erase(key);
  }
  if (diff.issued != issued()) {
    Bytes supply(8);
    store_le(supply.data(), diff.issued.value);
    m_overlay.put(kSupplyKey, std::move(supply));
  }
}

bool State::money_conserved() const {
  // The store as it was: a ledger view that ignores the changes.
  class Stored final : public ledger::LedgerView {
   public:
    explicit Stored(const Overlay& overlay) : m_overlay(overlay) {}
    std::optional<Account> account(const AccountKey& key) const override {
      const auto& bytes = m_overlay.get_stored(account_key(key));
      if (!bytes) return std::nullopt;
      auto decoded = ledger::decode_account(*bytes);
      return decoded ? std::optional<Account>(*decoded) : std::nullopt;
    }
    std::optional<Pending> pending(const PendingId& id) const override {
      const auto& bytes = m_overlay.get_stored(pending_key(id));
      if (!bytes) return std::nullopt;
      auto decoded = ledger::decode_pending(*bytes);
      return decoded ? std::optional<Pending>(*decoded) : std::nullopt;
    }
    Amount issued() const override {
      const auto& bytes = m_overlay.get_stored(kSupplyKey);
      return Amount{bytes && bytes->size() == 8 ? load_le<std::uint64_t>(bytes->data()) : 0};
    }

   private:
    const Overlay& m_overlay;
  };
  ledger::LedgerDiff diff;
  diff.issued = issued();
  for (const Overlay::Record* const record : m_overlay.changed(Table::kAccount)) {
    codec::Reader r(RecordTable::key_of(*record).subspan(1));
    const AccountKey name = ledger::read_account_key(r);
    Account now;
    if (const auto& value = record->second.now) {
      auto decoded = ledger::decode_account(*value);
      if (!decoded) return false;
      now = *decoded;
    }
    diff.accounts.emplace(name, now);
  }
  for (const Overlay::Record* const record : m_overlay.changed(Table::kPending)) {
    Pending now;
    now.state = ledger::PendingState::kVoided;  // or posted: it is gone
    if (const auto& value = record->second.now) {
      auto decoded = ledger::decode_pending(*value);
      if (!decoded) return false;
      now = *decoded;
    }
    diff.pendings.emplace(PendingId{last_hash(RecordTable::key_of(*record))}, now);
  }
  return ledger::conserves(Stored(m_overlay), diff);
}

bool State::money_audited() const {
  ledger::Audit audit;
  m_overlay.scan(Key(Table::kAccount).bytes(), [&](ByteView key, ByteView value) {
    codec::Reader r(key.subspan(1));
    const AccountKey name = ledger::read_account_key(r);
    auto decoded = ledger::decode_account(value);
    if (decoded && r.finish())
      audit.add(name, *decoded);
    else
      damaged();
    return true;
  });
  m_overlay.scan(Key(Table::kPending).bytes(), [&](ByteView, ByteView value) {
    auto decoded = ledger::decode_pending(value);
    if (decoded)
      audit.add(*decoded);
    else
      damaged();
    return true;
  });
  return status() && audit.holds(issued());
}

Profile State::profile(const AccountId& id) const {
  return load<Profile>(profile_key(id)).value_or(Profile{});
}
Reputation State::reputation(const AccountId& id, Standing role) const {
  return load<Reputation>(reputation_key(id, role)).value_or(Reputation{});
}
Locked State::locked(const AccountId& id) const {
  return load<Locked>(locked_key(id)).value_or(Locked{});
}
std::optional<Bid> State::bid(const TaskId& task, const AccountId& bidder) const {
  return load<Bid>(bid_key(task, bidder));
}
bool State::quote_used(const AccountId& solver, const QuoteId& id) const {
  return m_overlay.get(quote_key(solver, id)).has_value();
}
std::optional<TaskRecord> State::task(const TaskId& id) const {
  const Bytes key = task_key(id);
  const std::optional<Bytes>& bytes = m_overlay.get(key);
  if (!bytes || bytes->empty()) return std::nullopt;
  return load<TaskRecord>(key);
}
bool State::is_taken(const TaskId& id) const { return m_overlay.get(task_key(id)).has_value(); }
std::optional<ClaimRecord> State::claim(const ClaimId& id) const {
  return load<ClaimRecord>(claim_key(id));
}
std::optional<VerifierRecord> State::verifier(const ClaimId& claim, const AccountId& id) const {
  return load<VerifierRecord>(verifier_key(claim, id));
}
std::optional<ChallengeRecord> State::challenge(const ChallengeId& id) const {
  const std::optional<Bytes>& at = m_overlay.get(Key(Table::kChallengeId).id(id.value).bytes());
  if (!at) return std::nullopt;
  return need(std::optional(load<ChallengeRecord>(*at)));
}
Pause State::pause() const { return load<Pause>(kPauseKey).value_or(Pause{}); }
std::optional<GameRecord> State::game(const GameId& id) const {
  return load<GameRecord>(game_key(id));
}

std::optional<DemandRecord> State::demand(const DemandId& id) const {
  const std::optional<Bytes>& at = m_overlay.get(Key(Table::kDemandId).id(id.value).bytes());
  if (!at) return std::nullopt;
  return need(std::optional(load<DemandRecord>(*at)));
}

std::optional<ValidatorRecord> State::validator(const ValidatorAddress& address) const {
  return load<ValidatorRecord>(validator_key(address));
}
std::optional<ValidatorSet> State::validator_set() const {
  return load<ValidatorSet>(kValidatorSetKey);
}
std::vector<ValidatorAddress> State::ranked(std::size_t most) const {
  std::vector<ValidatorAddress> found;
  m_overlay.scan(Key(Table::kRank).bytes(), [&](ByteView key, ByteView) {
    if (found.size() == most) return false;
    ValidatorAddress& address = found.emplace_back();
    std::memcpy(address.data(), key.data() + key.size() - address.size(), address.size());
    return true;
  });
  return found;
}
std::optional<Shares> State::shares() const { return load<Shares>(kSharesKey); }
std::optional<BeaconRound> State::beacon_round() const { return load<BeaconRound>(kRoundKey); }
std::optional<ValidatorAddress> State::share_key_owner(const crypto::VrfPublicKey& key) const {
  const std::optional<Bytes>& bytes = m_overlay.get(share_key_key(key));
  if (!bytes) return std::nullopt;
  ValidatorAddress address{};
  if (bytes->size() == address.size())
    std::memcpy(address.data(), bytes->data(), address.size());
  else
    damaged();
  return address;
}
std::vector<std::pair<Height, AwaitingClaim>> State::awaiting(std::size_t most) const {
  std::vector<std::pair<Height, AwaitingClaim>> found;
  m_overlay.scan(Key(Table::kAwaiting).bytes(), [&](ByteView key, ByteView) {
    if (found.size() == most) return false;
    std::uint64_t since = 0;
    for (unsigned i = 1; i <= 8; ++i) since = since << 8 | key[i];
    found.push_back({Height{since}, {static_cast<Awaits>(key[9]), ClaimId{last_hash(key)}}});
    return true;
  });
  return found;
}
DrawPool State::draw_pool() const {
  if (auto kept = load<DrawPool>(kDrawPoolKey)) return std::move(*kept);
  DrawPool pool;
  for (const RelayRecord& relay : relays()) pool.relays.push_back({relay.account, relay.bond});
  return pool;
}
std::optional<RelayRecord> State::relay(const AccountId& id) const {
  return load<RelayRecord>(relay_key(id));
}
std::optional<RelayRound> State::relay_round(const ClaimId& id) const {
  return load<RelayRound>(relay_round_key(id));
}

TaskRecord State::need_task(const TaskId& id) const { return need(task(id)); }
ClaimRecord State::need_claim(const ClaimId& id) const { return need(claim(id)); }
ChallengeRecord State::need_challenge(const ChallengeId& id) const { return need(challenge(id)); }
GameRecord State::need_game(const GameId& id) const { return need(game(id)); }
DemandRecord State::need_demand(const DemandId& id) const { return need(demand(id)); }
RelayRecord State::need_relay(const AccountId& id) const { return need(relay(id)); }
RelayRound State::need_relay_round(const ClaimId& id) const { return need(relay_round(id)); }

ValidatorRecord State::need_validator(const ValidatorAddress& address) const {
  return need(validator(address));
}

void State::need_all(std::size_t found, std::size_t count) const {
  if (found != count) damaged();
}

template <class Record>
std::vector<Record> State::load_all(const Bytes& prefix) const {
  std::vector<Record> found;
  m_overlay.scan(prefix, [&](ByteView, ByteView value) {
    codec::Reader r(value);
    read(r, found.emplace_back());
    if (!r.finish()) damaged();
    return true;
  });
  return found;
}

std::vector<VerifierRecord> State::verifiers(const ClaimId& claim) const {
  return load_all<VerifierRecord>(Key(Table::kVerifier).id(claim.value).bytes());
}

std::vector<ChallengeRecord> State::challenges(const ClaimId& claim) const {
  return load_all<ChallengeRecord>(Key(Table::kChallenge).id(claim.value).bytes());
}

std::vector<DemandRecord> State::demands(const ClaimId& claim) const {
  return load_all<DemandRecord>(Key(Table::kDemand).id(claim.value).bytes());
}

std::vector<RelayRecord> State::relays() const {
  std::vector<RelayRecord> found = load_all<RelayRecord>(Key(Table::kRelay).bytes());
  need_all(found.size(), count_at(m_overlay, relays_key()));
  return found;
}

Bytes State::supplied(const DemandRecord& demand) const {
  return need(m_overlay.get(supplied_key(demand)));
}

std::vector<Bid> State::bids(const TaskId& task) const {
  auto found = load_all<Bid>(Key(Table::kBid).id(task.value).bytes());
  std::sort(found.begin(), found.end(), [](const Bid& a, const Bid& b) {
    return std::pair(a.price.value, a.sequence) < std::pair(b.price.value, b.sequence);
  });
  return found;
}

std::vector<Bytes> State::moves(const GameRecord& game, std::uint32_t from) const {
  std::vector<Bytes> found;
  for (std::uint32_t turn = from; turn < game.turn; ++turn) {
    const std::optional<Bytes>& move = m_overlay.get(move_key(game.id, turn));
    if (!move) {
      damaged();
      return {};
    }
    found.push_back(*move);
  }
  return found;
}

std::vector<TaskId> State::live_tasks() const {
  std::vector<TaskId> found;
  m_overlay.scan(Key(Table::kLiveTask).bytes(), [&](ByteView key, ByteView) {
    found.emplace_back(last_hash(key));
    return true;
  });
  need_all(found.size(), count_at(m_overlay, live_tasks_key()));
  return found;
}

std::vector<TaskId> State::tasks_of(const AccountId& id) const {
  std::vector<TaskId> found;
  m_overlay.scan(Key(Table::kPart).id(id.value).bytes(), [&](ByteView key, ByteView) {
    found.emplace_back(last_hash(key));
    return true;
  });
  need_all(found.size(), count_at(m_overlay, parts_key(id.value.view())));
  return found;
}

void State::put(const AccountId& id, const Profile& r) { store(profile_key(id), r); }
void State::put(const AccountId& id, Standing role, const Reputation& r) {
  store(reputation_key(id, role), r);
}
void State::put(const AccountId& id, const Locked& r) {
  if (r == Locked{})
    m_overlay.erase(locked_key(id));
  else
    store(locked_key(id), r);
}
void State::put(const Bid& r) { store(bid_key(r.task, r.bidder), r); }
void State::erase(const Bid& r) { m_overlay.erase(bid_key(r.task, r.bidder)); }
void State::set_quote_used(const AccountId& solver, const QuoteId& id, Height valid_until) {
  m_overlay.put(quote_key(solver, id), {});
  m_erasures.add(valid_until, quote_key(solver, id));
}
void State::put(const TaskRecord& r) { store(task_key(r.id), r); }
void State::put(const ClaimRecord& r) { store(claim_key(r.id), r); }
void State::put(const VerifierRecord& r) { store(verifier_key(r.claim, r.verifier), r); }
void State::put(const ChallengeRecord& r) {
  const Bytes key = Key(Table::kChallenge).id(r.claim.value).u32(r.sequence).bytes();
  m_overlay.put(Key(Table::kChallengeId).id(r.id.value).bytes(), key);
  store(key, r);
}
void State::put(const Pause& r) { store(kPauseKey, r); }
void State::put(const GameRecord& r) { store(game_key(r.id), r); }
void State::put(const DemandRecord& r) {
  const Bytes key = Key(Table::kDemand).id(r.claim.value).u32(r.sequence).bytes();
  m_overlay.put(Key(Table::kDemandId).id(r.id.value).bytes(), key);
  store(key, r);
}
void State::put(const ValidatorRecord& r) {
  const ValidatorAddress address = validator_address(r.key);
  const Bytes key = validator_key(address);
  if (const auto before = load<ValidatorRecord>(key)) {
    if (is_candidate(*before)) m_overlay.erase(rank_key(*before));
    if (before->share_key != r.share_key) m_overlay.erase(share_key_key(before->share_key));
  }
  const bool is_over = r.stake == Amount{} && r.unbonding.empty() && r.slashed_at == Height{};
  if (is_over) {
    m_overlay.erase(key);
    m_overlay.erase(share_key_key(r.share_key));
  } else {
    store(key, r);
    m_overlay.put(share_key_key(r.share_key), to_bytes(ByteView{address}));
  }
  if (is_candidate(r)) m_overlay.put(rank_key(r), {});
}
void State::put(const ValidatorSet& r) { store(kValidatorSetKey, r); }
void State::put(const Shares& r) { store(kSharesKey, r); }
void State::put(const BeaconRound& r) { store(kRoundKey, r); }
void State::put(const DrawPool& r) { store(kDrawPoolKey, r); }
void State::erase_beacon_round() {
  m_overlay.erase(kRoundKey);
  m_overlay.erase(kDrawPoolKey);
}
void State::add_awaiting(Height since, const AwaitingClaim& awaiting) {
  m_overlay.put(awaiting_key(since, awaiting), {});
}
void State::remove_awaiting(Height since, const AwaitingClaim& awaiting) {
  m_overlay.erase(awaiting_key(since, awaiting));
}
void State::put(const RelayRecord& r) {
  const Bytes key = relay_key(r.account);
  const bool was_there = m_overlay.get(key).has_value();
  if (r.bond == Amount{}) {
    m_overlay.erase(key);
    if (was_there) count_down(m_overlay, relays_key());
  } else {
    store(key, r);
    if (!was_there) count_up(m_overlay, relays_key());
  }
}
void State::put(const RelayRound& r) { store(relay_round_key(r.claim), r); }
void State::put_supplied(const DemandRecord& demand, Bytes bytes) {
  m_overlay.put(supplied_key(demand), std::move(bytes));
}
void State::put_move(const GameId& id, std::uint32_t turn, ByteView signed_move) {
  m_overlay.put(move_key(id, turn), to_bytes(signed_move));
}

void State::set_live(const TaskId& id, bool live) {
  const Bytes key = Key(Table::kLiveTask).id(id.value).bytes();
  if (m_overlay.get(key).has_value() == live) return;
  if (live) {
    m_overlay.put(key, {});
    count_up(m_overlay, live_tasks_key());
  } else {
    m_overlay.erase(key);
    count_down(m_overlay, live_tasks_key());
  }
}
void State::add_part(const AccountId& id, const TaskId& task) {
  const Bytes key = part_key(id, task);
  if (m_overlay.get(key)) return;
  m_overlay.put(key, {});
  m_overlay.put(Key(Table::kTaskPart).id(task.value).id(id.value).bytes(), {});
  count_up(m_overlay, parts_key(id.value.view()));
}

bool State::has_part(const AccountId& id, const TaskId& task) const {
  return m_overlay.get(part_key(id, task)).has_value();
}

std::optional<dispute::Certificate> State::delegate(const TaskId& task,
                                                    const AccountId& party) const {
  const std::optional<Bytes>& bytes = m_overlay.get(delegate_key(task, party));
  if (!bytes) return std::nullopt;
  codec::Reader r(*bytes);
  const dispute::Certificate certificate = dispute::read_certificate(r);
  if (!r.finish()) damaged();
  return certificate;
}
void State::put_delegate(const TaskId& task, const AccountId& party,
                         const dispute::Certificate& c) {
  m_overlay.put(delegate_key(task, party),
                codec::encode([&](codec::Writer& w) { dispute::write_certificate(w, c); }));
}
void State::erase_delegate(const TaskId& task, const AccountId& party) {
  m_overlay.erase(delegate_key(task, party));
}

void State::forget_after(Height last, const TaskId& id) { m_erasures.add(last, task_key(id)); }

void State::add_deadline(const Deadline& d) { m_overlay.put(deadline_key(d), {}); }
void State::remove_deadline(const Deadline& d) { m_overlay.erase(deadline_key(d)); }

bool State::has(const Deadline& d) const { return m_overlay.get(deadline_key(d)).has_value(); }

std::vector<Deadline> State::deadlines_until(LedgerTimeMs now, unsigned most) const {
  std::vector<Deadline> due;
  m_overlay.scan(Key(Table::kDeadline).bytes(), [&](ByteView key, ByteView) {
    Deadline d;
    std::uint64_t time = 0;
    for (unsigned i = 1; i <= 8; ++i) time = time << 8 | key[i];
    d.time = LedgerTimeMs{time};
    d.kind = static_cast<DeadlineKind>(key[9]);
    d.id = last_hash(key);
    if (d.time > now || due.size() >= most) return false;
    due.push_back(d);
    return true;
  });
  return due;
}

}  // namespace assay::protocol::internal
