// Serves a BlobStore by HTTP's rules (docs/spec/blob.md). It knows paths, methods and ranges and no
// sockets: blob/https.hpp hangs it into net's server. Thread-safe.
#pragma once

#include "assay/blob/blob_store.hpp"

namespace assay::blob {

inline constexpr std::uint64_t kAnswerBytesMax = 4u << 20;

struct BlobAnswer {
  unsigned status = 0;
  std::string content_type = "text/plain";
  std::string content_range;  // of a 206 or 416: "bytes 0-99/1234", "bytes */1234"
  Bytes body;
};

// True for the paths that answer() knows: those below /blob/ and /index/.
[[nodiscard]] bool is_blob_path(std::string_view path) noexcept;

// `range` is the Range header's value, empty if there was none. Never fails: what goes wrong is a
// status and a line of text.
[[nodiscard]] BlobAnswer answer(const BlobStore& store, std::string_view method,
                                std::string_view path, std::string_view range);

// The bytes [first, last] that a Range header asks of a blob of `size` bytes; none if it cannot be
// satisfied or is no single byte range.
struct ByteRange {
  std::uint64_t first = 0;
  std::uint64_t last = 0;
  friend bool operator==(const ByteRange&, const ByteRange&) = default;
};
[[nodiscard]] std::optional<ByteRange> parse_range(std::string_view header, std::uint64_t size);

}  // namespace assay::blob
