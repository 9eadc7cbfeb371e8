// net: WebSocket frames, fed whole and in pieces, the handshake and close messages. Input: what it
// is (u8), for frames the length of a piece (u8), the bytes.
#include "assay/net/websocket.hpp"

#include <algorithm>

#include "fuzz/fuzz.hpp"

using namespace assay;
using namespace assay::net;

namespace {

constexpr std::size_t kMessageBytes = 4096;

struct Reading {
  CloseCode error = CloseCode::kNormal;
  std::vector<WebSocketMessage> messages;
};

Reading read(WebSocketSide side, ByteView bytes, std::size_t piece) {
  Reading reading;
  WebSocketReader reader(side, kMessageBytes);
  for (std::size_t at = 0; at < bytes.size();) {
    const ByteView next = bytes.subspan(at, std::min(piece, bytes.size() - at));
    const auto used = reader.feed(next);
    if (!used) {
      reading.error = reader.error_code();
      ASSAY_INVARIANT(reading.error != CloseCode::kNormal);
      return reading;
    }
    ASSAY_INVARIANT(*used == next.size() || reader.done());
    at += *used;
    if (!reader.done()) continue;
    reading.messages.push_back(reader.take());
    ASSAY_INVARIANT(reading.messages.back().payload.size() <= kMessageBytes);
  }
  return reading;
}

void check_frames(WebSocketSide side, ByteView input) {
  if (input.empty()) return;
  const ByteView bytes = input.subspan(1);
  const Reading whole = read(side, bytes, bytes.size() + 1);
  const Reading pieces = read(side, bytes, 1 + std::size_t{input[0]});
  ASSAY_INVARIANT(whole.error == pieces.error && whole.messages.size() == pieces.messages.size());
  const std::array<std::uint8_t, 4> mask{1, 2, 3, input[0]};
  for (std::size_t i = 0; i < whole.messages.size(); ++i) {
    const WebSocketMessage& message = whole.messages[i];
    ASSAY_INVARIANT(message.kind == pieces.messages[i].kind &&
                    message.payload == pieces.messages[i].payload);
    // What we write is read back.
    const Bytes frame = encode_frame(message.kind, message.payload,
                                     side == WebSocketSide::kServer ? &mask : nullptr);
    const Reading again = read(side, frame, frame.size());
    ASSAY_INVARIANT(again.messages.size() == 1 && again.messages[0].payload == message.payload);
  }
}

void check_handshake(ByteView input) {
  RequestParser parser({1024, 16, 1024});
  const auto used = parser.feed(input);
  if (!used || parser.stage() != ParseStage::kDone) return;
  const Upgrade upgrade = check_upgrade(parser.take());
  ASSAY_INVARIANT((upgrade.verdict == UpgradeVerdict::kAccepted) == (upgrade.accept.size() == 28));
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto [choice, rest] = fuzz::select({data, size}, 4);
  switch (choice) {
    case 0: check_frames(WebSocketSide::kServer, rest); break;
    case 1: check_frames(WebSocketSide::kClient, rest); break;
    case 2: check_handshake(rest); break;
    default:
      if (const auto reason = decode_close(rest); reason && reason->code != 1005)
        ASSAY_INVARIANT(encode_close(CloseCode{reason->code}, reason->reason).size() <=
                        kWebSocketControlBytes);
      break;
  }
  return 0;
}
