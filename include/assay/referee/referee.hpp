// The referee: judges one scalar step from openings (docs/spec/referee.md). A small pure function:
// no allocation, no exception, no floating-point instruction, nothing but the SHA-256 it is handed.
// Freestanding, thread-safe.
#pragma once

#include "assay/commit/roots.hpp"
#include "assay/graph/node.hpp"
#include "assay/numerics/fold.hpp"

namespace assay::referee {

inline constexpr unsigned kMaxReads = 4;  // operand elements that one scalar step reads
inline constexpr unsigned kMaxCompressions =
    400;  // of SHA-256, for the largest step of the profile

// What `dispute` derives from the chain of moves; nobody supplies it.
struct ScalarPosition {
  graph::Node node;
  std::uint32_t node_index = 0;
  std::uint32_t node_count = 0;  // nodes of the program: leaves of the trace
  Hash256 trace_root;  // list root over node output roots; all before node_index are agreed
  std::uint64_t element = 0;
  std::uint32_t step = 0;      // of the element's fold
  numerics::FoldState before;  // agreed
  numerics::FoldState after;   // disputed
};

enum class Verdict : std::uint8_t {
  kDefenderWins = 1,    // the step gives exactly `after`
  kChallengerWins = 2,  // it gives something else
  kVoid = 3,            // the program should never have been admitted: both sides are refunded
  kInvalidOpening = 4,  // bytes that do not parse or do not lead to the agreed roots: no transition
};
[[nodiscard]] const char* to_string(Verdict verdict) noexcept;

// True if a node's record is one that the profile judges: a valid spec, inputs of smaller index,
// and one type for an input that is read twice. Total: any record that parsed.
[[nodiscard]] bool is_judgeable(const graph::Node& node, std::uint32_t node_index) noexcept;

// `opening`: for each read of the step, in order: the chunk that holds the element
// (length-prefixed, at most 1 KiB), its path in the operand's tensor (u8 count, hashes), the path
// of the operand's root in the trace (u8 count, hashes); nothing after. A second read of a node's
// chunk that was opened already is a length of 0 and two empty paths. `computed`, if not null, gets
// the state that the step gives (untouched unless the verdict is one of the first two).
// referee/opening.hpp writes openings.
[[nodiscard]] Verdict judge(Sha256Function sha256, const ScalarPosition& position, ByteView opening,
                            numerics::FoldState* computed = nullptr);

}  // namespace assay::referee
