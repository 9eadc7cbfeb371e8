// Operands that several products of a step read the same way, such as the weights of micro-batches:
// packed once, before the first of them, into memory that lives until the last.
#pragma once

#include "internal/memory_plan.hpp"

namespace assay::exec {

// Adds to plan.packed what is worth it; the memory is given by plan_arena.
void plan_packing(const Flow& flow, const UnitGraph& graph, std::span<const std::uint32_t> schedule,
                  numerics::Isa isa, MemoryPlan& plan);

}  // namespace assay::exec
