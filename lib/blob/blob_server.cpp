#include "assay/blob/blob_server.hpp"

#include <algorithm>
#include <charconv>

#include "assay/blob/blob_client.hpp"

namespace assay::blob {

namespace {

constexpr std::string_view kBlobPrefix = "/blob/", kIndexPrefix = "/index/", kManifest = "/manifest";

BlobAnswer say(unsigned status, const std::string& line) {
  BlobAnswer a;
  a.status = status;
  a.body = to_bytes(as_bytes(line + "\n"));
  return a;
}

BlobAnswer from_error(const Error& error) {
  // The words name files of ours: they are for our log, not for strangers.
  if (error.code == ErrorCode::kNotFound) return say(404, "not here");
  return say(500, "this server cannot read it");
}

BlobAnswer answer_index(const BlobStore& store, std::string_view name) {
  const auto entry = store.find_name(std::string(name));
  if (!entry) return from_error(entry.error());
  if (!*entry) return say(404, "no such name");
  BlobAnswer a;
  a.status = 200;
  a.body = to_bytes(as_bytes(to_text(**entry)));
  return a;
}

BlobAnswer answer_bytes(const BlobStore& store, const Manifest& m, std::string_view range) {
  BlobAnswer a;
  a.content_type = "application/octet-stream";
  const std::string size = std::to_string(m.size());
  ByteRange wanted{0, m.size() - 1};
  if (range.empty()) {
    if (m.size() > kAnswerBytesMax)
      return say(400, "this blob has " + size + " bytes; ask by Range for at most " +
                          std::to_string(kAnswerBytesMax) + " at a time");
    a.status = 200;
  } else {
    const auto parsed = parse_range(range, m.size());
    if (!parsed) {
      a = say(416, "no such range");
      a.content_range = "bytes */" + size;
      return a;
    }
    wanted = *parsed;
    wanted.last = std::min(wanted.last, wanted.first + kAnswerBytesMax - 1);
    a.status = 206;
    a.content_range = "bytes " + std::to_string(wanted.first) + "-" + std::to_string(wanted.last) +
                      "/" + size;
  }
  const std::uint64_t count = m.size() == 0 ? 0 : wanted.last - wanted.first + 1;
  auto bytes = store.read(m.id(), wanted.first, count);
  if (!bytes) return from_error(bytes.error());
  a.body = std::move(*bytes);
  return a;
}

bool parse_number(std::string_view text, std::uint64_t& out) {
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  return error == std::errc{} && stop == text.data() + text.size() && !text.empty();
}

}  // namespace

bool is_blob_path(std::string_view path) noexcept {
  return path.starts_with(kBlobPrefix) || path.starts_with(kIndexPrefix);
}

std::optional<ByteRange> parse_range(std::string_view header, std::uint64_t size) {
  constexpr std::string_view unit = "bytes=";
  if (!header.starts_with(unit) || size == 0) return {};
  header.remove_prefix(unit.size());
  const std::size_t dash = header.find('-');
  if (dash == std::string_view::npos) return {};
  const std::string_view from = header.substr(0, dash), to = header.substr(dash + 1);
  ByteRange range{0, size - 1};
  std::uint64_t number = 0;
  if (from.empty()) {
    if (!parse_number(to, number) || number == 0) return {};
    range.first = size - std::min(size, number);
    return range;
  }
  if (!parse_number(from, range.first) || range.first >= size) return {};
  if (to.empty()) return range;
  if (!parse_number(to, number) || number < range.first) return {};
  range.last = std::min(number, size - 1);
  return range;
}

BlobAnswer answer(const BlobStore& store, std::string_view method, std::string_view path,
                  std::string_view range) {
  if (method != "GET" && method != "HEAD") return say(405, "GET or HEAD only");
  if (path.starts_with(kIndexPrefix)) return answer_index(store, path.substr(kIndexPrefix.size()));
  if (!path.starts_with(kBlobPrefix)) return say(404, "no such path");
  std::string_view rest = path.substr(kBlobPrefix.size());
  const auto hash = hash_from_hex(rest.substr(0, 64));
  if (!hash || to_hex(*hash) != rest.substr(0, 64)) return say(404, "no such blob");
  rest.remove_prefix(64);
  if (!rest.empty() && rest != kManifest) return say(404, "no such path");
  const auto manifest = store.manifest(BlobId{*hash});
  if (!manifest) return from_error(manifest.error());
  if (rest.empty()) return answer_bytes(store, **manifest, range);
  BlobAnswer a;
  a.status = 200;
  a.content_type = "application/octet-stream";
  a.body = (*manifest)->encode();
  return a;
}

}  // namespace assay::blob
