// The last header that a light client followed, with its proof, as a file: so that a role that is
// started again goes on from there, not from the genesis record (docs/spec/node.md, "Trusted
// header").
#pragma once

#include "assay/node/light_client.hpp"

namespace assay::node {

inline constexpr std::string_view kTrustedHeaderMagic = "assay trusted header 1\n";
inline constexpr std::size_t kMaxTrustedHeaderBytes =
    kTrustedHeaderMagic.size() + kMaxHeaderProofBytes;

// How long a header of validators by stake is trusted: two thirds of the time for which a stake can
// be slashed after it was withdrawn. Whoever signs another chain before that can still lose it, and
// a third is left to show what it did.
inline constexpr std::uint64_t kTrustingPeriodS = protocol::kUnbondingMs / 1000 / 3 * 2;

// 0, for ever, where validators have no stakes that could be taken back: an operator's chain, or
// one whose validators do not change.
[[nodiscard]] std::uint64_t trusting_period_s(const protocol::Genesis& genesis) noexcept;

[[nodiscard]] Bytes encode_trusted_header(const HeaderProof& proof);
// Errors: kMalformed, kLimit. Whether the proof holds: LightClient::resume().
[[nodiscard]] Result<HeaderProof> decode_trusted_header(ByteView bytes);

// A height and the hash of CometBFT's header there, as its users give them to each other:
// "1234:HASH". Of CometBFT's chain: our header of the height before is shown by it.
struct TrustPoint {
  Height height;  // at least 1
  Hash256 hash;
};
// Errors: kInvalidArgument.
[[nodiscard]] Result<TrustPoint> parse_trust_point(std::string_view text);

}  // namespace assay::node
