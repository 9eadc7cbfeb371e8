#include "assay/blob/blob_server.hpp"

#include <algorithm>

#include "assay/blob/blob_client.hpp"

namespace assay::blob {

namespace {

constexpr std::string_view kBlobPrefix = "/blob/", kIndexPrefix = "/index/",
                           kManifest = "/manifest";
constexpr std::string_view kText = "text/plain", kBinary = "application/octet-stream";

net::HttpResponse say(unsigned status, const std::string& line) {
  return net::make_response(status, kText, line + "\n");
}

net::HttpResponse binary(unsigned status, Bytes body) {
  net::HttpResponse response = net::make_response(status, kBinary, "");
  response.body = std::move(body);
  return response;
}

net::HttpResponse from_error(const Error& error) {
  // The words name files of ours: they are for our log, not for strangers.
  if (error.code == ErrorCode::kNotFound) return say(404, "not here");
  return say(500, "this server cannot read it");
}

net::HttpResponse serve_index(const BlobStore& store, std::string_view name) {
  const auto entry = store.find_name(std::string(name));
  if (!entry) return from_error(entry.error());
  if (!*entry) return say(404, "no such name");
  return net::make_response(200, kText, to_text(**entry));
}

net::HttpResponse serve_bytes(const BlobStore& store, const Manifest& m, std::string_view range) {
  const net::RangeAnswer asked = net::resolve_range(range, m.size());
  if (asked.verdict == net::RangeVerdict::kUnsatisfiable) {
    net::HttpResponse response = say(416, "no such range");
    response.headers.set("Content-Range", "bytes */" + std::to_string(m.size()));
    return response;
  }
  if (asked.verdict == net::RangeVerdict::kWhole) {
    if (m.size() > kAnswerBytesMax)
      return say(400, "this blob has " + std::to_string(m.size()) +
                          " bytes; ask by Range for at most " + std::to_string(kAnswerBytesMax) +
                          " at a time");
    auto bytes = store.read(m.id(), 0, m.size());
    return bytes ? binary(200, std::move(*bytes)) : from_error(bytes.error());
  }
  net::ByteRange part = asked.range;
  part.last = std::min(part.last, part.first + kAnswerBytesMax - 1);
  auto bytes = store.read(m.id(), part.first, part.last - part.first + 1);
  if (!bytes) return from_error(bytes.error());
  net::HttpResponse response = binary(206, std::move(*bytes));
  response.headers.set("Content-Range", net::content_range_header(part, m.size()));
  return response;
}

}  // namespace

bool is_blob_target(std::string_view target) noexcept {
  return target.starts_with(kBlobPrefix) || target.starts_with(kIndexPrefix);
}

net::HttpResponse serve(const BlobStore& store, const net::HttpRequest& request) {
  const std::string_view target = request.target;
  if (request.method != "GET" && request.method != "HEAD") {
    net::HttpResponse response = say(405, "GET or HEAD only");
    response.headers.set("Allow", "GET, HEAD");
    return response;
  }
  if (target.starts_with(kIndexPrefix))
    return serve_index(store, target.substr(kIndexPrefix.size()));
  if (!target.starts_with(kBlobPrefix)) return say(404, "no such path");
  std::string_view rest = target.substr(kBlobPrefix.size());
  const auto hash = hash_from_hex(rest.substr(0, 64));
  if (!hash || to_hex(*hash) != rest.substr(0, 64)) return say(404, "no such blob");
  rest.remove_prefix(64);
  if (!rest.empty() && rest != kManifest) return say(404, "no such path");
  const auto manifest = store.manifest(BlobId{*hash});
  if (!manifest) return from_error(manifest.error());
  if (rest.empty())
    return serve_bytes(store, **manifest, request.headers.find("Range").value_or(""));
  return binary(200, (*manifest)->encode());
}

}  // namespace assay::blob
