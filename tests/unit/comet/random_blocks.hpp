// What tests/unit/comet/oracle/main.go prints: light blocks that CometBFT's own code made, hashed,
// signed, encoded and judged.
#pragma once

#include "unit/comet/chains.hpp"

namespace assay::comet::test {

struct Judged {
  std::size_t valid = 0;
  std::size_t no_trust = 0;
  std::size_t refused = 0;
};

inline Time time_of(const codec::JsonRef& pair) {
  return {*pair.at(0).i64(), static_cast<std::int32_t>(*pair.at(1).i64())};
}

inline void expect_hashes(const LightBlock& block, const codec::JsonRef& line) {
  EXPECT_EQ(hash_of(block.header), *line["header_hash"].hash());
  EXPECT_EQ(hash_of(block.validators), *line["validators_hash"].hash());
  const auto sign_bytes = *line["sign_bytes"].items();
  ASSERT_EQ(sign_bytes.size(), block.commit.signatures.size());
  for (std::size_t i = 0; i < sign_bytes.size(); ++i) {
    const CommitSignature& s = block.commit.signatures[i];
    const Bytes expected = *sign_bytes[i].hex();
    EXPECT_EQ(s.flag == VoteFlag::kAbsent, expected.empty());
    if (s.flag != VoteFlag::kAbsent) {
      EXPECT_EQ(vote_sign_bytes(block.header.chain_id, block.commit, s.flag, s.time), expected);
    }
  }
}

// One line: the same bytes, hashes, sign bytes and verdict.
inline void expect_same(const std::string& text, Judged& judged) {
  const codec::Json json = *codec::parse_json(text);
  const codec::JsonRef line(json);
  const Bytes bytes = *line["block"].hex();
  const auto trusted = decode_light_block(*line["trusted"].hex());
  const auto block = decode_light_block(bytes);
  ASSERT_TRUE(trusted && block) << text;
  EXPECT_EQ(encode(*block), bytes);
  expect_hashes(*block, line);
  const LightVerdict whole =
      verify_root(block->header.chain_id, *line["header_hash"].hash(), *block);
  EXPECT_EQ(whole == LightVerdict::kValid, *line["commit_holds"].boolean()) << to_string(whole);

  LightOptions options;
  options.trusting_period_s = *line["period_s"].u64();
  options.clock_drift_s = *line["drift_s"].u64();
  options.trust_numerator = *line["level"].at(0).u32();
  options.trust_denominator = *line["level"].at(1).u32();
  const LightVerdict verdict = verify(trust_in(*trusted), *block, options, time_of(line["now"]));
  const std::string theirs = *line["verdict"].string();
  // CometBFT asks whether a third of the validators of the trusted height itself signed, also where
  // those that it announced are the block's own.
  const bool is_announced = block->header.validators_hash == trusted->header.next_validators_hash;
  if (theirs == "valid") {
    EXPECT_EQ(verdict, LightVerdict::kValid) << to_string(verdict);
    ++judged.valid;
  } else if (theirs == "no trust") {
    if (!is_announced) {
      EXPECT_EQ(verdict, LightVerdict::kTooLittleTrust) << to_string(verdict);
    }
    ++judged.no_trust;
  } else {
    EXPECT_NE(verdict, LightVerdict::kValid) << theirs;
    EXPECT_NE(verdict, LightVerdict::kTooLittleTrust) << theirs;
    ++judged.refused;
  }
}

inline Judged expect_same_of_all(std::istream& lines) {
  Judged judged;
  std::string text;
  while (std::getline(lines, text) && !::testing::Test::HasFailure()) expect_same(text, judged);
  return judged;
}

}  // namespace assay::comet::test
