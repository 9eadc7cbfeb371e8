// matmul and matmul_triangular on operands that lie as their layouts say, and the choice between
// the product's kernels and the definition.
#include "assay/numerics/product.hpp"

#include <algorithm>
#include <bit>

#include "assay/core/contract.hpp"
#include "assay/numerics/arithmetic_hardware.hpp"
#include "assay/numerics/fold.hpp"
#include "internal/conv.hpp"

namespace assay::numerics::internal {
namespace {

bool is_matmul(OpCode op) { return op == OpCode::kMatMul || op == OpCode::kMatMulTriangular; }

MatrixLayout layout_of(const MatrixLayout* given, const TensorType& type) {
  return given != nullptr ? *given : dense_layout(type.shape);
}

Triangle triangle_of(const NodeSpec& s, const Gemm& g) {
  Triangle t;
  if (s.op != OpCode::kMatMulTriangular) return t;
  constexpr Triangle::Kind kKinds[] = {Triangle::Kind::kOutput, Triangle::Kind::kLowerA,
                                       Triangle::Kind::kUpperA};
  t.kind = kKinds[s.attributes[2]];
  t.diagonal = std::min<std::uint64_t>(s.attributes[3], std::max({g.rows, g.columns, g.depth}));
  t.fill = std::bit_cast<float>(canonical(static_cast<std::uint32_t>(s.attributes[4])));
  return t;
}

Gemm matmul_gemm(const NodeSpec& s, const ProductOptions& options) {
  const unsigned r = s.output.shape.rank - 2U;
  const bool ta = s.attributes[0] != 0;
  const bool tb = s.attributes[1] != 0;
  Gemm g;
  g.rows = s.output.shape[r];
  g.columns = s.output.shape[r + 1];
  g.depth = s.operands[0].shape[ta ? r : r + 1];
  g.batches = r == 1 ? s.output.shape[0] : 1;
  g.a_layout = layout_of(options.a, s.operands[0]);
  g.b_layout = layout_of(options.b, s.operands[1]);
  g.c_layout = layout_of(options.output, s.output);
  g.a_row.stride0 = ta ? g.a_layout.column : g.a_layout.row;
  g.a_depth.stride0 = ta ? g.a_layout.row : g.a_layout.column;
  g.b_depth = tb ? g.b_layout.column : g.b_layout.row;
  g.b_column = tb ? g.b_layout.row : g.b_layout.column;
  g.triangle = triangle_of(s, g);
  g.on_rows = options.on_rows;
  g.packed_b = static_cast<const float*>(options.packed_b);
  return g;
}

// For any layout. The plan asks two things of one: whether B can be read where it lies, which costs
// nothing, and whether the rows of A are lines. Either answer to that may cost more: A in lines is
// packed less readily, but where it is not, columns are cut otherwise, and other chunks of B fit.
std::size_t matmul_scratch_bytes(Isa isa, const NodeSpec& s, unsigned threads) {
  Gemm g = matmul_gemm(s, {});
  g.b_column = 0;
  std::size_t bytes = 0;
  for (const std::ptrdiff_t between_steps : {0, 1}) {
    g.a_depth.stride0 = between_steps;
    bytes = std::max(bytes, gemm_scratch_bytes(g, isa, threads));
  }
  return bytes;
}

void call_on_rows(const OnRows& on_rows, const NodeSpec& s, TaskPool& pool) {
  if (on_rows.call == nullptr) return;
  const Shape& y = s.output.shape;
  const std::size_t rows = y.elements() / y[y.rank - 1U];
  split(pool, rows, grain_for(pool, rows, 16),
        [&](std::size_t first, std::size_t last) { on_rows.call(on_rows.context, first, last); });
}

// The scalar definition on operands that lie as their layouts say.
void run_matmul_by_definition(const KernelCall& call, const ProductOptions& options) {
  const NodeSpec& s = call.spec;
  const Gemm g = matmul_gemm(s, options);
  const auto bits = [](float x) { return canonical(std::bit_cast<std::uint32_t>(x)); };
  for (std::size_t row = 0; row < g.batches * g.rows; ++row) {
    const auto i = static_cast<std::ptrdiff_t>(row % g.rows);
    const float* a = call.f32(0) + batch_offset(g.a_layout, row / g.rows) + i * g.a_row.stride0;
    const float* b = call.f32(1) + batch_offset(g.b_layout, row / g.rows);
    float* c = call.f32_output() + batch_offset(g.c_layout, row / g.rows) + i * g.c_layout.row;
    for (std::size_t column = 0; column < g.columns; ++column) {
      const auto j = static_cast<std::ptrdiff_t>(column);
      const std::uint64_t e = row * g.columns + column;
      std::uint32_t sum = fold_init(s, e).words[0];
      for (std::size_t step = 0; step < g.depth; ++step) {
        if (s.op == OpCode::kMatMulTriangular && !triangle_has_step(s, e, step)) continue;
        const auto k = static_cast<std::ptrdiff_t>(step);
        sum = HardwareArithmetic::fma(bits(a[k * g.a_depth.stride0]),
                                      bits(b[k * g.b_depth + j * g.b_column]), sum);
      }
      c[j * g.c_layout.column] = std::bit_cast<float>(sum);
    }
  }
}

void run_matmul(const KernelCall& call, const ProductOptions& options) {
  if (call.isa == Isa::kReference) {
    run_matmul_by_definition(call, options);
    return call_on_rows(options.on_rows, call.spec, call.pool);
  }
  Gemm g = matmul_gemm(call.spec, options);
  g.a = call.f32(0);
  g.b = call.f32(1);
  g.c = call.f32_output();
  run_gemm(g, call.isa, call.scratch, call.pool);
}

void run_conv(const KernelCall& call, const OnRows& on_rows) {
  if (call.isa == Isa::kReference || !conv_is_product(call.spec)) {
    run_by_definition(call);
    return call_on_rows(on_rows, call.spec, call.pool);
  }
  const std::size_t misaligned = reinterpret_cast<std::uintptr_t>(call.scratch.data()) % kAlign;
  const auto scratch = call.scratch.subspan(misaligned == 0 ? 0 : kAlign - misaligned);
  Gemm g = conv_gemm(call, scratch.data());
  if (g.batches == 1) g.on_rows = on_rows;
  run_gemm(g, call.isa, scratch.subspan(conv_scratch_bytes(call.spec)), call.pool);
  if (g.batches > 1) call_on_rows(on_rows, call.spec, call.pool);  // rows have every group's part
}

void run_any(const KernelCall& call, const ProductOptions& options) {
  if (is_matmul(call.spec.op)) return run_matmul(call, options);
  run_conv(call, options.on_rows);
}

}  // namespace

std::size_t product_scratch_bytes(Isa isa, const NodeSpec& spec, unsigned threads) {
  if (!is_product(spec.op)) return 0;
  if (is_matmul(spec.op)) return matmul_scratch_bytes(isa, spec, threads);
  if (!conv_is_product(spec)) return 0;
  return kAlign + conv_scratch_bytes(spec) + gemm_scratch_bytes(conv_shape(spec), isa, threads);
}

bool run_product(const KernelCall& call) {
  if (!is_product(call.spec.op)) return false;
  run_any(call, {});
  return true;
}

}  // namespace assay::numerics::internal

