// Shorthands of the room's encodings.
#pragma once

#include <optional>

#include "assay/protocol/records.hpp"

namespace assay::protocol::wire {

template <class Tag>
void put(codec::Writer& w, const Strong<Tag, Hash256>& id) {
  w.hash(id.value);
}
template <class Tag>
void put(codec::Writer& w, const Strong<Tag, std::uint64_t>& n) {
  w.u64(n.value);
}
template <class Tag>
void get(codec::Reader& r, Strong<Tag, Hash256>& id) {
  id.value = r.hash();
}
template <class Tag>
void get(codec::Reader& r, Strong<Tag, std::uint64_t>& n) {
  n.value = r.u64();
}

inline void put(codec::Writer& w, const crypto::Signature& s) { w.raw(s); }
inline void get(codec::Reader& r, crypto::Signature& s) {
  const ByteView raw = r.take(s.size());
  if (!raw.empty()) std::memcpy(s.data(), raw.data(), s.size());
}

template <class T>
void put(codec::Writer& w, const std::optional<T>& value) {
  w.flag(value.has_value());
  if (value) put(w, *value);
}
template <class T>
void get(codec::Reader& r, std::optional<T>& value) {
  if (r.flag()) get(r, value.emplace());
}

// An enumeration from 1 to `last`, as u8.
template <class E>
void put_enum(codec::Writer& w, E e) {
  w.u8(static_cast<std::uint8_t>(e));
}
template <class E>
void get_enum(codec::Reader& r, E& e, E last) {
  const std::uint8_t raw = r.u8();
  if (raw < 1 || raw > static_cast<std::uint8_t>(last)) r.fail();
  e = static_cast<E>(raw);
}

template <class Record>
[[nodiscard]] Bytes bytes_of(const Record& record) {
  return codec::encode([&](codec::Writer& w) { write(w, record); });
}

}  // namespace assay::protocol::wire
