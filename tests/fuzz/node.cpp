// graph and numerics: a node's record, the rules of its operator, and, where it is small, every
// path that computes it over data drawn from a seed. Input: seed (u8), the record.
#include "assay/graph/node.hpp"

#include "assay/codec/buffer.hpp"
#include "assay/numerics/arithmetic_integer.hpp"
#include "assay/referee/referee.hpp"
#include "fuzz/fuzz.hpp"
#include "unit/numerics/random_spec.hpp"

using namespace assay;
using namespace assay::numerics;

namespace {

constexpr std::uint64_t kMaxBytes = 1 << 16;
constexpr std::uint64_t kMaxSteps = 1 << 14;

bool is_small(const NodeSpec& spec) {
  std::uint64_t bytes = spec.output.byte_count();
  if (bytes > kMaxBytes) return false;
  for (unsigned i = 0; i < spec.operand_count; ++i) {
    bytes += spec.operands[i].byte_count();
    if (bytes > kMaxBytes) return false;
  }
  return spec.output.shape.elements() * fold_length(spec) <= kMaxSteps;
}

void check_paths(const NodeSpec& spec, unsigned seed) {
  test::Generator random(seed);
  random.set_tame(seed % 2 == 0);
  const std::vector<test::Buffer> operands = test::random_operands(random, spec);
  SerialTaskPool pool;
  const test::Buffer reference = test::run_node(Isa::kReference, spec, operands, pool);
  for (const Isa isa : {Isa::kScalar, Isa::kNeon, Isa::kAvx2, Isa::kAvx512}) {
    if (!is_supported(isa)) continue;
    const test::Buffer fast = test::run_node(isa, spec, operands, pool);
    ASSAY_INVARIANT(std::memcmp(fast.data(), reference.data(), spec.output.byte_count()) == 0);
  }
  MemoryAccess memory{&spec, {}};
  for (unsigned i = 0; i < spec.operand_count; ++i) memory.operands[i] = operands[i].data();
  const std::uint64_t elements = spec.output.shape.elements();
  for (const std::uint64_t e : {std::uint64_t{0}, random(elements), elements - 1})
    ASSAY_INVARIANT(evaluate<IntegerArithmetic>(spec, e, memory) ==
                    load_element(spec.output.dtype, reference.data(), e));
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto [seed, record] = fuzz::select({data, size}, 256);
  codec::Reader reader(record);
  const graph::Node node = graph::read_node(reader);
  if (!reader.finish()) return 0;
  ASSAY_INVARIANT(
      equal_bytes(codec::encode([&](codec::Writer& w) { graph::write_node(w, node); }), record));
  const SpecVerdict verdict = validate(node.spec);
  ASSAY_INVARIANT(!referee::is_judgeable(node, graph::kMaxNodes) || verdict == SpecVerdict::kValid);
  if (verdict != SpecVerdict::kValid) return 0;
  if (is_source(node.spec.op)) return 0;  // no fold
  ASSAY_INVARIANT(fold_length(node.spec) >= 1 && fold_length(node.spec) <= kMaxFoldSteps);
  ASSAY_INVARIANT(fold_words(node.spec) >= 1 && fold_words(node.spec) <= kMaxFoldWords);
  if (is_small(node.spec)) check_paths(node.spec, seed);
  return 0;
}
