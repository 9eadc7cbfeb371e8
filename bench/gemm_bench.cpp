// Matrix products beside OpenBLAS on the same data, in turns, at 1 and at 2 threads: squares and
// the shapes that training four models asks for, forward and both gradients. A ratio is assay's
// time over OpenBLAS's. One thread is measured in its processor time, so that a busy machine
// disturbs little; two in wall time. Beside the median of the ratios stands that of each side's
// fastest call, which other processes disturbed least. Convolutions have no peer here: their speed
// alone.
//
//   gemm_bench [--pairs N] [--threads N] [--filter SUBSTRING]
#include <dlfcn.h>
#include <unistd.h>

#include <cmath>
#include <cstdlib>
#include <memory>
#include <string_view>

#include "assay/host/thread_pool.hpp"
#include "assay/numerics/arithmetic_hardware.hpp"
#include "assay/numerics/fold.hpp"
#include "assay/numerics/kernels.hpp"
#include "assay/numerics/memory_access.hpp"
#include "measure.hpp"

namespace {

using namespace assay;
using namespace assay::numerics;
using bench::Spread;

// The openmp build of Debian's libopenblas0-openmp, whatever the alternatives point to.
constexpr const char* kOpenBlas = "/usr/lib/x86_64-linux-gnu/openblas-openmp/libopenblas.so.0";
using Sgemm = void (*)(int, int, int, int, int, int, float, const float*, int, const float*, int,
                       float, float*, int);
struct OpenBlas {
  Sgemm sgemm = nullptr;
  void (*set_threads)(int) = nullptr;
  const char* core = "";
};

OpenBlas load_openblas() {
  setenv("OPENBLAS_NUM_THREADS", "2", 1);
  setenv("OMP_NUM_THREADS", "2", 1);
  void* library = dlopen(kOpenBlas, RTLD_NOW);
  if (library == nullptr) return {};
  const auto core = reinterpret_cast<const char* (*)()>(dlsym(library, "openblas_get_corename"));
  return {reinterpret_cast<Sgemm>(dlsym(library, "cblas_sgemm")),
          reinterpret_cast<void (*)(int)>(dlsym(library, "openblas_set_num_threads")), core()};
}

enum class Group { kSquare, kTraining, kAttention, kThin, kCount };
constexpr const char* kGroupNames[] = {"squares", "training", "attention", "thin"};

struct Product {
  std::string name;
  Group group;
  std::uint64_t batches, m, n, k;
  bool ta, tb;
  [[nodiscard]] double operations() const {
    return 2.0 * static_cast<double>(batches) * static_cast<double>(m) * static_cast<double>(n) *
           static_cast<double>(k);
  }
};

void add_layer(std::vector<Product>& all, const std::string& name, std::uint64_t rows,
               std::uint64_t in, std::uint64_t out) {
  const Group group = out < 16 ? Group::kThin : Group::kTraining;
  all.push_back({name + "_forward", group, 1, rows, out, in, false, false});
  all.push_back({name + "_grad_input", group, 1, rows, in, out, false, true});
  all.push_back({name + "_grad_weight", group, 1, in, out, rows, true, false});
}

void add_attention(std::vector<Product>& all, const std::string& name, std::uint64_t heads,
                   std::uint64_t sequence, std::uint64_t size) {
  const Group group = Group::kAttention;
  all.push_back({name + "_scores", group, heads, sequence, sequence, size, false, true});
  all.push_back({name + "_mix", group, heads, sequence, size, sequence, false, false});
  all.push_back({name + "_mix_turned", group, heads, sequence, size, sequence, true, false});
}

std::vector<Product> products() {
  std::vector<Product> all;
  for (const std::uint64_t n : {256U, 384U, 512U, 768U, 1024U, 1536U, 2048U}) {
    all.push_back({"square_" + std::to_string(n), Group::kSquare, 1, n, n, n, false, false});
  }
  add_layer(all, "mlp_784_512", 128, 784, 512);
  add_layer(all, "mlp_512_512", 128, 512, 512);
  add_layer(all, "mlp_512_10", 128, 512, 10);
  for (const auto& [name, width] : {std::pair("gpt128", 128U), std::pair("gpt384", 384U)}) {
    const std::string of = name;
    add_layer(all, of + "_project", 2048, width, width);
    add_layer(all, of + "_widen", 2048, width, 4 * width);
    add_layer(all, of + "_narrow", 2048, 4 * width, width);
    add_layer(all, of + "_vocabulary", 2048, width, 256);
  }
  add_attention(all, "gpt128_attention", 64, 128, 32);
  add_attention(all, "gpt384_attention", 48, 256, 64);
  return all;
}

std::shared_ptr<float> floats(std::uint64_t count, float scale = 1) {
  auto* p = static_cast<float*>(std::aligned_alloc(64, (count * sizeof(float) + 127) / 64 * 64));
  std::uint32_t state = 1;
  for (std::uint64_t i = 0; i < count; ++i) {
    state = state * 1'664'525 + 1'013'904'223;
    p[i] = (static_cast<float>(state >> 8) * 0x1p-23F - 1.0F) * scale;
  }
  return {p, &std::free};
}

NodeSpec node(OpCode op, const Shape& y, const Shape& a, const Shape& b,
              std::initializer_list<std::uint64_t> attributes) {
  NodeSpec s;
  s.op = op;
  s.output = {DType::kF32, y};
  s.operands = {TensorType{DType::kF32, a}, TensorType{DType::kF32, b}};
  s.operand_count = 2;
  for (const std::uint64_t v : attributes) s.attributes[s.attribute_count++] = v;
  return s;
}

NodeSpec spec_of(const Product& p) {
  const Shape a = p.ta ? Shape{p.batches, p.k, p.m} : Shape{p.batches, p.m, p.k};
  const Shape b = p.tb ? Shape{p.batches, p.n, p.k} : Shape{p.batches, p.k, p.n};
  if (p.batches == 1) {
    return node(OpCode::kMatMul, {p.m, p.n}, {a[1], a[2]}, {b[1], b[2]}, {p.ta, p.tb});
  }
  return node(OpCode::kMatMul, {p.batches, p.m, p.n}, a, b, {p.ta, p.tb});
}

struct Case {
  NodeSpec spec;
  std::shared_ptr<float> a, b, ours, theirs, scratch;
  std::size_t scratch_bytes;

