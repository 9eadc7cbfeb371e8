#include "assay/abci/grammar.hpp"

#include <gtest/gtest.h>

#include <regex>

namespace assay::abci {
namespace {

// Calls by letter: I InitChain, i Info, O OfferSnapshot (accepted), o the same (refused), A
// ApplySnapshotChunk, P PrepareProposal, p ProcessProposal, E ExtendVote, V VerifyVoteExtension, F
// FinalizeBlock, C Commit.
class Script {
 public:
  explicit Script(std::int64_t info_height) : m_info_height(info_height) {
    m_next = info_height + 1;
  }

  std::optional<GrammarBreak> play(char letter, ConnectionId connection = kConsensus) {
    auto broken = monitor.asked(connection, request_of(letter));
    if (letter == 'i') {
      InfoResponse info;
      info.last_block_height = m_info_height;
      monitor.answered(connection, info);
      m_next = m_info_height + 1;
    } else if (letter == 'O' || letter == 'o') {
      monitor.answered(connection,
                       OfferSnapshotResponse{letter == 'O' ? OfferSnapshotResult::kAccept
                                                           : OfferSnapshotResult::kReject});
    } else if (letter == 'C' && !broken) {
      m_info_height = m_next++;
    }
    return broken;
  }
  // The rules that were broken, each with the place of its call.
  std::vector<std::pair<std::size_t, GrammarRule>> breaks(const std::string& calls) {
    std::vector<std::pair<std::size_t, GrammarRule>> all;
    for (std::size_t i = 0; i < calls.size(); ++i)
      if (const auto broken = play(calls[i])) all.emplace_back(i, broken->rule);
    return all;
  }
  void restored_to(std::int64_t height) { m_info_height = height; }
  void expect_next(std::int64_t height) { m_next = height; }

  static constexpr ConnectionId kConsensus = 4;
  GrammarMonitor monitor;

