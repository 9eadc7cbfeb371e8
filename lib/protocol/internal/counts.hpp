// How many records of a kind there are, in a record of the state: so who is shown records that
// prove themselves knows whether they are all.
#pragma once

#include "internal/overlay.hpp"

namespace assay::protocol::internal {

// Of nothing there is no record.
[[nodiscard]] std::uint64_t count_at(const Overlay& overlay, const Bytes& key);
void set_count(Overlay& overlay, const Bytes& key, std::uint64_t count);
void count_up(Overlay& overlay, const Bytes& key);
void count_down(Overlay& overlay, const Bytes& key);

[[nodiscard]] Bytes live_tasks_key();
[[nodiscard]] Bytes relays_key();
[[nodiscard]] Bytes parts_key(ByteView account);

}  // namespace assay::protocol::internal
