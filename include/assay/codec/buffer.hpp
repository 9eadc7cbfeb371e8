// The hosted writer: grows a vector.
#pragma once

#include "assay/codec/codec.hpp"
#include "assay/core/hex.hpp"

namespace assay::codec {

class BytesSink {
 public:
  void append(ByteView v) { m_bytes.insert(m_bytes.end(), v.begin(), v.end()); }
  [[nodiscard]] ByteView view() const { return m_bytes; }
  [[nodiscard]] Bytes take() { return std::move(m_bytes); }

 private:
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
