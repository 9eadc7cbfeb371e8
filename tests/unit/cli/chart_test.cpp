#include "assay/cli/chart.hpp"

#include <gmock/gmock.h>

namespace assay::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

Chart chart() {
  return {"Title & more",
          {{"left", "x", XAxis::kLinear, YAxis::kLinear, {{"a, b", 0, false, {{0, -1}, {10, 4}}}}},
           {"right",
            "x",
            XAxis::kRanks,
            YAxis::kPowersOfTen,
            {{"c", 1, true, {{1, 0}, {16, 0.01}, {256, 100}}}}}}};
}

TEST(Chart, DrawsEveryLineAndNoNonsense) {
  const std::string svg = chart_svg(chart());
  EXPECT_THAT(svg, HasSubstr("Title &amp; more"));
  EXPECT_THAT(svg, HasSubstr(">a, b<"));
  EXPECT_THAT(svg, HasSubstr(">256<"));
  EXPECT_THAT(svg, HasSubstr(">0.01<"));
  EXPECT_THAT(svg, Not(HasSubstr("nan")));
  EXPECT_THAT(svg, Not(HasSubstr("inf")));
}

TEST(Chart, OfNothingIsADocument) {
  EXPECT_THAT(chart_svg({}), HasSubstr("</svg>"));
  EXPECT_THAT(chart_svg({"t", {{"p", "x", XAxis::kLinear, YAxis::kLinear, {{"l", 0, false, {}}}}}}),
              Not(HasSubstr("nan")));
}

TEST(Chart, TablesAreQuoted) {
  EXPECT_EQ(chart_csv(chart()),
            "panel,line,x,y\r\nleft,\"a, b\",0,-1\r\nleft,\"a, b\",10,4\r\n"
            "right,c,1,0\r\nright,c,16,0.01\r\nright,c,256,100\r\n");
}

}  // namespace
}  // namespace assay::cli
