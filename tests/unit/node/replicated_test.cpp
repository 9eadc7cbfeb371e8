// The ledger as CometBFT's application, driven as CometBFT drives it.
#include <random>

#include "assay/node/replicated_ledger.hpp"
#include "assay/node/verify_store.hpp"
#include "unit/comet/chains.hpp"
#include "unit/node/node_world.hpp"

namespace assay::node {
namespace {

using namespace test;
using protocol::TxVerdict;

protocol::Genesis replicated_genesis() {
  protocol::Genesis genesis = genesis_record();
  genesis.operator_key = Hash256{};
  return genesis;
}

struct Replica {
  MemoryStore store;
  std::unique_ptr<ReplicatedLedger> ledger;

  Replica() { open(); }
  void open() {
    ledger.reset();
    auto opened = ReplicatedLedger::open(store, replicated_genesis(), {});
    ASSERT_TRUE(opened) << opened.error().message;
    ledger = std::move(*opened);
  }
  [[nodiscard]] const protocol::BlockHeader& head() const { return ledger->chain().head(); }
  [[nodiscard]] abci::FinalizeBlockRequest block(std::vector<Bytes> txs) const {
    abci::FinalizeBlockRequest request;
    request.height = static_cast<std::int64_t>(head().height.value) + 1;
    request.time = {1'000 + request.height, 500'000'000};
    request.txs = std::move(txs);
    return request;
  }
  abci::FinalizeBlockResponse finalize(const std::vector<Bytes>& txs) {
    return ledger->finalize_block(block(txs)).value();
  }
  void commit() { ASSERT_TRUE(ledger->commit({})); }
};

// Transactions of two accounts over this record's chain, most of them good.
class History {
 public:
  explicit History(unsigned seed) : m_random(seed) {}

  Bytes next() {
    const auto from = static_cast<std::uint8_t>(2 + m_random() % 2);
    const auto to = static_cast<std::uint8_t>(2 + m_random() % 4);
    protocol::Envelope e;
    e.chain = chain_id_of(replicated_genesis());
    e.sender = account_of(from);
    e.nonce = m_random() % 8 == 0 ? m_nonces[from] : ++m_nonces[from];
    store_le(e.client_id.data(), m_random() % 6 == 0 ? 1 : ++m_clients);
    e.valid_until = Height{m_random() % 10 == 0 ? 1u : 1'000u};
    switch (m_random() % 4) {
      case 0: e.payload = protocol::Stake{Amount{m_random() % 40}}; break;
      case 1: e.payload = protocol::Unstake{Amount{m_random() % 40}}; break;
      default: e.payload = protocol::Transfer{account_of(to), Amount{m_random() % 60}};
    }
    Bytes bytes = sign_transaction(e, key_of(from));
    if (m_random() % 10 == 0) bytes[m_random() % bytes.size()] ^= 1;
    return bytes;
  }
  std::mt19937& random() { return m_random; }

 private:
  std::mt19937 m_random;
  std::map<std::uint8_t, std::uint64_t> m_nonces;
  std::uint64_t m_clients = 1;
};

// The same chain as the embedded node has it: transactions verified before they are in a block.
class Embedded {
 public:
  Embedded() {
    auto opened =
        Chain::open(m_store, replicated_genesis(), [](const auto&) { return Bytes(128); }, {});
    EXPECT_TRUE(opened);
    m_chain = std::move(*opened);
  }
  const protocol::BlockHeader& apply(const protocol::BlockHeader& made,
                                     const std::vector<Bytes>& txs) {
    protocol::VerifiedBlock block;
    block.height = made.height;
    block.time_ms = made.time_ms;
    block.beacon = made.beacon;
    for (const Bytes& bytes : txs) {
      TxId id;
      std::optional<protocol::VerifiedTransaction> verified;
      (void)protocol::VerifiedTransaction::verify(m_chain->id(), bytes, id, verified);
      if (verified) block.transactions.push_back(std::move(*verified));
    }
    EXPECT_TRUE(m_chain->execute(block));
    EXPECT_TRUE(m_chain->commit(Bytes(128)));
    return m_chain->head();
  }

