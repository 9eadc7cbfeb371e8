#include "assay/cli/options.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>

#include "assay/cli/terminal.hpp"

namespace assay::cli {
namespace {

struct Parsed {
  std::string listen = "default";
  std::uint64_t interval = 5;
  bool fast = false;
  bool ran = false;
  bool given[3] = {};  // listen, interval-ms, fast
  int exit_code = -1;
};

Parsed parse(std::vector<const char*> arguments, Status outcome = {}) {
  Parsed parsed;
  Program program("t", "test");
  Command& go = program.root().subcommand("go", "runs");
  go.option("listen", parsed.listen, "where")
      .option("interval-ms", parsed.interval, "how often")
      .flag("fast", parsed.fast, "quick")
      .action([&] {
        parsed.ran = true;
        const char* names[] = {"listen", "interval-ms", "fast"};
        for (int i = 0; i < 3; ++i) parsed.given[i] = go.was_given(names[i]);
        return outcome;
      });
  arguments.insert(arguments.begin(), "t");
  parsed.exit_code = program.run(static_cast<int>(arguments.size()), arguments.data());
  return parsed;
}

std::string config_file(const std::string& text) {
  const std::string path = testing::TempDir() + "options_test.toml";
  std::ofstream(path) << text;
  return path;
}

TEST(Options, FlagsOverEnvironmentOverFileOverDefaults) {
  EXPECT_EQ(parse({"go"}).listen, "default");
  const std::string path = config_file("listen = 'file'\ninterval_ms = 9\nfast = true\n");
  const Parsed file = parse({"--config", path.c_str(), "go"});
  EXPECT_EQ(file.listen, "file");
  EXPECT_EQ(file.interval, 9u);
  EXPECT_TRUE(file.fast);
  setenv("ASSAY_LISTEN", "environment", 1);
  EXPECT_EQ(parse({"--config", path.c_str(), "go"}).listen, "environment");
  EXPECT_EQ(parse({"--config", path.c_str(), "go", "--listen", "flag"}).listen, "flag");
  unsetenv("ASSAY_LISTEN");
}

// Six digits would make another price, or another learning rate, of either.
TEST(Options, DecimalsOfAFileKeepEveryDigit) {
  for (const char* const text : {"1234567.89", "0.00312345678", "1e+300", "0.1"}) {
    const std::string path = config_file("listen = " + std::string(text) + "\n");
    EXPECT_EQ(parse({"--config", path.c_str(), "go"}).listen, text);
  }
}

TEST(Options, KnowWhatWasGivenInWhateverWay) {
  using testing::ElementsAre;
  EXPECT_THAT(parse({"go"}).given, ElementsAre(false, false, false));
  EXPECT_THAT(parse({"go", "--interval-ms", "5", "--fast"}).given, ElementsAre(false, true, true));
  const std::string path = config_file("interval_ms = 5\n");
  setenv("ASSAY_LISTEN", "environment", 1);
  EXPECT_THAT(parse({"--config", path.c_str(), "go"}).given, ElementsAre(true, true, false));
  unsetenv("ASSAY_LISTEN");
}

TEST(Options, MistakesAreUsageErrorsThatNameThem) {
  testing::internal::CaptureStderr();
  EXPECT_EQ(parse({"go", "--lsten", "x"}).exit_code, 2);
  EXPECT_NE(testing::internal::GetCapturedStderr().find("--lsten"), std::string::npos);
  const std::string path = config_file("lisen = 'file'\n");
  testing::internal::CaptureStderr();
  EXPECT_EQ(parse({"--config", path.c_str(), "go"}).exit_code, 2);
  EXPECT_NE(testing::internal::GetCapturedStderr().find("lisen"), std::string::npos);
  const std::string broken = config_file("listen = \n");
  testing::internal::CaptureStderr();
  const Parsed parsed = parse({"--config", broken.c_str(), "go"});
  EXPECT_EQ(parsed.exit_code, 2);
  EXPECT_FALSE(parsed.ran);
  EXPECT_NE(testing::internal::GetCapturedStderr().find(":1:"), std::string::npos);
}

TEST(Options, ErrorsOfTheActionBecomeStableExitCodes) {
  testing::internal::CaptureStderr();
  EXPECT_EQ(parse({"go"}, Status(ErrorCode::kPermission, "p")).exit_code, 5);
  EXPECT_EQ(parse({"go"}, Status(ErrorCode::kUnavailable, "u")).exit_code, 3);
  EXPECT_EQ(parse({"go"}).exit_code, 0);
  testing::internal::GetCapturedStderr();
}

TEST(Terminal, WordsForNumbers) {
  EXPECT_EQ(format_tokens(12'500'000), "12.50");
  EXPECT_EQ(format_tokens(1), "0.000001");
  EXPECT_EQ(format_bytes(999), "999 B");
  EXPECT_EQ(format_bytes(1'400'000), "1.4 MB");
  EXPECT_EQ(format_duration(4.24), "4.2 s");
  EXPECT_EQ(format_duration(185), "3 min 05 s");
  Table table({"name", "n"});
  table.row({"a", "10"});
  table.row({"long", "7"});
  EXPECT_EQ(table.text(), "name  n\n────────\na     10\nlong   7\n");
}

}  // namespace
}  // namespace assay::cli
