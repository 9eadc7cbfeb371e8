// Where a blob's files are within the store's folder.
#pragma once

#include "assay/blob/manifest.hpp"

namespace assay::blob {

inline constexpr std::string_view kIndexSuffix = ".entry";

inline std::string data_file(const BlobId& id) { return "blobs/" + to_hex(id.value) + ".data"; }
inline std::string manifest_file(const BlobId& id) {
  return "blobs/" + to_hex(id.value) + ".manifest";
}
inline std::string partial_file(const BlobId& id) { return "partial/" + to_hex(id.value); }
// The suffix lets a name be a part of another ("a" and "a/b").
inline std::string index_file(const std::string& name) {
  return "index/" + name + std::string(kIndexSuffix);
}

}  // namespace assay::blob
