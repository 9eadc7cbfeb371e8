// Subscriptions to what happens (docs/spec/rpc.md, "Subscriptions"): each reads the blocks on disk
// from its own height on, as fast as its connection takes them, so a slow one costs no memory, and
// one that comes back resumes where it was.
#pragma once

#include <deque>
#include <list>
#include <map>
#include <set>

#include "assay/node/ledger.hpp"
#include "assay/rpc/dispatcher.hpp"

namespace assay::node {

inline constexpr std::size_t kMaxSubscriptions = 8;  // of one connection
inline constexpr std::size_t kMaxEventsPerNotification = 256;
inline constexpr std::uint64_t kMaxBlocksPerTurn = 64;  // that one subscription reads at once

// Not thread-safe: the node's event loop.
class EventFeed {
 public:
  // Must outlive the feed; the feed and the dispatcher it registers with go together.
  explicit EventFeed(const Ledger& node) : m_node(node) {}
  void register_methods(rpc::Dispatcher& dispatcher);

  // After a block. Sends what there is; true if some subscription has more to read: then call
  // again, after what else waits.
  [[nodiscard]] bool pump();
  // A connection has room again: pump() goes on with it.
  void resume(const std::shared_ptr<rpc::Subscriber>& subscriber);
  // A connection is gone.
  void drop(const std::shared_ptr<rpc::Subscriber>& subscriber);
  [[nodiscard]] std::size_t size() const noexcept { return m_subscriptions.size(); }

 private:
  using Events = std::vector<codec::Json>;
  struct Filter {
    std::set<std::string, std::less<>> kinds;  // names of events; empty: all
    std::string account;                       // hexadecimal digits; empty: all
    std::string task;
  };
  struct Subscription {
    std::uint64_t id = 0;
    std::shared_ptr<rpc::Subscriber> subscriber;
    Filter filter;
    std::uint64_t height = 0;  // of the block to read next
    std::size_t event = 0;     // of its events that fit the filter: the next to send
    bool full = false;         // its connection has no room
  };
  struct BlockEvents {
    std::uint64_t ledger_time_ms = 0;
    Events events;
  };

  [[nodiscard]] Result<codec::Json> subscribe(const rpc::Params& params, const rpc::Caller& caller);
  [[nodiscard]] Result<codec::Json> unsubscribe(std::uint64_t id, const rpc::Caller& caller);
  [[nodiscard]] bool pump(Subscription& subscription);
  // False if its connection is full.
  [[nodiscard]] bool send_block(Subscription& subscription, const BlockEvents& block);
  // Empty for a block that is no longer kept.
  [[nodiscard]] std::shared_ptr<const BlockEvents> block_events(std::uint64_t height);
  [[nodiscard]] bool fits(const Filter& filter, const codec::Json& event) const;
  // Whether the claim, challenge or game that an event names belongs to the task.
  [[nodiscard]] bool concerns_task(const codec::Json& event, const std::string& task) const;

  const Ledger& m_node;
  std::uint64_t m_next_id = 1;
  std::list<Subscription> m_subscriptions;
  std::deque<std::pair<std::uint64_t, std::shared_ptr<const BlockEvents>>> m_recent;
};

}  // namespace assay::node
