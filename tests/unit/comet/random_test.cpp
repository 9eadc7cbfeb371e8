// INV-CMT-001, INV-CMT-003: light blocks that CometBFT's own code made
// (tests/vectors/comet/README.md).
#include <sstream>

#include "unit/comet/random_blocks.hpp"

namespace assay::comet {
namespace {

TEST(CometRandom, BytesHashesAndVerdictsAreItsOwn) {
  std::istringstream lines(test::text_of("random.jsonl"));
  const test::Judged judged = test::expect_same_of_all(lines);
  EXPECT_GT(judged.valid, 5u);
  EXPECT_GT(judged.no_trust, 1u);
  EXPECT_GT(judged.refused, 5u);
}

}  // namespace
}  // namespace assay::comet
