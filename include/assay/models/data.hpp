// Data sets as the ready-made models read them: names, types, and a description that fits.
#pragma once

#include "assay/models/model.hpp"
#include "assay/tensor/tensor.hpp"

namespace assay::models {

// Data of an image classifier: images u8 or f32 [n, h, w], [n, h, w, c], [n, h, w, 1] or features
// [n, d], labels of any integers [n]. Errors: kInvalidArgument if they are something else, or do
// not belong together.
[[nodiscard]] Result<NamedTensors> image_data(Tensor images, Tensor labels);

// Data of a gpt: tokens u8 or u32 [count], and the alphabet u32 [vocabulary] of character tokens or
// an empty tensor. Errors: kInvalidArgument if they are something else.
[[nodiscard]] Result<NamedTensors> text_data(Tensor tokens, Tensor alphabet = {});

// Fills in what `d` says of its data: sizes, types, classes (the greatest label and one), the
// vocabulary (256 without an alphabet, or one more than the greatest u32 token). Errors:
// kInvalidArgument if this is not data that d.network reads.
[[nodiscard]] Status fit_to_data(ModelDescription& d, const NamedTensors& data);

// Windows of a text for training::evaluate(): every sequence-th one, each with the tokens that
// follow its positions. Errors: kInvalidArgument if the text is not longer than the sequence.
struct Windows {
  Tensor tokens;  // of the text's type, [n, sequence]
  Tensor next;    // the same
};
[[nodiscard]] Result<Windows> windows_of(const TensorView& tokens, std::uint64_t sequence);

}  // namespace assay::models
