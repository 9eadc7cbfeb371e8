// The plainest execution of a program: every node by the kernels one after another, every output
// kept. Tests compare the executor with it; lying executions tamper with what it computed.
#pragma once

#include <functional>
#include <vector>

#include "assay/graph/validator.hpp"
#include "assay/numerics/kernels.hpp"
#include "assay/tensor/tensor.hpp"

namespace assay::cheats {

// May change a node's output before its successors read it.
using Tamper = std::function<void(std::uint32_t node, Tensor& output)>;

struct Run {
  std::vector<Tensor> outputs;  // of every node
  NamedTensors after;
};

[[nodiscard]] Run interpret(const graph::Program& program, const NamedTensors& data,
                            numerics::Isa isa, TaskPool& pool, std::uint64_t t, std::uint64_t seed,
                            const NamedTensors& before, const Tamper& tamper = {});

}  // namespace assay::cheats
