// Writes tests/fuzz/corpus/ from real objects: `make_corpus tests/fuzz/corpus`. Run it again when
// an encoding changes; inputs that once found a bug ("found-...") are not its own and stay.
#include <cstdio>
#include <filesystem>
#include <fstream>

#include "assay/blob/manifest.hpp"
#include "assay/comet/rpc.hpp"
#include "assay/comet/wire.hpp"
#include "assay/commit/authenticated_map.hpp"
#include "assay/core/memory_store.hpp"
#include "assay/crypto/keystore.hpp"
#include "assay/crypto/sha256.hpp"
#include "assay/node/header.hpp"
#include "assay/node/snapshot_index.hpp"
#include "assay/protocol/view.hpp"
#include "assay/tensor/npy.hpp"
#include "assay/tensor/safetensors.hpp"
#include "assay/training/checkpoints.hpp"
#include "fuzz/archive_scene.hpp"
#include "fuzz/scenes.hpp"
#include "support/sample_task.hpp"
#include "support/share_keys.hpp"
#include "unit/numerics/random_spec.hpp"

using namespace assay;
using namespace assay::protocol;
namespace fs = std::filesystem;

namespace {

fs::path corpus;

void save(const std::string& target, const std::string& name, ByteView bytes) {
  fs::create_directories(corpus / target);
  std::ofstream out(corpus / target / name, std::ios::binary);
  out.write(reinterpret_cast<const char*>(bytes.data()),
            static_cast<std::streamsize>(bytes.size()));
}
void save(const std::string& target, const std::string& name, std::string_view text) {
  save(target, name, as_bytes(text));
}
void save(const std::string& target, const std::string& name, std::uint8_t choice, ByteView bytes) {
  save(target, name, codec::encode([&](codec::Writer& w) {
         w.u8(choice);
         w.raw(bytes);
       }));
}

Hash256 named(std::string_view text) { return crypto::sha256(as_bytes(text)); }
crypto::KeyPair key() { return crypto::KeyPair(crypto::SecretKey(named("key").bytes.data())); }
crypto::Signature signature(std::uint8_t fill) {
  crypto::Signature s;
  s.fill(fill);
  return s;
}
commit::Path path(unsigned length) {
  commit::Path p;
  p.length = length;
  for (unsigned i = 0; i < length; ++i) p.hashes[i] = named("path" + std::to_string(i));
  return p;
}

PostTask post_task() {
  PostTask t = assay::test::sample_task();
  t.header = toy::task().header;
  return t;
}

std::vector<Payload> payloads() {
  const ClaimId claim{named("claim")};
  PostTask task = post_task();
  task.sale = Sale::kAuction;
  task.allow = {AccountId{named("solver")}, AccountId{named("another")}};
  task.deny = {AccountId{named("nobody")}};
  task.capabilities = {"cuda", "a-100"};
  task.bid_deposit = Amount{9};
  task.sought = Amount{500};
  task.windows.bid_ms = 5'000;
  const Quote quote{AccountId{named("solver")},
                    named("task root"),
                    Amount{900},
                    {10, 100},
                    named("r"),
                    QuoteId{1, 2},
                    Height{500}};
  return {Transfer{AccountId{named("to")}, Amount{5}},
          Stake{Amount{6}},
          Unstake{Amount{7}},
          RegisterProfile{"https://127.0.0.1:9000", named("certificate"), {"cuda"}},
          task,
          CancelTask{TaskId{named("task")}},
          AcceptTask{TaskId{named("task")}, {10, 100}, named("r")},
          EnlistVerifier{claim},
          CommitTranscript{claim, named("commitment"), 5},
          RevealTranscript{claim, named("root"), named("salt"), named("final"), path(3),
                           signature(3), ProgressProof{named("state"), path(2)},
                           LossOpening{3, 1, path(2), 0x7fc00000}},
          Seal{claim, {named("a"), named("b")}},
          OpenSeal{claim, 1, named("salt"), named("interior"), named("end"), named("start"),
                   path(2), named("end"), path(2), Attestation{signature(7), signature(8)},
                   MismatchProof{ChallengeId{named("c")}, 1, named("salt")}},
          CommitChallenge{claim, named("commitment")},
          RevealChallenge{ChallengeId{named("c")}, 2, named("salt"), named("start"), path(2),
                          named("end"), path(2)},
          StandUp{ChallengeId{named("c")}},
          PlayMove{GameId{named("g")}, Bytes(150, 1)},
          ReportContradiction{claim, named("root"), signature(9)},
          Disclose{claim, named("r"), named("salt"), named("root"), signature(5),
                   LossProof{named("state"), path(3), {3, 1, path(2), 7}},
                   ProgressProof{named("state"), path(2)}},
          PlaceBid{TaskId{named("task")}, Amount{800}, {10, 100}, named("r")},
          WithdrawBid{TaskId{named("task")}},
          AwardTask{TaskId{named("task")}, AccountId{named("solver")}},
          AwardQuote{TaskId{named("task")}, quote, signature(5)},
          FundTask{TaskId{named("task")}, Amount{70}},
          ReportProgress{claim, 3, named("progress")},
          AbandonClaim{claim},
          DemandChunk{claim, {PieceKind::kState, 3, 4, 5}},
          SupplyChunk{DemandId{named("demand")}, commit::TranscriptPart{Bytes(96, 1), path(2)}},
          BondValidator{named("key"), Amount{9}, signature(3), {}, {}},
          UnbondValidator{named("key"), Amount{8}},
          BondRelay{Amount{8}},
          UnbondRelay{Amount{9}},
          AttestData{claim, named("data"), commit::TranscriptPart{Bytes(96, 1), path(2)}},
          RegisterDelegate{TaskId{named("task")},
                           {AccountId{named("delegate")}, LedgerTimeMs{77}, signature(4)}},
          RevokeDelegate{TaskId{named("task")}},
          ReportDivergence{claim, 3, {named("state"), path(3), {3, 1, path(2), 0x7f800000}}},
          ShowShare{3, validator_address(named("key")), {}}};
}

// The other forms of a supply.
std::vector<SupplyChunk> supplies() {
  const commit::TensorChunk chunk{Bytes(40, 3), path(1), {DType::kF32, Shape{10}},
                                  "model/w",    3,       path(2)};
  const commit::ProgramRecord record{
      Bytes(20, 2), path(3), {1, 7, 2, 1, named("nodes"), named("slots"), named("data")}};
  const DemandId id{named("demand")};
  return {{id, StateChunk{chunk, path(3)}}, {id, chunk}, {id, record}};
}

void transactions() {
  for (const SupplyChunk& supply : supplies())
    save("transaction", "supply-" + std::to_string(supply.opening.index()),
         static_cast<std::uint8_t>(TxKind::kSupplyChunk) - 1, encode_payload(supply));
  for (const Payload& payload : payloads()) {
    const TxKind kind = kind_of(payload);
    save("transaction", std::string("payload-") + to_string(kind),
         static_cast<std::uint8_t>(static_cast<std::uint8_t>(kind) - 1), encode_payload(payload));
    Envelope e;
    e.chain = ChainId{named("chain")};
    e.sender = AccountId{key().public_key()};
    e.nonce = 7;
    e.valid_until = Height{100};
    e.payload = payload;
    save("transaction", std::string("whole-") + to_string(kind), sign_transaction(e, key()));
  }
}

void disputes() {
  const auto& games = fuzz::games();
  for (std::size_t i = 0; i < games.size(); ++i) {
    save("move", "game-" + std::to_string(i), static_cast<std::uint8_t>(i),
         codec::encode([&](codec::Writer& w) {
           for (const dispute::RecordedMove& move : games[i].moves) {
             w.u8(move.role == dispute::Role::kDefender ? 0 : 1);
             w.bytes(move.body);
           }
         }));
  }
  for (const dispute::RecordedMove& move : games.front().moves)
    save("move", "body-" + std::to_string(move.turn), move.body);
  const dispute::SignedMove first = games.front().moves.front().view();
  save("move", "signed",
       codec::encode([&](codec::Writer& w) { dispute::write_signed_move(w, first); }));

  dispute::SignedMove by_delegate = first;
  by_delegate.by.delegate = toy::certificate(games.front().terms, dispute::Role::kDefender);
  save("move", "signed-by-delegate",
       codec::encode([&](codec::Writer& w) { dispute::write_signed_move(w, by_delegate); }));
  dispute::SignedMove by_stranger = first;
  by_stranger.by.stranger = AccountId(toy::other_keys().stranger.public_key());
  save("move", "signed-by-stranger",
       codec::encode([&](codec::Writer& w) { dispute::write_signed_move(w, by_stranger); }));

  const auto& scenes = fuzz::scalar_scenes();
  for (std::size_t i = 0; i < scenes.size(); ++i)
    save("opening", "step-" + std::to_string(i), static_cast<std::uint8_t>(i), scenes[i].opening);

  const std::uint32_t last = static_cast<std::uint32_t>(toy::task().step.nodes.size()) - 1;
  const toy::Lie lie{toy::Lie::Kind::kNode, false, 17, last, 0, 1};
  save("evidence", "false-claim", write_evidence(toy::evidence_against(lie, 1)));
  const toy::Lie first_state{toy::Lie::Kind::kNode, true, 0, 2, 0, 1};
  save("evidence", "false-start", write_evidence(toy::evidence_against(first_state, 0)));
  dispute::Evidence true_claim = toy::evidence_of_blind_challenge(1, 3);
  save("evidence", "true-claim", write_evidence(true_claim));
  true_claim.moves.resize(3);
  save("evidence", "unfinished", write_evidence(true_claim));
  toy::PlayOptions by_others;
  by_others.by_delegates = by_others.strangers_open = true;
  save("evidence", "by-others",
       write_evidence(toy::evidence_of(toy::World(toy::task(), lie), 1, by_others)));
}

std::vector<Event> events() {
  const Hash256 h = named("id");
  const ledger::AccountKey from{ledger::AccountKind::kUser, h};
  const ledger::AccountKey to{ledger::AccountKind::kStake, h};
  return {MoneyMoved{{from, to, Amount{5}}},
          TaskPosted{TaskId{h}, AccountId{h}, Sale::kAuction, Amount{9}, 7},
          TaskEnded{TaskId{h}, TaskStatus::kPaid, CloseReason::kFinal},
          TaskAccepted{TaskId{h}, ClaimId{h}, AccountId{h}, Amount{8}},
          VerifierEnlisted{ClaimId{h}, AccountId{h}},
          TranscriptCommitted{ClaimId{h}, h, 5},
          TranscriptRevealed{ClaimId{h}, h, h},
          ClaimAdvanced{ClaimId{h}, ClaimStatus::kSealing},
          VerifierDrawn{ClaimId{h}, AccountId{h}, 1, 2, 3},
          VerifierSealed{ClaimId{h}, AccountId{h}},
          SealOpened{ClaimId{h}, AccountId{h}, 1, true},
          ChallengeCommitted{ChallengeId{h}, ClaimId{h}, AccountId{h}, 1},
          ChallengeRevealed{ChallengeId{h}, ClaimId{h}, Disputed::kInterior, AccountId{h}, 1},
          ChallengeEnded{ChallengeId{h}, ChallengeStatus::kWon},
          GameStarted{GameId{h}, ChallengeId{h}, AccountId{h}, AccountId{h}},
          GameMoved{GameId{h}, 1, dispute::Role::kDefender, dispute::Stage::kChainPoint},
          GameFinished{GameId{h}, GameStatus::kChallengerWon, true},
          ClaimSettled{ClaimId{h}, ClaimStatus::kFinal, CloseReason::kFinalPartial, Amount{4}},
          Slashed{AccountId{h}, ClaimId{h}, Amount{5}, Amount{3}},
          TranscriptDisclosed{ClaimId{h}, 3, h},
          JackpotPaid{ClaimId{h}, AccountId{h}, Amount{5}},
          TaskFunded{TaskId{h}, AccountId{h}, Amount{5}, Amount{3}},
          TaskOpened{TaskId{h}, LedgerTimeMs{77}},
          BidPlaced{TaskId{h}, AccountId{h}, Amount{5}},
          BidEnded{TaskId{h}, AccountId{h}, BidEnd::kForfeited},
          ProgressReported{ClaimId{h}, 3},
          ClaimCancelled{ClaimId{h}, 5},
          ChunkDemanded{DemandId{h}, ClaimId{h}, AccountId{h}, {PieceKind::kDataSet, 0, 4, 5}},
          DemandEnded{DemandId{h}, DemandStatus::kSupplied},
          ValidatorSlashed{h, AccountId{h}, Height{3}, Amount{5}},
          ValidatorChanged{h, 4},
          RelayDrawn{ClaimId{h}, AccountId{h}, 1, 3},
          DataAttested{ClaimId{h}, AccountId{h}, 2},
          RelayLeft{AccountId{h}, Amount{5}},
          DelegateNamed{TaskId{h}, AccountId{h}, AccountId{named("delegate")}, LedgerTimeMs{77}},
          DelegateRevoked{TaskId{h}, AccountId{h}, AccountId{named("delegate")}},
          DivergenceReported{ClaimId{h}, 3},
          RoundOpened{7, h, 3, 2},
          ShareShown{7, h},
          BeaconDrawn{7, h},
          ShareWithheld{7, h, AccountId{h}, Amount{5}}};
}

// A task with a claim, a verifier and a game of the toy task.
View view() {
  const toy::Game& game = fuzz::games().front();
  const dispute::GameTerms& terms = game.terms;
  View v;
  v.head.chain = terms.chain;
  v.head.height = Height{9};
  v.self.id = terms.challenger;
  v.self.exists = true;
  v.self.available = Amount{100};
  v.self.profile.url = "https://127.0.0.1:9000";
  v.accounts = {v.self};
  TaskView& task = v.tasks.emplace_back();
  task.record.id = TaskId{named("task")};
  task.record.terms = post_task();
  task.record.terms.header = terms.task;
  task.record.status = TaskStatus::kClaimed;
  task.record.claims = {ClaimId{named("claim")}};
  task.record.funders = {{AccountId{named("funder")}, Amount{1225}}};
  task.bids = {
      Bid{task.record.id, AccountId{named("bidder")}, Amount{9}, {3, 1}, named("r"), true, 1}};
  ClaimView& claim = task.claims.emplace_back();
  claim.record.id = task.record.claims.front();
  claim.record.entries = commit::transcript_entries(terms.task);
  claim.record.solver = terms.defender;
  claim.record.status = ClaimStatus::kChallenging;
  VerifierRecord& verifier = claim.verifiers.emplace_back();
  verifier.claim = claim.record.id;
  verifier.draws = {{1, 2}, {0, 0}};
  verifier.seals = {named("a"), named("b")};
  verifier.opened = {std::nullopt, OpenedSeal{named("i"), named("e"), true,
                                              Attestation{signature(1), signature(2)}}};
  claim.demands.push_back({DemandId{named("demand")},
                           claim.record.id,
                           terms.challenger,
                           0,
                           {PieceKind::kTranscript, 0, 0, 0},
                           Amount{2},
                           DemandStatus::kSupplied,
                           {},
                           0,
                           0});
  ChallengeView& challenge = claim.challenges.emplace_back();
  challenge.record.id = ChallengeId{named("challenge")};
  challenge.record.challenger = terms.challenger;
  challenge.record.status = ChallengeStatus::kPlaying;
  challenge.record.entry = terms.entry;
  challenge.record.start_root = terms.start_root;
  challenge.record.end_root = terms.end_root;
  challenge.record.end_path = path(1);
  challenge.record.defenders = {terms.defender};
  GameView& played = challenge.games.emplace_back();
  played.record.id = terms.game;
  played.record.claim = claim.record.id;
  played.record.defender = terms.defender;
  played.record.challenger = terms.challenger;
  played.record.turn = 4;
  for (std::size_t i = 0; i < 4; ++i) {
    const dispute::SignedMove move = game.moves[i].view();
    played.moves.push_back(
        codec::encode([&](codec::Writer& w) { dispute::write_signed_move(w, move); }));
  }
  return v;
}

template <class Record>
Bytes bytes_of(const Record& record) {
  return codec::encode([&](codec::Writer& w) { write(w, record); });
}

void records() {
  const View v = view();
  save("record", "excerpt", 0,
       commit::encode(commit::MapExcerpt{{{Bytes{'A'}, Bytes{1, 2}}, {Bytes{'B'}, {}}}, Bytes{3}}));
  Genesis genesis{"test", named("operator"), 1'700'000'000'000, {}};
  genesis.accounts.push_back({AccountId{named("a")}, Amount{5}, Amount{6}});
  save("record", "genesis", 1, encode(genesis));
  genesis.operator_key = {};
  genesis.validators_hash = named("validators");
  genesis.validators = {assay::test::genesis_validator(
      AccountId{named("a")}, named("key"), kMinValidatorStake, assay::test::share_key(1))};
  save("record", "genesis-by-stake", 1, encode(genesis));
  save("record", "header", 2, encode(v.head));
  Receipt receipt;
  receipt.id = TxId{named("tx")};
  receipt.events = events();
  save("record", "receipt", 3, encode(receipt));
  save("record", "signed-header", 4,
       node::encode(node::SignedHeader{v.head, signature(1), signature(2)}));
  save("record", "account", 5, encode(ledger::Account{Amount{9}, Amount{3}, Amount{1}}));
  const ledger::AccountKey user{ledger::AccountKind::kUser, named("a")};
  const ledger::AccountKey lock{ledger::AccountKind::kLock, named("b")};
  save("record", "pending", 6,
       encode(ledger::Pending{user, lock, Amount{4}, ledger::PendingState::kPosted, Amount{3}}));
  const crypto::VrfPublicKey share_key = assay::test::share_key(1).public_key();
  const TaskView& task = v.tasks.front();
  const ClaimView& claim = task.claims.front();
  const ChallengeView& challenge = claim.challenges.front();
  save("record", "profile", 7, bytes_of(v.self.profile));
  save("record", "task", 8, bytes_of(task.record));
  save("record", "claim", 9, bytes_of(claim.record));
  save("record", "verifier", 10, bytes_of(claim.verifiers.front()));
  save("record", "challenge", 11, bytes_of(challenge.record));
  save("record", "game", 12, bytes_of(challenge.games.front().record));
  save("record", "demand", 20, bytes_of(claim.demands.front()));
  save("record", "validator", 21,
       bytes_of(ValidatorRecord{named("key"),
                                AccountId{named("owner")},
                                Amount{9},
                                {{Amount{8}, LedgerTimeMs{7}}},
                                {},
                                share_key}));
  save("record", "validator-set", 22,
       bytes_of(ValidatorSet{{{named("a"), 100}, {named("b"), 200}}}));
  save("record", "shares", 26, bytes_of(Shares{600'000, 7}));
  save("record", "beacon_round", 27,
       bytes_of(BeaconRound{7,
                            Height{9},
                            LedgerTimeMs{8},
                            Amount{3001},
                            Amount{100'000'000},
                            {{validator_address(named("a")), share_key, named("output")},
                             {validator_address(named("b")), share_key, std::nullopt}},
                            {{Awaits::kDraw, claim.record.id}}}));
  save("record", "draw_pool", 28, bytes_of(DrawPool{{{AccountId{named("relay")}, Amount{9}}}}));
  const Misbehaviour wrong{MisbehaviourKind::kDuplicateVote, validator_address(named("key")),
                           Height{7}};
  save("record", "misbehaviour", 23, encode(std::span(&wrong, 1)));
  save("record", "relay", 24,
       bytes_of(RelayRecord{AccountId{named("relay")}, Amount{9}, Amount{4}, 1}));
  save("record", "relay_round", 25,
       bytes_of(
           RelayRound{claim.record.id, 1, named("beacon"), {{AccountId{named("relay")}, true}}}));
  for (const Event& event : events())
    save("record", std::string("event-") + name_of(event), 13, bytes_of(event));
  save("record", "bid", 14, bytes_of(task.bids.front()));
  save("record", "reputation", 15,
       bytes_of(Reputation{900, LedgerTimeMs{7}, 3, 2, LedgerTimeMs{5}, 1}));
  save("record", "quote", 16,
       bytes_of(Quote{AccountId{named("solver")},
                      named("task root"),
                      Amount{900},
                      {10, 100},
                      named("r"),
                      QuoteId{1, 2},
                      Height{500}}));
  save("record", "known-moves", 17, encode(KnownMoves{{GameId{named("game")}, 3}}));
  save("record", "principals", 29, encode(Principals{AccountId{named("party")}}));
  save("record", "locked", 18, bytes_of(Locked{Amount{9}, Amount{8}, Amount{7}, LedgerTimeMs{6}}));
}

void programs_and_nodes() {
  save("program", "init", encode_program(toy::graph_program(toy::task().init)));
  graph::Program step = toy::graph_program(toy::task().step);
  for (std::uint32_t i = 0; i < toy::task().step.data_count; ++i) {
    const auto& [name, tensor] = toy::task().data[i];
    step.data.push_back({name, tensor.type});
  }
  for (std::size_t i = 0; i < step.nodes.size(); ++i)
    step.labels.push_back("node " + std::to_string(i));
  save("program", "step", encode_program(step));

  numerics::test::Generator random(1);
  for (const numerics::OpCode op : numerics::test::kOperators) {
    graph::Node node{random.spec(op, 1), {0, 1, 2, 3}};
    for (unsigned i = node.spec.operand_count; i < numerics::kMaxOperands; ++i) node.inputs[i] = 0;
    save("node", numerics::name_of(op), 6,
         codec::encode([&](codec::Writer& w) { graph::write_node(w, node); }));
  }
}

void files() {
  NamedTensors tensors;
  const float values[] = {1, 2, 3, 4, 5, 6};
  const ByteView raw{reinterpret_cast<const std::uint8_t*>(values), sizeof values};
  tensors.emplace("param/w", Tensor::copy_of({DType::kF32, {2, 3}}, raw));
  tensors.emplace("labels", Tensor::copy_of({DType::kU8, {3}}, Bytes{7, 8, 9}));
  const Bytes file = *tensor::write_safetensors(tensors);
  save("tensor_file", "safetensors", 0, file);
  const std::string header = R"({"__metadata__":{"a":"b"},"x":{"dtype":"U8","shape":[2],)"
                             R"("data_offsets":[0,2]}} )";
  save("tensor_file", "safetensors-metadata", 0, codec::encode([&](codec::Writer& w) {
         w.u64(header.size());
         w.raw(as_bytes(header));
         w.u16(0x0102);
       }));
  save("tensor_file", "idx", 1, Bytes{0, 0, 8, 2, 0, 0, 0, 2, 0, 0, 0, 3, 1, 2, 3, 4, 5, 6});
  save("tensor_file", "npy", 2, tensor::write_npy(tensors.at("param/w").view()));
  // gzip of "assay\n", as RFC 1952 has it: one stored block.
  save("tensor_file", "gzip", 3,
       Bytes{0x1f, 0x8b, 8,   0,   0,   0,    0, 0, 0, 3, 1, 6, 0, 0xf9, 0xff,
             'a',  's',  's', 'a', 'y', '\n', 0, 0, 0, 0, 6, 0, 0, 0});
  save("tensor_file", "text", 4, as_bytes("a na\u00efve \u20ac \U0001f642\n"));

  training::JournalSegment segment;
  segment.task = named("task");
  segment.step = 2;
  segment.roots = {named("0"), named("1"), named("2")};
  segment.losses = {0.5F, 0.25F};
  save("journal", "segment", encode_segment(segment));

  for (const std::size_t size : {0U, 5U, 65'536U, 131'073U}) {
    const std::uint8_t choice = size == 0 ? 0 : size == 5 ? 1 : size == 65'536 ? 2 : 3;
    save("blob", "manifest-" + std::to_string(choice), choice,
         blob::Manifest::make(Bytes(size, choice)).encode());
  }
  save("blob", "index-entry", 4, as_bytes(to_hex(named("blob")) + " 12345\n"));

  struct CountingRng final : Rng {
    std::uint8_t next = 0;
    void fill(MutableBytes out) override {
      for (std::uint8_t& byte : out) byte = next++;
    }
  } rng;
  const crypto::KeystoreOptions cheap{16, 1, 1, "a small one"};
  const std::string keystore =
      *crypto::encrypt_key(crypto::SecretKey(named("key").bytes.data()), "password", cheap, rng);
  save("keystore", "scrypt", keystore);
  save("keystore", "pbkdf2", [&] {
    std::string text = keystore;
    const std::size_t from = text.find("\"function\": \"scrypt\"");
    const std::size_t salt = text.find("\"salt\"");
    return text.replace(from, salt - from,
                        "\"function\": \"pbkdf2\",\n      \"params\": {\"c\": 4, \"dklen\": 32, "
                        "\"prf\": \"hmac-sha256\", ");
  }());
}

void map_proofs() {
  MemoryStore store;
  const commit::AuthenticatedMap map(store, {Bytes{'m'}, Bytes{'r'}});
  std::vector<commit::MapChange> changes;
  const auto key_of = [](std::uint8_t i) { return Bytes{'k', i}; };
  for (std::uint8_t i = 0; i < 40; ++i) changes.push_back({key_of(i), key_of(i)});
  WriteBatch batch;
  if (!map.apply(1, changes, batch) || !store.write(batch)) std::abort();
  for (const unsigned key_number : {0U, 17U, 39U, 40U, 61U}) {
    const auto i = static_cast<std::uint8_t>(key_number);
    Bytes bytes = *map.prove(key_of(i), 1);
    bytes.insert(bytes.begin(), i);
    save("map_proof", "proof-" + std::to_string(i), 0, bytes);
  }
  std::uint8_t number = 0;
  for (const auto& [node_key, value] : store.map()) {
    Bytes bytes = value;
    bytes.insert(bytes.begin(), number);
    if (number < 4) save("map_proof", "node-" + std::to_string(number), 1, bytes);
    ++number;
  }
}

void archives() {
  const fuzz::ArchiveScene scene;
  for (const bool bodies : {false, true}) {
    const std::string name = bodies ? "export" : "snapshot";
    const Bytes file = scene.archive(bodies);
    save("archive", name, 0, file);
    // Without head and checksum.
    save("archive", name + "-pieces", 1, ByteView(file).subspan(18).first(file.size() - 18 - 32));
  }
}

void snapshot_indices() {
  node::SnapshotIndex index;
  index.header.height = Height{5};
  index.bytes = 2'500;
  index.chunk_bytes = 1'000;
  index.chunks = {named("chunk 0"), named("chunk 1"), named("chunk 2")};
  save("snapshot", "three-chunks", encode(index));
  index.bytes = 1'000;
  index.chunks.resize(1);
  save("snapshot", "one-chunk", encode(index));
}

void texts() {
  save("json", "all",
       R"({"a":[1,-2,3.5e-7,1.0,null,true,false,18446744073709551615],)"
       R"("b\u00e4\n":"\ud83d\ude00","c":{"d":{}},"e":-9223372036854775808})");
  save("json", "list", "[[[[1e300]]],\"\\\\\\\"\\u0000\"]");
  save("rpc", "one",
       R"({"jsonrpc":"2.0","id":1,"method":"types","params":{"flag":true,"amount":)"
       R"("18446744073709551615","hex":"0102","text":"x","number":9,"object":{},)"
       R"("list":[1]}})");
  save("rpc", "batch",
       R"([{"jsonrpc":"2.0","id":"a","method":"lost"},{"jsonrpc":"2.0","method":)"
       R"("types","params":[false]},{"jsonrpc":"2.0","id":null,"method":"no"},5])");
  save("rpc", "methods", R"({"jsonrpc":"2.0","id":7,"method":"rpc_methods"})");
  save("rpc", "result", R"({"jsonrpc":"2.0","id":7,"result":{"a":1}})");
  save("rpc", "error", R"({"jsonrpc":"2.0","id":7,"error":{"code":-32007,"message":"no"}})");

  const auto http = [](const char* name, std::uint8_t choice, std::string_view text) {
    save("http", name, choice, as_bytes(text));
  };
  http("get", 0,
       "\x05GET /a?b=1 HTTP/1.1\r\nHost: x\r\nRange: bytes=0-9\r\n\r\n"
       "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  http("post", 0,
       "\x03POST /rpc HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n"
       "Expect: 100-continue\r\n\r\nhello");
  http("chunked", 0,
       "\x02POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
       "3\r\nabc\r\n1;x=y\r\nd\r\n0\r\n\r\n");
  http("ok", 1,
       "\x09HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhiHTTP/1.1 204 No Content\r\n\r\n");
  http("until-end", 1, "\x09HTTP/1.0 200 OK\r\n\r\neverything");
  http("part", 1,
       "\x09HTTP/1.1 206 Partial Content\r\nContent-Range: bytes 0-1/9\r\n"
       "Transfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n");
  http("head", 2, "\x09HTTP/1.1 200 OK\r\nContent-Length: 200\r\n\r\n");
  http("range", 3, "bytes=1-5");
  http("suffix-range", 3, "bytes=-5");
  http("content-range", 3, "bytes 1-5/9");
  http("url", 3, "https://[::1]:9000/blob/0a?x=y");
}

// Frames as RFC 6455 has them, masked with 01 02 03 04.
void web_sockets() {
  const auto masked = [](std::uint8_t head, std::string_view text) {
    Bytes frame{head, static_cast<std::uint8_t>(0x80 | text.size()), 1, 2, 3, 4};
    for (std::size_t i = 0; i < text.size(); ++i)
      frame.push_back(static_cast<std::uint8_t>(text[i]) ^ static_cast<std::uint8_t>(1 + i % 4));
    return frame;
  };
  const auto frames = [](const char* name, std::uint8_t choice, Bytes input,
                         std::initializer_list<Bytes> more) {
    for (const Bytes& frame : more) input.insert(input.end(), frame.begin(), frame.end());
    save("websocket", name, choice, input);
  };
  frames("hello", 0, {2}, {masked(0x81, R"({"jsonrpc":"2.0"})")});
  frames("parts-and-ping", 0, {3},
         {masked(0x01, "ab"), masked(0x89, "p"), masked(0x80, "cd"), masked(0x88, "\x03\xe8")});
  frames("plain", 1, {1}, {Bytes{0x82, 126, 0, 200}, Bytes(200), Bytes{0x8a, 0}});
  frames("long", 1, {255}, {Bytes{0x82, 127, 0, 0, 0, 0, 0, 1, 0, 0}, Bytes(40)});
  save("websocket", "handshake", 2,
       as_bytes("GET /ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
                "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: "
                "13\r\n\r\n"));
  save("websocket", "close", 3, as_bytes("\x0f\xa1too slow"));
}

// What CometBFT sent (tests/vectors/abci), alone and in frames, and calls in and out of order.
void abci_messages() {
  Bytes frames{0, 7};  // in pieces of eight bytes
  for (const auto& entry : fs::directory_iterator(corpus / "../../vectors/abci")) {
    if (entry.path().extension() != ".bin") continue;
    std::ifstream in(entry.path(), std::ios::binary);
    const Bytes message{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
    save("abci", entry.path().stem().string(), 1, message);
    for (std::size_t rest = message.size(); true; rest >>= 7) {
      frames.push_back(static_cast<std::uint8_t>((rest & 0x7f) | (rest > 0x7f ? 0x80 : 0)));
      if (rest <= 0x7f) break;
    }
    frames.insert(frames.end(), message.begin(), message.end());
  }
  save("abci", "frames", frames);
  save("abci", "clean-start", 2, Bytes{0, 0xc1, 0xc4, 0xc5, 0xc6, 0xc4, 0xc5, 0xc6});
  save("abci", "state-sync", 2, Bytes{0, 0xc1, 0x42, 0x43, 0x43, 0, 0xc5, 0xc6});
  save("abci", "out-of-order", 2, Bytes{0xc6, 0xc5, 0xc5, 0x42, 0x43, 0x81, 0xfd, 0x06});
}

// What CometBFT's RPC answered (tests/vectors/comet), and the light blocks that it makes.
void light_blocks() {
  std::ifstream in(corpus / "../../vectors/comet/chain.json");
  const std::string text{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  const auto chain = codec::parse_json(text);
  const auto& blocks = *chain->get<codec::Json::Array>();
  for (const std::size_t height : {1u, 9u, 16u, 21u}) {
    const codec::Json& commit = *blocks.at(height - 1).find("commit");
    const auto& pages = *blocks.at(height - 1).find("validators")->get<codec::Json::Array>();
    const std::string name = std::to_string(height);
    save("light_block", "block-" + name, 0,
         comet::encode(*comet::light_block_from_rpc(commit, pages)));
    if (height == 9) {  // as decode_header_proof() takes it, under a header of ours
      Bytes proof = protocol::encode(protocol::BlockHeader{});
      const Bytes block = comet::encode(*comet::light_block_from_rpc(commit, pages));
      proof.insert(proof.end(), block.begin(), block.end());
      save("record", "committed-header", 4, proof);
      Bytes trusted = to_bytes(as_bytes("assay trusted header 1\n"));
      trusted.insert(trusted.end(), proof.begin(), proof.end());
      save("record", "trusted-header", 30, trusted);
    }
    const std::string answers = commit.dump() + std::string(1, '\0') + pages[0].dump();
    save("light_block", "rpc-" + name, 1, as_bytes(answers));
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: %s FOLDER\n", argv[0]);
    return 2;
  }
  corpus = argv[1];
  transactions();
  disputes();
  records();
  programs_and_nodes();
  files();
  map_proofs();
  archives();
  snapshot_indices();
  texts();
  web_sockets();
  abci_messages();
  light_blocks();
  return 0;
}
