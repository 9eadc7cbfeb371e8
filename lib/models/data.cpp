#include "assay/models/data.hpp"

#include <algorithm>
#include <cstring>

namespace assay::models {

namespace {

Error refuse(const std::string& what) { return {ErrorCode::kInvalidArgument, what}; }

// One more than the greatest element; 0 if one is negative or too large to count with.
std::uint64_t count_of_kinds(const Tensor& integers) {
  constexpr std::uint64_t kTooLarge = std::uint64_t{1} << 32;
  const auto of = [](const auto& values) -> std::uint64_t {
    std::uint64_t most = 0;
    for (const auto value : values) {
      if (value < 0 || static_cast<std::uint64_t>(value) >= kTooLarge) return 0;
      most = std::max(most, static_cast<std::uint64_t>(value));
    }
    return most + 1;
  };
  switch (integers.dtype()) {
    case DType::kU8: return of(integers.as<std::uint8_t>());
    case DType::kU32: return of(integers.as<std::uint32_t>());
    case DType::kI32: return of(integers.as<std::int32_t>());
    case DType::kI64: return of(integers.as<std::int64_t>());
    case DType::kU64: return of(integers.as<std::uint64_t>());
    case DType::kF32: break;
  }
  return 0;
}

Tensor with_shape(const Tensor& from, const Shape& shape) {
  return Tensor::copy_of({from.dtype(), shape}, from.bytes());
}

Status fit_images(Images& d, const Tensor& images, const Tensor& labels) {
  const Shape& shape = images.shape();
  d.examples = shape[0];
  d.height = shape[1];
  d.width = shape[2];
  d.channels = shape.rank == 4 ? shape[3] : 1;
  d.dtype = images.dtype();
  d.label_dtype = labels.dtype();
  d.classes = std::max<std::uint64_t>(2, count_of_kinds(labels));
  if (d.dtype == DType::kF32) {  // as it is
    d.mean = 0.0F;
    d.deviation = 1.0F;
  }
  return {};
}

}  // namespace

Result<NamedTensors> image_data(Tensor images, Tensor labels) {
  const Shape& shape = images.shape();
  if (images.dtype() != DType::kU8 && images.dtype() != DType::kF32)
    return refuse("images must be u8 or f32, not " + std::string(name_of(images.dtype())));
  if (shape.rank < 2 || shape.rank > 4)
    return refuse("images must be [n, height, width], [n, height, width, channels] or [n, d]");
  if (labels.shape().rank != 1 || labels.shape()[0] != shape[0])
    return refuse("there must be one label for each of the " + std::to_string(shape[0]) +
                  " images");
  if (count_of_kinds(labels) == 0) return refuse("labels must be integers from 0 on");
  if (shape.rank == 2) images = with_shape(images, {shape[0], 1, shape[1]});
  if (shape.rank == 4 && shape[3] == 1) images = with_shape(images, {shape[0], shape[1], shape[2]});
  NamedTensors data;
  data.emplace(std::string(kImages), std::move(images));
  data.emplace(std::string(kLabels), std::move(labels));
  return data;
}

Result<NamedTensors> text_data(Tensor tokens, Tensor alphabet) {
  if (tokens.shape().rank != 1 || (tokens.dtype() != DType::kU8 && tokens.dtype() != DType::kU32))
    return refuse("a text must be u8 or u32 [tokens]");
  NamedTensors data;
  if (!alphabet.empty()) {
    if (alphabet.shape().rank != 1 || alphabet.dtype() != DType::kU32)
      return refuse("an alphabet must be u32 [characters]");
    data.emplace(std::string(kAlphabet), std::move(alphabet));
  }
  data.emplace(std::string(kTokens), std::move(tokens));
  return data;
}

Status fit_to_data(ModelDescription& d, const NamedTensors& data) {
  const auto find = [&](std::string_view name) -> const Tensor* {
    const auto at = data.find(name);
    return at == data.end() ? nullptr : &at->second;
  };
  if (!std::holds_alternative<Gpt>(d.network)) {
    const Tensor* images = find(kImages);
    const Tensor* labels = find(kLabels);
    if (images == nullptr || labels == nullptr)
      return refuse(std::string("a ") + name_of(d.network) + " reads images and labels");
    return fit_images(d.images, *images, *labels);
  }
  const Tensor* tokens = find(kTokens);
  const Tensor* alphabet = find(kAlphabet);
  if (tokens == nullptr) return refuse("a gpt reads a text");
  d.tokens.count = tokens->shape()[0];
  d.tokens.dtype = tokens->dtype();
  d.tokens.has_alphabet = alphabet != nullptr;
  d.tokens.vocabulary = tokens->dtype() == DType::kU8 ? 256 : count_of_kinds(*tokens);
  if (alphabet != nullptr) d.tokens.vocabulary = alphabet->shape()[0];
  return {};
}

Result<Windows> windows_of(const TensorView& tokens, std::uint64_t sequence) {
  if (tokens.type.shape.rank != 1) return refuse("a text is a list of tokens, of one dimension");
  const std::uint64_t count = tokens.type.shape[0];
  if (sequence == 0 || count <= sequence)
    return refuse("the text must be longer than the sequence of " + std::to_string(sequence));
  const std::uint64_t n = (count - 1) / sequence;
  const std::size_t size = size_of(tokens.type.dtype);
  Windows windows{Tensor({tokens.type.dtype, {n, sequence}}),
                  Tensor({tokens.type.dtype, {n, sequence}})};
  std::memcpy(windows.tokens.data(), tokens.data, windows.tokens.byte_count());
  std::memcpy(windows.next.data(), tokens.data + size, windows.next.byte_count());
  return windows;
}

}  // namespace assay::models
