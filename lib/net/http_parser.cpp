// Beast's parsers, fed by hand; the only file that knows Beast.
#include <boost/asio/buffer.hpp>
#include <boost/beast/core/string.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/vector_body.hpp>

#include <algorithm>
#include <limits>

#include "assay/core/contract.hpp"
#include "assay/net/http.hpp"

namespace assay::net {

namespace {

namespace beast_http = boost::beast::http;
using boost::system::error_code;

template <bool kRequest>
class Core {
 public:
  using Parser = beast_http::parser<kRequest, beast_http::vector_body<std::uint8_t>>;

  Core(const HttpLimits& limits, bool skip_body) : m_limits(limits), m_skip_body(skip_body) {
    reset();
  }

  void reset() {
    m_parser.emplace();
    m_parser->skip(m_skip_body);
    // Beast holds a header to its limit only where it comes in pieces; put() does it always.
    m_parser->header_limit(std::numeric_limits<std::uint32_t>::max());
    m_parser->body_limit(m_limits.body_bytes);
    m_carry.clear();
    m_header_used = 0;
    m_started = false;
    m_header_checked = false;
    m_error_status = 0;
  }

  Result<std::size_t> feed(ByteView bytes) {
    ASSAY_EXPECTS(m_error_status == 0);
    if (bytes.empty() || m_parser->is_done()) return std::size_t{0};
    m_started = true;
    if (m_carry.empty()) {
      // A body goes straight from the caller's buffer into its place.
      ASSAY_TRY(const std::size_t used, put(bytes));
      if (!m_parser->is_done()) {
        m_carry.assign(bytes.begin() + static_cast<std::ptrdiff_t>(used), bytes.end());
        ASSAY_TRY_STATUS(check_carry());
        return bytes.size();
      }
      return used;
    }
    m_carry.insert(m_carry.end(), bytes.begin(), bytes.end());
    ASSAY_TRY(const std::size_t used, put(m_carry));
    m_carry.erase(m_carry.begin(), m_carry.begin() + static_cast<std::ptrdiff_t>(used));
    if (m_parser->is_done()) {
      // What is left over came with this call: without it nothing was complete.
      const std::size_t left = m_carry.size();
      ASSAY_INVARIANT(left <= bytes.size());
      m_carry.clear();
      return bytes.size() - left;
    }
    ASSAY_TRY_STATUS(check_carry());
    return bytes.size();
  }

  Status feed_end() {
    error_code error;
    if (m_started) m_parser->put_eof(error);
    if (error || !m_parser->is_done())
      return {ErrorCode::kMalformed, "the connection ended in the middle of a message"};
    return {};
  }

  [[nodiscard]] ParseStage stage() const {
    if (m_parser->is_done()) return ParseStage::kDone;
    return m_parser->is_header_done() ? ParseStage::kBody : ParseStage::kHeader;
  }
  [[nodiscard]] bool started() const { return m_started; }
  [[nodiscard]] bool keep_alive() const { return m_parser->keep_alive(); }
  [[nodiscard]] unsigned error_status() const { return m_error_status; }
  [[nodiscard]] const auto& message() const { return m_parser->get(); }

  template <class Message>
  void move_into(Message& to) {
    ASSAY_EXPECTS(m_parser->is_done());
    auto& from = m_parser->get();
    for (const auto& field : from)
      to.headers.add(std::string(field.name_string()), std::string(field.value()));
    to.body = std::move(from.body());
  }

 private:
  Result<std::size_t> put(ByteView bytes) {
    std::size_t used = 0;
    while (used < bytes.size() && !m_parser->is_done()) {
      // A chunked body that is not done lacks at least "0\r\n\r\n", and Beast asserts that it sees
      // so much of its last chunk (it is seen again and again while it is not whole).
      if (m_parser->is_header_done() && m_parser->chunked() && bytes.size() - used < 5) break;
      const bool in_header = !m_parser->is_header_done();
      m_parser->eager(!in_header);  // what is offered of a header ends at its limit, no chunk does
      const std::size_t room =
          in_header ? m_limits.header_bytes - m_header_used : bytes.size() - used;
      const std::size_t offered = std::min(room, bytes.size() - used);
      if (offered == 0) return header_too_long();
      error_code error;
      const std::size_t n =
          m_parser->put(boost::asio::const_buffer(bytes.data() + used, offered), error);
      used += n;
      if (in_header && !m_parser->is_header_done()) m_header_used += n;
      if (error == beast_http::error::need_more) {
        error = {};
        if (n == 0 && in_header && offered == room) return header_too_long();
        if (n == 0) break;
      }
      if (error) return fail(error);
      // A chunked body's trailer adds to the headers.
      if (m_parser->is_done() || (m_parser->is_header_done() && !m_header_checked))
        ASSAY_TRY_STATUS(check_header());
    }
    return used;
  }

