// Speed of the numeric kernels on one thread: functions, reductions, pooling (gemm_bench has the
// products). Asserts first that what it measures gives the reference's bits.
#include <benchmark/benchmark.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "assay/numerics/kernels.hpp"

namespace {

using namespace assay;
using namespace assay::numerics;

// Operators whose operands are drawn from [0, 2), others' from [-1, 1).
bool is_positive(OpCode op) {
  return op == OpCode::kLog || op == OpCode::kSqrt || op == OpCode::kRsqrt;
}

constexpr OpCode kFunctions[] = {OpCode::kExp,  OpCode::kLog,   OpCode::kTanh,
                                 OpCode::kErf,  OpCode::kSin,   OpCode::kCos,
                                 OpCode::kSqrt, OpCode::kRsqrt, OpCode::kSigmoid};

struct Case {
  NodeSpec spec;
  std::vector<std::shared_ptr<void>> operands;
  std::shared_ptr<void> output, scratch;
  std::size_t scratch_size = 0;

  explicit Case(const NodeSpec& s) : spec(s) {
    std::uint32_t state = 1;
    for (unsigned i = 0; i < s.operand_count; ++i) {
      operands.push_back(allocate(s.operands[i].byte_count()));
      auto* values = static_cast<float*>(operands[i].get());
      for (std::uint64_t e = 0; e < s.operands[i].shape.elements(); ++e) {
        state = state * 1'664'525 + 1'013'904'223;
        values[e] = static_cast<float>(state >> 8) * 0x1p-23F - (is_positive(s.op) ? 0.0F : 1.0F);
      }
    }
    output = allocate(s.output.byte_count());
    scratch_size = scratch_bytes(best_isa(), s, 1);
    scratch = allocate(scratch_size);
  }

  void run(Isa isa) {
    std::vector<const void*> in;
    for (const auto& operand : operands) in.push_back(operand.get());
    numerics::run(isa, spec, in, output.get(),
                  {static_cast<std::uint8_t*>(scratch.get()), scratch_size}, pool);
  }

  // FNV-1a of the output's bytes.
  [[nodiscard]] std::uint64_t digest() const {
    std::uint64_t hash = 0xcbf2'9ce4'8422'2325;
    const auto* bytes = static_cast<const std::uint8_t*>(output.get());
    for (std::uint64_t i = 0; i < spec.output.byte_count(); ++i) {
      hash = (hash ^ bytes[i]) * 0x100'0000'01b3;
    }
    return hash;
  }

  static std::shared_ptr<void> allocate(std::size_t bytes) {
    return {std::aligned_alloc(64, (bytes + 127) / 64 * 64), &std::free};
  }
  SerialTaskPool pool;
};

TensorType f32(std::initializer_list<std::uint64_t> dims) { return {DType::kF32, Shape(dims)}; }

NodeSpec node(OpCode op, const TensorType& output, std::initializer_list<TensorType> operands,
              std::initializer_list<std::uint64_t> attributes = {}) {
  NodeSpec s;
  s.op = op;
  s.output = output;
  for (const TensorType& t : operands) s.operands[s.operand_count++] = t;
  for (const std::uint64_t v : attributes) s.attributes[s.attribute_count++] = v;
  return s;
}

struct Named {
  std::string name;
  NodeSpec spec;
  double elements;
};

std::vector<Named> cases() {
  std::vector<Named> all;
  const auto pointwise = [&](const std::string& name, const NodeSpec& s, double elements) {
    all.push_back({name, s, elements});
  };
  const TensorType row = f32({16'384});
  const TensorType y1 = f32({64, 28, 28, 16});
  const TensorType million = f32({1 << 20});
  for (const OpCode op : kFunctions) {
    pointwise(name_of(op), node(op, row, {row}), 16'384);
    pointwise(std::string(name_of(op)) + "_1m", node(op, million, {million}), 1 << 20);
  }
  pointwise("add", node(OpCode::kAdd, row, {row, row}), 16'384);
  pointwise("add_row", node(OpCode::kAdd, y1, {y1, f32({16})}), 64 * 28 * 28 * 16);
  pointwise("reduce_sum_row", node(OpCode::kReduceSum, f32({16, 1}), {f32({16, 1024})}, {2}),
            16'384);
  pointwise("reduce_sum_bias", node(OpCode::kReduceSum, f32({1, 1, 1, 16}), {y1}, {7}),
            64 * 28 * 28 * 16);
  pointwise("max_pool", node(OpCode::kMaxPool2d, f32({64, 14, 14, 16}), {y1}, {2}),
            64 * 28 * 28 * 16);
  pointwise(
      "max_pool_grad",
      node(OpCode::kMaxPool2dGrad, y1, {y1, f32({64, 14, 14, 16}), f32({64, 14, 14, 16})}, {2}),
      64 * 28 * 28 * 16);
  return all;
}

void check_digests() {
  std::vector<NodeSpec> specs = {
      node(OpCode::kReduceSum, f32({7, 1}), {f32({7, 530})}, {2}),
      node(OpCode::kMaxPool2d, f32({2, 4, 4, 3}), {f32({2, 8, 8, 3})}, {2})};
  for (const OpCode op : kFunctions) specs.push_back(node(op, f32({5'000}), {f32({5'000})}));
  for (const NodeSpec& s : specs) {
    Case c(s);
    c.run(Isa::kReference);
    const std::uint64_t want = c.digest();
    c.run(best_isa());
    if (c.digest() != want) {
      std::fprintf(stderr, "numerics_bench: %s differs from the reference\n", name_of(s.op));
      std::exit(1);
    }
  }
}

void measure(benchmark::State& state, const Named& named) {
  Case c(named.spec);
  for (auto _ : state) {
    c.run(best_isa());
    benchmark::ClobberMemory();
  }
  using benchmark::Counter;
  const double done = named.elements * static_cast<double>(state.iterations());
  state.counters["elements"] = Counter(done, Counter::kIsRate);
}

// The console's table, then one `figure` line a case.
class FigureReporter final : public benchmark::ConsoleReporter {
 public:
  FigureReporter() : ConsoleReporter(OO_None) {}
  void ReportRuns(const std::vector<Run>& runs) override {
    ConsoleReporter::ReportRuns(runs);
    for (const Run& run : runs) {
      if (run.run_type != Run::RT_Iteration || run.error_occurred) continue;
      const std::string name = run.run_name.function_name;
      for (const auto& [unit, counter] : run.counters) {
        const double rate = counter;
        if (unit == "elements")
          std::printf("figure numerics_%s %.3f ns/element\n", name.c_str(), 1e9 / rate);
      }
    }
  }
};

}  // namespace

int main(int argc, char** argv) {
  check_digests();
  for (const Named& named : cases()) {
    benchmark::RegisterBenchmark(named.name.c_str(),
                                 [named](benchmark::State& state) { measure(state, named); });
  }
  benchmark::Initialize(&argc, argv);
  FigureReporter reporter;  // without colours: figures stand on lines of their own
  benchmark::RunSpecifiedBenchmarks(&reporter);
  return 0;
}
