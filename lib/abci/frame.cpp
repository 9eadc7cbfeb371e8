#include "assay/abci/wire.hpp"

namespace assay::abci {

namespace {

constexpr unsigned kVarintBytesMax = 10;

Error bad_length() {
  return {ErrorCode::kMalformed, "the length of a message is not a varint in its shortest form"};
}

}  // namespace

Result<std::optional<Frame>> parse_frame(ByteView bytes, std::size_t message_bytes_max) {
  std::uint64_t length = 0;
  unsigned used = 0;
  while (true) {
    if (used == bytes.size()) return std::optional<Frame>();
    const std::uint8_t byte = bytes[used];
    // The tenth byte has one bit of the sixty-four.
    if (used == kVarintBytesMax - 1 && byte > 1) return bad_length();
    length |= std::uint64_t{byte & 0x7fu} << (7 * used);
    ++used;
    if ((byte & 0x80) != 0) continue;
    if (byte == 0 && used > 1) return bad_length();
    break;
  }
  if (length > message_bytes_max)
    return Error{ErrorCode::kLimit, "a message of " + std::to_string(length) +
                                        " bytes, where the limit is " +
                                        std::to_string(message_bytes_max)};
  if (bytes.size() - used < length) return std::optional<Frame>();
  const auto size = static_cast<std::size_t>(length);
  return std::optional<Frame>({bytes.subspan(used, size), used + size});
}

}  // namespace assay::abci
