#include "assay/blob/blob_client.hpp"

#include <algorithm>
#include <charconv>

namespace assay::blob {

namespace {

std::string blob_url(const std::string& base, const BlobId& id) {
  return base + "/blob/" + to_hex(id.value);
}

Error error_of_status(unsigned status, const std::string& url) {
  if (status == 404) return {ErrorCode::kNotFound, url + " does not have it"};
  return {ErrorCode::kUnavailable, url + " answered with status " + std::to_string(status)};
}

// The worst that happened: what says most to the user about why no server would do.
void keep_worst(Error& kept, Error error) {
  const auto rank = [](ErrorCode code) {
    switch (code) {
      case ErrorCode::kIntegrity: return 4;
      case ErrorCode::kMalformed: return 4;
      case ErrorCode::kLimit: return 3;
      case ErrorCode::kNotFound: return 1;
      default: return 2;
    }
  };
  if (kept.message.empty() || rank(error.code) > rank(kept.code)) kept = std::move(error);
}

bool is_disk_error(ErrorCode code) { return code == ErrorCode::kIo || code == ErrorCode::kNoSpace; }

}  // namespace

std::string to_text(const IndexEntry& entry) {
  return to_hex(entry.id.value) + " " + std::to_string(entry.size) + "\n";
}

Result<IndexEntry> index_entry_from_text(ByteView bytes) {
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  const Error malformed{ErrorCode::kMalformed, "this is no index entry"};
  if (text.size() < 67 || text[64] != ' ' || text.back() != '\n') return malformed;
  const auto hash = hash_from_hex(text.substr(0, 64));
  IndexEntry entry;
  const char* const end = text.data() + text.size() - 1;
  const auto [stop, error] = std::from_chars(text.data() + 65, end, entry.size);
  if (!hash || error != std::errc{} || stop != end) return malformed;
  entry.id = BlobId{*hash};
  if (to_text(entry) != text) return malformed;
  return entry;
}

Result<Manifest> BlobClient::fetch_manifest(const BlobId& id, const std::string& base_url,
                                            std::uint64_t max_bytes) {
  const std::string url = blob_url(base_url, id) + "/manifest";
  const std::uint64_t limit = std::min(max_bytes, kMaxBlobBytes);
  ASSAY_TRY(const GetReply reply, m_get({url, 0, 0, manifest_bytes_of(limit)}));
  if (reply.status != 200) return error_of_status(reply.status, url);
  auto manifest = Manifest::decode(id, reply.body, limit);
  if (!manifest) return with_context(std::move(manifest).error(), url);
  return manifest;
}

Status BlobClient::fetch(const BlobId& id, const std::vector<std::string>& base_urls,
                         std::uint64_t max_bytes, Progress* progress) {
  if (m_store.has(id)) {
    ASSAY_TRY(const auto manifest, m_store.manifest(id));
    if (manifest->size() > max_bytes)
      return {ErrorCode::kLimit, "blob " + to_hex(id.value) + " is longer than is allowed here"};
    if (m_store.verify(id)) return {};
  }
  std::vector<std::string> urls(base_urls.begin(),
                                base_urls.begin() + std::min(base_urls.size(), kMaxUrls));
  Error worst;
  std::optional<Manifest> manifest;
  for (std::size_t u = 0; u < urls.size() && !manifest; ++u) {
    if (auto found = fetch_manifest(id, urls[u], max_bytes)) {
      manifest = std::move(*found);
    } else {
      keep_worst(worst, std::move(found).error());
    }
  }
  if (!manifest) {
    if (urls.empty()) worst = {ErrorCode::kInvalidArgument, "no server to fetch from; name one"};
    return with_context(std::move(worst), "fetching blob " + to_hex(id.value));
  }

  const std::uint64_t total = manifest->size();
  ASSAY_TRY(PartialBlob partial, PartialBlob::begin(m_store, std::move(*manifest)));
  std::size_t current = 0;
  std::size_t failures = 0;
  while (!partial.complete()) {
    if (progress && !progress->advance(partial.verified_bytes(), total))
      return {ErrorCode::kCancelled, "fetching blob " + to_hex(id.value) + " was stopped"};
    if (urls.empty() || failures >= kAttemptsPerUrl * urls.size())
      return with_context(std::move(worst), "fetching blob " + to_hex(id.value));
    current %= urls.size();
    const std::uint64_t before = partial.verified_bytes();
    const std::uint64_t count = partial.next_bytes(kRangeBytesMax);
    const std::string url = blob_url(urls[current], id);
    auto reply = m_get({url, before, count, count});
    Status accepted;
    if (!reply) {
      accepted = std::move(reply).error();
    } else if (reply->status != 206 && !(reply->status == 200 && before == 0 && count == total)) {
      accepted = error_of_status(reply->status, url);
    } else if (reply->body.empty()) {
      accepted = Error{ErrorCode::kUnavailable, url + " answered with nothing"};
    } else {
      accepted = partial.accept(reply->body);
    }
    failures = partial.verified_bytes() > before ? 0 : failures + 1;
    if (accepted) continue;
    if (is_disk_error(accepted.error().code) && reply) return accepted;
    const bool lied = accepted.error().code == ErrorCode::kIntegrity;
    keep_worst(worst, with_context(std::move(accepted).error(), urls[current]));
    if (lied)
      urls.erase(urls.begin() + static_cast<std::ptrdiff_t>(current));
    else
      ++current;
  }
  if (progress) progress->advance(total, total);
  ASSAY_TRY(const BlobId stored, partial.finish());
  ASSAY_ENSURES(stored == id);
  return {};
}

Result<IndexEntry> BlobClient::resolve(const std::string& name,
                                       const std::vector<std::string>& base_urls,
                                       std::uint64_t max_bytes) {
  if (!is_valid_name(name))
    return {ErrorCode::kInvalidArgument, "'" + name + "' is no blob's name"};
  Error worst{};
  for (std::size_t u = 0; u < std::min(base_urls.size(), kMaxUrls); ++u) {
    const std::string url = base_urls[u] + "/index/" + name;
    auto reply = m_get({url, 0, 0, 128});
    if (!reply) {
      keep_worst(worst, with_context(std::move(reply).error(), url));
    } else if (reply->status != 200) {
      keep_worst(worst, error_of_status(reply->status, url));
    } else if (const auto entry = index_entry_from_text(reply->body); !entry) {
      keep_worst(worst, with_context(entry.error(), url));
    } else if (entry->size > max_bytes) {
      keep_worst(worst, {ErrorCode::kLimit, url + " names a blob longer than is allowed here"});
    } else {
      return *entry;
    }
  }
  if (base_urls.empty()) worst = {ErrorCode::kInvalidArgument, "no server to ask; name one"};
  return worst;
}

Result<IndexEntry> BlobClient::fetch_by_name(const std::string& name,
                                             const std::vector<std::string>& base_urls,
                                             std::uint64_t max_bytes, Progress* progress) {
  Error worst{};
  for (const std::string& url : base_urls) {
    auto entry = resolve(name, {url}, max_bytes);
    if (!entry) {
      keep_worst(worst, std::move(entry).error());
      continue;
    }
    // The named blob may lie at any of them; the one that named it is asked first.
    std::vector<std::string> order{url};
    for (const std::string& other : base_urls)
      if (other != url) order.push_back(other);
    Status fetched = fetch(entry->id, order, max_bytes, progress);
    if (fetched) return *entry;
    if (fetched.error().code == ErrorCode::kCancelled) return std::move(fetched).error();
    keep_worst(worst, std::move(fetched).error());
  }
  if (base_urls.empty()) worst = {ErrorCode::kInvalidArgument, "no server to ask; name one"};
  return worst;
}

}  // namespace assay::blob