 private:
  Request request_of(char letter) const {
    Block block;
    block.height = m_next;
    VerifyVoteExtensionRequest verify;
    verify.height = m_next;
    PrepareProposalRequest prepare;
    prepare.height = m_next;
    switch (letter) {
      case 'I': return InitChainRequest{};
      case 'i': return InfoRequest{};
      case 'O':
      case 'o': return OfferSnapshotRequest{};
      case 'A': return ApplySnapshotChunkRequest{};
      case 'P': return prepare;
      case 'p': return ProcessProposalRequest{block};
      case 'E': return ExtendVoteRequest{block};
      case 'V': return verify;
      case 'F': return FinalizeBlockRequest{block};
      case 'C': return CommitRequest{};
      case 'q': return QueryRequest{};
      default: return CheckTxRequest{};
    }
  }
  std::int64_t m_info_height;
  std::int64_t m_next;
};

using Breaks = std::vector<std::pair<std::size_t, GrammarRule>>;
constexpr std::int64_t kNew = 0;  // an application without a block
constexpr std::int64_t kAt100 = 100;

TEST(Grammar, TakesTheSequencesOfTheSpecification) {
  for (const char* calls :
       {"iIFCFCFC", "iIPpFC", "IPFC", "iIVVPVpEVVFCpFC", "iIPPpppFC", "iIpEpEFC", "iIOAAiFCPpFC",
        "OAiFC", "iOoOAAiiPpFCFC", "iIoOAoOOAAiqFC", "iIOAiiAiFC", "iiiIiFiCi"})
    EXPECT_EQ(Script(kNew).breaks(calls), Breaks()) << calls;
  for (const char* calls : {"iFCFC", "iPpFC", "iVpEFC", "iqxiqxFqxCqx"})
    EXPECT_EQ(Script(kAt100).breaks(calls), Breaks()) << calls;
}

TEST(Grammar, NamesEveryRuleThatIsBrokenOnce) {
  using R = GrammarRule;
  EXPECT_EQ(Script(kAt100).breaks("FC"), (Breaks{{0, R::kNoHandshake}}));
  EXPECT_EQ(Script(kNew).breaks("iFC"), (Breaks{{1, R::kNoInitChain}}));
  EXPECT_EQ(Script(kNew).breaks("iIIFC"), (Breaks{{2, R::kInitChainTwice}}));
  EXPECT_EQ(Script(kNew).breaks("iIFCI"), (Breaks{{4, R::kInitChainTwice}}));
  EXPECT_EQ(Script(kAt100).breaks("iI"), (Breaks{{1, R::kInitChainOnState}}));
  EXPECT_EQ(Script(kNew).breaks("iOFC"), (Breaks{{2, R::kSyncUnfinished}}));
  EXPECT_EQ(Script(kNew).breaks("iIFCOFC"), (Breaks{{4, R::kLateSnapshot}}));
  EXPECT_EQ(Script(kAt100).breaks("iOFC"), (Breaks{{1, R::kLateSnapshot}}));
  EXPECT_EQ(Script(kNew).breaks("iIAFC"), (Breaks{{2, R::kChunkWithoutOffer}}));
  EXPECT_EQ(Script(kNew).breaks("iIoAOAiFC"), (Breaks{{3, R::kChunkWithoutOffer}}));
  EXPECT_EQ(Script(kNew).breaks("iIFCAFC"), (Breaks{{4, R::kChunkWithoutOffer}}));
  EXPECT_EQ(Script(kNew).breaks("iIOAFC"), (Breaks{{4, R::kSyncUnfinished}}));
  EXPECT_EQ(Script(kNew).breaks("iIOFC"), (Breaks{{3, R::kSyncUnfinished}}));
  EXPECT_EQ(Script(kNew).breaks("iIFF"), (Breaks{{3, R::kNoCommit}}));
  EXPECT_EQ(Script(kNew).breaks("iIFPFC"), (Breaks{{3, R::kNoCommit}}));
  EXPECT_EQ(Script(kNew).breaks("iIC"), (Breaks{{2, R::kCommitWithoutBlock}}));
  EXPECT_EQ(Script(kNew).breaks("iIPCFC"), (Breaks{{3, R::kCommitWithoutBlock}}));
  EXPECT_EQ(Script(kNew).breaks("iIFCC"), (Breaks{{4, R::kCommitWithoutBlock}}));
}

TEST(Grammar, BlocksComeInTheOrderOfTheirHeights) {
  const auto broken_at = [](std::int64_t height, const char* before) {
    Script script(kAt100);
    EXPECT_EQ(script.breaks(before), Breaks());
    script.expect_next(height);
    const auto broken = script.play('F');
    EXPECT_TRUE(!broken || broken->rule == GrammarRule::kWrongHeight);
    EXPECT_FALSE(script.play('C'));
    EXPECT_FALSE(script.play('F'));  // it goes on from there
    return broken.has_value();
  };
  EXPECT_FALSE(broken_at(101, "i"));
  EXPECT_TRUE(broken_at(100, "i"));
  EXPECT_TRUE(broken_at(102, "i"));
  EXPECT_FALSE(broken_at(102, "iFC"));
  EXPECT_TRUE(broken_at(101, "iFC"));
  EXPECT_TRUE(broken_at(102, "iP"));  // within a height
  // Genesis may start anywhere, and so does a chain that comes from a snapshot.
  GrammarMonitor monitor;
  InitChainRequest init;
  init.initial_height = 50;
  EXPECT_FALSE(monitor.asked(1, init));
  FinalizeBlockRequest block;
  block.height = 50;
  EXPECT_FALSE(monitor.asked(1, block));
  Script restored(kNew);
  EXPECT_EQ(restored.breaks("iIOA"), Breaks());
  restored.restored_to(1000);
  EXPECT_EQ(restored.breaks("iFC"), Breaks());
  const auto broken = [&] {
    restored.expect_next(7);
    return restored.play('p');
  }();
  ASSERT_TRUE(broken);
  EXPECT_EQ(broken->words, "ProcessProposal of height 7, but 1002 is next");
}

TEST(Grammar, AYoungerConnectionIsACometThatWasStartedAnew) {
  Script script(kAt100);
  EXPECT_FALSE(script.play('i', 1));
  EXPECT_EQ(script.breaks("FCF"), Breaks());
  script.expect_next(102);
  // The block that was executed and not committed comes again, once Info has said so on any of the
  // connections that are younger.
  EXPECT_FALSE(script.play('i', 5));
  EXPECT_FALSE(script.play('F', 8));
  const auto old = script.play('C', 4);
  ASSERT_TRUE(old);
  EXPECT_EQ(old->rule, GrammarRule::kOldConnection);
  EXPECT_FALSE(script.play('C', 8));
  const auto hasty = script.play('F', 9);
  ASSERT_TRUE(hasty);
  EXPECT_EQ(hasty->rule, GrammarRule::kNoHandshake);  // an older Info does not count
}

TEST(Grammar, StateSynchronisationBeginsARunToo) {
  Script script(kAt100);
  EXPECT_EQ(script.breaks("iFC"), Breaks());
  // The application was emptied; a CometBFT on younger connections restores it.
  script.restored_to(0);
  EXPECT_FALSE(script.play('O', 6));
  EXPECT_FALSE(script.play('A', 6));
  // It dies; another begins from genesis.
  EXPECT_FALSE(script.play('i', 9));
  EXPECT_FALSE(script.play('I', 12));
  EXPECT_FALSE(script.play('F', 12));
  // And one more that restores, and goes on from there.
  EXPECT_FALSE(script.play('O', 14));
  EXPECT_FALSE(script.play('A', 14));
  script.restored_to(1000);
  EXPECT_FALSE(script.play('i', 13));
  EXPECT_FALSE(script.play('F', 16));
  EXPECT_FALSE(script.play('C', 16));
}

// INV-ABC-005. Every sequence of up to six calls against the specification's grammar as a regular
// expression, with Info let in everywhere: a sequence is in order if some calls complete it to a
// whole one.
TEST(Grammar, AgreesWithTheGrammarOnEveryShortSequence) {
  const std::string exec = "i*([PpEVi]*Fi*Ci*)*";
  // CometBFT v0.38 leaves InitChain out before state synchronisation, which its grammar does not
  // say.
  const std::string sync = "([oO][iA]*)*Oi*A[iA]*i";
  const std::regex clean("i*(Ii*|Ii*" + sync + "|" + sync + ")" + exec,
                         std::regex::optimize | std::regex::nosubs);
  const std::regex recovery("i+" + exec, std::regex::optimize | std::regex::nosubs);
  const std::array<const char*, 7> ends = {"", "C", "FC", "i", "Ai", "OAi", "IFC"};
  const std::string letters = "IiOAPFC";
  std::size_t in_order = 0;
  std::function<void(std::string&)> extend = [&](std::string& calls) {
    const bool begins_anew = calls.find_first_of("IO") != std::string::npos;
    const bool expected = std::any_of(ends.begin(), ends.end(), [&](const char* end) {
      const std::string whole = calls + end;
      return std::regex_match(whole,
                              whole.find_first_of("IO") == std::string::npos ? recovery : clean);
    });
    Script script(begins_anew ? kNew : kAt100);
    ASSERT_EQ(script.breaks(calls).empty(), expected) << calls;
    if (!expected || calls.size() == 6) return;  // no sequence is in order again
    ++in_order;
    for (const char letter : letters) {
      // Or it is another CometBFT's, see above.
      if (letter == 'I' && calls.find_first_of("IO") < calls.find('I')) continue;
      calls.push_back(letter);
      extend(calls);
      calls.pop_back();
    }
  };
  std::string calls;
  extend(calls);
  EXPECT_GT(in_order, 100u);
}

}  // namespace
}  // namespace assay::abci
