// The safetensors file format (docs/spec/tensor.md), over bytes in memory. One layout is canonical:
// equal states are equal files, byte for byte. Thread-safe.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "assay/tensor/tensor.hpp"

namespace assay::tensor {

inline constexpr std::size_t kSafetensorsHeaderMax = std::size_t{16} << 20;
inline constexpr std::size_t kSafetensorsTensorsMax = std::size_t{1} << 16;
inline constexpr std::size_t kTensorNameMax = 255;  // bytes of UTF-8

struct SafetensorsEntry {
  std::string name;
  TensorType type;
  std::uint64_t offset = 0;  // from the start of the file
};

// Where everything of a file lies, in the order of the data.
struct SafetensorsLayout {
  Bytes header;  // the length word and the padded JSON: the file up to the first tensor
  std::vector<SafetensorsEntry> entries;
  std::uint64_t file_size = 0;
};

// The canonical layout for tensors of these types, so that a large state can be written piece by
// piece. Errors: kInvalidArgument for a name that is empty, "__metadata__", too long or not UTF-8,
// and for an invalid type; kLimit for a header over kSafetensorsHeaderMax
// or more than kSafetensorsTensorsMax tensors.
[[nodiscard]] Result<SafetensorsLayout> safetensors_layout(
    const std::map<std::string, TensorType, std::less<>>& types);

// The canonical file. Errors: as safetensors_layout().
[[nodiscard]] Result<Bytes> write_safetensors(const NamedTensors& tensors);
[[nodiscard]] Result<Bytes> write_safetensors(
    const std::map<std::string, TensorView, std::less<>>& tensors);

struct SafetensorsIndex {
  std::vector<SafetensorsEntry> entries;        // in the order of the data
  std::map<std::string, std::string> metadata;  // "__metadata__"
};

// Checks a whole file of any valid layout and says where its tensors lie.
// Errors: kMalformed (cut, trailing bytes, overlaps, holes, duplicate keys, sizes that do not
// match), kLimit (header, rank, elements or name beyond the limits), kUnsupported (another dtype; a
// dimension of 0).
[[nodiscard]] Result<SafetensorsIndex> open_safetensors(ByteView file);
// The same from the header's bytes alone (the length word and the JSON) and the file's size.
[[nodiscard]] Result<SafetensorsIndex> open_safetensors_header(ByteView header,
                                                               std::uint64_t file_size);

// Copies of the tensors of a file. Errors: as open_safetensors().
[[nodiscard]] Result<NamedTensors> read_safetensors(ByteView file);

// True if write_safetensors(read_safetensors(file)) would give the same bytes.
[[nodiscard]] bool is_canonical_safetensors(ByteView file);

}  // namespace assay::tensor