 private:
  MemoryStore m_store;
  std::unique_ptr<Chain> m_chain;
};

// INV-NOD-014: embedded and replicated mode make the same states of the same transactions.
TEST(Replicated, HasTheStateRootsOfTheEmbeddedNode) {
  for (unsigned seed = 1; seed <= 40; ++seed) {
    Replica replica;
    Embedded embedded;
    History history(seed);
    for (unsigned height = 1; height <= 12; ++height) {
      std::vector<Bytes> pool;
      for (auto n = history.random()() % 12; n > 0; --n) pool.push_back(history.next());
      abci::PrepareProposalRequest prepare;
      prepare.max_tx_bytes = 1 << 20;
      prepare.txs = pool;
      // A dishonest proposer's block has all of them, also what does not verify.
      std::vector<Bytes> txs =
          seed % 2 == 0 ? pool : replica.ledger->prepare_proposal(prepare).value().txs;
      if (seed % 2 == 1) {
        abci::ProcessProposalRequest proposal;
        proposal.txs = txs;
        EXPECT_EQ(replica.ledger->process_proposal(proposal).value().verdict,
                  abci::Verdict::kAccept);
      }
      const auto answer = replica.finalize(txs);
      ASSERT_EQ(answer.tx_results.size(), txs.size());
      replica.commit();
      EXPECT_EQ(answer.app_hash, app_hash_of(replica.head()));
      EXPECT_EQ(embedded.apply(replica.head(), txs).state_root, replica.head().state_root);
    }
  }
}

TEST(Replicated, WritesNothingBeforeCommitAndTakesTheLastBlock) {
  Replica replica;
  Replica twin;
  History history(7);
  const Bytes first = history.next();
  const auto before = replica.store.map();
  (void)replica.finalize({first});
  EXPECT_EQ(replica.store.map(), before);
  // Killed here, and asked again: info() is as before the block.
  replica.open();
  EXPECT_EQ(replica.ledger->info({}).value().last_block_height, 0);
  const Bytes app_hash = replica.finalize({first}).app_hash;
  replica.commit();
  EXPECT_EQ(twin.finalize({first}).app_hash, app_hash);
  const auto info = replica.ledger->info({}).value();
  EXPECT_EQ(info.last_block_height, 1);
  EXPECT_EQ(info.last_block_app_hash, app_hash);
  replica.open();
  EXPECT_EQ(replica.ledger->info({}).value().last_block_app_hash, app_hash);
  EXPECT_EQ(verify_store(replica.store, replicated_genesis(), {.replay = true}).value().faults,
            std::vector<std::string>{});
}

TEST(Replicated, BeginsOnceAndForItsOwnChainAlone) {
  Replica replica;
  abci::InitChainRequest request;
  request.chain_id = comet_chain_id(chain_id_of(replicated_genesis()));
  request.initial_height = 1;
  const auto first = replica.ledger->init_chain(request);
  ASSERT_TRUE(first);
  replica.open();
  EXPECT_EQ(replica.ledger->init_chain(request).value().app_hash, first->app_hash);
  request.initial_height = 5;
  EXPECT_EQ(replica.ledger->init_chain(request).error().code, ErrorCode::kConflict);
  request.initial_height = 1;
  request.chain_id = "another";
  EXPECT_EQ(replica.ledger->init_chain(request).error().code, ErrorCode::kConflict);
  (void)replica.finalize({});
  replica.commit();
  request.chain_id = comet_chain_id(chain_id_of(replicated_genesis()));
  EXPECT_EQ(replica.ledger->init_chain(request).error().code, ErrorCode::kConflict);

  MemoryStore store;
  EXPECT_EQ(ReplicatedLedger::open(store, genesis_record(), {}).error().code,
            ErrorCode::kInvalidArgument);
}

TEST(Replicated, BeginsWithTheValidatorsOfItsRecordAlone) {
  const std::vector<comet::test::Signer> signers = {{1, 5}, {2, 7}, {3, 5}};
  comet::ValidatorSet validators = comet::test::set_of(signers);
  comet::order(validators);
  EXPECT_EQ(validators[0].power, 7);
  protocol::Genesis genesis = replicated_genesis();
  genesis.validators_hash = comet::hash_of(validators);
  MemoryStore store;
  const auto ledger = ReplicatedLedger::open(store, genesis, {});
  ASSERT_TRUE(ledger);
  const auto verdict_of = [&](const std::vector<comet::test::Signer>& given, abci::KeyType type) {
    abci::InitChainRequest request;
    request.chain_id = comet_chain_id(chain_id_of(genesis));
    for (const auto& s : given)
      request.validators.push_back(
          {{type, to_bytes(comet::test::key(s.number).public_key().view())}, s.power});
    const auto answer = (*ledger)->init_chain(request);
    return answer ? ErrorCode{} : answer.error().code;
  };
  EXPECT_EQ(verdict_of(signers, abci::KeyType::kEd25519), ErrorCode{});
  EXPECT_EQ(verdict_of({{1, 5}, {2, 7}, {3, 6}}, abci::KeyType::kEd25519), ErrorCode::kConflict);
  EXPECT_EQ(verdict_of({{1, 5}, {2, 7}}, abci::KeyType::kEd25519), ErrorCode::kConflict);
  EXPECT_EQ(verdict_of({}, abci::KeyType::kEd25519), ErrorCode::kConflict);
  EXPECT_EQ(verdict_of(signers, abci::KeyType::kSecp256k1), ErrorCode::kUnsupported);
}

TEST(Replicated, TakesOnlyWhatABlockWouldRecord) {
  Replica replica;
  History history(3);
  Bytes good;
  do {
    good = history.next();
  } while (replica.ledger->check_tx({good, {}}).value().code != 0);
  Bytes forged = good;
  forged.back() ^= 1;
  EXPECT_EQ(replica.ledger->check_tx({forged, {}}).value().code,
            static_cast<std::uint32_t>(TxVerdict::kWrongSignature));
  abci::ProcessProposalRequest proposal;
  proposal.txs = {good, forged};
  EXPECT_EQ(replica.ledger->process_proposal(proposal).value().verdict, abci::Verdict::kReject);
  proposal.txs = {good};
  EXPECT_EQ(replica.ledger->process_proposal(proposal).value().verdict, abci::Verdict::kAccept);
  abci::PrepareProposalRequest prepare;
  prepare.txs = {forged, good};
  prepare.max_tx_bytes = 10;
  EXPECT_TRUE(replica.ledger->prepare_proposal(prepare).value().txs.empty());
  prepare.max_tx_bytes = 1'000;
  EXPECT_EQ(replica.ledger->prepare_proposal(prepare).value().txs, std::vector<Bytes>{good});
  (void)replica.finalize({good});
  replica.commit();
  // It is in a block: whoever sends it again is told its first result.
  EXPECT_NE(replica.ledger->check_tx({good, abci::CheckTxType::kRecheck}).value().code, 0u);
}

TEST(Replicated, AnswersQueriesWithProofs) {
  Replica replica;
  (void)replica.finalize({});
  replica.commit();
  abci::QueryRequest query;
  query.path = "/record";
  query.data = Bytes{'?'};
  EXPECT_EQ(replica.ledger->query(query).value().code, 1u);
  query.path = "/proof";
  const auto proof = replica.ledger->query(query).value();
  EXPECT_EQ(proof.code, 0u);
  EXPECT_EQ(proof.height, 1);
  EXPECT_EQ(proof.value, protocol::StateReader(replica.store).prove(query.data).value());
  query.height = 99;
  EXPECT_EQ(replica.ledger->query(query).value().code, 1u);
  query.height = -1;
  EXPECT_EQ(replica.ledger->query(query).value().code, 1u);
  query.path = "/header";
  EXPECT_EQ(replica.ledger->query(query).value().code, 1u);
  query.height = 0;
  EXPECT_EQ(replica.ledger->query(query).value().value, encode(replica.head()));
  query.path = "\xff";
  EXPECT_EQ(replica.ledger->query(query).value().code, 1u);
}

}  // namespace
}  // namespace assay::node
