#include "internal/erasures.hpp"

#include <deque>

#include "assay/protocol/records.hpp"
#include "internal/counts.hpp"

namespace assay::protocol::internal {

namespace {

using Items = std::deque<Bytes>;

Error damaged() {
  return {ErrorCode::kIntegrity,
          "a list of what is to be erased is damaged: restore the folder or sync it again"};
}

bool is_of(ByteView key, Table table) { return key.front() == static_cast<std::uint8_t>(table); }
ByteView without_table(ByteView key) { return key.subspan(1); }
ByteView account_of_part(ByteView key) { return key.subspan(1, 32); }

void append(Bytes& list, ByteView key) {
  list.push_back(static_cast<std::uint8_t>(key.size()));
  list.insert(list.end(), key.begin(), key.end());
}

// What one block erases: found before any of it goes, so that every scan is of the store alone. A
// thing that does not fit goes in parts, from the top down, so that nobody finds a part of it: the
// task and its claims at once, a challenge's id before its games, a game before its moves.
class Plan {
 public:
  Plan(const Overlay& overlay, const ErasureLimits& most) : m_overlay(overlay), m_left(most) {}

  // The first of the items; none of them or others may be left of it. False: there is no room.
  bool take_first(Items& items) {
    const Bytes item = items.front();
    if (is_of(item, Table::kTask)) return task(item, items);
    if (!(is_of(item, Table::kClaim) ? claim(item) : record(item))) return false;
    items.pop_front();
    return true;
  }

  void carry_out(Overlay& overlay) const {
    for (const Bytes& key : m_erased) {
      // A part's two keys may go in two blocks, and this one twice.
      if (is_of(key, Table::kPart) && overlay.get(key))
        count_down(overlay, parts_key(account_of_part(key)));
      overlay.erase(key);
    }
    for (const Bytes& key : m_emptied) overlay.put(key, {});
  }

 private:
  [[nodiscard]] bool has_room(std::size_t bytes) {
    if (m_left.records == 0 || m_left.bytes == 0) return false;
    --m_left.records;
    m_left.bytes -= std::min(m_left.bytes, bytes);
    return true;
  }
  bool take(ByteView key, ByteView value) {
    if (!has_room(value.size())) return false;
    m_erased.push_back(to_bytes(key));
    return true;
  }
  // Of which the room for records is known; it may go beyond the bytes.
  void take_now(const Bytes& key) {
    --m_left.records;
    const std::optional<Bytes>& value = m_overlay.get(key);
    m_left.bytes -= std::min(m_left.bytes, value ? value->size() : 0);
    m_erased.push_back(key);
  }
  bool record(const Bytes& key) {
    const std::optional<Bytes>& value = m_overlay.get(key);
    return !value || take(key, *value);
  }
  bool all_below(const Bytes& prefix) {
    bool room = true;
    m_overlay.scan(prefix, [&](ByteView key, ByteView value) { return room = take(key, value); });
    return room;
  }
  template <class Record>
  [[nodiscard]] std::optional<Record> decoded(ByteView bytes) const {
    codec::Reader r(bytes);
    Record record;
    read(r, record);
    if (r.finish()) return record;
    m_overlay.fail(damaged());
    return std::nullopt;
  }

  // Its own record stays, empty: its id is never given again, for what was signed about it (claims,
  // attestations, moves) would else count for another task.
  bool task(const Bytes& key, Items& items) {
    bool room = true;
    m_overlay.scan(
        Key(Table::kTaskPart).raw(without_table(key)).bytes(), [&](ByteView part, ByteView value) {
          const ByteView account = part.subspan(key.size());
          const Bytes of_account = Key(Table::kPart).raw(account).raw(without_table(key)).bytes();
          const Bytes delegate = Key(Table::kDelegate).raw(without_table(key)).raw(account).bytes();
          room = take(of_account, {}) && record(delegate) && take(part, value);
          return room;
        });
    if (!room) return false;
    const std::optional<Bytes>& value = m_overlay.get(key);
    if (!value || value->empty()) {
      items.pop_front();
      return true;
    }
    const auto task = decoded<TaskRecord>(*value);
    if (!task || m_left.records < 1 + task->claims.size() || !has_room(value->size())) return false;
    m_emptied.push_back(key);
    items.pop_front();
    for (auto id = task->claims.rbegin(); id != task->claims.rend(); ++id) {
      items.push_front(Key(Table::kClaim).id(id->value).bytes());
      take_now(items.front());
    }
    return true;
  }

