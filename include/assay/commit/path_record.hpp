// The one encoding of an inclusion path: length u8, then the hashes from the leaf up
// (docs/spec/commit.md). Freestanding.
#pragma once

#include "assay/codec/codec.hpp"
#include "assay/commit/merkle.hpp"

namespace assay::commit {

template <class Sink>
void write_path(codec::BasicWriter<Sink>& writer, const Path& path) {
  writer.u8(static_cast<std::uint8_t>(path.length));
  for (unsigned i = 0; i < path.length; ++i) writer.hash(path.hashes[i]);
}

[[nodiscard]] inline Path read_path(codec::Reader& reader) {
  Path path;
  const unsigned length = reader.u8();
  if (length > kMaxPathLength) {
    reader.fail();
    return path;
  }
  path.length = length;
  for (unsigned i = 0; i < length; ++i) path.hashes[i] = reader.hash();
  return path;
}

}  // namespace assay::commit
