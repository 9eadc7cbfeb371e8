#include "assay/protocol/archive.hpp"

#include "assay/commit/tree.hpp"
#include "assay/crypto/sha256.hpp"
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
  return encode_list(std::vector<ByteView>(items.begin(), items.end()));
}

Bytes encode_list(std::span<const ByteView> items) {
  std::size_t size = 4;
  for (const ByteView item : items) size += 4 + item.size();
  Bytes bytes(size);
  codec::FixedSink sink(bytes);
  codec::BasicWriter w(sink);
  w.u32(static_cast<std::uint32_t>(items.size()));
  for (const ByteView item : items) w.bytes(item);
  return bytes;
}

Result<std::vector<Bytes>> decode_list(ByteView bytes) {
  codec::Reader r(bytes);
  std::vector<Bytes> items(r.count(kMaxBlockTransactions + 1, 4));
  for (Bytes& item : items) item = to_bytes(r.bytes(r.remaining()));
  if (!r.finish()) return Error{ErrorCode::kMalformed, "bytes that are no list of byte strings"};
  return items;
}

Hash256 list_root(std::span<const Bytes> items) {
  return list_root(std::vector<ByteView>(items.begin(), items.end()));
}

Hash256 list_root(std::span<const ByteView> items) {
  std::vector<Hash256> leaves;
  leaves.reserve(items.size());
  for (const ByteView item : items)
    leaves.push_back(commit::leaf_hash(crypto::sha256_function(), item));
  return commit::MerkleTree(std::move(leaves)).root();
}

Status scan_results(const KeyValueStore& store,
                    const std::function<void(const RecordedResult&)>& visit) {
  const State state(store);
  state.results().scan([&](const FirstResult& r, Height height, std::uint32_t position) {
    visit({r.id, r.verdict, r.detail, height, r.sender, r.client, position});
  });
  return state.status();
}

}  // namespace assay::protocol
