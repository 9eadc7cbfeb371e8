#include "assay/core/bytes.hpp"

#include <algorithm>
#include <array>

#include "assay/core/faces.hpp"
#include "assay/core/hex.hpp"

namespace assay {

namespace {

constexpr std::uint8_t kNoDigit = 0xff;
constexpr std::array<std::uint8_t, 256> kDigitValues = [] {
  std::array<std::uint8_t, 256> values{};
  values.fill(kNoDigit);
  for (std::uint8_t i = 0; i < 10; ++i) values[std::size_t{'0'} + i] = i;
  for (std::uint8_t i = 0; i < 6; ++i)
    values[std::size_t{'a'} + i] = values[std::size_t{'A'} + i] = static_cast<std::uint8_t>(10 + i);
  return values;
}();
std::uint8_t digit_value(char c) noexcept { return kDigitValues[static_cast<std::uint8_t>(c)]; }

}  // namespace

std::string to_hex(ByteView bytes) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string text(bytes.size() * 2, '0');
  char* out = text.data();
  for (std::uint8_t b : bytes) {
    *out++ = kDigits[b >> 4];
    *out++ = kDigits[b & 15];
  }
  return text;
}

Result<Bytes> from_hex(std::string_view text) {
  if (text.size() % 2 != 0)
    return {ErrorCode::kMalformed, "hexadecimal text has an odd number of digits"};
  Bytes bytes(text.size() / 2);
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const unsigned high = digit_value(text[2 * i]);
    const unsigned low = digit_value(text[2 * i + 1]);
    if ((high | low) == kNoDigit)
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
