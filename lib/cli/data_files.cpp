#include "assay/cli/data_files.hpp"

#include <filesystem>

#include "assay/host/read_file.hpp"
#include "assay/models/data.hpp"
#include "assay/tensor/idx.hpp"
#include "assay/tensor/npy.hpp"
#include "assay/tensor/safetensors.hpp"
#include "assay/tensor/text.hpp"

namespace assay::cli {

namespace {

constexpr std::uint64_t kFileBytesMax = std::uint64_t{4} << 30;
constexpr std::uint64_t kTestShare = 20;  // one part of so many of a text is kept for the test

bool take_ending(std::string_view& name, std::string_view ending) {
  if (!name.ends_with(ending)) return false;
  name.remove_suffix(ending.size());
  return true;
}

Result<Bytes> load_bytes(const std::string& file) {
  return file.ends_with(".gz") ? host::read_gz_file(file, kFileBytesMax)
                               : host::read_file(file, kFileBytesMax);
}

Result<Tensor> single_tensor(ByteView file, const std::string& name) {
  ASSAY_TRY(NamedTensors all, tensor::read_safetensors(file));
  if (name.empty() && all.size() != 1)
    return {ErrorCode::kInvalidArgument,
            "it holds " + std::to_string(all.size()) + " tensors: name one as FILE:NAME"};
  const auto at = name.empty() ? all.begin() : all.find(name);
  if (at == all.end()) return {ErrorCode::kNotFound, "it holds no tensor '" + name + "'"};
  return std::move(at->second);
}

Result<Tensor> parse_tensor(std::string_view name, ByteView file, const std::string& tensor_name) {
  take_ending(name, ".gz");
  if (name.ends_with(".npy")) return tensor::read_npy(file);
  if (name.ends_with(".safetensors")) return single_tensor(file, tensor_name);
  ASSAY_TRY(const TensorView view, tensor::read_idx(file));
  return Tensor::copy_of(view);
}

bool holds_tokens(std::string_view name) {
  take_ending(name, ".gz");
  return name.ends_with(".npy") || name.find(".safetensors") != std::string_view::npos;
}

// [first, last) of a 1-D tensor.
Tensor part_of(const Tensor& tokens, std::uint64_t first, std::uint64_t last) {
  const std::size_t size = size_of(tokens.dtype());
  return Tensor::copy_of({tokens.dtype(), {last - first}},
                         tokens.bytes().subspan(first * size, (last - first) * size));
}

struct Text {
  Tensor tokens;
  Tensor alphabet;
};

// With the alphabet of the training text, or, where that is empty, the text's own.
Result<Text> read_text(const std::string& name, const std::string& tokens, const Tensor& alphabet) {
  if (holds_tokens(name)) {
    ASSAY_TRY(Tensor read, load_tensor(name));
    return Text{std::move(read), {}};
  }
  const auto explain = [&](const Error& error) { return with_context(error, name); };
  ASSAY_TRY(const Bytes file, load_bytes(name));
  if (tokens == "bytes") {
    auto read = tensor::read_byte_tokens(file);
    if (!read) return explain(read.error());
    return Text{std::move(*read), {}};
  }
  if (!alphabet.empty()) {
    auto read = tensor::read_character_tokens(file, alphabet.view());
    if (!read) return explain(read.error());
    return Text{std::move(*read), {}};
  }
  auto read = tensor::read_character_tokens(file);
  if (!read) return explain(read.error());
  return Text{std::move(read->tokens), std::move(read->alphabet)};
}

}  // namespace

Result<Tensor> load_tensor(const std::string& name) {
  std::string file = name;
  std::string tensor_name;
  constexpr std::string_view kNamed = ".safetensors:";
  if (const std::size_t at = name.rfind(kNamed); at != std::string::npos) {
    file = name.substr(0, at + kNamed.size() - 1);
    tensor_name = name.substr(at + kNamed.size());
  }
  ASSAY_TRY(const Bytes bytes, load_bytes(file));
  auto tensor = parse_tensor(file, bytes, tensor_name);
  if (!tensor) return with_context(tensor.error(), file);
  return tensor;
}

Result<DataSet> load_images(const TaskSettings& s) {
  const auto in_folder = [&](const char* name) {
    return (std::filesystem::path(s.data_folder) / name).string();
  };
  const bool named = !s.images.empty() || !s.labels.empty();
  if (named && (s.images.empty() || s.labels.empty()))
    return {ErrorCode::kInvalidArgument, "--images and --labels go together"};
  if (s.test_images.empty() != s.test_labels.empty())
    return {ErrorCode::kInvalidArgument, "--test-images and --test-labels go together"};
  auto images = load_tensor(named ? s.images : in_folder("train-images-idx3-ubyte.gz"));
  if (!images && !named)
    return with_context(images.error(),
                        "the data set (Debian package dataset-fashion-mnist, or --data-folder)");
  if (!images) return images.error();
  ASSAY_TRY(Tensor labels, load_tensor(named ? s.labels : in_folder("train-labels-idx1-ubyte.gz")));
  DataSet data;
  ASSAY_TRY(data.train, models::image_data(std::move(*images), std::move(labels)));
  if (named && s.test_images.empty()) return data;
  ASSAY_TRY(Tensor test_images,
            load_tensor(named ? s.test_images : in_folder("t10k-images-idx3-ubyte.gz")));
  ASSAY_TRY(Tensor test_labels,
            load_tensor(named ? s.test_labels : in_folder("t10k-labels-idx1-ubyte.gz")));
  ASSAY_TRY(NamedTensors test, models::image_data(std::move(test_images), std::move(test_labels)));
  data.test_inputs = std::move(test.at(std::string(models::kImages)));
  data.test_labels = std::move(test.at(std::string(models::kLabels)));
  return data;
}

Result<DataSet> load_text(const TaskSettings& s, std::uint64_t sequence) {
  if (s.text.empty())
    return {ErrorCode::kInvalidArgument, "a gpt learns from a text: name it by --text"};
  ASSAY_TRY(Text text, read_text(s.text, s.tokens, {}));
  Tensor test;
  if (!s.test_text.empty()) {
    ASSAY_TRY(Text read, read_text(s.test_text, s.tokens, text.alphabet));
    test = std::move(read.tokens);
  } else if (text.tokens.shape().rank == 1) {
    const std::uint64_t count = text.tokens.shape()[0];
    const std::uint64_t kept = count - count / kTestShare;
    if (count - kept > sequence) {
      test = part_of(text.tokens, kept, count);
      text.tokens = part_of(text.tokens, 0, kept);
    }
  }
  DataSet data;
  ASSAY_TRY(data.train, models::text_data(std::move(text.tokens), std::move(text.alphabet)));
  if (test.empty()) return data;
  ASSAY_TRY(models::Windows windows, models::windows_of(test.view(), sequence));
  data.test_inputs = std::move(windows.tokens);
  data.test_labels = std::move(windows.next);
  return data;
}

}  // namespace assay::cli
