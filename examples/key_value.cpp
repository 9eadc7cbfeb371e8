// A key-value store that CometBFT replicates: `assay::abci` without the rest of assay.
//
//   assay-example-key-value unix:///tmp/kv.sock FOLDER &
//   cometbft init && cometbft start --proxy_app unix:///tmp/kv.sock
//   curl 'localhost:26657/broadcast_tx_commit?tx="name=value"'
//   curl 'localhost:26657/abci_query?data="name"'
//
// A transaction is KEY=VALUE in printable ASCII. What an application must keep in mind, and where
// it is done here: nothing is durable before commit(), and then everything at once (State::save);
// finalize_block() may come again; what prepare_proposal() lets through, process_proposal()
// accepts (is_good); query() and check_tx() run while a block is executed (m_mutex).
#include <charconv>
#include <cstdio>
#include <map>
#include <mutex>

#include "assay/abci/server.hpp"
#include "assay/crypto/sha256.hpp"
#include "assay/host/clock.hpp"
#include "assay/host/files.hpp"
#include "assay/host/log.hpp"
#include "assay/host/signals.hpp"

using namespace assay;

namespace {

constexpr std::size_t kTxBytesMax = 1024;
constexpr std::uint32_t kBadTx = 1;
constexpr std::uint32_t kNoSuchKey = 2;

std::string_view text_of(ByteView bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

bool is_good(ByteView tx) {
  const std::string_view text = text_of(tx);
  const std::size_t equals = text.find('=');
  return tx.size() <= kTxBytesMax && equals != 0 && equals != std::string_view::npos &&
         text.find('=', equals + 1) == std::string_view::npos &&
         std::all_of(tx.begin(), tx.end(), [](std::uint8_t c) { return c > 0x20 && c < 0x7f; });
}

// What is durable. Its file: the height, the app hash, then a line KEY=VALUE each.
struct State {
  std::int64_t height = 0;
  Bytes app_hash;
  std::map<std::string, std::string> pairs;

  [[nodiscard]] static Result<State> load(const host::DiskFiles& files) {
    State state;
    if (!files.exists("state")) return state;
    ASSAY_TRY(const Bytes bytes, files.read("state"));
    std::string_view rest = text_of(bytes);
    const auto line = [&] {
      const std::string_view text = rest.substr(0, rest.find('\n'));
      rest.remove_prefix(std::min(text.size() + 1, rest.size()));
      return text;
    };
    const std::string_view height = line();
    if (std::from_chars(height.begin(), height.end(), state.height).ptr != height.end())
      return Error{ErrorCode::kMalformed, "the state's file does not begin with a height"};
    ASSAY_TRY(state.app_hash, from_hex(line()));
    while (!rest.empty()) state.set(line());
    return state;
  }
  // The old file or the new one, whatever happens.
  [[nodiscard]] Status save(host::DiskFiles& files) const {
    std::string text = std::to_string(height) + "\n" + to_hex(app_hash) + "\n";
    for (const auto& [key, value] : pairs) text += key + "=" + value + "\n";
    return files.write_atomically("state", as_bytes(text));
  }
  void set(std::string_view tx) {
    const std::size_t equals = tx.find('=');
    pairs[std::string(tx.substr(0, equals))] = tx.substr(equals + 1);
  }
};

class KeyValue final : public abci::Application {
 public:
  KeyValue(State state, host::DiskFiles& files) : m_state(std::move(state)), m_files(files) {}

  Result<abci::InfoResponse> info(abci::InfoRequest) override {
    const std::lock_guard lock(m_mutex);
    return abci::InfoResponse{"key-value", "1", 1, m_state.height, m_state.app_hash};
  }

  Result<abci::QueryResponse> query(abci::QueryRequest request) override {
    const std::lock_guard lock(m_mutex);
    abci::QueryResponse response;
    response.key = request.data;
    response.height = m_state.height;
    const auto found = m_state.pairs.find(std::string(text_of(request.data)));
    if (found == m_state.pairs.end()) {
      response.code = kNoSuchKey;
      response.log = "no such key";
    } else {
      response.value = to_bytes(as_bytes(found->second));
    }
    return response;
  }

  Result<abci::CheckTxResponse> check_tx(abci::CheckTxRequest request) override {
    return abci::CheckTxResponse{result_of(request.tx)};
  }

  Result<abci::PrepareProposalResponse> prepare_proposal(
      abci::PrepareProposalRequest request) override {
    std::erase_if(request.txs, [](const Bytes& tx) { return !is_good(tx); });
    return Application::prepare_proposal(std::move(request));
  }

  Result<abci::ProcessProposalResponse> process_proposal(
      abci::ProcessProposalRequest request) override {
    const bool good = std::all_of(request.txs.begin(), request.txs.end(), is_good);
    return abci::ProcessProposalResponse{good ? abci::Verdict::kAccept : abci::Verdict::kReject};
  }

  Result<abci::FinalizeBlockResponse> finalize_block(abci::FinalizeBlockRequest request) override {
    abci::FinalizeBlockResponse response;
    m_next = m_state;  // nobody else changes it
    m_next.height = request.height;
    crypto::Sha256 hash(crypto::sha256_blocks());
    hash.update(m_state.app_hash);
    for (const Bytes& tx : request.txs) {
      response.tx_results.push_back(result_of(tx));
      if (!is_good(tx)) continue;
      m_next.set(text_of(tx));
      hash.update(tx);
      hash.update(as_bytes("\n"));
    }
    m_next.app_hash = to_bytes(hash.finish().view());
    response.app_hash = m_next.app_hash;
    return response;
  }

  Result<abci::CommitResponse> commit(abci::CommitRequest) override {
    ASSAY_TRY_STATUS(m_next.save(m_files));
    const std::lock_guard lock(m_mutex);
    m_state = m_next;
    return abci::CommitResponse{};
  }

 private:
  static abci::TxResult result_of(ByteView tx) {
    abci::TxResult result;
    if (is_good(tx)) return result;
    result.code = kBadTx;
    result.log = "a transaction is KEY=VALUE in printable ASCII, at most 1024 bytes";
    return result;
  }

  std::mutex m_mutex;  // m_state
  State m_state;
  State m_next;  // after the block that is executed
  host::DiskFiles& m_files;
};

Status serve(const char* address, const char* folder) {
  ASSAY_TRY(const auto stop, host::StopSource::install());
  ASSAY_TRY(const auto lock, host::FolderLock::acquire(folder));
  ASSAY_TRY(const auto files, host::DiskFiles::open(folder));
  ASSAY_TRY(State state, State::load(*files));
  const host::SystemClock clock;
  host::LogOptions log_options;
  log_options.format = host::LogFormat::kJson;
  ASSAY_TRY(const auto log, host::LineLog::open(log_options, clock));
  KeyValue application(std::move(state), *files);
  abci::ServerOptions options;
  ASSAY_TRY(options.address, net::parse_stream_address(address));
  ASSAY_TRY(const auto server, abci::Server::start(options, application, *log));
  log->write(LogLevel::kInfo, "key_value.listening", {{"address", to_string(server->address())}});
  while (!stop->wait_ms(60'000)) continue;
  server->stop();
  return {};
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: %s unix:///SOCKET|tcp://HOST:PORT FOLDER\n", argv[0]);
    return 2;
  }
  const Status served = serve(argv[1], argv[2]);
  if (!served) std::fprintf(stderr, "%s\n", served.error().message.c_str());
  return served ? 0 : 1;
}
