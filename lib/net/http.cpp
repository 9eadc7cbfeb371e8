#include "assay/net/http.hpp"

#include <algorithm>
#include <charconv>

namespace assay::net {

namespace {

char lower(char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool same_name(std::string_view a, std::string_view b) noexcept {
  return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(),
                                            [](char x, char y) { return lower(x) == lower(y); });
}

// RFC 9110, section 5.6.2.
bool is_token(std::string_view text) noexcept {
  constexpr std::string_view kMarks = "!#$%&'*+-.^_`|~";
  return !text.empty() && std::all_of(text.begin(), text.end(), [&](char c) {
    const char l = lower(c);
    return (l >= 'a' && l <= 'z') || (c >= '0' && c <= '9') || kMarks.find(c) != kMarks.npos;
  });
}

bool is_value(std::string_view text) noexcept {
  return std::all_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte == '\t' || (byte >= 0x20 && byte != 0x7f);
  });
}

bool is_target(std::string_view text) noexcept {
  return !text.empty() && text.front() == '/' &&
         std::all_of(text.begin(), text.end(), [](char c) { return c > 0x20 && c < 0x7f; });
}

bool is_ours(std::string_view name) noexcept {
  return same_name(name, "Content-Length") || same_name(name, "Transfer-Encoding") ||
         same_name(name, "Connection");
}

Result<std::string> header_lines(const HttpHeaders& headers) {
  std::string lines;
  for (const auto& [name, value] : headers.all()) {
    if (!is_token(name) || !is_value(value))
      return {ErrorCode::kInvalidArgument,
              "the HTTP header '" + name.substr(0, 64) + "' has a character that it must not have"};
    if (!is_ours(name)) lines += name + ": " + value + "\r\n";
  }
  return lines;
}

bool parse_number(std::string_view text, std::uint64_t& value) noexcept {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return !text.empty() && error == std::errc() && end == text.data() + text.size();
}

std::string_view trimmed(std::string_view text) noexcept {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

}  // namespace

std::optional<std::string_view> HttpHeaders::find(std::string_view name) const {
  for (const auto& [key, value] : m_all)
    if (same_name(key, name)) return value;
  return std::nullopt;
}

void HttpHeaders::add(std::string name, std::string value) {
  m_all.emplace_back(std::move(name), std::move(value));
}

void HttpHeaders::set(std::string_view name, std::string value) {
  std::erase_if(m_all, [&](const auto& header) { return same_name(header.first, name); });
  add(std::string(name), std::move(value));
}

HttpResponse make_response(unsigned status, std::string_view content_type, std::string_view body) {
  HttpResponse response;
  response.status = status;
  response.headers.add("Content-Type", std::string(content_type));
  response.body = to_bytes(as_bytes(body));
  return response;
}

std::string_view reason_phrase(unsigned status) noexcept {
  switch (status) {
    case 100: return "Continue";
    case 200: return "OK";
    case 201: return "Created";
    case 202: return "Accepted";
    case 204: return "No Content";
    case 206: return "Partial Content";
    case 304: return "Not Modified";
    case 400: return "Bad Request";
    case 401: return "Unauthorized";
    case 403: return "Forbidden";
    case 404: return "Not Found";
    case 405: return "Method Not Allowed";
    case 408: return "Request Timeout";
    case 409: return "Conflict";
    case 411: return "Length Required";
    case 413: return "Content Too Large";
    case 415: return "Unsupported Media Type";
    case 416: return "Range Not Satisfiable";
    case 422: return "Unprocessable Content";
    case 429: return "Too Many Requests";
    case 431: return "Request Header Fields Too Large";
    case 500: return "Internal Server Error";
    case 501: return "Not Implemented";
    case 503: return "Service Unavailable";
    case 504: return "Gateway Timeout";
    case 507: return "Insufficient Storage";
    default: return "Status";
  }
}

Result<std::string> request_head(const HttpRequest& request, std::string_view host) {
  if (!is_token(request.method) || !is_target(request.target) || !is_value(host))
    return {ErrorCode::kInvalidArgument,
            "the HTTP request '" + request.method.substr(0, 16) + " " +
                request.target.substr(0, 128) +
                "' has a character that it must not have; escape it as %XX"};
  ASSAY_TRY(const std::string lines, header_lines(request.headers));
  std::string head = request.method + " " + request.target + " HTTP/1.1\r\nHost: ";
  head.append(host).append("\r\n").append(lines);
  if (!request.body.empty() || (request.method != "GET" && request.method != "HEAD"))
    head += "Content-Length: " + std::to_string(request.body.size()) + "\r\n";
  return head + "\r\n";
}

Result<std::string> response_head(const HttpResponse& response, bool keep_alive) {
  if (response.status < 200 || response.status > 599)
    return {ErrorCode::kInvalidArgument,
            "an HTTP response cannot have status " + std::to_string(response.status)};
  ASSAY_TRY(const std::string lines, header_lines(response.headers));
  std::string head = "HTTP/1.1 " + std::to_string(response.status) + " ";
  head.append(reason_phrase(response.status)).append("\r\n").append(lines);
  if (response.status != 204 && response.status != 304)
    head += "Content-Length: " + std::to_string(response.body.size()) + "\r\n";
  if (!keep_alive) head += "Connection: close\r\n";
  return head + "\r\n";
}

