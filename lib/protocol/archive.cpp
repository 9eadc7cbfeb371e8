#include "assay/protocol/archive.hpp"

#include "assay/commit/tree.hpp"
#include "assay/protocol/layout.hpp"
#include "internal/state.hpp"

namespace assay::protocol {

using namespace internal;

Result<std::optional<std::vector<Bytes>>> stored_list(const KeyValueStore& store,
                                                      std::uint8_t prefix, Height height) {
  ASSAY_TRY(const auto bytes, store.get(block_key(prefix, height)));
  if (!bytes) return std::optional<std::vector<Bytes>>();
  auto items = decode_list(*bytes);
  if (!items) return Error{ErrorCode::kIntegrity, "a block's record is damaged"};
  return std::optional<std::vector<Bytes>>(std::move(*items));
}

Bytes encode_list(std::span<const Bytes> items) {
  return codec::encode([&](codec::Writer& w) {
    w.u32(static_cast<std::uint32_t>(items.size()));
    for (const Bytes& item : items) w.bytes(item);
  });
}

Result<std::vector<Bytes>> decode_list(ByteView bytes) {
  codec::Reader r(bytes);
  std::vector<Bytes> items(r.count(kMaxBlockTransactions + 1, 4));
  for (Bytes& item : items) item = to_bytes(r.bytes(r.remaining()));
  if (!r.finish()) return Error{ErrorCode::kMalformed, "bytes that are no list of byte strings"};
  return items;
}

Hash256 list_root(std::span<const Bytes> items) {
  return commit::MerkleTree(commit::leaf_hashes(items)).root();
}

Status scan_results(const KeyValueStore& store,
                    const std::function<void(const RecordedResult&)>& visit) {
  const State state(store);
  state.results([&](const FirstResult& r) { visit({r.id, r.verdict, r.detail, r.height}); });
  return state.status();
}

}  // namespace assay::protocol
