// The IDX format of the MNIST family of data sets: unsigned bytes only. Over bytes already
// unpacked.
#pragma once

#include "assay/tensor/tensor.hpp"

namespace assay::tensor {

// A view into `file`: u8, of the shape that the header says ([n, 28, 28] for images, [n] for
// labels). Errors: kMalformed (no IDX file, cut, or bytes left over), kUnsupported (elements other
// than u8), kLimit (rank or size beyond the limits).
[[nodiscard]] Result<TensorView> read_idx(ByteView file);

}  // namespace assay::tensor
