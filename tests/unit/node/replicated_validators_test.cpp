// Validators by stake, as CometBFT is told of them and tells of them.
#include "assay/comet/hash.hpp"
#include "assay/commit/transcript.hpp"
#include "assay/dispute/claims.hpp"
#include "assay/node/replicated_ledger.hpp"
#include "assay/node/share_maker.hpp"
#include "assay/node/verify_store.hpp"
#include "assay/protocol/view.hpp"
#include "support/sample_task.hpp"
#include "support/share_keys.hpp"
#include "unit/node/node_world.hpp"

namespace assay::node {
namespace {

using namespace test;
using assay::test::genesis_validator;
using assay::test::share_key;
using protocol::kMinValidatorStake;

constexpr std::uint8_t kValidators = 3;
constexpr std::uint8_t kNewcomer = 9;

Hash256 consensus_key(std::uint8_t n) {
  return key_of(static_cast<std::uint8_t>(100 + n)).public_key();
}

protocol::Genesis genesis_by_stake() {
  protocol::Genesis genesis;
  genesis.name = "by stake";
  genesis.time_ms = 1'000'000;
  genesis.accounts = {{account_of(kNewcomer), Amount{10 * kMinValidatorStake.value}, {}}};
  for (std::uint8_t n = 1; n <= kValidators; ++n)
    genesis.validators.push_back(genesis_validator(
        account_of(n), consensus_key(n), Amount{(n + 1) * kMinValidatorStake.value}, share_key(n)));
  std::sort(genesis.validators.begin(), genesis.validators.end(),
            [](const auto& a, const auto& b) { return a.key < b.key; });
  genesis.validators_hash = first_validators_hash(genesis);
  return genesis;
}

struct ByStake {
  protocol::Genesis genesis = genesis_by_stake();
  MemoryStore store;
  std::unique_ptr<ReplicatedLedger> ledger;

