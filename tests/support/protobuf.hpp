// Protocol Buffers' encoding by hand, from its published description: what tests compare our
// messages with. No definition of any message stands here.
#pragma once

#include <map>
#include <vector>

#include "assay/core/hex.hpp"

namespace assay::test {

// A message's bytes, field by field: Wire().number(5, 7).text(2, "a").message(3, Wire()...).
class Wire {
 public:
  // Integers, booleans and enumerations; negative ones as 64 bits.
  Wire& number(unsigned field, std::int64_t value) {
    varint(field << 3);
    varint(static_cast<std::uint64_t>(value));
    return *this;
  }
  Wire& text(unsigned field, std::string_view value) { return bytes(field, as_bytes(value)); }
  Wire& bytes(unsigned field, ByteView value) {
    varint(field << 3 | 2);
    varint(value.size());
    m_bytes.insert(m_bytes.end(), value.begin(), value.end());
    return *this;
  }
  Wire& message(unsigned field, const Wire& value) { return bytes(field, value.m_bytes); }
  Wire& varint(std::uint64_t value) {
    for (; value > 0x7f; value >>= 7) m_bytes.push_back(static_cast<std::uint8_t>(value | 0x80));
    m_bytes.push_back(static_cast<std::uint8_t>(value));
    return *this;
  }
  [[nodiscard]] const Bytes& get() const { return m_bytes; }
  // Behind its length.
  [[nodiscard]] Bytes framed() const {
    Wire frame;
    frame.varint(m_bytes.size());
    frame.m_bytes.insert(frame.m_bytes.end(), m_bytes.begin(), m_bytes.end());
    return frame.m_bytes;
  }

 private:
  Bytes m_bytes;
};

// The fields of a message whose fields are numbers, texts and messages.
struct WireFields {
  std::map<unsigned, std::vector<std::int64_t>> numbers;
  std::map<unsigned, std::vector<std::string>> texts;  // messages, too
  bool malformed = false;

  explicit WireFields(std::string_view message) {
    std::size_t at = 0;
    const auto varint = [&] {
      std::uint64_t value = 0;
      for (unsigned shift = 0; at < message.size() && shift < 64; shift += 7) {
        const auto byte = static_cast<std::uint8_t>(message[at++]);
        value |= std::uint64_t{byte & 0x7fu} << shift;
        if (byte < 0x80) return value;
      }
      malformed = true;
      return value;
    };
    while (at < message.size() && !malformed) {
      const std::uint64_t tag = varint();
      const auto field = static_cast<unsigned>(tag >> 3);
      if ((tag & 7) == 0) {
        numbers[field].push_back(static_cast<std::int64_t>(varint()));
      } else if ((tag & 7) == 2) {
        const std::uint64_t size = varint();
        malformed |= size > message.size() - at;
        if (malformed) break;
        texts[field].emplace_back(message.substr(at, size));
        at += size;
      } else {
        malformed = true;
      }
    }
  }
  [[nodiscard]] std::string text(unsigned field) const {
    const auto found = texts.find(field);
    return found == texts.end() ? "" : found->second[0];
  }
  [[nodiscard]] std::int64_t number(unsigned field) const {
    const auto found = numbers.find(field);
    return found == numbers.end() ? 0 : found->second[0];
  }
};

}  // namespace assay::test
