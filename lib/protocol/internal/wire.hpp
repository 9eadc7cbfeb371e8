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

template <std::size_t kBytes>
void get_raw(codec::Reader& r, std::array<std::uint8_t, kBytes>& bytes) {
  const ByteView raw = r.take(kBytes);
  if (!raw.empty()) std::memcpy(bytes.data(), raw.data(), kBytes);
}

inline void put(codec::Writer& w, const crypto::Signature& s) { w.raw(s); }
inline void get(codec::Reader& r, crypto::Signature& s) { get_raw(r, s); }
inline void put(codec::Writer& w, const Hash256& h) { w.hash(h); }
inline void get(codec::Reader& r, Hash256& h) { h = r.hash(); }

inline void put(codec::Writer& w, const Attestation& attestation) {
  put(w, attestation.end);
  put(w, attestation.interior);
}
inline void get(codec::Reader& r, Attestation& attestation) {
  get(r, attestation.end);
  get(r, attestation.interior);
}

inline void put(codec::Writer& w, const ReplayTimes& times) {
  w.u64(times.interval_ms);
  w.u64(times.game_ms);
}
inline void get(codec::Reader& r, ReplayTimes& times) {
  times.interval_ms = r.u64();
  times.game_ms = r.u64();
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

inline constexpr std::size_t kTargetBytes = 1 + 8 + 32;
inline void put(codec::Writer& w, const ChallengeTarget& target) {
  put_enum(w, target.what);
  w.u64(target.place);
  w.hash(target.verifier.value);
}
inline void get(codec::Reader& r, ChallengeTarget& target) {
  get_enum(r, target.what, Disputed::kInterior);
  target.place = r.u64();
  target.verifier.value = r.hash();
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

// A u32 count, then the items. Of at most `most` items of at least `bytes_min` bytes.
template <class T, class PutOne>
void put_list(codec::Writer& w, const std::vector<T>& items, PutOne&& put_one) {
  w.u32(static_cast<std::uint32_t>(items.size()));
  for (const T& item : items) put_one(item);
}
template <class T, class GetOne>
void get_list(codec::Reader& r, std::vector<T>& items, std::size_t most, std::size_t bytes_min,
              GetOne&& get_one) {
  items.clear();
  const std::uint32_t count = r.count(most, bytes_min);
  for (std::uint32_t i = 0; i < count && r.ok(); ++i) get_one(items.emplace_back());
}
template <class Tag>
void put_ids(codec::Writer& w, const std::vector<Strong<Tag, Hash256>>& ids) {
  put_list(w, ids, [&](const auto& id) { put(w, id); });
}
template <class Tag>
void get_ids(codec::Reader& r, std::vector<Strong<Tag, Hash256>>& ids, std::size_t most) {
  get_list(r, ids, most, 32, [&](auto& id) { get(r, id); });
}
// Tags: byte strings of at most kMaxTagBytes.
inline void put_tags(codec::Writer& w, const std::vector<std::string>& tags) {
  put_list(w, tags, [&](const std::string& tag) { w.bytes(as_bytes(tag)); });
}
inline void get_tags(codec::Reader& r, std::vector<std::string>& tags, std::size_t most) {
  get_list(r, tags, most, 4, [&](std::string& tag) {
    const ByteView bytes = r.bytes(kMaxTagBytes);
    tag.assign(bytes.begin(), bytes.end());
  });
}

template <class Record>
[[nodiscard]] Bytes bytes_of(const Record& record) {
  return codec::encode([&](codec::Writer& w) { write(w, record); });
}

}  // namespace assay::protocol::wire
