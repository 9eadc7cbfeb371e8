// The messages that are hashed as well as sent.
#pragma once

#include "assay/comet/types.hpp"
#include "internal/proto.hpp"

namespace assay::comet::internal {

[[nodiscard]] Bytes version_message(const Header& header);
[[nodiscard]] Bytes time_message(const Time& time);
[[nodiscard]] Bytes block_id_message(const std::optional<BlockId>& block);
[[nodiscard]] Bytes key_message(const Hash256& key);

}  // namespace assay::comet::internal
