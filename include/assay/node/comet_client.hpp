// The way into the own CometBFT's mempool: its RPC's broadcast_tx_async, some transactions a call,
// in the order in which they came. What the application thinks of one it says itself
// (ReplicatedOptions::on_refused), so nobody waits for that here.
#pragma once

#include <deque>

#include "assay/core/faces.hpp"
#include "assay/net/event_loop.hpp"
#include "assay/net/stream_http.hpp"

namespace assay::node {

inline constexpr std::size_t kCometBatch = 10;  // CometBFT's max_request_batch_size by default
inline constexpr std::size_t kCometQueueMax = 8192;

// The body of a call that broadcasts these; their number is their id.
[[nodiscard]] std::string broadcast_request(const std::vector<Bytes>& transactions);
// What CometBFT answered to each of `count`. kUnavailable: it did not take that one; kMalformed: no
// answer of this kind. A transaction that it has already is taken.
[[nodiscard]] std::vector<Status> broadcast_answers(unsigned status, ByteView body,
                                                    std::size_t count);

// All members on the loop's thread. Logs comet.unreachable and comet.reached.
class CometClient {
 public:
  // `address`: the listen address of CometBFT's RPC. Loop and log must outlive the client.
  CometClient(net::EventLoop& loop, const net::StreamAddress& address, Log& log);
  // Drops what was not sent; no `done` is called any more.
  ~CometClient();
  CometClient(const CometClient&) = delete;
  CometClient& operator=(const CometClient&) = delete;

  // Calls `done` later, or at once if too many wait. Errors: kUnavailable: CometBFT certainly did
  // not take it; any other: that is not known.
  using Done = std::function<void(Status taken)>;
  void broadcast(Bytes transaction, Done done);

 private:
  struct Item {
    Bytes bytes;
    Done done;
  };
  void send();
  void report(const Status& reached);

  Log& m_log;
  net::StreamAddress m_address;
  net::StreamHttp m_http;
  std::deque<Item> m_queue;
  bool m_sending = false;
  bool m_unreachable = false;
  std::shared_ptr<const bool> m_alive = std::make_shared<const bool>(true);
  net::WorkerThread m_worker;  // last: its job uses what is above
};

}  // namespace assay::node
