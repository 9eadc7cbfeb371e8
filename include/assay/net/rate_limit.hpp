// Token buckets for strangers, one an address, in a bounded table.
#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace assay::net {

struct RateLimits {
  std::uint64_t calls_per_s = 50;  // 0: none at all
  std::uint64_t burst = 200;       // what an address may do at once after a rest
};

// The part of "127.0.0.1:40000" or "[2001:db8::1]:40000" that stands for one customer: an IPv4
// address, or an IPv6 network of 64 bits (whoever has one address there has all of them).
[[nodiscard]] std::string address_group(std::string_view peer);

// Thread-safe. A full table forgets only buckets that are full again, which changes nothing for
// anybody; while there is none, newcomers share one bucket, so that many addresses gain nothing and
// take no memory.
class RateLimiter {
 public:
  explicit RateLimiter(const RateLimits& limits, std::size_t addresses_max = 4096);

  // Whether `group` may make `calls` more calls now; if so, they are counted. More than a burst is
  // never allowed.
  [[nodiscard]] bool take(const std::string& group, std::uint64_t calls,
                          std::uint64_t monotonic_ms);
  // How long until one call is allowed, in whole seconds, at least 1: for Retry-After.
  [[nodiscard]] std::uint64_t retry_after_s() const;

  void set_limits(const RateLimits& limits);
  [[nodiscard]] RateLimits limits() const;
  [[nodiscard]] std::size_t addresses() const;

 private:
  // In thousandths of a call, so that a millisecond's worth is an integer.
  struct Bucket {
    std::string group;
    std::uint64_t level = 0;
    std::uint64_t filled_ms = 0;
  };
  void refill(Bucket& bucket, std::uint64_t now_ms) const;
  [[nodiscard]] Bucket& bucket_of(const std::string& group, std::uint64_t now_ms);

  mutable std::mutex m_mutex;
  RateLimits m_limits;
  std::size_t m_addresses_max;
  std::list<Bucket> m_buckets;  // least recently used first
  std::unordered_map<std::string, std::list<Bucket>::iterator> m_by_group;
  Bucket m_shared;
};

}  // namespace assay::net
