// The gradient column of the operators' table says what the rules' own table says.
#include <gtest/gtest.h>

#include <string>

#include "assay/graph/gradients.hpp"
#include "assay/numerics/table.hpp"

namespace assay::graph {
namespace {

TEST(OperatorTable, SaysTheGradientRules) {
  std::size_t found = 0;
  for (const numerics::OperatorRow& row : numerics::operator_table()) {
    for (const GradientRow& rule : gradient_table()) {
      if (rule.op != row.op) continue;
      ++found;
      const std::string before = rule.has_rule ? "graph: " : "not differentiable: ";
      EXPECT_EQ(row.gradient, before + rule.text) << row.name;
    }
  }
  EXPECT_EQ(found, gradient_table().size());
}

}  // namespace
}  // namespace assay::graph
