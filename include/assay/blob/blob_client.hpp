// Fetches blobs from parties that nobody trusts (docs/spec/blob.md): the manifest is checked
// against the id, each chunk against the manifest, sizes against the caller's limit. A fetch that
// breaks off goes on where it stopped, at the same server or another, now or after a restart.
#pragma once

#include <functional>

#include "assay/blob/blob_store.hpp"
#include "assay/core/faces.hpp"
#include "assay/net/client.hpp"

namespace assay::blob {

inline constexpr std::uint64_t kRangeBytesMax = 4u << 20;  // of one answer
inline constexpr unsigned kAttemptsPerUrl = 3;             // in a row without one new chunk
inline constexpr std::size_t kMaxUrls = 16;

// One GET. `count` bytes from `first` on if count > 0 (a Range header), else everything; an answer
// with a body over `limit_bytes` must be broken off with kLimit.
struct GetRequest {
  std::string url;
  std::uint64_t first = 0;
  std::uint64_t count = 0;
  std::uint64_t limit_bytes = 0;
};
struct GetReply {
  unsigned status = 0;
  Bytes body;
};
using Get = std::function<Result<GetReply>(const GetRequest& request)>;

// Over HTTPS; `client`, whose limit on bodies must be at least kRangeBytesMax, must outlive it.
// Each GET may take `timeout_ms`.
[[nodiscard]] Get make_get(net::HttpsClient& client, std::uint64_t timeout_ms);

// Not thread-safe; `store` must outlive it.
class BlobClient {
 public:
  BlobClient(BlobStore& store, Get get) : m_store(store), m_get(std::move(get)) {}

  // Puts blob `id` in the store, from the first of `base_urls` ("https://host:port") that serves
  // it. Errors: kNotFound (no server has it), kLimit (longer than `max_bytes`), kIntegrity (every
  // server sent wrong bytes), kUnavailable, kCancelled (`progress` asked to stop), and those of the
  // disk. A server that sent one wrong byte is not asked again in this call.
  [[nodiscard]] Status fetch(const BlobId& id, const std::vector<std::string>& base_urls,
                             std::uint64_t max_bytes, Progress* progress = nullptr);

  // The first entry under `name` that any of the servers gives and that is no longer than
  // `max_bytes`: a hint and nothing more.
  [[nodiscard]] Result<IndexEntry> resolve(const std::string& name,
                                           const std::vector<std::string>& base_urls,
                                           std::uint64_t max_bytes);
  // resolve(), then fetch() of what it named, server by server until one gives both. The caller
  // checks the bytes against the root that it knows.
  [[nodiscard]] Result<IndexEntry> fetch_by_name(const std::string& name,
                                                 const std::vector<std::string>& base_urls,
                                                 std::uint64_t max_bytes,
                                                 Progress* progress = nullptr);

 private:
  [[nodiscard]] Result<Manifest> fetch_manifest(const BlobId& id, const std::string& base_url,
                                                std::uint64_t max_bytes);

  BlobStore& m_store;
  Get m_get;
};

// The body of an index answer, "<64 hex digits> <size>\n", and back (kMalformed).
[[nodiscard]] std::string to_text(const IndexEntry& entry);
[[nodiscard]] Result<IndexEntry> index_entry_from_text(ByteView text);

}  // namespace assay::blob
