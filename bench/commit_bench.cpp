// Merkle-hashing a state on some threads, beside OpenSSL's SHA-256 of as many messages, one on each
// thread. Both alternate in one process; the roots of every implementation are compared first.
#include <atomic>
#include <cstdlib>

#include "assay/commit/tensor_hash.hpp"
#include "assay/crypto/sha256.hpp"
#include "assay/host/thread_pool.hpp"
#include "measure.hpp"

namespace {

using namespace assay;

constexpr std::size_t kBytes = std::size_t{16} << 20;  // some states' size; more than a cache
constexpr unsigned kPairs = 201;  // of 10 to 20 ms: short beside what disturbs them

const TensorType kType{DType::kF32, {kBytes / 4}};

Bytes made_up_bytes() {
  Bytes bytes(kBytes);
  std::uint32_t x = 1;
  for (std::uint8_t& byte : bytes) {
    x = x * 1'664'525 + 1'013'904'223;
    byte = static_cast<std::uint8_t>(x >> 24);
  }
  return bytes;
}

void check_roots(const Bytes& bytes) {
  SerialTaskPool serial;
  const crypto::Sha256Kind fastest = crypto::active_sha256_kind();
  const Hash256 root = commit::tensor_root(kType, bytes, serial);
  crypto::force_sha256_kind(crypto::Sha256Kind::kOpenssl);
  if (commit::tensor_root(kType, bytes, serial) != root) {
    std::fprintf(stderr, "commit_bench: %s differs from openssl\n", crypto::name_of(fastest));
    std::exit(1);
  }
  crypto::force_sha256_kind(fastest);
}

// Rates per thread of both sides by one clock, taken in the same rounds.
struct Rates {
  bench::Spread ours, theirs, ratio;

  void add(double merkle, double openssl) {
    ours.add(merkle);
    theirs.add(openssl);
    ratio.add(merkle / openssl);
  }
  void print(const std::string& suffix) const {
    ours.print("commit_merkle_per_thread" + suffix, "GB/s");
    theirs.print("commit_openssl_one_stream" + suffix, "GB/s");
    ratio.print("commit_merkle_over_openssl" + suffix, "x");
  }
};

// Passes work on and adds up the processor time of its bodies, each on its own thread's clock: a
// process's clock lags behind its other threads by more than a round takes.
class TimedPool final : public TaskPool {
 public:
  explicit TimedPool(unsigned threads) : m_pool(threads) {}
  [[nodiscard]] unsigned thread_count() const override { return m_pool.thread_count(); }
  void run(std::size_t count, std::size_t grain,
           const std::function<void(std::size_t first, std::size_t last)>& body) override {
    m_pool.run(count, grain, [&](std::size_t first, std::size_t last) {
      const std::uint64_t start = bench::thread_cpu_ns();
      body(first, last);
      m_busy_ns += bench::thread_cpu_ns() - start;
    });
  }
  [[nodiscard]] std::uint64_t busy_ns() const { return m_busy_ns; }

 private:
  host::ThreadTaskPool m_pool;
  std::atomic<std::uint64_t> m_busy_ns{0};
};

// By the wall clock, and by the processor time that hashing took on all threads, which the time
// that other processes get does not touch.
void measure(const Bytes& bytes, unsigned threads) {
  TimedPool pool(threads);
  const crypto::Sha256Kind fastest = crypto::active_sha256_kind();
  Hash256 root;
  std::vector<Hash256> hashes(threads);
  double cpu_rate = 0;
  // Returns the rate by the wall clock and leaves the other one in cpu_rate.
  const auto rate_per_thread = [&](auto&& work) {
    const std::uint64_t busy = pool.busy_ns();
    const std::uint64_t wall = bench::wall_ns();
    work();
    const std::uint64_t took = bench::wall_ns() - wall;
    cpu_rate = double{kBytes} / static_cast<double>(pool.busy_ns() - busy);
    return double{kBytes} / static_cast<double>(took) / threads;
  };
  const auto one_message_each = [&](std::size_t first, std::size_t last) {
    const std::size_t size = kBytes / threads;
    for (std::size_t i = first; i < last; ++i)
      hashes[i] = crypto::sha256(ByteView(bytes).subspan(i * size, size));
  };
  Rates by_wall;
  Rates by_cpu;
  double our_cpu_rate = 0;
  double their_cpu_rate = 0;
  bench::alternate(
      kPairs,
      [&] {
        const double rate =
            rate_per_thread([&] { root = commit::tensor_root(kType, bytes, pool); });
        our_cpu_rate = cpu_rate;
        return rate;
      },
      [&] {
        crypto::force_sha256_kind(crypto::Sha256Kind::kOpenssl);
        const double rate = rate_per_thread([&] { pool.run(threads, 1, one_message_each); });
        crypto::force_sha256_kind(fastest);
        their_cpu_rate = cpu_rate;
        return rate;
      },
      [&](double merkle, double openssl) {
        by_wall.add(merkle, openssl);
        by_cpu.add(our_cpu_rate, their_cpu_rate);
      });
  const std::string suffix = "_" + std::to_string(threads) + "t";
  by_wall.print(suffix);
  by_cpu.print(suffix + "_cpu");
}

}  // namespace

int main() {
  const Bytes bytes = made_up_bytes();
  check_roots(bytes);
  std::printf("%s, leaves of %zu bytes\n", crypto::name_of(crypto::active_sha256_kind()),
              static_cast<std::size_t>(commit::kChunkBytes));
  for (const unsigned threads : {1U, 2U}) {
    if (threads <= host::usable_processors()) measure(bytes, threads);
  }
  return 0;
}