  ByStake() { open(); }
  void open() {
    ledger.reset();
    auto opened = ReplicatedLedger::open(store, genesis, {});
    ASSERT_TRUE(opened) << opened.error().message;
    ledger = std::move(*opened);
  }
  abci::InitChainRequest first_call() const {
    abci::InitChainRequest request;
    request.chain_id = comet_chain_id(chain_id_of(genesis));
    request.initial_height = 1;
    return request;
  }
  abci::FinalizeBlockRequest block(std::vector<Bytes> txs = {}) const {
    abci::FinalizeBlockRequest request;
    request.height = static_cast<std::int64_t>(ledger->chain().head().height.value) + 1;
    request.time = {1'000 + request.height, 0};
    request.txs = std::move(txs);
    return request;
  }
  abci::FinalizeBlockResponse play(const abci::FinalizeBlockRequest& request) {
    auto answer = ledger->finalize_block(request).value();
    EXPECT_TRUE(ledger->commit({}));
    return answer;
  }
  Bytes bond() const {
    protocol::Envelope e;
    e.chain = chain_id_of(genesis);
    e.sender = account_of(kNewcomer);
    e.nonce = 1;
    e.valid_until = Height{100};
    const crypto::VrfKey share = share_key(kNewcomer);
    const Hash256 shared = protocol::share_possession_digest(
        e.chain, e.sender, protocol::validator_address(consensus_key(kNewcomer)));
    e.payload = protocol::BondValidator{
        consensus_key(kNewcomer), kMinValidatorStake,
        key_of(100 + kNewcomer).sign(protocol::possession_digest(e.chain, e.sender).view()),
        share.public_key(), share.prove(shared.view())};
    return sign_transaction(e, key_of(kNewcomer));
  }
};

abci::Misbehavior misbehavior_of(const Hash256& key, std::int64_t height) {
  abci::Misbehavior told;
  told.type = abci::MisbehaviorType::kDuplicateVote;
  const auto address = protocol::validator_address(key);
  told.validator.address = Bytes(address.begin(), address.end());
  told.height = height;
  return told;
}

TEST(ReplicatedValidators, TheRecordSaysWhoBeginsWhateverCometsFileSays) {
  ByStake net;
  abci::InitChainRequest request = net.first_call();
  request.validators = {{{abci::KeyType::kEd25519, Bytes(32, 7)}, 10}};
  const auto answer = net.ledger->init_chain(request);
  ASSERT_TRUE(answer);
  ASSERT_EQ(answer->validators.size(), kValidators);
  comet::ValidatorSet set;
  for (const abci::ValidatorUpdate& update : answer->validators) {
    comet::Validator& validator = set.emplace_back();
    std::copy(update.key.bytes.begin(), update.key.bytes.end(), validator.key.bytes.begin());
    validator.power = update.power;
  }
  comet::order(set);
  EXPECT_EQ(set[0].power, 400);
  EXPECT_EQ(comet::hash_of(set), net.genesis.validators_hash);

  protocol::Genesis other = net.genesis;
  other.validators_hash.bytes[0] ^= 1;
  MemoryStore store;
  EXPECT_EQ(ReplicatedLedger::open(store, other, {}).error().code, ErrorCode::kInvalidArgument);
}

// A stake is there for as long as CometBFT would bring evidence.
TEST(ReplicatedValidators, EvidenceIsNoOlderThanAStake) {
  ByStake net;
  const auto refused = [&](std::int64_t blocks, std::int64_t seconds) {
    abci::InitChainRequest request = net.first_call();
    request.params.emplace().evidence = abci::EvidenceParams{blocks, {seconds, 0}, 1 << 20};
    const auto answer = net.ledger->init_chain(request);
    return !answer && answer.error().code == ErrorCode::kConflict;
  };
  constexpr std::int64_t kSeconds = protocol::kUnbondingMs / 1000;
  EXPECT_FALSE(refused(100'000, 48 * 3600));  // CometBFT's own
  EXPECT_FALSE(refused(kSeconds / 5 - 1, kSeconds - 1));
  EXPECT_TRUE(refused(kSeconds / 5, 48 * 3600));
  EXPECT_TRUE(refused(100'000, kSeconds));
}

TEST(ReplicatedValidators, MisbehaviourIsAnInputOfTheBlock) {
  ByStake net;
  ByStake honest;
  const Hash256 key = consensus_key(1);
  abci::FinalizeBlockRequest request = net.block();
  // With an address that is none, and one that is nobody's.
  request.misbehavior = {
      misbehavior_of(key, 1), misbehavior_of(key, 1), {}, misbehavior_of(consensus_key(50), 1)};
  const auto first = net.ledger->finalize_block(request).value();
  net.open();  // killed before the commit, and asked again
  const auto again = net.play(request);
  EXPECT_EQ(first.validator_updates, again.validator_updates);
  EXPECT_EQ(first.app_hash, again.app_hash);
  EXPECT_NE(again.app_hash, honest.play(honest.block()).app_hash);
  const std::vector<abci::ValidatorUpdate> expected{
      {{abci::KeyType::kEd25519, to_bytes(key.view())}, 0}};
  EXPECT_EQ(again.validator_updates, expected);
  EXPECT_EQ(net.ledger->chain().reader().totals()->burned.value, 2 * kMinValidatorStake.value);
  // Also beside what does not verify, in a block that only a dishonest third can bring about.
  ByStake robbed;
  abci::FinalizeBlockRequest odd = robbed.block({Bytes(10, 1)});
  odd.misbehavior = {misbehavior_of(key, 1)};
  EXPECT_EQ(robbed.play(odd).validator_updates, expected);
  // No other block tells of it, and all of them applied again give what the store holds.
  EXPECT_TRUE(net.play(net.block()).validator_updates.empty());
  const auto report = verify_store(net.store, net.genesis, {.replay = true}).value();
  EXPECT_EQ(report.faults, std::vector<std::string>{});
  EXPECT_TRUE(report.replayed);
  EXPECT_EQ(report.transactions, 0u);
}

TEST(ReplicatedValidators, WhoBondsIsToldInTheBlocksAnswer) {
  ByStake net;
  const auto joined = net.play(net.block({net.bond()}));
  ASSERT_EQ(joined.tx_results.at(0).code, 0u);
  const std::vector<abci::ValidatorUpdate> expected{
      {{abci::KeyType::kEd25519, to_bytes(consensus_key(kNewcomer).view())}, 100}};
  EXPECT_EQ(joined.validator_updates, expected);
  EXPECT_EQ(verify_store(net.store, net.genesis, {.replay = true}).value().faults,
            std::vector<std::string>{});
}

// A chain on which a claim waits for a round of three equal holders' shares.
struct Waiting : ByStake {
  static constexpr std::uint8_t kSubmitter = 20, kSolver = 21, kVerifier = 22;
  std::uint64_t nonce = 0;
  protocol::PostTask terms = assay::test::sample_task();

  Waiting() {
    for (const std::uint8_t n : {kSubmitter, kSolver, kVerifier, std::uint8_t{1}})
      genesis.accounts.push_back({account_of(n), Amount{1'000'000}, Amount{1'000'000}});
    store = {};
    open();
    EXPECT_TRUE(ledger->init_chain(first_call()));
    terms.seats = 1;
    terms.verifier_stake = Amount{1000};
    const TaskId task = protocol::task_id_of(chain(), account_of(kSubmitter), {});
    const ClaimId claim = protocol::claim_id_of(task, account_of(kSolver));
    const Hash256 root = crypto::sha256(as_bytes("root"));
    send(kSubmitter, terms);
    send(kSolver, protocol::AcceptTask{task, {2000, 100}, root});
    send(kVerifier, protocol::EnlistVerifier{claim});
    const commit::Transcript transcript(std::vector<Hash256>(10, root));
    send(kSolver, protocol::CommitTranscript{
                      claim, protocol::transcript_commitment(claim, transcript.root(), {}), 10});
    protocol::RevealTranscript reveal;
    reveal.claim = claim;
    reveal.transcript_root = transcript.root();
    reveal.final_state_root = root;
    reveal.final_path = transcript.path(9);
    reveal.signature =
        key_of(kSolver).sign(dispute::claim_digest(crypto::sha256_function(), chain(), task,
                                                   terms.header, transcript.root())
                                 .view());
    send(kSolver, reveal);
    play(block());
    EXPECT_TRUE(round());
  }
  ChainId chain() const { return chain_id_of(genesis); }
  std::optional<protocol::BeaconRound> round() const {
    return ledger->chain().reader().beacon_round().value();
  }
  Bytes signed_by(std::uint8_t who, protocol::Payload payload) {
    protocol::Envelope e;
    e.chain = chain();
    e.sender = account_of(who);
    e.nonce = ++nonce;
    if (!std::holds_alternative<protocol::PostTask>(payload)) e.client_id[0] = e.nonce & 0xff;
    e.valid_until = Height{1000};
    e.payload = std::move(payload);
    return sign_transaction(e, key_of(who));
  }
  void send(std::uint8_t who, protocol::Payload payload) {
    const auto answer = play(block({signed_by(who, std::move(payload))}));
    EXPECT_EQ(answer.tx_results[0].code, 0u) << answer.tx_results[0].log;
  }
  bool owes(std::uint8_t validator) const {
    const protocol::BeaconRound open = round().value();
    return std::any_of(open.holders.begin(), open.holders.end(), [&](const auto& holder) {
      return holder.share_key == share_key(validator).public_key() && !holder.output;
    });
  }
};

class Told final : public Log {
 public:
  void write(LogLevel /*level*/, std::string_view event, const Fields& /*fields*/) override {
    events.emplace_back(event);
  }
  std::vector<std::string> events;
};

// INV-NOD-027. Until it stands in the state, whoever restarts; and no more.
TEST(ShareMaker, SendsWhatIsOwedUntilItStands) {
  Waiting net;
  Told log;
  const crypto::KeyPair account = key_of(1);
  const crypto::VrfKey key = share_key(kValidators);  // the largest holds one
  ASSERT_TRUE(net.owes(kValidators));
  ShareMaker maker(account, key, log);
  const auto next = [&](ShareMaker& one) {
    return one.after_block(net.ledger->chain().reader()).value();
  };
  const auto first = next(maker);
  ASSERT_TRUE(first);
  EXPECT_TRUE(maker.owes() && maker.is_bonded());
  EXPECT_FALSE(next(maker));
  for (std::uint64_t i = 1; i < kShareResendBlocks; ++i) {
    net.play(net.block());
    EXPECT_FALSE(next(maker));
  }
  net.play(net.block());
  const auto again = next(maker);
  ASSERT_TRUE(again);
  EXPECT_NE(*again, *first);
  ShareMaker restarted(account, key, log);
  EXPECT_TRUE(next(restarted));
  EXPECT_EQ(net.play(net.block({*again})).tx_results[0].code, 0u);
  EXPECT_FALSE(net.owes(kValidators));
  EXPECT_FALSE(next(maker));
  EXPECT_FALSE(maker.owes());
  // What comes late is refused and changes nothing.
  EXPECT_NE(net.play(net.block({*first})).tx_results[0].code, 0u);
  EXPECT_TRUE(log.events.empty());
}

TEST(ShareMaker, SaysWhatIsInTheWay) {
  Waiting net;
  Told log;
  const crypto::KeyPair account = key_of(1), unknown = key_of(77);
  const crypto::VrfKey key = share_key(kValidators), other = share_key(70);
  ShareMaker stranger(account, other, log);
  EXPECT_FALSE(stranger.after_block(net.ledger->chain().reader()).value());
  EXPECT_FALSE(stranger.after_block(net.ledger->chain().reader()).value());
  EXPECT_FALSE(stranger.is_bonded());
  EXPECT_EQ(log.events, std::vector<std::string>{"beacon.no_validator"});
  log.events.clear();
  ShareMaker penniless(unknown, key, log);
  EXPECT_FALSE(penniless.after_block(net.ledger->chain().reader()).value());
  EXPECT_TRUE(penniless.owes());
  EXPECT_EQ(log.events, std::vector<std::string>{"beacon.no_account"});
}

// INV-NOD-026: a proposer has them first, be its mempool as full as it may.
TEST(ReplicatedValidators, SharesComeFirstInAProposal) {
  Waiting net;
  Told log;
  const crypto::KeyPair account = key_of(1);
  const crypto::VrfKey key = share_key(kValidators);
  const Bytes share =
      ShareMaker(account, key, log).after_block(net.ledger->chain().reader()).value().value();
  std::vector<Bytes> others;
  for (int i = 0; i < 5; ++i)
    others.push_back(
        net.signed_by(Waiting::kVerifier, protocol::Transfer{account_of(1), Amount{1}}));
  abci::PrepareProposalRequest request;
  request.txs = others;
  request.max_tx_bytes = 1'000'000;
  EXPECT_EQ(net.ledger->prepare_proposal(request)->txs, others);
  request.txs.push_back(share);
  EXPECT_EQ(net.ledger->prepare_proposal(request)->txs.front(), share);
  EXPECT_EQ(net.ledger->prepare_proposal(request)->txs.size(), 6u);
  // CheckTx has seen it, and CometBFT has no room to offer it.
  abci::CheckTxRequest check;
  check.tx = share;
  EXPECT_EQ(net.ledger->check_tx(check)->code, 0u);
  request.txs = others;
  request.max_tx_bytes = abci::bytes_in_block(share) + 10;
  EXPECT_EQ(net.ledger->prepare_proposal(request)->txs, std::vector<Bytes>{share});
  net.play(net.block({share}));
  request.max_tx_bytes = 1'000'000;
  EXPECT_EQ(net.ledger->prepare_proposal(request)->txs, others);
}

// What CheckTx does with shares.
struct Shown : Waiting {
  Bytes share(std::uint8_t who, std::uint8_t by) {
    const protocol::BeaconRound open = round().value();
    const Hash256 input = protocol::share_input(chain(), open.number, open.opened_at);
    for (const protocol::ShareHolder& holder : open.holders)
      if (holder.share_key == share_key(kValidators).public_key())
        return signed_by(who, protocol::ShowShare{open.number, holder.validator,
                                                  share_key(by).prove(input.view())});
    ADD_FAILURE() << "it holds none";
    return {};
  }
  std::uint32_t code(const Bytes& tx) {
    abci::CheckTxRequest check;
    check.tx = tx;
    return ledger->check_tx(check)->code;
  }
  std::vector<Bytes> proposed() {
    abci::PrepareProposalRequest request;
    request.max_tx_bytes = 1'000'000;
    return ledger->prepare_proposal(request)->txs;
  }
};

// INV-NOD-026: a proof that is wrong is verified once, and in no block.
TEST(ReplicatedValidators, AFalseShareIsNotLetIn) {
  Shown net;
  const Bytes false_one = net.share(Waiting::kVerifier, 70);
  EXPECT_EQ(net.code(false_one), static_cast<std::uint32_t>(protocol::TxVerdict::kWrongShare));
  EXPECT_TRUE(net.proposed().empty());
  const Bytes share = net.share(1, kValidators), again = net.share(1, kValidators);
  EXPECT_EQ(net.code(share), 0u);
  // Of a round that this node may not have seen open.
  EXPECT_EQ(net.code(net.signed_by(1, protocol::ShowShare{2, {}, {}})), 0u);
  net.play(net.block({share}));
  EXPECT_EQ(net.code(again), static_cast<std::uint32_t>(protocol::TxVerdict::kAlreadyShown));
}

TEST(ReplicatedValidators, ACopyOfAShareTakesNoPlace) {
  Shown net;
  const Bytes honest = net.share(1, kValidators), copy = net.share(Waiting::kVerifier, kValidators);
  EXPECT_EQ(net.code(honest), 0u);
  EXPECT_EQ(net.code(copy), 0u);
  EXPECT_EQ(net.proposed(), std::vector<Bytes>{honest});
  // One that can be in no block any more is no share: its account's nonce is past it.
  net.send(1, protocol::Transfer{account_of(Waiting::kVerifier), Amount{1}});
  const Bytes later = net.share(Waiting::kVerifier, kValidators);
  EXPECT_EQ(net.code(later), 0u);
  EXPECT_EQ(net.proposed(), std::vector<Bytes>{later});
}

// Its sender has as much in the pool as it may; one of each holder is let in all the same.
TEST(ReplicatedValidators, AShareFindsRoom) {
  Shown net;
  for (std::size_t i = 0; i < kMempoolSenderMax; ++i)
    ASSERT_EQ(net.code(net.signed_by(1, protocol::Transfer{account_of(2), Amount{1}})), 0u);
  ASSERT_EQ(net.code(net.signed_by(1, protocol::Transfer{account_of(2), Amount{1}})), kNoRoomCode);
  const Bytes share = net.share(1, kValidators);
  EXPECT_EQ(net.code(share), 0u);
  EXPECT_EQ(net.code(share), 0u);
  EXPECT_EQ(net.code(net.share(1, kValidators)), kNoRoomCode);
}

}  // namespace
}  // namespace assay::node
