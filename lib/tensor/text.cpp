#include "assay/tensor/text.hpp"

#include <algorithm>

#include "assay/core/utf8.hpp"

namespace assay::tensor {

namespace {

constexpr std::uint32_t kReplacement = 0xfffd;

// Of a well-formed character of `length` bytes.
std::uint32_t code_point_of(std::string_view character) {
  const auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(character[i]); };
  constexpr std::uint32_t kLeadBits[] = {0, 0x7f, 0x1f, 0x0f, 0x07};
  std::uint32_t point = byte(0) & kLeadBits[character.size()];
  for (std::size_t i = 1; i < character.size(); ++i) point = point << 6 | (byte(i) & 0x3fU);
  return point;
}

bool is_code_point(std::uint32_t point) {
  return point < 0xd800 || (point > 0xdfff && point <= 0x10ffff);
}

void append_utf8(std::string& text, std::uint32_t point) {
  const auto put = [&](std::uint32_t byte) { text += static_cast<char>(byte); };
  if (point < 0x80) return put(point);
  if (point < 0x800) {
    put(0xc0 | point >> 6);
  } else {
    if (point < 0x10000) {
      put(0xe0 | point >> 12);
    } else {
      put(0xf0 | point >> 18);
      put(0x80 | (point >> 12 & 0x3f));
    }
    put(0x80 | (point >> 6 & 0x3f));
  }
  put(0x80 | (point & 0x3f));
}

Result<std::vector<std::uint32_t>> code_points_of(ByteView file) {
  if (file.empty()) return {ErrorCode::kUnsupported, "an empty text has no tokens"};
  const std::string_view text(reinterpret_cast<const char*>(file.data()), file.size());
  std::vector<std::uint32_t> points;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t length = utf8_length(text.substr(at));
    if (length == 0) {
      return {ErrorCode::kMalformed,
              "not UTF-8 at byte " + std::to_string(at) + ": convert the text, or use byte tokens"};
    }
    points.push_back(code_point_of(text.substr(at, length)));
    at += length;
  }
  return points;
}

Result<Tensor> tokens_of(const std::vector<std::uint32_t>& points,
                         std::span<const std::uint32_t> alphabet) {
  std::vector<std::uint32_t> tokens;
  tokens.reserve(points.size());
  for (const std::uint32_t point : points) {
    const auto at = std::lower_bound(alphabet.begin(), alphabet.end(), point);
    if (at == alphabet.end() || *at != point) {
      std::string character;
      append_utf8(character, point);
      return {ErrorCode::kInvalidArgument,
              "the character '" + character + "' is not in the model's alphabet"};
    }
    tokens.push_back(static_cast<std::uint32_t>(at - alphabet.begin()));
  }
  const Shape shape{tokens.size()};
  if (alphabet.size() > 256) return Tensor::of<std::uint32_t>(shape, tokens);
  Tensor narrow({DType::kU8, shape});
  std::transform(tokens.begin(), tokens.end(), narrow.data(),
                 [](std::uint32_t token) { return static_cast<std::uint8_t>(token); });
  return narrow;
}

}  // namespace

Result<Tensor> read_byte_tokens(ByteView file) {
  if (file.empty()) return {ErrorCode::kUnsupported, "an empty text has no tokens"};
  return Tensor::copy_of({DType::kU8, {file.size()}}, file);
}

Result<CharacterTokens> read_character_tokens(ByteView file) {
  ASSAY_TRY(const std::vector<std::uint32_t> points, code_points_of(file));
  std::vector<std::uint32_t> alphabet = points;
  std::sort(alphabet.begin(), alphabet.end());
  alphabet.erase(std::unique(alphabet.begin(), alphabet.end()), alphabet.end());
  CharacterTokens result;
  ASSAY_TRY(result.tokens, tokens_of(points, alphabet));
  result.alphabet = Tensor::of<std::uint32_t>({alphabet.size()}, alphabet);
  return result;
}

Result<Tensor> read_character_tokens(ByteView file, const TensorView& alphabet) {
  ASSAY_TRY(const std::vector<std::uint32_t> points, code_points_of(file));
  return tokens_of(points, alphabet.as<std::uint32_t>());
}

std::string text_of(std::span<const std::uint32_t> tokens, const TensorView& alphabet) {
  const auto points = alphabet.as<std::uint32_t>();
  std::string text;
  for (const std::uint32_t token : tokens) {
    const std::uint32_t point = token < points.size() ? points[token] : kReplacement;
    append_utf8(text, is_code_point(point) ? point : kReplacement);
  }
  return text;
}

}  // namespace assay::tensor
