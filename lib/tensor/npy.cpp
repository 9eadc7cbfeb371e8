#include "assay/tensor/npy.hpp"

#include <string_view>

#include "assay/core/checked.hpp"

namespace assay::tensor {

namespace {

constexpr std::string_view kMagic = "\x93NUMPY";
constexpr std::size_t kHeaderMax = 64 * 1024;

struct Descr {
  std::string_view text;
  DType dtype;
};
constexpr Descr kDescrs[] = {{"<f4", DType::kF32}, {"<i4", DType::kI32}, {"<u4", DType::kU32},
                             {"<i8", DType::kI64}, {"<u8", DType::kU64}, {"|u1", DType::kU8}};

// The header is a Python dictionary literal of three known keys; nothing else of Python is read.
class DictReader {
 public:
  explicit DictReader(std::string_view text) : m_text(text) {}

  Result<TensorType> read() {
    TensorType type;
    unsigned seen = 0;
    if (!take("{")) return malformed();
    while (!take("}")) {
      std::string_view key;
      if (!quoted(key) || !take(":")) return malformed();
      if (key == "descr" && (seen & 1) == 0) {
        seen |= 1;
        ASSAY_TRY_STATUS(descr(type));
      } else if (key == "fortran_order" && (seen & 2) == 0) {
        seen |= 2;
        if (take("True")) return {ErrorCode::kUnsupported, "an npy file in Fortran order"};
        if (!take("False")) return malformed();
      } else if (key == "shape" && (seen & 4) == 0) {
        seen |= 4;
        ASSAY_TRY_STATUS(shape(type.shape));
      } else {
        return malformed();
      }
      if (take(",")) continue;
      if (!take("}")) return malformed();
      break;
    }
    skip_space();
    if (seen != 7 || m_text.find_first_not_of('\n', m_at) != std::string_view::npos)
      return malformed();
    return type;
  }

 private:
  static Error malformed() {
    return {ErrorCode::kMalformed, "the npy header is not {'descr', 'fortran_order', 'shape'}"};
  }
  void skip_space() {
    while (m_at < m_text.size() && m_text[m_at] == ' ') ++m_at;
  }
  bool take(std::string_view word) {
    skip_space();
    if (m_text.substr(m_at, word.size()) != word) return false;
    m_at += word.size();
    return true;
  }
  bool quoted(std::string_view& out) {
    skip_space();
    const char quote = m_at < m_text.size() ? m_text[m_at] : '\0';
    if (quote != '\'' && quote != '"') return false;
    const std::size_t end = m_text.find(quote, m_at + 1);
    if (end == std::string_view::npos) return false;
    out = m_text.substr(m_at + 1, end - m_at - 1);
    m_at = end + 1;
    return true;
  }
  Status descr(TensorType& type) {
    std::string_view text;
    if (!quoted(text)) return malformed();
    for (const Descr& d : kDescrs) {
      if (d.text != text) continue;
      type.dtype = d.dtype;
      return {};
    }
    return {ErrorCode::kUnsupported,
            "npy elements of type '" + std::string(text.substr(0, 32)) +
                "'; convert them before saving, for instance with astype('float32')"};
  }
  Status shape(Shape& out) {
    if (!take("(")) return malformed();
    bool comma = true;
    while (!take(")")) {
      skip_space();
      std::uint64_t n = 0;
      const std::size_t start = m_at;
      for (; m_at < m_text.size() && m_text[m_at] >= '0' && m_text[m_at] <= '9'; ++m_at)
        if (!checked_mul<std::uint64_t>(n, 10, n) ||
            !checked_add(n, static_cast<std::uint64_t>(m_text[m_at] - '0'), n))
          return {ErrorCode::kLimit, "an npy dimension does not fit 64 bits"};
      if (m_at == start || !comma) return malformed();
      if (out.rank == kMaxRank) return {ErrorCode::kLimit, "an npy file of more than 6 dimensions"};
      if (n == 0) return {ErrorCode::kUnsupported, "an npy dimension of 0"};
      out.dims[out.rank++] = n;
      comma = take(",");
    }
    if (out.rank == 1 && !comma) return malformed();  // "(3)" is no tuple
    if (!is_valid(out)) return {ErrorCode::kLimit, "the npy file has too many elements"};
    return {};
  }

  std::string_view m_text;
  std::size_t m_at = 0;
};

}  // namespace

Result<Tensor> read_npy(ByteView file) {
  if (file.size() < 10 || !equal_bytes(file.first(6), as_bytes(kMagic)))
    return {ErrorCode::kMalformed, "not an npy file"};
  const unsigned major = file[6];
  if ((major != 1 && major != 2) || file[7] != 0)
    return {ErrorCode::kUnsupported, "an npy version other than 1.0 and 2.0"};
  const std::size_t prefix = major == 1 ? 10 : 12;
  if (file.size() < prefix) return {ErrorCode::kMalformed, "the npy header is cut"};
  const std::size_t length = major == 1 ? load_le<std::uint16_t>(file.data() + 8)
                                        : load_le<std::uint32_t>(file.data() + 8);
  if (length > kHeaderMax) return {ErrorCode::kLimit, "an npy header over 64 KiB"};
  if (length > file.size() - prefix) return {ErrorCode::kMalformed, "the npy header is cut"};
  const std::string_view header(reinterpret_cast<const char*>(file.data()) + prefix, length);
  ASSAY_TRY(const TensorType type, DictReader(header).read());
  const ByteView data = file.subspan(prefix + length);
  if (data.size() != type.byte_count())
    return {ErrorCode::kMalformed, "the npy header announces " + std::to_string(type.byte_count()) +
                                       " bytes, not " + std::to_string(data.size())};
  return Tensor::copy_of(type, data);
}

Bytes write_npy(const TensorView& view) {
  std::string header = "{'descr': '";
  for (const Descr& d : kDescrs)
    if (d.dtype == view.type.dtype) header += d.text;
  header += "', 'fortran_order': False, 'shape': (";
  for (unsigned i = 0; i < view.type.shape.rank; ++i)
    header.append(i == 0 ? "" : ", ").append(std::to_string(view.type.shape[i]));
  header += view.type.shape.rank == 1 ? ",), }" : "), }";
  header.append(63 - (10 + header.size()) % 64, ' ');
  header += "\n";
  std::string prefix(kMagic);
  prefix += {1, 0, static_cast<char>(header.size() & 255), static_cast<char>(header.size() >> 8)};
  Bytes file = to_bytes(as_bytes(prefix + header));
  file.insert(file.end(), view.bytes().begin(), view.bytes().end());
  return file;
}

}  // namespace assay::tensor
