// NumPy's .npy format, versions 1.0 and 2.0: little-endian, C order, the dtypes of this library.
#pragma once

#include "assay/tensor/tensor.hpp"

namespace assay::tensor {

// A copy. Errors: kMalformed (no npy file, cut, bytes left over, a header that is not the
// dictionary of descr, fortran_order and shape), kUnsupported (another version, dtype, byte order
// or Fortran order; a dimension of 0), kLimit (rank or size beyond the limits).
[[nodiscard]] Result<Tensor> read_npy(ByteView file);

// Version 1.0, as numpy.save writes it. `view` must be valid.
[[nodiscard]] Bytes write_npy(const TensorView& view);

}  // namespace assay::tensor
