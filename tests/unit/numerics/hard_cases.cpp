#include "unit/numerics/hard_cases.hpp"

#include <algorithm>
#include <bit>
#include <span>

namespace assay::numerics::test {
namespace {

constexpr std::uint32_t kSign = 0x8000'0000;
constexpr std::uint32_t kLargest = 0x7f7f'ffff;

using Cases = std::vector<std::array<std::uint64_t, 3>>;

// SplitMix64. No expression draws twice but in braces, which fix the order.
class Random {
 public:
  explicit Random(std::uint64_t seed) : m_state(seed) {}
  std::uint64_t word() {
    std::uint64_t z = m_state += 0x9e37'79b9'7f4a'7c15;
    z = (z ^ z >> 30) * 0xbf58'476d'1ce4'e5b9;
    z = (z ^ z >> 27) * 0x94d0'49bb'1331'11eb;
    return z ^ z >> 31;
  }
  std::uint64_t below(std::uint64_t n) { return word() % n; }
  std::int64_t between(std::int64_t first, std::int64_t last) {
    return first + static_cast<std::int64_t>(below(static_cast<std::uint64_t>(last - first + 1)));
  }
  std::uint32_t sign() { return (word() & 1) != 0 ? kSign : 0; }
  // 24 bits, the highest of them set; often next to a power of two.
  std::uint32_t significand() {
    switch (below(6)) {
      case 0: return static_cast<std::uint32_t>(0x80'0000 + below(3));
      case 1: return static_cast<std::uint32_t>(0xff'ffff - below(3));
      default: return static_cast<std::uint32_t>(0x80'0000 | word() >> 41);
    }
  }

 private:
  std::uint64_t m_state;
};

constexpr std::uint32_t kSpecials[] = {
    0x0000'0000, 0x0000'0001, 0x0000'0002, 0x0000'0003, 0x0040'0000, 0x007f'fffe,
    0x007f'ffff, 0x0080'0000, 0x0080'0001, 0x00ff'ffff, 0x0100'0000, 0x3380'0000,
    0x3380'0001, 0x3f00'0000, 0x3f7f'ffff, 0x3f80'0000, 0x3f80'0001, 0x4000'0000,
    0x4b7f'ffff, 0x4b80'0000, 0x7e80'0000, 0x7f00'0000, 0x7f7f'fffe, 0x7f7f'ffff,
    0x7f80'0000, 0x7f80'0001, 0x7fbf'ffff, 0x7fc0'0000, 0x7fc1'2345, 0x7fff'ffff};

std::vector<std::uint32_t> specials() {
  std::vector<std::uint32_t> out;
  for (const std::uint32_t a : kSpecials) {
    out.push_back(a);
    out.push_back(a | kSign);
  }
  return out;
}

// significand * 2^exponent, at most 24 bits; where it is below the normal numbers, cut off.
std::uint32_t pack(std::uint64_t significand, std::int64_t exponent) {
  if (significand == 0) return 0;
  const int up = std::countl_zero(significand) - 40;
  significand = up >= 0 ? significand << up : significand >> -up;
  exponent -= up;
  if (exponent > 104) return kLargest;
  if (exponent < -149) {
    return -149 - exponent > 24 ? 0 : static_cast<std::uint32_t>(significand >> (-149 - exponent));
  }
  return static_cast<std::uint32_t>(static_cast<std::uint64_t>(exponent + 150) << 23 |
                                    (significand & 0x7f'ffff));
}

// 1/a modulo 2^32; a odd.
std::uint64_t inverse(std::uint64_t a) {
  std::uint64_t x = a;  // right in 3 bits, and each step doubles them
  for (int i = 0; i < 5; ++i) x *= 2 - a * x;
  return x & 0xffff'ffff;
}

constexpr std::uint64_t low_bits(unsigned n) { return (std::uint64_t{1} << n) - 1; }

void add_pairs_of_specials(Cases& out) {
  for (const std::uint32_t a : specials()) {
    for (const std::uint32_t b : specials()) out.push_back({a, b, 0});
  }
}

// Sums: ties and their neighbours at every distance of the exponents, cancellation to a few bits,
// both among subnormal numbers and at the largest.
void add_sums(Random& r, Cases& out) {
  for (int distance = 0; distance <= 27; ++distance) {
    for (int i = 0; i < 70; ++i) {
      const std::int64_t exponent = i % 5 == 0   ? -149 + distance
                                    : i % 5 == 1 ? 104
                                                 : r.between(-149 + distance, 104);
      const std::uint32_t m = r.significand();
      std::uint64_t n = r.significand();
      if (i % 2 == 0 && distance > 0 && distance < 24) {  // what is shifted out is half, or next
        n = (n & ~low_bits(static_cast<unsigned>(distance))) | std::uint64_t{1} << (distance - 1);
        n = std::clamp<std::uint64_t>(n + r.below(3) - 1, 0x80'0000, 0xff'ffff);
      } else if (distance >= 24) {
        n = 0x80'0000 + r.below(3);
      } else if (i % 4 == 1) {  // next to each other
        n = std::clamp<std::uint64_t>(m + r.below(5) - 2, 0x80'0000, 0xff'ffff);
      }
      const std::uint32_t a = pack(m, exponent) | r.sign();
      const std::uint32_t b = pack(n, exponent - distance) | r.sign();
      out.push_back({a, b, 0});
      out.push_back({b, a, 0});
    }
  }
}

struct Product {
  std::uint64_t a, b;
};

// Two integers that are multiplied or divided, and the exponent of 2 that the result is scaled by.
struct Scaled {
  Product p;
  std::int64_t exponent;
};

// Factors of 24 bits whose product ends in `low` in its last n bits; n at most 24.
Product product_ending(Random& r, unsigned n, std::uint64_t low) {
  const std::uint64_t a = r.significand() | 1;
  std::uint64_t b = low * inverse(a) & low_bits(n);
  b |= r.significand() & ~low_bits(n) & 0xff'ffff;
  return {a, n == 24 ? b : b | 0x80'0000};
}

// An odd number of `bits` bits as a product of two that have at most 24.
Product tie_of(Random& r, unsigned bits) {
  for (;;) {
    const auto of_a = static_cast<unsigned>(r.between(1, 12));
    const std::uint64_t a = (r.word() & low_bits(of_a)) | 1;
    const std::uint64_t least = (std::uint64_t{1} << (bits - 1)) / a + 1;
    const std::uint64_t b = (least + r.below(least)) | 1;
    if (b < 0x100'0000 && a * b >> (bits - 1) == 1) return {a, b};
  }
}

// Splits an exponent over two factors so that both are numbers.
std::int64_t share(Random& r, const Scaled& s) {
  const auto room = [](std::uint64_t m) { return 128 - std::bit_width(m); };
  const std::int64_t first = std::max<std::int64_t>(-149, s.exponent - room(s.p.b));
  const std::int64_t last = std::min<std::int64_t>(room(s.p.a), s.exponent + 149);
  return first >= last ? first : r.between(first, last);
}

void push_product(Random& r, Cases& out, const Scaled& s) {
  const std::int64_t of_a = share(r, s);
  out.push_back({pack(s.p.a, of_a) | r.sign(), pack(s.p.b, s.exponent - of_a) | r.sign(), 0});
}

// Products: ties, their nearest neighbours, the same among subnormal results down to half of the
// smallest, and about the largest.
void add_products(Random& r, Cases& out) {
  for (int i = 0; i < 800; ++i) {
    push_product(r, out, {tie_of(r, 25), r.between(-149, 102)});
    const unsigned n = 23 + (i & 1);
    const std::uint64_t near = (std::uint64_t{1} << (n - 1)) + r.below(5) - 2;
    push_product(r, out, {product_ending(r, n, near), r.between(-149, 79)});
  }
  for (unsigned lost = 1; lost <= 26; ++lost) {  // bits below 2^-149
    for (int i = 0; i < 24; ++i) {
      const std::int64_t exponent = -149 - static_cast<std::int64_t>(lost);
      const std::uint64_t half = std::uint64_t{1} << (lost - 1);
      if (lost <= 24) {
        const std::uint64_t end = (half + r.below(3) - 1) & low_bits(lost);
        push_product(r, out, {product_ending(r, lost, end), exponent});
      }
      Product tie = tie_of(r, static_cast<unsigned>(r.between(2, 25)));
      tie.b <<= std::min<unsigned>(lost - 1, 24 - static_cast<unsigned>(std::bit_width(tie.b)));
      push_product(r, out, {tie, exponent});
    }
  }
  for (int i = 0; i < 200; ++i) {  // about 2^-150 and about 2^128
    push_product(r, out,
                 {{0x80'0000 + r.below(3), 0x80'0000 + r.below(3)}, -196 - r.between(0, 1)});
    push_product(r, out, {{0xff'ffff - r.below(2), 0x80'0000 + r.below(3)}, 80 + r.between(0, 1)});
    push_product(r, out, {{r.significand(), r.significand()}, 80 + r.between(0, 1)});
  }
}

// a, b with a * 2^k = t * b + rest, t of 25 bits and odd: their quotient lies rest / b below or
// above a boundary, in units of its 25th bit.
bool near_quotient(Random& r, unsigned k, std::int64_t rest, Product& out) {
  const std::uint64_t b = r.significand() | 1;
  std::uint64_t t = (0 - static_cast<std::uint64_t>(rest)) * inverse(b) & low_bits(k);
  t |= std::uint64_t{1} << 24;
  if ((t & 1) == 0) return false;
  const std::uint64_t scaled = t * b + static_cast<std::uint64_t>(rest);
  out = {scaled >> k, b};
  return (scaled & low_bits(k)) == 0 && out.a >= 0x80'0000 && out.a < 0x100'0000;
}

void add_quotients(Random& r, Cases& out) {
  const auto push = [&](const Scaled& s) {  // of the quotient of the integers
    const std::int64_t of_b = r.between(std::max<std::int64_t>(-149, -149 - s.exponent),
                                        std::min<std::int64_t>(104, 104 - s.exponent));
    out.push_back({pack(s.p.a, s.exponent + of_b) | r.sign(), pack(s.p.b, of_b) | r.sign(), 0});
  };
  for (int found = 0; found < 1'600;) {
    Product p{};
    const std::int64_t rest = 2 * r.between(-4, 3) + 1;
    if (!near_quotient(r, 24 + (found & 1), rest, p)) continue;
    push({p, r.between(-124, 103)});
    ++found;
  }
  for (int i = 0; i < 600; ++i) {  // subnormal results, exact ties among them
    const Product tie = tie_of(r, static_cast<unsigned>(r.between(2, 24)));
    const std::uint64_t near = tie.a * tie.b + r.below(3) - 1;
    push({{i % 2 == 0 ? tie.a * tie.b : near, tie.a}, -150});
    push({{r.significand(), r.significand()}, r.between(-151, -125)});
    push({{r.significand(), r.significand()}, r.between(126, 128)});
  }
}

// m with m * 2^n = s^2 - c, s odd and of 25 bits: the root lies c / 2s from a boundary, in units of
// its 25th bit.
void add_roots_of(std::uint64_t c, unsigned n, Random& r, Cases& out) {
  std::vector<std::uint64_t> roots = {1, 3, 5, 7};  // modulo 8, and on bit by bit
  for (unsigned k = 4; k <= n; ++k) {
    std::vector<std::uint64_t> lifted;
    for (const std::uint64_t root : roots) {
      for (const std::uint64_t s : {root, root | std::uint64_t{1} << (k - 1)}) {
        if (((s * s - c) & low_bits(k)) == 0) lifted.push_back(s);
      }
    }
    roots = lifted;
  }
  for (std::uint64_t s : roots) {
    for (; s < 0x200'0000; s += std::uint64_t{1} << n) {
      if (s < 0x100'0000) continue;
      const std::uint64_t m = (s * s - c) >> n;
      if (m < 0x80'0000 || m >= 0x100'0000) continue;
      const std::int64_t parity = n & 1;
      for (int i = 0; i < 2; ++i) {
        out.push_back({pack(m, 2 * r.between(-74, 51) + parity), 0, 0});
      }
    }
  }
}

void add_roots(Random& r, Cases& out) {
  for (const std::uint32_t a : specials()) out.push_back({a, 0, 0});
  for (std::int64_t j = -40; j <= 40; ++j) {
    for (const unsigned n : {25U, 26U}) {
      add_roots_of(static_cast<std::uint64_t>(1 + 8 * j), n, r, out);
    }
  }
  for (int i = 0; i < 300; ++i) {
    const std::uint64_t root = 1 + r.below(4'095);
    const std::uint64_t square = root * root;  // exact, and beside it
    const std::int64_t exponent = 2 * r.between(-74, 51);
    for (std::uint64_t m = square - 1; m <= square + 1; ++m)
      out.push_back({pack(m, exponent), 0, 0});
    out.push_back({static_cast<std::uint32_t>(r.below(0x80'0000)), 0, 0});
    out.push_back({r.below(0x7f80'0000), 0, 0});
  }
}

// A product on a boundary of a sum, or one step beside it, and a third operand that decides.
void add_fused_ties(Random& r, Cases& out) {
  for (int i = 0; i < 1'600; ++i) {
    const bool is_tie = i % 2 == 0;
    const Product p = is_tie ? tie_of(r, 25) : product_ending(r, 24, 0x80'0000 + r.below(3) - 1);
    const std::int64_t exponent =
        i % 4 < 2 ? r.between(-149, -100) : r.between(-100, is_tie ? 100 : 78);
    Cases pair;
    push_product(r, pair, {p, exponent});
    const std::int64_t below = exponent - r.between(1, 60);
    const std::uint32_t c =
        i % 3 == 0 ? 1 : pack(r.significand(), std::max<std::int64_t>(-149, below));
    out.push_back({pair[0][0], pair[0][1], c | r.sign()});
  }
}

// The third operand dominates and the product is half of its last bit, or nearly.
void add_fused_halves(Random& r, Cases& out) {
  for (int i = 0; i < 1'600; ++i) {
    const std::int64_t exponent = i % 3 == 0 ? -149 + r.between(0, 2) : r.between(-149, 104);
    const std::uint32_t c = pack(i % 3 == 0 ? r.below(0x80'0000) : r.significand(), exponent);
    const Product p = {0x80'0000 + r.below(3), i % 2 == 0 ? 0x80'0000 + r.below(2) : 0xff'ffff};
    Cases pair;
    push_product(r, pair, {p, exponent - 47 - r.between(-1, 1)});
    out.push_back({pair[0][0], pair[0][1], c | r.sign()});
  }
}

// The third operand takes the product away but for its last bits.
void add_fused_cancellation(Random& r, MpfrBinary32& mpfr, Cases& out) {
  for (int i = 0; i < 1'600; ++i) {
    Cases pair;
    const Product p = {r.significand(), r.significand()};
    push_product(r, pair, {p, i % 3 == 0 ? r.between(-196, -150) : r.between(-149, 80)});
    const auto a = static_cast<std::uint32_t>(pair[0][0]);
    const auto b = static_cast<std::uint32_t>(pair[0][1]);
    const std::uint32_t product = mpfr(Operation::kMul, a, b, 0);
    const std::uint32_t beside = product + static_cast<std::uint32_t>(r.below(5)) - 2;
    out.push_back({a, b, (i % 2 == 0 ? product : beside) ^ kSign});
  }
}

void add_fused(Random& r, MpfrBinary32& mpfr, Cases& out) {
  constexpr std::uint32_t kFew[] = {0,           1,           0x007f'ffff, 0x0080'0000,
                                    0x3f7f'ffff, 0x3f80'0000, 0x3f80'0001, kLargest,
                                    0x7f80'0000, 0x7fa0'0001};
  std::vector<std::uint32_t> few;
  for (const std::uint32_t a : kFew) few.insert(few.end(), {a, a | kSign});
  for (const std::uint32_t a : few) {
    for (const std::uint32_t b : few) {
      for (const std::uint32_t c : few) out.push_back({a, b, c});
    }
  }
  add_fused_ties(r, out);
  add_fused_halves(r, out);
  add_fused_cancellation(r, mpfr, out);
  for (int i = 0; i < 400; ++i) {  // a product beyond the largest number that the sum brings back
    Cases pair;
    push_product(r, pair, {{0xff'ffff - r.below(3), 0x80'0000 + r.below(3)}, 81});
    const std::int64_t exponent = r.between(78, 81);
    const std::uint32_t c = pack(i % 2 == 0 ? 0x80'0000 + r.below(2) : r.significand(), exponent);
    out.push_back({pair[0][0], pair[0][1], c | r.sign()});
  }
}

// Every bit length, with what is rounded away at half, beside it, at its ends and at random.
void add_integers(Random& r, unsigned width, Cases& out) {
  const std::uint64_t ones = ~std::uint64_t{0} >> (64 - width);
  for (unsigned length = 0; length <= width; ++length) {
    for (int i = 0; i < 24; ++i) {
      std::uint64_t v =
          length == 0 ? 0 : r.word() >> (64 - length) | std::uint64_t{1} << (length - 1);
      if (i % 6 == 0 && length > 0) v |= low_bits(length - 1);
      if (length > 24) {
        const unsigned lost = length - 24;
        const std::uint64_t half = std::uint64_t{1} << (lost - 1);
        if (i % 6 >= 2) v = (v & ~low_bits(lost)) | half;
        if (i % 6 == 4) v += 1;
        if (i % 6 == 5) v -= 1;
      }
      out.push_back({v & ones, 0, 0});
      out.push_back({(0 - v) & ones, 0, 0});
    }
  }
}

// Every exponent of a result that is neither 0 nor at an end, and the numbers beside the ends.
void add_to_integers(Random& r, Cases& out) {
  for (const std::uint32_t a : specials()) out.push_back({a, 0, 0});
  for (std::uint32_t field = 120; field <= 194; ++field) {
    for (int i = 0; i < 12; ++i) {
      std::uint32_t fraction = i == 0 ? 0 : i == 1 ? 0x7f'ffff : r.significand() & 0x7f'ffff;
      if (i >= 6 && field >= 126 && field <= 149) {  // a half behind the point, and its neighbours
        const unsigned behind = 150 - field;
        fraction =
            ((fraction & ~static_cast<std::uint32_t>(low_bits(behind))) | 1U << (behind - 1)) +
            static_cast<std::uint32_t>(r.below(3)) - 1;
        fraction &= 0x7f'ffff;
      }
      out.push_back({field << 23 | fraction, 0, 0});
      out.push_back({field << 23 | fraction | kSign, 0, 0});
    }
  }
}

CaseSection section_of_pairs(Operation op, std::uint64_t seed) {
  CaseSection s{op, Type::kF32, Type::kF32, 2, {}};
  Random r(seed);
  add_pairs_of_specials(s.cases);
  if (op == Operation::kAdd || op == Operation::kSub) add_sums(r, s.cases);
  if (op == Operation::kMul) add_products(r, s.cases);
  if (op == Operation::kDiv) add_quotients(r, s.cases);
  if (op == Operation::kEqual || op == Operation::kLess) s.to = Type::kU32;
  return s;
}

}  // namespace

std::vector<CaseSection> hard_cases() {
  std::vector<CaseSection> out;
  for (const Operation op :
       {Operation::kAdd, Operation::kSub, Operation::kMul, Operation::kDiv, Operation::kMax,
        Operation::kMin, Operation::kEqual, Operation::kLess}) {
    out.push_back(section_of_pairs(op, static_cast<std::uint64_t>(op)));
  }
  MpfrBinary32 mpfr;
  Random r(1);
  CaseSection roots{Operation::kSqrt, Type::kF32, Type::kF32, 1, {}};
  add_roots(r, roots.cases);
  CaseSection fused{Operation::kFma, Type::kF32, Type::kF32, 3, {}};
  add_fused(r, mpfr, fused.cases);
  out.push_back(roots);
  out.push_back(fused);
  for (const Operation op : {Operation::kNeg, Operation::kRelu, Operation::kCast}) {
    CaseSection s{op, Type::kF32, Type::kF32, 1, {}};
    for (const std::uint32_t a : specials()) s.cases.push_back({a, 0, 0});
    out.push_back(s);
  }
  for (const Type type : {Type::kI32, Type::kU32, Type::kI64, Type::kU64, Type::kU8}) {
    CaseSection to{Operation::kCast, Type::kF32, type, 1, {}};
    add_to_integers(r, to.cases);
    CaseSection from{Operation::kCast, type, Type::kF32, 1, {}};
    const bool is_wide = type == Type::kI64 || type == Type::kU64;
    add_integers(r, is_wide ? 64 : type == Type::kU8 ? 8 : 32, from.cases);
    out.push_back(to);
    out.push_back(from);
  }
  return out;
}

}  // namespace assay::numerics::test