  Error header_too_long() {
    m_error_status = 431;
    return {ErrorCode::kLimit, "the headers are over the limit of " +
                                   std::to_string(m_limits.header_bytes) + " bytes"};
  }

  Error fail(const error_code& error) {
    if (error == beast_http::error::body_limit) {
      m_error_status = 413;
      return {ErrorCode::kLimit,
              "the body is over the limit of " + std::to_string(m_limits.body_bytes) + " bytes"};
    }
    m_error_status = 400;
    return {ErrorCode::kMalformed, "not an HTTP/1.1 message: " + error.message()};
  }

  Status check_header() {
    m_header_checked = true;
    const auto count = std::distance(message().begin(), message().end());
    if (static_cast<std::size_t>(count) <= m_limits.header_count) return {};
    m_error_status = 431;
    return {ErrorCode::kLimit,
            "more than the limit of " + std::to_string(m_limits.header_count) + " headers"};
  }

  // A chunk's head may not grow without end.
  Status check_carry() {
    if (m_carry.size() <= m_limits.header_bytes) return {};
    m_error_status = 431;
    return {ErrorCode::kLimit, "a chunk's head is over the limit of " +
                                   std::to_string(m_limits.header_bytes) + " bytes"};
  }

  HttpLimits m_limits;
  bool m_skip_body;
  std::optional<Parser> m_parser;
  Bytes m_carry;                  // fed, but not yet enough to be parsed
  std::size_t m_header_used = 0;  // of a header that is not whole yet
  bool m_started = false;
  bool m_header_checked = false;
  unsigned m_error_status = 0;
};

}  // namespace

struct RequestParser::State : Core<true> {
  using Core::Core;
};
struct ResponseParser::State : Core<false> {
  using Core::Core;
};

RequestParser::RequestParser(const HttpLimits& limits)
    : m_state(std::make_unique<State>(limits, false)) {}
RequestParser::RequestParser(RequestParser&&) noexcept = default;
RequestParser& RequestParser::operator=(RequestParser&&) noexcept = default;
RequestParser::~RequestParser() = default;

Result<std::size_t> RequestParser::feed(ByteView bytes) { return m_state->feed(bytes); }
ParseStage RequestParser::stage() const noexcept { return m_state->stage(); }
bool RequestParser::started() const noexcept { return m_state->started(); }
bool RequestParser::keep_alive() const noexcept { return m_state->keep_alive(); }
unsigned RequestParser::error_status() const noexcept { return m_state->error_status(); }
bool RequestParser::expects_continue() const noexcept {
  return stage() != ParseStage::kHeader &&
         boost::beast::iequals(m_state->message()[beast_http::field::expect], "100-continue");
}
HttpRequest RequestParser::take() {
  HttpRequest request;
  request.method = std::string(m_state->message().method_string());
  request.target = std::string(m_state->message().target());
  m_state->move_into(request);
  m_state->reset();
  return request;
}

ResponseParser::ResponseParser(const HttpLimits& limits, bool to_head)
    : m_state(std::make_unique<State>(limits, to_head)) {}
ResponseParser::ResponseParser(ResponseParser&&) noexcept = default;
ResponseParser& ResponseParser::operator=(ResponseParser&&) noexcept = default;
ResponseParser::~ResponseParser() = default;

Result<std::size_t> ResponseParser::feed(ByteView bytes) { return m_state->feed(bytes); }
Status ResponseParser::feed_end() { return m_state->feed_end(); }
ParseStage ResponseParser::stage() const noexcept { return m_state->stage(); }
bool ResponseParser::started() const noexcept { return m_state->started(); }
bool ResponseParser::keep_alive() const noexcept { return m_state->keep_alive(); }
HttpResponse ResponseParser::take() {
  HttpResponse response;
  response.status = m_state->message().result_int();
  m_state->move_into(response);
  m_state->reset();
  return response;
}

}  // namespace assay::net
