// Speed of the numeric kernels on one thread: products at square and at the demo's shapes, exp,
// log, reductions. Asserts first that what it measures gives the reference's bits.
#include <benchmark/benchmark.h>
#include <dlfcn.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <map>
#include <memory>
#include <vector>

#include "assay/numerics/kernels.hpp"

namespace {

using namespace assay;
using namespace assay::numerics;

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
        values[e] =
            static_cast<float>(state >> 8) * 0x1p-23F - (s.op == OpCode::kLog ? 0.0F : 1.0F);
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

NodeSpec matmul(std::uint64_t m, std::uint64_t n, std::uint64_t k, bool ta, bool tb) {
  return node(OpCode::kMatMul, f32({m, n}),
              {ta ? f32({k, m}) : f32({m, k}), tb ? f32({n, k}) : f32({k, n})}, {ta, tb});
}

struct Named {
  const char* name;
  NodeSpec spec;
  double operations;  // floating-point operations, or elements for the pointwise ones
  bool is_product;
};

std::vector<Named> cases() {
  std::vector<Named> all;
  const auto product = [&](const char* name, const NodeSpec& s, double flops) {
    all.push_back({name, s, flops, true});
  };
  for (const std::uint64_t n : {256U, 512U, 1024U}) {
    static const std::map<std::uint64_t, const char*> kNames = {
        {256, "gemm_256"}, {512, "gemm_512"}, {1024, "gemm_1024"}};
    const auto d = static_cast<double>(n);
    product(kNames.at(n), matmul(n, n, n, false, false), 2 * d * d * d);
  }
  product("gemm_512_ta", matmul(512, 512, 512, true, false), 2.0 * 512 * 512 * 512);
  product("gemm_512_tb", matmul(512, 512, 512, false, true), 2.0 * 512 * 512 * 512);
  product("mlp_forward", matmul(64, 128, 784, false, false), 2.0 * 64 * 128 * 784);
  product("mlp_grad_weight", matmul(784, 128, 64, true, false), 2.0 * 64 * 128 * 784);
  product("mlp_head", matmul(64, 10, 128, false, false), 2.0 * 64 * 128 * 10);
  const TensorType x1 = f32({64, 28, 28, 1});
  const TensorType w1 = f32({3, 3, 1, 16});
  const TensorType y1 = f32({64, 28, 28, 16});
  const double flops1 = 2.0 * 64 * 28 * 28 * 9 * 16;
  product("conv1_forward", node(OpCode::kConv2d, y1, {x1, w1}, {1, 1}), flops1);
  product("conv1_grad_weight", node(OpCode::kConv2dGradWeight, w1, {x1, y1}, {1, 1}), flops1);
  const TensorType x2 = f32({64, 14, 14, 16});
  const TensorType w2 = f32({3, 3, 16, 32});
  const TensorType y2 = f32({64, 14, 14, 32});
  const double flops2 = 2.0 * 64 * 14 * 14 * 9 * 16 * 32;
  product("conv2_forward", node(OpCode::kConv2d, y2, {x2, w2}, {1, 1}), flops2);
  product("conv2_grad_input", node(OpCode::kConv2dGradInput, x2, {y2, w2}, {1, 1}), flops2);
  product("conv2_grad_weight", node(OpCode::kConv2dGradWeight, w2, {x2, y2}, {1, 1}), flops2);
  const auto pointwise = [&](const char* name, const NodeSpec& s, double elements) {
    all.push_back({name, s, elements, false});
  };
  const TensorType row = f32({16'384});
  pointwise("exp", node(OpCode::kExp, row, {row}), 16'384);
  pointwise("log", node(OpCode::kLog, row, {row}), 16'384);
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
  for (const NodeSpec& s :
       {matmul(37, 41, 530, false, true), node(OpCode::kExp, f32({5'000}), {f32({5'000})}),
        node(OpCode::kConv2d, f32({2, 9, 9, 8}), {f32({2, 9, 9, 3}), f32({3, 3, 3, 8})}, {1, 1}),
        node(OpCode::kLog, f32({5'000}), {f32({5'000})})}) {
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
  const double done = named.operations * static_cast<double>(state.iterations());
  state.counters[named.is_product ? "flops" : "elements"] = Counter(done, Counter::kIsRate);
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
        if (unit == "flops")
          std::printf("figure numerics_%s %.1f GFLOP/s\n", name.c_str(), rate * 1e-9);
        if (unit == "elements")
          std::printf("figure numerics_%s %.3f ns/element\n", name.c_str(), 1e9 / rate);
      }
    }
  }
};

// OpenBLAS on the same squares, if this machine has it: one thread, the better of several runs
// each, alternating.
void compare_with_openblas() {
  using Sgemm = void (*)(int, int, int, int, int, int, float, const float*, int, const float*, int,
                         float, float*, int);
  setenv("OPENBLAS_NUM_THREADS", "1", 1);
  void* library = dlopen("libopenblas.so.0", RTLD_NOW);
  if (library == nullptr) {
    std::printf("no libopenblas.so.0 here: no comparison\n");
    return;
  }
  const auto sgemm = reinterpret_cast<Sgemm>(dlsym(library, "cblas_sgemm"));
  // Of this thread's processor time, so that a busy machine disturbs little.
  const auto seconds = [](const auto& work) {
    timespec from{};
    timespec to{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &from);
    for (int i = 0; i < 3; ++i) work();
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &to);
    return static_cast<double>(to.tv_sec - from.tv_sec) +
           static_cast<double>(to.tv_nsec - from.tv_nsec) * 1e-9;
  };
  for (const int n : {256, 512, 1024}) {
    Case c(matmul(n, n, n, false, false));
    const auto* a = static_cast<const float*>(c.operands[0].get());
    const auto* b = static_cast<const float*>(c.operands[1].get());
    const auto out = Case::allocate(c.spec.output.byte_count());
    std::vector<double> ratios;
    for (int round = 0; round < 9; ++round) {
      const double ours = seconds([&] { c.run(best_isa()); });
      const double theirs = seconds([&] {
        sgemm(101, 111, 111, n, n, n, 1, a, n, b, n, 0, static_cast<float*>(out.get()), n);
      });
      ratios.push_back(ours / theirs);
    }
    std::sort(ratios.begin(), ratios.end());
    std::printf("figure numerics_gemm_%d_time_over_openblas %.2f x %.2f %.2f\n", n, ratios[4],
                ratios[0], ratios[8]);
  }
}

}  // namespace

int main(int argc, char** argv) {
  check_digests();
  for (const Named& named : cases()) {
    benchmark::RegisterBenchmark(named.name,
                                 [named](benchmark::State& state) { measure(state, named); });
  }
  benchmark::Initialize(&argc, argv);
  FigureReporter reporter;  // without colours: figures stand on lines of their own
  benchmark::RunSpecifiedBenchmarks(&reporter);
  compare_with_openblas();
  return 0;
}
