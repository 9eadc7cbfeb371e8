// WebSocket (RFC 6455) as plain values: the opening handshake as a question about an HTTP request,
// and frames that are fed by hand. No extension is spoken. No I/O here.
#pragma once

#include <array>

#include "assay/net/http.hpp"

namespace assay::net {

inline constexpr std::size_t kWebSocketControlBytes = 125;  // of a control frame's payload

// Section 7.4.1, and one code of our own.
enum class CloseCode : std::uint16_t {
  kNormal = 1000,
  kGoingAway = 1001,      // the server is being stopped
  kProtocolError = 1002,  // bytes that are no frames
  kUnsupported = 1003,    // a binary message
  kNotUtf8 = 1007,
  kTooBig = 1009,
  kTryAgainLater = 1013,  // too much is held for all peers together
  kTooSlow = 4001,        // what was to be sent was not taken in time: come back and resume
};

enum class UpgradeVerdict : std::uint8_t {
  kNone = 0,      // an ordinary request
  kAccepted,      // answer 101 with `accept` as Sec-WebSocket-Accept
  kWrongVersion,  // answer 426 with "Sec-WebSocket-Version: 13"
  kMalformed,     // answer 400
};
struct Upgrade {
  UpgradeVerdict verdict = UpgradeVerdict::kNone;
  std::string accept;
};
// What a request asks for (section 4.2.1).
[[nodiscard]] Upgrade check_upgrade(const HttpRequest& request);

struct WebSocketMessage {
  enum class Kind : std::uint8_t { kText = 1, kBinary = 2, kClose = 8, kPing = 9, kPong = 10 };
  Kind kind = Kind::kText;
  Bytes payload;
};

enum class WebSocketSide : std::uint8_t {
  kServer,  // reads masked frames, writes plain ones
  kClient,
};

// One message after another, put together from its frames: feed() until done(), take(), and go on
// with the bytes that were left. Control frames come out between the frames of a message.
class WebSocketReader {
 public:
  WebSocketReader(WebSocketSide side, std::size_t message_bytes_max)
      : m_side(side), m_bytes_max(message_bytes_max) {}

  // How many of `bytes` were used: all of them unless a message is done. Errors: kMalformed,
  // kLimit; the reader is of no use then, and `error_code()` is what to close with.
  [[nodiscard]] Result<std::size_t> feed(ByteView bytes);
  [[nodiscard]] bool done() const noexcept { return m_done; }
  [[nodiscard]] CloseCode error_code() const noexcept { return m_error_code; }
  [[nodiscard]] WebSocketMessage take();
  // Inside of a frame or of a message of several frames.
  [[nodiscard]] bool started() const noexcept {
    return !m_head.empty() || m_in_payload || m_in_message;
  }

 private:
  [[nodiscard]] Error fail(CloseCode code, const char* why);
  [[nodiscard]] std::size_t head_bytes() const noexcept;
  [[nodiscard]] Status read_head();
  [[nodiscard]] Status end_frame();
  [[nodiscard]] bool is_control() const noexcept { return (m_head_first & 0x08) != 0; }

  WebSocketSide m_side;
  std::size_t m_bytes_max;
  Bytes m_head;  // of the present frame, as far as it came
  std::uint8_t m_head_first = 0;
  bool m_in_payload = false;
  std::uint64_t m_missing = 0;  // of the present frame's payload
  std::uint64_t m_masked = 0;   // bytes of it that were unmasked
  std::array<std::uint8_t, 4> m_mask{};
  bool m_in_message = false;   // a message of several frames has begun
  WebSocketMessage m_message;  // text or binary
  Bytes m_control;
  bool m_done = false;
  bool m_done_control = false;
  CloseCode m_error_code = CloseCode::kNormal;
};

// One whole message in one frame. A control message's payload is at most kWebSocketControlBytes. A
// client gives a mask, a server none.
[[nodiscard]] Bytes encode_frame(WebSocketMessage::Kind kind, ByteView payload,
                                 const std::array<std::uint8_t, 4>* mask = nullptr);

// A close message's payload: 1000 to 4999 without those that are never sent; the reason is cut to
// what fits, at a character's end.
[[nodiscard]] Bytes encode_close(CloseCode code, std::string_view reason);
struct CloseReason {
  std::uint16_t code = 1005;  // none was given
  std::string reason;
};
// kMalformed: one byte, a code that may not be sent, a reason that is not UTF-8.
[[nodiscard]] Result<CloseReason> decode_close(ByteView payload);

}  // namespace assay::net
