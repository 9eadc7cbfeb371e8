// Follows a CometBFT chain by light blocks, without its blocks: from a root of trust to any later
// height, over as few blocks between as the changes of its validators allow
// (docs/spec/comet.md, "Following").
#pragma once

#include <memory>
#include <mutex>

#include "assay/comet/verify.hpp"

namespace assay::comet {

// Where light blocks come from: a node that need not be believed.
class LightBlocks {
 public:
  virtual ~LightBlocks() = default;
  // Any error ends the search that asked.
  [[nodiscard]] virtual Result<LightBlock> at(std::int64_t height) = 0;
};

// Thread-safe: what is trusted only ever moves to a later height.
class LightClient {
 public:
  LightClient(Trusted root, const LightOptions& options);

  // One step, from what is trusted to `block`. Unless it is kValid nothing changes. The block that
  // is trusted already is valid once more; another one of that height is a kContradiction if it
  // verifies, and kNotLater if not.
  [[nodiscard]] LightVerdict follow(const LightBlock& block, const Time& now);

  // As many steps as are needed to `target`: where too few of the trusted validators signed, a
  // block halfway is asked for. Each block that verifies is trusted, also if a later one does not.
  // Errors: those of `blocks`; kIntegrity if it gives another height than was asked for; kLimit
  // after kMaxLightSteps.
  [[nodiscard]] Result<LightVerdict> follow(const LightBlock& target, LightBlocks& blocks,
                                            const Time& now);

  // What another node says of the trusted height. kValid: the same header. kContradiction: another
  // one, which follows from where ours did, so that a third of the power lied and one of the two is
  // a fork. Any other: why that node is not to be believed. Errors: as follow().
  [[nodiscard]] Result<LightVerdict> compare(LightBlocks& witness, const Time& now) const;

  [[nodiscard]] std::shared_ptr<const Trusted> trusted() const;

 private:
  // Trusts `block`, which followed from `from`, unless a later one is trusted by now.
  std::shared_ptr<const Trusted> trust(std::shared_ptr<const Trusted> from,
                                       const LightBlock& block);

  const LightOptions m_options;
  mutable std::mutex m_mutex;
  std::shared_ptr<const Trusted> m_trusted;
  std::shared_ptr<const Trusted> m_before;  // from which m_trusted followed
};

// Of one search: halving asks for at most 63 blocks a change of the validators.
inline constexpr unsigned kMaxLightSteps = 4096;

}  // namespace assay::comet
