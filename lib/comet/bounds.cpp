#include <algorithm>

#include "internal/bounds.hpp"

namespace assay::comet::internal {

namespace {

bool is_in_bounds(const CommitSignature& s) {
  if (s.flag == VoteFlag::kAbsent) return s == CommitSignature{};
  return (s.flag == VoteFlag::kCommit || s.flag == VoteFlag::kNil) && is_time(s.time);
}

}  // namespace

bool is_in_bounds(const LightBlock& block) {
  const Header& h = block.header;
  return h.block_version == kBlockVersion && !h.chain_id.empty() &&
         h.chain_id.size() <= kMaxChainIdBytes && h.height >= 1 && is_time(h.time) &&
         h.app_hash.size() <= kMaxAppHashBytes && block.commit.round >= 0 &&
         block.commit.block.parts >= 1 && (!h.last_block || h.last_block->parts >= 1) &&
         !block.validators.empty() && block.validators.size() <= kMaxValidators &&
         std::all_of(
             block.validators.begin(), block.validators.end(),
             [](const Validator& v) { return v.power >= 1 && v.power <= kMaxTotalPower; }) &&
         std::all_of(block.commit.signatures.begin(), block.commit.signatures.end(),
                     [](const CommitSignature& s) { return is_in_bounds(s); });
}

}  // namespace assay::comet::internal
