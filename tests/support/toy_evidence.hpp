// Evidence of games over the toy task, for tests of what reads evidence.
#pragma once

#include "assay/graph/program.hpp"
#include "support/toy_player.hpp"

namespace assay::toy {

inline dispute::Evidence evidence_of(const World& defender, std::uint64_t entry,
                                     PlayOptions options) {
  const Challenge made = challenge(defender, entry);
  options.sign = true;
  return {made.terms, made.claim, play(made.terms, defender, truth(), options).moves};
}

// Of a defender who lies, against an honest challenger of `entry`.
inline dispute::Evidence evidence_against(const Lie& lie, std::uint64_t entry) {
  return evidence_of(World(task(), lie), entry, {});
}

// Of an honest defender, against a challenger who points blindly.
inline dispute::Evidence evidence_of_blind_challenge(std::uint64_t entry, unsigned seed) {
  PlayOptions options;
  options.challenger = Challenger::kBlind;
  options.seed = seed;
  return evidence_of(World(task()), entry, options);
}

// A toy program that reads no data, as the graph room has it; their roots are equal.
inline graph::Program graph_program(const Program& toy) {
  graph::Program program;
  program.nodes = toy.nodes;
  for (const Slot& slot : toy.slots) program.slots.push_back({slot.name, slot.type, slot.output});
  return program;
}

}  // namespace assay::toy
