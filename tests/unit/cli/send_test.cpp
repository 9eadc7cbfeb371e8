#include "assay/cli/send.hpp"

#include <gmock/gmock.h>

#include <fstream>
#include <set>

#include "assay/cli/amounts.hpp"
#include "assay/core/hex.hpp"
#include "assay/host/read_file.hpp"
#include "assay/protocol/records.hpp"
#include "assay/tensor/safetensors.hpp"
#include "support/temporary_folder.hpp"

namespace assay::cli {
namespace {

using protocol::TxKind;
using testing::HasSubstr;

TEST(Amounts, AreReadExactly) {
  EXPECT_EQ(*parse_tokens("0"), Amount{0});
  EXPECT_EQ(*parse_tokens("12"), Amount{12'000'000});
  EXPECT_EQ(*parse_tokens("0.000001"), Amount{1});
  EXPECT_EQ(*parse_tokens("2.5"), Amount{2'500'000});
  EXPECT_EQ(*parse_tokens("18446744073709.551615"), Amount{~std::uint64_t{0}});
  for (const char* bad : {"", ".", "1.", ".5", "-1", "+1", "1e3", "1,5", "1.0000001", "1.5.1", " 1",
                          "18446744073709.551616", "99999999999999999999"})
    EXPECT_EQ(parse_tokens(bad).error().code, ErrorCode::kInvalidArgument) << bad;
  EXPECT_EQ(*parse_atoms("18446744073709551615"), Amount{~std::uint64_t{0}});
  for (const char* bad : {"", "1.5", "-1", "18446744073709551616", "0x1"})
    EXPECT_EQ(parse_atoms(bad).error().code, ErrorCode::kInvalidArgument) << bad;
  EXPECT_EQ(format_tokens(Amount{2'500'001}), "2.500001 tokens");
  EXPECT_EQ(format_tokens(Amount{~std::uint64_t{0}}), "18446744073709.551615 tokens");
}

const std::string kId(64, 'a');

// Values with which each row builds its kind.
SendValues good_values(const std::filesystem::path& folder) {
  protocol::Quote quote;
  quote.price = Amount{7};
  const Bytes bytes = codec::encode([&](codec::Writer& w) { protocol::write(w, quote); });
  const auto sealed = codec::Json::object({{"quote", to_hex(bytes)},
                                           {"data", std::string(64, 'd')},
                                           {"signature", std::string(128, 'b')},
                                           {"valid_until", 9}});
  EXPECT_TRUE(host::write_file(folder / "quote.json",
                               as_bytes(codec::Json::object({{"signed", sealed}}).dump())));
  EXPECT_TRUE(host::write_file(folder / "alone.json", as_bytes(sealed.dump())));
  NamedTensors state;
  state.emplace("w", Tensor(TensorType{DType::kU8, Shape{5}}));
  EXPECT_TRUE(host::write_file(folder / "state", *tensor::write_safetensors(state)));
  EXPECT_TRUE(host::write_file(folder / "transcript", Bytes(3 * 32, 1)));
  return SendValues({{"to", kId},
                     {"tokens", "2.5"},
                     {"task", kId},
                     {"claim", kId},
                     {"solver", kId},
                     {"transcript-root", kId},
                     {"data", kId},
                     {"piece", "state/1/0/0"},
                     {"blob", (folder / "state").string()},
                     {"transcript", (folder / "transcript").string()},
                     {"signature", std::string(128, 'c')},
                     {"validator", kId},
                     {"possession", std::string(128, 'd')},
                     {"share-key", std::string(66, 'e')},
                     {"share-proof", std::string(162, 'f')},
                     {"delegate", kId},
                     {"until", "revoked"},
                     {"quote", (folder / "quote.json").string()}});
}

TEST(Send, EachRowBuildsItsKindAndNamesWhatIsMissing) {
  const test::TemporaryFolder folder;
  for (const SendRow& row : send_table()) {
    SendValues values = good_values(folder.path());
    const auto payload = row.build(values);
    ASSERT_TRUE(payload) << command_name(row.kind) << ": " << payload.error().message;
    EXPECT_EQ(protocol::kind_of(*payload), row.kind);
    for (const SendField& field : row.fields) {
      if (std::string(field.name) == "atoms") continue;
      SendValues less = values;
      less.text(field.name).clear();
      const auto refused = row.build(less);
      ASSERT_FALSE(refused) << command_name(row.kind) << " without " << field.name;
      EXPECT_EQ(refused.error().code, ErrorCode::kInvalidArgument);
      EXPECT_THAT(refused.error().message, HasSubstr(std::string("--") + field.name));
    }
  }
}

TEST(Send, TakesAmountsInOneUnit) {
  const SendRow& row = send_table()[1];
  ASSERT_EQ(row.kind, TxKind::kStake);
  const auto amount = [&](std::map<std::string, std::string> texts) {
    const auto payload = row.build(SendValues(std::move(texts)));
    return payload ? std::get<protocol::Stake>(*payload).amount.value : 0;
  };
  EXPECT_EQ(amount({{"tokens", "0.5"}}), 500'000u);
  EXPECT_EQ(amount({{"atoms", "5"}}), 5u);
  EXPECT_EQ(amount({{"atoms", "5"}, {"tokens", "1"}}), 0u);
}

TEST(Send, NamesDelegatesUntilATime) {
  const test::TemporaryFolder folder;
  SendValues values = good_values(folder.path());
  const auto until = [&](const char* text) {
    values.text("until") = text;
    for (const SendRow& row : send_table())
      if (row.kind == TxKind::kRegisterDelegate)
        if (const auto payload = row.build(values))
          return std::get<protocol::RegisterDelegate>(*payload).certificate.valid_until.value;
    return std::uint64_t{0};
  };
  EXPECT_EQ(until("revoked"), ~std::uint64_t{0});
  EXPECT_EQ(until("60000"), 60'000u);
  for (const char* bad : {"", "soon", "-1", "1.5"}) EXPECT_EQ(until(bad), 0u) << bad;
}

TEST(Send, ReadsQuotesAndNothingElse) {
  const test::TemporaryFolder folder;
  SendValues values = good_values(folder.path());
  const auto build = [&](const char* name) {
    values.text("quote") = (folder.path() / name).string();
    for (const SendRow& row : send_table())
      if (row.kind == TxKind::kAwardQuote) return row.build(values);
    return Result<protocol::Payload>(Error{ErrorCode::kInternal, "no row"});
  };
  for (const char* name : {"quote.json", "alone.json"}) {
    const auto award = build(name);
    ASSERT_TRUE(award) << award.error().message;
    EXPECT_EQ(std::get<protocol::AwardQuote>(*award).quote.price, Amount{7});
    EXPECT_EQ(std::get<protocol::AwardQuote>(*award).signature[0], 0xbb);
  }
  for (const char* text : {"{", "{}", "{\"quote\": \"00\", \"signature\": \"00\"}", "[1]"}) {
    ASSERT_TRUE(host::write_file(folder.path() / "bad", as_bytes(text)));
    const auto bad = build("bad");
    ASSERT_FALSE(bad) << text;
    EXPECT_EQ(bad.error().code, ErrorCode::kMalformed) << text;
  }
  EXPECT_EQ(build("none").error().code, ErrorCode::kNotFound);
}

TEST(Send, NamesPiecesAndOpensThemFromFiles) {
  using protocol::Piece;
  using protocol::PieceKind;
  const test::TemporaryFolder folder;
  SendValues values = good_values(folder.path());
  const auto named = [&](const char* text) {
    values.text("piece") = text;
    const auto payload = demand_chunk(values);
    return payload ? std::get<protocol::DemandChunk>(*payload).piece : Piece{};
  };
  EXPECT_EQ(named("state/6/1/2"), (Piece{PieceKind::kState, 6, 1, 2}));
  EXPECT_EQ(named("data-set/1/2"), (Piece{PieceKind::kDataSet, 0, 1, 2}));
  EXPECT_EQ(named("transcript/3"), (Piece{PieceKind::kTranscript, 0, 0, 3}));
  EXPECT_EQ(named("step-program/9"), (Piece{PieceKind::kStepProgram, 0, 9, 0}));
  for (const char* bad : {"", "state", "state/1/2", "transcript/x", "transcript/1/", "model/1"})
    EXPECT_EQ(named(bad), Piece{}) << bad;
  values.text("piece") = "transcript/0";
  values.text("blob") = values.text("transcript");
  const auto supplied = supply_chunk(values);
  ASSERT_TRUE(supplied);
  const auto& supply = std::get<protocol::SupplyChunk>(*supplied);
  EXPECT_EQ(supply.demand, protocol::demand_id_of(ClaimId{*hash_from_hex(kId)},
                                                  {PieceKind::kTranscript, 0, 0, 0}));
  EXPECT_EQ(std::get<commit::TranscriptPart>(supply.opening).state_roots, Bytes(3 * 32, 1));
  values.text("piece") = "transcript/1";
  EXPECT_FALSE(supply_chunk(values));
}

// What no program sends nobody can use. The roles' kinds are those of docs/spec/roles.md.
TEST(Send, EveryKindIsSentByAProgram) {
  std::set<TxKind> sent = {TxKind::kRegisterProfile,
                           TxKind::kPostTask,
                           TxKind::kAcceptTask,
                           TxKind::kEnlistVerifier,
                           TxKind::kCommitTranscript,
                           TxKind::kRevealTranscript,
                           TxKind::kSeal,
                           TxKind::kOpenSeal,
                           TxKind::kCommitChallenge,
                           TxKind::kRevealChallenge,
                           TxKind::kStandUp,
                           TxKind::kPlayMove,
                           TxKind::kDisclose,
                           TxKind::kPlaceBid,
                           TxKind::kReportProgress,
                           TxKind::kReportDivergence,
                           TxKind::kShowShare};  // by `assayd replicate`
  for (const SendRow& row : send_table())
    EXPECT_TRUE(sent.insert(row.kind).second) << command_name(row.kind);
  EXPECT_EQ(sent.size(), protocol::transaction_table().size());
}

TEST(Send, EveryKindStandsInTheSpec) {
  std::ifstream page(ASSAY_CLI_PAGE);
  ASSERT_TRUE(page) << ASSAY_CLI_PAGE;
  const std::string text(std::istreambuf_iterator<char>(page), {});
  for (const SendRow& row : send_table()) {
    std::string options;
    for (const SendField& field : row.fields)
      if (std::string(field.name) != "tokens" && std::string(field.name) != "atoms")
        options += std::string(options.empty() ? "" : ", ") + "`--" + field.name + "`";
      else if (std::string(field.name) == "tokens")
        options += std::string(options.empty() ? "" : ", ") + "amount";
    EXPECT_THAT(text, HasSubstr("| `" + command_name(row.kind) + "` | " + options + " |"));
  }
}

}  // namespace
}  // namespace assay::cli
