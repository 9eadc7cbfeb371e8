#include "assay/cli/verdict.hpp"

#include <gmock/gmock.h>

#include "assay/cli/amounts.hpp"
#include "assay/core/memory_store.hpp"
#include "assay/crypto/sha256.hpp"
#include "assay/host/read_file.hpp"
#include "assay/node/header.hpp"
#include "assay/protocol/apply.hpp"
#include "assay/protocol/view.hpp"
#include "support/keys.hpp"
#include "support/sample_task.hpp"
#include "support/temporary_folder.hpp"
#include "unit/node/comet_blocks.hpp"

namespace assay::cli {
namespace {

using codec::Json;
using testing::HasSubstr;

using assay::test::account_of;
using assay::test::key_of;

// A chain of two blocks on which a task was posted and accepted, as its operator would serve it.
struct Chain {
  MemoryStore store;
  protocol::Genesis genesis;
  protocol::BlockHeader head, parent;
  crypto::KeyPair operator_key = key_of(1);
  TaskId task;
  ClaimId claim;

  Chain() {
    genesis.name = "test";
    genesis.operator_key = operator_key.public_key();
    genesis.time_ms = 1'000'000;
    for (const std::uint8_t seed : {std::uint8_t{2}, std::uint8_t{3}})
      genesis.accounts.push_back({account_of(seed), Amount{10'000}, Amount{10'000}});
    auto made = protocol::init_chain(store, genesis);
    EXPECT_TRUE(made);
    EXPECT_TRUE(store.write(made->batch));
    head = made->header;
    task = protocol::task_id_of(head.chain, account_of(2), protocol::ClientId{1});
    claim = protocol::claim_id_of(task, account_of(3));
    block(2, test::sample_task());
    block(3, protocol::AcceptTask{task, {2000, 100}, crypto::sha256(as_bytes("r"))});
  }

  void block(std::uint8_t sender, protocol::Payload payload) {
    protocol::Envelope e;
    e.chain = head.chain;
    e.sender = account_of(sender);
    e.nonce = 1;
    e.client_id = protocol::ClientId{1};
    e.valid_until = Height{100};
    e.payload = std::move(payload);
    block({sign_transaction(e, key_of(sender))}, 100);
  }
  void block(std::vector<Bytes> transactions, std::uint64_t ms) {
    protocol::Block b;
    b.height = Height{head.height.value + 1};
    b.time_ms = head.time_ms + ms;
    b.beacon = node::make_beacon(operator_key, head).value;
    b.transactions = std::move(transactions);
    auto result = protocol::apply(store, b);
    ASSERT_TRUE(result);
    for (const protocol::Receipt& receipt : result->receipts.receipts)
      ASSERT_EQ(receipt.verdict, protocol::TxVerdict::kApplied);
    ASSERT_TRUE(store.write(result->batch));
    parent = head;
    head = result->header;
  }

