// Merkle-hashing a state on some threads, beside OpenSSL's SHA-256 of as many messages, one on each
// thread. Both alternate in one process; the roots of every implementation are compared first.
#include <cstdlib>

#include "assay/commit/tensor_hash.hpp"
#include "assay/crypto/sha256.hpp"
#include "assay/host/thread_pool.hpp"
#include "measure.hpp"

namespace {

using namespace assay;

constexpr std::size_t kBytes = std::size_t{16} << 20;  // some states' size; more than a cache
constexpr unsigned kPairs = 31;

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

// Of the wall clock at several threads; at one, of the thread's own time, which others do not
// touch.
void measure(const Bytes& bytes, unsigned threads) {
  host::ThreadTaskPool pool(threads);
  const crypto::Sha256Kind fastest = crypto::active_sha256_kind();
  const auto clock = [&] { return threads == 1 ? bench::thread_cpu_ns() : bench::wall_ns(); };
  Hash256 root;
  std::vector<Hash256> hashes(threads);
  const auto rate_per_thread = [&](auto&& work) {
    const std::uint64_t start = clock();
    work();
    return static_cast<double>(kBytes) / static_cast<double>(clock() - start) / threads;
  };
  const auto one_message_each = [&](std::size_t first, std::size_t last) {
    const std::size_t size = kBytes / threads;
    for (std::size_t i = first; i < last; ++i)
      hashes[i] = crypto::sha256(ByteView(bytes).subspan(i * size, size));
  };
  bench::Spread ours;
  bench::Spread theirs;
  bench::Spread ratio;
  bench::alternate(
      kPairs,
      [&] { return rate_per_thread([&] { root = commit::tensor_root(kType, bytes, pool); }); },
      [&] {
        crypto::force_sha256_kind(crypto::Sha256Kind::kOpenssl);
        const double value = rate_per_thread([&] { pool.run(threads, 1, one_message_each); });
        crypto::force_sha256_kind(fastest);
        return value;
      },
      [&](double merkle, double openssl) {
        ours.add(merkle);
        theirs.add(openssl);
        ratio.add(merkle / openssl);
      });
  const std::string suffix = "_" + std::to_string(threads) + "t";
  ours.print("commit_merkle_per_thread" + suffix, "GB/s");
  theirs.print("commit_openssl_one_stream" + suffix, "GB/s");
  ratio.print("commit_merkle_over_openssl" + suffix, "x");
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
