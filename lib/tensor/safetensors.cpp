#include "assay/tensor/safetensors.hpp"

#include <algorithm>

#include "assay/codec/json.hpp"
#include "assay/core/checked.hpp"
#include "assay/core/utf8.hpp"

namespace assay::tensor {

using codec::Json;
using codec::json_quoted;
using codec::JsonRef;

namespace {

constexpr std::string_view kMetadataKey = "__metadata__";
constexpr std::size_t kLengthBytes = 8;
constexpr std::size_t kHeaderAlignment = 8;

struct DTypeName {
  std::string_view name;
  DType dtype;
};
// The order of the data: wide elements first, so that every tensor is aligned for its type; within
// a width, the order that the format's own library writes.
constexpr DTypeName kDataOrder[] = {{"U64", DType::kU64}, {"I64", DType::kI64},
                                    {"F32", DType::kF32}, {"U32", DType::kU32},
                                    {"I32", DType::kI32}, {"U8", DType::kU8}};

std::string_view format_name(DType dtype) {
  for (const DTypeName& d : kDataOrder)
    if (d.dtype == dtype) return d.name;
  return "?";
}

struct RawEntry {
  std::string dtype;
  std::vector<std::uint64_t> shape;
  std::vector<std::uint64_t> offsets;
};

Result<std::vector<std::uint64_t>> read_numbers(const JsonRef& list, std::size_t count_max) {
  ASSAY_TRY(const std::vector<JsonRef> items, list.items());
  if (items.size() > count_max) return list.error(ErrorCode::kLimit, "the list is too long");
  std::vector<std::uint64_t> numbers;
  for (const JsonRef& item : items) {
    ASSAY_TRY(const std::uint64_t number, item.u64());
    numbers.push_back(number);
  }
  return numbers;
}

Result<RawEntry> read_entry(const Json& value, const std::string& name) {
  const JsonRef entry(value, json_quoted(name));
  RawEntry raw;
  ASSAY_TRY(raw.dtype, entry["dtype"].string());
  ASSAY_TRY(raw.shape, read_numbers(entry["shape"], kMaxRank));
  ASSAY_TRY(raw.offsets, read_numbers(entry["data_offsets"], 2));
  if (value.get<Json::Object>()->size() != 3 || raw.offsets.size() != 2)
    return entry.error(ErrorCode::kMalformed, "needs dtype, shape, two data_offsets, no other");
  return raw;
}

Status resolve(const RawEntry& raw, std::uint64_t data_start, std::uint64_t data_size,
               SafetensorsEntry& entry) {
  const auto* known = std::find_if(std::begin(kDataOrder), std::end(kDataOrder),
                                   [&](const DTypeName& d) { return d.name == raw.dtype; });
  if (known == std::end(kDataOrder))
    return {ErrorCode::kUnsupported,
            "dtype " + json_quoted(raw.dtype) +
                " is not one of the profile's; convert it before saving, for instance to F32"};
  entry.type.dtype = known->dtype;
  entry.type.shape.rank = static_cast<std::uint8_t>(raw.shape.size());
  std::copy(raw.shape.begin(), raw.shape.end(), entry.type.shape.dims.begin());
  if (std::find(raw.shape.begin(), raw.shape.end(), 0u) != raw.shape.end())
    return {ErrorCode::kUnsupported, "a dimension of 0"};
  if (!is_valid(entry.type.shape)) return {ErrorCode::kLimit, "more elements than the limit"};
  const std::uint64_t begin = raw.offsets[0];
  const std::uint64_t end = raw.offsets[1];
  if (begin > end || end > data_size)
    return {ErrorCode::kMalformed, "data_offsets out of the file"};
  if (end - begin != entry.type.byte_count())
    return {ErrorCode::kMalformed, "data_offsets do not match dtype and shape"};
  entry.offset = data_start + begin;
  return {};
}

// The tensors must tile the data: no overlap, no hole, nothing after the last.
Status check_tiling(std::vector<SafetensorsEntry>& entries, std::uint64_t data_start,
                    std::uint64_t file_size) {
  std::sort(entries.begin(), entries.end(),
            [](const auto& a, const auto& b) { return a.offset < b.offset; });
  std::uint64_t at = data_start;
  for (const SafetensorsEntry& entry : entries) {
    if (entry.offset != at)
      return {ErrorCode::kMalformed,
              json_quoted(entry.name) +
                  (entry.offset < at ? " overlaps another tensor" : " comes after a hole")};
    at += entry.type.byte_count();
  }
  if (at != file_size) return {ErrorCode::kMalformed, "bytes after the last tensor"};
  return {};
}

Status check_name(const std::string& name) {
  if (name.empty() || name == kMetadataKey || name.size() > kTensorNameMax || !is_utf8(name))
    return {ErrorCode::kInvalidArgument,
            "a tensor's name must be 1 to 255 bytes of UTF-8 and not __metadata__: " +
                json_quoted(name.substr(0, kTensorNameMax))};
  return {};
}

Status read_member(const std::string& name, const Json& value, std::uint64_t data_start,
                   std::uint64_t data_size, SafetensorsIndex& index) {
  if (name == kMetadataKey) {
    const auto* members = value.get<Json::Object>();
    if (members == nullptr) return {ErrorCode::kMalformed, "__metadata__ is not an object"};
    for (const auto& [key, text] : *members) {
      ASSAY_TRY(index.metadata[key], JsonRef(text, json_quoted(key)).string());
    }
    return {};
  }
  if (!check_name(name)) return {ErrorCode::kLimit, "a name is empty or over 255 bytes"};
  ASSAY_TRY(const RawEntry raw, read_entry(value, name));
  SafetensorsEntry entry{name, {}, 0};
  if (Status status = resolve(raw, data_start, data_size, entry); !status)
    return with_context(status.error(), json_quoted(name));
  index.entries.push_back(std::move(entry));
  return {};
}

std::string entry_text(const SafetensorsEntry& entry, std::uint64_t begin) {
  std::string text = json_quoted(entry.name) + ":{\"dtype\":\"";
  text += format_name(entry.type.dtype);
  text += "\",\"shape\":[";
  for (unsigned i = 0; i < entry.type.shape.rank; ++i)
    text.append(i == 0 ? "" : ",").append(std::to_string(entry.type.shape[i]));
  text += "],\"data_offsets\":[" + std::to_string(begin) + "," +
          std::to_string(begin + entry.type.byte_count()) + "]}";
  return text;
}

}  // namespace

Result<SafetensorsLayout> safetensors_layout(
    const std::map<std::string, TensorType, std::less<>>& types) {
  if (types.size() > kSafetensorsTensorsMax) return {ErrorCode::kLimit, "more than 65536 tensors"};
  SafetensorsLayout layout;
  for (const DTypeName& order : kDataOrder)
    for (const auto& [name, type] : types)
      if (type.dtype == order.dtype) layout.entries.push_back({name, type, 0});
  std::string json = "{";
  std::uint64_t at = 0;
  for (SafetensorsEntry& entry : layout.entries) {
    ASSAY_TRY_STATUS(check_name(entry.name));
    if (!is_valid(entry.type.shape))
      return {ErrorCode::kInvalidArgument, json_quoted(entry.name) + " has an invalid shape"};
    if (at != 0) json += ",";
    json += entry_text(entry, at);
    entry.offset = at;
    if (!checked_add(at, entry.type.byte_count(), at))
      return {ErrorCode::kLimit, "the tensors are larger than a file can be"};
  }
  if (layout.entries.size() != types.size())
    return {ErrorCode::kInvalidArgument, "a tensor has an unknown dtype"};
  json += "}";
  json.append((kHeaderAlignment - json.size() % kHeaderAlignment) % kHeaderAlignment, ' ');
  if (json.size() > kSafetensorsHeaderMax)
    return {ErrorCode::kLimit, "the names of the tensors make a header over 16 MiB"};
  layout.header.resize(kLengthBytes + json.size());
  store_le<std::uint64_t>(layout.header.data(), json.size());
  std::memcpy(layout.header.data() + kLengthBytes, json.data(), json.size());
  for (SafetensorsEntry& entry : layout.entries) entry.offset += layout.header.size();
  layout.file_size = at + layout.header.size();
  return layout;
}

Result<Bytes> write_safetensors(const std::map<std::string, TensorView, std::less<>>& tensors) {
  std::map<std::string, TensorType, std::less<>> types;
  for (const auto& [name, view] : tensors) types.emplace(name, view.type);
  ASSAY_TRY(SafetensorsLayout layout, safetensors_layout(types));
  Bytes file = std::move(layout.header);
  file.reserve(static_cast<std::size_t>(layout.file_size));
  for (const SafetensorsEntry& entry : layout.entries) {
    const ByteView bytes = tensors.find(entry.name)->second.bytes();
    file.insert(file.end(), bytes.begin(), bytes.end());
  }
  return file;
}

Result<Bytes> write_safetensors(const NamedTensors& tensors) {
  std::map<std::string, TensorView, std::less<>> views;
  for (const auto& [name, tensor] : tensors) {
    if (tensor.empty())
      return {ErrorCode::kInvalidArgument, json_quoted(name) + " has no elements"};
    views.emplace(name, tensor.view());
  }
  return write_safetensors(views);
}

Result<SafetensorsIndex> open_safetensors_header(ByteView header, std::uint64_t file_size) {
  if (header.size() < kLengthBytes) return {ErrorCode::kMalformed, "a file of less than 8 bytes"};
  const auto length = load_le<std::uint64_t>(header.data());
  if (length > kSafetensorsHeaderMax) return {ErrorCode::kLimit, "a header over 16 MiB"};
  if (length > header.size() - kLengthBytes || length + kLengthBytes > file_size)
    return {ErrorCode::kMalformed, "the header is longer than the file"};
  const std::uint64_t data_start = kLengthBytes + length;
  const std::string_view json(reinterpret_cast<const char*>(header.data()) + kLengthBytes,
                              static_cast<std::size_t>(length));
  if (!json.starts_with('{')) return {ErrorCode::kMalformed, "the header does not start with '{'"};

  ASSAY_TRY(const Json document, codec::parse_json(json, {.bytes_max = kSafetensorsHeaderMax}));
  SafetensorsIndex index;
  for (const auto& [name, value] : *document.get<Json::Object>()) {
    if (Status status = read_member(name, value, data_start, file_size - data_start, index);
        !status)
      return codec::malformed_file(status.error());
  }
  if (index.entries.size() > kSafetensorsTensorsMax)
    return {ErrorCode::kLimit, "more than 65536 tensors"};
  ASSAY_TRY_STATUS(check_tiling(index.entries, data_start, file_size));
  return index;
}

Result<SafetensorsIndex> open_safetensors(ByteView file) {
  return open_safetensors_header(file, file.size());
}

Result<NamedTensors> read_safetensors(ByteView file) {
  ASSAY_TRY(const SafetensorsIndex index, open_safetensors(file));
  NamedTensors tensors;
  for (const SafetensorsEntry& entry : index.entries)
    tensors.emplace(entry.name, Tensor::copy_of({entry.type, file.data() + entry.offset}));
  return tensors;
}

bool is_canonical_safetensors(ByteView file) {
  const Result<SafetensorsIndex> index = open_safetensors(file);
  if (!index) return false;
  std::map<std::string, TensorType, std::less<>> types;
  for (const SafetensorsEntry& entry : index->entries) types.emplace(entry.name, entry.type);
  const Result<SafetensorsLayout> layout = safetensors_layout(types);
  return layout && layout->file_size == file.size() &&
         equal_bytes(layout->header, file.first(layout->header.size()));
}

}  // namespace assay::tensor
