// abci: frames, requests, and the order of calls. Input: what it is (u8); for frames the length of
// a piece (u8); the bytes. A sequence of calls is a byte each: which one, on which connection.
#include <algorithm>

#include "assay/abci/application.hpp"
#include "assay/abci/grammar.hpp"
#include "assay/abci/wire.hpp"
#include "fuzz/fuzz.hpp"

using namespace assay;
using namespace assay::abci;

namespace {

constexpr std::size_t kMessageBytesMax = 4096;

struct Reading {
  bool failed = false;
  std::vector<Bytes> messages;
  friend bool operator==(const Reading&, const Reading&) = default;
};

Reading read(ByteView bytes, std::size_t piece) {
  Reading reading;
  std::size_t begin = 0;
  for (std::size_t end = 0; end < bytes.size();) {
    end = std::min(bytes.size(), end + piece);
    while (true) {
      const auto frame = parse_frame(bytes.subspan(begin, end - begin), kMessageBytesMax);
      reading.failed = !frame;
      if (!frame) return reading;
      if (!*frame) break;
      ASSAY_INVARIANT((*frame)->size <= end - begin);
      ASSAY_INVARIANT((*frame)->message.size() <= kMessageBytesMax);
      reading.messages.push_back(to_bytes((*frame)->message));
      begin += (*frame)->size;
    }
  }
  return reading;
}

struct Echoing final : Application {
  Result<InfoResponse> info(InfoRequest request) override {
    return InfoResponse{request.version, request.abci_version, request.block_version, 0, {}};
  }
  Result<FinalizeBlockResponse> finalize_block(FinalizeBlockRequest request) override {
    FinalizeBlockResponse response;
    for (Bytes& tx : request.txs) {
      response.tx_results.emplace_back();
      response.tx_results.back().data = std::move(tx);
    }
    response.app_hash = std::move(request.hash);
    return response;
  }
  Result<CommitResponse> commit(CommitRequest) override { return CommitResponse{1}; }
};

// Whatever is read can be answered, and the answer is one frame.
void check_request(ByteView bytes) {
  Result<Request> request = decode_request(bytes);
  if (!request) {
    ASSAY_INVARIANT(request.error().code == ErrorCode::kMalformed ||
                    request.error().code == ErrorCode::kUnsupported);
    return;
  }
  Echoing application;
  Bytes out;
  ASSAY_INVARIANT(append_response(answer(application, std::move(*request)), 1 << 20, out));
  const auto frame = parse_frame(out, 1 << 20);
  ASSAY_INVARIANT(frame && *frame && (*frame)->size == out.size());
}

Request call(unsigned choice, std::int64_t height) {
  FinalizeBlockRequest block;
  block.height = height;
  PrepareProposalRequest proposal;
  proposal.height = height;
  switch (choice) {
    case 0: return InfoRequest{};
    case 1: return InitChainRequest{};
    case 2: return OfferSnapshotRequest{};
    case 3: return ApplySnapshotChunkRequest{};
    case 4: return proposal;
    case 5: return block;
    case 6: return CommitRequest{};
    default: return QueryRequest{};
  }
}

// Whatever came before, a CometBFT that is started anew and keeps the order breaks nothing.
void check_order(ByteView calls) {
  GrammarMonitor monitor;
  std::int64_t height = 1;
  for (const std::uint8_t byte : calls) {
    const ConnectionId connection = 1 + (byte >> 6);
    const unsigned choice = byte & 7;
    if ((byte & 0x38) == 0x38) height = byte;
    const auto broken = monitor.asked(connection, call(choice, height));
    ASSAY_INVARIANT(!broken || (!broken->words.empty() && name_of(broken->rule) != "unknown"));
    if (choice == 0) monitor.answered(connection, InfoResponse{{}, {}, 0, height, {}});
    if (choice == 2)
      monitor.answered(connection, OfferSnapshotResponse{OfferSnapshotResult::kAccept});
    if (choice == 6) ++height;
  }
  constexpr ConnectionId kAnew = 5;
  monitor.answered(kAnew, InfoResponse{{}, {}, 0, 100, {}});
  for (std::int64_t next = 101; next < 104; ++next)
    for (const unsigned choice : {4u, 5u, 6u})
      ASSAY_INVARIANT(!monitor.asked(kAnew, call(choice, next)));
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto [choice, rest] = fuzz::select({data, size}, 3);
  switch (choice) {
    case 0:
      if (!rest.empty())
        ASSAY_INVARIANT(read(rest.subspan(1), 1 + rest[0]) == read(rest.subspan(1), rest.size()));
      break;
    case 1: check_request(rest); break;
    default: check_order(rest); break;
  }
  return 0;
}
