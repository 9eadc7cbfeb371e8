#include "assay/cli/amounts.hpp"

#include <algorithm>
#include <charconv>

#include "assay/core/checked.hpp"

namespace assay::cli {

namespace {

constexpr std::size_t kDecimals = 6;  // of a token, in atoms

bool is_digits(std::string_view text) {
  return !text.empty() &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

Error no_amount(std::string_view text, const char* unit) {
  return {ErrorCode::kInvalidArgument,
          "'" + std::string(text.substr(0, 40)) + "' is no amount of " + unit};
}

}  // namespace

Result<Amount> parse_atoms(std::string_view text) {
  std::uint64_t atoms = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), atoms);
  if (!is_digits(text) || failure != std::errc()) return no_amount(text, "atoms");
  return Amount(atoms);
}

Result<Amount> parse_tokens(std::string_view text) {
  const Error wrong = no_amount(text, "tokens; write 12 or 0.5, six decimals at most");
  const std::size_t point = std::min(text.find('.'), text.size());
  std::string fraction(text.substr(std::min(point + 1, text.size())));
  const bool has_point = point < text.size();
  if (!is_digits(text.substr(0, point)) || fraction.size() > kDecimals ||
      (has_point && !is_digits(fraction)))
    return wrong;
  fraction.resize(kDecimals, '0');
  const auto tokens = parse_atoms(text.substr(0, point));
  const auto rest = parse_atoms(fraction);
  std::uint64_t atoms = 0;
  if (!tokens || !rest || !checked_mul(tokens->value, kAtomsPerToken, atoms) ||
      !checked_add(atoms, rest->value, atoms))
    return wrong;
  return Amount(atoms);
}

std::string format_tokens(Amount amount) {
  std::string fraction = std::to_string(amount.value % kAtomsPerToken);
  fraction.insert(0, kDecimals - fraction.size(), '0');
  return std::to_string(amount.value / kAtomsPerToken) + "." + fraction + " tokens";
}

}  // namespace assay::cli
