#include "internal/counts.hpp"

namespace assay::protocol::internal {

namespace {

void fail(const Overlay& overlay) {
  overlay.fail({ErrorCode::kIntegrity, "a count of the ledger's state is damaged"});
}

}  // namespace

void set_count(Overlay& overlay, const Bytes& key, std::uint64_t count) {
  if (count == 0) return overlay.erase(key);
  Bytes value(8);
  store_le(value.data(), count);
  overlay.put(key, std::move(value));
}

std::uint64_t count_at(const Overlay& overlay, const Bytes& key) {
  const std::optional<Bytes>& value = overlay.get(key);
  if (!value) return 0;
  if (value->size() == 8) return load_le<std::uint64_t>(value->data());
  fail(overlay);
  return 0;
}

void count_up(Overlay& overlay, const Bytes& key) {
  set_count(overlay, key, count_at(overlay, key) + 1);
}

void count_down(Overlay& overlay, const Bytes& key) {
  const std::uint64_t count = count_at(overlay, key);
  if (count == 0) return fail(overlay);
  set_count(overlay, key, count - 1);
}

Bytes live_tasks_key() { return Key(Table::kLiveTasks).bytes(); }
Bytes relays_key() { return Key(Table::kRelays).bytes(); }
Bytes parts_key(ByteView account) { return Key(Table::kParts).raw(account).bytes(); }

}  // namespace assay::protocol::internal
