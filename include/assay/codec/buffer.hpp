// The hosted writer: grows a vector.
#pragma once

#include "assay/codec/codec.hpp"
#include "assay/core/hex.hpp"

namespace assay::codec {

class BytesSink {
 public:
  // Neither insert() nor inline: GCC 12, inlining several of them, warns of an overflow that cannot
  // be.
  [[gnu::noinline]] void append(ByteView v) {
    const std::size_t at = m_bytes.size();
    if (m_bytes.capacity() == 0) m_bytes.reserve(kFirstBytes + v.size());
    m_bytes.resize(at + v.size());
    if (!v.empty()) std::memcpy(m_bytes.data() + at, v.data(), v.size());
  }
  [[nodiscard]] ByteView view() const { return m_bytes; }
  [[nodiscard]] Bytes take() { return std::move(m_bytes); }

 private:
  static constexpr std::size_t kFirstBytes = 128;  // most records fit
  Bytes m_bytes;
};

using Writer = BasicWriter<BytesSink>;

// encode([&](Writer& w) { w.u32(7); }) -> the bytes.
template <class Body>
[[nodiscard]] Bytes encode(Body&& body) {
  BytesSink sink;
  Writer writer(sink);
  body(writer);
  return sink.take();
}

}  // namespace assay::codec
