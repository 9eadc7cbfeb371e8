// Plain text as token tensors: one token a byte, or one a character (Unicode code point) numbered
// by its place in an alphabet (docs/spec/tensor.md). Thread-safe.
#pragma once

#include "assay/tensor/tensor.hpp"

namespace assay::tensor {

// u8 [bytes]: any file. Errors: kUnsupported if it is empty.
[[nodiscard]] Result<Tensor> read_byte_tokens(ByteView file);

struct CharacterTokens {
  Tensor tokens;    // [characters], places in the alphabet: u8, or u32 for over 256 of them
  Tensor alphabet;  // u32 [distinct characters], code points ascending
};
// Errors: kMalformed if the file is not UTF-8 (the byte offset is named), kUnsupported if it is
// empty.
[[nodiscard]] Result<CharacterTokens> read_character_tokens(ByteView file);
// The same with a given alphabet, u32 [n] ascending: for a second text of the same model. Errors
// besides: kInvalidArgument, naming the first character that the alphabet lacks.
[[nodiscard]] Result<Tensor> read_character_tokens(ByteView file, const TensorView& alphabet);

// UTF-8 of tokens; those beyond the alphabet, and what is no code point, are U+FFFD.
[[nodiscard]] std::string text_of(std::span<const std::uint32_t> tokens,
                                  const TensorView& alphabet);

}  // namespace assay::tensor
