// tensor and host: the files that data sets and checkpoints come in. Input: which format (u8), the
// file.
#include "assay/host/read_file.hpp"
#include "assay/tensor/idx.hpp"
#include "assay/tensor/npy.hpp"
#include "assay/tensor/safetensors.hpp"
#include "assay/tensor/text.hpp"
#include "fuzz/fuzz.hpp"

using namespace assay;
using namespace assay::tensor;

namespace {

constexpr std::uint64_t kMaxUnpacked = 1 << 20;

void check_safetensors(ByteView file) {
  const Result<SafetensorsIndex> index = open_safetensors(file);
  const Result<NamedTensors> tensors = read_safetensors(file);
  ASSAY_INVARIANT(index.has_value() == tensors.has_value());
  if (!index) return;
  ASSAY_INVARIANT(index->entries.size() == tensors->size());
  for (const SafetensorsEntry& entry : index->entries)
    ASSAY_INVARIANT(entry.offset + entry.type.byte_count() <= file.size());
  const Result<Bytes> written = write_safetensors(*tensors);
  ASSAY_INVARIANT(written && *read_safetensors(*written) == *tensors);
  ASSAY_INVARIANT(is_canonical_safetensors(*written));
  ASSAY_INVARIANT(is_canonical_safetensors(file) == equal_bytes(file, *written));
}

void check_idx(ByteView file) {
  const Result<TensorView> view = read_idx(file);
  if (view) ASSAY_INVARIANT(view->data + view->type.byte_count() == file.data() + file.size());
}

void check_npy(ByteView file) {
  const Result<Tensor> read = read_npy(file);
  if (!read) return;
  const Result<Tensor> again = read_npy(write_npy(read->view()));
  ASSAY_INVARIANT(again && *again == *read);
}

void check_text(ByteView file) {
  const Result<Tensor> bytes = read_byte_tokens(file);
  ASSAY_INVARIANT(bytes.has_value() == !file.empty());
  const Result<CharacterTokens> text = read_character_tokens(file);
  if (!text) return;
  const bool wide = text->tokens.dtype() == DType::kU32;
  std::vector<std::uint32_t> tokens;
  for (std::uint64_t i = 0; i < text->tokens.shape().elements(); ++i)
    tokens.push_back(wide ? text->tokens.as<std::uint32_t>()[i] : text->tokens.data()[i]);
  ASSAY_INVARIANT(text_of(tokens, text->alphabet.view()) == fuzz::as_text(file));
  ASSAY_INVARIANT(*read_character_tokens(file, text->alphabet.view()) == text->tokens);
}

void check_gzip(ByteView file) {
  const Result<Bytes> unpacked = host::gunzip(file, kMaxUnpacked);
  if (unpacked) ASSAY_INVARIANT(unpacked->size() <= kMaxUnpacked);
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto [choice, file] = fuzz::select({data, size}, 5);
  switch (choice) {
    case 0: check_safetensors(file); break;
    case 1: check_idx(file); break;
    case 2: check_npy(file); break;
    case 3: check_gzip(file); break;
    default: check_text(file); break;
  }
  return 0;
}
