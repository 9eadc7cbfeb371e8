// The most work and bytes that the end of a game can take, over all operators
// (docs/spec/referee.md, INV-REF-003).
#include "assay/dispute/bounds.hpp"

#include <gtest/gtest.h>

#include "assay/codec/buffer.hpp"
#include "assay/crypto/sha256.hpp"
#include "assay/dispute/moves.hpp"
#include "assay/dispute/signer.hpp"
#include "assay/numerics/table.hpp"
#include "support/largest_step.hpp"
#include "unit/numerics/random_spec.hpp"

namespace assay::dispute {
namespace {

using numerics::NodeSpec;
using numerics::OpCode;

std::uint64_t g_compressions = 0;
void counting_sha256(const ByteView* parts, std::size_t count, std::uint8_t* digest32) {
  std::size_t size = 0;
  for (std::size_t i = 0; i < count; ++i) size += parts[i].size();
  g_compressions += (size + 9 + 63) / 64;
  crypto::sha256_function()(parts, count, digest32);
}

struct Cost {
  std::size_t bytes = 0;
  std::uint64_t judged = 0;   // by referee::judge
  std::uint64_t applied = 0;  // by all that a ledger does with the last move but its signature
};

Cost cost_of(const test::OpenedStep& step) {
  Cost cost{step.size, 0, 0};
  g_compressions = 0;
  EXPECT_EQ(referee::judge(counting_sha256, step.position, step.opening()),
            referee::Verdict::kDefenderWins);
  cost.judged = g_compressions;
  Position position = test::before_last_move(step);
  const Bytes body = codec::encode([&](auto& w) { write_scalar(w, step.opening()); });
  g_compressions = 0;
  const Hash256 hash = position_hash(counting_sha256, {}, position);
  static_cast<void>(move_digest(counting_sha256, {}, 0, hash, body));
  EXPECT_EQ(apply(counting_sha256, {}, position, Role::kChallenger, body), MoveVerdict::kAccepted);
  EXPECT_EQ(position.outcome, Outcome::kDefenderWins);
  cost.applied = g_compressions;
  return cost;
}

// INV-REF-003. Every operator's largest spec in the largest program: the bound holds it, something
// attains it, and the bound is within the limits.
TEST(OpeningBounds, HoldForTheLargestStepOfEveryOperator) {
  Cost most;
  const char* worst = "";
  unsigned operators = 0;
  for (const numerics::OperatorRow& row : numerics::operator_table()) {
    SCOPED_TRACE(row.name);
    NodeSpec spec;
    if (numerics::is_source(row.op)) continue;
    ASSERT_TRUE(test::largest_spec(row.op, spec));
    ASSERT_EQ(numerics::validate(spec), numerics::SpecVerdict::kValid);
    const graph::Node node = test::largest_node(spec);
    const OpeningBounds bounds = opening_bounds(node, graph::kMaxNodes);
    Cost largest;
    test::visit_places(spec, [&](std::uint64_t element, std::uint32_t step) {
      const Cost cost = cost_of({counting_sha256, node, element, step});
      EXPECT_LE(cost.bytes, bounds.bytes);
      EXPECT_LE(cost.judged, bounds.compressions);
      if (cost.judged > largest.judged) largest = cost;
    });
    if (row.op != OpCode::kConcat) {  // reads one of its operands; all others all of theirs
      EXPECT_EQ(largest.bytes, bounds.bytes);
      EXPECT_EQ(largest.judged, bounds.compressions);
    }
    if (largest.judged > most.judged) most = largest, worst = row.name;
    EXPECT_LE(bounds.bytes, 12'288U);
    EXPECT_LE(bounds.compressions, referee::kMaxCompressions);
    ++operators;
  }
  EXPECT_EQ(operators, std::size(numerics::test::kOperators));
  std::printf("figure largest_opening_bytes %zu bytes\n", most.bytes);
  std::printf(
      "figure largest_opening_compressions %llu by the referee, %llu by the last move (%s)\n",
      static_cast<unsigned long long>(most.judged), static_cast<unsigned long long>(most.applied),
      worst);
}

// No valid spec can need more: no step reads an operand twice, no operator has more than three, and
// one operand is at most 117 compressions and 2,598 bytes.
TEST(OpeningBounds, HoldWhateverTheSpec) {
  numerics::test::Generator random(61);
  for (const OpCode op : numerics::test::kOperators) {
    for (int round = 0; round < 60; ++round) {
      const NodeSpec spec = random.spec(op, 1);
      ASSERT_LE(spec.operand_count, 3U);
      test::visit_places(spec, [&](std::uint64_t element, std::uint32_t step) {
        test::Filled filled{&spec};
        referee::RecordingAccess recording(filled);
        numerics::FoldState state = numerics::fold_init(spec, element);
        numerics::fold_step<numerics::IntegerArithmetic>(spec, element, step, recording, state);
        std::array<unsigned, numerics::kMaxOperands> reads{};
        ASSERT_LE(recording.count(), spec.operand_count);
        for (const referee::Read& read : recording.reads()) ASSERT_LE(++reads[read.operand], 1U);
      });
    }
  }
  graph::Node node;
  node.spec.operand_count = 3;
  for (TensorType& type : node.spec.operands) type = {DType::kU64, Shape{kMaxElements}};
  const OpeningBounds widest = opening_bounds(node, graph::kMaxNodes);
  EXPECT_EQ(widest.bytes, 3 * 2'598U);
  EXPECT_EQ(widest.compressions, 3 * 117U);
}

}  // namespace
}  // namespace assay::dispute
