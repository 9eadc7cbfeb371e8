#include "assay/node/trusted_header.hpp"

#include <charconv>

namespace assay::node {

std::uint64_t trusting_period_s(const protocol::Genesis& genesis) noexcept {
  return genesis.validators.empty() ? 0 : kTrustingPeriodS;
}

Bytes encode_trusted_header(const HeaderProof& proof) {
  return codec::encode([&](codec::Writer& w) {
    w.raw(as_bytes(kTrustedHeaderMagic));
    w.raw(encode(proof));
  });
}

Result<HeaderProof> decode_trusted_header(ByteView bytes) {
  const ByteView magic = as_bytes(kTrustedHeaderMagic);
  if (bytes.size() > kMaxTrustedHeaderBytes)
    return {ErrorCode::kLimit, "it is longer than a trusted header can be"};
  if (bytes.size() < magic.size() || !equal_bytes(bytes.first(magic.size()), magic))
    return {ErrorCode::kMalformed, "it is no trusted header, or of another version"};
  return decode_header_proof(bytes.subspan(magic.size()));
}

Result<TrustPoint> parse_trust_point(std::string_view text) {
  const std::size_t colon = text.find(':');
  TrustPoint point;
  const std::string_view digits = text.substr(0, colon);
  const char* const end = digits.data() + digits.size();
  const auto [stop, wrong] = std::from_chars(digits.data(), end, point.height.value);
  const auto hash = colon == std::string_view::npos ? Result<Hash256>(ErrorCode::kMalformed, "")
                                                    : hash_from_hex(text.substr(colon + 1));
  if (wrong != std::errc{} || stop != end || point.height.value < 1 ||
      point.height.value > INT64_MAX || !hash)
    return {ErrorCode::kInvalidArgument,
            "a trusted header is HEIGHT:HASH, a height of CometBFT's and 64 hexadecimal "
            "digits"};
  point.hash = *hash;
  return point;
}

}  // namespace assay::node
