#include "assay/tensor/idx.hpp"

namespace assay::tensor {

// Two zero bytes, the element type, the rank; then each dimension, big-endian in 32 bits; then
// data.
Result<TensorView> read_idx(ByteView file) {
  constexpr std::uint8_t kUnsignedByte = 0x08;
  if (file.size() < 4 || file[0] != 0 || file[1] != 0)
    return {ErrorCode::kMalformed, "not an IDX file: it does not start with two zero bytes"};
  if (file[2] != kUnsignedByte)
    return {ErrorCode::kUnsupported, "an IDX file of elements other than unsigned bytes"};
  const unsigned rank = file[3];
  if (rank == 0) return {ErrorCode::kMalformed, "an IDX file without dimensions"};
  if (rank > kMaxRank) return {ErrorCode::kLimit, "an IDX file of more than 6 dimensions"};
  const std::size_t header = 4 + std::size_t{4} * rank;
  if (file.size() < header) return {ErrorCode::kMalformed, "the IDX header is cut"};
  TensorView view;
  view.type.dtype = DType::kU8;
  view.type.shape.rank = static_cast<std::uint8_t>(rank);
  for (unsigned i = 0; i < rank; ++i) {
    view.type.shape.dims[i] = __builtin_bswap32(load_le<std::uint32_t>(file.data() + 4 + 4 * i));
    if (view.type.shape.dims[i] == 0) return {ErrorCode::kUnsupported, "an IDX dimension of 0"};
  }
  if (!is_valid(view.type.shape)) return {ErrorCode::kLimit, "the IDX file has too many elements"};
  if (file.size() - header != view.type.byte_count())
    return {ErrorCode::kMalformed, "the IDX header announces " +
                                       std::to_string(view.type.byte_count()) + " bytes, not " +
                                       std::to_string(file.size() - header)};
  view.data = file.data() + header;
  return view;
}

}  // namespace assay::tensor
