#include <charconv>

#include "internal/text.hpp"

namespace assay::comet::internal {

namespace {

// All of `text`, which has digits alone.
std::optional<std::int64_t> digits(std::string_view text) {
  std::int64_t value = 0;
  for (const char c : text)
    if (c < '0' || c > '9') return std::nullopt;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

int value_of_base64(char c) {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (c >= '0' && c <= '9') return c - '0' + 52;
  if (c == '+') return 62;
  return c == '/' ? 63 : -1;
}

// Days since the Unix epoch of a date of the proleptic Gregorian calendar; years begin in March, so
// that the leap day is the last (the algorithm of H. Hinnant's "days_from_civil").
std::int64_t days_of(std::int64_t year, std::int64_t month, std::int64_t day) {
  const std::int64_t y = month <= 2 ? year - 1 : year;
  const std::int64_t era = (y >= 0 ? y : y - 399) / 400;
  const std::int64_t of_era = y - era * 400;
  const std::int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
  return era * 146'097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719'468;
}

std::int64_t days_in(std::int64_t year, std::int64_t month) {
  return month == 12 ? 31 : days_of(year, month + 1, 1) - days_of(year, month, 1);
}

}  // namespace

std::optional<std::int64_t> number_from_text(std::string_view text) {
  if (text.size() > 1 && text[0] == '0') return std::nullopt;
  return digits(text);
}

std::optional<Bytes> bytes_from_base64(std::string_view text) {
  if (text.size() % 4 != 0) return std::nullopt;
  std::size_t padding = 0;
  while (padding < 2 && padding < text.size() && text[text.size() - 1 - padding] == '=') ++padding;
  Bytes bytes;
  bytes.reserve(text.size() / 4 * 3);
  std::uint32_t bits = 0;
  unsigned count = 0;
  for (const char c : text.substr(0, text.size() - padding)) {
    const int value = value_of_base64(c);
    if (value < 0) return std::nullopt;
    bits = bits << 6 | static_cast<std::uint32_t>(value);
    count += 6;
    if (count < 8) continue;
    count -= 8;
    bytes.push_back(static_cast<std::uint8_t>(bits >> count));
    bits &= (1u << count) - 1;
  }
  if (bits != 0) return std::nullopt;  // a second text of the same bytes
  return bytes;
}

std::optional<Time> time_from_text(std::string_view text) {
  constexpr std::string_view kForm = "dddd-dd-ddTdd:dd:dd";
  if (text.size() < kForm.size() + 1 || text.back() != 'Z') return std::nullopt;
  for (std::size_t i = 0; i < kForm.size(); ++i)
    if (kForm[i] != 'd' && text[i] != kForm[i]) return std::nullopt;
  std::string_view fraction = text.substr(kForm.size(), text.size() - kForm.size() - 1);
  std::int64_t nanos = 0;
  if (!fraction.empty()) {
    if (fraction[0] != '.' || fraction.size() < 2 || fraction.size() > 10 || fraction.back() == '0')
      return std::nullopt;
    std::string nine(fraction.substr(1));
    nine.resize(9, '0');
    const auto value = digits(nine);
    if (!value) return std::nullopt;
    nanos = *value;
  }
  std::int64_t parts[6];
  constexpr std::size_t kStarts[6] = {0, 5, 8, 11, 14, 17};
  for (int i = 0; i < 6; ++i) {
    const auto value = digits(text.substr(kStarts[i], i == 0 ? 4 : 2));
    if (!value) return std::nullopt;
    parts[i] = *value;
  }
  const auto [year, month, day, hour, minute, second] = parts;
  if (year < 1 || month < 1 || month > 12 || day < 1 || day > days_in(year, month) || hour > 23 ||
      minute > 59 || second > 59)
    return std::nullopt;
  return Time{((days_of(year, month, day) * 24 + hour) * 60 + minute) * 60 + second,
              static_cast<std::int32_t>(nanos)};
}

}  // namespace assay::comet::internal
