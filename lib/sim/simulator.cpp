#include "assay/sim/simulator.hpp"

#include "assay/protocol/apply.hpp"
#include "internal/world.hpp"

namespace assay::sim {

namespace {
constexpr std::uint64_t kNodeOutageMs = 60'000;  // ledger time stands still meanwhile
constexpr std::uint64_t kAskMs = 1'000;
constexpr std::uint64_t kRestartMs = 1'000;  // after an error of its disk
}  // namespace

Status Simulator::World::open_node() {
  ASSAY_TRY_STATUS(store.recover());
  node::NodeOptions node_options{.block_interval_ms = options.block_interval_ms,
                                 .chain = {.keep_versions = options.keep_versions}};
  if (options.pauses_when_full)
    node_options.may_write = [this]() -> Status {
      if (!disk.is_full()) return {};
      return {ErrorCode::kIo, "the disk is full"};
    };
  ASSAY_TRY(node, node::LedgerNode::open(store, genesis, operator_key, clock, log, node_options));
  return {};
}

void Simulator::World::stop_node(std::uint64_t down_ms) {
  note(kLedgerName, LogLevel::kInfo, "sim.crash", {});
  ++report.crashes;
  node.reset();
  disk.crash();
  at(1 + down_ms, [this] {
    const Status opened = open_node();
    if (opened) return;
    note(kLedgerName, LogLevel::kWarning, "sim.not_opened", {{"error", opened.error().message}});
    // Of a full disk, say, it is started again.
    if (opened.error().code == ErrorCode::kIo)
      stop_node(kRestartMs);
    else
      failure = opened;
  });
}

// Blocks that are due now. The power may go between any two steps of one.
Status Simulator::World::run_node() {
  while (node) {
    const auto wake = node->next_wake_ms();
    const bool crashes =
        wake && *wake <= clock.monotonic_ms() && rng.chance(options.faults.crash_node);
    if (crashes) disk.cut_power_after(rng.below(5));
    const auto made = node->tick();
    ASSAY_TRY_STATUS(see_blocks());
    if (crashes || !made) {
      if (!made && made.error().code != ErrorCode::kIo &&
          made.error().code != ErrorCode::kUnavailable)
        return made.error();
      const bool briefly = !crashes || rng.below(4) != 0;
      stop_node(rng.below((briefly ? kRestartMs : kNodeOutageMs) + 1));
      return {};
    }
    if (!*made) return {};
    ++report.blocks;
  }
  return {};
}

// What stood once stands for ever: an answer may have gone out that says so.
Status Simulator::World::see_blocks() {
  const auto head = reader.head();
  if (!head) return head.error().code == ErrorCode::kNotFound ? Status{} : Status(head.error());
  std::uint64_t next = 0;
  if (seen_head) {
    ASSAY_TRY(const auto again, reader.header(seen_head->height));
    if (!again || *again != *seen_head)
      return {ErrorCode::kIntegrity, "block " + std::to_string(seen_head->height.value) +
                                         ", which stood, is gone after a crash"};
    next = seen_head->height.value + 1;
  }
  for (; next <= head->height.value; ++next) {
    if (seen) ASSAY_TRY_STATUS(seen(reader, Height{next}));
    ASSAY_TRY_STATUS(protocol::audit_money(store));
    is_done = is_done || (done && done(reader));
  }
  seen_head = *head;
  return {};
}

Simulator::Simulator(SimOptions options) : m_world(std::make_unique<World>(options)) {}
Simulator::~Simulator() = default;

AccountId Simulator::add(PartyOptions party) {
  World& w = *m_world;
  const std::string name = party.name;
  ASSAY_EXPECTS(w.parties.count(name) == 0 && party.make);
  auto added = std::make_unique<World::Party>(w, std::move(party));
  const AccountId id = added->account;
  w.parties.emplace(name, std::move(added));
  return id;
}

AccountId Simulator::account_of(const std::string& name) const {
  const auto found = m_world->parties.find(name);
  if (found != m_world->parties.end()) return found->second->account;
  return AccountId(key_from(m_world->options.seed, name).public_key());
}

const crypto::KeyPair& Simulator::key_of(const std::string& name) const {
  return m_world->parties.at(name)->key;
}

void Simulator::on_block(BlockSeen seen) { m_world->seen = std::move(seen); }
std::uint64_t Simulator::now_ms() const { return m_world->now_ms; }
const SimReport& Simulator::report() const { return m_world->report; }
const protocol::StateReader& Simulator::reader() const { return m_world->reader; }
const KeyValueStore& Simulator::store() const { return m_world->store; }
Files& Simulator::files_of(const std::string& name) { return m_world->parties.at(name)->files; }

Result<SimReport> Simulator::run(
    const std::function<bool(const protocol::StateReader& reader)>& done) {
  World& w = *m_world;
  w.done = done;
  ASSAY_TRY_STATUS(w.start());
  std::uint64_t ask_ms = kAskMs;
  while (!w.is_done && w.now_ms < w.options.limit_ms && w.step()) {
    ASSAY_TRY_STATUS(w.run_node());
    ASSAY_TRY_STATUS(w.failure);
    if (w.now_ms < ask_ms) continue;
    ask_ms = w.now_ms + kAskMs;
    w.is_done = w.is_done || done(w.reader);
  }
  w.report.all_finished = w.is_done;
  w.report.virtual_ms = w.now_ms;
  w.report.lost = w.network.lost();
  return w.report;
}

}  // namespace assay::sim
