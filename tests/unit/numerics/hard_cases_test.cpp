// Every implementation of the pointwise operators and conversions against
// tests/vectors/numerics/arithmetic.bin, which write_hard_cases.cpp made with MPFR.
#include <gtest/gtest.h>

#include <fstream>
#include <functional>
#include <iterator>
#include <optional>

#include "assay/numerics/arithmetic_hardware.hpp"
#include "assay/numerics/arithmetic_integer.hpp"
#include "unit/numerics/random_spec.hpp"

namespace assay::numerics {
namespace {

using test::Buffer;

// Cases of one operator and type: one node, its elements the cases.
struct Section {
  NodeSpec spec;
  std::vector<Buffer> operands;
  Buffer output{0};

  [[nodiscard]] std::uint64_t size() const { return spec.output.shape.elements(); }
  [[nodiscard]] std::uint64_t operand(unsigned i, std::uint64_t e) const {
    return load_element(spec.operands[i].dtype, operands[i].data(), e);
  }
  [[nodiscard]] std::uint64_t want(std::uint64_t e) const {
    return load_element(spec.output.dtype, output.data(), e);
  }
  [[nodiscard]] std::string describe(std::uint64_t e) const {
    std::ostringstream out;
    out << name_of(spec.op) << ' ' << name_of(spec.operands[0].dtype) << " to "
        << name_of(spec.output.dtype) << std::hex;
    for (unsigned i = 0; i < spec.operand_count; ++i) out << ' ' << operand(i, e);
    return out.str();
  }
};

class Reader {
 public:
  explicit Reader(std::string bytes) : m_bytes(std::move(bytes)) {}
  [[nodiscard]] bool is_at_end() const { return m_at >= m_bytes.size(); }
  std::uint64_t number(std::size_t size) {
    std::uint64_t v = 0;
    for (std::size_t i = 0; i < size; ++i) {
      v |= std::uint64_t{static_cast<std::uint8_t>(m_bytes.at(m_at++))} << 8 * i;
    }
    return v;
  }

