// Faults inside folds, and lies.
#include "assay/numerics/fold.hpp"
#include "assay/numerics/memory_access.hpp"
#include "faults/fault.hpp"

namespace assay::faults {
namespace {

void flip_any(Tensor& tensor, Random& random) {
  tensor.data()[random() % tensor.byte_count()] ^= static_cast<std::uint8_t>(1u << random() % 8);
}

}  // namespace

Fault accumulator_fault(World& world, bool in_init, std::uint64_t step, std::uint32_t node,
                        Random& random) {
  const graph::Program& program = world.program(in_init);
  const numerics::NodeSpec& spec = program.nodes[node].spec;
  FoldFault f;
  f.node = node;
  f.element = random() % spec.output.shape.elements();
  f.step = static_cast<std::uint32_t>(random() % numerics::fold_length(spec));
  f.word = static_cast<unsigned>(random() % numerics::fold_words(spec));
  f.bit = static_cast<unsigned>(random() % 32);
  Fault fault;
  fault.in_init = in_init;
  fault.first = fault.last = step;
  fault.fold = f;
  const std::uint32_t bits =
      claimed_fold(world, fault, {step, node, f.element}, {numerics::fold_length(spec)})
          .front()
          .words[0];
  fault.tamper = [f, bits](std::uint32_t index, Tensor& output) {
    if (index == f.node) numerics::store_element(output.dtype(), output.data(), f.element, bits);
  };
  fault.words = "bit " + std::to_string(f.bit) + " of accumulator " + std::to_string(f.word) +
                " after fold step " + std::to_string(f.step) + " of element " +
                std::to_string(f.element) + " in step " + std::to_string(step) + " of " +
                graph::describe_node(program, node);
  return fault;
}

Fault draw_lie(World& world, Random& random) {
  const commit::TaskHeader& header = world.task().header;
  const std::uint64_t entry = random() % commit::transcript_entries(header);
  Fault fault;
  fault.in_init = entry == 0;
  if (entry > 0) {
    fault.first = commit::step_of_entry(header, entry - 1);
    fault.last = commit::step_of_entry(header, entry) - 1;
  }
  // One step in so many ends in a false state, one node in so many has a false output.
  const std::uint64_t seed = random(), states = 1 + random() % 4,
                      outputs = 1 + random() % (2 * world.program(fault.in_init).nodes.size());
  fault.change = [=, &world, in_init = fault.in_init, last = fault.last](
                     std::uint64_t t, const NamedTensors&, cheats::Run& run) {
    Random own(seed + t);
    run = world.truth(in_init, t);
    if (in_init || t == last || own() % states == 0)
      for (std::uint64_t count = 1 + own() % 3; count > 0; --count)
        flip_any(std::next(run.after.begin(), static_cast<std::ptrdiff_t>(own() % run.after.size()))
                     ->second,
                 own);
    for (Tensor& output : run.outputs)
      if (own() % outputs == 0) flip_any(output, own);
  };
  if (random() % 2 == 0) fault.fold_lies = random();
  fault.words = "lies about entry " + std::to_string(entry) + ", one state in " +
                std::to_string(states) + ", one output in " + std::to_string(outputs);
  return fault;
}

}  // namespace assay::faults
