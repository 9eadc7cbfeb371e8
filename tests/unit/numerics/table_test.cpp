// The operator table: complete, and each column leads somewhere.
#include "assay/numerics/table.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <set>
#include <sstream>

#include "unit/numerics/random_spec.hpp"

namespace assay::numerics {
namespace {

const std::string kRoot = std::string(ASSAY_TEST_DATA) + "/../../";

std::string read(const std::string& path) {
  std::ifstream in(kRoot + path);
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

bool is_none(const std::string& column) {
  return column.starts_with("none: ") && column.size() > 6;
}

TEST(OperatorTable, HasEveryOperatorOnce) {
  std::set<OpCode> seen;
  OpCode last{};
  for (const OperatorRow& row : operator_table()) {
    EXPECT_TRUE(seen.insert(row.op).second) << row.name;
    EXPECT_LT(last, row.op) << row.name;
    EXPECT_STREQ(row.name, name_of(row.op));
    last = row.op;
  }
  for (unsigned code = 0; code < 0x10000; ++code) {
    const auto op = static_cast<OpCode>(code);
    EXPECT_EQ(std::string(name_of(op)) != "?", seen.contains(op)) << code;
  }
  for (const OpCode op : test::kOperators) EXPECT_TRUE(seen.contains(op)) << name_of(op);
  EXPECT_EQ(seen.size(), std::size(test::kOperators) + 4);  // and the sources
}

TEST(OperatorTable, NamesSourceFilesThatExist) {
  for (const OperatorRow& row : operator_table()) {
    const std::string definition = row.definition;
    if (!is_none(definition)) {
      const std::size_t colon = definition.find(": ");
      ASSERT_NE(colon, std::string::npos) << row.name;
      const std::string text = read("include/assay/numerics/" + definition.substr(0, colon));
      EXPECT_NE(text.find(definition.substr(colon + 2) + "("), std::string::npos) << definition;
    }
    if (!is_none(row.kernel)) {
      std::istringstream files(row.kernel);
      for (std::string file; files >> file;)
        EXPECT_FALSE(read("lib/numerics/" + file).empty()) << file;
    }
    if (!is_none(row.integer)) {
      const std::string file =
          std::string(row.integer).substr(0, std::string(row.integer).find(':'));
      EXPECT_FALSE((read("lib/numerics/" + file) + read("include/assay/numerics/" + file)).empty())
          << file;
    }
  }
}

TEST(OperatorTable, EveryGradientIsARuleOrAReason) {
  for (const OperatorRow& row : operator_table()) {
    const std::string gradient = row.gradient;
    EXPECT_TRUE(gradient.starts_with("graph: ") || gradient.starts_with("not differentiable: "))
        << row.name << ": " << gradient;
    EXPECT_GT(gradient.size(), std::string("graph: ").size());
  }
}

// Tests are named as "program: Suite.Name/parameter"; those of this program must be registered.
TEST(OperatorTable, NamesTestsThatRun) {
  std::set<std::string> registered;
  const testing::UnitTest& all = *testing::UnitTest::GetInstance();
  for (int s = 0; s < all.total_test_suite_count(); ++s) {
    const testing::TestSuite& suite = *all.GetTestSuite(s);
    for (int t = 0; t < suite.total_test_count(); ++t) {
      registered.insert(std::string(suite.name()) + "." + suite.GetTestInfo(t)->name());
    }
  }
  const std::string own = "numerics_unit_tests: ";
  for (const OperatorRow& row : operator_table()) {
    for (const std::string column : {row.fuzz, row.dispute}) {
      EXPECT_FALSE(column.empty()) << row.name;
      if (is_none(column)) continue;
      EXPECT_NE(column.find("_tests: "), std::string::npos) << row.name << ": " << column;
      if (column.starts_with(own)) {
        EXPECT_TRUE(registered.contains(column.substr(own.size()))) << column;
      }
    }
    if (!is_source(row.op)) {
      // And an input of tests/fuzz/node.cpp begins with it.
      EXPECT_FALSE(read(std::string("tests/fuzz/corpus/node/") + row.name).empty()) << row.name;
      EXPECT_TRUE(registered.contains(std::string("AllOperators/KernelsTest.EqualTheReference/") +
                                      row.name));
    }
  }
}

TEST(OperatorTable, EveryOperatorHasItsSectionInTheSpec) {
  const std::string spec = read("docs/spec/numerics.md");
  ASSERT_FALSE(spec.empty());
  for (const OperatorRow& row : operator_table()) {
    const bool found =
        spec.find(std::string("\n## ") + row.spec_section + "\n") != std::string::npos ||
        spec.find(std::string("\n### ") + row.spec_section + "\n") != std::string::npos;
    EXPECT_TRUE(found) << row.spec_section;
    const std::string line =
        "\n| " + std::to_string(static_cast<unsigned>(row.op)) + " | " + row.name + " | ";
    EXPECT_NE(spec.find(line), std::string::npos) << "no line" << line;
  }
}

}  // namespace
}  // namespace assay::numerics
