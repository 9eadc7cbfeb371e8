#include "assay/net/stream.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <thread>

#include "support/temporary_folder.hpp"

namespace assay::net {
namespace {

TEST(StreamAddress, IsReadAndWrittenAlike) {
  for (const char* text : {"tcp://127.0.0.1:26658", "tcp://[::1]:1", "tcp://localhost:65535",
                           "unix:///run/app.sock", "unix://app.sock"}) {
    const auto address = parse_stream_address(text);
    ASSERT_TRUE(address) << text;
    EXPECT_EQ(to_string(*address), text);
  }
  EXPECT_EQ(*parse_stream_address("tcp://[::1]:7"), (StreamAddress{"", "::1", 7}));
}

TEST(StreamAddress, RefusesWhatIsNone) {
  for (const std::string text :
       {"", "tcp://", "tcp://host", "tcp://:1", "tcp://host:", "tcp://host:65536", "tcp://host:-1",
        "tcp://host:1x", "tcp://::1:80", "tcp://[::1:80", "tcp://u@host:1", "tcp://a/b:1",
        "http://host:1", "unix://", "127.0.0.1:26658"}) {
    const auto address = parse_stream_address(text);
    ASSERT_FALSE(address) << text;
    EXPECT_EQ(address.error().code, ErrorCode::kInvalidArgument);
  }
  EXPECT_TRUE(parse_stream_address("unix://" + std::string(107, 'a')));
  EXPECT_FALSE(parse_stream_address("unix://" + std::string(108, 'a')));
  EXPECT_FALSE(parse_stream_address(std::string_view("unix://a\0b", 10)));
}

std::string read_text(Stream& stream, std::size_t size) {
  std::string text;
  std::uint8_t buffer[7];
  while (text.size() < size) {
    const auto count = stream.read_some(buffer);
    if (!count || *count == 0) break;
    text.append(buffer, buffer + *count);
  }
  return text;
}

void expect_echo(const StreamAddress& address) {
  auto listener = StreamListener::listen(address);
  ASSERT_TRUE(listener) << listener.error().message;
  std::thread server([&] {
    auto stream = listener->accept();
    ASSERT_TRUE(stream);
    EXPECT_TRUE(stream->write_all(as_bytes(read_text(*stream, 12))));
  });
  auto client = Stream::connect(listener->address());
  ASSERT_TRUE(client) << client.error().message;
  EXPECT_TRUE(client->write_all(as_bytes("hello")));
  EXPECT_TRUE(client->write_all(as_bytes(", world")));
  EXPECT_EQ(read_text(*client, 12), "hello, world");
  server.join();
}

TEST(Stream, CarriesBytesOverTcpAndUnixSockets) {
  const test::TemporaryFolder folder;
  expect_echo({"", "127.0.0.1", 0});
  expect_echo({"", "::1", 0});
  expect_echo({(folder.path() / "s").string(), "", 0});
}

TEST(Stream, EndsForThePeerAndForWhoeverReads) {
  auto listener = StreamListener::listen({"", "127.0.0.1", 0});
  ASSERT_TRUE(listener);
  auto client = Stream::connect(listener->address());
  auto served = listener->accept();
  ASSERT_TRUE(client && served);
  std::uint8_t byte = 0;
  std::thread reader([&] {
    const auto count = served->read_some({&byte, 1});
    EXPECT_TRUE(count && *count == 0);
  });
  served->shutdown_read();
  reader.join();
  EXPECT_TRUE(served->write_all(as_bytes("x")));  // this direction is open still
  EXPECT_EQ(*client->read_some({&byte, 1}), 1u);
  { const Stream gone = std::move(*client); }
  const Bytes much(1 << 20);
  Status written;
  for (int i = 0; written && i < 100; ++i) written = served->write_all(much);
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().code, ErrorCode::kIo);
}

TEST(StreamListener, CancelsAndFreesItsAddress) {
  const test::TemporaryFolder folder;
  const StreamAddress address{(folder.path() / "s").string(), "", 0};
  {
    auto listener = StreamListener::listen(address);
    ASSERT_TRUE(listener);
    struct stat status {};
    ASSERT_EQ(::stat(address.path.c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777, 0600u);
    std::thread canceller([&] { listener->cancel(); });
    for (int again = 0; again < 2; ++again)
      EXPECT_EQ(listener->accept().error().code, ErrorCode::kCancelled);
    canceller.join();
  }
  EXPECT_FALSE(std::filesystem::exists(address.path));
  EXPECT_EQ(Stream::connect(address).error().code, ErrorCode::kUnavailable);
}

TEST(StreamListener, ReplacesOnlyWhatADeadProcessLeft) {
  const test::TemporaryFolder folder;
  const StreamAddress address{(folder.path() / "s").string(), "", 0};
  {
    auto first = StreamListener::listen(address);
    ASSERT_TRUE(first);
    EXPECT_EQ(StreamListener::listen(address).error().code, ErrorCode::kConflict);
    // A second name keeps the socket's file when the listener removes its own.
    std::filesystem::create_hard_link(address.path, address.path + ".left");
  }
  std::filesystem::rename(address.path + ".left", address.path);
  EXPECT_TRUE(StreamListener::listen(address));
  std::ofstream(address.path) << "a file of somebody's";
  EXPECT_EQ(StreamListener::listen(address).error().code, ErrorCode::kConflict);
  EXPECT_TRUE(std::filesystem::exists(address.path));
}

// Two listeners whose files bore one name: the first one's end takes nothing from the second.
TEST(StreamListener, RemovesItsOwnFileAlone) {
  const test::TemporaryFolder folder;
  const StreamAddress address{(folder.path() / "socket").string(), "", 0};
  std::optional<StreamListener> first;
  {
    auto made = StreamListener::listen(address);
    ASSERT_TRUE(made);
    first.emplace(std::move(*made));
  }
  ASSERT_TRUE(std::filesystem::exists(address.path)) << "moving it ended it";
  std::filesystem::rename(address.path, folder.path() / "aside");  // its number stays in use
  auto second = StreamListener::listen(address);
  ASSERT_TRUE(second);
  first.reset();
  EXPECT_TRUE(Stream::connect(address));
  // Nor a file of another kind.
  std::filesystem::remove(address.path);
  std::ofstream(address.path) << "mine";
  { const StreamListener ended = std::move(*second); }
  EXPECT_TRUE(std::filesystem::exists(address.path));
}

TEST(StreamListener, SaysWhyItCannotListen) {
  auto listener = StreamListener::listen({"", "127.0.0.1", 0});
  ASSERT_TRUE(listener);
  EXPECT_EQ(StreamListener::listen(listener->address()).error().code, ErrorCode::kConflict);
  EXPECT_EQ(StreamListener::listen({"", "192.0.2.1", 1}).error().code, ErrorCode::kUnavailable);
  EXPECT_EQ(StreamListener::listen({"/nonexistent/s", "", 0}).error().code,
            ErrorCode::kUnavailable);
}

}  // namespace
}  // namespace assay::net
