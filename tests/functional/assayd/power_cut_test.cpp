// INV-NOD-002, 005, 007 and 009 on the real program: its power is cut again and again under load,
// while it prunes, while it imports and while it writes a snapshot. ASSAY_POWER_CUTS: how often,
// default 20.
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <fstream>
#include <mutex>
#include <random>
#include <thread>

#include "assay/core/memory_store.hpp"
#include "assay/host/read_file.hpp"
#include "assay/net/client.hpp"
#include "assay/node/home.hpp"
#include "assay/node/storage.hpp"
#include "assay/protocol/apply.hpp"
#include "assay/protocol/layout.hpp"
#include "assay/protocol/view.hpp"
#include "assay/rpc/https.hpp"
#include "market_load.hpp"
#include "support/process.hpp"
#include "support/temporary_folder.hpp"

namespace assay::node {
namespace {

namespace fs = std::filesystem;
using assay::test::Process;
using codec::Json;
using codec::JsonRef;

constexpr std::uint8_t kSenders[] = {2, 3, 4, 5};
constexpr std::uint8_t kLongSender = 5;          // of bodies that are long enough for blob files
constexpr std::uint8_t kMarkets[] = {100, 120};  // the first keys of those who trade and dispute
constexpr const char* kCutVariable = "ASSAY_CUT_AFTER_SYNCS";

using assay::test::key_of;
using test::client_id_of;
using test::MarketLoad;

unsigned rounds() {
  const char* text = std::getenv("ASSAY_POWER_CUTS");
  return text != nullptr ? static_cast<unsigned>(std::atoi(text)) : 20;
}

struct Acknowledged {
  std::uint8_t sender = 0;
  std::uint64_t nonce = 0;
  std::string id;
  std::uint64_t height = 0;
  std::uint64_t verdict = 0;
};

// Transactions of one request.
unsigned batch_of(std::uint8_t sender) { return sender == kLongSender ? 32 : 8; }

// As long as a profile may be.
protocol::Payload long_profile(std::uint64_t nonce) {
  protocol::RegisterProfile p;
  p.url = "https://" + std::string(160, 'h') + std::to_string(nonce) + ".example";
  p.capabilities.assign(16, std::string(16, 'c'));
  return p;
}

// What a sender asks for, by turns: most of it applies, some is refused and recorded as that.
protocol::Payload payload_of(std::uint8_t sender, std::uint64_t nonce) {
  const AccountId to{key_of(static_cast<std::uint8_t>(10 + nonce % 50)).public_key()};
  if (sender == kLongSender) return long_profile(nonce);
  switch (nonce % 8) {
    case 1: return protocol::Stake{Amount{3}};
    case 3: return protocol::Unstake{Amount{2}};
    case 5:
      return protocol::RegisterProfile{
          "https://host" + std::to_string(nonce) + ".example", to.value, {}};
    case 6: return protocol::Transfer{to, Amount{1'000'000'000'000}};  // more than there is
    case 7: return protocol::CancelTask{TaskId{to.value}};             // there is none
    default: return protocol::Transfer{to, Amount{1}};
  }
}

protocol::TxVerdict verdict_of(std::uint8_t sender, std::uint64_t nonce) {
  if (sender == kLongSender) return protocol::TxVerdict::kApplied;
  switch (nonce % 8) {
    case 6: return protocol::TxVerdict::kInsufficientFunds;
    case 7: return protocol::TxVerdict::kUnknownTask;
    default: return protocol::TxVerdict::kApplied;
  }
}

class PowerCut : public ::testing::Test {
 protected:
  void SetUp() override {
    ::setenv("ASSAY_PASSWORD", "a password for tests", 1);
    ::unsetenv(kCutVariable);
    std::vector<std::string> arguments{ASSAYD_LOSSY,    "init",       "--home",
                                       home().string(), "--scrypt-n", "1024"};
    std::vector<std::uint8_t> rich(std::begin(kSenders), std::end(kSenders));
    for (const std::uint8_t first : kMarkets)
      for (std::uint8_t party = 0; party < MarketLoad::kParties; ++party)
        rich.push_back(static_cast<std::uint8_t>(first + party));
    for (const std::uint8_t seed : rich) {
      arguments.push_back("--account");
      arguments.push_back(to_hex(key_of(seed).public_key()) + "=100000000");
    }
    ASSERT_EQ(Process(arguments).wait(), 0);
    m_genesis = read_home(home())->genesis;
    protocol::BlockResult first = *protocol::init_chain(m_twin, m_genesis);
    ASSERT_TRUE(m_twin.write(first.batch));
    m_twin_head = first.header;
    for (const std::uint8_t first_seed : kMarkets)
      m_markets.push_back(std::make_unique<MarketLoad>(m_twin_head.chain, first_seed));
  }
  [[nodiscard]] fs::path home() const { return m_folder.path() / "node"; }

