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
// accepts (is_good); query() and check_tx() run while a block is executed (m_mutex); a snapshot of
// strangers counts only if it has the app hash (apply_snapshot_chunk).
#include <algorithm>
#include <charconv>
#include <cstdio>
#include <map>
#include <mutex>
#include <optional>
#include <utility>

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

// What is durable. As text: the height, then a line KEY=VALUE each, by ascending keys.
struct State {
  std::int64_t height = 0;
  std::map<std::string, std::string> pairs;

  [[nodiscard]] std::string lines() const {
    std::string text;
    for (const auto& [key, value] : pairs) text += key + "=" + value + "\n";
    return text;
  }
  [[nodiscard]] std::string text() const { return std::to_string(height) + "\n" + lines(); }
  // Of all that is stored, so that a snapshot of strangers can be checked against it.
  [[nodiscard]] Bytes app_hash() const {
    return to_bytes(crypto::sha256(as_bytes(lines())).view());
  }

  [[nodiscard]] static Result<State> parse(std::string_view text) {
    State state;
    const std::size_t first = std::min(text.find('\n'), text.size());
    const auto [end, failed] = std::from_chars(text.data(), text.data() + first, state.height);
    if (failed != std::errc{} || end != text.data() + first || first == text.size())
      return Error{ErrorCode::kMalformed, "a state that does not begin with a height"};
    text.remove_prefix(first + 1);
    while (!text.empty()) {
      const std::size_t size = std::min(text.find('\n'), text.size());
      if (!is_good(as_bytes(text.substr(0, size))))
        return Error{ErrorCode::kMalformed, "a state with a line that is not KEY=VALUE"};
      state.set(text.substr(0, size));
      text.remove_prefix(std::min(size + 1, text.size()));
    }
    return state;
  }
  [[nodiscard]] static Result<State> load(const host::DiskFiles& files) {
    if (!files.exists("state")) return State{};
    ASSAY_TRY(const Bytes bytes, files.read("state"));
    return parse(text_of(bytes));
  }
  // The old file or the new one, whatever happens.
  [[nodiscard]] Status save(host::DiskFiles& files) const {
    return files.write_atomically("state", as_bytes(text()));
  }
  void set(std::string_view tx) {
    const std::size_t equals = tx.find('=');
    pairs[std::string(tx.substr(0, equals))] = tx.substr(equals + 1);
  }
};

// The texts of a few past states, for nodes that join.
class Snapshots {
 public:
  static constexpr std::uint32_t kFormat = 1;
  static constexpr std::int64_t kEvery = 10;  // blocks
  static constexpr std::size_t kKept = 3;
  static constexpr std::size_t kChunkBytes = std::size_t{1} << 20;

  void add(const State& state) {
    m_texts.emplace(static_cast<std::uint64_t>(state.height), state.text());
    if (m_texts.size() > kKept) m_texts.erase(m_texts.begin());
  }
  [[nodiscard]] abci::ListSnapshotsResponse list() const {
    abci::ListSnapshotsResponse response;
    for (const auto& [height, text] : m_texts) {
      const auto chunks = static_cast<std::uint32_t>(1 + (text.size() - 1) / kChunkBytes);
      const Bytes hash = to_bytes(crypto::sha256(as_bytes(text)).view());
      response.snapshots.push_back({height, kFormat, chunks, hash, {}});
    }
    return response;
  }
  [[nodiscard]] abci::LoadSnapshotChunkResponse chunk(
      const abci::LoadSnapshotChunkRequest& request) const {
    const auto found = m_texts.find(request.height);
    const std::size_t begin = request.chunk * kChunkBytes;
    if (found == m_texts.end() || request.format != kFormat || begin >= found->second.size())
      return {};
    const std::string_view text = found->second;
    return {to_bytes(as_bytes(text.substr(begin, kChunkBytes)))};
  }

 private:
  std::map<std::uint64_t, std::string> m_texts;  // by height
};

