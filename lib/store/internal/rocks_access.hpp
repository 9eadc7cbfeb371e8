// Opening a store on another RocksDB environment: for tests that cut the power.
#pragma once

#include <rocksdb/env.h>

#include "assay/store/rocks_store.hpp"

namespace assay::store {

struct RocksAccess {
  // `env` must outlive the store; null: the default one.
  [[nodiscard]] static Result<std::unique_ptr<RocksStore>> open(const std::filesystem::path& folder,
                                                                const RocksOptions& options,
                                                                rocksdb::Env* env);
};

}  // namespace assay::store
