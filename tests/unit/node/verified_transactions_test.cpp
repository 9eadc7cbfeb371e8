#include "assay/node/verified_transactions.hpp"

#include "unit/node/node_world.hpp"

namespace assay::node {
namespace {

using namespace test;
using protocol::TxVerdict;

Bytes transfer(std::uint64_t nonce) {
  static const crypto::KeyPair key = key_of(2);
  protocol::Envelope e;
  e.chain = chain_id_of(genesis_record());
  e.sender = account_of(2);
  e.nonce = nonce;
  e.valid_until = Height{1'000};
  e.payload = protocol::Transfer{account_of(3), Amount{1}};
  return sign_transaction(e, key);
}

struct Looked {
  TxVerdict verdict;
  TxId id;
  std::optional<protocol::VerifiedTransaction> transaction;
};
Looked look(VerifiedTransactions& known, ByteView bytes) {
  Looked looked;
  looked.verdict = known.verify(bytes, looked.id, looked.transaction);
  return looked;
}

TEST(VerifiedTransactions, RemembersWhatHeldAndNothingElse) {
  VerifiedTransactions known(chain_id_of(genesis_record()));
  const Bytes good = transfer(1);
  const Looked first = look(known, good);
  ASSERT_EQ(first.verdict, TxVerdict::kApplied);
  EXPECT_EQ(known.size(), 1u);
  const Looked again = look(known, good);
  ASSERT_EQ(again.verdict, TxVerdict::kApplied);
  EXPECT_EQ(again.id, first.id);
  EXPECT_EQ(&again.transaction->parsed(), &first.transaction->parsed()) << "it was checked again";

  // Every bit of its signature counts, though the id is the same.
  for (std::size_t byte = good.size() - 64; byte < good.size(); ++byte) {
    Bytes forged = good;
    forged[byte] ^= 1;
    const Looked looked = look(known, forged);
    EXPECT_EQ(looked.verdict, TxVerdict::kWrongSignature);
    EXPECT_FALSE(looked.transaction);
  }
  for (std::size_t size = 0; size < good.size(); ++size)
    EXPECT_FALSE(look(known, ByteView(good).first(size)).transaction) << size;
  EXPECT_EQ(known.size(), 1u);
}

TEST(VerifiedTransactions, TheOldestGoFirst) {
  const ChainId chain = chain_id_of(genesis_record());
  for (const auto& [count_max, bytes_max] : {std::pair(std::size_t{8}, kVerifiedBytesMax),
                                             std::pair(kVerifiedMax, 9 * transfer(1).size() - 1)}) {
    VerifiedTransactions known(chain, count_max, bytes_max);
    const Looked first = look(known, transfer(1));
    for (std::uint64_t nonce = 2; nonce <= 8; ++nonce) (void)look(known, transfer(nonce));
    EXPECT_EQ(known.size(), 8u);
    EXPECT_EQ(&look(known, transfer(1)).transaction->parsed(), &first.transaction->parsed());
    (void)look(known, transfer(9));
    EXPECT_EQ(known.size(), 8u);
    EXPECT_NE(&look(known, transfer(1)).transaction->parsed(), &first.transaction->parsed());
  }
}

}  // namespace
}  // namespace assay::node