namespace assay::numerics {

MatrixLayout dense_layout(const Shape& shape) noexcept {
  const auto rows = static_cast<std::ptrdiff_t>(shape[shape.rank - 2U]);
  const auto columns = static_cast<std::ptrdiff_t>(shape[shape.rank - 1U]);
  return {1, rows * columns, 0, columns, 1};
}

bool is_product(OpCode op) noexcept {
  return op == OpCode::kMatMul || op == OpCode::kMatMulTriangular || op == OpCode::kConv2d ||
         op == OpCode::kConv2dGradInput || op == OpCode::kConv2dGradWeight;
}

std::size_t packed_b_bytes(Isa isa, const NodeSpec& spec) noexcept {
  if (isa == Isa::kReference || !internal::is_matmul(spec.op)) return 0;
  return internal::gemm_packed_b_floats(internal::matmul_gemm(spec, {}), isa) * sizeof(float);
}

void pack_b(Isa isa, const NodeSpec& spec, const MatrixLayout* layout, const void* b, void* packed,
            TaskPool& pool) noexcept {
  ASSAY_EXPECTS(packed_b_bytes(isa, spec) > 0);
  ProductOptions options;
  options.b = layout;
  internal::Gemm g = internal::matmul_gemm(spec, options);
  g.b = static_cast<const float*>(b);
  internal::gemm_pack_b(g, isa, static_cast<float*>(packed), pool);
}

void run_product(Isa isa, const NodeSpec& spec, const void* a, const void* b, void* output,
                 std::span<std::uint8_t> scratch, TaskPool& pool,
                 const ProductOptions& options) noexcept {
  ASSAY_EXPECTS(is_product(spec.op) && is_supported(isa) &&
                scratch.size() >= scratch_bytes(isa, spec, pool.thread_count()));
  const FloatingPointMode mode;
  const std::array<const void*, 2> operands{a, b};
  internal::run_any({isa, spec, operands, output, scratch, pool}, options);
}

}  // namespace assay::numerics