 private:
  std::string m_bytes;
  std::size_t m_at = 0;
};

Section read_section(Reader& in) {
  Section s;
  s.spec.op = static_cast<OpCode>(in.number(2));
  const auto from = static_cast<DType>(in.number(1));
  const auto to = static_cast<DType>(in.number(1));
  s.spec.operand_count = static_cast<std::uint8_t>(in.number(4));
  const std::uint64_t count = in.number(4);
  s.spec.output = {to, {count}};
  s.output = Buffer(s.spec.output.byte_count());
  for (unsigned i = 0; i < s.spec.operand_count; ++i) {
    s.spec.operands[i] = {from, {count}};
    s.operands.emplace_back(s.spec.operands[i].byte_count());
  }
  for (std::uint64_t e = 0; e < count; ++e) {
    for (Buffer& b : s.operands) store_element(from, b.data(), e, in.number(size_of(from)));
    store_element(to, s.output.data(), e, in.number(size_of(to)));
  }
  return s;
}

const std::vector<Section>& sections() {
  static const std::vector<Section> kSections = [] {
    std::ifstream in(std::string(ASSAY_TEST_DATA) + "/numerics/arithmetic.bin", std::ios::binary);
    const std::string bytes{std::istreambuf_iterator<char>(in), {}};
    const std::string magic = "assay/hard-cases/1\n";
    std::vector<Section> out;
    EXPECT_TRUE(bytes.starts_with(magic));
    if (!bytes.starts_with(magic)) return out;
    Reader reader(bytes.substr(magic.size()));
    while (!reader.is_at_end()) out.push_back(read_section(reader));
    return out;
  }();
  return kSections;
}

template <class Arithmetic>
void expect_definition(const Section& s, const char* who) {
  MemoryAccess access{&s.spec, {}};
  for (unsigned i = 0; i < s.spec.operand_count; ++i) access.operands[i] = s.operands[i].data();
  for (std::uint64_t e = 0; e < s.size(); ++e) {
    ASSERT_EQ(evaluate<Arithmetic>(s.spec, e, access), s.want(e)) << who << ' ' << s.describe(e);
  }
}

TEST(HardCases, HoldForBothArithmetics) {
  ASSERT_EQ(sections().size(), 23U);
  for (const Section& s : sections()) {
    ASSERT_EQ(validate(s.spec), SpecVerdict::kValid);
    expect_definition<IntegerArithmetic>(s, "integer");
    expect_definition<HardwareArithmetic>(s, "hardware");
  }
}

TEST(HardCases, HoldForEveryKernel) {
  SerialTaskPool pool;
  for (const Section& s : sections()) {
    for (const Isa isa : kAllIsas) {
      if (!is_supported(isa)) continue;
      const Buffer got = test::run_node(isa, s.spec, s.operands, pool);
      for (std::uint64_t e = 0; e < s.size(); ++e) {
        ASSERT_EQ(load_element(s.spec.output.dtype, got.data(), e), s.want(e))
            << name_of(isa) << ' ' << s.describe(e);
      }
    }
  }
}

float number(std::uint64_t bits) { return std::bit_cast<float>(static_cast<std::uint32_t>(bits)); }
std::uint64_t bits_of(float value) { return canonical(std::bit_cast<std::uint32_t>(value)); }

// The processor's own comparisons and conversions, where C++ defines them.
std::optional<std::uint64_t> from_integer(DType from, std::uint64_t a) {
  switch (from) {
    case DType::kF32: return std::nullopt;
    case DType::kI32: return bits_of(static_cast<float>(static_cast<std::int32_t>(a)));
    case DType::kI64: return bits_of(static_cast<float>(static_cast<std::int64_t>(a)));
    default: return bits_of(static_cast<float>(a));
  }
}

std::optional<std::uint64_t> to_integer(DType to, float x) {
  const auto within = [x](float first, float end) { return x >= first && x < end; };
  switch (to) {
    case DType::kI32:
      if (!within(-0x1p31F, 0x1p31F)) return std::nullopt;
      return static_cast<std::uint32_t>(static_cast<std::int32_t>(x));
    case DType::kI64:
      if (!within(-0x1p63F, 0x1p63F)) return std::nullopt;
      return static_cast<std::uint64_t>(static_cast<std::int64_t>(x));
    case DType::kU32:
      if (!within(0, 0x1p32F)) return std::nullopt;
      return static_cast<std::uint32_t>(x);
    case DType::kU64:
      if (!within(0, 0x1p64F)) return std::nullopt;
      return static_cast<std::uint64_t>(x);
    case DType::kU8:
      if (!within(0, 0x1p8F)) return std::nullopt;
      return static_cast<std::uint8_t>(x);
    default: return std::nullopt;
  }
}

std::optional<std::uint64_t> by_processor(const Section& s, std::uint64_t e) {
  const std::uint64_t a = s.operand(0, e);
  switch (s.spec.op) {
    case OpCode::kEqual: return number(a) == number(s.operand(1, e)) ? 1 : 0;
    case OpCode::kLess: return number(a) < number(s.operand(1, e)) ? 1 : 0;
    case OpCode::kCast:
      return s.spec.output.dtype == DType::kF32 ? from_integer(s.spec.operands[0].dtype, a)
                                                : to_integer(s.spec.output.dtype, number(a));
    default: return std::nullopt;
  }
}

TEST(HardCases, ComparisonsAndConversionsAreTheProcessors) {
  std::uint64_t compared = 0;
  for (const Section& s : sections()) {
    for (std::uint64_t e = 0; e < s.size(); ++e) {
      const std::optional<std::uint64_t> got = by_processor(s, e);
      if (!got) continue;
      ++compared;
      ASSERT_EQ(*got, s.want(e)) << s.describe(e);
    }
  }
  EXPECT_GT(compared, 15'000U);
}

// An arithmetic that is wrong in one way only.
struct Mistake {
  const char* what;
  OpCode op;
  std::function<std::uint64_t(std::uint64_t, std::uint64_t, std::uint64_t)> result;
  DType from = DType::kF32;
};

std::uint64_t without_subnormals(std::uint64_t bits) {
  return (bits & kInfinity) == 0 ? bits & kSignBit : bits;
}

std::vector<Mistake> mistakes() {
  using H = HardwareArithmetic;
  const auto w = [](std::uint64_t v) { return canonical(static_cast<std::uint32_t>(v)); };
  return {{"subnormal sums flushed", OpCode::kAdd,
           [w](auto a, auto b, auto) { return without_subnormals(H::add(w(a), w(b))); }},
          {"subnormal operands flushed", OpCode::kSub,
           [w](auto a, auto b, auto) {
             return H::sub(w(without_subnormals(w(a))), w(without_subnormals(w(b))));
           }},
          {"-0 lost", OpCode::kAdd,
           [w](auto a, auto b, auto) { return H::add(H::add(w(a), w(b)), 0); }},
          {"subnormal products flushed", OpCode::kMul,
           [w](auto a, auto b, auto) { return without_subnormals(H::mul(w(a), w(b))); }},
          {"products by way of three parts of 8 bits", OpCode::kMul,
           [w](auto a, auto b, auto) {
             const std::uint32_t high = w(b) & ~0xffffU;
             return H::add(H::mul(w(a), high), H::mul(w(a), H::sub(w(b), high)));
           }},
          {"quotients by the reciprocal", OpCode::kDiv,
           [w](auto a, auto b, auto) { return H::mul(w(a), H::div(kOne, w(b))); }},
          {"quotients cut off at 26 bits, no sticky bit", OpCode::kDiv,
           [](auto a, auto b, auto) {
             const double q = static_cast<double>(number(a)) / static_cast<double>(number(b));
             const auto cut = std::bit_cast<std::uint64_t>(q) & ~((std::uint64_t{1} << 27) - 1);
             return bits_of(static_cast<float>(std::bit_cast<double>(cut)));
           }},
          {"roots cut off at 26 bits, no sticky bit", OpCode::kSqrt,
           [](auto a, auto, auto) {
             const double q = __builtin_sqrt(static_cast<double>(number(a)));
             const auto cut = std::bit_cast<std::uint64_t>(q) & ~((std::uint64_t{1} << 27) - 1);
             return bits_of(static_cast<float>(std::bit_cast<double>(cut)));
           }},
          {"fma rounded twice, in binary32", OpCode::kFma,
           [w](auto a, auto b, auto c) { return H::add(H::mul(w(a), w(b)), w(c)); }},
          {"fma rounded twice, in binary64", OpCode::kFma,
           [](auto a, auto b, auto c) {
             return bits_of(static_cast<float>(static_cast<double>(number(a)) * number(b) +
                                               static_cast<double>(number(c))));
           }},
          {"i64 by way of binary64", OpCode::kCast,
           [](auto a, auto, auto) {
             return bits_of(static_cast<float>(static_cast<double>(static_cast<std::int64_t>(a))));
           },
           DType::kI64},
          {"u64 cut off", OpCode::kCast,
           [](auto a, auto, auto) {
             const int lost = std::max(0, 40 - std::countl_zero(a));
             return bits_of(static_cast<float>(a >> lost << lost));
           },
           DType::kU64},
          {"the greater of two zeros", OpCode::kMax,
           [w](auto a, auto b, auto) {
             if (is_nan(w(a)) || is_nan(w(b))) return std::uint64_t{kNaN};
             return std::uint64_t{number(a) > number(b) ? w(a) : w(b)};
           }},
          {"NaN equal to itself", OpCode::kEqual,
           [w](auto a, auto b, auto) {
             return std::uint64_t{equal_bits(w(a), w(b)) || w(a) == w(b) ? 1U : 0U};
           }},
          {"less in the order of the bits", OpCode::kLess, [w](auto a, auto b, auto) {
             return std::uint64_t{order_key(w(a)) < order_key(w(b)) ? 1U : 0U};
           }}};
}

// Vectors that no mistake fails would prove nothing.
TEST(HardCases, CatchMistakes) {
  for (const Mistake& mistake : mistakes()) {
    std::uint64_t caught = 0;
    for (const Section& s : sections()) {
      if (s.spec.op != mistake.op || s.spec.operands[0].dtype != mistake.from) continue;
      const auto at = [&](unsigned i, std::uint64_t e) -> std::uint64_t {
        return i < s.spec.operand_count ? s.operand(i, e) : 0;
      };
      for (std::uint64_t e = 0; e < s.size(); ++e) {
        if (mistake.result(at(0, e), at(1, e), at(2, e)) != s.want(e)) ++caught;
      }
    }
    std::printf("%llu cases catch: %s\n", static_cast<unsigned long long>(caught), mistake.what);
    EXPECT_GE(caught, 1U) << mistake.what;
  }
}

}  // namespace
}  // namespace assay::numerics
