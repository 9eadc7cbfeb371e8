// The simulated world: its queue of what is due, its parties, its node.
#pragma once

#include <map>
#include <optional>
#include <queue>

#include "assay/sim/clocks.hpp"
#include "assay/sim/disk.hpp"
#include "assay/sim/network.hpp"
#include "assay/sim/simulator.hpp"

namespace assay::sim {

[[nodiscard]] crypto::KeyPair key_from(std::uint64_t seed, const std::string& name);

struct Simulator::World {
  explicit World(SimOptions o);

  class WorldLog final : public Log {
   public:
    WorldLog(World& w, std::string n) : m_world(w), m_name(std::move(n)) {}
    void write(LogLevel level, std::string_view event, const Fields& fields) override {
      m_world.note(m_name, level, event, fields);
    }

   private:
    World& m_world;
    std::string m_name;
  };

  struct Party {
    Party(World& world, PartyOptions o);
    PartyOptions options;
    crypto::KeyPair key;
    AccountId account;
    SimDisk disk;
    SimFiles files;
    WorldLog log;
    Drift clock;
    std::map<std::string, Bytes> blobs;  // what it publishes stays, as in a blob store
    std::unique_ptr<roles::Role> role;
    std::uint64_t life = 0;  // events of an earlier life are dropped
    std::uint64_t last_nonce = 0;
    std::optional<Height> seen;            // by the newest view
    std::optional<std::uint64_t> tick_ms;  // true time
    std::map<std::string, bool> jobs;      // under way
    bool finished = false;
    bool profile_sent = false;
  };

  // Time (world.cpp).
  struct Scheduled {
    std::uint64_t at_ms;
    std::uint64_t order;
    std::function<void()> run;
    bool operator<(const Scheduled& other) const {
      return at_ms != other.at_ms ? at_ms > other.at_ms : order > other.order;
    }
  };
  void at(std::uint64_t delay_ms, std::function<void()> run) {
    queue.push({now_ms + delay_ms, next_order++, std::move(run)});
  }
  // Everything that is due at the next moment at which something is. False: nothing ever is.
  [[nodiscard]] bool step();
  void note(const std::string& who, LogLevel level, std::string_view event,
            const Log::Fields& fields);

  // What happens to parties (world.cpp).
  [[nodiscard]] Status start();
  void revive(Party& party);
  void crash(Party& party, std::uint64_t down_ms);
  // A chance of the faults, kept within the bound for honest parties; how long it is down.
  [[nodiscard]] std::optional<std::uint64_t> outage(Party& party, double chance,
                                                    std::uint64_t longest_ms);
  void trouble();  // once a second
  void cut_some_off();
  void fill_a_disk();

  // What they do (party.cpp).
  void poll(Party& party, std::uint64_t life);
  void send_profile(Party& party, const protocol::View& view);
  void deliver(Party& party, std::uint64_t life, roles::Event event);
  void handle(Party& party, const roles::Event& event);
  void plan_tick(Party& party);
  void perform(Party& party, roles::Action action);
  void submit(Party& party, roles::Submit submission);
  void start_job(Party& party, roles::StartJob job);
  void fetch(Party& party, roles::Fetch fetch);

  // The node (simulator.cpp).
  [[nodiscard]] Status open_node();
  [[nodiscard]] Status run_node();
  [[nodiscard]] Status see_blocks();
  void stop_node(std::uint64_t down_ms);

  crypto::SignatureMemo memo;  // all parties sign and verify here
  SimOptions options;
  SimRng rng;
  std::uint64_t now_ms = 0;
  DriftingClock clock;  // the node's
  crypto::KeyPair operator_key;
  WorldLog log;
  SerialTaskPool pool;
  SimDisk disk;  // the node's
  SimStore store;
  protocol::StateReader reader;
  Network network;
  Outages outages;
  protocol::Genesis genesis;
  ChainId chain;
  std::unique_ptr<node::LedgerNode> node;
  std::map<std::string, std::unique_ptr<Party>> parties;
  std::priority_queue<Scheduled> queue;
  std::uint64_t next_order = 0;
  BlockSeen seen;
  std::optional<protocol::BlockHeader> seen_head;
  std::function<bool(const protocol::StateReader&)> done;
  bool is_done = false;
  Status failure;  // of the node for good, or of a file that is not whole
  SimReport report;
};

}  // namespace assay::sim
