// Whole-tensor execution of one operator: the reference (a plain loop over the scalar definitions)
// and the fast kernels, bit-equal to it. Chosen at run time by what the processor offers.
//
// Thread-safe. Kernels split outputs over the pool, never a reduction, and set the floating-point
// mode in every task. The bits do not depend on the ISA, the thread count or the compiler.
#pragma once

#include <span>
#include <string_view>

#include "assay/core/faces.hpp"
#include "assay/numerics/operator.hpp"

namespace assay::numerics {

enum class Isa : std::uint8_t {
  kReference,  // scalar definitions in a loop, one thread
  kScalar,     // plain C++ kernels with std::fma
  kNeon,       // AArch64
  kAvx2,       // AVX2 + FMA
  kAvx512,     // AVX-512 F, BW, DQ, VL where a kernel gains by it, AVX2 elsewhere
  kUnknown,    // of a name that is none of these; supported nowhere
};
inline constexpr Isa kAllIsas[] = {Isa::kReference, Isa::kScalar, Isa::kNeon, Isa::kAvx2,
                                   Isa::kAvx512};

[[nodiscard]] const char* name_of(Isa isa) noexcept;
[[nodiscard]] bool is_supported(Isa isa) noexcept;
[[nodiscard]] Isa isa_named(std::string_view name) noexcept;
// The fastest that this processor supports. ASSAY_ISA=reference|scalar|neon|avx2|avx512 in the
// environment forces one, supported or not: a mistake there must not go unseen, so ask
// is_supported() (as exec::Executor does) before anything runs.
[[nodiscard]] Isa best_isa() noexcept;

// Bytes of private scratch memory that `run` wants for this node on `threads` threads.
[[nodiscard]] std::size_t scratch_bytes(Isa isa, const NodeSpec& spec, unsigned threads) noexcept;

// Computes the whole output. `operands[i]` and `output` are row-major, 64-byte aligned and do not
// overlap; `scratch` has at least scratch_bytes(). Sources are not kernels.
void run(Isa isa, const NodeSpec& spec, std::span<const void* const> operands, void* output,
         std::span<std::uint8_t> scratch, TaskPool& pool) noexcept;

// True if the calling thread's floating-point mode is the profile's: round to nearest, subnormals
// kept. Programs refuse to start otherwise (a library built with -ffast-math flips it).
[[nodiscard]] bool floating_point_mode_is_sound() noexcept;

// Sets the profile's mode for the calling thread and restores what was there.
class FloatingPointMode {
 public:
  FloatingPointMode() noexcept;
  ~FloatingPointMode();
  FloatingPointMode(const FloatingPointMode&) = delete;
  FloatingPointMode& operator=(const FloatingPointMode&) = delete;

 private:
  std::uint32_t m_saved;
};

}  // namespace assay::numerics
