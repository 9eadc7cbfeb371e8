// Who has room in CometBFT's mempool.
#include "assay/node/admission.hpp"

#include <gtest/gtest.h>

#include "support/keys.hpp"

namespace assay::node {
namespace {

// The n-th transaction of a sender.
protocol::ParsedTransaction transaction(std::uint64_t sender, std::uint64_t n,
                                        protocol::Payload payload) {
  protocol::ParsedTransaction parsed;
  store_le(parsed.id.value.bytes.data(), sender);
  store_le(parsed.id.value.bytes.data() + 8, n);
  store_le(parsed.envelope.sender.value.bytes.data(), sender + 1);
  parsed.envelope.payload = std::move(payload);
  return parsed;
}
protocol::ParsedTransaction transfer(std::uint64_t sender, std::uint64_t n) {
  return transaction(sender, n, protocol::Transfer{});
}
protocol::ParsedTransaction move(std::uint64_t sender, std::uint64_t n) {
  return transaction(sender, n, protocol::PlayMove{});
}

// Fills what is not for games alone, by many senders.
void fill(Admission& admission) {
  for (std::uint64_t i = 0; i < kAdmittedMax / 2; ++i)
    ASSERT_EQ(admission.admit(transfer(i / kMempoolSenderMax, i), 1, true, false),
              MempoolVerdict::kAdded);
}

// INV-NOD-018.
TEST(Admission, HalfOfTheRoomIsForGamesAlone) {
  Admission admission;
  fill(admission);
  EXPECT_EQ(admission.admit(transfer(99, 1), 1, true, false), MempoolVerdict::kFull);
  EXPECT_EQ(admission.admit(move(99, 1), 1, false, false), MempoolVerdict::kFull)
      << "a move that would be refused is none";
  EXPECT_EQ(admission.admit(move(99, 1), 1, true, false), MempoolVerdict::kAdded);
  EXPECT_EQ(admission.admit(move(99, 1), 1, true, false), MempoolVerdict::kAlreadyWaiting);
  admission.leave(transfer(0, 0).id);
  EXPECT_EQ(admission.admit(transfer(99, 2), 1, true, false), MempoolVerdict::kAdded);
  EXPECT_EQ(admission.size(), kAdmittedMax / 2 + 1);
}

TEST(Admission, ASenderHasAShareAndBytesCount) {
  Admission admission;
  for (std::uint64_t n = 0; n < kMempoolSenderMax; ++n)
    ASSERT_EQ(admission.admit(move(1, n), 1, true, false), MempoolVerdict::kAdded);
  EXPECT_EQ(admission.admit(move(1, 999), 1, true, false), MempoolVerdict::kSenderFull);
  EXPECT_EQ(admission.admit(move(2, 1), kAdmittedBytesMax, true, false), MempoolVerdict::kFull);
  EXPECT_EQ(admission.admit(move(2, 1), kAdmittedBytesMax / 2, true, false),
            MempoolVerdict::kAdded);
}

TEST(Admission, WhatABlockHoldsLeavesAndSoDoesWhatNobodyAsksAbout) {
  Admission admission;
  admission.leave_all({}, Height{5});
  fill(admission);
  admission.leave_all({transfer(0, 0).id, transfer(0, 1).id, move(7, 7).id}, Height{6});
  EXPECT_EQ(admission.size(), kAdmittedMax / 2 - 2);
  // CometBFT has this one still, and asks again.
  EXPECT_EQ(admission.admit(transfer(0, 2), 1, true, true), MempoolVerdict::kAlreadyWaiting);
  admission.leave_all({}, Height{5 + kAdmittedBlocks - 1});
  EXPECT_EQ(admission.size(), kAdmittedMax / 2 - 2);
  admission.leave_all({}, Height{5 + kAdmittedBlocks});
  EXPECT_EQ(admission.size(), 1u);
  admission.leave_all({}, Height{6 + kAdmittedBlocks});
  EXPECT_EQ(admission.size(), 0u);
}

TEST(Admission, WhatCometBftHasStaysWhateverTheRoom) {
  Admission admission;
  fill(admission);
  EXPECT_EQ(admission.admit(transfer(99, 1), 1, true, false), MempoolVerdict::kFull);
  EXPECT_EQ(admission.admit(transfer(99, 1), 1, true, true), MempoolVerdict::kAdded);
}

}  // namespace
}  // namespace assay::node
