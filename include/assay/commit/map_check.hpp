// Checks an authenticated map from end to end (INV-COM-020, 023, 025 to 027): for the verification
// of a store at rest. It reads every key of the map and holds one hash a key in memory.
//
// Thread-safe as reading the store is. Errors: what the store returns. What is wrong with the map
// is no error but a fault in the report.
#pragma once

#include <string>

#include "assay/commit/authenticated_map.hpp"

namespace assay::commit {

inline constexpr std::size_t kMaxMapFaults = 32;  // more are counted, not told

struct MapReport {
  MapVersions versions;
  std::uint64_t records = 0;
  std::uint64_t nodes = 0;   // of all versions that are kept
  std::uint64_t stale = 0;   // to be pruned some day
  std::uint64_t before = 0;  // values of older versions
  Hash256 root;              // made of the records alone, by the definition
  std::uint64_t fault_count = 0;
  std::vector<std::string> faults;
};

[[nodiscard]] Result<MapReport> check_map(const KeyValueStore& store, const MapPlaces& places);

}  // namespace assay::commit
