#include "assay/core/bytes.hpp"

#include <algorithm>

#include "assay/core/faces.hpp"
#include "assay/core/hex.hpp"

namespace assay {

namespace {

constexpr int digit_value(char c) noexcept {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

std::string to_hex(ByteView bytes) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  text.reserve(bytes.size() * 2);
  for (std::uint8_t b : bytes) {
    text.push_back(kDigits[b >> 4]);
    text.push_back(kDigits[b & 15]);
  }
  return text;
}

Result<Bytes> from_hex(std::string_view text) {
  if (text.size() % 2 != 0)
    return {ErrorCode::kMalformed, "hexadecimal text has an odd number of digits"};
  Bytes bytes(text.size() / 2);
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const int high = digit_value(text[2 * i]);
    const int low = digit_value(text[2 * i + 1]);
    if (high < 0 || low < 0)
      return {ErrorCode::kMalformed,
              "character " + std::to_string(2 * i) + " or the next is not hexadecimal"};
    bytes[i] = static_cast<std::uint8_t>(high * 16 + low);
  }
  return bytes;
}

Result<Hash256> hash_from_hex(std::string_view text) {
  if (text.size() != 64)
    return {ErrorCode::kMalformed,
            "a hash has 64 hexadecimal digits, not " + std::to_string(text.size())};
  ASSAY_TRY(const Bytes bytes, from_hex(text));
  Hash256 hash;
  std::copy(bytes.begin(), bytes.end(), hash.bytes.begin());
  return hash;
}

void SerialTaskPool::run(std::size_t count, std::size_t /*grain*/,
                         const std::function<void(std::size_t, std::size_t)>& body) {
  if (count != 0) body(0, count);
}

}  // namespace assay
