// The table of transactions, and their bytes: every byte flipped or cut is rejected.
#include <filesystem>
#include <fstream>
#include <random>
#include <set>
#include <sstream>

#include "harness.hpp"

namespace assay::protocol {
namespace {

using namespace test;

// One payload of each kind, every field filled.
std::vector<Payload> samples() {
  const MadeRun run(MadeRun::made_up(10, "run"));
  PostTask task = sample_task();
  task.sale = Sale::kAuction;
  task.allow = {AccountId{hash_of_text("solver")}, AccountId{hash_of_text("another")}};
  task.deny = {AccountId{hash_of_text("nobody")}};
  task.capabilities = {"cuda", "a-100"};
  task.reputation_min = 5;
  task.copies = 2;
  task.bid_deposit = Amount{9};
  task.sought = Amount{500};
  task.windows.bid_ms = 5'000;
  Disclose disclose{ClaimId{hash_of_text("claim")},
                    hash_of_text("r"),
                    hash_of_text("salt"),
                    hash_of_text("root"),
                    {},
                    {},
                    ProgressProof{hash_of_text("state"), run.transcript.path(2)}};
  disclose.signature.fill(5);
  disclose.forced.emplace();
  disclose.forced->entry_path = run.transcript.path(3);
  disclose.forced->loss.slot_path = run.transcript.path(1);
  AwardQuote award;
  award.task = TaskId{hash_of_text("task")};
  award.quote = {AccountId{hash_of_text("solver")},
                 hash_of_text("root"),
                 Amount{900},
                 {10, 100},
                 hash_of_text("r"),
                 QuoteId{1, 2},
                 Height{500}};
  award.signature.fill(4);
  OpenSeal open;
  open.claim = ClaimId{hash_of_text("claim")};
  open.start_path = run.transcript.path(3);
  open.end_path = run.transcript.path(4);
  open.attestation.emplace().end.fill(7);
  open.attestation->interior.fill(8);
  open.mismatch = MismatchProof{ChallengeId{hash_of_text("c")}, 3, hash_of_text("salt")};
  RevealTranscript reveal;
  reveal.final_path = run.transcript.path(9);
  reveal.signature.fill(3);
  reveal.progress = ProgressProof{hash_of_text("state"), run.transcript.path(4)};
  reveal.loss = LossOpening{3, 1, run.transcript.path(2), 0x7fc00000};
  RevealChallenge challenge = challenge_reveal(ChallengeId{hash_of_text("c")}, run, 4);
  ReportContradiction report;
  report.signature.fill(9);
  const StateChunk state{{Bytes(1000, 3),
                          run.transcript.path(1),
                          {DType::kF32, Shape{3, 400}},
                          "model/w",
                          7,
                          run.transcript.path(2)},
                         run.transcript.path(4)};
  const ClaimId claim{hash_of_text("claim")};
  return {Transfer{AccountId{hash_of_text("to")}, Amount{5}},
          Stake{Amount{6}},
          Unstake{Amount{7}},
          RegisterProfile{"https://127.0.0.1:9000", hash_of_text("cert"), {"cuda", "eu"}},
          task,
          CancelTask{TaskId{hash_of_text("task")}},
          AcceptTask{TaskId{hash_of_text("task")}, {10, 100}, hash_of_text("r")},
          EnlistVerifier{claim},
          CommitTranscript{claim, hash_of_text("commitment"), 5},
          reveal,
          Seal{claim, {hash_of_text("a"), hash_of_text("b")}},
          open,
          CommitChallenge{claim, hash_of_text("commitment")},
          challenge,
          StandUp{ChallengeId{hash_of_text("c")}},
          PlayMove{GameId{hash_of_text("g")}, Bytes(100, 1)},
          report,
          disclose,
          PlaceBid{award.task, Amount{800}, {10, 100}, hash_of_text("r")},
          WithdrawBid{award.task},
          AwardTask{award.task, award.quote.solver},
          award,
          FundTask{award.task, Amount{70}},
          ReportProgress{claim, 3, hash_of_text("progress")},
          AbandonClaim{claim},
          DemandChunk{claim, {PieceKind::kState, 3, 4, 5}},
          SupplyChunk{DemandId{hash_of_text("demand")}, state},
          BondValidator{hash_of_text("key"), Amount{9}, {}, {}, {}},
          UnbondValidator{hash_of_text("key"), Amount{9}},
          BondRelay{Amount{8}},
          UnbondRelay{Amount{9}},
          AttestData{claim, hash_of_text("data"), state},
          RegisterDelegate{award.task, {AccountId{hash_of_text("delegate")}, LedgerTimeMs{9}, {}}},
          RevokeDelegate{award.task},
          ReportDivergence{claim,
                           3,
                           {hash_of_text("state"),
                            run.transcript.path(3),
                            {3, 1, run.transcript.path(2), 0x7f800000}}},
          ShowShare{3, validator_address(hash_of_text("key")), {}}};
}

TEST(TransactionTable, HasNoHole) {
  std::ifstream file(ASSAY_PROTOCOL_SPEC);
  std::stringstream spec;
  spec << file.rdbuf();
  ASSERT_FALSE(spec.str().empty());
  const auto table = transaction_table();
  const std::vector<Payload> payloads = samples();
  ASSERT_EQ(table.size(), kTxKindLast);
  ASSERT_EQ(payloads.size(), table.size());
  std::set<std::string> names;
  for (std::size_t i = 0; i < table.size(); ++i) {
    const TxRow& row = table[i];
    EXPECT_EQ(static_cast<std::size_t>(row.kind), i + 1);
    EXPECT_EQ(kind_of(payloads[i]), row.kind);
    EXPECT_TRUE(names.insert(row.name).second);
    EXPECT_NE(spec.str().find(std::string("### ") + row.spec_section + "\n"), std::string::npos)
        << row.name << " has no section in the specification";
    EXPECT_EQ(std::string(row.tamper_test), std::string("Tamper.") + row.name);
    const std::filesystem::path fuzz = std::filesystem::path(ASSAY_TEST_DATA) / "../fuzz";
    const std::string target = std::string(row.fuzz_target).substr(5);
    EXPECT_TRUE(std::string(row.fuzz_target).starts_with("fuzz_"));
    EXPECT_TRUE(std::filesystem::exists(fuzz / (target + ".cpp"))) << row.fuzz_target;
    EXPECT_TRUE(
        std::filesystem::exists(fuzz / "corpus" / target / ("payload-" + std::string(row.name))))
        << row.name << " has no input in the corpus";
    EXPECT_LE(encode_payload(payloads[i]).size(), row.payload_bytes_max) << row.name;
    EXPECT_LE(row.payload_bytes_max + kEnvelopeBytes + 64, kMaxTransactionBytes);
  }
}

TEST(TransactionTable, EveryVerdictHasWords) {
  for (std::uint16_t v = 0; v <= kTxVerdictLast; ++v)
    EXPECT_STRNE(to_string(static_cast<TxVerdict>(v)), "?") << v;
}

class Tamper : public testing::TestWithParam<std::size_t> {};

// INV-PRO-004.
TEST_P(Tamper, EveryByteFlippedOrCutIsRejected) {
  Net net(1);
  const Payload payload = samples()[GetParam()];
  const Bytes bytes = net.tx(0, payload);
  ParsedTransaction parsed;
  ASSERT_EQ(parse_transaction(net.head.chain, bytes, parsed), TxVerdict::kApplied);
  EXPECT_EQ(encode_payload(parsed.envelope.payload), encode_payload(payload));
  const bool large = bytes.size() > 1500;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    Bytes changed = bytes;
    changed[i] ^= static_cast<std::uint8_t>(1u << (i % 8));
    const TxVerdict v = parse_transaction(net.head.chain, changed, parsed);
    EXPECT_NE(v, TxVerdict::kApplied) << "byte " << i;
    if (i < 97) {
      EXPECT_EQ(v, i == 0   ? TxVerdict::kUnknownVersion
                   : i < 33 ? TxVerdict::kWrongChain
                            : TxVerdict::kWrongSignature)
          << "byte " << i;
    }
    if (!large || i % 3 == 0) {
      EXPECT_NE(parse_transaction(net.head.chain, ByteView(bytes).first(i), parsed),
                TxVerdict::kApplied);
    }
  }
  Bytes longer = bytes;
  longer.push_back(0);
  EXPECT_NE(parse_transaction(net.head.chain, longer, parsed), TxVerdict::kApplied);
}

INSTANTIATE_TEST_SUITE_P(Kinds, Tamper, testing::Range(std::size_t{0}, std::size_t{kTxKindLast}),
                         [](const auto& i) {
                           return std::string(transaction_table()[i.param].name);
                         });

// Each case breaks the named rule and later ones too.
TEST(Envelope, FirstRuleBrokenIsTheAnswer) {
  Net net(2);
  const auto parse = [&](Bytes bytes) {
    ParsedTransaction parsed;
    const TxVerdict verdict = parse_transaction(net.head.chain, bytes, parsed);
    seen_verdicts().insert(verdict);
    return verdict;
  };
  const Bytes good = net.tx(0, Stake{Amount{1}});
  EXPECT_EQ(parse(Bytes(kMaxTransactionBytes + 1)), TxVerdict::kTooLong);
  EXPECT_EQ(parse(Bytes(10)), TxVerdict::kMalformed);
  Bytes bad = good;
  bad[0] = 9, bad[1] ^= 1;
  EXPECT_EQ(parse(bad), TxVerdict::kUnknownVersion);
  bad = good;
  bad[1] ^= 1, bad[97] = 99;
  EXPECT_EQ(parse(bad), TxVerdict::kWrongChain);
  bad = good;
  bad[97] = 99, bad.back() ^= 1;
  EXPECT_EQ(parse(bad), TxVerdict::kUnknownKind);
  bad = good;
  bad[97] = static_cast<std::uint8_t>(TxKind::kTransfer), bad.back() ^= 1;
  EXPECT_EQ(parse(bad), TxVerdict::kMalformedPayload);
  bad = good;
  bad.back() ^= 1;
  EXPECT_EQ(parse(bad), TxVerdict::kWrongSignature);
}

TEST(Envelope, StateRulesComeInOrder) {
  Net net(2);
  const crypto::KeyPair stranger = make_key(200);
  Envelope e = net.envelope(0, Stake{Amount{1}});
  e.sender = AccountId{stranger.public_key()};
  e.nonce = 0;
  EXPECT_EQ(net.block({sign_transaction(e, stranger)}).receipts.receipts[0].verdict,
            TxVerdict::kUnknownAccount);

  const Envelope first = net.envelope(0, Stake{Amount{1}});
  ASSERT_EQ(net.block({sign_transaction(first, net.keys[0])}).receipts.receipts[0].verdict,
            TxVerdict::kApplied);
  Envelope again = first;
  again.payload = Stake{Amount{2}};
  again.valid_until = Height{0};
  const auto verdict = [&](const Envelope& envelope) {
    return net.block({sign_transaction(envelope, net.keys[0])}).receipts.receipts[0].verdict;
  };
  EXPECT_EQ(verdict(again), TxVerdict::kClientIdReused);
  Envelope fresh = net.envelope(0, Stake{Amount{2}});
  fresh.valid_until = net.head.height;
  fresh.nonce = 0;
  EXPECT_EQ(verdict(fresh), TxVerdict::kExpired);
  fresh.valid_until = Height{net.head.height.value + 2 + kMaxValidityBlocks};
  EXPECT_EQ(verdict(fresh), TxVerdict::kValidForTooLong);
  fresh.valid_until = Height{net.head.height.value + 10};
  EXPECT_EQ(verdict(fresh), TxVerdict::kNonceTooLow);
  fresh.nonce = kMaxNonceGap + 100;
  EXPECT_EQ(verdict(fresh), TxVerdict::kNonceTooHigh);
  fresh.nonce = 50;
  EXPECT_EQ(verdict(fresh), TxVerdict::kApplied);
}

// INV-PRO-003: what a client id did first is the answer for ever; it is done once.
TEST(Envelope, ARepeatedClientIdDoesNothing) {
  Net net(2);
  Envelope e = net.envelope(0, Transfer{net.id(1), Amount{10}});
  const Bytes bytes = sign_transaction(e, net.keys[0]);
  ASSERT_EQ(net.block({bytes}).receipts.receipts[0].verdict, TxVerdict::kApplied);
  const AccountView after = net.account(1);
  Receipt repeated = net.block({bytes}).receipts.receipts[0];
  EXPECT_TRUE(repeated.repeated);
  EXPECT_EQ(repeated.verdict, TxVerdict::kApplied);
  e.nonce = 900;  // signed again, with another nonce and height
  e.valid_until = Height{90};
  repeated = net.block({sign_transaction(e, net.keys[0])}).receipts.receipts[0];
  EXPECT_TRUE(repeated.repeated);
  EXPECT_TRUE(repeated.events.empty());
  EXPECT_EQ(net.account(1), after);

  // A refusal stands too, although the money is there by now.
  Envelope refused = net.envelope(1, Transfer{net.id(0), Amount{1'000'020}});
  EXPECT_EQ(net.block({sign_transaction(refused, net.keys[1])}).receipts.receipts[0].verdict,
            TxVerdict::kInsufficientFunds);
  ASSERT_EQ(net.verdict(0, Transfer{net.id(1), Amount{1000}}), TxVerdict::kApplied);
  refused.nonce = ++net.nonces[1];
  EXPECT_EQ(net.block({sign_transaction(refused, net.keys[1])}).receipts.receipts[0].verdict,
            TxVerdict::kInsufficientFunds);
  EXPECT_EQ(net.read().result_of(net.id(1), refused.client_id).value()->verdict,
            TxVerdict::kInsufficientFunds);
}

TEST(Envelope, CheckingIsWhatApplyingWouldSay) {
  Net net(2);
  const Bytes good = net.tx(0, Transfer{net.id(1), Amount{10}});
  const Bytes bad = net.tx(0, Transfer{net.id(0), Amount{10}});
  EXPECT_EQ(check_transaction(net.store, good).value().verdict, TxVerdict::kApplied);
  EXPECT_EQ(check_transaction(net.store, bad).value().verdict, TxVerdict::kSelfTransfer);
  EXPECT_EQ(net.account(1).available, Amount{1'000'000});
}

// Rightly signed nonsense of every kind: always a verdict, never an error, and the money adds up
// (Net::block audits it).
TEST(Fuzz, transactions) {
  std::mt19937_64 random(11);
  Net net(3);
  const std::vector<Payload> all = samples();
  unsigned decoded = 0;
  for (int round = 0; round < 60; ++round) {
    std::vector<Bytes> txs;
    for (const Payload& sample : all) {
      Bytes bytes = encode_payload(sample);
      for (unsigned flips = static_cast<unsigned>(random() % 4); flips > 0; --flips)
        bytes[random() % bytes.size()] = static_cast<std::uint8_t>(random());
      if (random() % 8 == 0) bytes.resize(random() % (bytes.size() + 40));
      Payload payload;
      if (!decode_payload(kind_of(sample), bytes, payload)) continue;
      ++decoded;
      EXPECT_EQ(encode_payload(payload), bytes);  // there is one encoding of each value
      txs.push_back(net.tx(static_cast<unsigned>(random() % 3), payload));
    }
    Bytes noise(random() % 600);
    for (std::uint8_t& byte : noise) byte = static_cast<std::uint8_t>(random());
    txs.push_back(std::move(noise));
    const std::size_t sent = txs.size();
    EXPECT_EQ(net.block(std::move(txs)).receipts.receipts.size(), sent);
  }
  EXPECT_GT(decoded, 500u);
}

}  // namespace
}  // namespace assay::protocol
