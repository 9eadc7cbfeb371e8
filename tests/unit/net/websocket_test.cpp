#include "assay/net/websocket.hpp"

#include <gtest/gtest.h>

namespace assay::net {
namespace {

using Kind = WebSocketMessage::Kind;
using Mask = std::array<std::uint8_t, 4>;

Bytes bytes(std::string_view text) { return to_bytes(as_bytes(text)); }

HttpRequest upgrade_request() {
  HttpRequest request;
  request.target = "/ws";
  request.headers.add("Connection", "keep-alive, Upgrade");
  request.headers.add("Upgrade", "websocket");
  request.headers.add("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==");
  request.headers.add("Sec-WebSocket-Version", "13");
  return request;
}

TEST(WebSocket, HandshakeOfTheRfc) {
  const Upgrade upgrade = check_upgrade(upgrade_request());
  EXPECT_EQ(upgrade.verdict, UpgradeVerdict::kAccepted);
  EXPECT_EQ(upgrade.accept, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");  // RFC 6455, section 1.3
  EXPECT_EQ(check_upgrade(HttpRequest{}).verdict, UpgradeVerdict::kNone);
  HttpRequest old = upgrade_request();
  old.headers.set("Sec-WebSocket-Version", "8");
  EXPECT_EQ(check_upgrade(old).verdict, UpgradeVerdict::kWrongVersion);
  for (const char* key : {"", "dGhlIHNhbXBsZSBub25jZQ=", "dGhlIHNhbXBsZSBub25jZQ!="}) {
    HttpRequest wrong = upgrade_request();
    wrong.headers.set("Sec-WebSocket-Key", key);
    EXPECT_EQ(check_upgrade(wrong).verdict, UpgradeVerdict::kMalformed) << key;
  }
  HttpRequest post = upgrade_request();
  post.method = "POST";
  EXPECT_EQ(check_upgrade(post).verdict, UpgradeVerdict::kMalformed);
  HttpRequest alone = upgrade_request();
  alone.headers.set("Connection", "close");
  EXPECT_EQ(check_upgrade(alone).verdict, UpgradeVerdict::kMalformed);
}

// RFC 6455, section 5.7.
TEST(WebSocket, FramesOfTheRfc) {
  EXPECT_EQ(encode_frame(Kind::kText, bytes("Hello")),
            (Bytes{0x81, 0x05, 0x48, 0x65, 0x6c, 0x6c, 0x6f}));
  const Mask mask{0x37, 0xfa, 0x21, 0x3d};
  const Bytes masked{0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58};
  EXPECT_EQ(encode_frame(Kind::kText, bytes("Hello"), &mask), masked);
  WebSocketReader server(WebSocketSide::kServer, 100);
  ASSERT_EQ(*server.feed(masked), masked.size());
  ASSERT_TRUE(server.done());
  EXPECT_EQ(server.take().payload, bytes("Hello"));
  // A message in two frames with a ping between them.
  WebSocketReader client(WebSocketSide::kClient, 100);
  const Bytes parts{0x01, 0x03, 0x48, 0x65, 0x6c, 0x89, 0x01, 0x70, 0x80, 0x02, 0x6c, 0x6f};
  const std::size_t used = *client.feed(parts);
  EXPECT_EQ(used, 8u);
  const WebSocketMessage ping = client.take();
  EXPECT_EQ(ping.kind, Kind::kPing);
  EXPECT_EQ(ping.payload, bytes("p"));
  EXPECT_TRUE(client.started());
  ASSERT_EQ(*client.feed(ByteView(parts).subspan(used)), 4u);
  EXPECT_EQ(client.take().payload, bytes("Hello"));
  EXPECT_FALSE(client.started());
}

TEST(WebSocket, EveryLengthSurvivesInAnyPieces) {
  const Mask mask{1, 2, 3, 4};
  for (const std::size_t size : {0u, 1u, 125u, 126u, 127u, 65'535u, 65'536u, 70'000u}) {
    Bytes payload(size);
    for (std::size_t i = 0; i < size; ++i) payload[i] = static_cast<std::uint8_t>(i * 7);
    const Bytes frame = encode_frame(Kind::kBinary, payload, &mask);
    for (const std::size_t piece : {std::size_t{1}, std::size_t{3}, frame.size()}) {
      WebSocketReader reader(WebSocketSide::kServer, size);
      for (std::size_t at = 0; at < frame.size(); at += piece)
        ASSERT_TRUE(reader.feed(ByteView(frame).subspan(at, std::min(piece, frame.size() - at))));
      ASSERT_TRUE(reader.done()) << size;
      EXPECT_EQ(reader.take().payload, payload);
    }
  }
}

CloseCode refusal(WebSocketSide side, const Bytes& input) {
  WebSocketReader reader(side, 200);
  std::size_t at = 0;
  while (at < input.size()) {
    const auto used = reader.feed(ByteView(input).subspan(at));
    if (!used) return reader.error_code();
    at += *used;
    if (reader.done()) (void)reader.take();
  }
  return CloseCode::kNormal;
}

TEST(WebSocket, RefusesWhatTheRfcForbids) {
  const auto client = WebSocketSide::kClient;
  EXPECT_EQ(refusal(WebSocketSide::kServer, {0x81, 0x00}), CloseCode::kProtocolError);  // no mask
  EXPECT_EQ(refusal(client, {0x81, 0x80, 0, 0, 0, 0}), CloseCode::kProtocolError);      // a mask
  EXPECT_EQ(refusal(client, {0xc1, 0x00}), CloseCode::kProtocolError);  // reserved bit
  EXPECT_EQ(refusal(client, {0x83, 0x00}), CloseCode::kProtocolError);  // reserved opcode
  EXPECT_EQ(refusal(client, {0x8b, 0x00}), CloseCode::kProtocolError);
  EXPECT_EQ(refusal(client, {0x09, 0x00}), CloseCode::kProtocolError);  // a ping in parts
  EXPECT_EQ(refusal(client, {0x89, 0x7e, 0x00, 0x7e}), CloseCode::kProtocolError);  // a long ping
  EXPECT_EQ(refusal(client, {0x80, 0x00}), CloseCode::kProtocolError);  // goes on with nothing
  EXPECT_EQ(refusal(client, {0x01, 0x00, 0x81, 0x00}), CloseCode::kProtocolError);  // begins twice
  EXPECT_EQ(refusal(client, {0x81, 0x7e, 0x00, 0x7d}), CloseCode::kProtocolError);  // long form
  EXPECT_EQ(refusal(client, {0x81, 0x7f, 0, 0, 0, 0, 0, 0, 0xff, 0xff}), CloseCode::kProtocolError);
  EXPECT_EQ(refusal(client, {0x81, 0x7f, 0xff, 0, 0, 0, 0, 0, 0, 0}), CloseCode::kProtocolError);
  EXPECT_EQ(refusal(client, {0x82, 0x7e, 0x00, 0xc9}), CloseCode::kTooBig);
  EXPECT_EQ(refusal(client, {0x82, 0x7f, 0, 0, 0, 1, 0, 0, 0, 0}), CloseCode::kTooBig);
  EXPECT_EQ(refusal(client, {0x81, 0x01, 0xff}), CloseCode::kNotUtf8);
  // A character may be parted between frames.
  EXPECT_EQ(refusal(client, {0x01, 0x01, 0xc3, 0x80, 0x01, 0xa4}), CloseCode::kNormal);
  // Parts together are bounded as one message is.
  Bytes many;
  for (int i = 0; i < 3; ++i) {
    const Bytes part(100, 'a');
    many.push_back(i == 0 ? 0x01 : 0x00);
    many.push_back(100);
    many.insert(many.end(), part.begin(), part.end());
  }
  EXPECT_EQ(refusal(client, many), CloseCode::kTooBig);
}

TEST(WebSocket, CloseReasons) {
  const auto reason = decode_close(encode_close(CloseCode::kTooSlow, "resume from 7"));
  ASSERT_TRUE(reason);
  EXPECT_EQ(reason->code, 4001);
  EXPECT_EQ(reason->reason, "resume from 7");
  EXPECT_EQ(decode_close({})->code, 1005);
  for (const Bytes& bad : {Bytes{3}, Bytes{3, 0xed}, Bytes{0, 0}, Bytes{3, 0xe8, 0xff},
                           Bytes{3, 0xf7}, Bytes{0x13, 0x88}})
    EXPECT_EQ(decode_close(bad).error().code, ErrorCode::kMalformed);
  std::string umlauts;
  for (int i = 0; i < 100; ++i) umlauts += "ä";
  const Bytes cut = encode_close(CloseCode::kNormal, umlauts);
  EXPECT_EQ(cut.size(), 124u);  // at a character's end
  EXPECT_TRUE(decode_close(cut));
}

// A frame that was tampered with is another message, or refused; never read past.
TEST(WebSocket, SurvivesTampering) {
  const Mask mask{9, 8, 7, 6};
  const Bytes frame = encode_frame(Kind::kText, bytes("{\"jsonrpc\":\"2.0\"}"), &mask);
  for (std::size_t at = 0; at < frame.size(); ++at) {
    for (int bit = 0; bit < 8; ++bit) {
      Bytes changed = frame;
      changed[at] ^= static_cast<std::uint8_t>(1u << bit);
      (void)refusal(WebSocketSide::kServer, changed);
    }
    WebSocketReader cut(WebSocketSide::kServer, 200);
    ASSERT_TRUE(cut.feed(ByteView(frame).first(at)));
    EXPECT_FALSE(cut.done());
  }
}

}  // namespace
}  // namespace assay::net
