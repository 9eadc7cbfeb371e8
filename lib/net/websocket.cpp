#include "assay/net/websocket.hpp"

#include <algorithm>

#include "assay/core/contract.hpp"
#include "assay/core/utf8.hpp"

namespace assay::net {

namespace {

constexpr std::uint8_t kFin = 0x80, kReserved = 0x70, kOpcode = 0x0f, kMaskBit = 0x80;

std::string_view text_of(ByteView bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

bool is_opcode(std::uint8_t opcode) { return opcode <= 2 || (opcode >= 8 && opcode <= 10); }

// 1004 to 1006 and 1015 stand for what is never sent; 1016 to 2999 are not given out yet.
bool may_be_sent(std::uint16_t code) {
  return (code >= 1000 && code <= 1014 && (code < 1004 || code > 1006)) ||
         (code >= 3000 && code <= 4999);
}

}  // namespace

Error WebSocketReader::fail(CloseCode code, const char* why) {
  m_error_code = code;
  return {code == CloseCode::kTooBig ? ErrorCode::kLimit : ErrorCode::kMalformed,
          std::string("not a WebSocket message: ") + why};
}

// Of the present frame, as far as its first two bytes tell.
std::size_t WebSocketReader::head_bytes() const noexcept {
  if (m_head.size() < 2) return 2;
  const std::uint8_t length = m_head[1] & 0x7f;
  return 2u +
         (length == 126   ? 2u
          : length == 127 ? 8u
                          : 0u) +
         ((m_head[1] & kMaskBit) != 0 ? 4u : 0u);
}

Status WebSocketReader::read_head() {
  m_head_first = m_head[0];
  const std::uint8_t opcode = m_head_first & kOpcode;
  const bool masked = (m_head[1] & kMaskBit) != 0;
  std::size_t at = 2;
  std::uint64_t length = m_head[1] & 0x7f;
  if (length >= 126) {
    const std::size_t width = length == 126 ? 2 : 8;
    length = 0;
    for (std::size_t i = 0; i < width; ++i) length = length << 8 | m_head[at++];
    // The shortest form is the only one; the highest bit of the longest is zero.
    if (length < (width == 2 ? 126u : 65'536u) || length >> 63 != 0)
      return fail(CloseCode::kProtocolError, "a length in the wrong form");
  }
  if ((m_head_first & kReserved) != 0)
    return fail(CloseCode::kProtocolError, "an extension that was not agreed on");
  if (!is_opcode(opcode)) return fail(CloseCode::kProtocolError, "an unknown opcode");
  if (masked != (m_side == WebSocketSide::kServer))
    return fail(CloseCode::kProtocolError, "clients mask their frames, servers do not");
  if (is_control()) {
    if (length > kWebSocketControlBytes || (m_head_first & kFin) == 0)
      return fail(CloseCode::kProtocolError, "a control frame that is long or in parts");
    m_control.clear();
  } else {
    if ((opcode == 0) != m_in_message)
      return fail(CloseCode::kProtocolError, "a message's parts out of order");
    if (length > m_bytes_max - m_message.payload.size())
      return fail(CloseCode::kTooBig, "over the limit of bytes");
    if (opcode != 0) m_message.kind = static_cast<WebSocketMessage::Kind>(opcode);
    m_in_message = true;
  }
  if (masked) std::copy_n(m_head.begin() + static_cast<std::ptrdiff_t>(at), 4, m_mask.begin());
  m_head.clear();
  m_missing = length;
  m_masked = 0;
  m_in_payload = true;
  return {};
}

Status WebSocketReader::end_frame() {
  m_in_payload = false;
  m_done_control = is_control();
  m_done = m_done_control || (m_head_first & kFin) != 0;
  if (!m_done || m_done_control) return {};
  m_in_message = false;
  if (m_message.kind == WebSocketMessage::Kind::kText && !is_utf8(text_of(m_message.payload)))
    return fail(CloseCode::kNotUtf8, "a text that is not UTF-8");
  return {};
}

Result<std::size_t> WebSocketReader::feed(ByteView bytes) {
  ASSAY_EXPECTS(m_error_code == CloseCode::kNormal);
  std::size_t used = 0;
  while (!m_done) {
    if (!m_in_payload) {
      if (used == bytes.size()) break;
      m_head.push_back(bytes[used++]);
      if (m_head.size() < head_bytes()) continue;
      ASSAY_TRY_STATUS(read_head());
    }
    const std::size_t count =
        static_cast<std::size_t>(std::min<std::uint64_t>(m_missing, bytes.size() - used));
    Bytes& to = is_control() ? m_control : m_message.payload;
    const bool masked = m_side == WebSocketSide::kServer;
    for (std::size_t i = 0; i < count; ++i, ++m_masked)
      to.push_back(masked ? bytes[used + i] ^ m_mask[m_masked % 4] : bytes[used + i]);
    used += count;
    m_missing -= count;
    if (m_missing > 0) break;
    ASSAY_TRY_STATUS(end_frame());
  }
  return used;
}

WebSocketMessage WebSocketReader::take() {
  ASSAY_EXPECTS(m_done);
  m_done = false;
  if (!m_done_control) return std::exchange(m_message, {});
  return {static_cast<WebSocketMessage::Kind>(m_head_first & kOpcode),
          std::exchange(m_control, {})};
}

Bytes encode_frame(WebSocketMessage::Kind kind, ByteView payload,
                   const std::array<std::uint8_t, 4>* mask) {
  const auto opcode = static_cast<std::uint8_t>(kind);
  ASSAY_EXPECTS(opcode < 8 || payload.size() <= kWebSocketControlBytes);
  const std::size_t width = payload.size() < 126 ? 0 : payload.size() < 65'536 ? 2 : 8;
  Bytes frame;
  frame.reserve(2 + width + 4 + payload.size());
  frame.push_back(kFin | opcode);
  const auto length = static_cast<std::uint8_t>(width == 0   ? payload.size()
                                                : width == 2 ? 126
                                                             : 127);
  frame.push_back(static_cast<std::uint8_t>((mask != nullptr ? kMaskBit : 0) | length));
  for (std::size_t i = width; i-- > 0;)
    frame.push_back(static_cast<std::uint8_t>(std::uint64_t{payload.size()} >> (8 * i)));
  if (mask != nullptr) frame.insert(frame.end(), mask->begin(), mask->end());
  for (std::size_t i = 0; i < payload.size(); ++i)
    frame.push_back(mask != nullptr ? payload[i] ^ (*mask)[i % 4] : payload[i]);
  return frame;
}

Bytes encode_close(CloseCode code, std::string_view reason) {
  const auto number = static_cast<std::uint16_t>(code);
  ASSAY_EXPECTS(may_be_sent(number));
  Bytes payload{static_cast<std::uint8_t>(number >> 8), static_cast<std::uint8_t>(number)};
  while (!reason.empty()) {
    const std::size_t length = utf8_length(reason);
    if (length == 0 || payload.size() + length > kWebSocketControlBytes) break;
    const ByteView character = as_bytes(reason.substr(0, length));
    payload.insert(payload.end(), character.begin(), character.end());
    reason.remove_prefix(length);
  }
  return payload;
}

Result<CloseReason> decode_close(ByteView payload) {
  if (payload.empty()) return CloseReason{};
  const Error wrong{ErrorCode::kMalformed, "not a close message of WebSocket"};
  if (payload.size() < 2) return wrong;
  const auto code = static_cast<std::uint16_t>(payload[0] << 8 | payload[1]);
  const std::string_view reason = text_of(payload.subspan(2));
  if (!may_be_sent(code) || !is_utf8(reason)) return wrong;
  return CloseReason{code, std::string(reason)};
}

}  // namespace assay::net