  // What the call `proof` answers.
  [[nodiscard]] Json proof(std::string_view prefix, const Hash256& id) const {
    Bytes key = to_bytes(as_bytes(prefix));
    key.insert(key.end(), id.bytes.begin(), id.bytes.end());
    const protocol::StateReader reader(store);
    const auto value = reader.record(key).value();
    const node::SignedHeader header{head, node::make_beacon(operator_key, parent).signature,
                                    node::sign_header(operator_key, head)};
    return Json::object({{"key", to_hex(key)},
                         {"value", value ? Json(to_hex(*value)) : Json()},
                         {"proof", to_hex(*reader.prove(key))},
                         {"signed_header", to_hex(encode(header))}});
  }
  [[nodiscard]] Verdict check(const Json& json) const {
    return *check_verdict(genesis, json.dump());
  }
};

TEST(Verdict, IsProvenByOneHeader) {
  const Chain chain;
  const Verdict claim = chain.check(chain.proof("C", chain.claim.value));
  EXPECT_EQ(claim.exit_code, ExitCode::kOk);
  for (const std::string& words :
       {"claim         " + to_hex(chain.claim.value),
        "solver        " + to_hex(account_of(3).value), std::string("status        training"),
        std::string("height        2"), "state root    " + to_hex(chain.head.state_root),
        std::string("PROVEN: ")})
    EXPECT_THAT(claim.text, HasSubstr(words));
  const codec::JsonRef json(claim.json);
  EXPECT_EQ(*json["proven"].boolean(), true);
  EXPECT_EQ(*json["kind"].string(), "claim");
  EXPECT_EQ(*json["record"]["task"].string(), to_hex(chain.task.value));
  const Verdict task = chain.check(chain.proof("T", chain.task.value));
  EXPECT_EQ(task.exit_code, ExitCode::kOk);
  EXPECT_THAT(task.text, HasSubstr("status        claimed"));
  const Verdict account = chain.check(chain.proof("N", account_of(3).value));
  EXPECT_EQ(account.exit_code, ExitCode::kOk);
  EXPECT_THAT(account.text, HasSubstr("The profile\n"));
  EXPECT_THAT(account.text, HasSubstr("last nonce    1\n"));
  const Verdict other = chain.check(chain.proof("R", account_of(3).value));
  EXPECT_EQ(other.exit_code, ExitCode::kFailed);
}

#if defined(ASSAY_AUDIT) && ASSAY_AUDIT
TEST(Verdict, OfAForgottenTaskItIsProvenThatItWasThere) {
  const protocol::ShortMemory memory({100, 2, 100});
  Chain chain;
  for (unsigned i = 0; i < 8; ++i) chain.block({}, 5'000);
  const Verdict task = chain.check(chain.proof("T", chain.task.value));
  EXPECT_EQ(task.exit_code, ExitCode::kOk);
  EXPECT_THAT(task.text, HasSubstr("task          " + to_hex(chain.task.value)));
  EXPECT_THAT(task.text, HasSubstr("status        ended, and forgotten\n"));
  const Verdict claim = chain.check(chain.proof("C", chain.claim.value));
  EXPECT_EQ(claim.exit_code, ExitCode::kFailed);
  EXPECT_THAT(claim.text, HasSubstr("holds no record of that key"));
}
#endif

// A balance in tokens, with whose and of what kind it is.
TEST(Verdict, ShowsBalances) {
  const Chain chain;
  const protocol::StateReader reader(chain.store);
  const protocol::AccountView solver = *reader.account(account_of(3));
  const Verdict money = chain.check(chain.proof("A\x01", account_of(3).value));
  EXPECT_EQ(money.exit_code, ExitCode::kOk);
  const codec::JsonRef record = codec::JsonRef(money.json)["record"];
  EXPECT_EQ(*codec::JsonRef(money.json)["kind"].string(), "account");
  EXPECT_EQ(*record["of"].string(), to_hex(account_of(3).value));
  EXPECT_EQ(*record["balance"].string(), format_tokens(solver.available));
  EXPECT_EQ(*record["balance"].string(), "0.010000 tokens");
  const Verdict stake = chain.check(chain.proof("A\x02", account_of(3).value));
  EXPECT_EQ(*codec::JsonRef(stake.json)["record"]["available"].string(),
            format_tokens(solver.staked));
  EXPECT_NE(*codec::JsonRef(stake.json)["record"]["holds"].string(), *record["holds"].string());
  // The submitter's cost is reserved.
  const Verdict payer = chain.check(chain.proof("A\x01", account_of(2).value));
  EXPECT_THAT(payer.text, HasSubstr("reserved      "));
}

TEST(Verdict, SaysThatThereIsNone) {
  const Chain chain;
  const Verdict none = chain.check(chain.proof("C", crypto::sha256(as_bytes("none"))));
  EXPECT_EQ(none.exit_code, ExitCode::kFailed);
  EXPECT_THAT(none.text, HasSubstr("holds no record of that key"));
  EXPECT_EQ(*codec::JsonRef(none.json)["proven"].boolean(), false);
}

// Each bit of what is proven, flipped.
TEST(Verdict, NothingThatWasChangedIsProven) {
  const Chain chain;
  const Json good = chain.proof("C", chain.claim.value);
  for (const char* member : {"key", "value", "proof", "signed_header"}) {
    const Bytes bytes = *codec::JsonRef(good)[member].hex();
    for (std::size_t i = 0; i < bytes.size(); ++i) {
      Bytes changed = bytes;
      changed[i] ^= static_cast<std::uint8_t>(1u << (i % 8));
      Json bad = good;
      bad[member] = to_hex(changed);
      const auto verdict = check_verdict(chain.genesis, bad.dump());
      EXPECT_TRUE(!verdict || verdict->exit_code == ExitCode::kIntegrity) << member << " " << i;
    }
  }
  // Presence is not absence.
  Json absent = good;
  absent["value"] = Json();
  EXPECT_EQ(chain.check(absent).exit_code, ExitCode::kIntegrity);
  // Another operator's chain.
  protocol::Genesis other = chain.genesis;
  other.operator_key = key_of(9).public_key();
  const Verdict foreign = *check_verdict(other, good.dump());
  EXPECT_EQ(foreign.exit_code, ExitCode::kIntegrity);
  EXPECT_THAT(foreign.text, HasSubstr("NOT PROVEN: the header: "));
}

// A replicated ledger's header stands under CometBFT's.
TEST(Verdict, IsProvenByCometBftsValidators) {
  protocol::Genesis genesis = node::test::replicated_record();
  genesis.accounts.push_back({account_of(2), Amount{10'000}, Amount{}});
  MemoryStore store;
  const auto first = protocol::init_chain(store, genesis);
  ASSERT_TRUE(first && store.write(first->batch));
  const protocol::StateReader reader(store);
  Bytes key = to_bytes(as_bytes("A\x01"));
  const AccountId of = account_of(2);
  key.insert(key.end(), of.value.bytes.begin(), of.value.bytes.end());
  const node::CommittedHeader header = node::test::committed(first->header);
  const auto proof_under = [&](const node::CommittedHeader& committed) {
    return Json::object({{"key", to_hex(key)},
                         {"value", to_hex(*reader.record(key).value())},
                         {"proof", to_hex(*reader.prove(key))},
                         {"signed_header", to_hex(encode(node::HeaderProof(committed)))}})
        .dump();
  };
  VerdictTrust trust;
  trust.now_ms = node::test::kNowMs;
  const Verdict good = *check_verdict(genesis, proof_under(header), trust);
  EXPECT_EQ(good.exit_code, ExitCode::kOk) << good.text;
  EXPECT_THAT(good.text, HasSubstr("4 of 4 validators of CometBFT's chain "));
  EXPECT_THAT(good.text, HasSubstr("PROVEN: "));

  node::CommittedHeader few = header;
  few.next.commit.signatures[0] = few.next.commit.signatures[2] = {};
  const Verdict refused = *check_verdict(genesis, proof_under(few), trust);
  EXPECT_EQ(refused.exit_code, ExitCode::kIntegrity);
  EXPECT_THAT(refused.text, HasSubstr("two thirds"));

  // Validators that came later are followed to, by whoever has the headers between.
  const std::vector<node::test::Signer> half = {{0, 10}, {1, 10}, {7, 10}, {8, 10}};
  const std::vector<node::test::Signer> gone = {{6, 10}, {9, 10}, {7, 10}, {8, 10}};
  std::vector<protocol::BlockHeader> later = {first->header};
  while (later.size() < 9) {
    later.push_back(node::test::header_after(later.back()));
    later.back().state_root = first->header.state_root;
  }
  const auto signers_at = [&](std::size_t h) {
    return h < 3 ? node::test::kFour : h < 6 ? half : gone;
  };
  const auto shown_at = [&](std::size_t h) {
    return node::CommittedHeader{
        later[h], node::test::block_after(later[h], signers_at(h), signers_at(h + 1))};
  };
  EXPECT_THAT(check_verdict(genesis, proof_under(shown_at(8)), trust)->text,
              HasSubstr("too few of the trusted validators"));
  VerdictTrust asking = trust;
  unsigned asked = 0;
  asking.ask = [&](Height height) -> Result<Bytes> {
    ++asked;
    return encode(node::HeaderProof(shown_at(height.value)));
  };
  EXPECT_EQ(check_verdict(genesis, proof_under(shown_at(8)), asking)->exit_code, ExitCode::kOk);
  EXPECT_GT(asked, 0u);
  asking.ask = [](Height) -> Result<Bytes> { return Error{ErrorCode::kUnavailable, "silent"}; };
  EXPECT_THAT(check_verdict(genesis, proof_under(shown_at(8)), asking)->text, HasSubstr("silent"));

  // Other validators are believed by the hash of their header alone.
  const node::CommittedHeader others =
      node::test::committed(first->header, {{7, 1}, {8, 1}, {9, 1}});
  EXPECT_EQ(check_verdict(genesis, proof_under(others), trust)->exit_code, ExitCode::kIntegrity);
  trust.comet_header = comet::hash_of(others.next.header);
  EXPECT_EQ(check_verdict(genesis, proof_under(others), trust)->exit_code, ExitCode::kOk);
  EXPECT_THAT(check_verdict(genesis, proof_under(header), trust)->text,
              HasSubstr("not the header that is trusted"));
}

TEST(Verdict, ARecordWithoutValidatorsNeedsCometBftsHash) {
  protocol::Genesis genesis = node::test::replicated_record();
  genesis.validators_hash = {};
  MemoryStore store;
  const auto first = protocol::init_chain(store, genesis);
  ASSERT_TRUE(first && store.write(first->batch));
  const node::CommittedHeader header = node::test::committed(first->header);
  const std::string proof =
      Json::object({{"key", "00"},
                    {"value", Json()},
                    {"proof", to_hex(*protocol::StateReader(store).prove(Bytes{0}))},
                    {"signed_header", to_hex(encode(node::HeaderProof(header)))}})
          .dump();
  VerdictTrust trust;
  trust.now_ms = node::test::kNowMs;
  EXPECT_THAT(check_verdict(genesis, proof, trust)->text, HasSubstr("names no validators"));
  trust.comet_header = comet::hash_of(header.next.header);
  EXPECT_EQ(check_verdict(genesis, proof, trust)->exit_code, ExitCode::kFailed);
}

TEST(Verdict, FilesAreReadAndMistakesNamed) {
  const Chain chain;
  const test::TemporaryFolder folder;
  const auto path = [&](const char* name) { return (folder.path() / name).string(); };
  const Json good = chain.proof("C", chain.claim.value);
  const Bytes genesis = protocol::encode(chain.genesis);
  ASSERT_TRUE(host::write_file(path("genesis.bin"), genesis));
  ASSERT_TRUE(host::write_file(path("claim.proof"), as_bytes(good.dump(2))));
  const VerdictSettings settings{path("claim.proof"), path("genesis.bin"), false};
  EXPECT_EQ(check_verdict_files(settings)->exit_code, ExitCode::kOk);
  const auto error_of = [&](const char* text) {
    EXPECT_TRUE(host::write_file(path("bad"), as_bytes(text)));
    return check_verdict_files({path("bad"), path("genesis.bin"), false}).error().code;
  };
  EXPECT_EQ(error_of("{"), ErrorCode::kMalformed);
  EXPECT_EQ(error_of("{\"key\": \"00\"}"), ErrorCode::kMalformed);
  EXPECT_EQ(check_verdict_files({path("none"), path("genesis.bin"), false}).error().code,
            ErrorCode::kInvalidArgument);
  EXPECT_EQ(check_verdict_files({path("claim.proof"), path("none"), false}).error().code,
            ErrorCode::kInvalidArgument);
}

}  // namespace
}  // namespace assay::cli
