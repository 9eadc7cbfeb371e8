#include "assay/net/rate_limit.hpp"

#include <arpa/inet.h>

#include <algorithm>

namespace assay::net {

namespace {

constexpr std::uint64_t kPerCall = 1000;
// No product of a rate and a time leaves 64 bits below these.
constexpr std::uint64_t kMaxRate = 1'000'000'000;
constexpr std::uint64_t kMaxElapsedMs = 1'000'000'000;

}  // namespace

std::string address_group(std::string_view peer) {
  if (!peer.starts_with('[')) return std::string(peer.substr(0, peer.rfind(':')));
  const std::string address(peer.substr(1, std::min(peer.find(']'), peer.size()) - 1));
  in6_addr parsed{};
  if (::inet_pton(AF_INET6, address.c_str(), &parsed) != 1) return address;
  std::fill(parsed.s6_addr + 8, parsed.s6_addr + 16, std::uint8_t{0});
  char text[INET6_ADDRSTRLEN] = {};
  ::inet_ntop(AF_INET6, &parsed, text, sizeof text);
  return std::string(text) + "/64";
}

RateLimiter::RateLimiter(const RateLimits& limits, std::size_t addresses_max)
    : m_addresses_max(std::max<std::size_t>(addresses_max, 1)) {
  set_limits(limits);
  m_shared.level = m_limits.burst * kPerCall;
}

void RateLimiter::refill(Bucket& bucket, std::uint64_t now_ms) const {
  const std::uint64_t elapsed =
      now_ms > bucket.filled_ms ? std::min(now_ms - bucket.filled_ms, kMaxElapsedMs) : 0;
  bucket.filled_ms = std::max(bucket.filled_ms, now_ms);
  bucket.level = std::min(bucket.level + elapsed * m_limits.calls_per_s, m_limits.burst * kPerCall);
}

RateLimiter::Bucket& RateLimiter::bucket_of(const std::string& group, std::uint64_t now_ms) {
  if (const auto found = m_by_group.find(group); found != m_by_group.end()) {
    m_buckets.splice(m_buckets.end(), m_buckets, found->second);
    return *found->second;
  }
  if (m_buckets.size() >= m_addresses_max) {
    Bucket& oldest = m_buckets.front();
    refill(oldest, now_ms);
    if (oldest.level < m_limits.burst * kPerCall) return m_shared;
    m_by_group.erase(oldest.group);
    m_buckets.pop_front();
  }
  m_buckets.push_back({group, m_limits.burst * kPerCall, now_ms});
  m_by_group.emplace(group, std::prev(m_buckets.end()));
  return m_buckets.back();
}

bool RateLimiter::take(const std::string& group, std::uint64_t calls, std::uint64_t now_ms) {
  const std::lock_guard lock(m_mutex);
  Bucket& bucket = bucket_of(group, now_ms);
  refill(bucket, now_ms);
  if (calls > m_limits.burst || bucket.level < calls * kPerCall) return false;
  bucket.level -= calls * kPerCall;
  return true;
}

std::uint64_t RateLimiter::retry_after_s() const { return limits().calls_per_s == 0 ? 3600 : 1; }

void RateLimiter::set_limits(const RateLimits& limits) {
  const std::lock_guard lock(m_mutex);
  m_limits = {std::min(limits.calls_per_s, kMaxRate), std::min(limits.burst, kMaxRate)};
}

RateLimits RateLimiter::limits() const {
  const std::lock_guard lock(m_mutex);
  return m_limits;
}

std::size_t RateLimiter::addresses() const {
  const std::lock_guard lock(m_mutex);
  return m_buckets.size();
}

}  // namespace assay::net
