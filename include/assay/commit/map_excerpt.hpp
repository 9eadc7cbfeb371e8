// An excerpt of an authenticated map: some of its records, and keys under which it has none, with
// one proof for all of them that shares what their ways to the root have in common (docs/spec/
// commit.md, "Excerpts"). For who reads many records at once and believes nobody.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "assay/commit/map_proof.hpp"
#include "assay/core/hex.hpp"
#include "assay/core/result.hpp"

namespace assay::commit {

struct MapEntry {
  Bytes key;
  std::optional<Bytes> value;  // none: nothing is there
  friend bool operator==(const MapEntry&, const MapEntry&) = default;
};

struct MapExcerpt {
  std::vector<MapEntry> entries;  // ascending by key, each once
  Bytes proof;                    // AuthenticatedMap::prove_all()
  friend bool operator==(const MapExcerpt&, const MapExcerpt&) = default;
};

inline constexpr std::size_t kMaxExcerptKeyBytes = 255;

// Keys are short bytes, values optional byte strings. Errors: kMalformed, also for keys out of
// order. Whether it is true says verify_all().
[[nodiscard]] Bytes encode(const MapExcerpt& excerpt);
[[nodiscard]] Result<MapExcerpt> decode_map_excerpt(ByteView bytes);

// Does the map under `root` hold what the entries say, all of it, and nothing under the keys that
// they give as empty?
[[nodiscard]] MapProofVerdict verify_all(Sha256Function sha256, const Hash256& root,
                                         const MapExcerpt& excerpt);

}  // namespace assay::commit