class KeyValue final : public abci::Application {
 public:
  KeyValue(State state, host::DiskFiles& files) : m_state(std::move(state)), m_files(files) {}

  Result<abci::InfoResponse> info(abci::InfoRequest) override {
    const std::lock_guard lock(m_mutex);
    return abci::InfoResponse{"key-value", "1", 1, m_state.height, m_state.app_hash()};
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
    State& next = m_next.emplace(m_state);  // nobody else changes it
    next.height = request.height;
    for (const Bytes& tx : request.txs) {
      response.tx_results.push_back(result_of(tx));
      if (is_good(tx)) next.set(text_of(tx));
    }
    response.app_hash = next.app_hash();
    return response;
  }

  Result<abci::CommitResponse> commit(abci::CommitRequest) override {
    if (!m_next) return abci::CommitResponse{};  // nothing was executed
    ASSAY_TRY_STATUS(m_next->save(m_files));
    const std::lock_guard lock(m_mutex);
    m_state = *std::exchange(m_next, std::nullopt);
    if (m_state.height % Snapshots::kEvery == 0) m_snapshots.add(m_state);
    return abci::CommitResponse{};
  }

  Result<abci::ListSnapshotsResponse> list_snapshots(abci::ListSnapshotsRequest) override {
    const std::lock_guard lock(m_mutex);
    return m_snapshots.list();
  }

  Result<abci::LoadSnapshotChunkResponse> load_snapshot_chunk(
      abci::LoadSnapshotChunkRequest request) override {
    const std::lock_guard lock(m_mutex);
    return m_snapshots.chunk(request);
  }

  Result<abci::OfferSnapshotResponse> offer_snapshot(abci::OfferSnapshotRequest request) override {
    if (request.snapshot.format != Snapshots::kFormat)
      return abci::OfferSnapshotResponse{abci::OfferSnapshotResult::kRejectFormat};
    m_offered = std::move(request);
    m_received.clear();
    return abci::OfferSnapshotResponse{abci::OfferSnapshotResult::kAccept};
  }

  // CometBFT brings the chunks in their order.
  Result<abci::ApplySnapshotChunkResponse> apply_snapshot_chunk(
      abci::ApplySnapshotChunkRequest request) override {
    using Applied = abci::ApplySnapshotChunkResult;
    if (request.chunk.size() > kReceivedMax - m_received.size())
      return abci::ApplySnapshotChunkResponse{Applied::kRejectSnapshot, {}, {}};
    m_received += text_of(request.chunk);
    if (request.index + 1 < m_offered.snapshot.chunks)
      return abci::ApplySnapshotChunkResponse{Applied::kAccept, {}, {}};
    Result<State> state = State::parse(m_received);
    // Peers are strangers; the app hash is what CometBFT's light client has checked.
    if (!state || state->app_hash() != m_offered.app_hash ||
        static_cast<std::uint64_t>(state->height) != m_offered.snapshot.height)
      return abci::ApplySnapshotChunkResponse{Applied::kRejectSnapshot, {}, {}};
    ASSAY_TRY_STATUS(state->save(m_files));
    const std::lock_guard lock(m_mutex);
    m_state = std::move(*state);
    return abci::ApplySnapshotChunkResponse{Applied::kAccept, {}, {}};
  }

 private:
  static abci::TxResult result_of(ByteView tx) {
    abci::TxResult result;
    if (is_good(tx)) return result;
    result.code = kBadTx;
    result.log = "a transaction is KEY=VALUE in printable ASCII, at most 1024 bytes";
    return result;
  }

  std::mutex m_mutex;  // m_state, m_snapshots
  State m_state;
  Snapshots m_snapshots;
  std::optional<State> m_next;  // after the block that was executed
  abci::OfferSnapshotRequest m_offered;
  static constexpr std::size_t kReceivedMax = std::size_t{256} << 20;  // strangers send it
  std::string m_received;  // of the snapshot that was offered
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