  Case(const NodeSpec& s, unsigned threads)
      : spec(s),
        a(floats(s.operands[0].shape.elements())),
        b(floats(s.operands[1].shape.elements())),
        ours(floats(s.output.shape.elements(), 0)),
        theirs(floats(s.output.shape.elements(), 0)),
        scratch_bytes(numerics::scratch_bytes(best_isa(), s, threads)) {
    scratch = floats(scratch_bytes / sizeof(float) + 1, 0);
  }
  void run(Isa isa, TaskPool& pool) const {
    const void* const in[] = {a.get(), b.get()};
    numerics::run(isa, spec, in, ours.get(),
                  {reinterpret_cast<std::uint8_t*>(scratch.get()), scratch_bytes}, pool);
  }
};

// Some thousand elements of what is measured, as it is measured, against the definition.
void check(const std::string& name, const Case& c, TaskPool& pool) {
  c.run(best_isa(), pool);
  const std::uint64_t count = c.spec.output.shape.elements();
  MemoryAccess access{&c.spec, {c.a.get(), c.b.get()}};
  for (std::uint64_t e = 0; e < count; e += count / 2'000 | 1) {
    const std::uint64_t want = evaluate<HardwareArithmetic>(c.spec, e, access);
    if (load_element(DType::kF32, c.ours.get(), e) == want) continue;
    std::fprintf(stderr, "gemm_bench: element %llu of %s is not the definition's\n",
                 static_cast<unsigned long long>(e), name.c_str());
    std::exit(1);
  }
}

void run_openblas(const OpenBlas& blas, const Product& p, const Case& c) {
  constexpr int kRowMajor = 101, kNoTrans = 111, kTrans = 112;
  const auto of = [](std::uint64_t n) { return static_cast<int>(n); };
  for (std::uint64_t i = 0; i < p.batches; ++i) {
    blas.sgemm(kRowMajor, p.ta ? kTrans : kNoTrans, p.tb ? kTrans : kNoTrans, of(p.m), of(p.n),
               of(p.k), 1, c.a.get() + i * p.m * p.k, of(p.ta ? p.m : p.k),
               c.b.get() + i * p.k * p.n, of(p.tb ? p.k : p.n), 0, c.theirs.get() + i * p.m * p.n,
               of(p.n));
  }
}

struct Settings {
  unsigned pairs = 9;
  unsigned only_threads = 0;
  std::string_view filter;
};

// Seconds of one call, of several after one that warms up; `fastest` is lowered to that of the
// fastest. Threads of the other side may still spin for work when the turn comes: they are waited
// for.
template <class Work>
double seconds(const Work& work, double operations, unsigned threads, double& fastest) {
  if (threads > 1) ::usleep(10'000);
  work();
  const int calls = static_cast<int>(1 + 1e9 / operations);
  const auto clock = [&] { return threads == 1 ? bench::thread_cpu_ns() : bench::wall_ns(); };
  const std::uint64_t from = clock();
  std::uint64_t now = from;
  for (int i = 0; i < calls; ++i) {
    const std::uint64_t start = now;
    work();
    now = clock();
    fastest = std::min(fastest, static_cast<double>(now - start) * 1e-9);
  }
  return static_cast<double>(now - from) * 1e-9 / calls;
}

struct Means {
  double logarithms = 0, worst = 0;
  int count = 0;
  void add(double ratio) {
    logarithms += std::log(ratio);
    worst = std::max(worst, ratio);
    ++count;
  }
  void print(const std::string& name) const {
    if (count == 0) return;
    std::printf("figure gemm_%s_geometric_mean %.4f x\n", name.c_str(),
                std::exp(logarithms / count));
    std::printf("figure gemm_%s_worst %.4f x\n", name.c_str(), worst);
  }
};

void compare(const OpenBlas& blas, unsigned threads, const Settings& settings) {
  host::ThreadTaskPool pool(threads);
  blas.set_threads(static_cast<int>(threads));
  constexpr int kGroups = static_cast<int>(Group::kCount);
  Means groups[kGroups], fastest_groups[kGroups], all, fastest_all;
  for (const Product& p : products()) {
    if (p.name.find(settings.filter) == std::string::npos) continue;
    const Case c(spec_of(p), threads);
    check(p.name, c, pool);
    Spread ratios, speed;
    double ours_best = 1e9, theirs_best = 1e9;
    bench::alternate(
        settings.pairs,
        [&] {
          return seconds([&] { c.run(best_isa(), pool); }, p.operations(), threads, ours_best);
        },
        [&] {
          return seconds([&] { run_openblas(blas, p, c); }, p.operations(), threads, theirs_best);
        },
        [&](double ours, double theirs) {
          ratios.add(ours / theirs);
          speed.add(p.operations() / ours * 1e-9);
        });
    const std::string name = "gemm_" + p.name + "_threads_" + std::to_string(threads);
    ratios.print(name, "x_openblas");
    speed.print(name + "_speed", "GFLOP/s");
    const double fastest = ours_best / theirs_best;
    std::printf("figure %s_fastest %.4f x_openblas\n", name.c_str(), fastest);
    groups[static_cast<int>(p.group)].add(ratios.median());
    fastest_groups[static_cast<int>(p.group)].add(fastest);
    if (p.group != Group::kSquare && p.group != Group::kTraining) continue;
    all.add(ratios.median());
    fastest_all.add(fastest);
  }
  const std::string suffix = "_threads_" + std::to_string(threads);
  for (int i = 0; i < kGroups; ++i) {
    groups[i].print(kGroupNames[i] + suffix);
    fastest_groups[i].print(kGroupNames[i] + suffix + "_fastest");
  }
  all.print("squares_and_training" + suffix);
  fastest_all.print("squares_and_training" + suffix + "_fastest");
}

struct Convolution {
  const char* name;
  std::uint64_t size, in, out;
};
constexpr std::uint64_t kImages = 64;

void measure_convolutions(unsigned threads, const Settings& settings) {
  host::ThreadTaskPool pool(threads);
  for (const auto& [name, size, in, out] : {Convolution{"conv_3_32", 32, 3, 32},
                                            {"conv_32_64", 16, 32, 64},
                                            {"conv_64_128", 8, 64, 128}}) {
    const Shape x{kImages, size, size, in}, w{3, 3, in, out}, y{kImages, size, size, out};
    const std::pair<const char*, NodeSpec> nodes[] = {
        {"_forward", node(OpCode::kConv2d, y, x, w, {1, 1})},
        {"_grad_input", node(OpCode::kConv2dGradInput, x, y, w, {1, 1})},
        {"_grad_weight", node(OpCode::kConv2dGradWeight, w, x, y, {1, 1})}};
    for (const auto& [part, spec] : nodes) {
      const std::string full = std::string(name) + part;
      if (full.find(settings.filter) == std::string::npos) continue;
      const double operations =
          2.0 * static_cast<double>(y.elements()) * static_cast<double>(9 * in);
      const Case c(spec, threads);
      check(full, c, pool);
      Spread speed;
      double fastest = 1e9;
      for (unsigned i = 0; i < settings.pairs; ++i) {
        speed.add(operations * 1e-9 /
                  seconds([&] { c.run(best_isa(), pool); }, operations, threads, fastest));
      }
      speed.print(full + "_threads_" + std::to_string(threads), "GFLOP/s");
    }
  }
}

Settings settings_of(int argc, char** argv) {
  Settings settings;
  for (int i = 1; i < argc; i += 2) {
    const std::string_view option = argv[i];
    const char* const value = i + 1 < argc ? argv[i + 1] : nullptr;
    if (value != nullptr && option == "--pairs") {
      settings.pairs = static_cast<unsigned>(std::atoi(value));
    } else if (value != nullptr && option == "--threads") {
      settings.only_threads = static_cast<unsigned>(std::atoi(value));
    } else if (value != nullptr && option == "--filter") {
      settings.filter = value;
    } else {
      std::fprintf(stderr, "gemm_bench [--pairs N] [--threads N] [--filter SUBSTRING], not %s\n",
                   argv[i]);
      std::exit(2);
    }
  }
  return settings;
}

}  // namespace

int main(int argc, char** argv) {
  const Settings settings = settings_of(argc, argv);
  if (!is_supported(best_isa())) {
    std::fprintf(stderr, "gemm_bench: ASSAY_ISA names no instruction set that is here\n");
    return 1;
  }
  const OpenBlas blas = load_openblas();
  if (blas.sgemm == nullptr) {
    std::printf("no %s here (package libopenblas0-openmp): no comparison with OpenBLAS\n",
                kOpenBlas);
  } else {
    std::printf("assay %s beside OpenBLAS %s\n", name_of(best_isa()), blas.core);
  }
  for (const unsigned threads : {1U, 2U}) {
    if (settings.only_threads != 0 && settings.only_threads != threads) continue;
    if (blas.sgemm != nullptr) compare(blas, threads, settings);
    measure_convolutions(threads, settings);
  }
  return 0;
}
