// Time, and what happens to parties: crashes, partitions, full disks, clocks.
#include <algorithm>

#include "assay/crypto/sha256.hpp"
#include "internal/world.hpp"

namespace assay::sim {

namespace {
constexpr std::uint64_t kSecondMs = 1'000;
constexpr std::uint64_t kLiarFactor = 20;  // how much longer a liar may be out
constexpr std::uint64_t kClockJumpMs = 60'000;
}  // namespace

crypto::KeyPair key_from(std::uint64_t seed, const std::string& name) {
  std::uint8_t raw[8];
  store_le(raw, seed);
  const Hash256 secret =
      crypto::sha256({as_bytes("assay/sim-key/1"), ByteView(raw, 8), as_bytes(name)});
  return crypto::KeyPair(crypto::SecretKey(secret.bytes.data()));
}

Simulator::World::World(SimOptions o)
    : options(o),
      rng(o.seed),
      clock(now_ms),
      operator_key(key_from(o.seed, "operator")),
      log(*this, kLedgerName),
      disk(rng),
      store(disk),
      reader(store),
      network({o.faults.lose, o.faults.repeat, o.faults.delay_ms_max}, rng),
      outages(o.faults.outage_ms_max) {}

Simulator::World::Party::Party(World& world, PartyOptions o)
    : options(std::move(o)),
      key(key_from(world.options.seed, options.name)),
      account(key.public_key()),
      disk(world.rng),
      files(disk),
      log(world, options.name) {}

void Simulator::World::note(const std::string& who, LogLevel level, std::string_view event,
                            const Log::Fields& fields) {
  if (level == LogLevel::kDebug || !options.keeps_log) return;
  std::string line = std::to_string(now_ms) + " " + who + " " + std::string(event);
  for (const auto& [key, value] : fields)
    if (key != "text") line += " " + key + "=" + value;
  report.log.push_back(std::move(line));
}

Status Simulator::World::start() {
  const auto drift = [this]() -> Drift {
    const auto most = static_cast<std::uint64_t>(options.faults.drift_ppm_max);
    if (most == 0) return {};
    return {static_cast<std::int64_t>(rng.below(2 * most + 1)) - options.faults.drift_ppm_max,
            rng.below(1'000'000)};
  };
  genesis.name = "sim";
  genesis.operator_key = operator_key.public_key();
  genesis.time_ms = kEpochMs;
  clock.drift = drift();
  clock.drift.offset_ms = 0;
  for (const auto& [name, party] : parties) {
    party->clock = drift();
    genesis.accounts.push_back({party->account, Amount(party->options.balance_atoms),
                                Amount(party->options.staked_atoms)});
  }
  chain = protocol::chain_id_of(genesis);
  ASSAY_TRY_STATUS(open_node());
  ASSAY_TRY_STATUS(see_blocks());
  for (auto& [name, party] : parties) {
    revive(*party);
    poll(*party, party->life);
    Party& leaver = *party;
    if (leaver.options.leaves_ms != UINT64_MAX)
      at(leaver.options.leaves_ms, [this, &leaver] {
        note(leaver.options.name, LogLevel::kInfo, "sim.gone", {});
        ++leaver.life;
        leaver.role.reset();
        leaver.finished = true;
      });
  }
  const Faults& f = options.faults;
  if (f.partition > 0 || f.full_disk > 0 || f.clock_jump > 0) trouble();
  return {};
}

void Simulator::World::revive(Party& party) {
  if (party.finished) return;
  ++party.life;
  party.jobs.clear();
  party.profile_sent = false;
  party.seen.reset();
  roles::RoleContext context{party.key,
                             chain,
                             party.files,
                             pool,
                             party.log,
                             party.options.execution,
                             options.window_min_ms};
  context.delegate = party.options.delegate;
  context.plays_for = party.options.plays_for;
  party.role = party.options.make(context);
}

void Simulator::World::crash(Party& party, std::uint64_t down_ms) {
  ++report.crashes;
  note(party.options.name, LogLevel::kInfo, "sim.crash", {});
  ++party.life;
  party.role.reset();
  party.tick_ms.reset();
  party.disk.crash();
  if (failure) failure = party.files.check_whole();
  at(1 + down_ms, [this, &party] {
    revive(party);
    poll(party, party.life);
  });
}

std::optional<std::uint64_t> Simulator::World::outage(Party& party, double chance,
                                                      std::uint64_t longest_ms) {
  if (!party.options.may_crash || !rng.chance(chance)) return std::nullopt;
  const std::uint64_t factor = party.options.within_bound ? 1 : kLiarFactor;
  const std::uint64_t down_ms = rng.below(factor * longest_ms + 1);
  if (party.options.within_bound && !outages.book(party.options.name, now_ms, down_ms))
    return std::nullopt;
  return down_ms;
}

void Simulator::World::trouble() {
  at(kSecondMs, [this] {
    if (is_done) return;
    const Faults& f = options.faults;
    if (!network.is_cut() && rng.chance(f.partition)) cut_some_off();
    if (rng.chance(f.full_disk)) fill_a_disk();
    if (rng.chance(f.clock_jump))
      clock.jump_ms = static_cast<std::int64_t>(rng.below(2 * kClockJumpMs)) -
                      static_cast<std::int64_t>(kClockJumpMs);
    trouble();
  });
}

void Simulator::World::cut_some_off() {
  const std::uint64_t duration_ms = 1 + rng.below(options.faults.outage_ms_max);
  std::set<std::string> cut;
  for (const auto& [name, party] : parties) {
    if (rng.below(3) != 0) continue;
    if (party->options.within_bound && !outages.book(name, now_ms, duration_ms)) continue;
    cut.insert(name);
  }
  if (cut.empty()) return;
  std::string names;
  for (const std::string& name : cut) names += (names.empty() ? "" : ",") + name;
  note(kLedgerName, LogLevel::kInfo, "sim.cut", {{"parties", names}});
  network.cut(std::move(cut));
  at(duration_ms, [this] {
    note(kLedgerName, LogLevel::kInfo, "sim.healed", {});
    network.heal();
  });
}

void Simulator::World::fill_a_disk() {
  const std::uint64_t duration_ms = 1 + rng.below(options.faults.outage_ms_max);
  const std::size_t which = rng.below(parties.size() + 1);
  SimDisk* full = &disk;
  std::string name = kLedgerName;
  if (which < parties.size()) {
    auto found = parties.begin();
    std::advance(found, static_cast<std::ptrdiff_t>(which));
    Party& party = *found->second;
    name = found->first;
    if (party.options.within_bound && !outages.book(name, now_ms, duration_ms)) return;
    full = &party.disk;
  }
  if (full->is_full()) return;
  note(name, LogLevel::kInfo, "sim.full", {});
  full->set_full(true);
  at(duration_ms, [full] { full->set_full(false); });
}

bool Simulator::World::step() {
  std::uint64_t next = queue.empty() ? UINT64_MAX : queue.top().at_ms;
  if (const auto wake = node ? node->next_wake_ms() : std::nullopt)
    next = std::min(next, clock.drift.true_time(*wake));
  if (next == UINT64_MAX) return false;
  now_ms = std::max(now_ms, next);
  while (!queue.empty() && queue.top().at_ms <= now_ms) {
    const auto run = queue.top().run;
    queue.pop();
    run();
  }
  return true;
}

}  // namespace assay::sim
