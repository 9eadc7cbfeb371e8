// The same beside CometBFT's own code, where Go and its module are: other light blocks every time
// the count or the seed is changed (ASSAY_ORACLE_SEED).
#include <cstdlib>
#include <filesystem>

#include "support/process.hpp"
#include "support/temporary_folder.hpp"
#include "unit/comet/random_blocks.hpp"

namespace assay::comet {
namespace {

namespace fs = std::filesystem;

TEST(CometOracle, JudgesAsCometBftDoes) {
  const std::string module = "github.com/cometbft/cometbft@v0.38.17";
  const std::string cache = assay::test::first_line_of("go env GOMODCACHE 2>/dev/null");
  const fs::path comet = fs::path(cache) / module;
  if (cache.empty() || !fs::exists(comet / "go.sum")) {
    std::printf("skipped: Go's cache holds no %s (go mod download)\n", module.c_str());
    GTEST_SKIP();
  }
  // The module's own requirements are the oracle's: what is in the cache is enough, and nothing is
  // fetched.
  const assay::test::TemporaryFolder work;
  const std::string folder = work.path().string();
  const char* seed = std::getenv("ASSAY_ORACLE_SEED");
  const std::string command =
      "cd " + folder + " && cp " ASSAY_ORACLE " main.go && sed 's#^module .*#module oracle#' " +
      (comet / "go.mod").string() +
      " > go.mod && echo 'require github.com/cometbft/cometbft v0.38.17' >> go.mod && cat " +
      (comet / "go.sum").string() +
      " > go.sum && GOPROXY=off GONOSUMDB='*' GOFLAGS=-mod=mod GOTOOLCHAIN=local go build -o "
      "oracle . 2>log && ./oracle " +
      (seed != nullptr ? seed : "1") + " 1000 > lines";
  if (std::system(command.c_str()) != 0) {
    std::printf("skipped: the oracle does not build here: %s\n",
                assay::test::first_line_of(("tail -1 " + folder + "/log").c_str()).c_str());
    GTEST_SKIP();
  }
  std::ifstream lines(work.path() / "lines");
  const test::Judged judged = test::expect_same_of_all(lines);
  EXPECT_EQ(judged.valid + judged.no_trust + judged.refused, 1000u);
  std::printf("%zu valid, %zu without trust, %zu refused, as CometBFT says\n", judged.valid,
              judged.no_trust, judged.refused);
}

}  // namespace
}  // namespace assay::comet
