#include "assay/crypto/sha256.hpp"

#include <algorithm>
#include <atomic>

#include "assay/core/contract.hpp"
#include "internal/sha256_kernels.hpp"

namespace assay::crypto {

using internal::kLanes;
using internal::kStreams;
using internal::Sha256Streams;
using internal::States;

namespace {

Sha256Kind best_kind() noexcept {
  if (is_supported(Sha256Kind::kShaNiAvx512)) return Sha256Kind::kShaNiAvx512;
  return is_supported(Sha256Kind::kShaNi) ? Sha256Kind::kShaNi : Sha256Kind::kOpenssl;
}

std::atomic<Sha256Kind>& kind_in_use() noexcept {
  static std::atomic<Sha256Kind> kind{best_kind()};
  return kind;
}

void sha256_ni(const ByteView* parts, std::size_t count, std::uint8_t* digest32) {
  Sha256 hash(internal::sha256_blocks_sha_ni);
  for (std::size_t i = 0; i < count; ++i) hash.update(parts[i]);
  hash.finish(digest32);
}

void write_digest(const std::array<std::uint32_t, 8>& state, Hash256& out) {
  for (unsigned i = 0; i < 8; ++i) store_le(out.bytes.data() + 4 * i, __builtin_bswap32(state[i]));
}

// Out of so many messages sixteen lanes, some of them empty, take no longer than streams in turns.
constexpr std::size_t kFewestForLanes = 2 * kStreams + 1;

// What a kind has for several messages at once; none: it hashes one after the other.
struct Several {
  Sha256Streams streams = nullptr;
  bool lanes = false;
};

Several several_in_use() noexcept {
  switch (active_sha256_kind()) {
    case Sha256Kind::kShaNiAvx512: return {internal::sha256_streams_sha_ni_avx512, true};
    case Sha256Kind::kShaNi: return {internal::sha256_streams_sha_ni, false};
    case Sha256Kind::kOpenssl:
    case Sha256Kind::kPortable: break;
  }
  return {};
}

// Pads what is left of each message, `used` bytes of it after the prefix being hashed already
// (none: not even the prefix), and writes the first `count` digests. Inlined with four_leaves, so
// that a size that is known copies and clears in a few instructions.
[[gnu::always_inline]] inline void four_ends(Sha256Streams streams, States& states,
                                             std::uint8_t prefix, const std::uint8_t* const* chunks,
                                             std::size_t size, std::size_t used, std::size_t count,
                                             Hash256* out) {
  constexpr std::size_t kShort = 128;  // two blocks
  std::uint8_t buffer[kStreams][kShort];
  const std::uint8_t* at[kStreams];
  const std::size_t head = used == 0 ? 1 : 0;
  const std::size_t end = head + (size - used);
  const std::size_t blocks = end + 9 <= 64 ? 1 : 2;
  for (std::size_t s = 0; s < kStreams; ++s) {
    buffer[s][0] = prefix;
    if (size != used) std::memcpy(buffer[s] + head, chunks[s] + used, size - used);
    buffer[s][end] = 0x80;
    std::memset(buffer[s] + end + 1, 0, 64 * blocks - end - 1);
    store_le(buffer[s] + 64 * blocks - 8, __builtin_bswap64((std::uint64_t{size} + 1) * 8));
    at[s] = buffer[s];
  }
  streams(states, at, blocks, 0);
  for (std::size_t s = 0; s < count; ++s) write_digest(states[s], out[s]);
}

// Four chunks of equal length, each under its prefix. After the first block, which holds the prefix
// and 63 bytes, a chunk's blocks are hashed where they lie; only the padded tail is copied.
[[gnu::always_inline]] inline void four_leaves(Sha256Streams streams, std::uint8_t prefix,
                                               const std::uint8_t* const* chunks, std::size_t size,
                                               std::size_t count, Hash256* out) {
  States states;
  std::fill(states, states + kStreams, kSha256Initial);
  if (size + 1 + 9 <= 128) return four_ends(streams, states, prefix, chunks, size, 0, count, out);
  std::uint8_t first[kStreams][64];
  const std::uint8_t* at[kStreams];
  for (std::size_t s = 0; s < kStreams; ++s) {
    first[s][0] = prefix;
    std::memcpy(first[s] + 1, chunks[s], 63);
    at[s] = first[s];
  }
  streams(states, at, 1, 0);
  const std::size_t whole = (size - 63) / 64;
  for (std::size_t s = 0; s < kStreams; ++s) at[s] = chunks[s] + 63;
  streams(states, at, whole, kStreams * size);
  four_ends(streams, states, prefix, chunks, size, 63 + 64 * whole, count, out);
}

// `count` chunks of equal length, one after the other; what is missing to four repeats the first.
// The sizes that trees are made of are known to the compiler.
void up_to_four_chunks(Sha256Streams streams, std::uint8_t prefix, const std::uint8_t* data,
                       std::size_t size, std::size_t count, Hash256* out) {
  constexpr std::size_t kNode = 64, kLeaf = 1024;
  const std::uint8_t* chunks[kStreams];
  for (std::size_t s = 0; s < kStreams; ++s) chunks[s] = data + size * (s < count ? s : 0);
  if (size == kNode) return four_leaves(streams, prefix, chunks, kNode, count, out);
  if (size == kLeaf) return four_leaves(streams, prefix, chunks, kLeaf, count, out);
  four_leaves(streams, prefix, chunks, size, count, out);
}

// out[i] = SHA-256(prefix || data[i * size, (i + 1) * size)), i < count. `out` may be `data`, if
// size is at least 32: every message of a batch is read before its digests are written.
void equal_chunks(std::uint8_t prefix, const std::uint8_t* data, std::size_t size,
                  std::size_t count, Hash256* out) {
  const Several several = several_in_use();
  while (count != 0) {
    std::size_t batch = 1;
    if (several.lanes && count >= kFewestForLanes) {
      batch = std::min(count, kLanes);
      internal::sha256_lanes_avx512(prefix, data, size, batch, out);
    } else if (several.streams != nullptr && count != 1) {
      batch = std::min(count, kStreams);
      up_to_four_chunks(several.streams, prefix, data, size, batch, out);
    } else {
      *out = sha256({ByteView{&prefix, 1}, ByteView{data, size}});
    }
    data += batch * size;
    out += batch;
    count -= batch;
  }
}

}  // namespace

const char* name_of(Sha256Kind kind) noexcept {
  switch (kind) {
    case Sha256Kind::kPortable: return "portable";
    case Sha256Kind::kOpenssl: return "openssl";
    case Sha256Kind::kShaNi: return "sha-ni";
    case Sha256Kind::kShaNiAvx512: return "sha-ni with avx-512";
  }
  return "?";
}

bool is_supported(Sha256Kind kind) noexcept {
  switch (kind) {
    case Sha256Kind::kPortable:
    case Sha256Kind::kOpenssl: return true;
    case Sha256Kind::kShaNi: return internal::has_sha_ni();
    case Sha256Kind::kShaNiAvx512: return internal::has_sha_ni() && internal::has_avx512();
  }
  return false;
}

Sha256Kind active_sha256_kind() noexcept { return kind_in_use().load(std::memory_order_relaxed); }

void force_sha256_kind(Sha256Kind kind) {
  ASSAY_EXPECTS(is_supported(kind));
  kind_in_use().store(kind, std::memory_order_relaxed);
}

Sha256Function sha256_function() noexcept {
  switch (active_sha256_kind()) {
    case Sha256Kind::kShaNiAvx512:
    case Sha256Kind::kShaNi: return sha256_ni;
    case Sha256Kind::kOpenssl: return internal::sha256_openssl;
    case Sha256Kind::kPortable: break;
  }
  return sha256_portable;
}

Sha256Blocks sha256_blocks() noexcept {
  return several_in_use().streams != nullptr ? internal::sha256_blocks_sha_ni
                                             : sha256_blocks_portable;
}

Hash256 sha256(ByteView message) { return sha256({message}); }

Hash256 sha256(std::initializer_list<ByteView> parts) {
  return sha256_of(sha256_function(), parts);
}

void sha256_many_prefixed(std::uint8_t prefix, ByteView data, std::size_t leaf_size, Hash256* out) {
  ASSAY_EXPECTS(leaf_size > 0);
  const std::size_t whole = data.size() / leaf_size;
  equal_chunks(prefix, data.data(), leaf_size, whole, out);
  const ByteView rest = data.subspan(whole * leaf_size);
  if (!rest.empty()) out[whole] = sha256({ByteView{&prefix, 1}, rest});
}

void sha256_pairs(std::uint8_t prefix, const Hash256* nodes, std::size_t pairs, Hash256* out) {
  static_assert(sizeof(Hash256) == 32);
  if (pairs != 0) equal_chunks(prefix, nodes->bytes.data(), 64, pairs, out);
}

}  // namespace assay::crypto
