// The folder in which a ledger is made before it takes its place.
#pragma once

#include "assay/node/storage.hpp"

namespace assay::node {

inline std::filesystem::path unfinished_path(const std::filesystem::path& home) {
  return home / "ledger.import";
}

// A closed ledger in that folder, whole and on disk, or none. `fill` makes it in an empty store.
[[nodiscard]] Status make_unfinished(const std::filesystem::path& home, const StoreOpener& open,
                                     const std::function<Status(KeyValueStore& store)>& fill);

}  // namespace assay::node
