// Matrix products with what an executor knows beyond one node: operands that lie strided in memory
// (a transpose, a slice or a split of heads that need not be copied), weights packed once for
// several products, and what is computed from an output's rows while they are still in the cache.
// None of it changes a bit. Applies to matmul and matmul_triangular; convolutions take `on_rows`.
//
// Thread-safe for distinct outputs and scratch. See numerics/kernels.hpp for `run`.
#pragma once

#include <cstddef>

#include "assay/numerics/kernels.hpp"

namespace assay::numerics {

// Element (batch, r, c) of a batch of matrices lies at
//   (batch / inner_count) * outer + (batch % inner_count) * inner + r * row + c * column
// elements from the operand's pointer; r and c as in the operand's own shape, before transposing.
struct MatrixLayout {
  std::size_t inner_count = 1;
  std::ptrdiff_t outer = 0, inner = 0, row = 0, column = 1;
  friend constexpr bool operator==(const MatrixLayout&, const MatrixLayout&) = default;
};
// Dense and row-major: what `run` assumes.
[[nodiscard]] MatrixLayout dense_layout(const Shape& shape) noexcept;

// Called with rows [first, last) of the output seen as [batches * rows, columns] (for a
// convolution [n * h * w, channels]) once they stand: every row exactly once, possibly from several
// threads at a time, in the profile's floating-point mode.
struct OnRows {
  void (*call)(void* context, std::size_t first, std::size_t last) = nullptr;
  void* context = nullptr;
};

struct ProductOptions {
  const MatrixLayout* a = nullptr;  // null: dense
  const MatrixLayout* b = nullptr;
  const MatrixLayout* output = nullptr;
  OnRows on_rows = {};
  const void* packed_b = nullptr;  // what pack_b() made of operand b; null: packed as it goes
};

[[nodiscard]] bool is_product(OpCode op) noexcept;

// Bytes of operand b packed for this node, 0 if it is read where it lies. `packed` wants 64-byte
// alignment. What was packed serves every node of the same op, b, and columns, whatever its rows.
[[nodiscard]] std::size_t packed_b_bytes(Isa isa, const NodeSpec& spec) noexcept;
void pack_b(Isa isa, const NodeSpec& spec, const MatrixLayout* layout, const void* b, void* packed,
            TaskPool& pool) noexcept;

// As `run`, for is_product(spec.op).
void run_product(Isa isa, const NodeSpec& spec, const void* a, const void* b, void* output,
                 std::span<std::uint8_t> scratch, TaskPool& pool,
                 const ProductOptions& options) noexcept;

}  // namespace assay::numerics
