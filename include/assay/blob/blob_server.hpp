// Serves a BlobStore over HTTP (docs/spec/blob.md), for net::HttpsServer. Thread-safe.
#pragma once

#include "assay/blob/blob_store.hpp"
#include "assay/net/http.hpp"

namespace assay::blob {

inline constexpr std::uint64_t kAnswerBytesMax = 4u << 20;

// True for the targets that serve() knows: those below /blob/ and /index/.
[[nodiscard]] bool is_blob_target(std::string_view target) noexcept;

// Never fails: what goes wrong is a status and a line of text.
[[nodiscard]] net::HttpResponse serve(const BlobStore& store, const net::HttpRequest& request);

}  // namespace assay::blob
