// Writes tests/vectors/numerics/arithmetic.bin, or with --check compares it:
// write_hard_cases [--check] <file>.
#include <cstdio>
#include <cstring>
#include <fstream>
#include <iterator>
#include <string>

#include "unit/numerics/hard_cases.hpp"

namespace {

using namespace assay::numerics::test;

void put(std::string& out, std::uint64_t value, unsigned bytes) {
  for (unsigned i = 0; i < bytes; ++i) out.push_back(static_cast<char>(value >> 8 * i & 0xff));
}

unsigned bytes_of(Type type) {
  return type == Type::kU8 ? 1 : type == Type::kI64 || type == Type::kU64 ? 8 : 4;
}

std::uint64_t result_of(MpfrBinary32& mpfr, const CaseSection& s,
                        const std::array<std::uint64_t, 3>& c) {
  if (s.from != Type::kF32) return mpfr.from_integer(s.from, c[0]);
  const auto word = [&](std::size_t i) { return static_cast<std::uint32_t>(c[i]); };
  if (s.op == Operation::kCast && s.to != Type::kF32) return mpfr.to_integer(s.to, word(0));
  return mpfr(s.op, word(0), word(1), word(2));
}

std::string make_file() {
  std::string out = "assay/hard-cases/1\n";
  for (const CaseSection& s : hard_cases()) {
    put(out, static_cast<std::uint64_t>(s.op), 2);
    put(out, static_cast<std::uint64_t>(s.from), 1);
    put(out, static_cast<std::uint64_t>(s.to), 1);
    put(out, s.operands, 4);
    put(out, s.cases.size(), 4);
    MpfrBinary32 mpfr;
    for (const auto& c : s.cases) {
      for (unsigned i = 0; i < s.operands; ++i) put(out, c[i], bytes_of(s.from));
      put(out, result_of(mpfr, s, c), bytes_of(s.to));
    }
  }
  return out;
}

}  // namespace

int main(int count, char** arguments) {
  const bool is_check = count == 3 && std::strcmp(arguments[1], "--check") == 0;
  if (count != 2 && !is_check) {
    std::fprintf(stderr, "write_hard_cases [--check] <file>\n");
    return 2;
  }
  const std::string made = make_file();
  const char* path = arguments[count - 1];
  if (!is_check) {
    std::ofstream out(path, std::ios::binary);
    out << made;
    return out.flush().good() ? 0 : 1;
  }
  std::ifstream in(path, std::ios::binary);
  const std::string kept{std::istreambuf_iterator<char>(in), {}};
  std::printf("%zu bytes made, %zu kept, %s\n", made.size(), kept.size(),
              made == kept ? "equal" : "different");
  return made == kept ? 0 : 1;
}
