// The one encoding of a tensor's type, under tensor roots and in node records: dtype u8, rank u8,
// dims u64 each (docs/spec/commit.md). Freestanding.
#pragma once

#include "assay/codec/codec.hpp"
#include "assay/tensor/shape.hpp"

namespace assay::commit {

template <class Sink>
void write_type(codec::BasicWriter<Sink>& writer, const TensorType& type) {
  writer.u8(static_cast<std::uint8_t>(type.dtype));
  writer.u8(type.shape.rank);
  for (unsigned i = 0; i < type.shape.rank; ++i) writer.u64(type.shape.dims[i]);
}

inline TensorType read_type(codec::Reader& reader) {
  TensorType type;
  type.dtype = static_cast<DType>(reader.u8());
  type.shape.rank = reader.u8();
  if (!is_known(type.dtype) || type.shape.rank > kMaxRank) {
    reader.fail();
    return {};
  }
  for (unsigned i = 0; i < type.shape.rank; ++i) type.shape.dims[i] = reader.u64();
  if (!is_valid(type.shape)) reader.fail();
  return type;
}

}  // namespace assay::commit
