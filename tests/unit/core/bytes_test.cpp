#include "assay/core/bytes.hpp"

#include <gtest/gtest.h>

#include "assay/core/faces.hpp"
#include "assay/core/hex.hpp"

namespace assay {
namespace {

TEST(Hex, RoundTripsAndRejectsWhatIsNotHex) {
  const Bytes bytes{0x00, 0xff, 0x10, 0xab};
  EXPECT_EQ(to_hex(bytes), "00ff10ab");
  EXPECT_EQ(*from_hex("00FF10ab"), bytes);
  EXPECT_EQ(from_hex("0").error().code, ErrorCode::kMalformed);
  EXPECT_EQ(from_hex("0g").error().code, ErrorCode::kMalformed);
  EXPECT_EQ(hash_from_hex("00").error().code, ErrorCode::kMalformed);
  EXPECT_TRUE(hash_from_hex(std::string(64, 'a')));
}

TEST(Result, CarriesAValueOrAnError) {
  const auto half = [](int n) -> Result<int> {
    if (n % 2 != 0) return {ErrorCode::kInvalidArgument, "odd"};
    return n / 2;
  };
  const auto quarter = [&](int n) -> Result<int> {
    ASSAY_TRY(const int h, half(n));
    return half(h);
  };
  EXPECT_EQ(*quarter(8), 2);
  EXPECT_EQ(quarter(6).error().message, "odd");
  EXPECT_EQ(with_context(quarter(3).error(), "q").message, "q: odd");
}

TEST(ContractDeathTest, ABrokenContractNamesItsPlace) {
  EXPECT_DEATH(ASSAY_EXPECTS(1 == 2), "broken precondition at .*bytes_test.cpp.*1 == 2");
}

TEST(SerialTaskPool, RunsAllAtOnceAndNothingForNone) {
  SerialTaskPool pool;
  std::size_t covered = 0;
  pool.run(7, 2, [&](std::size_t first, std::size_t last) { covered += last - first; });
  pool.run(0, 1, [&](std::size_t, std::size_t) { covered += 100; });
  EXPECT_EQ(covered, 7u);
}

}  // namespace
}  // namespace assay
