// The one byte encoding of everything that is hashed, signed or sent (docs/spec/codec.md).
//
// Integers are little-endian and fixed in width; a hash is its 32 bytes; a string of bytes is its
// length (u32) and the bytes; a list is its count (u32) and the items; an optional is 0 or 1 (u8)
// and the item; a struct is its fields in order. There is one encoding of each value: a decoder
// rejects every other (an optional's flag of 2, say) and bytes left over at the end.
//
// Freestanding. Reader and Writer keep a sticky failure instead of returning one per field: check
// ok() or finish() once at the end; reads after a failure give zeros.
#pragma once

#include <concepts>

#include "assay/core/bytes.hpp"

namespace assay::codec {

class Reader {
 public:
  explicit Reader(ByteView bytes) : m_bytes(bytes) {}

  template <std::integral T>
  [[nodiscard]] T integer() {
    const ByteView taken = take(sizeof(T));
    return taken.size() == sizeof(T) ? load_le<T>(taken.data()) : T{};
  }
  [[nodiscard]] std::uint8_t u8() { return integer<std::uint8_t>(); }
  [[nodiscard]] std::uint16_t u16() { return integer<std::uint16_t>(); }
  [[nodiscard]] std::uint32_t u32() { return integer<std::uint32_t>(); }
  [[nodiscard]] std::uint64_t u64() { return integer<std::uint64_t>(); }
  [[nodiscard]] bool flag() {
    const std::uint8_t value = u8();
    if (value > 1) fail();
    return value == 1;
  }
  [[nodiscard]] Hash256 hash() {
    Hash256 h;
    const ByteView taken = take(h.bytes.size());
    if (taken.size() == h.bytes.size()) std::memcpy(h.bytes.data(), taken.data(), taken.size());
    return h;
  }
  // A length-prefixed string of at most `limit` bytes; a view into the input.
  [[nodiscard]] ByteView bytes(std::size_t limit) {
    const std::uint32_t size = u32();
    if (size > limit) fail();
    return take(size);
  }
  // A list's count, at most `limit`, each item of at least `item_size_min` bytes (so that a count
  // cannot announce more than the input holds).
  [[nodiscard]] std::uint32_t count(std::size_t limit, std::size_t item_size_min) {
    const std::uint32_t n = u32();
    if (n > limit || n * std::uint64_t{item_size_min} > remaining()) fail();
    return m_ok ? n : 0;
  }
  // Exactly `size` raw bytes; empty after a failure.
  [[nodiscard]] ByteView take(std::size_t size) {
    if (!m_ok || size > remaining()) {
      fail();
      return {};
    }
    const ByteView taken = m_bytes.subspan(m_at, size);
    m_at += size;
    return taken;
  }

  void fail() { m_ok = false; }
  [[nodiscard]] bool ok() const { return m_ok; }
  [[nodiscard]] std::size_t remaining() const { return m_bytes.size() - m_at; }
  [[nodiscard]] std::size_t position() const { return m_at; }
  // True if nothing failed and nothing is left over.
  [[nodiscard]] bool finish() const { return m_ok && remaining() == 0; }

 private:
  ByteView m_bytes;
  std::size_t m_at = 0;
  bool m_ok = true;
};

// Writes to `Sink`, which has append(ByteView). Encoding cannot fail; a bounded sink reports
// overflow itself.
template <class Sink>
class BasicWriter {
 public:
  explicit BasicWriter(Sink& sink) : m_sink(sink) {}

  template <std::integral T>
  void integer(T value) {
    std::uint8_t raw[sizeof(T)];
    store_le(raw, value);
    m_sink.append(ByteView{raw, sizeof raw});
  }
  void u8(std::uint8_t v) { integer(v); }
  void u16(std::uint16_t v) { integer(v); }
  void u32(std::uint32_t v) { integer(v); }
  void u64(std::uint64_t v) { integer(v); }
  void flag(bool v) { u8(v ? 1 : 0); }
  void hash(const Hash256& h) { m_sink.append(h.view()); }
  void bytes(ByteView v) {
    u32(static_cast<std::uint32_t>(v.size()));
    raw(v);
  }
  void raw(ByteView v) { m_sink.append(v); }

 private:
  Sink& m_sink;
};

// A sink over memory of fixed size; `overflowed` once it did not fit.
class FixedSink {
 public:
  explicit FixedSink(MutableBytes out) : m_out(out) {}
  void append(ByteView v) {
    if (v.size() > m_out.size() - m_used) {
      m_overflowed = true;
      return;
    }
    if (!v.empty()) std::memcpy(m_out.data() + m_used, v.data(), v.size());
    m_used += v.size();
  }
  [[nodiscard]] ByteView written() const { return {m_out.data(), m_used}; }
  [[nodiscard]] bool overflowed() const { return m_overflowed; }

 private:
  MutableBytes m_out;
  std::size_t m_used = 0;
  bool m_overflowed = false;
};

}  // namespace assay::codec
