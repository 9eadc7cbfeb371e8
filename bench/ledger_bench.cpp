// Committed transfers beside their two bounds, in turns in one process on two threads: bare
// verification of their signatures, and bare synced writes of the batches that their blocks are.
// Then the same through the RPC, with the clients in a process of their own, and twice what that
// sustains.
//   ledger_bench [--rounds N] [--rpc-rounds N] [--overload-seconds N] [--folder PATH]
//                [--only verify|write|ledger]
//   ledger_bench accounts                      # what bench/consensus_peers.py makes its ledger of,
//   ledger_bench transfers CHAIN_HEX COUNT     # and what it sends
#include <openssl/evp.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <cstring>
#include <filesystem>

#include "assay/core/hex.hpp"
#include "assay/host/clock.hpp"
#include "assay/host/thread_pool.hpp"
#include "assay/net/event_loop.hpp"
#include "assay/node/intake.hpp"
#include "assay/node/ledger_node.hpp"
#include "assay/node/storage.hpp"
#include "ledger_load.hpp"
#include "ledger_rpc.hpp"
#include "measure.hpp"

namespace {

using namespace assay;
namespace fs = std::filesystem;

constexpr unsigned kThreads = 2;

using bench::die;
using bench::need;

// What a measurement cost, of so many transfers.
struct Cost {
  double wall_us = 0;  // each
  double cpu_us = 0;
};
template <class Work>
Cost cost_of(std::size_t count, Work&& work) {
  const std::uint64_t wall = bench::wall_ns();
  const std::uint64_t cpu = bench::process_cpu_ns();
  work();
  const double each = 1e-3 / static_cast<double>(count);
  return {static_cast<double>(bench::wall_ns() - wall) * each,
          static_cast<double>(bench::process_cpu_ns() - cpu) * each};
}

// The ledger as a node has it: pool, blocks, RocksDB; signatures are checked on two threads while
// the loop applies and writes.
class LedgerSide {
 public:
  LedgerSide(const fs::path& folder, const protocol::Genesis& genesis, const crypto::KeyPair& key)
      : m_store(need(store::RocksStore::open(folder, node::ledger_store_options()))) {
    node::NodeOptions options;
    options.may_write = node::reserve_space(*m_store, 1 << 20);
    m_node = need(node::LedgerNode::open(*m_store, genesis, key, m_clock, m_log, options));
    m_checkers = std::make_unique<net::WorkerThread>(m_loop, kThreads);
    m_intake = std::make_unique<node::Intake>(*m_node, [this](auto job, auto done) {
      return m_checkers->submit(std::move(job), [this, done = std::move(done)] {
        done();
        work();
      });
    });
  }
  // Until every one of them is answered: committed. So many wait at a time that blocks are full.
  void commit(std::vector<Bytes> transactions) {
    m_given = std::move(transactions);
    m_next = 0;
    m_missing = m_given.size();
    while (m_next < std::min(m_given.size(), kInFlight)) submit_next();
    m_intake->flush();
    m_loop.run();
  }
  [[nodiscard]] const node::LedgerNode& node() const { return *m_node; }

