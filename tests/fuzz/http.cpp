// net: HTTP messages, fed whole and in pieces, ranges and addresses. Input: what it is (u8), for
// messages the length of a piece (u8), the bytes.
#include "assay/net/http.hpp"

#include <algorithm>

#include "fuzz/fuzz.hpp"

using namespace assay;
using namespace assay::net;

namespace {

const HttpLimits kLimits{1024, 8, 4096};

template <class Message>
struct Reading {
  bool failed = false;
  std::size_t used = 0;
  bool over_limit = false;  // is why it failed
  std::vector<Message> messages;
};

// Messages one after another, as a connection reads them.
template <class Message, class Parser>
Reading<Message> read(Parser parser, ByteView bytes, std::size_t piece) {
  Reading<Message> reading;
  while (reading.used < bytes.size()) {
    const ByteView next = bytes.subspan(reading.used, std::min(piece, bytes.size() - reading.used));
    const Result<std::size_t> used = parser.feed(next);
    if (!used) {
      reading.failed = true;
      reading.over_limit = used.error().code == ErrorCode::kLimit;
      return reading;
    }
    ASSAY_INVARIANT(*used <= next.size());
    ASSAY_INVARIANT(*used == next.size() || parser.stage() == ParseStage::kDone);
    reading.used += *used;
    if (parser.stage() != ParseStage::kDone) continue;
    const bool keep_alive = parser.keep_alive();
    reading.messages.push_back(parser.take());
    ASSAY_INVARIANT(reading.messages.back().body.size() <= kLimits.body_bytes);
    if (!keep_alive || reading.messages.size() == 16) return reading;
  }
  return reading;
}

bool same(const HttpRequest& a, const HttpRequest& b) {
  return a.method == b.method && a.target == b.target && a.headers.all() == b.headers.all() &&
         a.body == b.body;
}
bool same(const HttpResponse& a, const HttpResponse& b) {
  return a.status == b.status && a.headers.all() == b.headers.all() && a.body == b.body;
}

template <class Message, class Make>
void check_pieces(Make make, ByteView input) {
  if (input.empty()) return;
  const std::size_t piece = 1 + input[0];
  const ByteView bytes = input.subspan(1);
  const auto whole = read<Message>(make(), bytes, bytes.size() + 1);
  const auto pieces = read<Message>(make(), bytes, piece);
  // Seen whole, a message that is cut short may be refused before its end would have been. A
  // chunk's head and a trailer are held to a limit where they come in pieces and have to be kept.
  const bool kept_too_much = pieces.over_limit && pieces.messages.size() < whole.messages.size();
  ASSAY_INVARIANT(whole.failed || !pieces.failed || pieces.over_limit);
  ASSAY_INVARIANT(kept_too_much || whole.messages.size() == pieces.messages.size());
  for (std::size_t i = 0; i < pieces.messages.size(); ++i)
    ASSAY_INVARIANT(same(whole.messages[i], pieces.messages[i]));
}

// What we write ourselves is read back.
void check_written(ByteView bytes) {
  auto reading = read<HttpRequest>(RequestParser(kLimits), bytes, bytes.size() + 1);
  for (HttpRequest& request : reading.messages) {
    const Result<std::string> head = request_head(request, "example:1");
    if (!head) continue;
    RequestParser parser({64 * 1024, 64, kLimits.body_bytes});
    const Result<std::size_t> used = parser.feed(as_bytes(*head));
    ASSAY_INVARIANT(used);
    if (parser.stage() != ParseStage::kDone) ASSAY_INVARIANT(parser.feed(request.body));
    if (parser.stage() != ParseStage::kDone) continue;  // a method without a body
    const HttpRequest again = parser.take();
    ASSAY_INVARIANT(again.method == request.method && again.target == request.target);
  }
}

void check_words(ByteView input) {
  const std::string_view text = fuzz::as_text(input);
  for (const std::uint64_t size : {std::uint64_t{0}, std::uint64_t{100}, ~std::uint64_t{0}}) {
    const RangeAnswer answer = resolve_range(text, size);
    if (answer.verdict == RangeVerdict::kPart)
      ASSAY_INVARIANT(answer.range.first <= answer.range.last && answer.range.last < size);
  }
  if (const auto range = parse_content_range(text)) {
    const auto again = parse_content_range(content_range_header(range->range, range->size));
    ASSAY_INVARIANT(again && again->range == range->range && again->size == range->size);
  }
  if (const auto url = parse_url(text)) {
    const auto again = parse_url("https://" + host_and_port(url->host, url->port) + url->target);
    ASSAY_INVARIANT(again && again->host == url->host && again->port == url->port &&
                    again->target == url->target);
  }
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto [choice, rest] = fuzz::select({data, size}, 4);
  switch (choice) {
    case 0:
      check_pieces<HttpRequest>([] { return RequestParser(kLimits); }, rest);
      if (!rest.empty()) check_written(rest.subspan(1));
      break;
    case 1: check_pieces<HttpResponse>([] { return ResponseParser(kLimits, false); }, rest); break;
    case 2: check_pieces<HttpResponse>([] { return ResponseParser(kLimits, true); }, rest); break;
    default: check_words(rest); break;
  }
  return 0;
}
