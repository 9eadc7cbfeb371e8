// CometBFT's light blocks for whoever is shown a header of a replicated ledger: from the own
// CometBFT's RPC, asked for once and kept for a while.
#pragma once

#include <deque>
#include <map>

#include "assay/comet/types.hpp"
#include "assay/core/faces.hpp"
#include "assay/net/event_loop.hpp"
#include "assay/net/stream_http.hpp"

namespace assay::node {

inline constexpr std::size_t kLightBlocksKept = 64;
inline constexpr std::size_t kLightBlocksAskedMax = 64;  // heights at once
inline constexpr std::size_t kLightBlockWaitersMax = 1024;

// All members on the loop's thread.
class CometHeaders {
 public:
  // `address`: the listen address of CometBFT's RPC. The loop must outlive it.
  CometHeaders(net::EventLoop& loop, const net::StreamAddress& address);
  // Drops what is asked; no `done` is called any more.
  ~CometHeaders();
  CometHeaders(const CometHeaders&) = delete;
  CometHeaders& operator=(const CometHeaders&) = delete;

  // Calls `done` at once if the block is kept, else later. Nothing of it is verified. Errors:
  // kUnavailable (CometBFT does not answer, has no such block yet or no more, or too many wait),
  // kMalformed and kIntegrity of its answer.
  using Done = std::function<void(const Result<comet::LightBlock>& block)>;
  void at(std::int64_t height, Done done);

 private:
  void answer(std::int64_t height, const Result<comet::LightBlock>& block);

  net::StreamHttp m_http;
  std::map<std::int64_t, std::vector<Done>> m_waiting;
  std::size_t m_waiters = 0;
  std::deque<comet::LightBlock> m_kept;  // the newest answer last
  std::shared_ptr<const bool> m_alive = std::make_shared<const bool>(true);
  net::WorkerThread m_worker;  // last: its job uses what is above
};

}  // namespace assay::node
