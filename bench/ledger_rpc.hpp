// A ledger node and the clients that load it over HTTPS, each a process of its own: the bench
// starts itself as `serve` and `load` and talks to them by lines.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace assay::bench {

// The programs behind the two words; the exit code. `serve` prints its port and ends with its
// standard input. `load` reads orders and answers each with a line:
//   prepare BATCHES CONNECTIONS   signs, and makes the requests' bodies
//   run RATE                      sends them; 0: as fast as answers come, else so many transfers a
//                                 second whether answers come or not
int serve_main(const std::filesystem::path& home);
int load_main(const std::filesystem::path& home, unsigned port);

struct LoadResult {
  double wall_s = 0;
  double client_cpu_s = 0;
  double server_cpu_s = 0;
  unsigned long committed = 0;
  unsigned long busy = 0;    // refused for want of room
  unsigned long failed = 0;  // anything else
  // Of requests, from the time at which they were due to their answer, in milliseconds.
  double p50 = 0, p90 = 0, p99 = 0, max = 0;
};

// Both processes, until it goes.
class RpcSide {
 public:
  // `program` is this program's path. Aborts the bench if something fails.
  RpcSide(const std::string& program, const std::filesystem::path& home);
  ~RpcSide();
  RpcSide(const RpcSide&) = delete;
  RpcSide& operator=(const RpcSide&) = delete;

  void prepare(unsigned batches, unsigned connections);
  LoadResult run(double rate);
  [[nodiscard]] double server_rss_mib() const;

 private:
  struct Child;
  [[nodiscard]] double server_cpu_s() const;
  std::vector<Child> m_children;
};

inline constexpr unsigned kRpcBatch = 256;  // transfers of one request

}  // namespace assay::bench
