#include "ledger_rpc.hpp"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <mutex>
#include <thread>

#include "assay/crypto/random.hpp"
#include "assay/host/clock.hpp"
#include "assay/host/key_file.hpp"
#include "assay/host/read_file.hpp"
#include "assay/host/thread_pool.hpp"
#include "assay/net/client.hpp"
#include "assay/node/home.hpp"
#include "assay/node/process.hpp"
#include "assay/rpc/client.hpp"
#include "assay/rpc/https.hpp"
#include "ledger_load.hpp"
#include "measure.hpp"

extern char** environ;

namespace assay::bench {

namespace {

unsigned long count_of(std::string_view text, std::string_view part) {
  unsigned long count = 0;
  for (std::size_t at = text.find(part); at != std::string_view::npos;
       at = text.find(part, at + part.size()))
    ++count;
  return count;
}

// The clients: every connection has senders of its own, so that nonces arrive in order.
class Load {
 public:
  Load(const std::filesystem::path& home, unsigned port)
      : m_transfers(chain_id_of(need(node::read_home(home)).genesis)),
        m_url("https://127.0.0.1:" + std::to_string(port)),
        m_nonces(kAccounts) {
    net::ClientOptions options;
    const Bytes pem = need(host::read_file(node::authority_path(home), 65536));
    options.authority_pem.assign(pem.begin(), pem.end());
    options.max_idle_per_origin = 256;
    m_http = need(net::HttpsClient::create(options));
  }

  void prepare(unsigned batches, unsigned connections) {
    m_bodies.assign(connections, {});
    host::ThreadTaskPool pool(0);
    pool.run(connections, 1, [&](std::size_t begin, std::size_t end) {
      for (std::size_t c = begin; c < end; ++c)
        for (std::size_t b = c; b < batches; b += connections)
          m_bodies[c].push_back(body(c, connections));
    });
  }

  LoadResult run(double rate) {
    const double gap_ns = rate == 0 ? 0 : 1e9 * kRpcBatch / rate;  // between requests
    LoadResult result;
    std::vector<double> latencies;
    std::mutex mutex;
    std::vector<std::thread> threads;
    const std::uint64_t start = wall_ns();
    const std::uint64_t cpu = process_cpu_ns();
    for (std::size_t c = 0; c < m_bodies.size(); ++c)
      threads.emplace_back([&, c] {
        const auto post = rpc::make_post(*m_http, m_url, 60'000);
        for (std::size_t i = 0; i < m_bodies[c].size(); ++i) {
          std::uint64_t due = wall_ns();
          if (rate != 0) {
            due = start +
                  static_cast<std::uint64_t>(gap_ns * static_cast<double>(i * m_bodies.size() + c));
            if (const std::uint64_t now = wall_ns(); now < due)
              std::this_thread::sleep_for(std::chrono::nanoseconds(due - now));
          }
          const auto answer = post(m_bodies[c][i]);
          const double ms = static_cast<double>(wall_ns() - due) * 1e-6;
          const std::lock_guard lock(mutex);
          latencies.push_back(ms);
          if (!answer) {
            result.failed += kRpcBatch;
            continue;
          }
          const std::string_view text(reinterpret_cast<const char*>(answer->data()),
                                      answer->size());
          const unsigned long committed = count_of(text, "\"verdict_code\":0");
          const unsigned long busy = count_of(text, "\"code\":-32028");
          result.committed += committed;
          result.busy += busy;
          result.failed += kRpcBatch - committed - busy;
        }
      });
    for (std::thread& thread : threads) thread.join();
    result.wall_s = static_cast<double>(wall_ns() - start) * 1e-9;
    result.client_cpu_s = static_cast<double>(process_cpu_ns() - cpu) * 1e-9;
    std::sort(latencies.begin(), latencies.end());
    const auto at = [&](double share) {
      return latencies[static_cast<std::size_t>(share * static_cast<double>(latencies.size() - 1))];
    };
    result.p50 = at(0.5);
    result.p90 = at(0.9);
    result.p99 = at(0.99);
    result.max = at(1);
    return result;
  }

 private:
  std::string body(std::size_t connection, std::size_t connections) {
    codec::Json::Array all;
    std::size_t account = connection;
    for (unsigned i = 0; i < kRpcBatch; ++i) {
      const Bytes tx = m_transfers.make(account, ++m_nonces[account]);
      all.push_back(to_hex(tx));
      account += connections;
      if (account >= kAccounts) account = connection;
    }
    return rpc::make_request(1, "submit_transactions",
                             codec::Json::object({{"txs", std::move(all)}}));
  }

  Transfers m_transfers;
  std::string m_url;
  std::vector<std::uint64_t> m_nonces;  // the last of each account
  std::unique_ptr<net::HttpsClient> m_http;
  std::vector<std::vector<std::string>> m_bodies;  // of each connection
};

}  // namespace

int serve_main(const std::filesystem::path& home) {
  const host::SystemClock clock;
  NoLog log;
  crypto::SystemRng rng;
  node::HomeOptions made;
  made.home = home;
  made.accounts = rich_accounts();
  made.password = "a password for benches";
  made.scrypt_n = 1024;
  (void)need(node::init_home(made, clock, rng));
  const node::Home files = need(node::read_home(home));
  const crypto::KeyPair operator_key =
      need(host::open_key_file(node::operator_key_path(home), made.password));
  node::NodeConfig config;
  config.home = home;
  config.genesis = files.genesis;
  config.certificate_pem = files.certificate_pem;
  config.key_pem = files.key_pem;
  config.disk_reserve_bytes = 1 << 20;
  config.operator_key = &operator_key;
  const auto node = need(node::NodeProcess::start(config, clock, log));
  std::printf("%u\n", unsigned{node->port()});
  std::fflush(stdout);
  std::jthread ender([&node] {
    while (std::getchar() != EOF) {
    }
    node->stop();
  });
  return node->run() ? 0 : 1;
}

int load_main(const std::filesystem::path& home, unsigned port) {
  Load load(home, port);
  std::string order;
  while (std::cin >> order) {
    if (order == "prepare") {
      unsigned batches = 0, connections = 0;
      std::cin >> batches >> connections;
      load.prepare(batches, connections);
      std::printf("ready\n");
    } else {
      double rate = 0;
      std::cin >> rate;
      const LoadResult r = load.run(rate);
      std::printf("%f %f %lu %lu %lu %f %f %f %f\n", r.wall_s, r.client_cpu_s, r.committed, r.busy,
                  r.failed, r.p50, r.p90, r.p99, r.max);
    }
    std::fflush(stdout);
  }
  return 0;
}

struct RpcSide::Child {
  pid_t pid = -1;
  std::FILE* in = nullptr;   // what it reads
  std::FILE* out = nullptr;  // what it says

