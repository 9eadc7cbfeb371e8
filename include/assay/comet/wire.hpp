// A light block as bytes: CometBFT's protobuf message tendermint.types.LightBlock, of which every
// value has one encoding (docs/spec/comet.md, "Light blocks"). Total, thread-safe.
#pragma once

#include "assay/comet/types.hpp"

namespace assay::comet {

inline constexpr std::size_t kMaxLightBlockBytes = std::size_t{2} << 20;

// The proposer is the validator that the header names; priorities and the total power, which no
// header binds, are left out. CometBFT reads it.
[[nodiscard]] Bytes encode(const LightBlock& block);
// Errors: kLimit (longer than kMaxLightBlockBytes), kMalformed for whatever encode() does not write
// of a block within the bounds of types.hpp whose proposer is among its validators: another order
// of fields, unknown ones, zeros written out, numbers in a longer form than needed, an address that
// is not its key's. Neither hashes nor signatures are checked: see verify().
[[nodiscard]] Result<LightBlock> decode_light_block(ByteView bytes);

}  // namespace assay::comet
