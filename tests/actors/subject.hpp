// What a dispute of actors is about: a run as its solver claims it, the same run as it should have
// been, and minds that play from either.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "actors/cast.hpp"
#include "assay/core/hex.hpp"
#include "assay/dispute/game.hpp"

namespace assay::actors {

// One side of one game. Shown every position of it, in order.
class Mind {
 public:
  virtual ~Mind() = default;
  virtual void observe(const dispute::Position& position) = 0;
  // The body of a move at the position that was shown last; nothing if it has none.
  [[nodiscard]] virtual std::optional<Bytes> move() = 0;
};

enum class Belief : std::uint8_t { kTruth, kClaim };

struct Side {
  Belief belief = Belief::kTruth;
  dispute::Role role{};
  Points points = Points::kFirstDifference;
  unsigned seed = 1;
};

class Subject {
 public:
  virtual ~Subject() = default;
  [[nodiscard]] virtual const commit::TaskHeader& header() const = 0;
  [[nodiscard]] virtual std::vector<Hash256> transcript(Belief belief) const = 0;
  // Of the state after `step`.
  [[nodiscard]] virtual Hash256 state_root(Belief belief, std::uint64_t step) const = 0;
  // `terms` outlive the mind, as the subject does.
  [[nodiscard]] virtual std::unique_ptr<Mind> mind(const dispute::GameTerms& terms,
                                                   const Side& side) = 0;
};

// The toy task of tests/support; a lie is one of 200.
[[nodiscard]] std::unique_ptr<Subject> toy_subject(bool lies, unsigned seed);
// The toy program with a root after every step, false in one step or not at all.
[[nodiscard]] std::unique_ptr<Subject> long_subject(std::uint64_t steps,
                                                    std::optional<std::uint64_t> false_step);
// A real training run of one of the models of tests/faults, played with the shipped player; a lie
// is a fault drawn from the seed that makes one interval false. Who points first or last points
// anywhere.
[[nodiscard]] std::unique_ptr<Subject> model_subject(bool lies, unsigned seed);

}  // namespace assay::actors
