#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <thread>

#include "assay/host/clock.hpp"
#include "assay/host/log.hpp"
#include "assay/host/read_file.hpp"
#include "assay/host/signals.hpp"
#include "support/temporary_folder.hpp"

namespace assay::host {
namespace {

using testing::HasSubstr;

TEST(SystemClock, RunsForwardAndPrintsRfc3339) {
  SystemClock clock;
  EXPECT_GT(clock.unix_ms(), 1'600'000'000'000u);
  const auto a = clock.monotonic_ms();
  EXPECT_LE(a, clock.monotonic_ms());
  EXPECT_EQ(rfc3339(0), "1970-01-01T00:00:00.000Z");
  EXPECT_EQ(rfc3339(951782400123), "2000-02-29T00:00:00.123Z");
}

TEST(StopSource, TurnsASignalIntoAFlagAnEventAndOneCallback) {
  std::atomic<int> calls{0};
  {
    auto source = *StopSource::install();
    EXPECT_EQ(StopSource::install().error().code, ErrorCode::kConflict);
    source->on_stop([&] { ++calls; });
    EXPECT_FALSE(source->wait_ms(1));
    ::raise(SIGTERM);
    EXPECT_TRUE(source->wait_ms(1000));
    EXPECT_EQ(source->signal_number(), SIGTERM);
    pollfd waiting{source->event_fd(), POLLIN, 0};
    EXPECT_EQ(::poll(&waiting, 1, 0), 1);
    for (int i = 0; i < 1000 && calls == 0; ++i)
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  EXPECT_EQ(calls, 1);
  {
    auto again = *StopSource::install();
    EXPECT_FALSE(again->stop_requested());
    again->on_stop([&] { ++calls; });
  }
  EXPECT_EQ(calls, 1) << "no stop was wanted";
  auto by_hand = *StopSource::install();
  by_hand->request_stop();
  EXPECT_TRUE(by_hand->wait_ms(0));
}

TEST(StopSource, ASecondSignalEndsTheProcess) {
  const pid_t child = ::fork();
  if (child == 0) {
    auto source = StopSource::install();
    ::raise(SIGINT);
    if (!(*source)->stop_requested()) ::_exit(2);
    ::raise(SIGINT);
    ::_exit(3);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  EXPECT_TRUE(WIFSIGNALED(status));
  EXPECT_EQ(WTERMSIG(status), SIGINT);
}

TEST(LineLog, FormatsAndEscapes) {
  const Log::Fields fields{{"who", "a b"}, {"n", "3"}, {"evil", "x\n{\"\x01\xff\xc3\xa9"}};
  EXPECT_EQ(format_log_line(LogFormat::kText, 0, LogLevel::kInfo, "game.move", fields),
            "1970-01-01T00:00:00.000Z info    game.move who=\"a b\" n=3 "
            "evil=\"x\\n{\\\"\\u0001\\ufffd\xc3\xa9\"");
  EXPECT_EQ(format_log_line(LogFormat::kJson, 0, LogLevel::kError, "e", fields),
            "{\"time\":\"1970-01-01T00:00:00.000Z\",\"level\":\"error\",\"event\":\"e\","
            "\"who\":\"a b\",\"n\":\"3\",\"evil\":\"x\\n{\\\"\\u0001\\ufffd\xc3\xa9\"}");
  const Log::Fields bad{{"k", "\xff"}};
  EXPECT_THAT(format_log_line(LogFormat::kText, 0, LogLevel::kInfo, "e", bad),
              HasSubstr("\\ufffd"));
}

TEST(LineLog, FiltersByLevelAndAppendsWholeLines) {
  test::TemporaryFolder folder;
  SystemClock clock;
  LogOptions options;
  options.file = folder.path() / "log";
  options.level = LogLevel::kWarning;
  auto log = *LineLog::open(options, clock);
  std::thread other([&] {
    for (int i = 0; i < 200; ++i) log->write(LogLevel::kError, "other", {});
  });
  for (int i = 0; i < 200; ++i) {
    log->write(LogLevel::kInfo, "dropped", {});
    log->write(LogLevel::kWarning, "kept", {});
  }
  other.join();
  const Bytes bytes = *read_file(options.file, 1 << 20);
  const std::string text(bytes.begin(), bytes.end());
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 400);
  EXPECT_EQ(text.find("dropped"), std::string::npos);
  options.file = folder.path() / "none" / "log";
  EXPECT_EQ(LineLog::open(options, clock).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(*parse_log_level("debug"), LogLevel::kDebug);
  EXPECT_EQ(parse_log_level("loud").error().code, ErrorCode::kInvalidArgument);
}

}  // namespace
}  // namespace assay::host
