// A game move by move, for people: what each move said, and how the search narrowed. Hosted.
#pragma once

#include <string>
#include <vector>

#include "assay/core/result.hpp"
#include "assay/dispute/levels.hpp"
#include "assay/dispute/signer.hpp"

namespace assay::dispute {

struct Chapter {
  std::uint32_t turn = 0;
  Role role = Role::kDefender;
  Signer by;
  Stage stage = Stage::kChainOffer;  // that the move answers
  std::size_t bytes = 0;             // of its body
  std::string words;
};

// One narrowing: of `parts` of `whole` the challenger disputed number `chosen`, counted from 0. All
// parts before it are agreed.
struct Narrowing {
  std::string whole;  // "steps 0 to 18"
  std::uint64_t parts = 1;
  std::uint64_t chosen = 0;
  std::string part;  // "step 17"
};

struct Story {
  std::vector<Chapter> chapters;
  std::vector<Narrowing> narrowings;  // the coarsest first
  Position end;
};

// `moves`: `count` signed moves from turn 0 on, as evidence holds them; their signatures are not
// looked at. Errors: kMalformed for bytes that are no moves, kInvalidArgument for one that the
// rules do not accept. Requires valid terms.
[[nodiscard]] Result<Story> tell(const GameTerms& terms, ByteView moves, std::uint32_t count,
                                 const NodeLabel& label = {});

}  // namespace assay::dispute
