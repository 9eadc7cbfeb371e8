// One call of a kernel, and how kernels split their outputs.
#pragma once

#include "assay/numerics/kernels.hpp"

#if defined(__x86_64__)
#define ASSAY_AVX2 __attribute__((target("avx2,fma")))
#define ASSAY_AVX2_INLINE __attribute__((target("avx2,fma"), always_inline)) inline
#endif

namespace assay::numerics::internal {

struct KernelCall {
  Isa isa;
  const NodeSpec& spec;
  std::span<const void* const> operands;
  void* output;
  std::span<std::uint8_t> scratch;
  TaskPool& pool;

  [[nodiscard]] const float* f32(unsigned i) const {
    return static_cast<const float*>(operands[i]);
  }
  [[nodiscard]] float* f32_output() const { return static_cast<float*>(output); }
};

// body(first, last) over [0, count) in pieces of at least `grain`, in the profile's mode.
template <class Body>
void split(TaskPool& pool, std::size_t count, std::size_t grain, const Body& body) {
  if (count <= grain || pool.thread_count() == 1) {
    body(std::size_t{0}, count);
    return;
  }
  pool.run(count, grain, [&body](std::size_t first, std::size_t last) {
    const FloatingPointMode mode;
    body(first, last);
  });
}

// A grain that gives each thread about two pieces of at least `least`.
[[nodiscard]] inline std::size_t grain_for(const TaskPool& pool, std::size_t count,
                                           std::size_t least) {
  const std::size_t pieces = 2 * std::size_t{pool.thread_count()};
  const std::size_t even = (count + pieces - 1) / pieces;
  return even > least ? even : least;
}

// Each computes the whole output; false if this family has no kernel for the spec.
bool run_elementwise(const KernelCall& call);
bool run_product(const KernelCall& call);
bool run_reduce(const KernelCall& call);
bool run_pool(const KernelCall& call);
bool run_index(const KernelCall& call);
bool run_movement(const KernelCall& call);

// Any operator but a source, element by element: for shapes that no kernel is made for.
void run_by_definition(const KernelCall& call);

std::size_t product_scratch_bytes(Isa isa, const NodeSpec& spec, unsigned threads);

}  // namespace assay::numerics::internal