  explicit Child(std::vector<std::string> arguments) {
    int to[2], from[2];
    if (::pipe2(to, O_CLOEXEC) != 0 || ::pipe2(from, O_CLOEXEC) != 0) die("no pipe");
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, to[0], 0);
    posix_spawn_file_actions_adddup2(&actions, from[1], 1);
    std::vector<char*> argv;
    for (std::string& argument : arguments) argv.push_back(argument.data());
    argv.push_back(nullptr);
    if (::posix_spawn(&pid, argv[0], &actions, nullptr, argv.data(), environ) != 0)
      die("cannot start " + arguments[0]);
    posix_spawn_file_actions_destroy(&actions);
    ::close(to[0]);
    ::close(from[1]);
    in = ::fdopen(to[1], "w");
    out = ::fdopen(from[0], "r");
  }
  void end() {
    std::fclose(in);
    ::waitpid(pid, nullptr, 0);
    std::fclose(out);
  }
};

RpcSide::RpcSide(const std::string& program, const std::filesystem::path& home) {
  m_children.push_back(Child({program, "serve", home.string()}));
  unsigned port = 0;
  if (std::fscanf(m_children[0].out, "%u", &port) != 1) die("the node did not start");
  m_children.push_back(Child({program, "load", home.string(), std::to_string(port)}));
}
RpcSide::~RpcSide() {
  m_children[1].end();
  m_children[0].end();
}

void RpcSide::prepare(unsigned batches, unsigned connections) {
  std::fprintf(m_children[1].in, "prepare %u %u\n", batches, connections);
  std::fflush(m_children[1].in);
  char word[16] = {};
  if (std::fscanf(m_children[1].out, "%15s", word) != 1) die("the clients ended");
}

LoadResult RpcSide::run(double rate) {
  const double cpu = server_cpu_s();
  std::fprintf(m_children[1].in, "run %f\n", rate);
  std::fflush(m_children[1].in);
  LoadResult r;
  if (std::fscanf(m_children[1].out, "%lf %lf %lu %lu %lu %lf %lf %lf %lf", &r.wall_s,
                  &r.client_cpu_s, &r.committed, &r.busy, &r.failed, &r.p50, &r.p90, &r.p99,
                  &r.max) != 9)
    die("the clients ended");
  r.server_cpu_s = server_cpu_s() - cpu;
  return r;
}

double RpcSide::server_cpu_s() const {
  std::ifstream stat("/proc/" + std::to_string(m_children[0].pid) + "/stat");
  std::string field;
  double ticks = 0;
  for (int i = 1; i <= 15 && stat >> field; ++i)
    if (i >= 14) ticks += std::stod(field);
  return ticks / static_cast<double>(::sysconf(_SC_CLK_TCK));
}

double RpcSide::server_rss_mib() const {
  std::ifstream statm("/proc/" + std::to_string(m_children[0].pid) + "/statm");
  double size = 0, resident = 0;
  statm >> size >> resident;
  return resident * static_cast<double>(::sysconf(_SC_PAGESIZE)) / (1 << 20);
}

}  // namespace assay::bench
