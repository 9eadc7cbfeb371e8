// HTTP/1.1 messages (RFC 9112) as plain values, and parsers that are fed bytes by hand. No I/O
// here.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "assay/core/hex.hpp"

namespace assay::net {

// What one message may cost us. Over a limit is ErrorCode::kLimit.
struct HttpLimits {
  std::size_t header_bytes = 16 << 10;  // the first line and all headers
  std::size_t header_count = 64;
  std::uint64_t body_bytes = std::uint64_t{16} << 20;
};

// Names compare without regard to case; order and repetitions are kept.
class HttpHeaders {
 public:
  // The first value of that name.
  [[nodiscard]] std::optional<std::string_view> find(std::string_view name) const;
  void add(std::string name, std::string value);
  // Replaces every header of that name.
  void set(std::string_view name, std::string value);
  [[nodiscard]] const std::vector<std::pair<std::string, std::string>>& all() const {
    return m_all;
  }

 private:
  std::vector<std::pair<std::string, std::string>> m_all;
};

struct HttpRequest {
  std::string method = "GET";
  std::string target = "/";
  HttpHeaders headers;
  Bytes body;
  // Set by the server, for logs and limits.
  std::string peer;      // "127.0.0.1:40000"
  bool trusted = false;  // an address of ServerOptions::trusted_addresses
};

struct HttpResponse {
  unsigned status = 200;
  HttpHeaders headers;
  Bytes body;
};

// A response with a Content-Type and a body.
[[nodiscard]] HttpResponse make_response(unsigned status, std::string_view content_type,
                                         std::string_view body);
[[nodiscard]] std::string_view reason_phrase(unsigned status) noexcept;

// Where a body stands on the wire after what was fed.
enum class ParseStage { kHeader, kBody, kDone };

// One message after another: feed() until kDone, take(), and go on with the bytes that were left.
class RequestParser {
 public:
  explicit RequestParser(const HttpLimits& limits);
  RequestParser(RequestParser&&) noexcept;
  RequestParser& operator=(RequestParser&&) noexcept;
  ~RequestParser();

  // How many of `bytes` were used: all of them unless the message is done. Errors: kMalformed,
  // kLimit; the parser is of no use then. `error_status()` is the answer to give: 400, 413 or 431.
  [[nodiscard]] Result<std::size_t> feed(ByteView bytes);
  [[nodiscard]] ParseStage stage() const noexcept;
  // Whether any byte of the current message was seen.
  [[nodiscard]] bool started() const noexcept;
  // Once past the header: the sender waits for "100 Continue" before its body.
  [[nodiscard]] bool expects_continue() const noexcept;
  // Of the message that is done: the connection may carry another.
  [[nodiscard]] bool keep_alive() const noexcept;
  [[nodiscard]] unsigned error_status() const noexcept;
  // The message that is done; the parser is ready for the next.
  [[nodiscard]] HttpRequest take();

 private:
  struct State;
  std::unique_ptr<State> m_state;
};

class ResponseParser {
 public:
  // `to_head`: the answer to a HEAD request, which has no body.
  ResponseParser(const HttpLimits& limits, bool to_head);
  ResponseParser(ResponseParser&&) noexcept;
  ResponseParser& operator=(ResponseParser&&) noexcept;
  ~ResponseParser();

  [[nodiscard]] Result<std::size_t> feed(ByteView bytes);
  // The connection ended: done if the body lasts until then, kMalformed if it was cut.
  [[nodiscard]] Status feed_end();
  [[nodiscard]] ParseStage stage() const noexcept;
  [[nodiscard]] bool started() const noexcept;
  [[nodiscard]] bool keep_alive() const noexcept;
  [[nodiscard]] HttpResponse take();

 private:
  struct State;
  std::unique_ptr<State> m_state;
};

// The head of a message: first line, headers, Content-Length, the empty line. The body follows as
// it is. kInvalidArgument for a method, target, header name or value that would change the
// message's meaning (a line break, say). Content-Length, Transfer-Encoding and Connection are ours
// to set: such headers of the caller are left out.
[[nodiscard]] Result<std::string> request_head(const HttpRequest& request, std::string_view host);
[[nodiscard]] Result<std::string> response_head(const HttpResponse& response, bool keep_alive);

// One range of bytes, both ends included (RFC 9110, section 14).
struct ByteRange {
  std::uint64_t first = 0;
  std::uint64_t last = 0;
  friend bool operator==(const ByteRange&, const ByteRange&) = default;
};
enum class RangeVerdict {
  kWhole,         // none asked for, or a form that we may ignore (several ranges): answer 200
  kPart,          // answer 206 with `range`
  kUnsatisfiable  // answer 416
};
struct RangeAnswer {
  RangeVerdict verdict = RangeVerdict::kWhole;
  ByteRange range;
};
// `header`: the value of "Range", empty if there is none; `size`: of the whole.
[[nodiscard]] RangeAnswer resolve_range(std::string_view header, std::uint64_t size);
[[nodiscard]] std::string range_header(const ByteRange& range);  // Range
[[nodiscard]] std::string content_range_header(const ByteRange& range,
                                               std::uint64_t size);  // Content-Range
struct ContentRange {
  ByteRange range;
  std::uint64_t size = 0;
};
[[nodiscard]] Result<ContentRange> parse_content_range(std::string_view header);

struct Url {
  std::string host;  // a name or an address; an IPv6 address without its brackets
  std::uint16_t port = 443;
  std::string target = "/";
};
// "https://host[:port][/path][?query]". kInvalidArgument for anything else: plain http is refused.
[[nodiscard]] Result<Url> parse_url(std::string_view text);
// "host:port", an IPv6 address in brackets.
[[nodiscard]] std::string host_and_port(std::string_view host, std::uint16_t port);

}  // namespace assay::net
