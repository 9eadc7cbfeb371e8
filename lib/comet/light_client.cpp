#include "assay/comet/light_client.hpp"

#include "assay/comet/hash.hpp"

namespace assay::comet {

namespace {

Result<LightBlock> blocks_at(LightBlocks& blocks, std::int64_t height) {
  ASSAY_TRY(LightBlock block, blocks.at(height));
  if (block.header.height != height)
    return {ErrorCode::kIntegrity, "asked for the light block of height " + std::to_string(height) +
                                       ", got that of " + std::to_string(block.header.height)};
  return block;
}

}  // namespace

LightClient::LightClient(Trusted root, const LightOptions& options)
    : m_options(options),
      m_trusted(std::make_shared<const Trusted>(std::move(root))),
      m_before(m_trusted) {}

std::shared_ptr<const Trusted> LightClient::trusted() const {
  const std::lock_guard lock(m_mutex);
  return m_trusted;
}

LightVerdict LightClient::follow(const LightBlock& block, const Time& now) {
  std::shared_ptr<const Trusted> trusted;
  std::shared_ptr<const Trusted> before;
  {
    const std::lock_guard lock(m_mutex);
    trusted = m_trusted;
    before = m_before;
  }
  const bool is_same_height = block.header.height == trusted->height;
  if (is_same_height && hash_of(block.header) == trusted->hash &&
      block.header.chain_id == trusted->chain_id)
    return verify_root(trusted->chain_id, trusted->hash, block);
  const LightVerdict verdict = verify(*trusted, block, m_options, now);
  if (verdict == LightVerdict::kNotLater && is_same_height &&
      verify(*before, block, m_options, now) == LightVerdict::kValid)
    return LightVerdict::kContradiction;
  if (verdict == LightVerdict::kValid) trust(std::move(trusted), block);
  return verdict;
}

Result<LightVerdict> LightClient::follow(const LightBlock& target, LightBlocks& blocks,
                                         const Time& now) {
  std::shared_ptr<const Trusted> at = trusted();
  if (target.header.height <= at->height) return follow(target, now);
  std::vector<LightBlock> ahead = {target};  // descending: each too far to trust from the next
  for (unsigned steps = 0; !ahead.empty(); ++steps) {
    const LightBlock& next = ahead.back();
    if (steps == kMaxLightSteps)
      return {ErrorCode::kLimit, "more than " + std::to_string(kMaxLightSteps) +
                                     " steps towards height " +
                                     std::to_string(target.header.height)};
    const LightVerdict verdict = verify(*at, next, m_options, now);
    if (verdict == LightVerdict::kValid) {
      at = trust(std::move(at), next);
      ahead.pop_back();
    } else if (verdict == LightVerdict::kTooLittleTrust) {
      const std::int64_t middle = at->height + (next.header.height - at->height) / 2;
      ASSAY_TRY(LightBlock between, blocks_at(blocks, middle));
      ahead.push_back(std::move(between));
    } else {
      return verdict;
    }
  }
  return LightVerdict::kValid;
}

Result<LightVerdict> LightClient::compare(LightBlocks& witness, const Time& now) const {
  std::shared_ptr<const Trusted> trusted;
  std::shared_ptr<const Trusted> before;
  {
    const std::lock_guard lock(m_mutex);
    trusted = m_trusted;
    before = m_before;
  }
  if (trusted->height == 0) return LightVerdict::kValid;
  ASSAY_TRY(const LightBlock block, blocks_at(witness, trusted->height));
  if (hash_of(block.header) == trusted->hash) return LightVerdict::kValid;
  if (before->height == trusted->height) return LightVerdict::kWrongRoot;
  LightClient other(*before, m_options);
  ASSAY_TRY(const LightVerdict verdict, other.follow(block, witness, now));
  return verdict == LightVerdict::kValid ? LightVerdict::kContradiction : verdict;
}

std::shared_ptr<const Trusted> LightClient::trust(std::shared_ptr<const Trusted> from,
                                                  const LightBlock& block) {
  auto next = std::make_shared<const Trusted>(trust_in(block));
  const std::lock_guard lock(m_mutex);
  if (next->height > m_trusted->height) {
    m_trusted = next;
    m_before = std::move(from);
  }
  return next;
}

}  // namespace assay::comet