  void start() {
    m_process = std::make_unique<Process>(std::vector<std::string>{
        ASSAYD_LOSSY, "run", "--home", home().string(), "--port", "0", "--block-interval-ms", "1",
        "--keep-versions", "4", "--log-level", "error", "--disk-reserve-mib", "1"});
    m_url = m_process->line();
  }

  // Batches of transactions from every sender, one after another, until the node is gone.
  std::vector<Acknowledged> load_until_killed(unsigned delay_us, bool cuts_itself) {
    net::ClientOptions options;
    const Bytes pem = *host::read_file(authority_path(home()), 65536);
    options.authority_pem.assign(pem.begin(), pem.end());
    const auto http = *net::HttpsClient::create(options);
    std::vector<Acknowledged> acknowledged;
    std::mutex mutex;
    std::vector<std::thread> threads;
    for (const std::uint8_t sender : kSenders)
      threads.emplace_back([&, sender] {
        const auto post = rpc::make_post(*http, m_url, 10'000);
        while (true) {
          const std::uint64_t first = m_nonces[sender] + 1;
          m_nonces[sender] += batch_of(sender);
          const auto answers = post(batch(sender, first));
          if (!answers) return;
          const std::lock_guard lock(mutex);
          take_answers(sender, first, *answers, acknowledged);
        }
      });
    for (const auto& market : m_markets)
      threads.emplace_back([&] {
        rpc::RpcClient client(rpc::make_post(*http, m_url, 10'000));
        while (const auto done = step(*market, client)) {
          const std::lock_guard lock(mutex);
          if (!done->id.empty()) acknowledged.push_back(*done);
        }
      });
    if (!cuts_itself) {
      ::usleep(delay_us);
      m_process->kill(SIGKILL);
    }
    for (auto& thread : threads) thread.join();
    EXPECT_EQ(m_process->wait(), -SIGKILL);
    return acknowledged;
  }

  static Result<protocol::View> view_in(rpc::RpcClient& client, const Json& answer,
                                        const AccountId& account,
                                        const protocol::KnownMoves& known) {
    ASSAY_TRY(const std::uint64_t height, JsonRef(answer)["height"].u64());
    ASSAY_TRY(const Bytes bytes, JsonRef(answer)["excerpt"].hex());
    ASSAY_TRY(const commit::MapExcerpt excerpt, commit::decode_map_excerpt(bytes));
    const auto header = client.call("get_block_header", Json::object({{"height", Json(height)}}));
    if (!header) return Error{ErrorCode::kUnavailable, "the node is gone"};
    ASSAY_TRY(const Bytes signed_bytes, JsonRef(*header)["signed_header"].hex());
    ASSAY_TRY(const node::SignedHeader head, node::decode_signed_header(signed_bytes));
    return protocol::read_view(head.header, excerpt, account, known);
  }

  // What a life in the market needs next; its id is empty if there was nothing to do, or no answer.
  // None: the node is gone.
  static std::optional<Acknowledged> step(MarketLoad& market, rpc::RpcClient& client) {
    const protocol::KnownMoves known = market.memory().known();
    const auto answer =
        client.call("view", Json::object({{"account", to_hex(market.reader().value)},
                                          {"known", to_hex(protocol::encode(known))}}));
    if (!answer) return std::nullopt;
    auto view = view_in(client, *answer, market.reader(), known);
    if (!view && view.error().code == ErrorCode::kUnavailable) return std::nullopt;
    if (view) view = market.memory().complete(std::move(*view));
    EXPECT_TRUE(view) << view.error().message;
    if (!view) return std::nullopt;
    const auto sent = market.next(*view);
    if (!sent) {
      (void)client.call("wait_block", Json::object({{"after", view->head.height.value},
                                                    {"timeout_ms", std::uint64_t{50}}}));
      return Acknowledged{};
    }
    const auto taken =
        client.call("submit_transaction", Json::object({{"tx", to_hex(sent->transaction)}}));
    if (!taken) return Acknowledged{};
    const JsonRef outcome(*taken);
    const std::uint64_t verdict = *outcome["verdict_code"].u64();
    EXPECT_TRUE(protocol::is_recorded(static_cast<protocol::TxVerdict>(verdict))) << verdict;
    market.answered(*sent, static_cast<protocol::TxVerdict>(verdict));
    return Acknowledged{sent->sender, sent->nonce, *outcome["tx"].string(),
                        *outcome["height"].u64(), verdict};
  }

  Bytes transaction(std::uint8_t from, std::uint64_t nonce) const {
    protocol::Envelope e;
    e.chain = chain_id_of(m_genesis);
    e.sender = AccountId{key_of(from).public_key()};
    e.nonce = nonce;
    e.client_id = client_id_of(nonce);
    e.valid_until = Height{900'000};
    e.payload = payload_of(from, nonce);
    return sign_transaction(e, key_of(from));
  }

  // Of the nonces from `first` on; a request's id is its nonce.
  std::string batch(std::uint8_t sender, std::uint64_t first) const {
    std::string all;
    for (std::uint64_t nonce = first; nonce < first + batch_of(sender); ++nonce) {
      const Json params = Json::object({{"tx", to_hex(transaction(sender, nonce))}});
      all += (all.empty() ? "[" : ",") + rpc::make_request(nonce, "submit_transaction", params);
    }
    return all + "]";
  }

  static void take_answers(std::uint8_t sender, std::uint64_t first, const Bytes& answers,
                           std::vector<Acknowledged>& acknowledged) {
    const auto parsed = codec::parse_json(
        std::string_view(reinterpret_cast<const char*>(answers.data()), answers.size()));
    ASSERT_TRUE(parsed) << parsed.error().message;
    const auto* list = parsed->get<Json::Array>();
    ASSERT_TRUE(list != nullptr && list->size() == batch_of(sender));
    for (std::size_t i = 0; i < list->size(); ++i) {
      const auto answer = rpc::parse_response(first + i, (*list)[i].dump(), 65536);
      // A node whose power goes may answer that its disk failed.
      if (!answer) continue;
      const JsonRef outcome(*answer);
      acknowledged.push_back({sender, first + i, *outcome["tx"].string(), *outcome["height"].u64(),
                              *outcome["verdict_code"].u64()});
      EXPECT_EQ(acknowledged.back().verdict,
                static_cast<std::uint64_t>(verdict_of(sender, first + i)));
    }
  }

  // Until every market has lived a life of each kind, on a node that is not cut.
  std::vector<Acknowledged> live_on() {
    std::vector<Acknowledged> acknowledged;
    net::ClientOptions options;
    const Bytes pem = *host::read_file(authority_path(home()), 65536);
    options.authority_pem.assign(pem.begin(), pem.end());
    const auto http = *net::HttpsClient::create(options);
    rpc::RpcClient client(rpc::make_post(*http, m_url, 10'000));
    for (const auto& market : m_markets)
      for (unsigned left = 5'000; market->lives() < 5; --left) {
        EXPECT_GT(left, 0u) << "a task's life does not end";
        const auto done = left > 0 ? step(*market, client) : std::nullopt;
        if (!done) return acknowledged;
        if (!done->id.empty()) acknowledged.push_back(*done);
      }
    return acknowledged;
  }

  // What the cut left on the disk, against what was acknowledged and against the twin.
  void check_disk(const std::vector<Acknowledged>& acknowledged) {
    store::RocksOptions options = ledger_store_options();
    options.read_only = true;
    const auto opened = store::RocksStore::open(ledger_path(home()), options);
    if (!opened && m_twin_head.height == Height{0} && acknowledged.empty())
      return;  // it died before there was a store
    ASSERT_TRUE(opened) << opened.error().message;
    const KeyValueStore& store = **opened;
    const protocol::StateReader reader(store);
    const auto head = reader.head();
    if (!head) {
      // It died before its first block.
      ASSERT_EQ(head.error().code, ErrorCode::kNotFound);
      ASSERT_TRUE(acknowledged.empty() && m_twin_head.height == Height{0});
      return;
    }
    ASSERT_GE(head->height, m_twin_head.height);
    for (std::uint64_t h = m_twin_head.height.value + 1; h <= head->height.value; ++h) {
      const auto header = *reader.header(Height{h});
      ASSERT_TRUE(header);
      protocol::Block block{Height{h}, header->time_ms, header->beacon,
                            **reader.transactions(Height{h})};
      protocol::BlockResult result = *protocol::apply(m_twin, block);
      ASSERT_EQ(result.header, *header) << "the uncrashed twin has another block " << h;
      note(block, result);
      ASSERT_TRUE(m_twin.write(result.batch));
      WriteBatch pruned;
      ASSERT_TRUE(protocol::state_map(m_twin).prune(h, 1'000'000, pruned));
      ASSERT_TRUE(m_twin.write(pruned));
      m_twin_head = result.header;
    }
    ASSERT_EQ(*head, m_twin_head);
    ASSERT_EQ(*protocol::state_map(store).root(head->height.value), head->state_root);
    for (const Acknowledged& a : acknowledged) {
      ASSERT_LE(a.height, head->height.value) << "an acknowledged block is lost";
      const auto result =
          *reader.result_of(AccountId{key_of(a.sender).public_key()}, client_id_of(a.nonce));
      ASSERT_TRUE(result) << "an acknowledged transaction is lost";
      ASSERT_EQ(to_hex(result->id.value), a.id);
      ASSERT_EQ(static_cast<std::uint64_t>(result->verdict), a.verdict);
    }
  }

  // What was written under which letter of the state, and what became of it.
  void note(const protocol::Block& block, const protocol::BlockResult& result) {
    for (const auto& [key, value] : result.batch.writes)
      if (key.size() > 1 && key[0] == protocol::kStatePrefix) m_letters.insert(key[1]);
    for (std::size_t i = 0; i < block.transactions.size(); ++i)
      if (result.receipts.receipts[i].verdict == protocol::TxVerdict::kApplied)
        m_kinds.insert(*protocol::claimed_kind(block.transactions[i]));
  }
  [[nodiscard]] std::size_t blob_files() const {
    std::size_t count = 0;
    for (const auto& entry : fs::directory_iterator(ledger_path(home())))
      count += entry.path().extension() == ".blob" ? 1 : 0;
    return count;
  }

  void check_all(bool replay) {
    const auto report = verify_home(home(), {replay, nullptr});
    ASSERT_TRUE(report) << report.error().message;
    ASSERT_EQ(report->fault_count, 0u) << report->faults[0];
    ASSERT_EQ(report->replayed, replay);
  }

  // A home of the same chain without a ledger.
  fs::path empty_home(const char* name) const {
    const fs::path other = m_folder.path() / name;
    fs::create_directories(other);
    for (const char* part : {"config", "keys", "tls"})
      fs::copy(home() / part, other / part, fs::copy_options::recursive);
    return other;
  }

  // Some blocks, and an orderly end.
  // Stopped under load, when there are enough blocks to fill tables, however slow the machine is.
  void make_ledger() {
    constexpr unsigned kTakenMin = 60;
    start();
    std::atomic<unsigned> taken = 0;
    std::jthread killer([&] {
      while (taken < kTakenMin) ::usleep(10'000);
      m_process->kill(SIGTERM);
    });
    net::ClientOptions options;
    const Bytes pem = *host::read_file(authority_path(home()), 65536);
    options.authority_pem.assign(pem.begin(), pem.end());
    const auto http = *net::HttpsClient::create(options);
    rpc::RpcClient client(rpc::make_post(*http, m_url, 10'000));
    for (std::uint64_t nonce = 1; nonce < 5000; ++nonce, ++taken)
      if (!client.call("submit_transaction",
                       Json::object({{"tx", to_hex(transaction(kSenders[0], nonce))}})))
        break;
    EXPECT_GE(taken, kTakenMin);
    taken = kTakenMin;
    killer.join();
    ASSERT_EQ(m_process->wait(), 0);
  }

  assay::test::TemporaryFolder m_folder;
  protocol::Genesis m_genesis;
  std::unique_ptr<Process> m_process;
  std::string m_url;
  std::map<std::uint8_t, std::uint64_t> m_nonces{{2, 0}, {3, 0}, {4, 0}, {5, 0}};
  MemoryStore m_twin;
  protocol::BlockHeader m_twin_head;
  std::vector<std::unique_ptr<MarketLoad>> m_markets;
  // Of all blocks that the twin applied.
  std::set<std::uint8_t> m_letters;
  std::set<protocol::TxKind> m_kinds;
};

TEST_F(PowerCut, EverythingAcknowledgedIsThereAndTheTwinAgrees) {
  const unsigned seed = std::random_device{}();
  RecordProperty("seed", std::to_string(seed));
  std::mt19937 random(seed);
  std::size_t acknowledged = 0;
  unsigned in_sync = 0;
  const auto start_time = std::chrono::steady_clock::now();
  for (unsigned round = 0; round < rounds(); ++round) {
    SCOPED_TRACE("round " + std::to_string(round) + ", seed " + std::to_string(seed));
    // Every other cut hits a sync of the disk in its middle.
    const bool cuts_itself = random() % 2 == 0;
    if (cuts_itself) ::setenv(kCutVariable, std::to_string(random() % 150).c_str(), 1);
    start();
    ::unsetenv(kCutVariable);
    if (m_url.empty()) {
      ASSERT_TRUE(cuts_itself);
      ASSERT_EQ(m_process->wait(), -SIGKILL);  // while it started
      check_disk({});
      ++in_sync;
      continue;
    }
    const auto answered = load_until_killed(static_cast<unsigned>(random() % 120'000), cuts_itself);
    in_sync += cuts_itself ? 1 : 0;
    acknowledged += answered.size();
    check_disk(answered);
    if (HasFatalFailure()) return;
    if (round % 50 == 49) check_all(false);
  }
  const std::size_t lives = m_markets[0]->lives() + m_markets[1]->lives();
  const std::size_t kinds = m_kinds.size();
  start();
  ASSERT_FALSE(m_url.empty());
  const auto answered = live_on();
  ASSERT_EQ(m_process->kill_and_wait(SIGTERM), 0);
  check_disk(answered);
  check_all(true);
  // Every record but the supply, which genesis alone writes; values that go into blob files.
  const std::string letters(m_letters.begin(), m_letters.end());
  EXPECT_EQ(letters, "ABCDGHIJKLMNPQRTVXchjl");
  using protocol::TxKind;
  for (const TxKind kind : {TxKind::kPlayMove, TxKind::kStandUp, TxKind::kOpenSeal,
                            TxKind::kAwardQuote, TxKind::kWithdrawBid, TxKind::kFundTask})
    EXPECT_TRUE(m_kinds.contains(kind)) << to_string(kind);
  EXPECT_GT(blob_files(), 0u);
  EXPECT_GT(acknowledged, rounds());
  EXPECT_GT(in_sync, 0u);
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start_time;
  std::printf(
      "figure power_cuts %u cuts, %u of them in a sync, %zu transactions acknowledged, %llu "
      "blocks, none lost, %.2f s a cut\n"
      "figure power_cut_lives %zu tasks, %zu kinds of transactions\n",
      rounds(), in_sync, acknowledged, static_cast<unsigned long long>(m_twin_head.height.value),
      took.count() / rounds(), lives, kinds);
}

TEST_F(PowerCut, AnImportThatIsCutInAnySyncIsDoneAgain) {
  make_ledger();
  const std::string file = (m_folder.path() / "ledger.assay").string();
  ASSERT_EQ(Process({ASSAYD_LOSSY, "export", "--home", home().string(), "--file", file}).wait(), 0);
  const fs::path other = empty_home("other");
  unsigned cuts = 0;
  for (int outcome = -SIGKILL; outcome != 0; ++cuts) {
    ::setenv(kCutVariable, std::to_string(cuts).c_str(), 1);
    outcome = Process({ASSAYD_LOSSY, "import", "--home", other.string(), "--file", file}).wait();
    ::unsetenv(kCutVariable);
    ASSERT_TRUE(outcome == 0 || outcome == -SIGKILL) << outcome;
    ASSERT_EQ(fs::exists(ledger_path(other)), outcome == 0);
    ASSERT_LT(cuts, 500u);
  }
  EXPECT_GT(cuts, 5u);
  const auto report = verify_home(other, {true, nullptr});
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(report->fault_count, 0u) << report->faults[0];
  EXPECT_EQ(report->head, verify_home(home(), {})->head);
  // Equal chains, equal files; and what is there already is not touched.
  const std::string again = (m_folder.path() / "again.assay").string();
  ASSERT_EQ(Process({ASSAYD_LOSSY, "export", "--home", other.string(), "--file", again}).wait(), 0);
  EXPECT_EQ(*host::read_file(file, 1u << 30), *host::read_file(again, 1u << 30));
  EXPECT_NE(Process({ASSAYD_LOSSY, "import", "--home", other.string(), "--file", file}).wait(), 0);
}

TEST_F(PowerCut, ASnapshotIsThereWholeOrNotAtAll) {
  make_ledger();
  const fs::path whole = m_folder.path() / "whole.assay";
  const fs::path file = m_folder.path() / "ledger.assay";
  const auto snapshot = [&](const fs::path& to) {
    return Process({ASSAYD_LOSSY, "snapshot", "--home", home().string(), "--file", to.string()});
  };
  ASSERT_EQ(snapshot(whole).wait(), 0);
  const Bytes expected = *host::read_file(whole, 1u << 30);
  for (unsigned round = 0; round < 20; ++round) {
    Process process = snapshot(file);
    ::usleep(round * 4000);
    (void)process.kill_and_wait(SIGKILL);
    if (!fs::exists(file)) continue;
    EXPECT_EQ(*host::read_file(file, 1u << 30), expected) << round;
    fs::remove(file);
  }
  ASSERT_EQ(snapshot(file).wait(), 0);
  EXPECT_EQ(*host::read_file(file, 1u << 30), expected);
  // Cut short or changed, it is refused, and no ledger is left.
  const fs::path other = empty_home("other");
  for (const bool cut : {true, false}) {
    Bytes bad = expected;
    if (cut) {
      bad.resize(bad.size() / 2);
    } else {
      bad[bad.size() / 2] ^= 1;
    }
    ASSERT_TRUE(host::write_file(file, bad));
    EXPECT_NE(Process({ASSAYD_LOSSY, "import", "--home", other.string(), "--file", file}).wait(),
              0);
    EXPECT_FALSE(fs::exists(ledger_path(other)));
  }
  ASSERT_EQ(
      Process({ASSAYD_LOSSY, "import", "--home", other.string(), "--file", whole.string()}).wait(),
      0);
  EXPECT_EQ(Process({ASSAYD_LOSSY, "verify-store", "--home", other.string()}).wait(), 0);
}

// `assayd verify-store` finds a byte that changed in a table, and says so by its exit code.
TEST_F(PowerCut, VerifyStoreFindsAChangedByteOnDisk) {
  make_ledger();
  EXPECT_EQ(Process({ASSAYD_LOSSY, "verify-store", "--home", home().string(), "--replay"}).wait(),
            0);
  unsigned damaged = 0;
  for (const auto& entry : fs::directory_iterator(ledger_path(home()))) {
    const fs::path kind = entry.path().extension();
    if ((kind != ".sst" && kind != ".blob") || entry.file_size() < 2000) continue;
    const Bytes whole = *host::read_file(entry.path(), 1u << 30);
    Bytes bad = whole;
    bad[bad.size() / 3] ^= 1;
    std::ofstream(entry.path(), std::ios::binary)
        .write(reinterpret_cast<const char*>(bad.data()), static_cast<std::streamsize>(bad.size()));
    EXPECT_NE(Process({ASSAYD_LOSSY, "verify-store", "--home", home().string()}).wait(), 0);
    std::ofstream(entry.path(), std::ios::binary)
        .write(reinterpret_cast<const char*>(whole.data()),
               static_cast<std::streamsize>(whole.size()));
    if (++damaged == 5) break;
  }
  EXPECT_GT(damaged, 0u);
  EXPECT_EQ(Process({ASSAYD_LOSSY, "verify-store", "--home", home().string()}).wait(), 0);
}

}  // namespace
}  // namespace assay::node
