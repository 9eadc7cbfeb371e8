#include "assay/net/http.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace assay::net {
namespace {

using testing::HasSubstr;

constexpr std::string_view kPost =
    "POST /rpc?x=1 HTTP/1.1\r\nHost: a:1\r\nX-Two: b\r\nx-two: c\r\nContent-Length: 5\r\n\r\nhello";
constexpr std::string_view kChunked =
    "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6;ext=1\r\n "
    "world\r\n0\r\n\r\n";

std::string text_of(const Bytes& bytes) { return {bytes.begin(), bytes.end()}; }

// Feeds in pieces of `piece` bytes; how many were used in all.
std::size_t feed_all(RequestParser& parser, std::string_view text, std::size_t piece) {
  std::size_t used = 0;
  while (used < text.size() && parser.stage() != ParseStage::kDone) {
    const auto part = text.substr(used, piece);
    const auto n = parser.feed(as_bytes(part));
    if (!n) {
      ADD_FAILURE() << n.error().message;
      break;
    }
    if (parser.stage() != ParseStage::kDone) {
      EXPECT_EQ(*n, part.size());
    }
    used += *n;
  }
  return used;
}

TEST(RequestParser, GivesTheSameForEveryWayOfCuttingAndLeavesTheRest) {
  for (std::size_t piece = 1; piece < kPost.size() + 20; ++piece) {
    RequestParser parser{HttpLimits{}};
    const std::string two = std::string(kPost) + std::string(kPost);
    std::string_view rest = two;
    for (int message = 0; message < 2; ++message) {
      EXPECT_FALSE(parser.started());
      const std::size_t used = feed_all(parser, rest, piece);
      ASSERT_EQ(parser.stage(), ParseStage::kDone);
      ASSERT_EQ(used, kPost.size());
      EXPECT_TRUE(parser.keep_alive());
      const HttpRequest request = parser.take();
      EXPECT_EQ(request.method, "POST");
      EXPECT_EQ(request.target, "/rpc?x=1");
      EXPECT_EQ(text_of(request.body), "hello");
      EXPECT_EQ(request.headers.find("x-TWO"), "b");
      EXPECT_EQ(request.headers.find("none"), std::nullopt);
      EXPECT_EQ(request.headers.all().size(), 4u);
      rest.remove_prefix(used);
    }
  }
}

TEST(RequestParser, ReadsChunkedBodiesHoweverCut) {
  for (std::size_t piece = 1; piece < kChunked.size() + 1; ++piece) {
    RequestParser parser{HttpLimits{}};
    EXPECT_EQ(feed_all(parser, kChunked, piece), kChunked.size());
    ASSERT_EQ(parser.stage(), ParseStage::kDone) << piece;
    EXPECT_EQ(text_of(parser.take().body), "hello world");
  }
}

TEST(RequestParser, HoldsItsLimits) {
  const HttpLimits limits{.header_bytes = 256, .header_count = 4, .body_bytes = 10};
  const auto refused = [&](const std::string& text, std::size_t piece) {
    RequestParser parser(limits);
    for (std::size_t at = 0; at < text.size(); at += piece) {
      const auto fed = parser.feed(as_bytes(std::string_view(text).substr(at, piece)));
      if (!fed) {
        EXPECT_EQ(fed.error().code,
                  parser.error_status() == 400 ? ErrorCode::kMalformed : ErrorCode::kLimit);
        return parser.error_status();
      }
    }
    return 0u;
  };
  const std::string start = "POST / HTTP/1.1\r\n";
  for (const std::size_t piece : {1u, 7u, 100'000u}) {
    EXPECT_EQ(refused(start + "Content-Length: 10\r\n\r\n0123456789", piece), 0u);
    EXPECT_EQ(refused(start + "Content-Length: 11\r\n\r\n", piece), 413u);
    EXPECT_EQ(refused(start + "Content-Length: 99999999999999999999\r\n\r\n", piece), 400u);
    EXPECT_EQ(refused(start + "A: " + std::string(400, 'a'), piece), 431u);
    EXPECT_EQ(refused(start + "A:1\r\nB:1\r\nC:1\r\nD:1\r\nE:1\r\n\r\n", piece), 431u);
    EXPECT_EQ(refused("P" + std::string(400, 'a'), piece), 431u);
    EXPECT_EQ(
        refused(start + "Transfer-Encoding: chunked\r\n\r\n0\r\nB:1\r\nC:1\r\nD:1\r\nE:1\r\n\r\n",
                piece),
        431u);
    // To the byte, be it seen at once or not.
    const std::string most = start + "A: " + std::string(256 - start.size() - 7, 'a') + "\r\n\r\n";
    EXPECT_EQ(refused(most, piece), 0u);
    EXPECT_EQ(refused(start + "A: b" + most.substr(start.size() + 3), piece), 431u);
    EXPECT_EQ(
        refused(start + "Transfer-Encoding: chunked\r\n\r\n8\r\n01234567\r\n8\r\n01234567\r\n",
                piece),
        413u);
    EXPECT_EQ(
        refused(start + "Transfer-Encoding: chunked\r\n\r\n1;" + std::string(600, 'x'), piece),
        431u);
  }
  for (const std::string bad :
       {"\r\n\r\n", "GET\r\n\r\n", "GET / HTTP/2.0\r\n\r\n", "\x16\x03\x01 binary\r\n\r\n",
        "GET / HTTP/1.1\r\nNo colon\r\n\r\n", "GET / HTTP/1.1\r\nA : b\r\n\r\n",
        "POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        "POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
        "POST / HTTP/1.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
        "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n\r\n"})
    EXPECT_EQ(refused(bad, 100'000), 400u) << bad;
}

// Neither a crash nor an endless loop on anything: every byte of a good message changed or cut.
TEST(RequestParser, SurvivesTampering) {
  for (const std::string_view good : {kPost, kChunked}) {
    for (std::size_t at = 0; at < good.size(); ++at) {
      for (const int change : {0x01, 0x20, 0x80, 0xff}) {
        std::string bad(good);
        bad[at] = static_cast<char>(bad[at] ^ change);
        RequestParser parser{HttpLimits{}};
        const auto fed = parser.feed(as_bytes(bad));
        if (fed && parser.stage() == ParseStage::kDone) (void)parser.take();
      }
      RequestParser cut{HttpLimits{}};
      ASSERT_TRUE(cut.feed(as_bytes(good.substr(0, at))));
      EXPECT_NE(cut.stage(), ParseStage::kDone) << at;
    }
  }
}

TEST(RequestParser, NoticesExpectAndClose) {
  RequestParser parser{HttpLimits{}};
  ASSERT_TRUE(
      parser.feed(as_bytes("PUT /a HTTP/1.1\r\nExpect: 100-Continue\r\nConnection: "
                           "close\r\nContent-Length: 3\r\n\r\n")));
  EXPECT_EQ(parser.stage(), ParseStage::kBody);
  EXPECT_TRUE(parser.expects_continue());
  ASSERT_TRUE(parser.feed(as_bytes("abc")));
  EXPECT_FALSE(parser.keep_alive());
}

TEST(ResponseParser, ReadsLengthsHeadAndBodiesUntilTheEnd) {
  ResponseParser parser(HttpLimits{}, false);
  ASSERT_TRUE(parser.feed(as_bytes("HTTP/1.1 206 Partial\r\nContent-Length: 2\r\n\r\nhi")));
  ASSERT_EQ(parser.stage(), ParseStage::kDone);
  const HttpResponse response = parser.take();
  EXPECT_EQ(response.status, 206u);
  EXPECT_EQ(text_of(response.body), "hi");

  ResponseParser head(HttpLimits{}, true);
  ASSERT_TRUE(head.feed(as_bytes("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")));
  EXPECT_EQ(head.stage(), ParseStage::kDone);

  ResponseParser until_end(HttpLimits{}, false);
  ASSERT_TRUE(until_end.feed(as_bytes("HTTP/1.1 200 OK\r\n\r\nall of it")));
  EXPECT_NE(until_end.stage(), ParseStage::kDone);
  ASSERT_TRUE(until_end.feed_end());
  EXPECT_FALSE(until_end.keep_alive());
  EXPECT_EQ(text_of(until_end.take().body), "all of it");

  ResponseParser cut(HttpLimits{}, false);
  ASSERT_TRUE(cut.feed(as_bytes("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nhi")));
  EXPECT_EQ(cut.feed_end().error().code, ErrorCode::kMalformed);
  ResponseParser nothing(HttpLimits{}, false);
  EXPECT_FALSE(nothing.feed_end());
}

TEST(Heads, AreParsedBackAndRefuseInjection) {
  HttpRequest request;
  request.method = "POST";
  request.target = "/a?b";
  request.headers.add("X-One", "1");
  request.headers.add("content-length", "999");
  request.headers.set("x-one", "2");
  request.body = to_bytes(as_bytes("abc"));
  const std::string head = *request_head(request, "h:1");
  EXPECT_EQ(head, "POST /a?b HTTP/1.1\r\nHost: h:1\r\nx-one: 2\r\nContent-Length: 3\r\n\r\n");
  EXPECT_EQ(*response_head(make_response(404, "text/plain", "no"), false),
            "HTTP/1.1 404 Not Found\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n"
            "Connection: close\r\n\r\n");
  for (const std::string& bad : {std::string("a\r\nEvil: 1"), std::string("a\nb"),
                                 std::string("a\0b", 3), std::string("\x7f")}) {
    HttpRequest evil;
    evil.headers.add("X", bad);
    EXPECT_EQ(request_head(evil, "h").error().code, ErrorCode::kInvalidArgument);
    HttpRequest target;
    target.target = "/" + bad;
    EXPECT_EQ(request_head(target, "h").error().code, ErrorCode::kInvalidArgument);
  }
  HttpRequest name;
  name.headers.add("X Y", "1");
  EXPECT_FALSE(request_head(name, "h"));
  HttpRequest relative;
  relative.target = "a";
  EXPECT_FALSE(request_head(relative, "h"));
  HttpResponse odd;
  odd.status = 99;
  EXPECT_FALSE(response_head(odd, true));
}

TEST(Range, ResolvesAsRfc9110Says) {
  const auto part = [](std::string_view header, std::uint64_t size) {
    const RangeAnswer answer = resolve_range(header, size);
    return answer.verdict == RangeVerdict::kPart
               ? content_range_header(answer.range, size)
               : std::string(answer.verdict == RangeVerdict::kWhole ? "whole" : "416");
  };
  EXPECT_EQ(part("bytes=0-0", 10), "bytes 0-0/10");
  EXPECT_EQ(part("bytes=2-5", 10), "bytes 2-5/10");
  EXPECT_EQ(part("Bytes=2-500", 10), "bytes 2-9/10");
  EXPECT_EQ(part("bytes=9-", 10), "bytes 9-9/10");
  EXPECT_EQ(part("bytes=-3", 10), "bytes 7-9/10");
  EXPECT_EQ(part("bytes=-30", 10), "bytes 0-9/10");
  for (const char* none : {"bytes=10-", "bytes=10-20", "bytes=-0"})
    EXPECT_EQ(part(none, 10), "416");
  EXPECT_EQ(part("bytes=0-", 0), "416");
  for (const char* odd : {"", "bytes=", "bytes=-", "bytes=a-b", "bytes=5-2", "bytes=0-1,3-4",
                          "lines=0-1", "bytes=1", "bytes=0-99999999999999999999"})
    EXPECT_EQ(part(odd, 10), "whole") << odd;
  EXPECT_EQ(range_header({3, 7}), "bytes=3-7");
  const auto content = parse_content_range("bytes 3-7/100");
  ASSERT_TRUE(content);
  EXPECT_EQ(content->range, (ByteRange{3, 7}));
  EXPECT_EQ(content->size, 100u);
  for (const char* bad : {"", "bytes */100", "bytes 3-7/*", "bytes 7-3/100", "bytes 3-100/100",
                          "3-7/100", "bytes 3-7", "bytes 3/7-100"})
    EXPECT_EQ(parse_content_range(bad).error().code, ErrorCode::kMalformed) << bad;
}

TEST(Url, ParsesHttpsOnly) {
  const auto url = parse_url("https://node.example:8443/rpc?x=1");
  ASSERT_TRUE(url);
  EXPECT_EQ(url->host, "node.example");
  EXPECT_EQ(url->port, 8443);
  EXPECT_EQ(url->target, "/rpc?x=1");
  EXPECT_EQ(parse_url("https://a")->port, 443);
  EXPECT_EQ(parse_url("https://a")->target, "/");
  EXPECT_EQ(parse_url("https://[::1]:9/")->host, "::1");
  EXPECT_EQ(host_and_port("::1", 9), "[::1]:9");
  for (const char* bad :
       {"", "http://a", "https://", "https://:1", "https://a:0", "https://a:65536", "https://a:b",
        "https://a:", "https://u@a/", "https://a?x", "https://a/#f", "https://[::1",
        "https://[::1]9", "https://a b/", "https://a/ b", "ftp://a", "https://a/\n"})
    EXPECT_EQ(parse_url(bad).error().code, ErrorCode::kInvalidArgument) << bad;
}

}  // namespace
}  // namespace assay::net