  bool claim(const Bytes& key) {
    const ByteView id = without_table(key);
    if (!all_below(Key(Table::kVerifier).raw(id).bytes()) ||
        !record(Key(Table::kRelayRound).raw(id).bytes()))
      return false;
    bool room = true;
    m_overlay.scan(Key(Table::kDemand).raw(id).bytes(), [&](ByteView at, ByteView value) {
      const auto demand = decoded<DemandRecord>(value);
      room = demand && record(Key(Table::kDemandId).id(demand->id.value).bytes()) &&
             record(Key(Table::kSupplied).raw(at.subspan(1)).bytes()) && take(at, value);
      return room;
    });
    if (!room) return false;
    m_overlay.scan(Key(Table::kChallenge).raw(id).bytes(), [&](ByteView at, ByteView value) {
      const auto challenge = decoded<ChallengeRecord>(value);
      room = challenge && games_of(*challenge) && take(at, value);
      return room;
    });
    return room;
  }

  bool games_of(const ChallengeRecord& challenge) {
    if (!record(Key(Table::kChallengeId).id(challenge.id.value).bytes())) return false;
    for (const AccountId& defender : challenge.defenders) {
      const Hash256 game = game_id_of(challenge.id, defender).value;
      if (!record(Key(Table::kGame).id(game).bytes()) ||
          !all_below(Key(Table::kMove).id(game).bytes()))
        return false;
    }
    return true;
  }

  const Overlay& m_overlay;
  ErasureLimits m_left;
  std::vector<Bytes> m_erased;
  std::vector<Bytes> m_emptied;
};

Items items_of(ByteView list, const Overlay& overlay) {
  Items items;
  codec::Reader r(list);
  while (r.ok() && r.remaining() > 0) {
    items.push_back(to_bytes(r.take(r.u8())));
    if (items.back().empty()) r.fail();
  }
  if (!r.ok()) overlay.fail(damaged());
  return items;
}

}  // namespace

void Erasures::add(Height last, const Bytes& key) { append(m_lists[last.value], key); }

void Erasures::put_lists(Height block) {
  for (auto& [last, list] : std::exchange(m_lists, {}))
    m_overlay.put(Key(Table::kErasure).u64(last).u64(block.value).bytes(), std::move(list));
}

void Erasures::run(Height height, const ErasureLimits& most) {
  std::vector<std::pair<Bytes, Items>> due;
  std::size_t count = 0;
  m_overlay.scan(Key(Table::kErasure).bytes(), [&](ByteView key, ByteView list) {
    std::uint64_t last = 0;
    for (unsigned i = 1; i <= 8; ++i) last = last << 8 | key[i];
    if (last >= height.value || count >= most.records) return false;
    due.emplace_back(to_bytes(key), items_of(list, m_overlay));
    count += due.back().second.size();
    return bool(m_overlay.status());
  });
  Plan plan(m_overlay, most);
  std::vector<std::pair<Bytes, Bytes>> left;  // of the list at which the room ends
  std::vector<Bytes> done;
  for (auto& [key, items] : due) {
    if (!m_overlay.status()) return;
    while (!items.empty() && plan.take_first(items)) {
    }
    if (items.empty()) {
      done.push_back(key);
      continue;
    }
    Bytes rest;
    for (const Bytes& item : items) append(rest, item);
    left.emplace_back(key, std::move(rest));
    break;
  }
  if (!m_overlay.status()) return;
  plan.carry_out(m_overlay);
  for (const Bytes& key : done) m_overlay.erase(key);
  for (auto& [key, rest] : left) m_overlay.put(key, std::move(rest));
}

}  // namespace assay::protocol::internal