 private:
  static constexpr std::size_t kInFlight = 8192;
  void submit_next() {
    m_intake->submit(std::move(m_given[m_next++]), [this](const Result<node::TxOutcome>& outcome) {
      if (!outcome) die(outcome.error().message);
      if (outcome->verdict != protocol::TxVerdict::kApplied) die(to_string(outcome->verdict));
      if (--m_missing == 0) m_loop.stop();
      if (m_next < m_given.size()) submit_next();
    });
  }
  void work() {
    if (m_timer != 0) m_loop.cancel(m_timer);
    m_timer = 0;
    (void)need(m_node->tick());
    m_intake->flush();
    if (const auto wake = m_node->next_wake_ms())
      m_timer = m_loop.call_at(*wake, [this] {
        m_timer = 0;
        work();
      });
  }
  host::SystemClock m_clock;
  bench::NoLog m_log;
  std::unique_ptr<store::RocksStore> m_store;
  std::unique_ptr<node::LedgerNode> m_node;
  net::EventLoop m_loop;
  net::TimerId m_timer = 0;
  std::unique_ptr<net::WorkerThread> m_checkers;
  std::unique_ptr<node::Intake> m_intake;
  std::vector<Bytes> m_given;
  std::size_t m_next = 0;
  std::size_t m_missing = 0;
};

// The same blocks once more, in another store: each batch is made beforehand and only its write is
// timed.
class WriteSide {
 public:
  WriteSide(const fs::path& folder, const protocol::Genesis& genesis)
      : m_store(need(store::RocksStore::open(folder, node::ledger_store_options()))),
        m_machine(*m_store) {
    need(m_store->write(need(protocol::init_chain(*m_store, genesis)).batch));
  }
  // Blocks of `node` after the last ones, up to `to`. Adds to `bytes` what was written.
  Cost write_blocks(const node::LedgerNode& node, Height to, std::size_t& transfers,
                    std::size_t& writes, std::size_t& bytes) {
    Cost sum;
    transfers = 0;
    for (; m_height < to.value; ++m_height) {
      const Height height{m_height + 1};
      const protocol::BlockHeader header = *need(node.reader().header(height));
      protocol::Block block{height, header.time_ms, header.beacon,
                            *need(node.reader().transactions(height))};
      protocol::BlockResult result = need(m_machine.apply(block));
      if (result.header != header) die("the same block gave another header");
      // What the node adds to a block: its seal and an index entry for each transaction.
      result.batch.put(Bytes(10, 'e'), Bytes(128));
      for (const protocol::Receipt& receipt : result.receipts.receipts) {
        Bytes key = to_bytes(as_bytes("et"));
        key.insert(key.end(), receipt.id.value.bytes.begin(), receipt.id.value.bytes.end());
        result.batch.put(std::move(key), Bytes(11));
      }
      for (const auto& [key, value] : result.batch.writes)
        bytes += key.size() + (value ? value->size() : 0);
      writes += result.batch.writes.size();
      const Cost cost = cost_of(1, [&] { need(m_store->write(result.batch)); });
      m_machine.written();
      sum.wall_us += cost.wall_us;
      sum.cpu_us += cost.cpu_us;
      transfers += block.transactions.size();
    }
    sum.wall_us /= static_cast<double>(transfers);
    sum.cpu_us /= static_cast<double>(transfers);
    return sum;
  }

 private:
  std::unique_ptr<store::RocksStore> m_store;
  protocol::StateMachine m_machine;
  std::uint64_t m_height = 0;
};

struct Figures {
  bench::Spread verify, write, ledger;              // transfers a second
  bench::Spread verify_cpu, write_cpu, ledger_cpu;  // microseconds each
  bench::Spread of_verify, of_write, of_slower, of_verify_cpu;

