// The scalar definition of every operator, written once (docs/spec/numerics.md).
//
// An output element is a *fold*: a state of at most 32 words whose entry 0 is fold_init and whose
// entry k+1 follows from entry k and at most kMaxOperands operand elements by fold_step. The last
// entry holds the element in its first word (two for 64-bit types), zeros after it.
//
// Templates over
//   Arithmetic: static functions on bit patterns. HardwareArithmetic (arithmetic_hardware.hpp) or
//               IntegerArithmetic (arithmetic_integer.hpp): the same bits, the latter without any
//               floating-point instruction;
//   Access:     `std::uint64_t read(unsigned operand, std::uint64_t index)`, the bits of an
//   element,
//               zero-extended. Memory (run), memory with a note of what was read (record), openings
//               (replay). Steps canonicalise what they read.
// so that reference, prover and referee are the same lines. Freestanding.
//
// Requires validate(spec) == kValid, element < spec.output.shape.elements(), step < fold_length.
#pragma once

#include "assay/numerics/operator.hpp"

namespace assay::numerics {

struct FoldState {
  std::array<std::uint32_t, kMaxFoldWords> words{};
  friend constexpr bool operator==(const FoldState&, const FoldState&) = default;
};

// Words of state in use, 1 to kMaxFoldWords; the others are 0 in every entry.
[[nodiscard]] unsigned fold_words(const NodeSpec& spec) noexcept;

// Steps of one element's fold, 1 to kMaxFoldSteps; the same for every element of the node.
[[nodiscard]] std::uint32_t fold_length(const NodeSpec& spec) noexcept;

// Entry 0.
[[nodiscard]] FoldState fold_init(const NodeSpec& spec, std::uint64_t element) noexcept;

// The state that ends a fold with this element's bits.
[[nodiscard]] FoldState fold_final(const NodeSpec& spec, std::uint64_t element_bits) noexcept;

// Entry step+1 from entry step.
template <class Arithmetic, class Access>
void fold_step(const NodeSpec& spec, std::uint64_t element, std::uint32_t step, Access& access,
               FoldState& state) noexcept;

// The whole fold: the element's bits.
template <class Arithmetic, class Access>
std::uint64_t evaluate(const NodeSpec& spec, std::uint64_t element, Access& access) noexcept;

}  // namespace assay::numerics

#include "assay/numerics/fold_inline.hpp"
