// Records, headers, receipts and views: there is one encoding of each value, whatever is flipped,
// cut or added.
#include "harness.hpp"

namespace assay::protocol {
namespace {

using namespace test;

// Decodes and encodes again; none if the bytes are refused.
using Again = std::function<std::optional<Bytes>(ByteView)>;

template <class Record>
std::optional<Bytes> read_again(ByteView bytes) {
  codec::Reader reader(bytes);
  Record record;
  read(reader, record);
  if (!reader.finish()) return std::nullopt;
  return codec::encode([&](codec::Writer& w) { write(w, record); });
}
template <class T>
std::optional<Bytes> whole_again(const Result<T>& decoded) {
  if (!decoded) return std::nullopt;
  return encode(*decoded);
}
template <class Record>
Bytes bytes_of(const Record& record) {
  return codec::encode([&](codec::Writer& w) { write(w, record); });
}

struct Sample {
  std::string name;
  Bytes bytes;
  Again again;
};

// What a ledger holds after a run whose interval 4 was challenged.
std::vector<Sample> samples() {
  Net net;
  const PostTask terms = sample_task();
  const MadeRun run(MadeRun::made_up(10, "run"));
  const Posted p = post_and_accept(net, 0, 1, terms);
  for (const unsigned verifier : {2U, 3U})
    EXPECT_EQ(net.verdict(verifier, EnlistVerifier{p.claim}), TxVerdict::kApplied);
  EXPECT_EQ(net.verdict(1, commitment_of(p, run)), TxVerdict::kApplied);
  net.wait(terms.windows.enlist_ms);
  const Receipt receipt = net.send(1, reveal_of(net, p, 1, terms, run));
  EXPECT_EQ(receipt.verdict, TxVerdict::kApplied);
  net.block();
  const ChallengeId challenge = commit_challenge(net, p, 4, 4);
  EXPECT_EQ(
      net.verdict(5, RegisterProfile{"https://127.0.0.1:9", hash_of_text("certificate"), {"cuda"}}),
      TxVerdict::kApplied);
  net.wait(terms.windows.seal_ms + terms.windows.open_ms);
  EXPECT_EQ(net.verdict(4, challenge_reveal(challenge, run, 4)), TxVerdict::kApplied);
  const View view = net.read().view(net.id(4)).value();
  const ClaimView& claim = view.tasks.at(0).claims.at(0);
  EXPECT_EQ(claim.challenges.at(0).games.size(), 1u);
  VerifierRecord verifier = claim.verifiers.at(0);
  verifier.seals = {hash_of_text("a")};
  verifier.opened = {std::nullopt, OpenedSeal{hash_of_text("i"), hash_of_text("e"), true, {}}};
  Genesis replicated = net.read().genesis().value();
  replicated.operator_key = {};
  replicated.validators_hash = hash_of_text("validators");
  const std::vector<Misbehaviour> wrongs{{MisbehaviourKind::kDuplicateVote, {1, 2}, Height{3}},
                                         {MisbehaviourKind::kLightClientAttack, {}, Height{4}}};
  return {
      {"replicated genesis", encode(replicated),
       [](ByteView b) { return whole_again(decode_genesis(b)); }},
      {"genesis", encode(net.read().genesis().value()),
       [](ByteView b) { return whole_again(decode_genesis(b)); }},
      {"header", encode(net.head), [](ByteView b) { return whole_again(decode_header(b)); }},
      {"receipt", encode(receipt), [](ByteView b) { return whole_again(decode_receipt(b)); }},
      {"known moves", encode(KnownMoves{{GameId{hash_of_text("1")}, 3}}),
       [](ByteView b) { return whole_again(decode_known_moves(b)); }},
      {"principals", encode(Principals{net.id(1), net.id(2)}),
       [](ByteView b) { return whole_again(decode_principals(b)); }},
      {"certificate", codec::encode([&](codec::Writer& w) {
         dispute::write_certificate(w, {net.id(1), LedgerTimeMs{7}, crypto::Signature{1, 2}});
       }),
       [](ByteView b) -> std::optional<Bytes> {
         codec::Reader reader(b);
         const dispute::Certificate read = dispute::read_certificate(reader);
         if (!reader.finish()) return std::nullopt;
         return codec::encode([&](codec::Writer& w) { dispute::write_certificate(w, read); });
       }},
      {"profile", bytes_of(net.account(5).profile), read_again<Profile>},
      {"task", bytes_of(view.tasks.at(0).record), read_again<TaskRecord>},
      {"claim", bytes_of(claim.record), read_again<ClaimRecord>},
      {"reputation", bytes_of(Reputation{900, LedgerTimeMs{7}, 3, 2, LedgerTimeMs{5}, 1}),
       read_again<Reputation>},
      {"locked", bytes_of(Locked{Amount{9}, Amount{8}, Amount{7}, LedgerTimeMs{6}, Amount{5}}),
       read_again<Locked>},
      {"bid", bytes_of(Bid{p.task, net.id(1), Amount{9}, {3, 1}, hash_of_text("r"), true, 1}),
       read_again<Bid>},
      {"quote",
       bytes_of(Quote{net.id(1),
                      hash_of_text("terms"),
                      Amount{9},
                      {3, 1},
                      hash_of_text("r"),
                      QuoteId{1},
                      Height{8}}),
       read_again<Quote>},
      {"verifier", bytes_of(verifier), read_again<VerifierRecord>},
      {"challenge", bytes_of(claim.challenges.at(0).record), read_again<ChallengeRecord>},
      {"pause", bytes_of(Pause{Height{9}, 8}), read_again<Pause>},
      {"game", bytes_of(claim.challenges.at(0).games.at(0).record), read_again<GameRecord>},
      {"demand",
       bytes_of(DemandRecord{DemandId{hash_of_text("d")},
                             p.claim,
                             net.id(4),
                             2,
                             {PieceKind::kState, 3, 4, 5},
                             Amount{6},
                             DemandStatus::kSupplied,
                             LedgerTimeMs{7},
                             8,
                             9}),
       read_again<DemandRecord>},
      {"validator",
       bytes_of(ValidatorRecord{hash_of_text("key"),
                                net.id(4),
                                Amount{9},
                                {{Amount{8}, LedgerTimeMs{7}}, {Amount{6}, LedgerTimeMs{5}}},
                                Height{4},
                                assay::test::share_key(1).public_key()}),
       read_again<ValidatorRecord>},
      {"shares", bytes_of(Shares{7, 8}), read_again<Shares>},
      {"beacon round",
       bytes_of(BeaconRound{3,
                            Height{9},
                            LedgerTimeMs{8},
                            Amount{7},
                            Amount{6},
                            {{{5}, assay::test::share_key(2).public_key(), hash_of_text("out")},
                             {{4}, assay::test::share_key(3).public_key(), std::nullopt}},
                            {{Awaits::kForce, p.claim}, {Awaits::kDraw, p.claim}}}),
       read_again<BeaconRound>},
      {"draw pool", bytes_of(DrawPool{{{net.id(4), Amount{3}}}}), read_again<DrawPool>},
      {"validator set", bytes_of(ValidatorSet{{{hash_of_text("a"), 7}, {hash_of_text("b"), 8}}}),
       read_again<ValidatorSet>},
      {"misbehaviour", encode(std::span(wrongs)),
       [](ByteView b) -> std::optional<Bytes> {
         const auto read = decode_misbehaviour(b);
         return read && !b.empty() ? std::optional(encode(std::span(*read))) : std::nullopt;
       }},
      {"relay", bytes_of(RelayRecord{net.id(4), Amount{3}, Amount{2}, 1}), read_again<RelayRecord>},
      {"relay round", bytes_of(RelayRound{p.claim, 2, hash_of_text("beacon"), {{net.id(4), true}}}),
       read_again<RelayRound>},
  };
}

TEST(RecordTamper, EveryRecordHasOneEncoding) {
  for (const Sample& sample : samples()) {
    ASSERT_EQ(sample.again(sample.bytes), sample.bytes) << sample.name;
    for (std::size_t i = 0; i < sample.bytes.size(); ++i) {
      EXPECT_FALSE(sample.again(ByteView(sample.bytes).first(i))) << sample.name << " cut at " << i;
      Bytes changed = sample.bytes;
      changed[i] ^= static_cast<std::uint8_t>(1U << (i % 8));
      const std::optional<Bytes> again = sample.again(changed);
      EXPECT_TRUE(!again || *again == changed) << sample.name << " byte " << i;
    }
    Bytes longer = sample.bytes;
    longer.push_back(0);
    EXPECT_FALSE(sample.again(longer)) << sample.name;
  }
}

// A ledger or an archive of another layout has to be refused by its number, not read as damaged.
// Who changes this raises node::kLedgerVersion and node::kArchiveVersion (docs/spec/node.md).
TEST(RecordTamper, AnotherLayoutIsAnotherVersion) {
  crypto::Sha256 all;
  for (const Sample& sample : samples())  // but what changes with the rules alone
    if (sample.name != "header" && sample.name != "known moves" && sample.name != "principals" &&
        sample.name != "replicated genesis")
      all.update(sample.bytes);
  EXPECT_EQ(to_hex(all.finish()),
            "e8b05e0b8d11cc69bae79730dc81ef78cd79ec26127939bfeebe6da3b8221d3c");
}

}  // namespace
}  // namespace assay::protocol
