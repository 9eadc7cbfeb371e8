#include "assay/node/comet_headers.hpp"

#include <algorithm>

#include "assay/comet/rpc.hpp"

namespace assay::node {

namespace {

constexpr std::uint64_t kTimeoutMs = 10'000;

Error busy() { return {ErrorCode::kUnavailable, "too many ask for headers; ask again in a while"}; }

// Whatever keeps CometBFT from answering may pass: a height that it has not yet, above all.
Error told(Error error) {
  if (error.code != ErrorCode::kMalformed && error.code != ErrorCode::kIntegrity)
    error.code = ErrorCode::kUnavailable;
  return error;
}

}  // namespace

CometHeaders::CometHeaders(net::EventLoop& loop, const net::StreamAddress& address)
    : m_http({.address = address,
              .limits = {.header_bytes = 16 << 10,
                         .header_count = 64,
                         .body_bytes = comet::kMaxRpcAnswerBytes},
              .timeout_ms = kTimeoutMs}),
      m_worker(loop) {}

CometHeaders::~CometHeaders() { m_http.cancel(); }

void CometHeaders::at(std::int64_t height, Done done) {
  const auto kept = std::find_if(m_kept.begin(), m_kept.end(), [&](const comet::LightBlock& block) {
    return block.header.height == height;
  });
  if (kept != m_kept.end()) return done(*kept);
  const bool is_asked = m_waiting.contains(height);
  if (m_waiters >= kLightBlockWaitersMax || (!is_asked && m_waiting.size() >= kLightBlocksAskedMax))
    return done(busy());
  m_waiting[height].push_back(std::move(done));
  ++m_waiters;
  if (is_asked) return;
  const auto fetch = [this, height] {
    return comet::fetch_light_block(
        [this](const std::string& path) -> Result<Bytes> {
          net::HttpRequest request;
          request.method = "GET";
          request.target = path;
          ASSAY_TRY(net::HttpResponse response, m_http.request(request));
          return std::move(response.body);
        },
        height);
  };
  m_worker.call(fetch, [this, height,
                        alive = std::weak_ptr(m_alive)](const Result<comet::LightBlock>& block) {
    if (!alive.expired()) answer(height, block);
  });
}

void CometHeaders::answer(std::int64_t height, const Result<comet::LightBlock>& block) {
  const auto waiting = m_waiting.extract(height);
  m_waiters -= waiting.mapped().size();
  if (block) {
    m_kept.push_back(*block);
    if (m_kept.size() > kLightBlocksKept) m_kept.pop_front();
  }
  const Result<comet::LightBlock> answer =
      block ? Result<comet::LightBlock>(*block) : Result<comet::LightBlock>(told(block.error()));
  for (const Done& done : waiting.mapped()) done(answer);
}

}  // namespace assay::node
