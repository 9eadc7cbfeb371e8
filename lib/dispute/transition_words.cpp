#include "assay/dispute/transitions.hpp"

namespace assay::dispute {

const char* to_string(Event event) noexcept {
  switch (event) {
    case Event::kStart: return "start";
    case Event::kDefender: return "defender moves";
    case Event::kForDefender: return "anyone moves for the defender";
    case Event::kChallenger: return "challenger moves";
    case Event::kAnyone: return "anyone moves";
    case Event::kClock: return "clock";
  }
  return "?";
}

const char* to_string(Guard guard) noexcept {
  switch (guard) {
    case Guard::kAtMostOneStep: return "at most one step is left";
    case Guard::kSeveralSteps: return "several steps are left";
    case Guard::kEntryForEach: return "an entry for each inner position";
    case Guard::kNewRoots: return "new roots, with the program";
    case Guard::kLeadsToTheRoot: return "leads to the root that stands";
    case Guard::kBeyondLimits: return "a program beyond the profile's limits";
    case Guard::kClaimedState: return "all nodes agreed, the claimed state is not theirs";
    case Guard::kSubtree: return "several leaves are under it";
    case Guard::kLeaf: return "one leaf is under it";
    case Guard::kUnjudgeable: return "a record that nobody can judge";
    case Guard::kGivenHolds: return "a step index or seed, and the claim holds";
    case Guard::kGivenDiffers: return "a step index or seed, and the claim does not hold";
    case Guard::kReadsTheState: return "a state slot or data";
    case Guard::kOneChunk: return "an operator, its output one chunk";
    case Guard::kSeveralChunks: return "an operator, its output several chunks";
    case Guard::kHolds: return "the claim holds";
    case Guard::kDiffers: return "the claim does not hold";
    case Guard::kBeyondProfile: return "a step that the profile does not have";
    case Guard::kTimeOut: return "no time is left";
  }
  return "?";
}

}  // namespace assay::dispute
