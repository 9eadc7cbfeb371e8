#include "assay/cli/overhead.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "assay/cli/bench_command.hpp"
#include "assay/cli/bench_models.hpp"

namespace assay::cli {
namespace {

using testing::HasSubstr;
using testing::Not;

OverheadRow row(const std::string& model, std::uint64_t interval, std::uint64_t threads) {
  OverheadRow r;
  r.model = model;
  r.interval = interval;
  r.threads = threads;
  r.step_ms = 12.5;
  r.root_ms = 0.25;
  const double share = 0.02 / static_cast<double>(interval);
  r.root_share = {share * 0.9, share, share * 1.1};
  r.checkpoint_bytes = 1'000;
  r.ledger_bytes = 4'000;
  return r;
}

OverheadReport report() {
  OverheadReport report{"a <processor>", "avx2", "sha-ni", {}};
  for (const std::uint64_t threads : {1U, 2U}) {
    report.rows.push_back(row("mlp", 1, threads));
    report.rows.push_back(row("mlp", 10, threads));
  }
  report.rows[0].training_ratio = Quartiles{1.01, 1.02, 1.03};
  report.rows[0].replay_s = 0.5;
  report.rows[0].dispute = DisputeCost{1.5, 2.5, 6, 900, 13, 5'000, 7'000, 9'000};
  return report;
}

std::vector<std::string> fields(const std::string& line) {
  std::vector<std::string> all(1);
  for (const char c : line) {
    if (c == ',') {
      all.emplace_back();
    } else {
      all.back() += c;
    }
  }
  return all;
}

std::vector<std::vector<std::string>> records(const std::string& csv) {
  std::vector<std::vector<std::string>> all;
  for (std::size_t at = 0; at < csv.size();) {
    const std::size_t end = csv.find("\r\n", at);
    all.push_back(fields(csv.substr(at, end - at)));
    at = end + 2;
  }
  return all;
}

std::string field(const std::vector<std::vector<std::string>>& csv, std::size_t record,
                  const std::string& name) {
  const auto column = std::ranges::find(csv[0], name) - csv[0].begin();
  return csv[record].at(static_cast<std::size_t>(column));
}

TEST(Overhead, WritesCsvWithEmptyCellsForWhatWasLeftOut) {
  const auto csv = records(overhead_csv(report()));
  ASSERT_EQ(csv.size(), 5U);
  for (const auto& record : csv) EXPECT_EQ(record.size(), csv[0].size());
  EXPECT_EQ(field(csv, 1, "model"), "mlp");
  EXPECT_EQ(field(csv, 1, "root_share_median"), "0.020000");
  EXPECT_EQ(field(csv, 1, "training_ratio_upper"), "1.030000");
  EXPECT_EQ(field(csv, 1, "replay_s"), "0.500000");
  EXPECT_EQ(field(csv, 1, "challenger_s"), "2.500000");
  EXPECT_EQ(field(csv, 1, "dispute_ledger_bytes"), "9000");
  EXPECT_EQ(field(csv, 1, "ledger_bytes"), "4000");
  EXPECT_EQ(field(csv, 2, "interval"), "10");
  EXPECT_EQ(field(csv, 2, "replay_s"), "");
  EXPECT_EQ(field(csv, 2, "moves"), "");
}

TEST(Overhead, WritesJson) {
  const codec::Json json = *codec::parse_json(overhead_json(report()).dump());
  const auto rows = *codec::JsonRef(json)["rows"].items();
  ASSERT_EQ(rows.size(), 4U);
  EXPECT_EQ(*rows[0]["training_ratio"]["median"].number(), 1.02);
  EXPECT_EQ(*rows[0]["dispute"]["referee_us"].number(), 6);
  EXPECT_EQ(*rows[0]["dispute"]["evidence_bytes"].u64(), 7'000U);
  EXPECT_FALSE(rows[1]["dispute"].exists());
  EXPECT_FALSE(rows[1]["replay_s"].exists());
}

TEST(Overhead, PrintsTablesWithDashesForWhatWasLeftOut) {
  const std::string text = overhead_table(report());
  EXPECT_THAT(text, HasSubstr("a <processor>"));
  EXPECT_THAT(text, HasSubstr("2.00"));   // percent
  EXPECT_THAT(text, HasSubstr("0.200"));  // of ten steps
  EXPECT_THAT(text, HasSubstr("1.0100 to 1.0300"));
  EXPECT_THAT(text, HasSubstr("-  "));
}

TEST(Overhead, DrawsALineForEachModelAndThreadCount) {
  const std::string svg = overhead_svg(report());
  EXPECT_THAT(svg, HasSubstr("<svg xmlns="));
  EXPECT_THAT(svg, HasSubstr("mlp, 1 thread<"));
  EXPECT_THAT(svg, HasSubstr("mlp, 2 threads<"));
  // Its line and its sample in the legend, for two lines of roots and one of disputes.
  const auto count = [&](const std::string& what) {
    std::size_t n = 0;
    for (std::size_t at = svg.find(what); at != std::string::npos; at = svg.find(what, at + 1)) ++n;
    return n;
  };
  EXPECT_EQ(count("<polyline"), 6U);
  EXPECT_THAT(svg, Not(HasSubstr("nan")));
  EXPECT_THAT(svg, Not(HasSubstr("inf")));
  // Nothing measured is a picture, too.
  EXPECT_THAT(overhead_svg({}), HasSubstr("</svg>"));
}

TEST(Overhead, RefusesSettingsThatMakeNoSense) {
  OverheadSettings good;
  EXPECT_TRUE(validate(good));
  const auto refused = [&](auto&& change) {
    OverheadSettings settings = good;
    change(settings);
    const Status status = validate(settings);
    return !status && status.error().code == ErrorCode::kInvalidArgument;
  };
  EXPECT_TRUE(refused([](auto& s) { s.models = {"nothing"}; }));
  EXPECT_TRUE(refused([](auto& s) { s.intervals = {}; }));
  EXPECT_TRUE(refused([](auto& s) { s.intervals = {10'001}; }));
  EXPECT_TRUE(refused([](auto& s) { s.threads = {0}; }));
  EXPECT_TRUE(refused([](auto& s) { s.pairs = 1'001; }));
  EXPECT_TRUE(refused([](auto& s) { s.seconds_each_max = 0; }));
}

// What `assay bench overhead --quick` would measure with these options beside it.
OverheadSettings quick_with(std::vector<const char*> arguments) {
  Program program("test", "a test");
  OverheadSettings settings;
  Command& command = program.root();
  command.option("models", settings.models, "m")
      .option("intervals", settings.intervals, "i")
      .option("threads", settings.threads, "t")
      .option("pairs", settings.pairs, "p")
      .action([&] {
        make_quick(settings, command);
        return Status{};
      });
  arguments.insert(arguments.begin(), "test");
  EXPECT_EQ(program.run(static_cast<int>(arguments.size()), arguments.data()), 0);
  return settings;
}

TEST(Overhead, QuickLeavesWhatWasGiven) {
  const OverheadSettings quick = quick_with({});
  EXPECT_EQ(quick.models.size(), 1U);
  EXPECT_THAT(quick.intervals, testing::ElementsAre(1, 4));
  EXPECT_THAT(quick.threads, testing::ElementsAre(1));
  EXPECT_EQ(quick.pairs, 2U);
  const OverheadSettings full;
  for (const std::uint64_t pairs : {std::uint64_t{7}, full.pairs}) {
    const std::string number = std::to_string(pairs);
    const OverheadSettings given = quick_with({"--models", "cnn", "gpt-small", "--intervals", "3",
                                               "--threads", "2", "--pairs", number.c_str()});
    EXPECT_THAT(given.models, testing::ElementsAre("cnn", "gpt-small"));
    EXPECT_THAT(given.intervals, testing::ElementsAre(3));
    EXPECT_THAT(given.threads, testing::ElementsAre(2));
    EXPECT_EQ(given.pairs, pairs);
  }
  ::setenv("ASSAY_THREADS", "3", 1);
  EXPECT_THAT(quick_with({"--pairs", "9"}).threads, testing::ElementsAre(3));
  ::unsetenv("ASSAY_THREADS");
}

TEST(BenchModels, AreWhatTheBenchesSay) {
  std::vector<std::uint64_t> parameters;
  for (const std::string& name : bench_model_names()) {
    const BenchModel model = *bench_model(name);
    const auto programs = models::build(model.description);
    ASSERT_TRUE(programs) << name;
    std::uint64_t count = 0;
    for (const graph::Slot& slot : programs->step.slots) {
      if (slot.name.starts_with("model/")) count += slot.type.shape.elements();
    }
    parameters.push_back(count);
    for (const graph::DataDecl& data : programs->step.data) {
      ASSERT_TRUE(model.data.contains(data.name)) << name;
      EXPECT_EQ(model.data.at(data.name).type(), data.type) << name;
    }
  }
  const std::uint64_t small_block = 12 * 128 * 128 + 13 * 128;
  const std::uint64_t medium_block = 12 * 384 * 384 + 13 * 384;
  EXPECT_THAT(parameters,
              testing::ElementsAre(784 * 512 + 512 * 512 + 512 * 10 + 2 * 512 + 10,
                                   9 * (3 * 32 + 32 * 64 + 64 * 128) + 32 + 64 + 128 + 1290,
                                   4 * small_block + (256 + 128 + 2) * 128,
                                   6 * medium_block + (256 + 256 + 2) * 384));
  EXPECT_FALSE(bench_model("gpt"));
}

}  // namespace
}  // namespace assay::cli
