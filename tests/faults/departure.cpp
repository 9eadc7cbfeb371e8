#include "faults/departure.hpp"

#include <algorithm>

#include "assay/numerics/fold.hpp"

namespace assay::faults {
namespace {

using dispute::Stage;
using numerics::OpCode;

// The states of one interval, first and last.
using States = std::vector<NamedTensors>;

struct Interval {
  std::uint64_t entry = 0;
  std::uint64_t start = 0;
  States claimed;
};

NamedTensors after_step(World& world, const Fault& fault, FaultyExecution& faulty, std::uint64_t t,
                        const NamedTensors& before) {
  if (fault.is_in(t)) return faulty.run(t, before).after;
  NamedTensors state = before;
  const Status stepped = world.honest().step(t, state);
  ASSAY_ENSURES(static_cast<bool>(stepped));
  return state;
}

// The first interval whose end is another state than the honest run's.
std::optional<Interval> false_interval(World& world, const Fault& fault, FaultyExecution& faulty) {
  const commit::TaskHeader& header = world.task().header;
  if (fault.in_init) {
    States claimed{faulty.run(0, {}).after};
    if (claimed.front() == world.state(0)) return std::nullopt;
    return Interval{0, 0, std::move(claimed)};
  }
  Interval interval;
  for (interval.entry = 1 + fault.first / header.commit_interval;
       interval.entry < commit::transcript_entries(header); ++interval.entry) {
    interval.start = commit::step_of_entry(header, interval.entry - 1);
    if (interval.start > fault.last) return std::nullopt;
    const std::uint64_t end = commit::step_of_entry(header, interval.entry);
    interval.claimed.assign(1, world.state(interval.start));
    for (std::uint64_t t = interval.start; t < end; ++t)
      interval.claimed.push_back(after_step(world, fault, faulty, t, interval.claimed.back()));
    if (interval.claimed.back() != world.state(end)) return interval;
  }
  return std::nullopt;
}

// Where a search ends that goes, of at most so many parts of about the same length, to the first
// whose end is false: before the first false place, wherever none behind that is true again.
template <class IsFalse>
std::uint64_t narrowed(std::uint64_t high, std::uint64_t most_parts, const IsFalse& is_false) {
  std::uint64_t low = 0;
  while (high - low > 1) {
    const std::uint64_t length = high - low, parts = std::min(most_parts, length);
    std::uint64_t k = 0, end = 0;
    for (; k < parts; ++k) {
      end = low + length * (k + 1) / parts;
      if (is_false(end)) break;
    }
    low += length * k / parts;
    high = end;
  }
  return low;
}

std::uint64_t false_step(World& world, const Interval& interval) {
  const auto is_false = [&](std::uint64_t at) {
    return interval.claimed[at] != world.state(interval.start + at);
  };
  return interval.start + narrowed(interval.claimed.size() - 1, 16, is_false);
}

// Who has another output than its own operands give is caught at the fold's end, unless it lies
// about the way there too.
std::uint32_t false_fold_step(const Fault& fault, const numerics::NodeSpec& spec) {
  const std::uint32_t steps = numerics::fold_length(spec);
  if (fault.fold) return fault.fold->step;
  const auto is_false = [&](std::uint64_t at) {
    return at == steps || fault.lies_at(static_cast<std::uint32_t>(at));
  };
  return static_cast<std::uint32_t>(
      narrowed(steps, dispute::kFoldOfferWords / numerics::fold_words(spec), is_false));
}

// The number of the first differing element; nothing if the tensors are equal.
std::optional<std::uint64_t> first_difference(const Tensor& a, const Tensor& b) {
  ASSAY_EXPECTS(a.type() == b.type());
  const auto at = std::mismatch(a.data(), a.data() + a.byte_count(), b.data()).first - a.data();
  if (static_cast<std::size_t>(at) == a.byte_count()) return std::nullopt;
  return static_cast<std::uint64_t>(at) / size_of(a.dtype());
}

void find_node(World& world, const Fault& fault, const cheats::Run& claimed, Departure& found) {
  const graph::Program& program = world.program(fault.in_init);
  const cheats::Run& truth = world.truth(fault.in_init, found.step);
  for (std::uint32_t node = 0; node < program.nodes.size(); ++node) {
    const auto element = first_difference(truth.outputs[node], claimed.outputs[node]);
    if (!element) continue;
    const numerics::NodeSpec& spec = program.nodes[node].spec;
    found.node = node;
    if (spec.op == OpCode::kStepIndex || spec.op == OpCode::kSeed) {
      found.ended_at = Stage::kTracePoint;
    } else if (numerics::is_source(spec.op)) {
      found.ended_at = Stage::kSource;
    } else {
      found.ended_at = Stage::kScalar;
      found.element = *element;
      found.fold_step = false_fold_step(fault, spec);
    }
    return;
  }
  found.ended_at = Stage::kStateLeaf;
  while (claimed.after.at(program.slots[found.slot].name) ==
         truth.outputs[program.slots[found.slot].output])
    ++found.slot;
}

}  // namespace

std::optional<Departure> find_departure(World& world, const Fault& fault, FaultyExecution& faulty) {
  const auto interval = false_interval(world, fault, faulty);
  if (!interval) return std::nullopt;
  Departure found;
  found.entry = interval->entry;
  found.claimed = training::state_root(interval->claimed.back(), world.pool());
  if (!fault.in_init) found.step = false_step(world, *interval);
  find_node(world, fault,
            faulty.run(found.step, fault.in_init ? NamedTensors{} : world.state(found.step)),
            found);
  return found;
}

std::string ended_elsewhere(const Departure& departure, const dispute::Position& position) {
  std::string words;
  const auto expect = [&](const char* what, std::uint64_t got, std::uint64_t wanted) {
    if (got == wanted) return;
    words +=
        std::string(what) + " " + std::to_string(got) + ", not " + std::to_string(wanted) + "; ";
  };
  if (position.outcome != dispute::Outcome::kChallengerWins || position.by_clock)
    words += std::string(dispute::to_string(position.outcome)) + "; ";
  if (position.ended_at != departure.ended_at)
    words += std::string("ended at ") + dispute::to_string(position.ended_at) + ", not " +
             dispute::to_string(departure.ended_at) + "; ";
  expect("step", position.step_low, departure.step);
  if (departure.ended_at == Stage::kStateLeaf) {
    expect("slot", position.range.first, departure.slot);
    return words;
  }
  expect("node", position.node_index, departure.node);
  if (departure.ended_at != Stage::kScalar) return words;
  expect("element", position.element, departure.element);
  expect("fold step", position.fold_low, departure.fold_step);
  return words;
}

}  // namespace assay::faults
