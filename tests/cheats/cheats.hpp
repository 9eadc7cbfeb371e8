// Executions that lie, for tests and the demo's test-only plug-in; never part of an installed
// library. Each lies in one place and is faithful to its own computation everywhere else.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "assay/training/execution.hpp"

namespace assay::cheats {

struct Lie {
  // One of names_of_lies().
  std::string kind;
  std::uint64_t step = 0;  // where it lies: step t, or for some from step t on
  std::string
      slot;  // weight-bit: the state slot; empty: the first that starts with "param"/"model"
  std::string data;           // data: the tensor; empty: the first
  std::uint64_t element = 0;  // weight-bit, output-element (or the next that matters), data
  unsigned bit = 12;          // weight-bit, output-element
  std::string op = "matmul";  // output-element: the first node of this operator, or "conv2d"
  // learning-rate: the constant node; kFind: the one that the parameters' updates are scaled by.
  std::uint32_t node = kFind;
  static constexpr std::uint32_t kFind = 0xffffffff;
};

// weight-bit       one bit of a weight flipped after step t
// output-element   one bit of one element of a forward matmul's or convolution's output flipped in
// step t skip-step        step t not executed: the state stays learning-rate    a learning rate
// twice as large data             one byte of the data set changed (a pixel, a label) order batches
// in another order
[[nodiscard]] std::vector<std::string> names_of_lies();

// `task` is the committed one and must outlive the execution. Errors: kInvalidArgument for an
// unknown lie or a place that the task does not have.
[[nodiscard]] Result<std::unique_ptr<training::Execution>> make_lying_execution(
    const training::Task& task, TaskPool& pool, const Lie& lie,
    training::ExecutionOptions options = {});

}  // namespace assay::cheats
