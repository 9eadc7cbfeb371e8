// Choice of the kernels, and the reference: a plain loop over the scalar definitions.
#include "assay/numerics/kernels.hpp"

#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "assay/core/contract.hpp"
#include "assay/numerics/arithmetic_hardware.hpp"
#include "assay/numerics/fold.hpp"
#include "assay/numerics/memory_access.hpp"
#include "internal/kernel_call.hpp"

namespace assay::numerics {
namespace {

void store_elements(const NodeSpec& spec, std::span<const void* const> operands, void* output,
                    std::uint64_t first, std::uint64_t last) noexcept {
  MemoryAccess access{&spec, {}};
  for (unsigned i = 0; i < spec.operand_count; ++i) access.operands[i] = operands[i];
  for (std::uint64_t e = first; e < last; ++e) {
    store_element(spec.output.dtype, output, e, evaluate<HardwareArithmetic>(spec, e, access));
  }
}

void run_reference(const NodeSpec& spec, std::span<const void* const> operands,
                   void* output) noexcept {
  store_elements(spec, operands, output, 0, spec.output.shape.elements());
}

}  // namespace

void internal::run_by_definition(const KernelCall& call) {
  const std::size_t n = call.spec.output.shape.elements();
  const std::size_t least = std::max<std::size_t>(1, 4'096 / fold_length(call.spec));
  split(call.pool, n, grain_for(call.pool, n, least), [&](std::size_t first, std::size_t last) {
    store_elements(call.spec, call.operands, call.output, first, last);
  });
}

const char* name_of(Isa isa) noexcept {
  switch (isa) {
    case Isa::kReference: return "reference";
    case Isa::kScalar: return "scalar";
    case Isa::kNeon: return "neon";
    case Isa::kAvx2: return "avx2";
    case Isa::kAvx512: return "avx512";
    case Isa::kUnknown: break;
  }
  return "?";
}

bool is_supported(Isa isa) noexcept {
  if (isa <= Isa::kScalar) return true;
#if defined(__x86_64__)
  const bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  if (isa == Isa::kAvx2) return avx2;
  return isa == Isa::kAvx512 && avx2 && __builtin_cpu_supports("avx512f") &&
         __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
         __builtin_cpu_supports("avx512vl");
#elif defined(__aarch64__)
  return isa == Isa::kNeon;
#else
  return false;
#endif
}

Isa isa_named(std::string_view name) noexcept {
  const auto* isa = std::find_if(std::begin(kAllIsas), std::end(kAllIsas),
                                 [&](Isa known) { return name == name_of(known); });
  return isa == std::end(kAllIsas) ? Isa::kUnknown : *isa;
}

Isa best_isa() noexcept {
  static const Isa chosen = [] {
    const char* forced = std::getenv("ASSAY_ISA");
    if (forced != nullptr && *forced != '\0') return isa_named(forced);
    Isa best = Isa::kScalar;
    for (const Isa isa : kAllIsas) {
      if (is_supported(isa)) best = isa;
    }
    return best;
  }();
  return chosen;
}

std::size_t scratch_bytes(Isa isa, const NodeSpec& spec, unsigned threads) noexcept {
  return isa == Isa::kReference ? 0 : internal::product_scratch_bytes(isa, spec, threads);
}

void run(Isa isa, const NodeSpec& spec, std::span<const void* const> operands, void* output,
         std::span<std::uint8_t> scratch, TaskPool& pool) noexcept {
  ASSAY_EXPECTS(!is_source(spec.op) && operands.size() == spec.operand_count);
  ASSAY_EXPECTS(is_supported(isa) &&
                scratch.size() >= scratch_bytes(isa, spec, pool.thread_count()));
  const FloatingPointMode mode;
  if (isa == Isa::kReference) return run_reference(spec, operands, output);
  const internal::KernelCall call{isa, spec, operands, output, scratch, pool};
  if (internal::run_elementwise(call) || internal::run_product(call) ||
      internal::run_reduce(call) || internal::run_pool(call) || internal::run_index(call) ||
      internal::run_movement(call)) {
    return;
  }
  run_reference(spec, operands, output);  // constants and counters: once a program
}

}  // namespace assay::numerics