  void take(const Cost& a, const Cost& b, const Cost& c) {
    verify.add(1e6 / a.wall_us);
    write.add(1e6 / b.wall_us);
    ledger.add(1e6 / c.wall_us);
    verify_cpu.add(a.cpu_us);
    write_cpu.add(b.cpu_us);
    ledger_cpu.add(c.cpu_us);
    of_verify.add(a.wall_us / c.wall_us);
    of_write.add(b.wall_us / c.wall_us);
    of_slower.add(std::max(a.wall_us, b.wall_us) / c.wall_us);
    of_verify_cpu.add(a.cpu_us / c.cpu_us);
  }
  void print() const {
    verify.print("ledger_bare_verification", "/s");
    write.print("ledger_bare_writes", "/s");
    ledger.print("ledger_committed", "/s");
    verify_cpu.print("ledger_bare_verification_cpu", "us");
    write_cpu.print("ledger_bare_writes_cpu", "us");
    ledger_cpu.print("ledger_committed_cpu", "us");
    of_verify.print("ledger_committed_of_verification", "x");
    of_write.print("ledger_committed_of_writes", "x");
    of_slower.print("ledger_committed_of_slower_bound", "x");
    of_verify_cpu.print("ledger_committed_of_verification_cpu", "x");
  }
};

// As OpenSSL's manual has it; the node keeps keys ready, which this does not.
bool plain_verify(const Hash256& public_key, ByteView message, const std::uint8_t* signature64) {
  EVP_PKEY* const key = EVP_PKEY_new_raw_public_key(
      EVP_PKEY_ED25519, nullptr, public_key.bytes.data(), public_key.bytes.size());
  EVP_MD_CTX* const context = EVP_MD_CTX_new();
  const bool holds =
      EVP_DigestVerifyInit(context, nullptr, nullptr, nullptr, key) == 1 &&
      EVP_DigestVerify(context, signature64, 64, message.data(), message.size()) == 1;
  EVP_MD_CTX_free(context);
  EVP_PKEY_free(key);
  return holds;
}

// The first bound: every signature, on the pool's threads, and nothing else.
Cost verify_all(const std::vector<Bytes>& batch, TaskPool& pool) {
  std::atomic<unsigned> wrong{0};
  const Cost cost = cost_of(batch.size(), [&] {
    pool.run(batch.size(), 16, [&](std::size_t begin, std::size_t end) {
      for (std::size_t i = begin; i < end; ++i) {
        const ByteView body = ByteView(batch[i]).first(batch[i].size() - 64);
        Hash256 sender;
        std::memcpy(sender.bytes.data(), body.data() + 33, 32);
        const TxId id = protocol::tx_digest(body);
        if (!plain_verify(sender, id.value.view(), body.data() + body.size())) ++wrong;
      }
    });
  });
  if (wrong != 0) die("a signature does not hold");
  return cost;
}

void measure(const fs::path& folder, unsigned rounds, const std::string& only) {
  host::ThreadTaskPool pool(kThreads);
  const crypto::KeyPair key = bench::key_of(1u << 30);
  protocol::Genesis genesis;
  genesis.name = "bench";
  genesis.operator_key = key.public_key();
  genesis.time_ms = 1'000'000;
  genesis.accounts = bench::rich_accounts();
  const bench::Transfers transfers(chain_id_of(genesis));
  LedgerSide ledger(folder / "ledger", genesis, key);
  WriteSide writes(folder / "writes", genesis);

  // The writes come after all of it: a store that tidies up what it was given would be charged to
  // the ledger.
  std::vector<std::pair<Cost, Cost>> verified_and_committed;
  std::vector<Height> heads;
  for (unsigned round = 0; round <= rounds; ++round) {
    const auto batch =
        transfers.make_many(std::uint64_t{round} * bench::kBatch, bench::kBatch, pool);
    Cost a, c;
    const auto bound = [&] {
      if (only.empty() || only == "verify") a = verify_all(batch, pool);
    };
    if (round % 2 == 0) bound();
    std::vector<Bytes> given = batch;
    c = cost_of(batch.size(), [&] { ledger.commit(std::move(given)); });
    if (round % 2 != 0) bound();
    verified_and_committed.emplace_back(a, c);
    heads.push_back(ledger.node().head().height);
  }
  Figures figures;
  std::size_t write_count = 0, write_bytes = 0, written = 0;
  for (unsigned round = 0; round <= rounds; ++round) {
    Cost b;
    std::size_t count = 0;
    if (only.empty() || only == "write")
      b = writes.write_blocks(ledger.node(), heads[round], count, write_count, write_bytes);
    written += count;
    const auto& [a, c] = verified_and_committed[round];
    if (round > 0) figures.take(a, b, c);
  }
  figures.print();
  std::printf(
      "%u blocks of %.0f transfers; a transfer is %.1f writes of %.0f bytes\n",
      static_cast<unsigned>(ledger.node().head().height.value),
      static_cast<double>(rounds + 1) * bench::kBatch /
          static_cast<double>(ledger.node().head().height.value),
      static_cast<double>(write_count) / static_cast<double>(std::max<std::size_t>(1, written)),
      static_cast<double>(write_bytes) / static_cast<double>(std::max<std::size_t>(1, written)));
}

// The same bound beside the node's RPC; then twice as many transfers as it took.
void measure_rpc(const std::string& program, const fs::path& home, unsigned rounds,
                 unsigned overload_s) {
  constexpr unsigned kConnections = 32;
  // So many that beginning and end, where connections have nothing more to send, hardly count.
  constexpr unsigned kTransfers = 4 * bench::kBatch;
  host::ThreadTaskPool pool(kThreads);
  const auto batch = bench::Transfers(ChainId{}).make_many(0, bench::kBatch, pool);
  bench::RpcSide rpc(program, home);
  bench::Spread rate, wall_ratio, cpu_ratio, server_cpu, client_cpu;
  for (unsigned round = 0; round <= rounds; ++round) {
    rpc.prepare(kTransfers / bench::kRpcBatch, kConnections);
    Cost bound;
    if (round % 2 == 0) bound = verify_all(batch, pool);
    const bench::LoadResult r = rpc.run(0);
    if (round % 2 != 0) bound = verify_all(batch, pool);
    if (r.committed != kTransfers) die("the node refused what it had room for");
    if (round == 0) continue;
    const auto count = static_cast<double>(r.committed);
    rate.add(count / r.wall_s);
    server_cpu.add(1e6 * r.server_cpu_s / count);
    client_cpu.add(1e6 * r.client_cpu_s / count);
    wall_ratio.add(bound.wall_us * count / (1e6 * r.wall_s));
    cpu_ratio.add(bound.cpu_us * count / (1e6 * r.server_cpu_s));
  }
  rate.print("ledger_rpc_committed", "/s");
  server_cpu.print("ledger_rpc_server_cpu", "us");
  client_cpu.print("ledger_rpc_clients_cpu", "us");
  wall_ratio.print("ledger_rpc_of_verification_wall", "x");
  cpu_ratio.print("ledger_rpc_of_verification_cpu", "x");

  if (overload_s == 0) return;
  const double twice = 2 * rate.median();
  rpc.prepare(static_cast<unsigned>(twice * overload_s / bench::kRpcBatch), 128);
  const double before = rpc.server_rss_mib();
  const bench::LoadResult r = rpc.run(twice);
  std::printf("figure ledger_overload_offered %.0f /s\n", twice);
  std::printf("figure ledger_overload_committed %.0f /s\n",
              static_cast<double>(r.committed) / r.wall_s);
  std::printf("figure ledger_overload_busy %lu\nfigure ledger_overload_failed %lu\n", r.busy,
              r.failed);
  std::printf("figure ledger_overload_latency_p50 %.0f ms\n", r.p50);
  std::printf("figure ledger_overload_latency_p90 %.0f ms\n", r.p90);
  std::printf("figure ledger_overload_latency_p99 %.0f ms\n", r.p99);
  std::printf("figure ledger_overload_latency_max %.0f ms\n", r.max);
  std::printf("figure ledger_overload_rss_before %.0f MiB\n", before);
  std::printf("figure ledger_overload_rss_after %.0f MiB\n", rpc.server_rss_mib());
}

// For `assayd genesis create`.
int print_accounts() {
  for (const protocol::GenesisAccount& one : bench::rich_accounts())
    std::printf("[[accounts]]\nid = \"%s\"\natoms = %llu\n", to_hex(one.account.value).c_str(),
                static_cast<unsigned long long>(one.amount.value));
  return 0;
}

// So many transfers between these accounts, a line of hex digits each, and how long their
// signatures take to check: microseconds each of one thread.
int print_transfers(const char* chain_hex, std::size_t count) {
  const ChainId chain{need(hash_from_hex(chain_hex))};
  host::ThreadTaskPool pool(kThreads);
  const std::vector<Bytes> all = bench::Transfers(chain).make_many(0, count, pool);
  for (const Bytes& one : all) std::printf("%s\n", to_hex(one).c_str());
  host::ThreadTaskPool alone(1);
  const std::size_t checked = std::min<std::size_t>(20'000, all.size());
  const std::vector<Bytes> some(all.data(), all.data() + checked);
  std::printf("%.3f\n", verify_all(some, alone).wall_us);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc == 3 && std::strcmp(argv[1], "serve") == 0) return bench::serve_main(argv[2]);
  if (argc == 4 && std::strcmp(argv[1], "load") == 0)
    return bench::load_main(argv[2], static_cast<unsigned>(std::atoi(argv[3])));
  if (argc == 2 && std::strcmp(argv[1], "accounts") == 0) return print_accounts();
  if (argc == 4 && std::strcmp(argv[1], "transfers") == 0)
    return print_transfers(argv[2], static_cast<std::size_t>(std::atoll(argv[3])));
  unsigned rounds = 7, rpc_rounds = 5, overload_s = 10;
  fs::path folder = "build/bench/ledger";
  std::string only;
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string name = argv[i];
    if (name == "--rounds") rounds = static_cast<unsigned>(std::atoi(argv[i + 1]));
    if (name == "--rpc-rounds") rpc_rounds = static_cast<unsigned>(std::atoi(argv[i + 1]));
    if (name == "--overload-seconds") overload_s = static_cast<unsigned>(std::atoi(argv[i + 1]));
    if (name == "--folder") folder = argv[i + 1];
    if (name == "--only") only = argv[i + 1];
  }
  fs::remove_all(folder);
  fs::create_directories(folder);
  if (rounds > 0) measure(folder, rounds, only);
  if (rpc_rounds > 0)
    measure_rpc(fs::read_symlink("/proc/self/exe"), folder / "home", rpc_rounds, overload_s);
  fs::remove_all(folder);
  return 0;
}
