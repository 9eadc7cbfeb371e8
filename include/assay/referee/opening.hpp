// The bytes of a scalar opening, for those who make one, and which elements it must open
// (docs/spec/referee.md). Freestanding.
#pragma once

#include <algorithm>
#include <span>

#include "assay/commit/path_record.hpp"
#include "assay/commit/roots.hpp"
#include "assay/referee/referee.hpp"

namespace assay::referee {

// One read of the step: chunk_of(type, index) of the operand with its two paths.
template <class Sink>
void write_operand(codec::BasicWriter<Sink>& writer, ByteView chunk,
                   const commit::Path& tensor_path, const commit::Path& trace_path) {
  writer.bytes(chunk);
  commit::write_path(writer, tensor_path);
  commit::write_path(writer, trace_path);
}
// A read of a chunk that an earlier read of the same step opened.
template <class Sink>
void write_repeated_operand(codec::BasicWriter<Sink>& writer) {
  writer.u32(0);
  writer.u8(0);
  writer.u8(0);
}

// Where an element lies: which chunk of its tensor and at which byte of it. Elements never straddle
// chunks.
struct Place {
  std::uint64_t chunk = 0;
  std::uint32_t offset = 0;
};
[[nodiscard]] constexpr Place place_of(DType dtype, std::uint64_t index) noexcept {
  const std::uint64_t byte = index * size_of(dtype);
  return {byte / commit::kChunkBytes, static_cast<std::uint32_t>(byte % commit::kChunkBytes)};
}
// Bytes of chunk `chunk` of a tensor: kChunkBytes for all but perhaps the last.
[[nodiscard]] constexpr std::size_t chunk_size(const TensorType& type,
                                               std::uint64_t chunk) noexcept {
  const std::uint64_t left = type.byte_count() - chunk * commit::kChunkBytes;
  return static_cast<std::size_t>(left < commit::kChunkBytes ? left : commit::kChunkBytes);
}
struct Read {
  unsigned operand = 0;
  std::uint64_t index = 0;
  friend bool operator==(const Read&, const Read&) = default;
};

// An Access (numerics/fold.hpp) that notes what a step reads of another one, in order; more than
// kMaxReads are counted, not kept.
template <class Access>
class RecordingAccess {
 public:
  explicit RecordingAccess(Access& inner) : m_inner(inner) {}
  [[nodiscard]] std::uint64_t read(unsigned operand, std::uint64_t index) {
    if (m_count < kMaxReads) m_reads[m_count] = {operand, index};
    ++m_count;
    return m_inner.read(operand, index);
  }
  [[nodiscard]] unsigned count() const { return m_count; }
  [[nodiscard]] std::span<const Read> reads() const {
    return {m_reads.data(), std::min<std::size_t>(m_count, kMaxReads)};
  }

 private:
  Access& m_inner;
  std::array<Read, kMaxReads> m_reads{};
  unsigned m_count = 0;
};

}  // namespace assay::referee
