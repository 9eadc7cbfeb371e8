// A role's way to its ledger: which of its nodes is asked, what that has to show, and what is sent
// to whom. No node is believed (docs/spec/roles.md, "Several nodes"): views and refusals are
// proven, and nodes are compared with each other.
#pragma once

#include <array>
#include <atomic>
#include <deque>
#include <map>
#include <mutex>
#include <set>

#include "assay/core/faces.hpp"
#include "assay/net/event_loop.hpp"
#include "assay/protocol/view.hpp"
#include "assay/roles/driver.hpp"
#include "internal/ledger_nodes.hpp"
#include "internal/proven_result.hpp"

namespace assay::roles::internal {

struct LedgerLinkOptions {
  std::vector<std::string> urls;  // 1 to kLedgersMax
  FollowHeader follow_header;
  ChainId chain;
  AccountId self;
  protocol::Principals principals;
  // Calls to a node, made on any thread.
  std::function<rpc::RpcClient::Post(const std::string& url, std::uint64_t timeout_ms)> make_post;
  std::uint64_t compare_ms = 2'000;  // between two looks at the other nodes
  std::uint64_t poll_ms = 12'000;    // of all calls of a poll, where there is another node
};
inline constexpr std::size_t kLedgersMax = 16;

// Called on the loop.
struct LedgerLinkEvents {
  std::function<void(const std::shared_ptr<const protocol::View>& view)> on_view;
  std::function<void(const TransactionRefused& refused)> on_refused;
  std::function<void(const Error& error)> on_lost;  // all nodes run another chain, or lie
};

// Everything on the loop's thread.
class LedgerLink {
 public:
  // All must outlive it.
  LedgerLink(net::EventLoop& loop, LedgerLinkOptions options, LedgerLinkEvents events, Log& log);

  void start();
  // Waits for the calls that are under way; no event after it, and no further call.
  void stop();

  // A transaction that is signed: `bytes` parse. Sent again (under the same client id), it goes
  // to the next node.
  void send(Bytes transaction);
  [[nodiscard]] Height head() const noexcept { return Height{m_head_height}; }

 private:
  using View = std::shared_ptr<const protocol::View>;
  struct Outgoing {
    std::string kind;
    protocol::ClientId client_id{};
    TxId id;
    Hash256 content;
    Bytes bytes;
    std::size_t asked_nodes = 0;  // before
    std::vector<std::pair<std::size_t, protocol::TxVerdict>> refused_by = {};
  };
  // Something that a node said of a transaction, and that the state has to show.
  struct Claim {
    Outgoing of;
    protocol::TxVerdict verdict{};
    Height height;  // 0: it did not say
    std::size_t by = 0;
    unsigned looks = 0;
  };
  struct Node {
    std::string url;
    std::deque<Outgoing> outgoing;
    bool sending = false;                 // one call at a time, so that transactions stay in order
    bool comparing = false;               // likewise
    std::array<std::uint64_t, 3> told{};  // heights of its head, by its own word; newest last
    std::uint64_t deaf_until_ms = 0;      // while its word of its head counts for nothing
    bool reported = false;                // that it lied
    bool is_behind = false;               // likewise
  };
  // What a node whose word it is has above the asked one's.
  struct Floor {
    std::uint64_t height = 0;
    std::size_t by = 0;
  };
  struct Polled {
    View view;
    bool waited = true;
    std::size_t by = 0;  // who told of more, if somebody did
    Height newer;        // it proved so much; 0: it did not
    std::optional<Error> not_newer = {};
    std::vector<std::pair<Claim, Result<std::optional<ProvenResult>>>> results = {};
  };
  struct Question;

  void poll();
  [[nodiscard]] Result<Polled> ask(const Question& question);
  [[nodiscard]] Result<Height> ask_newest(std::size_t node, std::uint64_t timeout_ms);
  void polled(std::size_t node, Result<Polled> answer);
  void show(Polled& answer);
  [[nodiscard]] bool is_behind_others(std::size_t node, const Polled& answer);
  void poll_failed(std::size_t node, const Error& error);
  void poll_next_round();

  void compare();
  void compared(std::size_t node, std::uint64_t head_before, const Result<codec::Json>& answer);
  void set_floor();
  void report_behind(std::size_t node, const std::string& why);
  void report_lie(std::size_t node, const std::string& why);

  void send_waiting(std::size_t to);
  void answered(std::size_t node, Outgoing sent, const codec::JsonRef& told);
  void pass_on(std::size_t from, Outgoing sent);
  void claim(Claim claim);
  void settle(Claim claim, const Result<std::optional<ProvenResult>>& result);
  void settle(const Claim& claim, const ProvenResult& first);
  void log(LogLevel level, std::string_view event, const Log::Fields& fields) {
    m_log.write(level, event, fields);
  }

  net::EventLoop& m_loop;
  LedgerLinkOptions m_options;
  LedgerLinkEvents m_events;
  Log& m_log;
  std::atomic<bool> m_stopping{true};
  std::vector<Node> m_nodes;
  LedgerNodes m_order;
  std::size_t m_failures = 0;          // of polls, one after another
  std::set<std::size_t> m_refused_by;  // nodes not to be trusted, since the last proven view
  std::uint64_t m_head_height = 0;
  std::uint64_t m_head_ms = 0;                    // when it was seen first
  std::array<std::uint64_t, 2> m_heads_before{};  // at the last comparisons, newest last
  struct Sent {
    TxId newest;
    std::size_t tries = 0;
  };
  std::map<protocol::ClientId, Sent> m_sent;
  std::deque<Claim> m_claims;
  protocol::ViewMemory m_memory;  // the poller's
  std::mutex m_floor_mutex;
  Floor m_floor;
  // Last: their threads end before what they use.
  std::unique_ptr<net::WorkerThread> m_poller, m_sender, m_comparer;
};

}  // namespace assay::roles::internal