RangeAnswer resolve_range(std::string_view header, std::uint64_t size) {
  constexpr std::string_view kUnit = "bytes=";
  header = trimmed(header);
  if (header.size() <= kUnit.size() || !same_name(header.substr(0, kUnit.size()), kUnit)) return {};
  const std::string_view spec = trimmed(header.substr(kUnit.size()));
  const std::size_t dash = spec.find('-');
  if (dash == spec.npos || spec.find(',') != spec.npos) return {};
  const std::string_view from = trimmed(spec.substr(0, dash));
  const std::string_view to = trimmed(spec.substr(dash + 1));
  std::uint64_t first = 0;
  std::uint64_t last = 0;
  if (from.empty()) {  // the last `last` bytes
    if (!parse_number(to, last)) return {};
    if (last == 0 || size == 0) return {RangeVerdict::kUnsatisfiable, {}};
    return {RangeVerdict::kPart, {size - std::min(size, last), size - 1}};
  }
  if (!parse_number(from, first)) return {};
  if (!to.empty() && (!parse_number(to, last) || last < first)) return {};
  if (first >= size) return {RangeVerdict::kUnsatisfiable, {}};
  return {RangeVerdict::kPart, {first, to.empty() ? size - 1 : std::min(last, size - 1)}};
}

std::string range_header(const ByteRange& range) {
  return "bytes=" + std::to_string(range.first) + "-" + std::to_string(range.last);
}

std::string content_range_header(const ByteRange& range, std::uint64_t size) {
  return "bytes " + std::to_string(range.first) + "-" + std::to_string(range.last) + "/" +
         std::to_string(size);
}

Result<ContentRange> parse_content_range(std::string_view header) {
  const Error wrong{ErrorCode::kMalformed,
                    "Content-Range '" + std::string(header.substr(0, 80)) + "' is not a range"};
  constexpr std::string_view kUnit = "bytes ";
  if (!header.starts_with(kUnit)) return wrong;
  header.remove_prefix(kUnit.size());
  const std::size_t dash = header.find('-');
  const std::size_t slash = header.find('/');
  if (dash == header.npos || slash == header.npos || slash < dash) return wrong;
  ContentRange found;
  if (!parse_number(header.substr(0, dash), found.range.first) ||
      !parse_number(header.substr(dash + 1, slash - dash - 1), found.range.last) ||
      !parse_number(header.substr(slash + 1), found.size))
    return wrong;
  if (found.range.first > found.range.last || found.range.last >= found.size) return wrong;
  return found;
}

Result<Url> parse_url(std::string_view text) {
  const auto refuse = [&](const char* why) -> Result<Url> {
    std::string words(text.substr(0, 128));
    words.append(": ").append(why).append("; write https://host:port/path");
    return {ErrorCode::kInvalidArgument, std::move(words)};
  };
  constexpr std::string_view kScheme = "https://";
  if (!text.starts_with(kScheme)) return refuse("only https is spoken here");
  const std::string_view rest = text.substr(kScheme.size());
  const std::size_t slash = std::min(rest.find_first_of("/?#"), rest.size());
  std::string_view authority = rest.substr(0, slash);
  Url url;
  if (slash < rest.size()) {
    if (rest[slash] != '/') return refuse("a path must come before ? and #");
    url.target = std::string(rest.substr(slash));
    if (!is_target(url.target) || url.target.find('#') != std::string::npos)
      return refuse("the path has a character that must be escaped");
  }
  if (authority.find('@') != authority.npos) return refuse("user names have no place here");
  std::string_view port;
  if (authority.starts_with('[')) {
    const std::size_t end = authority.find(']');
    if (end == authority.npos) return refuse("a bracket is not closed");
    url.host = std::string(authority.substr(1, end - 1));
    port = authority.substr(end + 1);
    if (!port.empty() && port.front() != ':') return refuse("a port follows the bracket after ':'");
  } else {
    const std::size_t colon = std::min(authority.find(':'), authority.size());
    url.host = std::string(authority.substr(0, colon));
    port = authority.substr(colon);
  }
  const bool plain = std::all_of(url.host.begin(), url.host.end(), [](char c) {
    const char l = lower(c);
    return (l >= 'a' && l <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '_' ||
           c == ':';
  });
  if (url.host.empty() || url.host.size() > 253 || !plain) return refuse("the host is not a name");
  if (!port.empty()) {
    std::uint64_t number = 0;
    if (!parse_number(port.substr(1), number) || number == 0 || number > 65'535)
      return refuse("the port is not of 1 to 65535");
    url.port = static_cast<std::uint16_t>(number);
  }
  return url;
}

std::string host_and_port(std::string_view host, std::uint16_t port) {
  const bool bracketed = host.find(':') != host.npos;
  std::string text(bracketed ? "[" : "");
  text.append(host).append(bracketed ? "]:" : ":").append(std::to_string(port));
  return text;
}

}  // namespace assay::net
