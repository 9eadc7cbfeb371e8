// A store that fails from its n-th write on: a process that dies there.
#pragma once

#include "assay/core/memory_store.hpp"

namespace assay::test {

class DyingStore final : public KeyValueStore {
 public:
  DyingStore(MemoryStore& store, unsigned writes) : m_store(store), m_left(writes) {}
  Result<std::optional<Bytes>> get(ByteView key) const override { return m_store.get(key); }
  Status scan(ByteView prefix,
              const std::function<bool(ByteView, ByteView)>& visit) const override {
    return m_store.scan(prefix, visit);
  }
  Status write(const WriteBatch& batch) override {
    if (m_left == 0) return {ErrorCode::kIo, "dead"};
    --m_left;
    return m_store.write(batch);
  }

 private:
  MemoryStore& m_store;
  unsigned m_left;
};

}  // namespace assay::test
