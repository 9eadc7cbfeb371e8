// A chain's stored blocks and results as they stand in the store, for whoever copies or verifies
// one (layout: protocol/layout.hpp). Errors: what the store returns; kIntegrity for damaged
// records.
#pragma once

#include "assay/protocol/block.hpp"

namespace assay::protocol {

// Of one block: its transactions' bytes, or its receipts' bytes with the block's own events last.
// None if the store does not have it.
[[nodiscard]] Result<std::optional<std::vector<Bytes>>> stored_list(const KeyValueStore& store,
                                                                    std::uint8_t prefix,
                                                                    Height height);
[[nodiscard]] Bytes encode_list(std::span<const Bytes> items);
[[nodiscard]] Bytes encode_list(std::span<const ByteView> items);
// Errors: kMalformed.
[[nodiscard]] Result<std::vector<Bytes>> decode_list(ByteView bytes);
// What the header's tx root and receipts root are of.
[[nodiscard]] Hash256 list_root(std::span<const Bytes> items);
[[nodiscard]] Hash256 list_root(std::span<const ByteView> items);

// The first result of every client id that the state remembers, by height and place in the block's
// record.
struct RecordedResult {
  TxId id;
  TxVerdict verdict{};
  std::uint8_t detail = 0;
  Height height;
  AccountId sender;
  ClientId client{};
  std::uint32_t position = 0;
};
[[nodiscard]] Status scan_results(const KeyValueStore& store,
                                  const std::function<void(const RecordedResult&)>& visit);
// The key and the value by which the store finds it again.
[[nodiscard]] std::pair<Bytes, Bytes> index_entry(const RecordedResult& result);

}  // namespace assay::protocol
