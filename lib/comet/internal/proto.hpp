// As much of Protocol Buffers as CometBFT's headers need, in the one form that its own encoder
// writes: fields ascend, each at most once, numbers are as short as they can be, and what is zero
// or empty is left out.
#pragma once

#include "assay/codec/buffer.hpp"

namespace assay::comet::internal {

enum class WireType : std::uint8_t { kVarint = 0, kFixed64 = 1, kBytes = 2 };

class ProtoWriter {
 public:
  // Left out if zero.
  void number(unsigned field, std::uint64_t value) {
    if (value == 0) return;
    key(field, WireType::kVarint);
    varint(value);
  }
  void number(unsigned field, std::int64_t value) {
    number(field, static_cast<std::uint64_t>(value));
  }
  void fixed64(unsigned field, std::int64_t value) {
    if (value == 0) return;
    key(field, WireType::kFixed64);
    std::uint8_t raw[sizeof value];
    store_le(raw, value);
    m_sink.append({raw, sizeof raw});
  }
  // Left out if empty.
  void bytes(unsigned field, ByteView value) {
    if (!value.empty()) message(field, value);
  }
  // Written even if empty.
  void message(unsigned field, ByteView body) {
    key(field, WireType::kBytes);
    delimited(body);
  }
  // Its length before it, and no key.
  void delimited(ByteView body) {
    varint(body.size());
    m_sink.append(body);
  }
  [[nodiscard]] Bytes take() { return m_sink.take(); }

 private:
  void key(unsigned field, WireType type) { varint(field << 3 | static_cast<unsigned>(type)); }
  void varint(std::uint64_t value) {
    std::uint8_t raw[10];
    std::size_t size = 0;
    for (; value >= 0x80; value >>= 7) raw[size++] = static_cast<std::uint8_t>(value | 0x80);
    raw[size++] = static_cast<std::uint8_t>(value);
    m_sink.append({raw, size});
  }
  codec::BytesSink m_sink;
};

// Reads what ProtoWriter writes and nothing else. Fields are asked for in ascending order; a
// failure stays, reads after it give zeros; finish() is false if anything is left over.
class ProtoReader {
 public:
  explicit ProtoReader(ByteView bytes) : m_bytes(bytes) {}

  // Zero if the field is not there.
  [[nodiscard]] std::uint64_t number(unsigned field) {
    if (!skip_key(field, WireType::kVarint)) return 0;
    const std::uint64_t value = varint();
    if (value == 0) fail();
    return value;
  }
  [[nodiscard]] std::int64_t signed_number(unsigned field) {
    return static_cast<std::int64_t>(number(field));
  }
  // Empty if the field is not there.
  [[nodiscard]] ByteView bytes(unsigned field) {
    if (!skip_key(field, WireType::kBytes)) return {};
    const ByteView value = delimited();
    if (value.empty()) fail();
    return value;
  }
  // Must be there.
  [[nodiscard]] ByteView message(unsigned field) {
    if (!skip_key(field, WireType::kBytes)) fail();
    return delimited();
  }
  // Must be there, and of this size.
  template <std::size_t kBytes>
  void array(unsigned field, std::array<std::uint8_t, kBytes>& out) {
    const ByteView value = bytes(field);
    if (value.size() != kBytes) fail();
    if (m_ok) std::memcpy(out.data(), value.data(), kBytes);
  }
  // The next field is a message of this number.
  [[nodiscard]] bool has_message(unsigned field) const {
    return m_ok && !m_bytes.empty() && m_bytes[0] == key_of(field, WireType::kBytes);
  }

  void fail() {
    m_ok = false;
    m_bytes = {};
  }
  [[nodiscard]] bool ok() const { return m_ok; }
  [[nodiscard]] bool finish() const { return m_ok && m_bytes.empty(); }

 private:
  // One byte: all fields here are below 16.
  [[nodiscard]] static std::uint8_t key_of(unsigned field, WireType type) {
    return static_cast<std::uint8_t>(field << 3 | static_cast<unsigned>(type));
  }
  [[nodiscard]] bool skip_key(unsigned field, WireType type) {
    if (m_bytes.empty() || m_bytes[0] != key_of(field, type)) return false;
    m_bytes = m_bytes.subspan(1);
    return true;
  }
  [[nodiscard]] std::uint64_t varint() {
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < 10 && i < m_bytes.size(); ++i) {
      const std::uint8_t byte = m_bytes[i];
      if (i == 9 && byte > 1) break;  // more than 64 bits
      value |= std::uint64_t{byte & 0x7fu} << (7 * i);
      if ((byte & 0x80) != 0) continue;
      if (byte == 0 && i > 0) break;  // a shorter form says the same
      m_bytes = m_bytes.subspan(i + 1);
      return value;
    }
    fail();
    return 0;
  }
  [[nodiscard]] ByteView delimited() {
    const std::uint64_t size = varint();
    if (size > m_bytes.size()) fail();
    if (!m_ok) return {};
    const ByteView taken = m_bytes.first(size);
    m_bytes = m_bytes.subspan(size);
    return taken;
  }

  ByteView m_bytes;
  bool m_ok = true;
};

}  // namespace assay::comet::internal
